"""What components switched off, or neurons trained alone, change: with intervals over problems."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.shares import sort_rows
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.components.schemas import (
    ALL,
    COMPONENT_CELL,
    COMPONENT_CHANGES,
    COMPONENT_EFFECTS,
    COMPONENT_PROBLEMS,
    ENHANCEMENT,
    ENHANCEMENT_CHANGES,
    ENHANCEMENT_PROBLEMS,
    STAGES,
)
from langneurons.interventions.own_and_others import effects_by_problem, effects_by_target, means
from langneurons.interventions.schemas import EFFECTS

_LANGUAGE = "language"


def summarise_components(
    problems_path: str | Path,
    outputs: Mapping[str, str | Path],
    components: Sequence[str],
    languages: Sequence[str],
) -> None:
    """Write `COMPONENT_EFFECTS` and `COMPONENT_CHANGES` of a `COMPONENT_PROBLEMS` table.

    Parameters
    ----------
    outputs
        Paths under the keys effects and changes.
    components, languages
        The order of the rows; of a component and stage the mean over languages comes first.
    """
    problems = read_table(problems_path, COMPONENT_PROBLEMS)
    facts = inherited_provenance(problems_path)
    orders = {"component": components, "stage": [ALL, *STAGES], "language": languages}
    effects = effects_of(problems, COMPONENT_CELL, ["neurons"])
    effects = sort_rows(effects, COMPONENT_CELL, orders)
    write_table(effects, outputs["effects"], COMPONENT_EFFECTS, facts)
    changes = effects_by_target(problems, COMPONENT_CELL)
    changes = sort_rows(changes, [*COMPONENT_CELL, "target"], {**orders, "target": languages})
    write_table(changes, outputs["changes"], COMPONENT_CHANGES, facts)


def summarise_enhancement(
    problems_path: str | Path, outputs: Mapping[str, str | Path], languages: Sequence[str]
) -> None:
    """Write `ENHANCEMENT` and `ENHANCEMENT_CHANGES` of an `ENHANCEMENT_PROBLEMS` table.

    ``outputs`` are as for `summarise_components`, ``languages`` the order of the rows.
    """
    problems = read_table(problems_path, ENHANCEMENT_PROBLEMS)
    facts = inherited_provenance(problems_path)
    cell, orders = [_LANGUAGE], {"language": languages}
    effects = sort_rows(effects_of(problems, cell, ["neurons", "tokens"]), cell, orders)
    write_table(effects, outputs["effects"], ENHANCEMENT, facts)
    changes = effects_by_target(problems, cell)
    changes = sort_rows(changes, [*cell, "target"], {**orders, "target": languages})
    write_table(changes, outputs["changes"], ENHANCEMENT_CHANGES, facts)


def effects_of(problems: pd.DataFrame, cell: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Return the effects of each cell, and of the mean over the languages of which there are some.

    Parameters
    ----------
    problems
        Rows of `COMPONENT_PROBLEMS` or `ENHANCEMENT_PROBLEMS`.
    cell
        The columns that tell cells apart, ``language`` last.
    numbers
        Columns that a cell has one value of; over languages they are added up.
    """
    given = effects_by_problem(problems, cell)
    own = problems[problems[_LANGUAGE].notna() & problems["control_seed"].isna()]
    of_cell = own.groupby(list(cell), sort=False)[list(numbers)].first().reset_index()
    rows = [
        {**dict(zip(cell, names, strict=True)), "languages": 1, **means(changes)}
        for names, changes in given.groupby(list(cell), sort=False)
    ]
    table = pd.DataFrame(rows, columns=[*cell, *_COLUMNS]).merge(of_cell, on=list(cell))
    together = list(cell[:-1])
    for names, changes in given.groupby(together, sort=False) if together else [((), given)]:
        if changes.empty:
            continue
        keys = dict(zip(together, names, strict=True))
        mine = of_cell.loc[(of_cell[together] == pd.Series(keys, dtype=object)).all(axis=1)]
        mean = changes.groupby("problem")[list(EFFECTS)].mean()
        row = {**keys, _LANGUAGE: None, "languages": len(mine), **means(mean)}
        row |= {name: mine[name].sum() for name in numbers}
        table = pd.concat([table, pd.DataFrame([row])], ignore_index=True)
    return table


_COLUMNS = [
    "languages",
    "problems",
    *(f"{name}{end}" for name in EFFECTS for end in ("", "_low", "_high")),
]
