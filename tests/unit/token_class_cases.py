"""Counts by class of token of six neurons, one of which is active at bytes of Bengali alone."""

from pathlib import Path

import numpy as np

from langneurons.activations.class_counts import (
    CLASSES,
    PLACES,
    ClassCounts,
    write_class_counts,
)
from langneurons.activations.counts import Counts, write_counts, write_probabilities
from langneurons.neurons.table import write_neurons
from langneurons.neurons.token_classes import write_token_classes

THREE = ("bn", "en", "sw")
#: Of six neurons four are selected, by entropy alone; τ is the 9th smallest of 18 probabilities, 0.
PARAMETERS = {"top_rate": 4 / 6, "threshold_quantile": 0.5, "lambda_": 0.0}
BYTE_NEURON = 1
#: p of bn, en and sw over all tokens. At H = 0 three specific neurons, at ln 2 a related one, at
#: ln 3 a general and a silent one.
PROBABILITIES = [(1, 0, 0), (0.5, 0, 0), (0, 1, 0), (1, 1, 1), (0, 1, 1), (0, 0, 0)]


def class_counts(letters: int = 200) -> ClassCounts:
    """400 tokens a language. Those of bn are ``letters``, and bytes; the others' are all letters.

    The byte neuron is active at 200 bytes, half of all tokens of bn. Of these, 150 come before a
    letter and 50 before a byte.
    """
    bn = {"script letters": letters, "byte fragments": 400 - letters}
    bn_next = {"script letters": 150, "byte fragments": 249, "end": 1}
    latin, latin_next = {"Latin letters": 400}, {"Latin letters": 399, "end": 1}
    tokens = np.array(
        [
            [
                (of_input if position == "input" else of_next).get(name, 0)
                for position, name in PLACES
            ]
            for of_input, of_next in ((bn, bn_next), (latin, latin_next), (latin, latin_next))
        ]
    )
    always = np.array(PROBABILITIES).T > 0  # (K, D)
    active = tokens[:, :, None] * always[:, None]
    active[0, :, BYTE_NEURON] = 0
    for place, number in {
        ("input", "byte fragments"): 200,
        ("next", "script letters"): 150,
        ("next", "byte fragments"): 50,
    }.items():
        active[0, PLACES.index(place), BYTE_NEURON] = number
    return ClassCounts(active[:, :, None], tokens, THREE)


def write_token_class_case(folder: Path, counts: ClassCounts, seed: int = 0) -> dict[str, Path]:
    """Write what is typed over all tokens and over letters; return the artefacts by name."""
    names = ("counts", "probabilities", "neurons", "summary", "by_class", "types", "tokens")
    files = {name: folder / name for name in names}
    every = slice(len(CLASSES))
    whole = [part[:, every].sum(axis=1)[:, None] for part in (counts.active, counts.tokens)]
    write_counts(Counts(*whole, THREE), files["counts"], {})
    write_probabilities(files["counts"], files["probabilities"], THREE)
    neurons = (files["neurons"], files["summary"])
    write_neurons(files["probabilities"], *neurons, "ternary", PARAMETERS, THREE)
    write_class_counts(counts, files["by_class"], {})
    read = (files["neurons"], files["by_class"])
    made = (files["types"], files["tokens"])
    write_token_classes(*read, *made, "ternary", PARAMETERS, THREE, seed)
    return files
