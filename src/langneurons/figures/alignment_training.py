"""What preference optimisation reports as it trains: loss, reward margin and accuracy."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.ticker import PercentFormatter

from langneurons.alignment.schema import TRAINING
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import english_name
from langneurons.errors import InputError
from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.figures.style import COLUMN, FAINT, SERIES, legend_above
from langneurons.figures.training_steps import step_axis

FIGURE = Declaration("Preference optimisation", per="alignment", reads={"training": "training"})

_HEIGHT = 3.9
#: Measure → its axis label, and its value before training (accuracy: at chance).
_MEASURES = {
    "loss": ("DPO loss (nats)", math.log(2)),
    "margin": ("reward margin", 0.0),
    "accuracy": ("accuracy of pairs", 0.5),
}
_SPLITS = {
    "train": {"color": SERIES[0], "linestyle": "-", "linewidth": 1.0},
    "dev": {"color": SERIES[1], "linestyle": "--", "marker": "o", "markersize": 3.2},
}


def draw(page: Page, training: Path) -> None:
    """Draw loss, reward margin and accuracy over training steps, one panel each.

    Raises
    ------
    InputError
        If the artefact has no rows.
    """
    table = read_table(training, TRAINING)
    if table.empty:
        raise InputError(f"{training}: no row; expected at least one training step")
    page.note(
        "Reward: β × log-likelihood ratio of the trained model to the reference; margin: chosen "
        "less rejected response; accuracy: share of pairs whose chosen response has the higher "
        "reward. Dotted: loss and margin of the model before training, and an accuracy of chance.",
        *_facts(read_provenance(training)),
    )
    panels = page.panels(COLUMN, _HEIGHT, nrows=len(_MEASURES), sharex=True)
    for (measure, (label, chance)), axes in zip(_MEASURES.items(), panels, strict=True):
        axes.axhline(chance, color=FAINT, linewidth=0.7, linestyle=":", zorder=1)
        for split, look in _SPLITS.items():
            # Not every measure is logged at every step.
            rows = table[table["split"] == split].dropna(subset=measure).sort_values("step")
            if len(rows):
                axes.plot(rows["step"], rows[measure], label=split, **look)
        axes.set_ylabel(label)
    panels[0].set_ylim(bottom=0)
    panels[-1].set_ylim(0, 1.02)
    panels[-1].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    if panels[0].get_legend_handles_labels()[0]:
        legend_above(panels[0], _HEIGHT / len(_MEASURES), 2)
    step_axis(panels[-1], int(table["step"].max()))
    page.figure.align_ylabels(panels)


def _facts(provenance: Mapping[str, Any]) -> list[str]:
    """What is known about the pairs, as lines."""
    pairs = [
        f"{provenance[f'{split}_pairs']:,} {split}"
        for split in _SPLITS
        if provenance.get(f"{split}_pairs") is not None
    ]
    facts = [f"n = {' and '.join(pairs)} pairs"] if pairs else []
    facts += [f"β\u00a0=\u00a0{provenance['beta']:g}"] if "beta" in provenance else []
    names = ", ".join(english_name(code) for code in provenance.get("languages", []))
    lines = [f"{'; '.join(facts)}."] if facts else []
    return [*lines, f"Trained on: {names}."] if names else lines
