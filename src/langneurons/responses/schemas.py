"""Columns of responses and of their tokens."""

import pandas as pd

from langneurons.artifacts.tables import artefact

_RESPONSE = "problem string, language string, sample int32, prompt string, response string"

#: One row per response. Until version 1 the grades stood here too.
RESPONSES = artefact("responses", _RESPONSE, version=2)

#: One row per response. ``answer`` and ``correct`` are null where there is no answer to compare
#: with, ``prediction`` where the response holds no number. ``response_language`` is
#: `langneurons.responses.language.WORDLESS` where there are no words, and null where there are but
#: their language cannot be identified. Until version 1 both were null.
GRADES = artefact(
    "grades",
    f"{_RESPONSE}, answer float64?, prediction float64?, correct bool?, response_language string?",
    version=2,
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
