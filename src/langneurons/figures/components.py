"""Neurons of each component of the layers, by layer and type."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.component_names import COMPONENT_NAMES
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import LINES, MARKERS, TEXT, count_axis
from langneurons.importance.components import COMPONENTS
from langneurons.neurons.components import COMPONENT_NEURONS
from langneurons.neurons.table import read_summary
from langneurons.phases.segmentation import TYPED

FIGURE = Declaration(
    "Neurons by component and layer",
    per="components",
    reads={"components": "components", "summary": "summary"},
)

_HEIGHT, _LEGEND = 1.55, 0.2


def draw(page: Page, components: Path, summary: Path) -> None:
    """Draw the number of neurons of each type in each layer, a panel for each component."""
    table = read_table(components, COMPONENT_NEURONS)
    languages = len(read_summary(summary)["languages"])
    page.note(*_notes(read_provenance(components), languages))
    present = [name for name in COMPONENTS if name in set(table["component"])]
    rows = (len(present) + 1) // 2
    columns = min(len(present), 2)
    width = TEXT * (0.5 + 0.5 * (columns - 1))
    panels = page.panels(
        width, _HEIGHT * rows + _LEGEND, nrows=rows, ncols=columns, squeeze=False, sharex=True
    )
    for axes in panels.flat[len(present) :]:
        axes.set_visible(False)
    for axes, name in zip(panels.flat, present, strict=False):
        _draw_component(page, axes, name, table[table["component"] == name])
    for axes in panels[-1]:
        axes.set_xlabel("layer")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    page.figure.legend(handles, labels, loc="outside upper right", ncols=len(TYPED))


def _draw_component(page: Page, axes: Axes, name: str, rows: pd.DataFrame) -> None:
    layers = rows["layer"].max() + 1
    counts = pd.crosstab(rows["layer"], rows["type"]).reindex(columns=list(TYPED), fill_value=0)
    for kind in TYPED:
        look: dict[str, Any] = {"color": page.style.colours[kind], "linestyle": LINES[kind]}
        look |= {"marker": MARKERS[kind], "markersize": 2.6, "clip_on": False, "zorder": 3}
        axes.plot(counts.index, counts[kind], label=kind, **look)
    selected = int(rows["selected"].sum())
    per_layer = len(rows) // layers
    left = f"{selected:,} selected" if selected else "none is left"
    axes.set_title(f"{COMPONENT_NAMES[name]}: {per_layer:,} a layer, {left}", loc="left")
    count_axis(axes, counts.to_numpy(), "neurons")
    axes.set_xlim(-0.5, layers - 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True))


def _notes(facts: dict[str, Any], languages: int) -> list[str]:
    share = facts["parameters"]["consistency"] * 100
    return [
        f"A neuron belongs to a language if it is among the top {facts['top_rate'] * 100:g} % of "
        f"its layer and component in at least {share:g} % of the language's first "
        f"{facts['texts']:,} texts (variant {facts['variant']}).",
        f"Of {languages} languages, specific neurons belong to one, general ones to all, related "
        "ones to several. A neuron of queries, keys or values is a dimension of a head.",
    ]
