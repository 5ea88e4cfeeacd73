"""What all figures have in common: sizes, type, colours, notes, and saving as PNG and PDF.

Colours are the Okabe–Ito palette, which readers with any colour vision can tell apart; wherever
colour carries a meaning, a marker, line style or hatch carries it too.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from langneurons.artifacts.atomic import atomic_path
from langneurons.errors import InputError

#: Widths in inches: one column of a two-column paper, and its whole text width.
COLUMN, TEXT = 3.5, 7.1

#: Before and after alignment, and models of an accuracy figure; none is a neuron type's colour.
BEFORE: dict[str, Any] = {"color": "#56B4E9", "hatch": "////"}
AFTER: dict[str, Any] = {"color": "#D55E00", "hatch": ""}
SERIES = ("#56B4E9", "#D55E00", "#000000", "#CC79A7")
MARKERS = {"specific": "o", "related": "s", "general": "^"}
LINES = {"specific": "-", "related": "--", "general": "-."}
INK, FAINT = "#222222", "#767676"

_COLOURS = {
    "specific": "#0072B2",
    "related": "#E69F00",
    "general": "#009E73",
    "other": "#999999",
}
_DPI = 200
#: Positive counts that span more than this factor are drawn on a logarithmic axis.
_LOGARITHMIC_FROM = 30

#: A title that does not fit on two lines is set in the next size.
_TITLE_SIZES = (8, 7.5, 7, 6.5, 6)
_NOTE_SIZE = 6.2
#: Width of an average letter of the typeface relative to its size, with a margin.
_LETTER, _BOLD_LETTER = 0.52, 0.62

_RC = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.2,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.1,
    "hatch.linewidth": 0.6,
    "pdf.fonttype": 42,  # text stays text that can be searched and edited
}


@dataclass(frozen=True)
class Style:
    """The ``figures`` section of a configuration.

    Attributes
    ----------
    colours
        Type of neuron → colour.
    dpi
        Pixels per inch of the PNG.
    """

    colours: Mapping[str, str]
    dpi: int


def read_style(style: Mapping[str, Any]) -> Style:
    """Check the ``figures`` section of a configuration; absent keys have defaults.

    Raises
    ------
    InputError
        If a key is unknown, matplotlib does not know a colour, or dpi is not a positive integer.
    """
    _refuse_unknown("figures", style, ("colours", "dpi"))
    colours = style.get("colours", {})
    _refuse_unknown("figures.colours", colours, _COLOURS)
    for kind, colour in colours.items():
        if not is_color_like(colour):
            raise InputError(
                f"figures.colours.{kind}: {colour!r} is no colour; expected a name such as "
                "'black' or a hexadecimal triple such as '#0072B2'"
            )
    dpi = style.get("dpi", _DPI)
    if isinstance(dpi, bool) or not isinstance(dpi, int) or dpi < 1:
        raise InputError(f"figures.dpi: expected a whole number of at least 1, found {dpi!r}")
    return Style({**_COLOURS, **colours}, dpi)


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with the house settings, whatever the user's matplotlibrc says; also a decorator."""
    with matplotlib.style.context(["default", _RC]):
        yield


def new_figure(
    width: float, panel_height: float, title: str, notes: Sequence[str], **subplots: Any
) -> tuple[Figure, Any]:
    """Make a figure with a title above and notes below panels of the given height.

    Parameters
    ----------
    width, panel_height
        In inches; title and notes add to the height.
    title
        Wrapped to at most two lines; the file's metadata still has it in full.
    notes
        Lines below the panels: facts, units, n.
    subplots
        Arguments of ``Figure.subplots``.

    Returns
    -------
    tuple
        The figure and its axes.
    """
    points = 72 * (width - 0.15)
    size, title_lines = _fit_title(title, points)
    note_width = int(points / (_NOTE_SIZE * _LETTER))
    note_lines = [line for note in notes for line in textwrap.wrap(note, note_width)]
    around = (len(title_lines) * size + len(note_lines) * _NOTE_SIZE) * 1.25 / 72
    figure = Figure(figsize=(width, panel_height + around), layout="constrained")
    left = 0.05 / width
    figure.suptitle("\n".join(title_lines), x=left, ha="left", fontsize=size, fontweight="bold")
    figure.supxlabel("\n".join(note_lines), x=left, ha="left", fontsize=_NOTE_SIZE, color="#444444")
    return figure, figure.subplots(**subplots)


@house_style()
def save(figure: Figure, outputs: Mapping[str, str | Path], description: str, dpi: int) -> None:
    """Write a figure as ``outputs["png"]`` and ``outputs["pdf"]``, both or neither.

    The bytes depend on the figure alone: no date is written.
    """
    with atomic_path(outputs["pdf"]) as pdf, atomic_path(outputs["png"]) as png:
        figure.savefig(png, dpi=dpi, metadata={"Description": description, "Software": None})
        figure.set_layout_engine("none")  # it stays as it is laid out
        figure.savefig(pdf, metadata={"Subject": description, "CreationDate": None})


def describe(title: str, notes: Iterable[str]) -> str:
    """The caption that a figure's files carry in their metadata."""
    return " ".join([f"{title}.", *notes]).replace("\u00a0", " ")


def legend_above(
    axes: Axes,
    height: float,
    columns: int,
    offset: float = 0.0,
    side: Literal["left", "right"] = "left",
) -> None:
    """Put the legend above the axes, where it cannot cover data.

    Parameters
    ----------
    height
        Approximate height of the axes in inches.
    offset
        Inches to leave free between the axes and the legend.
    side
        Left or right end of the axes.
    """
    left = side == "left"
    axes.legend(
        loc="lower left" if left else "lower right",
        bbox_to_anchor=(0.0 if left else 1.0, 1 + offset / height),
        ncols=columns,
        borderaxespad=0.2,
    )


def count_axis(axes: Axes, counts: np.ndarray, label: str, headroom: float = 0.08) -> None:
    """Scale the y axis for counts ≥ 0: linear, or logarithmic where they span a wide range.

    Parameters
    ----------
    headroom
        Share of the axis to leave free above the largest count.
    """
    positive = np.asarray(counts)[np.asarray(counts) > 0]
    logarithmic = positive.size and positive.max() > _LOGARITHMIC_FROM * positive.min()
    if logarithmic:
        # Linear from 0 to 1, so that a count of zero has a place.
        axes.set_yscale("symlog", linthresh=1, linscale=0.6)
        axes.set_ylim(0, float(positive.max()) ** (1 / (1 - headroom)))
        decades = 10 ** np.arange(int(np.log10(positive.max())) + 1)
        axes.set_yticks([0, *decades])
        axes.yaxis.set_minor_locator(NullLocator())
        label = f"{label}\n(logarithmic above 1)"
    else:
        axes.set_ylim(0, max(positive.max(initial=0) / (1 - headroom), 1))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel(label)


def label_bars(
    axes: Axes, x: np.ndarray, counts: np.ndarray, labels: Sequence[str], pitch: float
) -> None:
    """Write a label at the end of each bar, rotated where it would touch its neighbour.

    Parameters
    ----------
    pitch
        Distance between neighbouring bars in inches.
    """
    size = 5.5
    widest = max(map(len, labels)) * size * 0.68 / 72
    rotation = 90 if widest > 0.85 * pitch else 0
    for position, count, label in zip(x, counts, labels, strict=True):
        axes.annotate(
            label,
            (position, count),
            xytext=(0, 1.5 if count >= 0 else -1.5),
            textcoords="offset points",
            ha="center",
            va="bottom" if count >= 0 else "top",
            rotation=rotation,
            fontsize=size,
        )


def interval_bars(axes: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Draw intervals as thin vertical bars; NaN where there is none."""
    known = ~np.isnan(low)
    axes.vlines(x[known], low[known], high[known], color=INK, linewidth=0.6, zorder=5)


def signed(value: float, decimals: int = 0) -> str:
    """Write a change with its sign: "+12", "−3", "0"."""
    value = round(value, decimals) or 0  # no negative zero
    return f"{value:{'+' if value else ''},.{decimals}f}".replace("-", "−")


def signed_axis(axes: Axes) -> None:
    """Label the y axis with whole numbers and their signs."""
    # One tick, 0, where nothing changed: more would lie at fractions, which all read "0".
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: signed(value)))


def _fit_title(title: str, points: float) -> tuple[float, list[str]]:
    lines: list[str] = []
    for size in _TITLE_SIZES:
        lines = textwrap.wrap(title, int(points / (size * _BOLD_LETTER)))
        if len(lines) <= 2:
            return size, lines
    return _TITLE_SIZES[-1], [lines[0], f"{lines[1][:-2]} …"]


def _refuse_unknown(section: str, found: Mapping[str, Any], known: Iterable[str]) -> None:
    for key in found:
        if key not in known:
            raise InputError(f"{section}.{key}: unknown key; expected one of {' '.join(known)}")
