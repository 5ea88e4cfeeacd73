"""Digests of the source code that a result depends on.

A rule takes them as a parameter, so that an edit reruns the rules whose results it can change, and
only those.
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

#: Modules that carry results but do not shape them: editing these reruns nothing.
PLUMBING = {"artifacts.atomic", "artifacts.tables", "errors", "job"}


def digests(package: Path, modules: Iterable[str]) -> dict[str, str]:
    """Return digests of the files of modules and of everything that they import.

    Parameters
    ----------
    package
        The folder of the package.
    modules
        Names within the package, such as ``phases.segmentation``.

    Returns
    -------
    dict
        Path relative to the package's parent → digest, sorted by path.

    Raises
    ------
    KeyError
        If the package has no module of a given name.
    """
    found: dict[Path, str] = {}
    queue = list(modules)
    for name in queue:
        if _file(package, name) is None:
            raise KeyError(f"no module {name!r} in {package}")
    while queue:
        name = queue.pop()
        path = _file(package, name)
        if path is None or path in found or name in PLUMBING:
            continue
        found[path], imported = _read(path, package.name)
        parent = name.rpartition(".")[0]
        queue += [*([parent] if parent else []), *imported]
    return {str(path.relative_to(package.parent)): found[path] for path in sorted(found)}


@cache
def _file(package: Path, name: str) -> Path | None:
    path = package.joinpath(*name.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


@cache
def _read(path: Path, package: str) -> tuple[str, list[str]]:
    """Return the digest of a file, and the modules or names it imports from the package."""
    source = path.read_bytes()
    imported = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package:
            parent = node.module.partition(".")[2]
            imported += [parent, *(f"{parent}.{one.name}".lstrip(".") for one in node.names)]
    return hashlib.sha256(source).hexdigest()[:12], [name for name in imported if name]
