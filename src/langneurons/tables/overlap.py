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

_OVERLAP = "|A∩B| / |A|"


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
    """Lay out the counts, the measures of overlap and what to hold them against."""
    counts = {"n A": "n_first", "n B": "n_second", "n both": "n_both"}
    ratios = {_OVERLAP: "overlap", "by chance": "expected", "Jaccard": "jaccard"}
    notes = [
        "Neurons of one type at the same position (layer and index) in A, the reference, and in "
        "B. Jaccard: |A∩B| / |A∪B|. –: none to share. 95 %: the interval of |A∩B| / |A| over "
        "texts, of models that read the same in enough folds. By chance: |A∩B| / |A| of random "
        "neurons, as many of A and of B in each layer.",
    ]
    if table["ceiling"].notna().any():
        ratios["A, halves"] = "ceiling"
        notes.append(
            "A, halves: |A∩B| / |A| of A on two halves of its texts, each typed by itself. Models "
            "that read the same texts can share more."
        )
    cells = pd.DataFrame(
        {
            "A": table["first"].map(shorten),
            "B": table["second"].map(shorten),
            "type": table["type"],
            **{name: table[column].map("{:,}".format) for name, column in counts.items()},
            **{name: table[column].map(percent) for name, column in ratios.items()},
        }
    )
    ends = zip(table["overlap_low"], table["overlap_high"], strict=True)
    cells.insert(cells.columns.get_loc(_OVERLAP) + 1, "95 %", [_interval(*row) for row in ends])
    return Layout(notes, cells, ("A", "B"), (*counts, *ratios, "95 %"))


def _interval(low: float, high: float) -> str:
    # A share cannot leave 0 to 1, though an interval of normal shape can.
    return f"{percent(max(low, 0))}–{percent(min(high, 1))}" if pd.notna(low) else ""
