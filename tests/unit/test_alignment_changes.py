"""The table of what alignments and their controls change."""

import pandas as pd
import pyarrow as pa

from langneurons.artifacts.tables import write_table
from langneurons.comparison.changes import TOTALS
from langneurons.models.schema import MODEL
from langneurons.tables import alignment_changes

#: Type → its neurons before and after, and the interval of the change.
_ALIGNED = {"specific": (7, 5, -4, 0), "related": (5, 7, 1, 3), "general": (10, 13, -1, 7)}
_SHUFFLED = {"specific": (7, 4, -5, -1), "related": (5, 4, -3, 1), "general": (10, 12, 1, 3)}


def comparison(path, after, control, counts):
    rows = [
        (kind, before, now, now - before, low, high, low > 0 or high < 0, 0)
        for kind, (before, now, low, high) in {**counts, "other": (7, 7, 0, 0)}.items()
    ]
    facts = {"before": "base", "after": after, "control": control}
    write_table(pd.DataFrame(rows, columns=TOTALS.names), path, TOTALS, facts)
    return path


def card(path, norm):
    row = dict.fromkeys(MODEL.names) | {
        **dict.fromkeys(["model", "architecture", "activation_function"], "x"),
        **dict.fromkeys(["checkpoint_dtype", "tokenizer_digest"], "x"),
        **dict.fromkeys(["layers", "neurons_per_layer", "hidden_size"], 2),
        **dict.fromkeys(["vocabulary_size", "parameters"], 2),
        "gated": True,
        "update_norm": norm,
    }
    write_table(pa.Table.from_pylist([row], schema=MODEL).to_pandas(), path, MODEL)
    return path


def test_an_alignment_and_its_control_stand_side_by_side(tmp_path):
    totals = [
        comparison(tmp_path / "a", "aligned", None, _ALIGNED),
        comparison(tmp_path / "c", "shuffled", "target_only", _SHUFFLED),
    ]
    cards = [card(tmp_path / "ac", 1.5), card(tmp_path / "cc", 0.25)]
    table = alignment_changes.make(totals, cards)
    numbers = table[[*table.columns[:8]]]
    assert table.columns[8:].tolist() == ["change_low", "change_high", "changed", "refitting"]
    assert [tuple(row) for row in numbers.itertuples(index=False)] == [
        ("base", "aligned", "alignment", 1.5, "specific", 7, 5, -2),
        ("base", "aligned", "alignment", 1.5, "related", 5, 7, 2),
        ("base", "aligned", "alignment", 1.5, "general", 10, 13, 3),
        ("base", "shuffled", "target only", 0.25, "specific", 7, 4, -3),
        ("base", "shuffled", "target only", 0.25, "related", 5, 4, -1),
        ("base", "shuffled", "target only", 0.25, "general", 10, 12, 2),
    ]
    cells = alignment_changes.lay_out(table).cells
    assert cells["model"].tolist() == ["base", "aligned", "shuffled"]
    assert cells["role"].tolist() == ["", "alignment", "target only"]
    assert cells["‖ΔW‖"].tolist() == ["", "1.5", "0.25"]
    assert cells["specific"].tolist() == ["7", "5", "4"]
    assert cells["Δ specific [95 %]"].tolist() == ["", "−2 [−4, 0]", "−3 [−5, −1]"]
