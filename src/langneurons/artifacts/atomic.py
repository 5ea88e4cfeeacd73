"""Atomic writes: a file or folder appears under its final name only when it is complete.

A job that is killed at any moment leaves at most something hidden and temporary beside it.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from langneurons.errors import InputError

#: Full disk, exhausted quota, file size limit: errors that the user can fix by making room.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that becomes ``path`` on success.

    The temporary file keeps the suffix of ``path`` (writers choose a format by it) and is removed
    if the block raises.

    Raises
    ------
    InputError
        If there is no room for the file: a full disk, an exhausted quota, a file size limit.
    """
    path = Path(path)
    with _refusing_full_disks(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary_beside(path) as temporary:
            yield temporary
            # mkstemp makes private files; artefacts get the permissions of the user's umask.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a new folder beside ``path`` that takes its place on success.

    A folder that is at ``path`` already stays until then. The new one is removed if the block
    raises; what a killed job leaves of it goes when the next one begins.

    Raises
    ------
    InputError
        As `atomic_path`.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    with _refusing_full_disks(path):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            shutil.rmtree(path, ignore_errors=True)
            partial.rename(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _refusing_full_disks(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        number = _number(error)
        if number not in _NO_ROOM:
            raise
        reason = os.strerror(number).lower()
        raise InputError(f"{path}: cannot be written: {reason}; make room and run again") from None


def _number(error: Exception) -> int:
    """Return the number of a system's error, or 0; libraries in Rust put it into the text."""
    said = re.search(r"\(os error (\d+)\)", str(error))
    return getattr(error, "errno", None) or (int(said[1]) if said else 0)


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
