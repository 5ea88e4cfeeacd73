"""An artefact says which format it is in, and another format is refused with what to do."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import langneurons
from langneurons.artifacts.tables import (
    PROVENANCE_KEY,
    artefact,
    inherited_provenance,
    read_arrow,
    read_provenance,
    read_table,
    write_table,
)
from langneurons.errors import InputError

COLUMNS = "layer int32, score float64?"
FIRST, SECOND = artefact("neurons", COLUMNS), artefact("neurons", COLUMNS, version=2)
TABLE = pd.DataFrame({"layer": [0, 1], "score": [0.5, None]})


def test_columns_have_the_types_written():
    expected = [
        pa.field("layer", pa.int32(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("languages", pa.list_(pa.string()), nullable=False),
        pa.field("counts", pa.list_(pa.int64())),
    ]
    found = artefact("a", "layer int32, score float64?, languages [string], counts [int64]?")
    assert found.equals(pa.schema(expected))


@pytest.mark.parametrize("schema", [FIRST, SECOND])
def test_round_trip(tmp_path, schema):
    path = tmp_path / "a.parquet"
    write_table(TABLE, path, schema, {"seed": 7})
    assert read_arrow(path, schema).to_pydict() == {"layer": [0, 1], "score": [0.5, None]}
    facts = read_provenance(path)
    assert facts.pop("versions")["langneurons"] == langneurons.__version__
    assert facts == {"seed": 7}  # the format stands beside the provenance


def test_arrow_tables_get_the_format_too(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(pa.table({"layer": [0], "score": [1.0]}), path, FIRST)
    with pytest.raises(InputError, match="expected 'neurons' in format 2"):
        read_table(path, SECOND)


def test_older_format_is_to_be_made_again(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(TABLE, path, FIRST, {"versions": {"langneurons": "0.1.0"}})
    with pytest.raises(InputError) as caught:
        read_table(path, SECOND)
    assert str(caught.value) == (
        f"{path}: holds 'neurons' in format 1, written by langneurons 0.1.0; expected 'neurons' in "
        f"format 2; make it again with `snakemake --cores all --force {path}`"
    )


def test_newer_format_needs_newer_code(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(TABLE, path, SECOND, {"versions": {"langneurons": "9.0.0"}})
    with pytest.raises(InputError) as caught:
        read_table(path, FIRST)
    assert str(caught.value) == (
        f"{path}: holds 'neurons' in format 2, written by langneurons 9.0.0; expected 'neurons' in "
        f"format 1; update langneurons (this is {langneurons.__version__})"
    )


def write_without_format(path):
    """As langneurons 0.1.0 wrote artefacts, before formats had versions."""
    facts = json.dumps({"versions": {"langneurons": "0.1.0"}})
    table = pa.Table.from_pandas(TABLE, schema=FIRST, preserve_index=False)
    pq.write_table(table.replace_schema_metadata({PROVENANCE_KEY: facts}), path)


def test_file_without_a_format_counts_as_the_first(tmp_path):
    path = tmp_path / "a.parquet"
    write_without_format(path)
    assert read_table(path, FIRST)["layer"].tolist() == [0, 1]
    with pytest.raises(InputError, match=r"in format 1, written by langneurons 0\.1\.0; .*force"):
        read_table(path, SECOND)


def test_file_of_an_unknown_writer_says_so(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"layer": [1]}), path)
    with pytest.raises(InputError, match="written by langneurons of unknown version"):
        read_table(path, SECOND)


@pytest.mark.parametrize("version", [1, 2])
def test_another_artefact_is_refused_whatever_its_columns(tmp_path, version):
    path = tmp_path / "a.parquet"
    write_table(TABLE, path, artefact("phases", COLUMNS, version))
    message = (
        f"holds 'phases' in format {version}, .*; expected 'neurons' in format 1; make it again"
    )
    with pytest.raises(InputError, match=message):
        read_table(path, FIRST)


def test_columns_can_be_selected_from_any_format(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(TABLE, path, SECOND)
    assert read_table(path, pa.schema([("layer", pa.int32())])).columns.tolist() == ["layer"]


def test_what_is_made_of_shares_inherits_all_but_share_and_versions(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(TABLE, path, FIRST, {"seed": 7, "share": [1, 2]})
    assert inherited_provenance(path) == {"seed": 7}
