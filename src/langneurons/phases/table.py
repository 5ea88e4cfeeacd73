"""The phases of the layers: their names, how certain their boundaries are, what the paper expects.

The layers are cut in `langneurons.phases.segmentation`; here nothing moves a boundary.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.activations.counts import Counts
from langneurons.activations.resampled import Draws, draw_texts, resampled_probabilities
from langneurons.activations.sums import read_sums
from langneurons.artifacts.tables import artefact, read_table, write_table
from langneurons.neurons.table import read_summary
from langneurons.neurons.types import identify
from langneurons.phases.expectations import EXPECTATIONS, expectations
from langneurons.phases.segmentation import (
    SEGMENTS,
    TYPE_COUNTS,
    composition,
    layer_counts,
    segment,
)
from langneurons.uncertainty.resampling import percentile_interval

logger = logging.getLogger(__name__)

PHASE_NAMES = (
    "multilingual understanding",
    "shared semantic space reasoning",
    "multilingual output space transformation",
    "vocabulary space outputting",
)
#: One row per phase. The interval is the 95 % bootstrap interval (over folds or tokens, as
#: `draw_texts` has it) of the phase's first layer.
PHASES = artefact(
    "phases",
    f"phase int32, name string, first_layer int32, last_layer int32, {TYPE_COUNTS}, "
    "first_layer_low float64?, first_layer_high float64?",
)


def boundary_interval(
    counts: Counts, draws: Draws, method: str, parameters: Mapping[str, Any], segments: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Bootstrap: 95 % interval of each segment's first layer, two arrays (segments,).

    Each draw of the texts is typed and segmented anew, with λ fixed at its value on the full data.
    None if nothing is drawn.
    """
    if not len(draws):
        return None
    starts = []
    for probabilities in resampled_probabilities(counts, draws):
        neurons, _ = identify(probabilities, method, parameters)
        starts.append(segment(composition(layer_counts(neurons)), segments))
    return percentile_interval(np.array(starts))


def write_phases(
    segments_path: str | Path,
    summary_path: str | Path,
    counts_path: str | Path,
    outputs: Mapping[str, str | Path],
    method: str,
    parameters: Mapping[str, Any],
    replicates: int,
    seed: int,
    design_effect: float,
) -> None:
    """Name the phases and say how certain their boundaries are; write `PHASES`, `EXPECTATIONS`.

    Parameters
    ----------
    segments_path
        A table of `SEGMENTS`.
    outputs
        Paths under the keys phases and expectations. Expectations concern the paper's four
        phases, so with another number of segments their table is empty.
    method, parameters
        How neurons are typed anew in each replicate.
    replicates, seed, design_effect
        Of the bootstrap, see `draw_texts`.
    """
    phases = read_table(segments_path, SEGMENTS)
    segments, summary = len(phases), read_summary(summary_path)
    phases.insert(1, "name", _phase_names(segments))
    if not pd.isna(summary["lambda"]):
        parameters = {**parameters, "lambda_": float(summary["lambda"])}
    data = read_sums(counts_path, list(summary["languages"]))
    draws = draw_texts(data, replicates=replicates, seed=seed, design_effect=design_effect)
    interval = boundary_interval(data, draws, method, parameters, segments)
    phases["first_layer_low"], phases["first_layer_high"] = interval or (None, None)
    checks = expectations(phases) if segments == len(PHASE_NAMES) else None
    if checks is not None and not checks["holds"].all():
        failed = checks.loc[~checks["holds"], "expectation"]
        logger.warning(
            "%s: does not show %d of the paper's %d expectations of the phases: %s",
            segments_path,
            len(failed),
            len(checks),
            ", ".join(failed),
        )
    facts = {
        "inputs": [str(segments_path), str(counts_path)],
        "method": method,
        "segments": segments,
        **draws.facts,
        "replicates": replicates,
        "seed": seed,
    }
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
