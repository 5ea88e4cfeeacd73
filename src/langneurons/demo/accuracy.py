"""How many problems of the evaluation split a demo model answers correctly, by language."""

from pathlib import Path

import pandas as pd

from langneurons.corpora.generated import generate
from langneurons.models.spec import ModelSpec
from langneurons.responses.accuracy import accuracy
from langneurons.responses.collection import generate_responses
from langneurons.responses.grading import grade

GENERATION = {"max_new_tokens": 64, "batch_size": 120}  # the longest response has under 50 tokens


def measure_accuracy(
    folder: Path, languages: list[str], problems: int, prompt: str, seed: int
) -> pd.DataFrame:
    """Accuracy of a saved model on the evaluation split, with greedy decoding in float32.

    Returns
    -------
    pandas.DataFrame
        One row per language, as `langneurons.responses.accuracy.accuracy` returns them.
    """
    spec = ModelSpec.from_config({"path": str(folder), "dtype": "float32", "device": "cpu"})
    corpus = generate(languages, "evaluation", problems, seed).drop(columns="responses")
    responses = generate_responses(spec, corpus, prompt, GENERATION, languages)
    return accuracy(grade(responses, corpus, languages))
