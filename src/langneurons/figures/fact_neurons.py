"""How many neurons carry a fact, layer by layer: in each language, and in most (METHOD 9)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import FAINT, LINES
from langneurons.knowledge.schemas import FACT_LAYERS

FIGURE = Declaration("Neurons of a fact", per="knowledge", reads={"layers": "fact_layers"})

#: Inches: the legend, and a row of panels.
_LEGEND, _ROW = 0.2, 1.25
_COLUMNS = 4
_BAND = 0.18
_ONE, _SEVERAL = "specific", "general"
_AGNOSTIC = "Language-agnostic"


def draw(page: Page, layers: str | Path) -> None:
    """Draw the mean number of a fact's neurons by layer: a panel a language, one for all."""
    table, facts = read_table(layers, FACT_LAYERS), read_provenance(layers)
    languages = [name for name in facts["languages"] if name in set(table["language"])]
    if not languages:
        raise InputError(f"{layers}: the model knows no fact in any of the languages")
    agnostic = table[table["language"].isna()]
    shown: dict[str | None, pd.DataFrame] = {
        name: table[table["language"] == name] for name in languages
    }
    if len(agnostic):
        shown[None] = agnostic
    page.note(*_notes(table, facts))
    strip, panels = page.multiples(len(shown), _COLUMNS, _LEGEND, _ROW)
    for axes, (language, rows) in zip(panels, shown.items(), strict=True):
        kind = _SEVERAL if language is None else _ONE
        _draw_panel(axes, rows, page.style.colours[kind], LINES[kind])
        name = _AGNOSTIC if language is None else english_name(language)
        axes.set_title(f"{name}: {rows['neurons'].sum():.1f} neurons", loc="left", pad=3)
    top = max(axes.get_ylim()[1] for axes in panels[: len(languages)])
    for index, axes in enumerate(panels):
        # Language-agnostic neurons are too few to be seen on the scale of the others.
        axes.set_ylim(0, top if index < len(languages) else None)
        if index % min(_COLUMNS, len(shown)) == 0:
            axes.set_ylabel("neurons a fact")
        if index + _COLUMNS >= len(shown):  # nothing below
            axes.set_xlabel("layer")
    _legend(strip, page, len(agnostic) > 0)


def _draw_panel(axes: Axes, rows: pd.DataFrame, colour: str, dashes: str) -> None:
    layers = rows["layer"].to_numpy(dtype=int)
    low, high = (rows[f"neurons_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    if not np.isnan(low).all():
        low = low.clip(min=0)
        axes.fill_between(layers, low, high, color=colour, alpha=_BAND, linewidth=0, zorder=2)
    axes.plot(layers, rows["neurons"], color=colour, linestyle=dashes, zorder=3)
    if rows["expected"].notna().any():
        axes.plot(layers, rows["expected"], color=FAINT, linestyle=":", zorder=4)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))


def _legend(strip: Axes, page: Page, agnostic: bool) -> None:
    labels = {_ONE: "one language", _SEVERAL: "language-agnostic"}
    handles = []
    for kind in (_ONE, _SEVERAL) if agnostic else (_ONE,):
        (line,) = strip.plot(
            [], [], color=page.style.colours[kind], linestyle=LINES[kind], label=labels[kind]
        )
        handles.append(line)
    if agnostic:
        handles.append(Line2D([], [], color=FAINT, linestyle=":", label="as many random neurons"))
    legend = strip.legend(handles=handles, loc="upper left", ncols=3, borderaxespad=0)
    legend.set_in_layout(False)  # it may be wider than the panel below


def _notes(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    parameters = facts["parameters"]
    number = table.groupby(table["language"].fillna(""), sort=False)["facts"].first()
    n = ", ".join(
        f"{english_name(name) if name else 'several languages'} {count}"
        for name, count in number.items()
    )
    of_all = (
        " Dotted: language-agnostic ones if each language had as many random neurons in each "
        "layer; their panel has a scale of its own."
        if table["language"].isna().any()
        else ""
    )
    bands = " Bands: 95 % intervals over facts." if table["neurons_low"].notna().any() else ""
    return [
        "Attribution of the answer's log probability by integrated gradients, from the mean over "
        "facts with another answer. A fact's neurons: their mean over phrasings exceeds "
        f"{parameters['threshold']:g} of its largest, and varies by less than "
        f"{parameters['variation']:g} of itself (standard deviation). Language-agnostic: a fact's "
        f"in at least {100 * parameters['share']:g} % of the languages in which it is known.",
        f"In titles: neurons a fact over all layers.{of_all}",
        f"n\u00a0= facts that the model knows: {n}.{bands}",
    ]
