"""Artefacts appear whole or not at all, hold what their schema says, and record their making."""

import errno
import os
import signal
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import langneurons
from langneurons.artifacts import tables
from langneurons.artifacts.atomic import atomic_path
from langneurons.artifacts.cells import Measurement, measure_cells
from langneurons.artifacts.tables import (
    artefact,
    read_arrow,
    read_provenance,
    read_table,
    write_table,
)
from langneurons.errors import InputError

SCHEMA = pa.schema([pa.field("layer", pa.int32(), False), pa.field("score", pa.float64())])
TABLE = pd.DataFrame({"score": [0.5, None, 2.0], "layer": [0, 1, 2]})


def names(folder):
    """Everything in a folder, hidden files too."""
    return sorted(os.listdir(folder))


def test_exception_inside_leaves_no_file(tmp_path):
    def interrupted():
        with atomic_path(tmp_path / "a.parquet") as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


def test_failing_rewrite_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(TABLE, path, SCHEMA)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="non-nullable"):
        write_table(TABLE.assign(layer=[0, None, 2]), path, SCHEMA)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["a.parquet"]


def test_file_appears_only_when_complete(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    with atomic_path(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.parent == path.parent
        assert temporary.suffix == ".txt"
    assert path.read_text() == "whole"
    assert names(path.parent) == ["a.txt"]


def test_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    script = (
        "import os, signal, sys\n"
        "from langneurons.artifacts.atomic import atomic_path\n"
        "with atomic_path(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(tmp_path, umask, mode):
    previous = os.umask(umask)
    try:
        write_table(TABLE, tmp_path / "a.parquet", SCHEMA)
        assert os.umask(umask) == umask  # as it was before
    finally:
        os.umask(previous)
    assert (tmp_path / "a.parquet").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(
    ("code", "reason"),
    [(errno.ENOSPC, "no space left on device"), (errno.EDQUOT, "disk quota exceeded")],
)
def test_full_disk_is_one_clear_sentence(tmp_path, monkeypatch, code, reason):
    def full(table, where, **options):
        where.write_bytes(b"half")
        raise OSError(code, "Error writing bytes to file")

    path = tmp_path / "a.parquet"
    monkeypatch.setattr(tables.pq, "write_table", full)
    with pytest.raises(InputError) as caught:
        write_table(TABLE, path, SCHEMA)
    assert str(caught.value) == f"{path}: cannot be written: {reason}; make room and run again"
    assert names(tmp_path) == []


def test_file_size_limit_met_by_a_real_write(tmp_path):
    # The kernel stops the write half-way, as on a full disk; 27 is File too large.
    script = (
        "import resource, signal, sys\n"
        "import numpy as np, pyarrow as pa\n"
        "from langneurons.artifacts.tables import write_table\n"
        "from langneurons.errors import InputError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "table = pa.table({'x': np.random.default_rng(0).random(10_000)})\n"
        "try:\n"
        "    write_table(table, sys.argv[1], table.schema)\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    path = tmp_path / "a.parquet"
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{path}: cannot be written: file too large; make room and run again\n"
    assert names(tmp_path) == []


def test_other_system_errors_pass_through(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        write_table(TABLE, tmp_path / "file" / "a.parquet", SCHEMA)


@pytest.mark.parametrize("convert", [lambda frame: frame, pa.Table.from_pandas])
@pytest.mark.parametrize("change", [{"drop": "score"}, {"add": "surplus"}])
def test_columns_that_differ_from_the_schema_are_refused(tmp_path, convert, change):
    table = TABLE.drop(columns="score") if "drop" in change else TABLE.assign(surplus=1)
    with pytest.raises(ValueError, match=r"a\.parquet: columns .* differ from the schema's"):
        write_table(convert(table), tmp_path / "a.parquet", SCHEMA)
    assert names(tmp_path) == []


def test_values_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(ValueError, match="truncated"):
        write_table(TABLE.assign(layer=0.5), tmp_path / "a.parquet", SCHEMA)
    with pytest.raises(ValueError, match="null values to non-nullable"):
        write_table(
            pa.table({"layer": pa.array([None], pa.int32()), "score": [1.0]}),
            tmp_path / "a.parquet",
            SCHEMA,
        )
    assert names(tmp_path) == []


def test_columns_come_back_in_the_order_and_types_of_the_schema(tmp_path):
    write_table(TABLE, tmp_path / "a.parquet", SCHEMA)
    table = read_arrow(tmp_path / "a.parquet", SCHEMA)
    assert table.schema.remove_metadata().equals(SCHEMA)
    assert table.to_pydict() == {"layer": [0, 1, 2], "score": [0.5, None, 2.0]}
    frame = read_table(tmp_path / "a.parquet", SCHEMA)
    pd.testing.assert_frame_equal(frame, TABLE[["layer", "score"]], check_dtype=False)


def test_two_writes_give_identical_bytes(tmp_path):
    for name in ("a", "b"):
        write_table(TABLE, tmp_path / name, SCHEMA, {"seed": 1, "inputs": ["x"]})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_provenance_round_trip(tmp_path):
    facts = {"seed": 7, "parameters": {"top_rate": 0.01}, "languages": ["ไทย", "en"]}
    write_table(TABLE, tmp_path / "a.parquet", SCHEMA, facts)
    found = read_provenance(tmp_path / "a.parquet")
    versions = found.pop("versions")
    assert found == facts
    assert versions["langneurons"] == langneurons.__version__
    assert versions["pyarrow"] == pa.__version__


def test_file_of_another_writer_has_no_provenance(tmp_path):
    pq.write_table(pa.table({"layer": [1]}), tmp_path / "a.parquet")
    assert read_provenance(tmp_path / "a.parquet") == {}


def test_absent_file(tmp_path):
    with pytest.raises(InputError, match=r"absent\.parquet: no such file"):
        read_table(tmp_path / "absent.parquet", SCHEMA)


def test_file_cut_anywhere_is_unreadable(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(TABLE, path, SCHEMA)
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"a\.parquet: not a readable Parquet file .*delete"):
            read_table(path, SCHEMA)


def test_missing_column_is_named_with_those_found(tmp_path):
    pq.write_table(pa.table({"layer": pa.array([1], pa.int32())}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"expected a column 'score', found \['layer'\]"):
        read_table(tmp_path / "a.parquet", SCHEMA)


def test_wrong_type_is_named_with_the_one_expected(tmp_path):
    pq.write_table(pa.table({"layer": ["0"], "score": [1.0]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="column 'layer' has type string, expected int32"):
        read_table(tmp_path / "a.parquet", SCHEMA)


def test_a_cell_is_kept_for_its_facts_keys_neurons_and_format(tmp_path):
    first, second = (artefact("cells", "number int32", version) for version in (1, 2))
    measured = []

    def cell(facts=("a",), keys=("k",), neurons=(b"01",), schema=first):
        def rows(_):
            measured.append(len(measured))
            return pd.DataFrame({"number": measured[-1:]})

        measurement = Measurement(rows, lambda _: keys, lambda _: neurons, {"of": facts})
        output = tmp_path / "all.parquet"
        measure_cells([None], measurement, output, schema, {}, "measuring", progress=False)
        return read_table(output, schema)["number"].to_list()[0]

    changes = [{}, {"facts": ["b"]}, {"keys": ["l"]}, {"neurons": [b"10"]}, {"schema": second}]
    assert [cell(**change) for change in changes] == [0, 1, 2, 3, 4]
    assert [cell(**change) for change in changes] == [0, 1, 2, 3, 4]
    assert measured == [0, 1, 2, 3, 4]
