"""Change in the number of neurons by N over the course of an alignment (paper figure 18)."""

from collections.abc import Sequence
from pathlib import Path

from langneurons.artifacts.tables import read_table
from langneurons.comparison.changes import SHARING
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.sharing_axis import SHARING_NOTE, changes_by_n, sharing_panels
from langneurons.figures.style import FAINT
from langneurons.figures.training_steps import (
    LEGEND_HEIGHT,
    draw_step_changes,
    read_dynamics_facts,
    step_legend,
)

FIGURE = Declaration(
    "Change by number of languages along training",
    per="course",
    reads={"changes": "sharing_change", "summaries": "summary of models"},
    values=("steps",),
    paper="figure18",
)

_HEIGHT = 3.2


def draw(
    page: Page, changes: Sequence[Path], summaries: Sequence[Path], steps: Sequence[int]
) -> None:
    """Draw the change in the number of neurons with N = 1..K, one line per checkpoint.

    The arguments are those of `langneurons.figures.training_steps.read_dynamics_facts`.
    """
    page.note(
        f"Change: neurons after minus neurons before training. {SHARING_NOTE}",
        *read_dynamics_facts(changes, summaries, steps),
    )
    tables = [read_table(path, SHARING) for path in changes]
    K = int(tables[0]["n_languages"].max())
    panels = sharing_panels(page, 1, K, _HEIGHT + LEGEND_HEIGHT)
    for population, axes in panels.items():
        lines = [changes_by_n(table, population)["change"].to_numpy() for table in tables]
        draw_step_changes(axes, range(1, K + 1), lines, FAINT)
        axes.set_ylabel("change in neurons")
    # The gap leaves room for the panel's title.
    step_legend(panels["all"], steps[1:], FAINT, _HEIGHT / 2, 0.2)
