"""Neurons of each type by layer, a panel for each method."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from langneurons.artifacts.tables import read_table
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.method_looks import method_name
from langneurons.figures.style import LINES, MARKERS, Style, count_axis
from langneurons.phases.segmentation import TYPED

FIGURE = Declaration(
    "Neurons by layer and method",
    per="methods",
    reads={"neurons": "neurons of methods"},
    values=("methods",),
)

#: Inches: the legend, and a row of panels. Panels in a row.
_LEGEND, _ROW, _COLUMNS = 0.16, 1.35, 3
_COLUMNS_READ = pa.schema([("layer", pa.int32()), ("type", pa.string()), ("selected", pa.bool_())])


def draw(page: Page, neurons: Sequence[str | Path], methods: Sequence[str]) -> None:
    """Draw the number of specific, related and general neurons in each layer by method."""
    counts = {method: _by_layer(path) for method, path in zip(methods, neurons, strict=True)}
    page.note(
        "Specific: selected, of one language; related: of several, not all; general: active for "
        "all, whether selected or not. Methods that read the same statistic have the same general "
        "neurons, where τ is the same. Without related ones there are none, or the method does not "
        "tell them apart."
    )
    strip, panels = page.multiples(len(methods), _COLUMNS, _LEGEND, _ROW)
    _legend(strip, page.style)
    highest = np.concatenate([one.reshape(-1) for one in counts.values()])
    for index, (axes, (method, numbers)) in enumerate(zip(panels, counts.items(), strict=True)):
        _draw_method(axes, numbers, page.style)
        specific, related, _ = numbers.sum(axis=0)
        axes.set_title(
            f"{method_name(method)}: {specific:,} specific, {related:,} related", loc="left"
        )
        label = "neurons per layer" if index % _COLUMNS == 0 else ""
        count_axis(axes, highest, label)
        axes.set_ylabel(axes.get_ylabel() if label else "")
        if index + _COLUMNS >= len(methods):
            axes.set_xlabel("layer")


def _by_layer(path: str | Path) -> np.ndarray:
    """Return the number of neurons of each of `TYPED` in each layer, (L, 3)."""
    table = read_table(path, _COLUMNS_READ)
    counts = table.groupby(["layer", "type"]).size().unstack(fill_value=0)
    return counts.reindex(columns=list(TYPED), fill_value=0).to_numpy()


def _draw_method(axes: Axes, counts: np.ndarray, style: Style) -> None:
    for kind, numbers in zip(TYPED, counts.T, strict=True):
        if numbers.any():
            axes.plot(range(len(numbers)), numbers, clip_on=False, zorder=3, **_look(kind, style))
    axes.set_xlim(-0.5, len(counts) - 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True))


def _legend(axes: Axes, style: Style) -> None:
    handles = [Line2D([], [], label=kind, **_look(kind, style)) for kind in TYPED]
    legend = axes.legend(handles=handles, loc="upper left", ncols=len(TYPED), borderaxespad=0)
    legend.set_in_layout(False)


def _look(kind: str, style: Style) -> dict[str, Any]:
    look = {"color": style.colours[kind], "linestyle": LINES[kind]}
    return {**look, "marker": MARKERS[kind], "markersize": 2.4}
