"""Four functional phases of the layers (METHOD 3).

The paper reads them off a plot; here, exact dynamic programming cuts the layers into contiguous
segments of least squared error in their composition: the shares of specific, related and general
among a layer's typed neurons.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.activations.counts import Counts, read_counts
from langneurons.artifacts.tables import artefact, read_table, write_table
from langneurons.errors import InputError
from langneurons.neurons.table import read_neurons, read_summary
from langneurons.neurons.types import GENERAL, RELATED, SPECIFIC, identify
from langneurons.phases.expectations import EXPECTATIONS, expectations
from langneurons.uncertainty.resampling import draw_weights, percentile_interval

logger = logging.getLogger(__name__)

PHASE_NAMES = (
    "multilingual understanding",
    "shared semantic space reasoning",
    "multilingual output space transformation",
    "vocabulary space outputting",
)
#: The types whose shares make up a layer's composition.
TYPED = ("specific", "related", "general")
#: Numbers of segments whose support is compared.
SEGMENT_NUMBERS = (2, 3, 4, 5)

_COUNTS = ", ".join(f"{kind} int64" for kind in TYPED)

#: One row per layer: neurons by type.
LAYERS = artefact("layers", f"layer int32, {_COUNTS}, other int64")

#: One row per phase. The interval is the 95 % bootstrap interval (over folds) of the phase's
#: first layer; null if the counts have a single fold.
PHASES = artefact(
    "phases",
    f"phase int32, name string, first_layer int32, last_layer int32, {_COUNTS}, "
    "first_layer_low float64?, first_layer_high float64?",
)

#: One row per number of segments: is the composition best cut into 2, 3, 4 or 5?
SUPPORT = artefact(
    "support", "segments int32, first_layers [int32], squared_error float64, bic float64, best bool"
)


def layer_counts(kind: np.ndarray) -> np.ndarray:
    """Count specific, related and general neurons per layer: (L, D) types → (L, 3)."""
    return np.stack([(kind == k).sum(axis=1) for k in (SPECIFIC, RELATED, GENERAL)], axis=1)


def composition(counts: np.ndarray) -> np.ndarray:
    """Shares (L, 3) of the three types among a layer's typed neurons; 0 if it has none."""
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)


def segment(shares: np.ndarray, segments: int) -> list[int]:
    """First layers of the ``segments`` contiguous segments with the least squared error.

    Parameters
    ----------
    shares
        Composition (L, 3), with L ≥ segments.
    segments
        Number of segments, each at least one layer long.
    """
    from ruptures import Dynp

    if segments == 1:
        return [0]
    search = Dynp(model="l2", min_size=1, jump=1).fit(shares)
    return [0, *search.predict(n_bkps=segments - 1)[:-1]]


def support(shares: np.ndarray, numbers: tuple[int, ...] = SEGMENT_NUMBERS) -> pd.DataFrame:
    """Squared error and BIC of the best cut into each number of segments.

    The Bayesian information criterion is ``n ln(E / n) + q ln n``: E is the squared error, n = 2 L
    free values (the three shares sum to one), q = 2 S means and S − 1 boundaries. Lower is better
    supported. Numbers larger than L are left out.
    """
    L = len(shares)
    n = 2 * L
    rows = []
    for number in [number for number in numbers if number <= L]:
        starts = segment(shares, number)
        parts = np.split(shares, starts[1:])
        error = sum(float(((part - part.mean(axis=0)) ** 2).sum()) for part in parts)
        # A perfect cut has error 0; the floor keeps its logarithm finite.
        bic = n * np.log(max(error, 1e-12) / n) + (3 * number - 1) * np.log(n)
        rows.append(
            {"segments": number, "first_layers": starts, "squared_error": error, "bic": bic}
        )
    table = pd.DataFrame(rows)
    table["best"] = table["bic"] == table["bic"].min()
    return table


def boundary_interval(
    counts: Counts,
    method: str,
    parameters: Mapping[str, Any],
    segments: int,
    replicates: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Bootstrap over folds: 95 % interval of each segment's first layer, two arrays (segments,).

    Folds are drawn with replacement from those that hold tokens; each replicate is typed and
    segmented anew, with λ fixed at its value on the full data. None if nothing can be
    drawn: fewer than two folds hold tokens, or every draw leaves a language without any.
    """
    filled = counts.tokens.any(axis=0)
    if filled.sum() < 2:
        return None
    draws = draw_weights(filled, replicates, seed)
    # A draw that leaves a language without tokens has no probabilities.
    draws = draws[(draws @ counts.tokens.T > 0).all(axis=1)]
    if not len(draws):
        return None
    starts = []
    for weights in draws:
        neurons, _ = identify(counts.probabilities(weights), method, parameters)
        starts.append(segment(composition(layer_counts(neurons.kind)), segments))
    return percentile_interval(starts)


def write_phases(
    neurons_path: str | Path,
    summary_path: str | Path,
    counts_path: str | Path,
    outputs: Mapping[str, str],
    segments: int,
    method: str,
    parameters: Mapping[str, Any],
    replicates: int,
    seed: int,
) -> None:
    """Segment one model's layers; write `PHASES`, `LAYERS`, `SUPPORT` and `EXPECTATIONS`.

    Parameters
    ----------
    outputs
        Paths under the keys phases, layers, support and expectations. Expectations concern
        the paper's four phases, so with another number of segments their table is empty.

    Raises
    ------
    InputError
        If the model has fewer layers than ``segments``.
    """
    summary = read_summary(summary_path)
    if summary["layers"] < segments:
        raise InputError(
            f"{neurons_path}: {summary['layers']} layers cannot be cut into {segments} segments"
        )
    languages = list(summary["languages"])
    kind = read_neurons(neurons_path, languages).kind
    counts = layer_counts(kind)
    shares = composition(counts)
    starts = segment(shares, segments)
    if not pd.isna(summary["lambda"]):
        parameters = {**parameters, "lambda_": float(summary["lambda"])}
    data = read_counts(counts_path, languages)
    interval = boundary_interval(data, method, parameters, segments, replicates, seed)
    low, high = interval if interval else (None, None)

    phases = pd.DataFrame(
        {
            "phase": range(1, segments + 1),
            "name": _phase_names(segments),
            "first_layer": starts,
            "last_layer": [*(start - 1 for start in starts[1:]), len(shares) - 1],
            **dict(zip(TYPED, np.add.reduceat(counts, starts, axis=0).T, strict=True)),
            "first_layer_low": low,
            "first_layer_high": high,
        }
    )
    layers = pd.DataFrame(counts, columns=list(TYPED))
    layers.insert(0, "layer", range(len(counts)))
    layers["other"] = kind.shape[1] - counts.sum(axis=1)
    checks = expectations(phases) if segments == len(PHASE_NAMES) else None
    if checks is not None and not checks["holds"].all():
        failed = checks.loc[~checks["holds"], "expectation"]
        logger.warning(
            "%s: does not show %d of the paper's %d expectations of the phases: %s",
            neurons_path,
            len(failed),
            len(checks),
            ", ".join(failed),
        )
    facts = {
        "inputs": [str(neurons_path), str(counts_path)],
        "method": method,
        "segments": segments,
        "replicates": replicates,
        "seed": seed,
    }
    write_table(layers, outputs["layers"], LAYERS, facts)
    write_table(support(shares), outputs["support"], SUPPORT, facts)
    write_table(
        EXPECTATIONS.empty_table() if checks is None else checks,
        outputs["expectations"],
        EXPECTATIONS,
        facts,
    )
    write_table(phases, outputs["phases"], PHASES, facts)


def read_phases(path: str | Path) -> pd.DataFrame:
    """Read a phases artefact."""
    return read_table(path, PHASES)


def _phase_names(segments: int) -> list[str]:
    if segments == len(PHASE_NAMES):
        return list(PHASE_NAMES)
    return [f"segment {i}" for i in range(1, segments + 1)]
