"""What digests need to know of one file of code, kept from one plan to the next.

To read it from the files' syntax trees takes a good second of each plan, and on a cluster each job
plans anew. What is kept is found by what the file holds, so that nothing kept is ever out of date.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from langneurons.artifacts import source
from langneurons.artifacts.atomic import atomic_path
from langneurons.artifacts.source import Source, normal_form
from langneurons.errors import InputError


@dataclass(frozen=True)
class Part:
    """The statements that define one name, or those that always run."""

    forms: list[str]
    """What each one computes: its `normal_form`."""
    uses: list[tuple[str, str | None]]
    """The names that they use, as `Source.uses` returns them."""


@dataclass(frozen=True)
class Outline:
    """One file."""

    imports: dict[str, list[tuple[str, str]]]
    """Names imported from the package, each with the modules' names and what was imported."""
    definitions: dict[str, Part]
    """The names that are defined at the top of the file."""
    always: Part
    """What runs whenever the file is imported."""


_OUTLINE = TypeAdapter(Outline)


def outline(path: Path, package: str, kept: Path | None = None) -> Outline:
    """Return the outline of a Python file.

    Parameters
    ----------
    path
        The file.
    package
        Name of the package whose imports are told apart from others.
    kept
        Folder of the outlines of earlier plans. It is made where its parent exists; if it cannot
        be written to, nothing is kept.
    """
    if kept is None or not kept.parent.is_dir():
        return _read(path, package)
    content = b"\n".join([_made_by(), package.encode(), path.read_bytes()])
    place = kept / f"{hashlib.sha256(content).hexdigest()[:32]}.json"
    with suppress(OSError, ValidationError):  # not there, or damaged
        return _OUTLINE.validate_json(place.read_bytes())
    found = _read(path, package)
    with suppress(OSError, InputError), atomic_path(place) as temporary:
        temporary.write_bytes(_OUTLINE.dump_json(found))
    return found


def _read(path: Path, package: str) -> Outline:
    """Read an outline from a file's syntax tree."""
    file = Source(path, package)
    imports = {
        name: sorted((imported.module, imported.name) for imported in several)
        for name, several in file.imports.items()
    }
    parts = [
        Part(
            [normal_form(statement) for statement in statements],
            sorted(
                set().union(*map(file.uses, statements)), key=lambda use: (use[0], use[1] or "")
            ),
        )
        for statements in (*file.definitions.values(), file.always)
    ]
    *defined, always = parts
    return Outline(imports, dict(zip(file.definitions, defined, strict=True)), always)


@cache
def _made_by() -> bytes:
    """Return the code that makes outlines: another version's are not read."""
    return b"\n".join(Path(file).read_bytes() for file in (__file__, source.__file__))
