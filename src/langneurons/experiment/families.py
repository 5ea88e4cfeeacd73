"""Alignments and their controls, each with all of its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from langneurons.experiment.configuration import Comparison
from langneurons.experiment.models import Model
from langneurons.experiment.seeds import controls_of, without_seed


@dataclass
class Family:
    """A comparison that names controls, with all seeds."""

    before: str
    """The model before."""
    name: str
    """The alignment as the configuration names it."""
    after: list[str] = field(default_factory=list)
    """Its models, one per seed."""
    controls: dict[str, list[str]] = field(default_factory=dict)
    """Each control as the configuration names it → its models, in the order of the seeds."""

    @property
    def compared(self) -> list[str]:
        """All models that are compared with the one before: the alignment's, then controls'."""
        return [*self.after, *(model for models in self.controls.values() for model in models)]


def families_of(comparisons: Sequence[Comparison], models: dict[str, Model]) -> list[Family]:
    """Return the comparisons that name controls, those of different seeds as one."""
    found: dict[tuple[str, str], Family] = {}
    for pair in comparisons:
        controls = controls_of(pair)
        if not controls:
            continue
        name = _name(models[pair.after])
        family = found.setdefault((pair.before, name), Family(pair.before, name))
        family.after.append(pair.after)
        for control in controls:
            family.controls.setdefault(_name(models[control]), []).append(control)
    return list(found.values())


def _name(model: Model) -> str:
    made = model.made
    return without_seed(model.name, made.seed) if made and made.seeded else model.name
