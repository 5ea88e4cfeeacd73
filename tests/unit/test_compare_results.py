"""The program that compares two results folders sees every difference in the data, and no other."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from compare_results import differences

from langneurons.artifacts.tables import artefact, write_table

TABLE = artefact("toy", "name string, value float64?, parts [int32]")
ROWS = pd.DataFrame({"name": ["a", "b"], "value": [0.1, float("nan")], "parts": [[1], [2, 3]]})


def write(folder: Path, rows: pd.DataFrame = ROWS, provenance: str = "x") -> Path:
    write_table(rows, folder / "neurons/toy.parquet", TABLE, {"made": provenance})
    (folder / "tables").mkdir()
    (folder / "tables/toy.csv").write_text("a,b\n1,2\n")
    (folder / "masks").mkdir()
    torch.save([[torch.tensor([1, 2]), torch.tensor([3])]], folder / "masks/toy.pt")
    (folder / "logs").mkdir()
    (folder / "logs/toy.csv").write_text(provenance)
    return folder


@pytest.fixture
def pair(tmp_path):
    return write(tmp_path / "one"), write(tmp_path / "two", provenance="y")


def test_equal_data_is_equal_whatever_its_provenance_and_logs(pair):
    assert differences(*pair) == []


def test_a_value_in_its_last_digit_is_seen(tmp_path):
    rows = ROWS.assign(value=[0.1 + 2**-56, float("nan")])
    assert rows["value"][0] != ROWS["value"][0]
    lines = differences(write(tmp_path / "one"), write(tmp_path / "two", rows))
    assert lines == ["neurons/toy.parquet: other values in column 'value'"]


@pytest.mark.parametrize(
    ("column", "values"), [("name", ["a", "c"]), ("value", [0.1, 0.2]), ("parts", [[1], [3, 2]])]
)
def test_other_values_are_seen_in_any_column(tmp_path, column, values):
    lines = differences(
        write(tmp_path / "one"), write(tmp_path / "two", ROWS.assign(**{column: values}))
    )
    assert lines == [f"neurons/toy.parquet: other values in column '{column}'"]


def test_a_missing_and_an_additional_row_are_seen(tmp_path):
    lines = differences(write(tmp_path / "one"), write(tmp_path / "two", ROWS.head(1)))
    assert lines == ["neurons/toy.parquet: 2 rows against 1"]


def test_other_masks_texts_and_files_are_seen(pair):
    one, two = pair
    torch.save([[torch.tensor([1, 2]), torch.tensor([4])]], two / "masks/toy.pt")
    (two / "tables/toy.csv").write_text("a,b\n1,3\n")
    (two / "tables/new.csv").write_text("")
    assert differences(one, two) == [
        f"tables/new.csv: only in {two}",
        "masks/toy.pt: other neurons",
        "tables/toy.csv: other text",
    ]


def test_an_empty_folder_is_not_equal_to_anything(tmp_path):
    assert differences(tmp_path, tmp_path) == [f"{tmp_path}: no data"]
