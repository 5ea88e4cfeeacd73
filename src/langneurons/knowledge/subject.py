"""The model whose facts are looked at, in full precision."""

from dataclasses import replace
from functools import cached_property

import numpy as np
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.knowledge.baselines import Baselines
from langneurons.knowledge.facts import Facts
from langneurons.models.batches import check_rows
from langneurons.models.endings import Endings
from langneurons.models.loading import load_config, load_model
from langneurons.models.mlps import Mlp, check_causal, find_mlps
from langneurons.models.quantised import check_gradients
from langneurons.models.spec import ModelSpec

_FULL = ("float32", "float64")


def refuse_quantised(spec: ModelSpec) -> None:
    """Refuse a checkpoint without gradients by an `InputError`, before its weights are loaded."""
    check_gradients(spec.path, load_config(spec).to_dict(), "knowledge")


class Subject:
    """A model that is loaded on first use, with what passes over its facts need.

    Parameters
    ----------
    spec
        In place of a dtype of less precision, float32 is used.
    facts
        The facts and their prompts.
    batch_tokens
        Most tokens in a batch; no result depends on it.
    """

    def __init__(self, spec: ModelSpec, facts: Facts, batch_tokens: int) -> None:
        self._spec = spec if spec.dtype in _FULL else replace(spec, dtype="float32")
        self._facts, self.batch_tokens = facts, batch_tokens

    @cached_property
    def model(self) -> PreTrainedModel:
        """The model in evaluation mode; see `load_model` and `check_rows` for the errors."""
        model = load_model(self._spec)
        rows = self._facts.prompts.rename(columns={"fact": "problem", "phrasing": "sample"})
        rows = rows.assign(response_tokens=rows["answer_tokens"])
        check_rows(model, rows, list(rows["language"].unique()))
        return model

    @cached_property
    def mlps(self) -> list[Mlp]:
        """Its MLPs; see `find_mlps` and `check_causal` for the errors."""
        mlps = find_mlps(self.model)
        check_causal(self.model)
        return mlps

    @cached_property
    def endings(self) -> Endings:
        """Runs prompts and their answers; see `Head` for the errors."""
        return Endings(self.model, self.mlps, self.batch_tokens)

    @cached_property
    def baselines(self) -> Baselines:
        """Mean activations over other facts."""
        return Baselines(self.model, self.mlps, self._facts.prompts, self.batch_tokens)

    def demand_finite(self, layers: np.ndarray) -> None:
        """Raise an `InputError` if a number of a layer, (L,), is not finite."""
        bad = np.flatnonzero(~np.isfinite(layers))
        if bad.size:
            raise InputError(
                f"{self._spec.path}: NaN or infinite numbers at the neurons of layer {bad[0]} "
                f"({self.model.dtype}); the checkpoint is damaged"
            )
