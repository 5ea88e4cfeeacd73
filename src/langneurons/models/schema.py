"""Columns of a model card, and how it is read."""

from pathlib import Path

import pandas as pd

from langneurons.artifacts.tables import artefact, read_table

#: One row: what a model is. ``context_length`` is null if positions are not bounded (ALiBi),
#: ``revision`` if the model is not from the hub. Of a model that the workflow aligned,
#: ``update_norm`` is ‖ΔW‖, the Frobenius norm of its update, and ``merge_error`` the share of it
#: that rounding lost.
MODEL = artefact(
    "model",
    "model string, architecture string, layers int32, neurons_per_layer int32, "
    "activation_function string, gated bool, hidden_size int32, vocabulary_size int32, "
    "context_length int32?, parameters int64, checkpoint_dtype string, tokenizer_digest string, "
    "revision string?, update_norm float64?, merge_error float64?",
    version=2,
)
#: The file, in the folder of a checkpoint, that says what merging an adapter did.
MERGED = "alignment.json"


def read_card(path: str | Path) -> pd.Series:
    """Read a card's only row; ``context_length`` is None if the model states none."""
    row = read_table(path, MODEL).iloc[0].astype(object)
    row["context_length"] = None if pd.isna(row["context_length"]) else int(row["context_length"])
    return row
