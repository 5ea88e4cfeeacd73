"""Facts of your own, and small tables of countries, for tests."""

import json
from pathlib import Path

from langneurons.corpora.facts import build_facts

FOLDER = Path(__file__).parents[2] / "resources/facts"
TEN = ["en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw"]
COUNTRIES = {
    "format": "facts", "folder": str(FOLDER), "relations": ["capital", "currency"],
    "phrasings": 3, "candidates": 10, "seed": 0,
}  # fmt: skip
ROWS = [
    {
        "fact": fact,
        "language": language,
        "phrasing": phrasing,
        "prompt": f"{prompt} {phrasing}:",
        "answer": answer,
        "candidates": [answer, other, "x y"],
    }
    for fact, answer, other in (("sky", "blue", "red"), ("grass", "green", "black"))
    for phrasing in (1, 2)
    for language, prompt in (("en", f"the {fact} is"), ("zh", f"{fact}是"))
]


def own_facts(folder: Path, rows=ROWS, languages=("en", "zh"), **dataset):
    """Write rows to a file and return the facts that are built of them."""
    path = folder / "facts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return build_facts("mine", {"format": "facts", "path": str(path), **dataset}, languages)[0]


def of_countries(languages=TEN, **dataset):
    """Return facts of countries and what is left out."""
    return build_facts("world", {**COUNTRIES, **dataset}, languages)
