"""Data sets on the Hugging Face hub, or in a local folder in its layout; no remote code runs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langneurons.corpora.entries import Entry
from langneurons.corpora.files import Row
from langneurons.corpora.tabular import (
    LANGUAGE_FIELD,
    demand_columns,
    entries_of_language,
    entries_of_rows,
)
from langneurons.errors import InputError


def read_hub(dataset: Mapping[str, Any], languages: Sequence[str]) -> Iterator[Entry]:
    """Yield the problems in a data set's ``split``, optionally from one ``subset`` per language.

    ``path`` is a hub id or a folder, and ``revision`` one of its commits. ``subset`` may contain
    the field ``{language}``. ``columns`` are those of `langneurons.corpora.tabular.read_tabular`.

    Raises
    ------
    InputError
        If the data set, subset or split cannot be loaded, or columns are missing.
    """
    columns, subset = dataset["columns"], dataset.get("subset")
    per_language = LANGUAGE_FIELD in (subset or "")
    demand_columns(columns, per_language)
    if subset is None or not per_language:
        label = _label(dataset, subset)
        yield from entries_of_rows(_rows(dataset, subset), columns, languages, label)
        return
    for language in languages:
        name = subset.replace(LANGUAGE_FIELD, language)
        rows = _rows(dataset, name)
        yield from entries_of_language(rows, columns, language, _label(dataset, name))


def _rows(dataset: Mapping[str, Any], subset: str | None) -> Iterator[Row]:
    import datasets

    label = _label(dataset, subset)
    try:
        table = datasets.load_dataset(
            dataset["path"], subset, split=dataset["split"], revision=dataset.get("revision")
        )
    # RuntimeError: the data set needs remote code; OSError: no network or no such file.
    except (datasets.exceptions.DatasetsError, ValueError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{label}: cannot be loaded ({reason})") from None
    for number, row in enumerate(table, start=1):
        yield f"{label}, row {number}", row


def _label(dataset: Mapping[str, Any], subset: str | None) -> str:
    return ":".join(filter(None, (dataset["path"], subset, dataset["split"])))
