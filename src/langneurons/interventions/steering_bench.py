"""What is measured of a steered model: its answers, their language and their fluency."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch

from langneurons.activations.values import language_activation_values
from langneurons.interventions.answering import Answering
from langneurons.interventions.bench import Subject
from langneurons.interventions.schemas import SCALE
from langneurons.interventions.steering_cells import Cell
from langneurons.models.edits import Edit, intervening, zeroing
from langneurons.models.likelihood import Likelihood
from langneurons.models.memory import lowering
from langneurons.responses.prompts import Prompts
from langneurons.responses.tokens import encode


def repetition(tokens: Sequence[int], n: int = 4) -> float | None:
    """Return the share of a text's n-grams of tokens that occurred in it before.

    None if it has fewer than n tokens.
    """
    grams = [tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else None


class SteeringBench:
    """A model that answers under interventions; it is loaded at the first cell.

    Parameters
    ----------
    subject, prompts
        The model, and how it is asked.
    questions
        From `langneurons.interventions.bench.read_questions`.
    texts
        Rows of `TOKENS`: the responses over which activations are collected.
    cells
        The cells that will be asked for: activations are collected for the neurons they raise.
    parameters
        As in `langneurons.interventions.steering.steer`, and its ``batch_size`` and
        ``batch_tokens``.
    progress
        Whether to show a progress bar on stderr while activations are collected.
    """

    def __init__(
        self,
        subject: Subject,
        prompts: Prompts,
        questions: pd.DataFrame,
        texts: pd.DataFrame,
        cells: Sequence[Cell],
        parameters: Mapping[str, Any],
        progress: bool,
    ) -> None:
        self._subject, self._prompts = subject, prompts
        self._questions, self._texts = questions, texts
        self._cells, self._parameters, self._progress = cells, parameters, progress
        self._values: tuple[str, np.ndarray] | None = None
        self._answering: dict[str, Answering] = {}

    def rows(self, cell: Cell) -> pd.DataFrame:
        """Return the `STEERING_ANSWERS` rows of a cell."""
        asked = self._questions[self._questions["language"] == cell.source]
        rows = asked[["problem"]].assign(
            intervention=cell.intervention,
            control_seed=cell.control_seed,
            source=cell.source,
            target=cell.target,
            mode=cell.mode,
            factor=cell.factor,
            lowered=int(cell.lowered.sum()),
            raised=int(cell.raised.sum()),
        )
        measures = ["response", "tokens", "repetition", "nll", "unfinished"]
        rows[measures] = None
        if not cell.empty:
            rows[measures] = self._answered(cell)[measures].to_numpy(dtype=object)
        return rows

    def _answered(self, cell: Cell) -> pd.DataFrame:
        subject = self._subject
        if cell.source not in self._answering:
            asked = self._questions[self._questions["language"] == cell.source]
            self._answering[cell.source] = Answering(
                subject.model,
                self._prompts.tokenizer,
                asked.reset_index(drop=True),
                self._parameters,
            )
        edits = self._edits(cell)
        fewer_answers = lowering("steering.batch_size", self._parameters["batch_size"])
        with fewer_answers, intervening(subject.mlps, edits):
            answers = self._answering[cell.source].answer()
        # Outside the block: fluency is judged by the unchanged model, and without the question,
        # whose language an answer in another one would not fit.
        alone = answers.assign(prompt_tokens=encode(self._prompts.tokenizer, [""]) * len(answers))
        batch_tokens = self._parameters["batch_tokens"]
        nll = Likelihood(subject.model, alone, batch_tokens, subject.head).mean_nll()
        return answers.assign(
            tokens=answers["response_tokens"].map(len),
            repetition=answers["response_tokens"].map(repetition).astype(object),
            nll=pd.Series(nll, dtype=object).where(~np.isnan(nll), None),
        )

    def _edits(self, cell: Cell) -> list[Edit]:
        if cell.target is None or cell.mode is None:
            return []
        # No text is read for neurons that are only multiplied.
        scaled = cell.mode == SCALE
        unit = np.ones_like(cell.raised, np.float32) if scaled else self._values_of(cell.target)
        values = unit * np.float32(cell.factor)  # (L, D)
        raising = [
            Edit(layer, torch.from_numpy(np.flatnonzero(row)), cell.mode, torch.from_numpy(at[row]))
            for layer, (row, at) in enumerate(zip(cell.raised, values, strict=True))
            if row.any()
        ]
        return [*zeroing(cell.lowered), *raising]

    def _values_of(self, target: str) -> np.ndarray:
        """Return a language's own values of its neurons, (L, D); NaN for neurons never raised."""
        if self._values is None or self._values[0] != target:
            raised = np.logical_or.reduce([c.raised for c in self._cells if c.target == target])
            chosen = {
                layer: torch.from_numpy(np.flatnonzero(row))
                for layer, row in enumerate(raised)
                if row.any()
            }
            raise_to = self._parameters["raise_to"]
            found = language_activation_values(
                self._subject.model,
                self._subject.mlps,
                self._texts[self._texts["language"] == target],
                chosen,
                None if raise_to == "mean" else raise_to,
                self._parameters["batch_tokens"],
                self._progress,
            )
            values = np.full(raised.shape, np.nan, dtype=np.float32)
            for layer, neurons in chosen.items():
                # As numpy: a one-element tensor would be taken as an integer index.
                values[layer, neurons.numpy()] = found[layer].numpy()
            self._values = (target, values)
        return self._values[1]
