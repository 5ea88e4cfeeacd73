"""The figures and tables of an experiment, and what each is made from."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from langneurons.errors import InputError
from langneurons.experiment import paths
from langneurons.experiment.declared import figures, tables
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.per import PER, Keys
from langneurons.figures.declaration import Declaration


@dataclass(frozen=True)
class Instance:
    """One figure or table of the experiment."""

    name: str
    """The figure's or table's name: its target and folder."""
    place: str
    """Its place in that folder."""
    module: str
    declaration: Declaration
    keys: Keys
    """What it is made for: model, dataset, method …; lists where it uses several."""

    @property
    def title(self) -> str:
        """What is shown."""
        pattern = self.declaration.title or PER[self.declaration.per].title
        return pattern.format(**self.keys)

    @property
    def values(self) -> dict[str, Any]:
        """Facts that are passed to the drawing code."""
        return {name: self.keys[name] for name in self.declaration.values}

    def reads(self) -> dict[str, str | list[str]]:
        """Return the artefacts that it is made from, by argument."""
        return {
            argument: _artefact(artefact, self.keys)
            for argument, artefact in self.declaration.reads.items()
        }


def names_of(declarations: Mapping[str, Declaration]) -> list[str]:
    """Return the distinct names that declarations (module → declaration) give."""
    return list(dict.fromkeys(one.name or module for module, one in declarations.items()))


@cache
def drawn(experiment: Inventory) -> dict[tuple[str, str], Instance]:
    """Return all figures and tables of an experiment by name and place."""
    found = {}
    for module, declaration in [*figures().items(), *tables().items()]:
        _check(module, declaration)
        name, per = declaration.name or module, PER[declaration.per]
        for keys in per.keys_of(experiment):
            instance = Instance(name, per.place.format(**keys), module, declaration, keys)
            # Nothing is made from no artefacts: an accuracy figure where no model is run.
            if any(instance.reads().values()):
                found[name, instance.place] = instance
    return found


def drawn_at(experiment: Inventory, name: str, place: str) -> Instance:
    """Return the figure or table with a name and place.

    Raises
    ------
    InputError
        If the experiment has none there.
    """
    instances = drawn(experiment)
    if (name, place) not in instances:
        places = [other for one, other in instances if one == name]
        close = difflib.get_close_matches(place, places, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise InputError(
            f"{name}: the experiment has none for {place}; {hint}there are: "
            f"{', '.join(places) or 'none'}"
        )
    return instances[name, place]


def _check(module: str, declaration: Declaration) -> None:
    """Refuse a declaration that names what there is not: a slip of who wrote the module."""
    if declaration.per not in PER:
        raise ValueError(
            f"{module}: declared per {declaration.per!r}, expected one of {', '.join(PER)}"
        )
    for artefact in declaration.reads.values():
        if not isinstance(getattr(paths, artefact.partition(" of ")[0], None), str):
            raise ValueError(
                f"{module}: reads {artefact!r}, which is no artefact in experiment.paths"
            )


def _artefact(artefact: str, keys: Keys) -> str | list[str]:
    """Return the paths of an artefact, such as ``summary`` or ``summary of models``."""
    name, of, key = artefact.partition(" of ")
    pattern = getattr(paths, name)
    # A comparison is of the model after it.
    several = "after" if "{after}" in pattern else "model"
    if key == "methods":
        several = "method"
    return paths.fill(pattern, {**keys, several: keys[key]} if of else keys)
