"""Folders: whole or not at all, and with the files that they must have."""

import errno
import hashlib

import pytest
from safetensors import SafetensorError

from langneurons.artifacts.atomic import atomic_folder
from langneurons.artifacts.digests import file_digest
from langneurons.artifacts.folders import file_in
from langneurons.errors import InputError


@pytest.fixture
def old(tmp_path):
    """A folder with a file, where a new folder is to be written."""
    (tmp_path / "deep/folder").mkdir(parents=True)
    (tmp_path / "deep/folder/old.txt").touch()
    return tmp_path / "deep/folder"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_once_it_is_whole(tmp_path):
    with atomic_folder(tmp_path / "deep/folder") as folder:
        (folder / "file.txt").touch()
        assert not (tmp_path / "deep/folder").exists()
    assert names(tmp_path / "deep") == ["folder"]
    assert names(tmp_path / "deep/folder") == ["file.txt"]


def test_a_new_folder_takes_the_place_of_the_old_one(old):
    with atomic_folder(old) as folder:
        (folder / "new.txt").touch()
        assert names(old) == ["old.txt"]
    assert names(old) == ["new.txt"]


def test_what_a_killed_job_left_is_not_in_the_next_folder(old):
    (old.parent / ".folder.partial").mkdir()
    (old.parent / ".folder.partial/half.txt").touch()
    with atomic_folder(old) as folder:
        assert names(folder) == []
    assert names(old.parent) == ["folder"]


def test_an_error_leaves_the_old_folder_and_nothing_else(old):
    def fails():
        with atomic_folder(old) as folder:
            (folder / "new.txt").touch()
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fails()
    assert names(old.parent) == ["folder"]
    assert names(old) == ["old.txt"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "writing"),
        SafetensorError("I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_one_clear_sentence(old, error):
    with pytest.raises(InputError) as caught, atomic_folder(old):
        raise error
    reason = "no space left on device; make room and run again"
    assert str(caught.value) == f"{old}: cannot be written: {reason}"


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "no"), SafetensorError("(os error 13)")])
def test_other_errors_of_the_system_pass_through(old, error):
    with pytest.raises(type(error)), atomic_folder(old):
        raise error


def test_a_file_in_a_folder(tmp_path):
    (tmp_path / "a.txt").touch()
    assert file_in(tmp_path, "a.txt") == tmp_path / "a.txt"


def test_a_file_that_is_not_in_a_folder(tmp_path):
    for name in ("b.txt", "a.txt", "a.csv"):
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"no file 'c.txt'; .txt files there: a.txt, b.txt$"):
        file_in(tmp_path, "c.txt")
    with pytest.raises(InputError, match=r"no file 'c.tsv'; .tsv files there: none$"):
        file_in(tmp_path, "c.tsv")
    with pytest.raises(InputError, match=r"no file 'folder.csv'"):
        file_in(tmp_path, "folder.csv")


def test_the_digest_of_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"langneurons")
    assert file_digest(tmp_path / "a") == hashlib.sha256(b"langneurons").hexdigest()


def test_the_readme_of_a_folder_is_named_where_a_file_lacks(tmp_path):
    (tmp_path / "README.md").touch()
    with pytest.raises(InputError, match=r"files there: none \(see .*/README\.md\)"):
        file_in(tmp_path, "model.gguf")
