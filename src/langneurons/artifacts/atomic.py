"""Atomic writes: a file appears under its final name only when it is complete.

A job that is killed at any moment leaves at most a hidden temporary file beside it.
"""

import errno
import os
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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary_beside(path) as temporary:
            yield temporary
            # mkstemp makes private files; artefacts get the permissions of the user's umask.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        reason = os.strerror(error.errno).lower()
        raise InputError(f"{path}: cannot be written: {reason}; make room and run again") from None


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
