"""Facts, which of them a model knows, and tables of their neurons, for tests."""

import pandas as pd

from langneurons.artifacts.tables import artefact, write_table
from langneurons.corpora.schema import FACTS
from langneurons.knowledge.schemas import ATTRIBUTIONS

LANGUAGES = ["en", "zh"]
PHRASINGS = {
    "en": ["The capital of {} is", "{} has the capital", "Capital of {}:"],
    "zh": ["{}的首都是", "{}首都", "首都，{}："],
}
ANSWERS = {
    "capital-FR": ("France", "Paris", "法国", "巴黎"),
    "capital-IT": ("Italy", "Rome", "意大利", "罗马"),
    "capital-JP": ("Japan", "Tokyo", "日本", "东京"),
    "capital-CN": ("China", "Beijing", "中国", "北京"),
    "currency-FR": ("France", "euro", "法国", "欧元"),
    "currency-IT": ("Italy", "euro", "意大利", "欧元"),
    "currency-JP": ("Japan", "yen", "日本", "日元"),
}
#: Of the columns of a cloze, those that are read here.
CLOZE = artefact("some_cloze", "fact string, language string, phrasing int32, known bool")


def facts_table(phrasings=3, answers=ANSWERS):
    """Facts in two languages, each asked by some phrasings."""
    rows = []
    for fact, (country, answer, land, antwort) in answers.items():
        for number in range(phrasings):
            for language, name, right in (("en", country, answer), ("zh", land, antwort)):
                rows.append(
                    {
                        "id": f"{fact}-{number + 1}",
                        "language": language,
                        "relation": fact.split("-")[0],
                        "fact": fact,
                        "phrasing": number + 1,
                        "question": PHRASINGS[language][number].format(name),
                        "answer": right,
                        "candidates": [right, "nothing"],
                        "same": False,
                        "cue": None,
                    }
                )
    return pd.DataFrame(rows)


def cloze_table(facts, unknown=()):
    """All facts are known but some pairs of fact and language."""
    pairs = zip(facts["fact"], facts["language"], strict=True)
    known = [pair not in unknown for pair in pairs]
    return facts[["fact", "language", "phrasing"]].assign(known=known)


def write_material(folder, unknown=(), phrasings=3, answers=ANSWERS):
    """Write both and return their paths."""
    facts = facts_table(phrasings, answers)
    paths = folder / "facts.parquet", folder / "cloze.parquet"
    write_table(facts, paths[0], FACTS)
    write_table(cloze_table(facts, unknown), paths[1], CLOZE)
    return paths


def attributions(values, fact="capital-FR", language="en", answer="Paris", layer=0, change=None):
    """Rows of `ATTRIBUTIONS`: values (phrasings, neurons) of the neurons 0, 1, … of one layer."""
    rows = []
    for number, of_phrasing in enumerate(values):
        for neuron, value in [(None, sum(of_phrasing)), *enumerate(of_phrasing)]:
            rows.append(
                {
                    "fact": fact,
                    "relation": fact.split("-")[0],
                    "language": language,
                    "answer": answer,
                    "phrasing": number + 1,
                    "layer": layer,
                    "neuron": neuron,
                    "attribution": value,
                    "change": (value if change is None else change) if neuron is None else None,
                }
            )
    table = pd.DataFrame(rows, columns=ATTRIBUTIONS.names)
    return table.astype({"neuron": "Int32", "change": float})
