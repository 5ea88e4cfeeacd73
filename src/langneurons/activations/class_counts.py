"""Counts of active neurons by class of token (METHOD 10), from the same pass as all counts.

The position of a token counts twice: by the class of that token, the model's input, and by the
class of the next one, which the model is about to write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from langneurons.activations.counts import grid, grid_rows, merge_counts, summed
from langneurons.artifacts.tables import artefact, inherited_provenance, read_arrow, write_table
from langneurons.errors import InputError

#: See `langneurons.activations.token_classes`; a token is in the first class that fits.
CLASSES = SCRIPT_LETTERS, LATIN_LETTERS, DIGITS, PUNCTUATION, FRAGMENTS = (
    "script letters",
    "Latin letters",
    "digits",
    "punctuation and space",
    "byte fragments",
)
POSITIONS = INPUT, NEXT = "input", "next"
#: In place of the next token's class where the text ends.
END = "end"
#: Position and class, in the order of counts.
PLACES = (*((INPUT, name) for name in CLASSES), *((NEXT, name) for name in (*CLASSES, END)))
#: As `langneurons.activations.counts.ACTIVATIONS`, for the response tokens of one language that
#: are of a ``class`` at a ``position``: ``input``, or ``next``, where ``end`` is a class too.
ACTIVATIONS_BY_CLASS = artefact(
    "activations_by_class",
    "language string, position string, class string, layer int32, tokens int64, active [int32]",
)


@dataclass(frozen=True)
class ClassCounts:
    """How often each neuron was active, by language and class of token.

    Attributes
    ----------
    active
        Integer array (K, P, L, D): response tokens of each of the P `PLACES` at which the neuron's
        activation was > 0.
    tokens
        Integer array (K, P): response tokens of each place.
    languages
        The K languages, in the order of the first axis.
    """

    active: np.ndarray
    tokens: np.ndarray
    languages: tuple[str, ...]


def read_class_counts(path: str | Path, languages: Sequence[str]) -> ClassCounts:
    """Read an `ACTIVATIONS_BY_CLASS` artefact into arrays, its languages in the order given.

    Raises
    ------
    InputError
        If the file is unreadable, lacks a language, has an unknown position or class, or does not
        hold every language × place × layer exactly once with the same number of neurons.
    """
    table = read_arrow(path, ACTIVATIONS_BY_CLASS)
    names = pc.binary_join_element_wise(table["position"], table["class"], ": ")
    known = [f"{position}: {name}" for position, name in PLACES]
    place = pc.index_in(names, value_set=pa.array(known))
    if place.null_count:
        found = pc.unique(names.filter(place.is_null())).to_pylist()
        raise InputError(f"{path}: found {', '.join(found)}; expected some of {', '.join(known)}")
    table = table.append_column("place", place)
    return ClassCounts(*grid(table, path, languages, "place", len(PLACES)), tuple(languages))


def write_class_counts(counts: ClassCounts, path: str | Path, provenance: dict[str, Any]) -> None:
    """Write counts by class, rows sorted by language, place and layer."""
    if counts.active.max(initial=0) > np.iinfo(np.int32).max:
        raise InputError(f"{path}: a neuron's count exceeds 2^31; give the data set fewer texts")
    place, rows = grid_rows(counts.active, counts.tokens, counts.languages)
    position, name = np.asarray(PLACES, dtype=object)[place].T
    table = pa.table({"position": pa.array(position), "class": pa.array(name), **rows})
    write_table(table, path, ACTIVATIONS_BY_CLASS, provenance)


def merge_activations(
    shards: Sequence[str | Path],
    class_shards: Sequence[str | Path],
    output: str | Path,
    class_output: str | Path,
    languages: Sequence[str],
) -> None:
    """Sum the activations artefacts of all shares, and those by class of token.

    Raises
    ------
    InputError
        If a shard differs in shape from the first.
    """
    merge_counts(shards, output, languages)
    parts = ((path, read_class_counts(path, languages)) for path in class_shards)
    active, tokens = summed((path, counts.active, counts.tokens) for path, counts in parts)
    provenance = {**inherited_provenance(class_shards[0]), "shards": len(class_shards)}
    write_class_counts(ClassCounts(active, tokens, tuple(languages)), class_output, provenance)
