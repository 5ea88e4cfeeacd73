"""What each language loses in accuracy when a language's neurons are switched off."""

from pathlib import Path

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.change_maps import change_maps, draw_maps, note_maps, read_deactivation
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.interventions.deactivation_changes import CHANGES

FIGURE = Declaration(
    "Change of accuracy when neurons are switched off",
    per="deactivation with accuracy",
    reads={"deactivation": "deactivation", "changes": "deactivation_changes"},
    paper="figure2",
)


def draw(page: Page, deactivation: str | Path, changes: str | Path) -> None:
    """Draw the change in accuracy, in percentage points, for each set and its random controls."""
    table = read_deactivation(deactivation)
    # These cells say "n/a": they were measured, but none of their problems has an answer.
    unanswered = table["accuracy"].isna() & (table["n"] > 0)
    page.note(
        "Cells: change, in percentage points, of the share of right answers in the column's "
        "language, against no neurons switched off; red: worse."
        + (" n/a: the problems have no answers." if unanswered.any() else "")
    )
    intervals = read_table(changes, CHANGES).query("measure == 'accuracy'")
    note_maps(page, table, intervals, read_provenance(deactivation))
    maps = change_maps(table, 100 * table["accuracy"].to_numpy(dtype=float), intervals)
    draw_maps(page, table, maps, "RdBu", "percentage\npoints", decimals=1)
