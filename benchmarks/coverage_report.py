"""The coverage of intervals as a table and as a figure."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from langneurons.comparison.scale import OWN, SCALES
from langneurons.figures.style import FAINT, INK, MARKERS, TEXT, house_style, new_figure, read_style

#: A coverage that is good enough.
BAND = (0.90, 0.98)


def markdown(table: pd.DataFrame, value: str, keys: list[str]) -> str:
    """A line for each of the keys and a column for each method and scale: mean (min–max), in %."""
    columns = list(dict.fromkeys(zip(table["method"], table["scale"], strict=True)))
    lines = [" | ".join([*keys, *(f"{method}, {scale}" for method, scale in columns)])]
    lines.append(" | ".join(["---"] * len(keys) + ["---:"] * len(columns)))
    for names, rows in table.groupby(keys, sort=False):
        cells = []
        for method, scale in columns:
            found = 100 * rows.loc[(rows["method"] == method) & (rows["scale"] == scale), value]
            ends = f" ({found.min():.0f}–{found.max():.0f})" if len(found) > 1 else ""
            cells.append(f"{found.mean():.1f}{ends}" if len(found) else "")
        lines.append(" | ".join([*names, *cells]))
    return "\n".join(f"| {line} |" for line in lines)


@house_style()
def draw(table: pd.DataFrame, notes: list[str], path: Path) -> None:
    """Coverage by table and type, a panel for each method and scale; no scalars such as τ."""
    colours = {**read_style({}).colours, "all": INK, "selected": FAINT}
    table = table[table["type"].isin(colours)]
    places = list(dict.fromkeys(zip(table["table"], table["type"], strict=True)))
    panels = [(method, scale) for method in table["method"].unique() for scale in SCALES]
    notes = [
        "Marker: mean over the rows of a table; line: lowest to highest row. Grey: "
        f"{BAND[0]:.0%} to {BAND[1]:.0%}. Dotted: 95 %.",
        *notes,
    ]
    figure, grid = new_figure(
        TEXT,
        0.15 * len(places) + 0.4,
        "How often 95 % intervals cover what is expected, in simulated data sets",
        notes,
        ncols=len(panels),
        sharex=True,
        sharey=True,
    )
    for axes, (method, scale) in zip(grid, panels, strict=True):
        shown = table[(table["method"] == method) & (table["scale"] == scale)]
        if scale == OWN:  # one model alone has its own scale
            alone = (table["method"] == method) & ~table["scale"].isin(SCALES)
            shown = pd.concat([shown, table[alone]])
        _panel(axes, shown, places, colours)
        name = method.upper() if method == "lape" else method
        axes.set_title(f"{name}, {scale} scale")
        axes.set_xlim(min(0.85, table["coverage"].min() - 0.01), 1.005)
    grid[0].set_yticks(range(len(places)), [f"{name}: {kind}" for name, kind in places])
    grid[0].invert_yaxis()
    figure.savefig(path, dpi=read_style({}).dpi, metadata={"Software": None})


def _panel(
    axes: Axes, table: pd.DataFrame, places: list[tuple[str, str]], colours: dict[str, str]
) -> None:
    """Mean coverage of each table and type, with a line from the lowest to the highest row."""
    axes.axvspan(*BAND, color="#eeeeee", zorder=0)
    axes.axvline(0.95, color=FAINT, linewidth=0.6, linestyle=":", zorder=1)
    for y, (name, kind) in enumerate(places):
        if y and name != places[y - 1][0]:
            axes.axhline(y - 0.5, color="#cccccc", linewidth=0.4, zorder=1)
        found = table.loc[(table["table"] == name) & (table["type"] == kind), "coverage"]
        if len(found):
            axes.hlines(y, found.min(), found.max(), color=colours[kind], clip_on=False)
            axes.plot(
                found.mean(),
                y,
                marker=MARKERS.get(kind, "D"),
                color=colours[kind],
                markersize=3.5,
                clip_on=False,
            )
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.tick_params(axis="y", length=0)
