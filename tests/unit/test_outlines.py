"""What is kept of code from one plan to the next is what a plan would read anew."""

import pytest

from langneurons.artifacts import outlines
from langneurons.artifacts.code import Package
from langneurons.artifacts.outlines import outline

FIRST = '''
"""Two definitions, an import, and what always runs."""
import json
from pack.other import help_out as helper

LIMIT = 3
if LIMIT:
    print(LIMIT)


def work(numbers: "Numbers"):
    return helper.run(json.dumps(numbers), LIMIT, "pack.other.late")


class Numbers(list):
    size: int = 2
'''


@pytest.fixture
def folder(tmp_path):
    """A package in a folder where Snakemake has run."""
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/module.py").write_text(FIRST)
    (tmp_path / "pack/other.py").write_text("late = 1\n\n\ndef help_out():\n    return late\n")
    return tmp_path


def read(folder):
    return outline(folder / "pack/module.py", "pack", folder / ".snakemake/langneurons")


def kept(folder):
    return sorted((folder / ".snakemake/langneurons").glob("*"))


def test_what_was_kept_is_what_was_read(folder, monkeypatch):
    fresh = outline(folder / "pack/module.py", "pack")
    assert fresh.imports == {"helper": [("other", "help_out")]}
    assert fresh.definitions.keys() == {"json", "LIMIT", "work", "Numbers"}
    assert fresh.definitions["work"].uses == [
        *[("LIMIT", None), ("Numbers", None), ("helper", "run"), ("json", "dumps")],
        ("pack.other.late", None),
    ]
    assert len(fresh.always.forms) == 1
    assert read(folder) == fresh
    assert len(kept(folder)) == 1

    def refuse(*_):
        raise AssertionError("read from the syntax tree")

    monkeypatch.setattr(outlines, "Source", refuse)
    assert read(folder) == fresh


def test_digests_are_the_same_with_what_was_kept(folder):
    expected = Package(folder / "pack").digests(["module"])
    assert expected.keys() == {"pack/module.py", "pack/other.py"}
    for _ in range(2):
        package = Package(folder / "pack", folder / ".snakemake/langneurons")
        assert package.digests(["module"]) == expected
    assert len(kept(folder)) == 2


def test_an_edit_and_another_version_are_read_anew(folder, monkeypatch):
    first = read(folder)
    path = folder / "pack/module.py"
    path.write_text(FIRST.replace("LIMIT = 3", "LIMIT = 4"))
    assert read(folder) != first
    assert len(kept(folder)) == 2
    monkeypatch.setattr(outlines, "_made_by", lambda: b"another")
    read(folder)
    assert len(kept(folder)) == 3


@pytest.mark.parametrize("damage", ["", "{}", '{"imports": [', "[1]"])
def test_what_is_damaged_is_read_anew(folder, damage):
    expected = read(folder)
    (path,) = kept(folder)
    path.write_text(damage)
    assert read(folder) == expected
    assert path.read_text() != damage


def test_nothing_is_kept_where_snakemake_has_not_run_or_nothing_can_be_written(folder):
    expected = outline(folder / "pack/module.py", "pack")
    absent = folder / "elsewhere/.snakemake/langneurons"
    assert outline(folder / "pack/module.py", "pack", absent) == expected
    assert not (folder / "elsewhere").exists()
    (folder / ".snakemake/langneurons").write_text("a file, where there should be a folder")
    assert read(folder) == expected
