"""The paper's tables 2, 3 and 4, from the comparison artefacts (METHOD 4)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from langneurons.artifacts import atomic_path, read_provenance, read_table
from langneurons.comparison.changes import LANGUAGES
from langneurons.comparison.positions import OVERLAP
from langneurons.figures.style import describe, read_style, save, signed
from langneurons.figures.table import figure_table
from langneurons.languages import english_name
from langneurons.phases import TYPED

_NUMBERS = ("before", "after", "change")
_LONGEST_NAME = 32
#: Names of the two groups of languages of table 2 and of table 3.
_TRAINED = ("trained", "other")
_PIVOT = ("pivot", "rest")

#: Heading, notes, cells as they are written, columns that name groups, columns of numbers.
_Layout = tuple[str, list[str], pd.DataFrame, Sequence[str], Sequence[str]]
_Maker = Callable[[Sequence[str | Path]], pd.DataFrame]
_LayOut = Callable[[pd.DataFrame, Sequence[str | Path]], _Layout]


def table2(languages_path: str | Path) -> pd.DataFrame:
    """Neurons of the languages trained on, against the other languages.

    Returns
    -------
    DataFrame
        One row a group × type (specific, related): group, n_languages, languages (codes), type,
        and the mean number of neurons a language before and after, and its change. A group
        without a language has no row.
    """
    return _grouped(languages_path, "trained", _TRAINED)


def table3(languages_path: str | Path) -> pd.DataFrame:
    """Neurons of the pivot language (English in the paper), against the rest; as `table2`."""
    return _grouped(languages_path, "pivot", _PIVOT)


def table4(overlap_paths: Sequence[str | Path]) -> pd.DataFrame:
    """Overlap of the positions of each type, the first model or data set being the reference.

    Parameters
    ----------
    overlap_paths
        Overlap artefacts: of a comparison, and of one model across data sets. Their rows follow
        one another.

    Returns
    -------
    DataFrame
        The columns of `langneurons.comparison.positions.OVERLAP`, for the types specific, related
        and general.
    """
    table = pd.concat([read_table(path, OVERLAP) for path in overlap_paths], ignore_index=True)
    # "other" is the absence of a type: nearly all neurons, whose overlap says nothing.
    return table[table["type"].isin(TYPED)].reset_index(drop=True)


def write_paper_table(
    name: str,
    paths: Sequence[str | Path],
    outputs: Mapping[str, str | Path],
    title: str,
    style: Mapping[str, Any],
) -> None:
    """Write a paper table as CSV and as a rendered figure.

    Parameters
    ----------
    name
        table2, table3 or table4.
    paths
        The artefacts it is made of: one languages artefact (table2, table3), or one or more
        overlap artefacts (table4).
    outputs
        Paths under the keys csv, png and pdf; under figure_csv, if given, a second copy of the
        CSV beside the figure.
    title
        What is shown: the comparison and the data set.
    style
        The ``figures`` section of the configuration.

    Raises
    ------
    InputError
        If an artefact is missing or malformed, or ``style`` has a wrong key or value.
    """
    look = read_style(style)
    make, lay_out = _TABLES[name]
    table = make(paths)
    heading, notes, cells, keys, numeric = lay_out(table, paths)
    heading = f"{heading}: {title}"
    figure = figure_table(cells, keys, numeric, heading, notes)
    save(figure, outputs, describe(heading, notes), look.dpi)
    for key in ("csv", "figure_csv"):
        if key in outputs:
            with atomic_path(outputs[key]) as temporary:
                table.to_csv(temporary, index=False, lineterminator="\n")


def _grouped(path: str | Path, flag: str, groups: tuple[str, str]) -> pd.DataFrame:
    table = read_table(path, LANGUAGES)
    rows = []
    for group, member in zip(groups, (True, False), strict=True):
        for kind in table["type"].unique():
            chosen = table[(table[flag] == member) & (table["type"] == kind)]
            if len(chosen):
                rows.append(
                    {
                        "group": group,
                        "n_languages": len(chosen),
                        "languages": " ".join(chosen["language"]),
                        "type": kind,
                        **chosen[list(_NUMBERS)].mean(),
                    }
                )
    return pd.DataFrame(rows, columns=["group", "n_languages", "languages", "type", *_NUMBERS])


def _lay_out_groups(
    heading: str, groups: tuple[str, str], table: pd.DataFrame, paths: Sequence[str | Path]
) -> _Layout:
    cells = pd.DataFrame(
        {
            "languages": [f"{row.group} ({row.n_languages})" for row in table.itertuples()],
            "type": table["type"],
            **{name: table[name].map("{:,.1f}".format) for name in ("before", "after")},
            "change": table["change"].map(partial(signed, decimals=1)),
        }
    )
    members = dict(zip(table["group"], table["languages"], strict=True))
    notes = [
        "Mean number of neurons a language; related neurons count for each of their languages."
    ]
    for group in groups:
        names = ", ".join(english_name(code) for code in members.get(group, "").split())
        notes.append(f"{group.capitalize()}: {names or 'no language, so the table has no row'}.")
    models = read_provenance(paths[0])
    notes.append(f"Before: {models['before']}. After: {models['after']}.")
    return heading, notes, cells, ("languages",), _NUMBERS


def _lay_out_overlap(table: pd.DataFrame, _paths: Sequence[str | Path]) -> _Layout:
    counts = {"n A": "n_first", "n B": "n_second", "n both": "n_both"}
    ratios = {"|A∩B| / |A|": "overlap", "Jaccard": "jaccard"}
    cells = pd.DataFrame(
        {
            "A": table["first"].map(_shorten),
            "B": table["second"].map(_shorten),
            "type": table["type"],
            **{name: table[column].map("{:,}".format) for name, column in counts.items()},
            **{name: table[column].map(_percent) for name, column in ratios.items()},
        }
    )
    notes = [
        "Neurons of one type at the same position (layer and index) in A, the reference, and in "
        "B. Jaccard: |A∩B| / |A∪B|. –: none to share.",
    ]
    return "Overlap of neuron positions", notes, cells, ("A", "B"), (*counts, *ratios)


def _shorten(name: str) -> str:
    # The end of a model's name tells it from its kin as much as the beginning does.
    half = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]}…{name[-half:]}"


def _percent(share: float) -> str:
    return "–" if pd.isna(share) else f"{share:.1%}"


_TABLES: dict[str, tuple[_Maker, _LayOut]] = {
    "table2": (
        lambda paths: table2(*paths),
        partial(_lay_out_groups, "Trained against other languages", _TRAINED),
    ),
    "table3": (
        lambda paths: table3(*paths),
        partial(_lay_out_groups, "Pivot language against the rest", _PIVOT),
    ),
    "table4": (table4, _lay_out_overlap),
}
