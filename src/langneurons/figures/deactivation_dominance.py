"""Do a language's own neurons matter more to it than to others, and more than random neurons?"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.map_parts import say_alike
from langneurons.figures.style import COLUMN, FAINT, TEXT
from langneurons.interventions.deactivation_changes import BY_COLUMN, BY_ROW, DOMINANCE
from langneurons.neurons.sets import is_whole

FIGURE = Declaration(
    "How much more a language changes by its own neurons",
    per="deactivation",
    reads={"dominance": "deactivation_dominance"},
)

#: Inches: a language's line, and the space above and below the lines of a panel.
_ROW, _AROUND = 0.2, 0.62
#: Measure → its axis label, and the factor that turns its values into the label's unit.
_MEASURES = {
    "log_perplexity": ("log(1 + PPL), right of 0: worse", 1),
    "accuracy": ("accuracy in percentage points, left of 0: worse", 100),
    "knowledge": ("known facts in percentage points, left of 0: worse", 100),
}
#: By row or column, and difference → its marker, colour and place below the middle of its line.
_DIFFERENCES = {
    (BY_ROW, "own_less_others"): ("o", "#0072B2", -0.25),
    (BY_COLUMN, "own_less_others"): ("^", "#009E73", 0.0),
    (BY_ROW, "own_less_control"): ("s", "#D55E00", 0.25),
}


def draw(page: Page, dominance: str | Path) -> None:
    """Draw how much more each language changes than the others, and than by random neurons."""
    table = read_table(dominance, DOMINANCE)
    if table.empty:
        raise InputError(f"{dominance}: no changes")
    of_facts = table["measure"] == "knowledge"
    numbers = sorted(set(table.loc[~of_facts, "problems"]))
    facts = "".join(f" and {n:,} facts" for n in table.loc[of_facts, "problems"].unique())
    page.note(
        "Change of the language whose neurons are switched off (how many) — circles: less the mean "
        "change of all other languages; triangles: less the mean change of the language by the "
        "neurons of the others; squares: less its own change by as many random neurons"
        f"{say_alike(read_provenance(dominance))}.",
        f"Lines: 95\u00a0% bootstrap intervals over problems{' or facts' if facts else ''}. n = "
        + " and ".join(f"{n:,}" for n in numbers)
        + f" problems{facts} a language.",
    )
    table = table[table["set"].map(is_whole)]
    sets = list(dict.fromkeys(table["set"]))
    measures = list(dict.fromkeys(table["measure"]))
    lines = table["language"].nunique() + 1
    width = TEXT if len(measures) > 1 else COLUMN
    height = len(sets) * (lines * _ROW + _AROUND) + 0.3
    grid = page.panels(width, height, nrows=len(sets), ncols=len(measures), squeeze=False)
    for i, name in enumerate(sets):
        for j, measure in enumerate(measures):
            rows = table[(table["set"] == name) & (table["measure"] == measure)]
            _draw_differences(grid[i, j], rows, _MEASURES[measure][1], named=j == 0)
            grid[i, j].set_title(name, loc="left")
            if i == len(sets) - 1:
                grid[i, j].set_xlabel(f"difference of the change of\n{_MEASURES[measure][0]}")


def _draw_differences(axes: Axes, rows: pd.DataFrame, scale: float, named: bool) -> None:
    """Draw one set's differences: a line for each language, the mean of all at the bottom."""
    parts = {by: rows[rows["by"] == by] for by in (BY_ROW, BY_COLUMN)}
    rows = parts[BY_ROW]
    places = np.arange(len(rows))
    for (by, name), (marker, colour, shift) in _DIFFERENCES.items():
        value, low, high = (
            parts[by][f"{name}{end}"].to_numpy(dtype=float) * scale for end in ("", "_low", "_high")
        )
        if np.isnan(value).all():
            continue
        axes.hlines(places + shift, low, high, color=colour, linewidth=1)
        axes.plot(value, places + shift, marker, color=colour, markersize=3)
    for place in places[rows["own"].isna().to_numpy()]:
        axes.annotate(
            "no neurons", (0.02, place), xycoords=axes.get_yaxis_transform(),
            va="center", fontsize=6, color=FAINT,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # fmt: skip
    axes.axvline(0, color=FAINT, linewidth=0.6, zorder=0)
    axes.axhline(len(rows) - 1.5, color=FAINT, linewidth=0.4)
    names = [
        f"{english_name(language)} ({neurons:,})" if isinstance(language, str) else "mean"
        for language, neurons in zip(rows["language"], rows["neurons"], strict=True)
    ]
    axes.set_yticks(places, names if named else [""] * len(names))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
