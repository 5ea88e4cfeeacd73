"""The frame around every figure: house style, heading, notes, and saving as PNG and PDF."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from langneurons.figures.style import (
    TEXT,
    Style,
    describe,
    house_style,
    new_figure,
    read_style,
    save,
)

#: Inches: labels below the panels of small multiples.
_LABELS = 0.3


class Page:
    """One figure while it is being drawn.

    Attributes
    ----------
    heading
        The title above the panels.
    style
        Colours and resolution.
    notes
        Lines below the panels: facts, units, n. Add them before the panels are made.
    figure
        The figure; `panels` makes it, and before there is none.
    """

    figure: Figure

    def __init__(self, heading: str, style: Style) -> None:
        self.heading, self.style = heading, style
        self.notes: list[str] = []

    def note(self, *lines: str) -> None:
        """Add lines below the panels."""
        self.notes += lines

    def panels(self, width: float, height: float, **subplots: Any) -> Any:
        """Make the figure and return its axes.

        Parameters
        ----------
        width, height
            Size of the panels in inches; the heading and the notes add to the height.
        subplots
            Arguments of ``Figure.subplots``.
        """
        self.figure, axes = new_figure(width, height, self.heading, self.notes, **subplots)
        return axes

    def multiples(
        self, number: int, columns: int, legend: float, row: float
    ) -> tuple[Axes, Sequence[Axes]]:
        """Make the figure with small multiples below a strip for their legend.

        Parameters
        ----------
        number
            Panels.
        columns
            Most panels in a row.
        legend, row
            Inches: heights of the strip and of a row of panels.

        Returns
        -------
        strip, panels
            The axes of the strip, which show nothing, and of each panel.
        """
        columns = min(columns, number)
        heights = [legend, *[row] * -(-number // columns)]
        grid = self.panels(
            TEXT,
            sum(heights) + _LABELS,
            nrows=len(heights),
            ncols=columns,
            squeeze=False,
            gridspec_kw={"height_ratios": heights},
        )
        panels = grid[1:].reshape(-1)
        for axes in [*grid[0], *panels[number:]]:
            axes.set_axis_off()
        return grid[0, 0], list(panels[:number])


def render(
    module: str,
    inputs: Mapping[str, Any],
    title: str,
    style: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
) -> Page:
    """Draw a figure without saving it.

    Parameters
    ----------
    module
        A module of `langneurons.figures` with a ``FIGURE`` and a function ``draw(page, ...)``.
    inputs
        Paths of the artefacts, or lists of paths, under the names that ``FIGURE.reads`` gives.
    title
        What is shown, such as the model and the dataset.
    style
        The ``figures`` section of the configuration; absent keys have defaults.
    values
        Facts under the names that ``FIGURE.values`` gives.

    Raises
    ------
    InputError
        If an artefact is missing or malformed, or ``style`` has a wrong key or value.
    """
    figure = import_module(f"langneurons.figures.{module}")
    page = Page(f"{figure.FIGURE.heading}: {title}", read_style(style))
    with house_style():
        figure.draw(page, **inputs, **(values or {}))
    return page


def draw_figure(
    module: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, str | Path],
    title: str,
    style: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
) -> None:
    """Draw a figure and write it to ``outputs["png"]`` and ``outputs["pdf"]``; see `render`."""
    page = render(module, inputs, title, style, values)
    save(page.figure, outputs, describe(page.heading, page.notes), page.style.dpi)
