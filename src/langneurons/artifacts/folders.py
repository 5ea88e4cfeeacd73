"""Files that a folder must have."""

from pathlib import Path

from langneurons.errors import InputError


def file_in(folder: str | Path, name: str) -> Path:
    """Return the path of a file that must be in a folder.

    Raises
    ------
    InputError
        If it is not there; the message lists the files with its suffix that are.
    """
    path = Path(folder, name)
    if not path.is_file():
        others = sorted(file.name for file in Path(folder).glob(f"*{path.suffix}"))
        raise InputError(
            f"{folder}: no file {name!r}; {path.suffix} files there: {', '.join(others) or 'none'}"
        )
    return path
