"""The optional section ``doses``: how much each method's first neurons do (docs/methods.md)."""

from typing import Annotated, ClassVar

from pydantic import Field

from langneurons.experiment.interventions import Control
from langneurons.experiment.sections import (
    Count,
    Distinct,
    Languages,
    Names,
    Positive,
    Section,
    Whole,
)

_Sizes = Annotated[list[Count], Field(min_length=1), *Distinct]
_Methods = Annotated[list[str], Field(min_length=1), *Distinct]


class Doses(Section):
    """The first neurons of a language by each method's rank are switched off, more and more."""

    RERUNS: ClassVar[str] = "doses"

    methods: _Methods | None = None
    """methods whose neurons are switched off, by default all"""
    models: Names | None = None
    """models whose neurons are switched off; by default all that are run, checkpoints of an
    alignment only if named"""
    languages: Languages | None = None
    """languages whose neurons are switched off, by default all"""
    measured: Languages | None = None
    """languages that are measured each time, those above among them, by default all; with fewer
    it takes less time"""
    sizes: _Sizes = [4, 8, 16, 32, 64]
    """how many neurons are switched off; all that a language has where these are fewer"""
    problems: Count = 20
    """the first n problems are measured; intervals need ten"""
    control_seeds: Whole = 1
    """random controls for each method, language and size, with as many neurons in each layer"""
    control: Control = "layer"
    """as in `deactivation`"""
    margin: Positive = 0.05
    """by how many nats per token a language's own NLL must rise more than that of the others, to
    be said to exceed it in the table"""
