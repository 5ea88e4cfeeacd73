"""The optional section ``retrieval``: whether an alignment aligned (METHOD 11)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from langneurons.experiment.sections import Distinct, Names, Section, Whole

Direction = Literal["to_pivot", "from_pivot"]


class Retrieval(Section):
    """Parallel texts look for their partners in the pivot, layer by layer; and what is lost."""

    RERUNS: ClassVar[str] = "retrieval"

    models: Names | None = None
    """models that are measured; by default all that are run, checkpoints of an alignment only if
    named"""
    problems: Annotated[int, Field(ge=2)] | None = None
    """the first n problems are the texts that a partner is looked for among; by default all"""
    loss_problems: Whole = 10
    """problems whose texts, and translations of them, are scored; 0 for none, and fewer than 10
    have no intervals"""
    directions: Annotated[list[Direction], *Distinct] = ["to_pivot"]
    """translations that are scored: into the pivot, out of it, or none"""
    prompt: str = "{source_language}: {source}\n{target_language}: "
    """the text before a translation; `{source}` is required, `{source_language}` and
    `{target_language}` become English names"""
