"""Table 4: overlap of the positions of neurons (METHOD 4)."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import read_table
from langneurons.comparison.positions import OVERLAP
from langneurons.figures.declaration import Declaration
from langneurons.phases.segmentation import TYPED
from langneurons.tables.layout import Layout, percent, shorten

TABLE = Declaration(
    "Overlap of neuron positions",
    per="comparison",
    reads={"overlap": "overlap", "datasets": "dataset_overlap of compared"},
    name="table4",
    title="{before} → {after} on {dataset}, method {method}",
)


def make(
    overlap: str | Path, datasets: str | Path | Sequence[str | Path] | None = None
) -> pd.DataFrame:
    """Overlap of the positions of each type; the first model or data set is the reference.

    Parameters
    ----------
    overlap
        The overlap artefact of a comparison, whose rows come first.
    datasets
        The before model's overlap artefact across data sets; none where it has only one.

    Returns
    -------
    DataFrame
        The columns of `langneurons.comparison.positions.OVERLAP`, for the types specific, related
        and general.
    """
    if datasets is None:
        datasets = []
    elif isinstance(datasets, (str, Path)):
        datasets = [datasets]
    table = pd.concat([read_table(path, OVERLAP) for path in (overlap, *datasets)])
    # "other" is the absence of a type: nearly all neurons, whose overlap says nothing.
    return table[table["type"].isin(TYPED)].reset_index(drop=True)


def lay_out(table: pd.DataFrame, **_: object) -> Layout:
    """Lay out the counts and both measures of overlap, one row per type."""
    counts = {"n A": "n_first", "n B": "n_second", "n both": "n_both"}
    ratios = {"|A∩B| / |A|": "overlap", "Jaccard": "jaccard"}
    cells = pd.DataFrame(
        {
            "A": table["first"].map(shorten),
            "B": table["second"].map(shorten),
            "type": table["type"],
            **{name: table[column].map("{:,}".format) for name, column in counts.items()},
            **{name: table[column].map(percent) for name, column in ratios.items()},
            "95 %": [
                _interval(*row)
                for row in zip(table["overlap_low"], table["overlap_high"], strict=True)
            ],
        }
    )
    notes = [
        "Neurons of one type at the same position (layer and index) in A, the reference, and in "
        "B. Jaccard: |A∩B| / |A∪B|. –: none to share. 95 %: the interval of |A∩B| / |A| over "
        "texts, of models that read the same in enough folds.",
    ]
    return Layout(notes, cells, ("A", "B"), (*counts, *ratios, "95 %"))


def _interval(low: float, high: float) -> str:
    # A share cannot leave 0 to 1, though an interval of normal shape can.
    return f"{percent(max(low, 0))}–{percent(min(high, 1))}" if pd.notna(low) else ""
