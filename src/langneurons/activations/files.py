"""Find files of published activation counts by name; planning a run reads nothing else."""

from collections.abc import Sequence
from pathlib import Path

from langneurons.errors import InputError


def counts_files(folder: str | Path, languages: Sequence[str]) -> dict[str, tuple[Path, Path]]:
    """Find each language's full file and prefix file in ``folder``, reading names only.

    Returns
    -------
    dict
        language → (full file, prefix file).

    Raises
    ------
    InputError
        If the folder is absent, a language has no full file, no prefix file or several of either,
        or the files belong to more than one model.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of activation counts")
    files: dict[str, tuple[Path, Path]] = {}
    models: dict[str, str] = {}
    for language in languages:
        full = f"activation.{language}."
        files[language] = _only(folder, full, language), _only(folder, f"prefix.{full}", language)
        for path in files[language]:
            model = path.name.partition(full)[2].removesuffix(".pt")
            models.setdefault(model, path.name)
    if len(models) > 1:
        examples = ", ".join(f"{model} ({name})" for model, name in models.items())
        raise InputError(f"{folder}: expected the files of one model, found {examples}")
    return files


def _only(folder: Path, beginning: str, language: str) -> Path:
    pattern = f"{beginning}*.pt"
    matches = sorted(folder.glob(pattern))
    if len(matches) != 1:
        found = ", ".join(path.name for path in matches) or "none"
        raise InputError(
            f"{folder}: expected exactly one file {pattern} for language {language!r}, "
            f"found {found}"
        )
    return matches[0]
