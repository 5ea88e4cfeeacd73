"""The optional section ``knowledge``: which neurons carry a fact (METHOD 9, docs/facts.md)."""

from typing import Annotated, ClassVar

from pydantic import Field

from langneurons.experiment.sections import Count, Languages, Names, Positive, Section


class Knowledge(Section):
    """Facts that a model knows are attributed to its neurons by integrated gradients."""

    RERUNS: ClassVar[str] = "knowledge"
    RERUNS_OF: ClassVar[dict[str, str]] = {"control_seeds": "suppressing and enhancing"}

    models: Names | None = None
    """models whose neurons are looked at; by default all that are run, checkpoints of an alignment
    only if named"""
    languages: Languages | None = None
    """languages in which facts are asked, by default all"""
    facts: Count = 30
    """most facts: of those that the model knows, the ones known in the most languages"""
    steps: Count = 20
    """points of the midpoint rule between the baseline and the activations"""
    threshold: Annotated[float, Field(ge=0.05, lt=1)] = 0.1
    """a fact's neurons exceed this share of its largest attribution, in the mean over phrasings"""
    variation: Positive = 0.5
    """and their coefficient of variation over phrasings is below this"""
    share: Annotated[float, Field(gt=0, le=1)] = 0.75
    """language-agnostic are those that are the fact's in at least this share of the languages in
    which it is known, and in two at least"""
    control_seeds: Count = 3
    """draws of as many random neurons in the same layers"""
