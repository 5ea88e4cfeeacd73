"""Numbers of neurons of each type over the course of an alignment (paper figure 19)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from langneurons.artifacts.tables import read_table
from langneurons.comparison.changes import LANGUAGES
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import LINES, MARKERS, TEXT, Style, legend_above
from langneurons.figures.training_steps import read_dynamics_facts, step_axis
from langneurons.neurons.table import read_summary
from langneurons.phases.segmentation import TYPED

FIGURE = Declaration(
    "Neurons of each type along training",
    per="course",
    reads={"changes": "language_change", "summaries": "summary of models"},
    values=("steps",),
    paper="figure19",
)

_HEIGHT = 3.9
#: Group of languages → whether it was trained on, line style, face of the marker.
_GROUPS = {"trained": (True, "-", None), "other": (False, ":", "white")}


def draw(
    page: Page, changes: Sequence[Path], summaries: Sequence[Path], steps: Sequence[int]
) -> None:
    """Draw the number of neurons of each type against the training step.

    Beside it, the mean number of specific and related neurons per language, for languages trained
    on and for the others. The arguments are those of
    `langneurons.figures.training_steps.read_dynamics_facts`.
    """
    facts = read_dynamics_facts(changes, summaries, steps)
    tables = [read_table(path, LANGUAGES) for path in changes]
    page.note(
        "Left: neurons of the type. Right: mean number of neurons a language, over those trained "
        f"on ({_names(tables[0], True)}) and the others ({_names(tables[0], False)}); related "
        "neurons count for each of their languages.",
        *facts,
    )
    totals = pd.DataFrame([read_summary(path)[list(TYPED)] for path in summaries], index=steps)
    columns = page.panels(TEXT, _HEIGHT, ncols=2)
    _draw_totals(page, columns[0], totals)
    _draw_means(page, columns[1], group_means(tables, steps))


def group_means(tables: Sequence[pd.DataFrame], steps: Sequence[int]) -> pd.DataFrame:
    """Mean number of neurons per language in both groups of languages, at each step.

    Parameters
    ----------
    tables
        `LANGUAGES` tables of the base compared with each checkpoint.
    steps
        0, then each checkpoint's step.

    Returns
    -------
    DataFrame
        One row per step; columns (type, trained), for specific and related. An empty group has
        none.
    """
    keys = ["type", "trained"]
    first = tables[0].groupby(keys)["before"].mean()
    rest = [table.groupby(keys)["after"].mean() for table in tables]
    return pd.DataFrame([first, *rest], index=steps)


def _draw_totals(page: Page, column: Axes, totals: pd.DataFrame) -> None:
    """Draw the number of neurons of each type; ``totals``: a row per step, a column per type."""
    panels = _stack(column, TYPED, int(totals.index[-1]))
    for kind, axes in panels.items():
        axes.plot(totals.index, totals[kind], linestyle=LINES[kind], **_look(kind, page.style))
        _count_axis(axes, f"{kind} neurons", totals[kind].max())
    page.figure.align_ylabels(list(panels.values()))


def _draw_means(page: Page, column: Axes, means: pd.DataFrame) -> None:
    """Draw the means of `group_means`."""
    kinds = [kind for kind in TYPED if kind in means.columns]
    panels = _stack(column, kinds, int(means.index[-1]))
    for kind, axes in panels.items():
        for group, (member, line, face) in _GROUPS.items():
            if (kind, member) in means.columns:
                look = {**_look(kind, page.style), "linestyle": line, "markerfacecolor": face}
                axes.plot(means.index, means[kind, member], label=group, **look)
        _count_axis(axes, f"{kind} neurons\na language", means[kind].to_numpy().max())
        legend_above(axes, _HEIGHT / len(panels), 2, side="right")
    page.figure.align_ylabels(list(panels.values()))


def _names(languages: pd.DataFrame, trained: bool) -> str:
    """English names of the languages that were, or were not, trained on."""
    codes = languages.loc[languages["trained"] == trained, "language"].unique()
    return ", ".join(map(english_name, codes)) or "none"


def _stack(column: Axes, kinds: Sequence[str], last: int) -> dict[str, Axes]:
    """Replace axes with one panel per type, over steps 0..last."""
    figure, place = column.figure, column.get_subplotspec()
    assert place is not None  # axes of `Page.panels` are on a grid
    column.remove()
    grid = place.subgridspec(len(kinds), 1)
    panels = {kind: figure.add_subplot(grid[i]) for i, kind in enumerate(kinds)}
    for kind, axes in panels.items():
        step_axis(axes, last)
        if kind != kinds[-1]:
            axes.tick_params(labelbottom=False)
            axes.set_xlabel("")
    return panels


def _look(kind: str, style: Style) -> dict[str, Any]:
    return {"color": style.colours[kind], "marker": MARKERS[kind], "markersize": 3}


def _count_axis(axes: Axes, label: str, largest: float) -> None:
    axes.set_ylim(0, 1.12 * largest or 1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_ylabel(label)
