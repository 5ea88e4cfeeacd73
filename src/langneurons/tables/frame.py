"""The frame around every table of the paper: what is made, rendered and written."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from langneurons.artifacts.atomic import atomic_path
from langneurons.figures.style import describe, read_style, save
from langneurons.figures.table import figure_table


def write_paper_table(
    module: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, str | Path],
    title: str,
    style: Mapping[str, Any],
) -> None:
    """Write a table of the paper as CSV and as a rendered figure.

    Parameters
    ----------
    module
        A module of `langneurons.tables` with a ``TABLE``, a function ``make``, which returns the
        table, and a function ``lay_out``, which lays it out for readers. Both take the inputs.
    inputs
        Paths of the artefacts, or lists of paths, under the names that ``TABLE.reads`` gives.
    outputs
        Paths under the keys csv, png and pdf; under figure_csv, if given, a second copy of the
        CSV beside the figure.
    title
        What is shown, such as the comparison and the data set.
    style
        The ``figures`` section of the configuration; absent keys have defaults.

    Raises
    ------
    InputError
        If an artefact is missing or malformed, or ``style`` has a wrong key or value.
    """
    look = read_style(style)
    maker = import_module(f"langneurons.tables.{module}")
    table = maker.make(**inputs)
    layout = maker.lay_out(table, **inputs)
    heading = f"{maker.TABLE.heading}: {title}"
    figure = figure_table(layout.cells, layout.keys, layout.numeric, heading, layout.notes)
    save(figure, outputs, describe(heading, layout.notes), look.dpi)
    for key in ("csv", "figure_csv"):
        if key in outputs:
            with atomic_path(outputs[key]) as temporary:
                table.to_csv(temporary, index=False, lineterminator="\n")
