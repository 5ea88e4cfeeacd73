"""Which facts each language loses when a language's neurons are switched off."""

from pathlib import Path

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.change_maps import change_maps, draw_maps, note_maps, read_deactivation
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.interventions.deactivation_changes import CHANGES

FIGURE = Declaration(
    "Change of known facts when neurons are switched off",
    per="deactivation with facts",
    reads={"deactivation": "deactivation", "changes": "deactivation_changes"},
)


def draw(page: Page, deactivation: str | Path, changes: str | Path) -> None:
    """Draw the change of knowledge accuracy for each set of neurons and its random controls."""
    table = read_deactivation(deactivation)
    page.note(
        "Cells: change, in percentage points, of the share of facts known in the column's "
        "language (the right answer is the likeliest of its candidates), against no neurons "
        "switched off; red: worse."
    )
    intervals = read_table(changes, CHANGES).query("measure == 'knowledge'")
    note_maps(page, table, intervals, read_provenance(deactivation), units="facts")
    maps = change_maps(table, 100 * table["knowledge"].to_numpy(dtype=float), intervals)
    draw_maps(page, table, maps, "RdBu", "percentage\npoints", decimals=1)
