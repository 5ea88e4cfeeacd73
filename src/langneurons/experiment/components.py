"""The sections ``component_deactivation`` and ``enhancement`` (METHOD 8)."""

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from langneurons.experiment.sections import (
    Count,
    Distinct,
    Languages,
    Names,
    Positive,
    Section,
    Whole,
)

#: A language's neurons: those of the language and not of all, or those of it alone.
_Set = Literal["specific", "specific+related"]
_Components = Annotated[list[Literal["all", "ffn", "q", "k", "v"]], Field(min_length=1), *Distinct]


def _in_order(layers: list[int]) -> list[int]:
    if layers[0] > layers[1]:
        raise PydanticCustomError("layers", "the first layer, then the last one")
    return layers


_Layers = Annotated[list[Whole], Field(min_length=2, max_length=2), AfterValidator(_in_order)]


class Stages(Section):
    """Parts of the layers, each by its first and last layer, from 0."""

    RERUNS: ClassVar[str] = "component_deactivation"

    understanding: _Layers
    """first and last layer in which the model understands: `[0, 3]`"""
    task_solving: _Layers
    """likewise, of solving the task"""
    generation: _Layers
    """likewise, of writing the answer"""

    @model_validator(mode="after")
    def _one_after_the_other(self) -> "Stages":
        spans = [self.understanding, self.task_solving, self.generation]
        for before, after in pairwise(spans):
            if after[0] <= before[1]:
                text = "stages that follow each other and share no layer"
                raise PydanticCustomError("stages", text)
        return self


class ComponentDeactivation(Section):
    """A language's neurons are switched off by component and stage of the layers."""

    RERUNS: ClassVar[str] = "component_deactivation"

    models: Names | None = None
    """models whose neurons are switched off; by default all that are run, checkpoints of an
    alignment only if named"""
    languages: Languages | None = None
    """languages whose neurons are switched off, by default all"""
    measured: Languages | None = None
    """as in `doses`"""
    components: _Components | None = None
    """`ffn`, `q`, `k`, `v`, each alone, and `all` of `importance.components` together; by default
    these and each of them"""
    set: _Set = "specific+related"
    """which of a language's neurons: related ones are of several languages, but not of all, and
    specific to these as the method has it"""
    stages: Stages | None = None
    """layers of understanding, task solving and generation; by default phase 1, phase 2, and phases
    3 and 4 of the method's feed-forward neurons. Beside them, all layers are one"""
    problems: Count = 20
    """the first n problems are measured; intervals need ten"""
    control_seeds: Whole = 1
    """random controls of each set, with as many neurons of each component in each layer"""


class Enhancement(Section):
    """Only a language's neurons are trained on texts of it, and every language is measured."""

    RERUNS: ClassVar[str] = "enhancement"

    models: Names | None = None
    """models whose neurons are trained; by default all that are run, checkpoints of an alignment
    only if named"""
    methods: Annotated[list[str], Field(min_length=1), *Distinct] = ["plnd"]
    """methods whose neurons are trained, of the feed-forward block"""
    languages: Languages | None = None
    """languages whose neurons are trained, by default all; each time, all are measured"""
    set: _Set = "specific+related"
    """which of a language's neurons, as in `component_deactivation`"""
    texts: Count = 100
    """the first n texts of the language are trained on; none of them is measured"""
    steps: Count = 20
    """updates; each takes the next `batch` texts, over again where there are too few"""
    batch: Count = 8
    """texts of an update"""
    learning_rate: Positive = 2e-4
    """of AdamW, constant; try several: neurons with large activations need a lower one than random
    ones, so that one rate does not compare them fairly"""
    seed: Whole = 0
    """of the order of the texts"""
    problems: Count = 20
    """the first n problems of those held out are measured; intervals need ten"""
    control_seeds: Whole = 1
    """trainings of as many random neurons in each layer, on the same texts"""
