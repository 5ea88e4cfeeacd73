"""The stages of a model's layers: understanding, task solving, generation (METHOD 8)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_table
from langneurons.components.schemas import ALL, GENERATION, STAGES, TASK_SOLVING, UNDERSTANDING
from langneurons.errors import InputError
from langneurons.neurons.sets import PHASE_LAYERS

#: Of four phases, which ones make a stage: the last two both turn into the output.
PHASES_OF = {UNDERSTANDING: (1,), TASK_SOLVING: (2,), GENERATION: (3, 4)}


def stages_of_phases(path: str | Path) -> dict[str, slice]:
    """Return the layers of each stage, and of all, from a segments artefact of four phases.

    Raises
    ------
    InputError
        If there are not four phases.
    """
    phases = read_table(path, PHASE_LAYERS).set_index("phase")
    expected = [phase for some in PHASES_OF.values() for phase in some]
    if phases.index.tolist() != expected:
        raise InputError(
            f"{path}: {len(phases)} phases, expected {len(expected)} to make stages of; or name "
            "their layers under component_deactivation.stages"
        )
    found = {stage: _layers(phases, some) for stage, some in PHASES_OF.items()}
    return {ALL: slice(0, found[GENERATION].stop), **found}


def stages_as_given(stages: Mapping[str, Sequence[int]], layers: int) -> dict[str, slice]:
    """Return the layers of each stage, and of all.

    Parameters
    ----------
    stages
        Each of `STAGES` → its first and last layer.
    layers
        Number of layers of the model.

    Raises
    ------
    InputError
        If a stage ends beyond the model's layers.
    """
    for stage, (first, last) in stages.items():
        if last >= layers:
            raise InputError(
                f"component_deactivation.stages.{stage}: found layers {first} to {last}, expected "
                f"some of the model's layers 0 to {layers - 1}"
            )
    spans = {stage: slice(stages[stage][0], stages[stage][1] + 1) for stage in STAGES}
    return {ALL: slice(0, layers), **spans}


def _layers(phases: pd.DataFrame, some: Sequence[int]) -> slice:
    first, last = phases.loc[some[0], "first_layer"], phases.loc[some[-1], "last_layer"]
    return slice(int(first), int(last) + 1)
