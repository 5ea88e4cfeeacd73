"""Facts that a changed model is asked for, beside what else it is measured on."""

from collections.abc import Sequence
from functools import cached_property

import pandas as pd

from langneurons.facts.measuring import ranked
from langneurons.interventions.bench import Subject
from langneurons.models.candidates import CandidateLikelihood
from langneurons.models.edits import Edit, intervening


class Knowing:
    """A model and the facts it is asked for; the model is loaded at the first measurement.

    Parameters
    ----------
    subject
        The model.
    facts, tokens
        Rows of `FACTS`, and the tokens of all their candidates (`cloze_tokens`).
    batch_tokens
        Most tokens in a batch, padding included.
    """

    def __init__(
        self, subject: Subject, facts: pd.DataFrame, tokens: pd.DataFrame, batch_tokens: int
    ) -> None:
        self._subject, self._facts, self._tokens = subject, facts, tokens
        self._batch_tokens = batch_tokens

    @property
    def rows(self) -> pd.DataFrame:
        """``fact`` and ``language``: what `measure` has a number for."""
        return self._facts[["fact", "language"]].drop_duplicates(ignore_index=True)

    def measure(self, edits: Sequence[Edit]) -> pd.Series:
        """Return the share of its phrasings in which each fact is known under edits.

        Returns
        -------
        pandas.Series
            float64, in the order of `rows`.

        Raises
        ------
        InputError
            As `Bench.measure` and `CandidateLikelihood`.
        """
        mlps, likelihood = self._subject.mlps, self._likelihood
        with intervening(mlps, edits):
            cloze = ranked(self._facts, self._tokens, likelihood.log_probabilities())
        known = cloze["known"].groupby([cloze["fact"], cloze["language"]], sort=False).mean()
        return known.reindex(pd.MultiIndex.from_frame(self.rows)).reset_index(drop=True)

    @cached_property
    def _likelihood(self) -> CandidateLikelihood:
        return CandidateLikelihood(self._subject.model, self._tokens, self._batch_tokens)
