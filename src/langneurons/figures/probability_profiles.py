"""Activation probabilities of example neurons of each type (paper figure 1)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes

from langneurons.activations.counts import read_probabilities
from langneurons.artifacts.tables import read_arrow
from langneurons.corpora.languages import english_name
from langneurons.figures.declaration import Declaration
from langneurons.figures.facts import selection_facts
from langneurons.figures.frame import Page
from langneurons.figures.style import FAINT, INK, TEXT
from langneurons.neurons.table import NEURONS, read_summary
from langneurons.phases.segmentation import TYPED

FIGURE = Declaration(
    "Activation probabilities of example neurons",
    per="selection by activations",
    reads={"neurons": "neurons", "probabilities": "probabilities", "summary": "summary"},
    paper="figure1",
)

#: Examples of each type, fewer where many languages need room.
_EXAMPLES, _FEW_EXAMPLES = 4, 2
_MANY_LANGUAGES = 14


def draw(page: Page, neurons: Path, probabilities: Path, summary: Path) -> None:
    """Draw a few neurons' activation probabilities across languages, a row of panels per type."""
    facts = read_summary(summary)
    languages = list(facts["languages"])
    number = _EXAMPLES if len(languages) <= _MANY_LANGUAGES else _FEW_EXAMPLES
    examples = example_neurons(
        read_arrow(neurons, NEURONS), read_probabilities(probabilities, languages), number
    )
    page.note(
        "Examples: specific and related, lowest scores, one neuron of each set of languages "
        "before a second one; general, highest minimum probability over languages. "
        "Full bars exceed the threshold τ (dashed), pale ones do not.",
        selection_facts(facts),
    )
    shape = {"nrows": len(TYPED), "ncols": number, "sharex": True, "sharey": True}
    panels = page.panels(TEXT, 4.0, squeeze=False, **shape)
    for kind, row in zip(TYPED, panels, strict=True):
        row[0].set_ylabel(f"{kind}\n(n = {facts[kind]:,})\nprobability")
        chosen = list(examples[examples["type"] == kind].itertuples())
        for axes, neuron in zip(row, chosen, strict=False):
            _profile(axes, neuron.profile, facts["threshold"], page.style.colours[kind])
            axes.set_title(f"layer {neuron.layer}, neuron {neuron.neuron}", fontsize=6.5)
        for axes in row[len(chosen) :]:
            axes.spines[:].set_visible(False)
            axes.tick_params(axis="y", length=0, labelleft=False)
        if len(chosen) < number:
            message = f"no further\n{kind} neuron" if chosen else f"no {kind} neuron"
            _write(row[len(chosen)], message)
    names = [english_name(language) for language in languages]
    for axes in panels.flat:
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.tick_params(axis="x", length=0, labelsize=6)


def example_neurons(neurons: pa.Table, probabilities: np.ndarray, number: int) -> pd.DataFrame:
    """Choose up to ``number`` neurons of each type, by the rule that the figure states.

    Parameters
    ----------
    neurons
        Neurons artefact.
    probabilities
        Array (L, D, K).

    Returns
    -------
    DataFrame
        Columns type, layer, neuron and ``profile``, the array (K,) of probabilities.
    """
    columns = ["layer", "neuron", "type", "score", "languages"]
    chosen = []
    for kind in TYPED:
        rows = neurons.select(columns).filter(pc.equal(neurons["type"], kind)).to_pandas()
        rows["profile"] = list(probabilities[rows["layer"], rows["neuron"]])
        if kind == "general":
            rows["score"] = [-profile.min() for profile in rows["profile"]]
        rows = rows.sort_values("score", kind="stable")
        # One neuron per set of languages before a second one; all general neurons share a set.
        rows["turn"] = rows.groupby(rows["languages"].map(tuple)).cumcount()
        if kind != "general":
            rows = rows.sort_values(["turn", "score"], kind="stable")
        chosen.append(rows.head(number))
    return pd.concat(chosen)[["type", "layer", "neuron", "profile"]].reset_index(drop=True)


def _profile(axes: Axes, profile: Sequence[float], threshold: float, colour: str) -> None:
    bars = axes.bar(range(len(profile)), profile, width=0.75, color=colour, zorder=2)
    for bar, probability in zip(bars, profile, strict=True):
        bar.set_alpha(1 if probability > threshold else 0.3)
    axes.axhline(threshold, color=INK, linewidth=0.7, linestyle=(0, (3, 2)), zorder=3)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1])


def _write(axes: Axes, message: str) -> None:
    axes.text(0.5, 0.5, message, ha="center", va="center", transform=axes.transAxes, color=FAINT)
