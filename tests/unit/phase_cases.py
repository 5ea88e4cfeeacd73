"""Both steps of the phases, for tests that want the artefacts of one model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langneurons.phases.segmentation import write_segments
from langneurons.phases.table import write_phases


def write_phase_artefacts(
    folder: Path,
    neurons: Path,
    summary: Path,
    counts: Path,
    segments: int,
    parameters: Mapping[str, Any],
    replicates: int = 0,
) -> dict[str, Path]:
    """Write all artefacts about the phases of a model typed by the method ``ternary``.

    Returns
    -------
    dict
        The paths of segments, layers, support, phases and expectations.
    """
    names = ("segments", "layers", "support", "phases", "expectations")
    outputs = {name: folder / f"{name}.parquet" for name in names}
    write_segments(neurons, summary, outputs, segments)
    write_phases(
        outputs["segments"], summary, counts, outputs, "ternary", parameters, replicates,
        seed=0, design_effect=1,
    )  # fmt: skip
    return outputs
