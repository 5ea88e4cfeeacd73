"""What each language loses when the neurons of a class are switched off (METHOD 9)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.sharing_parts import KINDS
from langneurons.figures.style import FAINT, INK, MARKERS, TEXT, interval_bars
from langneurons.sharing.classes import CLASSES
from langneurons.sharing.schemas import CLASS_CHANGES, EQUAL, WHOLE

FIGURE = Declaration(
    "Loss when neurons of a class are off",
    per="sharing deactivated",
    reads={"changes": "class_changes"},
)

_ROW, _LEGEND, _AROUND = 1.75, 0.2, 0.3
_TITLES = {WHOLE: "all neurons of the class", EQUAL: "as many neurons of each class"}
#: Places between the dots of two classes.
_GAP = 2
#: With more dots in a row, languages are named in the order of the dots below the figure only.
_MANY_DOTS = 60
#: Half the width of a grey mark, in places.
_HALF = 0.38


def draw(page: Page, changes: str | Path) -> None:
    """Draw the change of each language's NLL by class, beside random neurons of the same layers."""
    table = read_table(changes, CLASS_CHANGES)
    facts = read_provenance(changes)
    languages = facts["languages"]
    names = [name for name in CLASSES if name in set(table["class"])]
    sizes = [size for size in _TITLES if size in set(table["size"])]
    page.note(*_notes(table, languages, int(facts["parameters"]["control_seeds"])))
    heights = {"height_ratios": [_LEGEND, *[_ROW] * len(sizes)]}
    height = _LEGEND + len(sizes) * _ROW + _AROUND
    above, *panels = page.panels(TEXT, height, nrows=len(sizes) + 1, gridspec_kw=heights)
    above.set_axis_off()
    for axes, size in zip(panels, sizes, strict=True):
        rows = table[(table["size"] == size) & table["target"].notna()]
        for index, name in enumerate(names):
            of_class = rows[rows["class"] == name]
            start = index * (len(languages) + _GAP)
            places = start + np.arange(len(languages))
            _marks(page, axes, of_class, name, places)
            number = int(of_class["neurons"].iloc[0])
            axes.annotate(
                f"{name} ({number:,})", (places.mean(), 1.0), (0, 2), va="bottom", ha="center",
                xycoords=axes.get_xaxis_transform(), textcoords="offset points", fontsize=6.5,
            )  # fmt: skip
        axes.set_title(_TITLES[size], loc="left", pad=14)
        axes.axhline(0, color=FAINT, linewidth=0.6, zorder=0)
        axes.set_ylabel("change of NLL\n(nats per token)")
        _name_languages(axes, languages, len(names))
    random = Line2D([], [], color=FAINT, linewidth=2, label="random neurons of the same layers")
    above.legend(handles=[random], loc="upper left", borderaxespad=0)


def _marks(page: Page, axes: Axes, rows: pd.DataFrame, name: str, places: np.ndarray) -> None:
    """Draw a dot for each language, its interval, and a grey mark for random neurons."""
    kind = KINDS[name]
    own, random = (rows[rows["control"] == control] for control in (False, True))
    low, high = (own[f"change_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    interval_bars(axes, places, low, high)
    axes.plot(
        places, own["change"], linestyle="none", marker=MARKERS.get(kind, "D"), markersize=3.6,
        color=page.style.colours[kind], markeredgecolor=INK, markeredgewidth=0.4, zorder=6,
    )  # fmt: skip
    axes.hlines(
        random["change"], places - _HALF, places + _HALF, color=FAINT, linewidth=2, zorder=4
    )


def _name_languages(axes: Axes, languages: Sequence[str], classes: int) -> None:
    step = len(languages) + _GAP
    few = classes * len(languages) <= _MANY_DOTS
    places = np.concatenate([index * step + np.arange(len(languages)) for index in range(classes)])
    axes.set_xticks(places, list(languages) * classes if few else [""] * len(places))
    axes.tick_params(axis="x", length=0, labelsize=5.5)
    axes.set_xlim(-1, places[-1] + 1)


def _notes(table: pd.DataFrame, languages: Sequence[str], seeds: int) -> list[str]:
    named = ", ".join(f"{code} {english_name(code)}" for code in languages)
    bars = " Thin lines: 95 % intervals over problems." if table["change_low"].notna().any() else ""
    return [
        "A neuron is of the class that it has in most examples. Dots: languages in the order "
        f"{named}. Grey: as many random neurons in each layer, of all its neurons. These, "
        "and as many neurons of each class in proportion to its numbers by layer, are drawn at "
        f"random: {'once' if seeds == 1 else f'means of {seeds} draws'}.",
        f"n\u00a0=\u00a0{int(table['problems'].max()):,} parallel texts a language.{bars}",
    ]
