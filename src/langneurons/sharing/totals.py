"""Sums over examples, by neuron and by class; the examples themselves are not kept."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from langneurons.sharing.classes import CLASSES, SPECIFIC, classes_of, most_frequent, names_where
from langneurons.sharing.observer import Seen
from langneurons.sharing.schemas import SHARING


class Totals:
    """Sums over the examples added so far.

    Attributes
    ----------
    examples
        int64, (4, L, D): the number of examples in which a neuron is of each class.
    active, alone
        int64, (K, L, D): of examples in which it is active in a language, and in that one only.
    contribution, effective
        float64, (L, D): sums over examples of means over languages.
    """

    def __init__(self, languages: Sequence[str], layers: int, width: int) -> None:
        self._languages = list(languages)
        shape = (layers, width)
        self.examples = np.zeros((len(CLASSES), *shape), dtype=np.int64)
        self.active = np.zeros((len(languages), *shape), dtype=np.int64)
        self.alone = np.zeros((len(languages), *shape), dtype=np.int64)
        self.contribution, self.effective = np.zeros(shape), np.zeros(shape)
        self._tables: list[pd.DataFrame] = []
        self._number = 0

    @property
    def size(self) -> int:
        """The number of neurons."""
        return self.contribution.size

    def add(self, seen: Seen, problems: pd.Series) -> None:
        """Add the examples of some problems.

        Parameters
        ----------
        seen
            Of P × K texts, problem by problem, in all languages in their order.
        problems
            The problem of each text.
        """
        K = len(self._languages)
        active, contribution, effective = (
            part.numpy().reshape(-1, K, *part.shape[1:])
            for part in (seen.active, seen.contribution, seen.effective)
        )  # (P, K, L, D) each
        classes = classes_of(active)  # (P, L, D)
        contribution = contribution.mean(axis=1, dtype=np.float64)  # (P, L, D)
        effective = effective.mean(axis=1, dtype=np.float64)
        specific = classes == CLASSES.index(SPECIFIC)
        self.active += active.sum(axis=0, dtype=np.int64)
        self.alone += (active & specific[:, None]).sum(axis=0, dtype=np.int64)
        self.contribution += contribution.sum(axis=0)
        self.effective += effective.sum(axis=0)
        self._number += len(classes)
        by_class = []
        for index in range(len(CLASSES)):
            inside = classes == index
            self.examples[index] += inside.sum(axis=0, dtype=np.int64)
            sums = [np.where(inside, part, 0).sum(axis=-1) for part in (contribution, effective)]
            by_class.append([inside.sum(axis=-1), *sums])  # (P, L) each
        self._tables.append(self._rows(by_class, list(problems)[::K]))

    def _rows(self, by_class: list[list[np.ndarray]], problems: Sequence[str]) -> pd.DataFrame:
        L, D = self.contribution.shape
        keys = pd.MultiIndex.from_product(
            [problems, range(L), CLASSES], names=["problem", "layer", "class"]
        )
        columns = {
            name: np.stack([some[i] for some in by_class], axis=-1).reshape(-1)
            for i, name in enumerate(("neurons", "contribution", "effective"))
        }
        return pd.DataFrame(columns, index=keys).reset_index().assign(total=D)

    def by_problem(self) -> pd.DataFrame:
        """Return the rows of `SHARING`."""
        return pd.concat(self._tables, ignore_index=True)[SHARING.names]

    def by_neuron(self) -> pd.DataFrame:
        """Return the rows of `SHARING_NEURONS`."""
        L, D = self.contribution.shape
        n, K = self._number, len(self._languages)
        layers, neurons = np.divmod(np.arange(L * D), D)
        shares = {
            name.replace("-", "_"): self.examples[index].reshape(-1) / n
            for index, name in enumerate(CLASSES)
        }
        alone = self.alone.reshape(K, -1)
        names = np.array(self._languages, dtype=object)[alone.argmax(axis=0)]
        often = self.active.reshape(K, -1).T / n >= 0.5
        columns = {
            "layer": layers,
            "neuron": neurons,
            **shares,
            "contribution": self.contribution.reshape(-1) / n,
            "effective": self.effective.reshape(-1) / n,
            "class": np.array(CLASSES, dtype=object)[most_frequent(self.examples).reshape(-1)],
            "languages": names_where(often, self._languages),
            "alone": np.where(alone.any(axis=0), names, None),
        }
        return pd.DataFrame(columns)
