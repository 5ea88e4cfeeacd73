"""The section ``importance``: how important each neuron is to a text (METHOD 8)."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from langneurons.experiment.sections import Count, Distinct, Section, Share
from langneurons.importance.components import COMPONENTS, FFN

Component = Literal["ffn", "q", "k", "v"]


def _with_ffn(components: list[Component]) -> list[Component]:
    if FFN not in components:
        raise PydanticCustomError("component", "ffn among them, whose neurons the method selects")
    return [name for name in COMPONENTS if name in components]


class Importance(Section):
    """How important each neuron is to a text is measured, and counted over texts."""

    RERUNS: ClassVar[str] = "importance"

    variant: Literal["paper", "released"] = "paper"
    """`paper` is the norm of the change of the sub-layer's output when a neuron is switched off;
    `released` is what the released code of the method computes"""
    top_rate: Share = 0.01
    """share of a layer's neurons of a component that are a text's most important, at least one"""
    texts: Count = 100
    """the first n texts of each language are read"""
    components: Annotated[
        list[Component], Field(min_length=1), *Distinct, AfterValidator(_with_ffn)
    ] = ["ffn", "q", "k", "v"]
    """`ffn` is needed; `q` and `k`, whose softmax is computed anew for each dimension, take nearly
    all of the time"""
