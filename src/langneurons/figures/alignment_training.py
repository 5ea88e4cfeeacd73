"""What an alignment reports as it trains: its loss and, by preference, margin and accuracy."""

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

FIGURE = Declaration("Alignment training", per="alignment", reads={"training": "training"})

_PANEL = 1.3  # inches
#: Of preference optimisation: measure → its axis label, and its value before training (accuracy: at
#: chance).
_PREFERENCE = {
    "loss": ("DPO loss (nats)", math.log(2)),
    "margin": ("reward margin", 0.0),
    "accuracy": ("accuracy of pairs", 0.5),
}
_PREFERENCE_NOTE = (
    "Reward: β × log-likelihood ratio of the trained model to the reference; margin: chosen less "
    "rejected response; accuracy: share of pairs whose chosen response has the higher reward. "
    "Dotted: loss and margin of the model before training, and an accuracy of chance."
)
#: Of training to translate; the model's loss before training is not in the log.
_TRANSLATION = {"loss": ("loss (nats per token)", None)}
_TRANSLATION_NOTE = (
    "Loss: mean negative log-likelihood of the tokens of translations; dev: of true translations, "
    "held out."
)
#: Control → what it trains on instead of translations.
_CONTROLS = {
    "shuffled": "Control: trained on texts that are not each other's translations.",
    "target_only": "Control: trained on translations without their sources.",
}
_SPLITS = {
    "train": {"color": SERIES[0], "linestyle": "-", "linewidth": 1.0},
    "dev": {"color": SERIES[1], "linestyle": "--", "marker": "o", "markersize": 3.2},
}


def draw(page: Page, training: Path) -> None:
    """Draw what was measured over training steps, one panel each: loss, reward margin, accuracy.

    Training to translate has a loss only.

    Raises
    ------
    InputError
        If the artefact has no rows.
    """
    table = read_table(training, TRAINING)
    if table.empty:
        raise InputError(f"{training}: no row; expected at least one training step")
    by_preference = bool(table["margin"].notna().any())
    measures = _PREFERENCE if by_preference else _TRANSLATION
    note = _PREFERENCE_NOTE if by_preference else _TRANSLATION_NOTE
    page.note(note, *_facts(read_provenance(training)))
    height = _PANEL * max(2, len(measures))
    panels = page.panels(COLUMN, height, nrows=len(measures), sharex=True, squeeze=False)[:, 0]
    for (measure, (label, before)), axes in zip(measures.items(), panels, strict=True):
        if before is not None:
            axes.axhline(before, color=FAINT, linewidth=0.7, linestyle=":", zorder=1)
        for split, look in _SPLITS.items():
            # Not every measure is logged at every step.
            rows = table[table["split"] == split].dropna(subset=measure).sort_values("step")
            if len(rows):
                axes.plot(rows["step"], rows[measure], label=split, **look)
        axes.set_ylabel(label)
    panels[0].set_ylim(bottom=0)
    if by_preference:
        panels[-1].set_ylim(0, 1.02)
        panels[-1].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    if panels[0].get_legend_handles_labels()[0]:
        legend_above(panels[0], height / len(measures), 2)
    step_axis(panels[-1], int(table["step"].max()))
    page.figure.align_ylabels(panels)


def _facts(provenance: Mapping[str, Any]) -> list[str]:
    """What is known about the pairs and the training on them, as lines."""
    pairs = [
        f"{provenance[f'{split}_pairs']:,} {split}"
        for split in _SPLITS
        if provenance.get(f"{split}_pairs") is not None
    ]
    facts = [f"n = {' and '.join(pairs)} pairs"] if pairs else []
    facts += [f"β\u00a0=\u00a0{provenance['beta']:g}"] if "beta" in provenance else []
    control = _CONTROLS.get(provenance.get("control") or "")
    names = ", ".join(english_name(code) for code in provenance.get("languages", []))
    lines = [f"{'; '.join(facts)}."] if facts else []
    lines += [control] if control else []
    return [*lines, f"Trained on: {names}."] if names else lines
