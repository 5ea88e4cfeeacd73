"""Accuracy of several models by language, with intervals."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import COLUMN, FAINT, SERIES, TEXT, legend_above
from langneurons.responses.accuracy import ACCURACY

FIGURE = Declaration(
    "Accuracy by language", per="dataset", reads={"accuracies": "accuracy of models"}
)

_HEIGHT = 2.0
_SHAPES = "osD^vPX*"
#: Share of the distance between two languages that the models' marks take up.
_SPREAD = 0.6
_MANY_MARKS = 36
#: Columns of the legend where the figure is as wide as the text.
_WIDE_COLUMNS = 3
#: Letters of a model's name on one line of the legend, per inch of the figure.
_NAME_LETTERS = 15


def draw(page: Page, accuracies: Sequence[Path]) -> None:
    """Draw accuracy by language with 95 % intervals: languages side by side, one mark per model.

    Parameters
    ----------
    accuracies
        The models' accuracy artefacts, in the order of the legend.

    Raises
    ------
    InputError
        If no model is given.
    """
    if not accuracies:
        raise InputError("figure accuracy: no model given; expected at least one accuracy table")
    tables = {read_provenance(path)["model"]: read_table(path, ACCURACY) for path in accuracies}
    page.note(
        "Accuracy: share of responses with the right number in the right language; "
        "whiskers: 95 % interval.",
        _numbers(tables),
    )
    languages = list(dict.fromkeys(name for table in tables.values() for name in table["language"]))
    width = COLUMN if len(languages) * len(tables) <= _MANY_MARKS else TEXT
    columns = 1 if width == COLUMN else _WIDE_COLUMNS
    letters = int(width * _NAME_LETTERS / columns)
    names = ["\n".join(textwrap.wrap(model, letters)) for model in tables]
    lines = [name.count("\n") + 1 for name in names]
    legend_height = 0.14 * max(lines) * math.ceil(len(names) / columns)
    axes = page.panels(width, _HEIGHT + 0.6 + legend_height)
    shifts = (np.arange(len(tables)) - (len(tables) - 1) / 2) * _SPREAD / len(tables)
    for i, table in enumerate(tables.values()):
        _mark(axes, i, table["language"].map(languages.index) + shifts[i], table, names[i])
    _language_axis(axes, languages)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel("accuracy")
    legend_above(axes, _HEIGHT, columns)


def _mark(axes: Axes, i: int, x: pd.Series, table: pd.DataFrame, name: str) -> None:
    """Draw the marks and whiskers of the i-th model."""
    share, low, high = (table[column].to_numpy() for column in ("accuracy", "low", "high"))
    axes.errorbar(
        x,
        share,
        # At 0 and 1 rounding can put an end of the interval on the wrong side of the share.
        yerr=np.maximum([share - low, high - share], 0),
        fmt=_SHAPES[i % len(_SHAPES)],
        color=SERIES[i % len(SERIES)],
        markersize=3.2,
        elinewidth=0.8,
        capsize=1.2,
        markerfacecolor="white" if i >= len(SERIES) else None,
        clip_on=False,
        label=name,
    )


def _language_axis(axes: Axes, languages: Sequence[str]) -> None:
    for boundary in np.arange(len(languages) - 1) + 0.5:
        axes.axvline(boundary, color=FAINT, linewidth=0.3, alpha=0.5)
    axes.set_xticks(
        range(len(languages)),
        [english_name(language) for language in languages],
        rotation=45,
        ha="right",
        rotation_mode="anchor",
    )
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.5, len(languages) - 0.5)


def _numbers(tables: Mapping[str, pd.DataFrame]) -> str:
    numbers = {int(n) for table in tables.values() for n in table["n"]}
    spread = f"{min(numbers):,}" if len(numbers) == 1 else f"{min(numbers):,}–{max(numbers):,}"
    absent = " Where n = 0 there is no mark." if 0 in numbers else ""
    wordless = sum(int(table["wordless"].sum()) for table in tables.values())
    silent = (
        f" {wordless:,} of all have numbers and formulas only, and so no language to be right."
        if wordless
        else ""
    )
    return f"n = {spread} responses a model and language.{silent}{absent}"
