"""The section ``models``: checkpoints, models made of others, models known by counts."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from langneurons.experiment.alignment import TRANSLATION
from langneurons.experiment.sections import (
    Distinct,
    Dtype,
    Languages,
    Name,
    Section,
    Steps,
    Whole,
)

Digest = Annotated[str, Field(pattern="^[0-9A-Fa-f]{64}$")]
GgufFile = Annotated[str, Field(pattern=r"^[^/\\]+\.gguf$")]


class LoadedModel(Section):
    """A decoder-only checkpoint."""

    RERUNS: ClassVar[str] = "models"

    path: str
    """a hub id or a local folder; any decoder-only model"""
    gguf: GgufFile | None = None
    """name of a GGUF file there; the workflow turns it into a plain checkpoint in bfloat16"""
    sha256: Digest | None = None
    """digest that the GGUF file must have, 64 hexadecimal digits"""
    revision: str | None = None
    """a commit makes the run repeatable"""
    tokenizer: str | None = None
    """hub id or folder of another tokenizer"""
    trust_remote_code: bool | None = None
    """never true unless you have read that code"""
    dtype: Dtype | None = None
    """`auto`: float32 on a CPU, the checkpoint's on a GPU"""
    device: str | None = None
    """`auto`, `cuda`, `mps` or `cpu`"""
    device_map: str | None = None
    """`auto` spreads a model larger than one GPU over several"""
    responses_from: str = "own"
    """whose responses the model is measured on: `own`, another model's name, or `data`"""


class Align(Section):
    """Which model an aligned model is made from."""

    RERUNS: ClassVar[str] = "alignment"

    source: str = Field(alias="from")
    """any other model; it may be aligned itself"""
    method: Literal["preference", "translation"] = "preference"
    """`preference`: direct preference optimisation (METHOD 5); `translation`: supervised training
    to translate questions (METHOD 11)"""
    direction: Literal["to_pivot", "from_pivot", "both"] | None = None
    """of `translation`: into the pivot (the default), out of it, or both"""
    languages: Languages | None = None
    """languages aligned with the pivot; by default all others"""
    control: Literal["shuffled", "target_only", "random_labels"] | None = None
    """not the alignment but its control, the same training without what aligns. Of `translation`:
    `shuffled`, partners permuted, or `target_only`, no source; of `preference`: `random_labels`"""
    seeds: Annotated[list[Whole], Field(min_length=1), *Distinct] | None = None
    """makes a model of each seed, `model-seed0` …; comparisons that name `model` compare each"""
    checkpoints: Steps | None = None
    """overrides `checkpoints` of the training"""

    @property
    def translates_to(self) -> str | None:
        """The direction of an alignment by translation."""
        return (self.direction or "to_pivot") if self.method == TRANSLATION else None


class AlignedModel(Section):
    """A model that the workflow makes from another one."""

    RERUNS: ClassVar[str] = "alignment"

    align: Align
    """from which model it is made, and how"""
    responses_from: str = "own"
    """whose responses the model is measured on: `own`, another model's name, or `data`"""


class PublishedModel(Section):
    """A model known only by its published activation counts."""

    RERUNS: ClassVar[str] = "activations"

    counts: Annotated[dict[Name, str], Field(min_length=1)]
    """data set → folder of published counts, in the release's torch files"""


def _kind(model: Any) -> str:
    if isinstance(model, PublishedModel) or (isinstance(model, Mapping) and "counts" in model):
        return "<published>"
    if isinstance(model, AlignedModel) or (isinstance(model, Mapping) and "align" in model):
        return "<aligned>"
    return "<loaded>"


AnyModel = Annotated[
    Annotated[LoadedModel, Tag("<loaded>")]
    | Annotated[AlignedModel, Tag("<aligned>")]
    | Annotated[PublishedModel, Tag("<published>")],
    Discriminator(_kind),
]
