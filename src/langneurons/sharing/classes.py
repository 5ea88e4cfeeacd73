"""The class of a neuron in an example: in how many languages it is active (METHOD 9)."""

from collections.abc import Sequence

import numpy as np

ALL_SHARED, PARTIAL_SHARED, SPECIFIC, NON_ACTIVATED = (
    "all-shared", "partial-shared", "specific", "non-activated",
)  # fmt: skip
#: All classes, in the order of rows: active in all languages, in several, in one, in none.
CLASSES = (ALL_SHARED, PARTIAL_SHARED, SPECIFIC, NON_ACTIVATED)


def classes_of(active: np.ndarray) -> np.ndarray:
    """Return the class of each neuron in each example.

    Parameters
    ----------
    active
        Boolean, (P, K, L, D): whether a neuron is active at the last token of an example in a
        language, K ≥ 2.

    Returns
    -------
    numpy.ndarray
        int8, (P, L, D): an index into `CLASSES`.
    """
    K = active.shape[1]
    by_number = np.full(K + 1, CLASSES.index(PARTIAL_SHARED), dtype=np.int8)
    by_number[[0, 1, K]] = [CLASSES.index(name) for name in (NON_ACTIVATED, SPECIFIC, ALL_SHARED)]
    return by_number[active.sum(axis=1, dtype=np.int64)]


def most_frequent(examples: np.ndarray) -> np.ndarray:
    """Return the class that each neuron has most often, an index into `CLASSES`, (L, D).

    Of classes that are as frequent, the one of more languages.

    Parameters
    ----------
    examples
        (4, L, D): the number of examples in which a neuron is of each class.
    """
    return examples.argmax(axis=0)


def names_where(marks: np.ndarray, languages: Sequence[str]) -> list[list[str]]:
    """Return for each row of marks, (n, K), the languages that it marks."""
    names = np.array(languages, dtype=object)
    return [names[row].tolist() for row in marks]
