"""A heat map of shares with its numbers written in the cells."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes

_COLOUR_MAP = "cividis"
#: Above this share the colour map is bright enough to need dark letters.
_BRIGHT = 0.55
#: Width of an average letter in its own size.
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
    """Draw shares in [0, 1] as colours, a label in each cell; NaN is a pale cell.

    Parameters
    ----------
    shares
        Array (rows, columns).
    labels
        Text of each cell; its lines are separated by a newline.
    cell
        Width of a cell in inches; letters are made to fit it.
    """
    colours = matplotlib.colormaps[_COLOUR_MAP].with_extremes(bad="#E4E4E4")
    mesh = axes.pcolormesh(
        np.ma.masked_invalid(shares),
        cmap=colours,
        vmin=0,
        vmax=1,
        edgecolors="white",
        linewidth=0.6,
    )
    longest = max(len(line) for row in labels for label in row for line in label.split("\n"))
    size = min(6.5, 0.92 * cell * 72 / (longest * _LETTER))
    for i, row in enumerate(labels):
        for j, label in enumerate(row):
            bright = np.isnan(shares[i, j]) or shares[i, j] > _BRIGHT
            axes.text(
                j + 0.5,
                i + 0.5,
                label,
                ha="center",
                va="center",
                fontsize=size,
                color="black" if bright else "white",
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
    axes.set_aspect("equal")
    bar = axes.figure.colorbar(mesh, ax=axes, fraction=0.04, pad=0.02, format="{x:.0%}")
    bar.set_label(colour_label)
    bar.outline.set_visible(False)
