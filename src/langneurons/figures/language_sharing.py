"""Which languages share their neurons: a language × language heat map for one model."""

from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import selection_facts
from langneurons.figures.frame import Page
from langneurons.figures.heat_map import annotated_heat_map
from langneurons.figures.style import COLUMN
from langneurons.neurons.table import read_neurons, read_summary

FIGURE = Declaration(
    "Language neurons shared between languages",
    per="selection",
    reads={"neurons": "neurons", "summary": "summary"},
)

#: Inches for a cell with two lines of text, and with one where there are many languages.
_CELL, _SMALL_CELL = 0.34, 0.19
_LARGEST_CELL = 0.6
_MANY_LANGUAGES = 16
#: Inches beside and below the cells: names, and the colour bar.
_BESIDE, _BELOW = 1.35, 0.65


def draw(page: Page, neurons: Path, summary: Path) -> None:
    """Draw how many selected neurons of each language are also active for each other language."""
    facts = read_summary(summary)
    languages = list(facts["languages"])
    by_p = not pd.isna(facts["threshold"])
    whose = " (p > τ) that are active for" if by_p else " that belong to"
    page.note(
        f"Cells: selected neurons of the row's language{whose} the column's "
        "language as well; colour: their share of all neurons of the row's language, "
        "whose number is on the diagonal.",
        selection_facts(facts),
    )
    shared = shared_neurons(read_neurons(neurons, languages).masks())
    sizes = np.diag(shared)[:, None]
    shares = np.divide(shared, sizes, out=np.full(shared.shape, np.nan), where=sizes > 0)
    K = len(languages)
    many = K > _MANY_LANGUAGES
    cell = _SMALL_CELL if many else min(max(_CELL, 2.2 / K), _LARGEST_CELL)
    labels = [
        [
            f"{n}" if many or np.isnan(share) else f"{n:,}\n{share:.0%}"
            for n, share in zip(*row, strict=True)
        ]
        for row in zip(shared, shares, strict=True)
    ]
    names = [english_name(language) for language in languages]
    axes = page.panels(max(K * cell + _BESIDE, COLUMN), K * cell + _BELOW)
    annotated_heat_map(axes, shares, labels, names, names, cell, "share of the row's neurons")
    axes.set_ylabel("neurons of …")
    axes.set_xlabel("… also active for" if by_p else "… also of")


def shared_neurons(masks: np.ndarray) -> np.ndarray:
    """Neurons that two languages have in common: masks (L, D, K) → counts (K, K)."""
    flat = masks.reshape(-1, masks.shape[-1]).astype(np.int64)
    return flat.T @ flat
