"""The facts stated on a figure: sizes, method, λ and τ, from the summary artefacts.

No-break spaces (U+00A0) keep numbers with their units and symbols.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import read_provenance
from langneurons.comparison.scale import OWN
from langneurons.neurons.table import read_summary


def selection_facts(summary: pd.Series) -> str:
    """One model's size and selection, as a sentence."""
    scalars = selection_scalars(summary)
    return f"{_shape(summary)} {_method(summary)}{'; ' * bool(scalars)}{scalars}."


def selection_scalars(summary: pd.Series) -> str:
    """One model's λ and τ; nothing of a method that has none."""
    if pd.isna(summary["threshold"]):
        return ""
    threshold = f"τ\u00a0=\u00a0{summary['threshold']:.4g}"
    if pd.isna(summary["lambda"]):
        return threshold
    found = " (no bound found)" if summary["lambda_unbounded"] else ""
    return f"λ\u00a0=\u00a0{summary['lambda']:.4g}{found}, {threshold}"


def zero_sum_note(summary: pd.Series) -> str:
    """What τ and the share that is selected fix, whatever the model, and who belongs to none."""
    by_n = np.asarray(summary["histogram_all"])  # h(N)
    above = int(np.arange(len(by_n)) @ by_n)
    share = above / (len(summary["languages"]) * by_n.sum())
    selected = summary["histogram_selected"]
    return (
        f"the h(N) neurons with N languages make Σ\u00a0N·h(N)\u00a0=\u00a0{above:,} values of p "
        f"above τ ({share * 100:.3g}\u00a0% of all), and {sum(selected):,} are selected, both by "
        f"construction; {selected[0]:,} of the selected belong to no language."
    )


def read_comparison_facts(comparison: Path, summaries: Sequence[Path]) -> list[str]:
    """Two models' selections, as lines: what they share, then each model's λ and τ.

    Parameters
    ----------
    comparison
        Any artefact of the comparison; its provenance names the models.
    summaries
        Summary artefacts of the neurons, before first.
    """
    facts = read_provenance(comparison)
    before, after = map(read_summary, summaries)
    scalars = selection_scalars(after) if facts["scale"] == OWN else "the same, and cut-off"
    return [
        f"{_shape(before)} {_method(before)}.",
        f"Before: {facts['before']} ({selection_scalars(before)}).",
        f"After: {facts['after']} ({scalars}).",
    ]


def _shape(summary: pd.Series) -> str:
    layers, neurons = summary["layers"], summary["neurons_per_layer"]
    return (
        f"n = {layers * neurons:,} neurons ({layers} layers × {neurons:,}), "
        f"{len(summary['languages'])} languages."
    )


def _method(summary: pd.Series) -> str:
    return f"Method {summary['method']}, {summary['top_rate'] * 100:g}\u00a0% selected"
