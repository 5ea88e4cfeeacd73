"""How sure the types of neurons are: whether they last in draws of the texts (METHOD 10)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from langneurons.activations.resampled import over_what
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import selection_facts
from langneurons.figures.frame import Page
from langneurons.figures.style import COLUMN, FAINT, LINES, MARKERS, legend_above
from langneurons.neurons.stability import CERTAINTY, STABILITY
from langneurons.neurons.table import read_summary
from langneurons.phases.segmentation import TYPED

FIGURE = Declaration(
    "Stability of types",
    per="drawn selection",
    reads={"stability": "stability", "certainty": "certainty", "summary": "summary"},
)

_HEIGHT = 2.2
#: A neuron that keeps its type in this share of the draws is sure of it.
_SURE = 0.95
#: Where a line has markers, as a share of its length.
_MARKED = 0.12


def draw(page: Page, stability: Path, certainty: Path, summary: Path) -> None:
    """Draw the share of each type's neurons that keep their type in at least so many draws."""
    table, drawn = read_table(stability, STABILITY), read_provenance(stability)
    units = drawn["units"]
    selection = selection_facts(read_summary(summary))
    if read_table(certainty, CERTAINTY)["low"].isna().all():
        few = f"too few {units['name']} of texts ({units['number']}) or draws ({drawn['draws']})"
        page.note(f"Nothing is drawn: {few}.", selection)
        page.panels(COLUMN, 0.1).set_axis_off()
        return
    kept = {kind: table.loc[table["type"] == kind, "stability"].to_numpy() for kind in TYPED}
    page.note(
        "A neuron keeps its type in a draw if it has the same one when all are typed anew. "
        f"{drawn['draws']:,} draws {over_what(drawn)} ({units['number']:,} {units['name']}).",
        f"Keep their type in ≥\u00a0{_percent(_SURE)} of draws (dotted): {_sure(kept)}.",
        selection,
    )
    axes = page.panels(COLUMN, _HEIGHT + 0.8)
    for kind, shares in kept.items():
        if len(shares):
            _line(axes, shares, kind, page.style.colours[kind])
    axes.axvline(_SURE, color=FAINT, linewidth=0.7, linestyle=":", zorder=1)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("neurons of a type …")
    axes.set_xlabel("… that keep it in at least this share of draws")
    legend_above(axes, _HEIGHT, 1)


def _sure(kept: Mapping[str, np.ndarray]) -> str:
    """Say which share of each type's neurons keep it in nearly all draws."""
    return ", ".join(
        f"{kind} {_percent((shares >= np.float32(_SURE)).mean()) if len(shares) else '–'}"
        for kind, shares in kept.items()
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f}\u00a0%"


def _line(axes: Axes, shares: np.ndarray, kind: str, colour: str) -> None:
    """Draw the share of neurons (n,) that keep their type in at least each share of draws."""
    reached, numbers = np.unique(shares, return_counts=True)
    remaining = numbers[::-1].cumsum()[::-1] / len(shares)
    end = ([1], [0]) if reached[-1] < 1 else ([], [])  # no neuron keeps it in all draws
    axes.plot(
        [0, *reached, *end[0]],
        [1, *remaining, *end[1]],
        color=colour,
        linestyle=LINES[kind],
        marker=MARKERS[kind],
        markersize=2.6,
        markevery=_MARKED,
        drawstyle="steps-pre",
        label=f"{kind} (n\u00a0=\u00a0{len(shares):,})",
        clip_on=False,
        zorder=3,
    )
