"""Heat maps of shares or of changes, with numbers written in the cells."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap

_COLOUR_MAP = "cividis"
#: Above this share the colour map is bright enough to need dark letters.
_BRIGHT = 0.55
#: Beyond this share of the limit a diverging colour map is dark enough to need white letters.
_DARK = 0.62
#: Cells without a value.
_ABSENT = "#E4E4E4"
#: Opacity of a faded cell, and its letters.
_PALE, _PALE_LETTERS = 0.25, "#5A5A5A"
#: Width of an average letter relative to its size.
_LETTER = 0.56


def annotated_heat_map(
    axes: Axes,
    shares: np.ndarray,
    labels: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    cell: float,
    colour_label: str,
) -> None:
    """Draw shares in [0, 1] as colours, with a label in each cell; NaN is a pale cell.

    Parameters
    ----------
    shares
        Array (rows, columns).
    labels
        Text of each cell; lines are separated by newlines.
    cell
        Width of a cell in inches; the text is sized to fit it.
    """
    mesh = share_heat_map(axes, shares, labels, rows, columns, cell)
    axes.set_aspect("equal")
    bar = axes.figure.colorbar(mesh, ax=axes, fraction=0.04, pad=0.02, format="{x:.0%}")
    bar.set_label(colour_label)
    bar.outline.set_visible(False)


def diverging_heat_map(
    axes: Axes,
    changes: np.ndarray,
    labels: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    cell: float,
    colour_map: str,
    limit: float,
    faded: np.ndarray | None = None,
) -> QuadMesh:
    """Draw changes as colours that diverge from 0; the caller adds the colour bar.

    Parameters
    ----------
    changes
        Array (rows, columns); NaN is a pale cell, values beyond the limit take its colour.
    labels, rows, columns, cell
        As in `annotated_heat_map`.
    colour_map
        Name of a diverging colour map that is bright in the middle.
    limit
        The change at either end of the colours, > 0.
    faded
        Boolean, (rows, columns): cells with pale colours and grey letters.
    """
    faded = np.zeros(changes.shape, dtype=bool) if faded is None else faded
    bright = faded | ~(np.abs(changes) > _DARK * limit)
    colours = matplotlib.colormaps[colour_map]
    within = np.clip(changes, -limit, limit)
    limits = (-limit, limit)
    mesh = _cells(axes, within, labels, rows, columns, cell, colours, limits, bright)
    mesh.set(alpha=np.where(faded, _PALE, 1.0))
    for text in [text for text, pale in zip(axes.texts, faded.flat, strict=True) if pale]:
        text.set_color(_PALE_LETTERS)
    return mesh


def share_heat_map(
    axes: Axes,
    shares: np.ndarray,
    labels: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    cell: float,
) -> QuadMesh:
    """Draw shares as `annotated_heat_map` does; the caller adds the colour bar."""
    bright = np.isnan(shares) | (shares > _BRIGHT)
    colours = matplotlib.colormaps[_COLOUR_MAP]
    return _cells(axes, shares, labels, rows, columns, cell, colours, (0, 1), bright)


def _cells(
    axes: Axes,
    values: np.ndarray,
    labels: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    cell: float,
    colours: Colormap,
    limits: tuple[float, float],
    bright: np.ndarray,
) -> QuadMesh:
    mesh = axes.pcolormesh(
        np.ma.masked_invalid(values),
        cmap=colours.with_extremes(bad=_ABSENT),
        vmin=limits[0],
        vmax=limits[1],
        edgecolors="white",
        linewidth=0.6,
    )
    longest = max(len(line) for row in labels for label in row for line in label.split("\n"))
    size = min(6.5, 0.92 * cell * 72 / (max(longest, 1) * _LETTER))
    for i, row in enumerate(labels):
        for j, label in enumerate(row):
            axes.text(
                j + 0.5,
                i + 0.5,
                label,
                ha="center",
                va="center",
                fontsize=size,
                color="black" if bright[i, j] else "white",
            )
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    steep = any(
        len(line) * 6.5 * _LETTER / 72 > cell for name in columns for line in name.split("\n")
    )
    axes.set_xticks(
        np.arange(len(columns)) + 0.5,
        columns,
        rotation=45 if steep else 0,
        ha="right" if steep else "center",
        rotation_mode="anchor" if steep else None,
    )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.invert_yaxis()
    return mesh
