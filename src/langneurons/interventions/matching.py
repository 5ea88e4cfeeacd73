"""Random controls of an intervention: what they are matched on, and how alike they are."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.activations.counts import read_probabilities
from langneurons.errors import InputError
from langneurons.interventions.bench import Subject
from langneurons.models.down import down_norms
from langneurons.neurons.controls import ACTIVITY, QUANTITIES, activity_of, control, imbalance

logger = logging.getLogger(__name__)

_NAMES = dict(zip(QUANTITIES, ("the peak probability", "log ‖W_down‖"), strict=True))


class Controls:
    """Draws random controls and records how alike each is to its set.

    Parameters
    ----------
    language_neurons
        Boolean, (L, D): those that some language has, whichever set is switched off. None of them
        is drawn: by activity a related one of other languages would come up soon.
    activity
        From `activity_of`, (L, D, 2), to match by activity; None to match by layer alone.

    Attributes
    ----------
    drawn
        Of each control with neurons: ``set``, ``control_seed``, ``language``, ``neurons``;
        ``repeated``, how many of these are of the set itself; by activity also `QUANTITIES`, see
        `imbalance`. JSON-serialisable.
    """

    def __init__(self, language_neurons: np.ndarray, activity: np.ndarray | None = None) -> None:
        self._language_neurons, self._activity = language_neurons, activity
        self.drawn: list[dict[str, Any]] = []

    def draw(
        self,
        neurons: np.ndarray,
        seed: int,
        name: str,
        language: str,
        taken: np.ndarray | None = None,
    ) -> np.ndarray:
        """Draw a control; see `langneurons.neurons.controls.control`.

        ``taken``, boolean (L, D), are neurons that another draw of the same control has.
        """
        claimed = self._language_neurons if taken is None else self._language_neurons | taken
        found = control(neurons, claimed, seed, name, language, self._activity)
        if not neurons.any():
            return found
        apart = {}
        if self._activity is not None:
            numbers = imbalance(neurons, found, self._activity)
            apart = dict(zip(QUANTITIES, map(float, numbers), strict=True))
        counts = {"neurons": int(neurons.sum()), "repeated": int((neurons & found).sum())}
        told = {"set": name, "control_seed": seed, "language": language}
        self.drawn.append({**told, **counts, **apart})
        return found

    def report(self) -> None:
        """Log how many controls hold neurons of their own set, and how alike they are to it."""
        table = pd.DataFrame(self.drawn)
        repeated = table["repeated"] / table["neurons"] if len(table) else pd.Series(dtype=float)
        if repeated.any():
            logger.warning(
                "%d of %d random controls hold neurons of their own set, because layers have too "
                "few that no language claims; most of them %s: %.0f %%",
                (repeated > 0).sum(),
                len(table),
                _name(table.loc[repeated.idxmax()]),
                100 * repeated.max(),
            )
        for quantity in filter(table.columns.__contains__, QUANTITIES):
            apart = table[quantity].abs()
            logger.info(
                "random controls: %s is apart from that of their sets by %.2f standard deviations "
                "of a layer on average, at most by %.2f (%s)",
                _NAMES[quantity],
                apart.mean(),
                apart.max(),
                _name(table.loc[apart.idxmax()]),
            )


def matched_controls(
    subject: Subject,
    kind: str,
    probabilities_path: str | Path | None,
    language_neurons: np.ndarray,
    languages: Sequence[str],
) -> Controls:
    """Return what draws controls; by activity the model is loaded.

    Parameters
    ----------
    kind
        ``layer`` or `ACTIVITY`.
    probabilities_path
        A probabilities artefact of the model; needed by activity.
    language_neurons
        As for `Controls`.
    languages
        The K languages of the probabilities.

    Raises
    ------
    InputError
        By activity, if the probabilities are of another model, which is detected before the
        weights are loaded, or of other languages; if there are no norms of the down projections,
        see `down_norms`.
    """
    if kind != ACTIVITY:
        return Controls(language_neurons)
    if probabilities_path is None:
        raise ValueError("probabilities_path: found None, expected a path to match by activity")
    peak = read_probabilities(probabilities_path, languages).max(axis=-1)  # (L, D)
    if peak.shape != language_neurons.shape:
        shapes = (peak.shape, language_neurons.shape)
        found, expected = (f"{L} layers of {D} neurons" for L, D in shapes)
        raise InputError(
            f"{probabilities_path}: probabilities of another model: {found}, expected {expected}"
        )
    mlps = subject.mlps
    try:
        norms = down_norms(mlps)
    except InputError as error:
        raise InputError(f"controls can be matched by layer only: {error}") from None
    return Controls(language_neurons, activity_of(peak, norms))


def _name(control: pd.Series) -> str:
    return f"{control['set']}, {control['language']}, seed {control['control_seed']}"
