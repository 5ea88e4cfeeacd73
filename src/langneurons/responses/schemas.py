"""Columns of responses and of their tokens."""

import pandas as pd

from langneurons.artifacts.tables import artefact

#: One row per response. ``prediction`` is null where the response holds no number,
#: ``response_language`` where the language cannot be identified.
RESPONSES = artefact(
    "responses",
    "problem string, language string, sample int32, prompt string, response string, "
    "prediction float64?, correct bool?, response_language string?",
)

#: One row per response, grouped by problem.
TOKENS = artefact(
    "tokens",
    "problem string, language string, sample int32, prompt_tokens [int32], response_tokens [int32]",
)


def row_name(row: pd.Series) -> str:
    """Name the row of a response, or of its prompt, for messages."""
    place = f"problem {row['problem']!r}, language {row['language']}"
    return f"{place}, sample {row['sample']}" if "sample" in row else place
