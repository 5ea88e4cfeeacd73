"""What each language loses in perplexity when a language's neurons are switched off."""

from pathlib import Path

import numpy as np

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.change_maps import change_maps, draw_maps, note_maps, read_deactivation
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.interventions.deactivation_changes import CHANGES

FIGURE = Declaration(
    "Change of log(1 + PPL) when neurons are switched off",
    per="deactivation",
    reads={"deactivation": "deactivation", "changes": "deactivation_changes"},
    paper="figure10",
)


def draw(page: Page, deactivation: str | Path, changes: str | Path) -> None:
    """Draw the change in log(1 + PPL) for each set of neurons and its random controls."""
    table = read_deactivation(deactivation)
    perplexity = table["perplexity"].to_numpy(dtype=float)
    texts = read_provenance(deactivation).get("parameters", {}).get("texts")
    of_texts = f" of the {'prompts' if texts == 'prompt' else texts}" if texts else ""
    page.note(
        f"Cells: change of log(1 + PPL), natural logarithm of the perplexity{of_texts} in the "
        "column's language, against no neurons switched off; red: worse."
        + (" inf: infinite PPL." if np.isinf(perplexity).any() else "")
    )
    intervals = read_table(changes, CHANGES).query("measure == 'log_perplexity'")
    note_maps(page, table, intervals, read_provenance(deactivation))
    maps = change_maps(table, np.log1p(perplexity), intervals)
    draw_maps(page, table, maps, "RdBu_r", "change of\nlog(1 + PPL)", decimals=2)
