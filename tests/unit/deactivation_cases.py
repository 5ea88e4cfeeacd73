"""A tiny model with typed neurons and questions, and deactivations of it, for several tests."""

import numpy as np
import pandas as pd
from tiny_models import save_tiny_model

from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.interventions.deactivation import deactivate
from langneurons.interventions.deactivation_summary import grade_deactivation
from langneurons.interventions.merging import merge_deactivation
from langneurons.interventions.schemas import DEACTIVATION, DEACTIVATION_PROBLEMS
from langneurons.models.cards import write_card
from langneurons.models.spec import ModelSpec
from langneurons.neurons.sets import MASK, SETS, SPECIFIC_RANDOM
from langneurons.neurons.table import NEURONS

LANGUAGES = ["en", "de"]
L, D = 2, 24
#: (layer, neuron): its type and languages; all other neurons are of type other.
TYPED = {
    (0, 0): ("specific", ["en"]),
    (0, 1): ("specific", ["en"]),
    (0, 3): ("related", ["en", "de"]),
    (0, 5): ("general", ["en", "de"]),
    (1, 2): ("specific", ["en"]),
    (1, 4): ("related", ["en", "de"]),
    (1, 9): ("general", ["en", "de"]),
}
PARAMETERS = {
    "sets": list(SETS),
    "control": "layer",
    "control_seeds": 1,
    "texts": "prompt",
    "problems": 3,
    "accuracy": False,
    "max_new_tokens": 4,
}
QUESTIONS = {
    "en": ["how many", "how many apples has Anna", "what is left of them"],
    "de": ["wie viele", "wie viele Äpfel hat Anna", "was bleibt davon"],
}


def tiny_case(folder):
    """Arguments of `deactivate` but for the output and the parameters."""
    save_tiny_model(folder / "model", "mistral", max_position_embeddings=64)
    spec = ModelSpec(path=str(folder / "model"), device="cpu")
    write_card(spec, folder / "card.parquet")
    corpus = [
        {"problem": f"p{i}", "language": name, "question": text, "answer": float(i)}
        for i in range(3)
        for name, questions in QUESTIONS.items()
        for text in [questions[i]]
    ]
    write_table(pd.DataFrame(corpus).assign(responses=[[]] * 6), folder / "corpus", CORPUS)
    write_neurons(folder / "neurons")
    return {
        "spec": spec,
        "card_path": folder / "card.parquet",
        "corpus_path": folder / "corpus",
        "neurons_path": folder / "neurons",
        "languages": LANGUAGES,
        "template": "{query} ",
        "batch_size": 4,
        "batch_tokens": 100,
        "progress": False,
    }


def write_neurons(path, layers=L, width=D, typed=TYPED):
    rows = [(layer, neuron) for layer in range(layers) for neuron in range(width)]
    typed = [typed.get(row, ("other", [])) for row in rows]
    table = pd.DataFrame(rows, columns=["layer", "neuron"]).assign(
        type=[kind for kind, _ in typed],
        languages=[names for _, names in typed],
        n_languages=[len(names) for _, names in typed],
        selected=[kind in ("specific", "related") for kind, _ in typed],
        score=0.0,
        max_probability=0.5,
    )
    write_table(table, path, NEURONS)


def run(case, folder, shares=1, parameters=PARAMETERS, **changes):
    """All shares, merged and graded: the table of means and that of problems."""
    paths = [folder / f"{index}-of-{shares}.parquet" for index in range(1, shares + 1)]
    for index, path in enumerate(paths, start=1):
        arguments = {**case, "parameters": parameters, "share": (index, shares), **changes}
        deactivate(output=path, **arguments)
    sets = [MASK] if changes.get("mask_path") else [*parameters["sets"], SPECIFIC_RANDOM]
    answers = folder / "answers"
    merge_deactivation(paths, answers, case["languages"], sets)
    outputs = {"table": folder / "means", "problems": folder / "problems"}
    grade_deactivation(answers, case["corpus_path"], outputs, case["languages"])
    return read_table(folder / "means", DEACTIVATION), read_table(
        folder / "problems", DEACTIVATION_PROBLEMS
    )


def row_of(table, name, seed, deactivated, target):
    def equals(column, value):
        return table[column].isna() if value is None else table[column] == value

    keys = {"set": name, "control_seed": seed, "deactivated": deactivated, "target": target}
    found = np.logical_and.reduce([equals(*pair) for pair in keys.items()])
    assert found.sum() == 1
    return table[found].iloc[0]
