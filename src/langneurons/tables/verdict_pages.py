"""The tables of verdicts in a document, filled in from a run: ``make verdicts``."""

import re
import sys
from pathlib import Path

import pandas as pd

from langneurons.artifacts.atomic import atomic_path
from langneurons.errors import InputError
from langneurons.tables.layout import signed_interval

#: A table, between a mark that names the CSV it is made from and one that ends it.
_TABLE = re.compile(r"(<!-- verdicts: (\S+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_COLUMNS = ["group", "statement", "estimate", "low", "high", "margin", "p_holm", "verdict"]


def fill_page(page: str | Path) -> None:
    """Write the tables of verdicts that a Markdown document asks for between its marks.

    Parameters
    ----------
    page
        The document. A table stands between ``<!-- verdicts: FILE -->`` and ``<!-- end -->``,
        where FILE is a CSV of the table ``verdicts``, from the working directory.

    Raises
    ------
    InputError
        If the document has no such marks, or a CSV is not there or has other columns.
    """
    text = Path(page).read_text(encoding="utf-8")
    if not _TABLE.search(text):
        raise InputError(f"{page}: found no table between <!-- verdicts: FILE --> and <!-- end -->")
    filled = _TABLE.sub(lambda found: f"{found[1]}{verdict_table(found[2])}{found[4]}", text)
    with atomic_path(page) as temporary:
        temporary.write_text(filled, encoding="utf-8")


def verdict_table(path: str | Path) -> str:
    """Return the rows of a CSV of the table ``verdicts`` as a Markdown table.

    Raises
    ------
    InputError
        If the file is not there or has other columns.
    """
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise InputError(
            f"{path}: not found; make it first, with the target verdicts of the workflow"
        ) from None
    absent = [name for name in _COLUMNS if name not in table]
    if absent:
        raise InputError(f"{path}: found no column {absent[0]!r}, expected the table `verdicts`")
    rows = ["| about | finding | estimate [95 %] | margin | p, Holm | verdict |", "|---" * 6 + "|"]
    shown: str | None = None
    for row in table.itertuples():
        about, shown = "" if row.group == shown else row.group, row.group
        estimate = _estimate(row.estimate, row.low, row.high)
        cells = [about, row.statement, estimate, _number(row.margin), _number(row.p_holm)]
        rows.append(f"| {' | '.join(cells)} | {row.verdict} |")
    counts = table["verdict"].value_counts()
    summary = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    return "\n".join([f"{len(table)} findings: {summary}.", "", *rows, ""])


def _estimate(estimate: float, low: float, high: float) -> str:
    return "–" if pd.isna(estimate) else signed_interval(estimate, low, high, decimals=2)


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.2g}"


if __name__ == "__main__":
    try:
        fill_page(sys.argv[1])
    except InputError as error:
        sys.exit(f"error: {error}")
