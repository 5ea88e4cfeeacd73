"""Files that a folder must have."""

from pathlib import Path

from langneurons.errors import InputError


def file_in(folder: str | Path, name: str) -> Path:
    """Return the path of a file that must be in a folder.

    Raises
    ------
    InputError
        If it is not there; the message lists the files with its suffix that are, and names the
        folder's README, which may say where the file comes from.
    """
    path = Path(folder, name)
    if not path.is_file():
        others = sorted(file.name for file in Path(folder).glob(f"*{path.suffix}"))
        listed = f"{path.suffix} files there: {', '.join(others) or 'none'}"
        readme = Path(folder, "README.md")
        see = f" (see {readme})" if readme.is_file() else ""
        raise InputError(f"{folder}: no file {name!r}; {listed}{see}")
    return path
