"""Digests of the code that a result depends on.

A rule takes them as a parameter, so that an edit reruns the rules whose results it can change, and
only those. What a rule depends on is found by following names: from its script to the functions
that it calls, from each function to those that it names, and so on. A class counts as a whole.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from langneurons.artifacts.outlines import Outline, outline

#: Modules that carry results, or say how far they are, but do not shape them: editing these
#: reruns nothing.
PLUMBING = frozenset(
    {
        "alignment.progress",
        "artifacts.atomic",
        "artifacts.progress",
        "artifacts.tables",
        "errors",
        "job",
        "models.memory",
        "preloaded",
    }
)

#: What was reached in one file: its path, and the names defined there.
Reached = dict[Path, set[str]]


class Package:
    """A package whose code is followed by names.

    Parameters
    ----------
    folder
        The folder of the package.
    kept
        Where to keep what files hold from one plan to the next, see `outline`.
    """

    def __init__(self, folder: Path, kept: Path | None = None) -> None:
        self._folder, self._kept = folder, kept

    def digests(self, modules: Iterable[str], scripts: Iterable[Path] = ()) -> dict[str, str]:
        """Return digests of what modules and scripts reach, by file.

        Parameters
        ----------
        modules
            Names within the package, such as ``figures.transitions``; all that they define is
            reached.
        scripts
            Files outside the package, which also count as a whole.

        Returns
        -------
        dict
            File, relative to the package's parent or, for scripts, by name → digest.

        Raises
        ------
        KeyError
            If the package has no such module.
        """
        found = {}
        for path, names in sorted(self.reached(modules, scripts).items()):
            inside = path.is_relative_to(self._folder)
            key = str(path.relative_to(self._folder.parent)) if inside else path.name
            found[key] = self._digest(path, frozenset(names))
        return found

    def reached(self, modules: Iterable[str], scripts: Iterable[Path] = ()) -> Reached:
        """Return what modules and scripts reach, plumbing left out; see `digests`."""
        found: Reached = {}
        queue: list[tuple[Path, str]] = []
        for name in modules:
            path = self._file(name)
            if path is None:
                raise KeyError(f"no module {name!r} in {self._folder}")
            queue += self._all(path)
        for script in scripts:
            queue += self._all(script)
        while queue:
            path, name = queue.pop()
            names = found.setdefault(path, set())
            if name not in names:
                names.add(name)
                queue += self._leads_to(path, name)
        return found

    @cache  # noqa: B019  one package lives as long as the process
    def _digest(self, path: Path, names: frozenset[str]) -> str:
        file = self._outline(path)
        parts = [
            f"{name}: {form}"
            for name in sorted(names - {""})
            for form in file.definitions[name].forms
        ]
        parts += file.always.forms
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    @cache  # noqa: B019
    def _outline(self, path: Path) -> Outline:
        return outline(path, self._folder.name, self._kept)

    @cache  # noqa: B019
    def _file(self, module: str) -> Path | None:
        path = self._folder.joinpath(*module.split("."))
        candidates = (path.with_suffix(".py"), path / "__init__.py")
        return next((candidate for candidate in candidates if candidate.is_file()), None)

    def _all(self, path: Path) -> list[tuple[Path, str]]:
        return [(path, name) for name in ("", *self._outline(path).definitions)]

    @cache  # noqa: B019
    def _leads_to(self, path: Path, name: str) -> list[tuple[Path, str]]:
        """Return the definitions that a definition names. ``""`` is what always runs in a file."""
        file = self._outline(path)
        found = [] if name == "" else [(path, "")]
        for used, attribute in (file.definitions[name] if name else file.always).uses:
            found += self._meaning(path, used, attribute)
        return found

    def _meaning(self, path: Path, name: str, attribute: str | None) -> list[tuple[Path, str]]:
        """Return what a name in a file, or an attribute of it, stands for in the package."""
        file = self._outline(path)
        if "." in name:  # a dotted string
            module, _, member = name.partition(".")[2].rpartition(".")
            return self._member(module, member, attribute)
        found = [(path, name)] if name in file.definitions else []
        for origin, imported in file.imports.get(name, ()):
            found += self._member(origin, imported, attribute)
        return found

    def _member(self, module: str, name: str, attribute: str | None) -> list[tuple[Path, str]]:
        """Return a member of a module, or a module itself; nothing if it is plumbing."""
        whole = f"{module}.{name}".lstrip(".")
        as_module = self._file(whole)
        if as_module is not None:
            if whole in PLUMBING:
                return []
            defined = self._outline(as_module).definitions
            return [(as_module, attribute)] if attribute in defined else self._all(as_module)
        path = self._file(module) if module not in PLUMBING else None
        if path is None or path == self._folder / "__init__.py":
            return []
        return self._meaning(path, name, attribute) if self._has(path, name) else []

    def _has(self, path: Path, name: str) -> bool:
        file = self._outline(path)
        return name in file.definitions or name in file.imports
