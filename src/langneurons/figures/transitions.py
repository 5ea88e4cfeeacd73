"""What became of the neurons of each type: the transition matrix as a heat map."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from langneurons.artifacts.tables import read_table
from langneurons.comparison.positions import TRANSITIONS
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import read_comparison_facts
from langneurons.figures.frame import Page
from langneurons.figures.heat_map import annotated_heat_map
from langneurons.figures.style import COLUMN
from langneurons.neurons.types import TYPES

FIGURE = Declaration(
    "Types before and after",
    per="comparison",
    reads={"transitions": "transitions", "summaries": "summary of models"},
)

_CELL = 0.5


def draw(page: Page, transitions: Path, summaries: Sequence[Path]) -> None:
    """Draw how many neurons of each type before have each type after."""
    page.note(
        "Cells: neurons, and their share of the row's type before.",
        *read_comparison_facts(transitions, summaries),
    )
    table = read_table(transitions, TRANSITIONS)
    # Rows come sorted by type before, then type after.
    numbers = table["neurons"].to_numpy().reshape(len(TYPES), len(TYPES))
    shares = table["share"].to_numpy(dtype=float).reshape(numbers.shape)
    labels = [
        [_label(number, share) for number, share in zip(*row, strict=True)]
        for row in zip(numbers, shares, strict=True)
    ]
    rows = [f"{kind}\n(n = {n:,})" for kind, n in zip(TYPES, numbers.sum(axis=1), strict=True)]
    columns = [f"{kind}\n({n:,})" for kind, n in zip(TYPES, numbers.sum(axis=0), strict=True)]
    axes = page.panels(COLUMN, len(TYPES) * _CELL + 0.6)
    annotated_heat_map(axes, shares, labels, rows, columns, _CELL, "share of the type before")
    axes.set_ylabel("type before")
    axes.set_xlabel("type after")


def _label(number: int, share: float) -> str:
    if np.isnan(share):
        return "0"
    # A few out of very many should not read as none.
    percent = "< 0.1%" if 0 < share < 0.0005 else f"{share:.1%}"
    return f"{number:,}\n{percent}"
