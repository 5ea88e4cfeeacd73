"""Which languages share their neurons: a language × language heat map for one model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from langneurons.figures.facts import selection_facts
from langneurons.figures.heat_map import annotated_heat_map
from langneurons.figures.style import COLUMN, describe, house_style, new_figure, read_style, save
from langneurons.languages import english_name
from langneurons.neuron_table import read_neurons, read_summary

#: Inches for a cell of two lines, and of one where there are many languages.
_CELL, _SMALL_CELL = 0.34, 0.19
_LARGEST_CELL = 0.6
_MANY_LANGUAGES = 16
#: Inches beside and below the cells: names, and the colour bar.
_BESIDE, _BELOW = 1.35, 0.65


def draw_language_sharing(
    neurons: str | Path,
    summary: str | Path,
    outputs: Mapping[str, str | Path],
    title: str,
    style: Mapping[str, Any],
) -> None:
    """Draw how many selected neurons of each language are active for each other language too.

    Parameters
    ----------
    neurons, summary
        Neurons artefact of one model and its summary.
    outputs
        Paths under the keys png and pdf.
    title
        What is shown: the model and the data set.
    style
        The ``figures`` section of the configuration.

    Raises
    ------
    InputError
        If an artefact is missing or malformed, or ``style`` has a wrong key or value.
    """
    look = read_style(style)
    facts = read_summary(summary)
    languages = list(facts["languages"])
    heading = f"Language neurons shared between languages: {title}"
    notes = [
        "Cells: selected neurons of the row's language (p > τ) that are active for the column's "
        "language as well; colour: their share of all neurons of the row's language, "
        "whose number is on the diagonal.",
        selection_facts(facts),
    ]
    shared = shared_neurons(read_neurons(neurons, languages).masks())
    figure = figure_language_sharing(shared, languages, heading, notes)
    save(figure, outputs, describe(heading, notes), look.dpi)


def shared_neurons(masks: np.ndarray) -> np.ndarray:
    """Neurons that two languages have in common: masks (L, D, K) → counts (K, K)."""
    flat = masks.reshape(-1, masks.shape[-1]).astype(np.int64)
    return flat.T @ flat


@house_style()
def figure_language_sharing(
    shared: np.ndarray, languages: list[str], heading: str, notes: list[str]
) -> Figure:
    """Return the figure of `draw_language_sharing` from `shared_neurons`."""
    K = len(languages)
    sizes = np.diag(shared)[:, None]
    shares = np.divide(shared, sizes, out=np.full(shared.shape, np.nan), where=sizes > 0)
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
    width = max(K * cell + _BESIDE, COLUMN)
    figure, axes = new_figure(width, K * cell + _BELOW, heading, notes)
    annotated_heat_map(axes, shares, labels, names, names, cell, "share of the row's neurons")
    axes.set_ylabel("neurons of …")
    axes.set_xlabel("… also active for")
    return figure
