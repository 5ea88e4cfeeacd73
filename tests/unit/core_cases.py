"""Builders and strategies that the tests of the analysis core share."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from langneurons.activations.counts import Counts, write_counts, write_probabilities
from langneurons.neurons.table import write_neurons
from langneurons.neurons.types import Neurons

#: No deadline: a loaded machine is not a failing one.
QUICK = settings(deadline=None, max_examples=60)
#: For properties that write files.
QUICK_FILES = settings(deadline=None, max_examples=15)

LANGUAGES = ("en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw")


@st.composite
def counts_tables(draw, languages: tuple[int, int] = (2, 10), folds: int = 3) -> Counts:
    """Small counts with many ties and zeros; every language has tokens in every fold."""
    K, F = draw(st.integers(*languages)), draw(st.integers(1, folds))
    L, D = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    active = draw(arrays(np.int64, (K, F, L, D), elements=st.integers(0, 8)))
    tokens = draw(arrays(np.int64, (K, F), elements=st.integers(8, 20)))
    return Counts(active, tokens, LANGUAGES[:K])


@st.composite
def typed_neurons(draw, L: int, D: int, K: int = 3) -> Neurons:
    """Neurons of any type, active for any languages."""
    return Neurons(
        kind=draw(arrays(np.int8, (L, D), elements=st.integers(0, 3))),
        active=draw(arrays(bool, (L, D, K))),
        selected=draw(arrays(bool, (L, D))),
    )


def one_layer(*rows: Sequence[float]) -> np.ndarray:
    """Activation probabilities (1, D, K) of one layer, a row a neuron."""
    return np.array([rows], dtype=np.float32)


def write_case(folder: Path, probabilities: np.ndarray, method: str = "ternary", **parameters):
    """Write counts out of 1024 tokens with these probabilities, and all that follows from them.

    Returns the paths of the counts, probabilities, neurons and summary artefacts.
    """
    languages = LANGUAGES[: probabilities.shape[-1]]
    active = np.moveaxis(probabilities, -1, 0)[:, None] * 1024  # (K, 1, L, D)
    counts = Counts(active.astype(np.int64), np.full((len(languages), 1), 1024), languages)
    paths = [folder / f"{name}.parquet" for name in ("counts", "probabilities", "neurons", "one")]
    write_counts(counts, paths[0], {})
    write_probabilities(paths[0], paths[1], languages)
    write_neurons(*paths[1:], method, parameters, languages)
    return paths
