"""The section ``alignment``: how models with the key ``align`` are made (METHOD 5)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from langneurons.experiment.datasets import AnyDataset
from langneurons.experiment.sections import (
    Count,
    Distinct,
    Dtype,
    Positive,
    Section,
    Steps,
    Whole,
)


class Sampling(Section):
    """The responses that preference pairs are made from."""

    RERUNS: ClassVar[str] = "sampling"

    samples: Annotated[int, Field(ge=2)] = 20
    """responses for each question and language"""
    temperature: Positive = 0.8
    """raise it if all samples are alike"""
    max_new_tokens: Count = 512
    """longest sample, in tokens"""
    batch_size: Count = 32
    """prompts at a time; lower it when memory runs out"""
    seed: Whole = 0
    """seed of sampling"""


class Translation(Section):
    """The translation model that scores samples."""

    RERUNS: ClassVar[str] = "scores"

    path: str
    """an encoder–decoder translation model: hub id or folder"""
    revision: str | None = None
    """a commit makes the run repeatable"""
    trust_remote_code: bool | None = None
    """never true unless you have read that code"""
    dtype: Dtype | None = None
    """as for models"""
    device: str | None = None
    """as for models"""
    codes: Annotated[dict[str, str], Field(min_length=1)] | None = None
    """language → the translation model's code for it (`ja: jpn_Jpan` for NLLB, `ja: ja` for
    M2M100); leave it out for a model without codes"""
    direction: Literal["to_pivot", "from_pivot"] = "to_pivot"
    """`to_pivot` as released, `from_pivot` as in the paper's formula"""
    batch_tokens: Count = 8192
    """padded tokens at a time"""
    long_responses: Literal["error", "drop"] = "error"
    """`drop` leaves responses that exceed the translation model's positions unscored and counts
    them"""


class Pairs(Section):
    """Which pairs of samples are trained on."""

    RERUNS: ClassVar[str] = "pairs"

    cap: Count = 10000
    """maximum number of pairs per language"""
    dev_share: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """share of the questions held out to measure on"""
    seed: Whole = 0
    """seed of that choice and of the choice under the cap"""


class Training(Section):
    """Direct preference optimisation with LoRA."""

    RERUNS: ClassVar[str] = "training"

    beta: Positive = 0.1
    """β of DPO; a higher one stays closer to the model before"""
    rank: Count = 64
    """rank of LoRA"""
    alpha: Positive = 128
    """α of LoRA"""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """dropout of LoRA"""
    target_modules: Literal["all-linear"] | Annotated[list[str], Field(min_length=1), *Distinct] = (
        "all-linear"
    )
    """`all-linear`, or a list of module names"""
    learning_rate: Positive = 1e-6
    """falls linearly to 0"""
    batch: Count = 16
    """pairs per step"""
    micro_batch: Count = 4
    """pairs in memory at a time; a divisor of `batch`"""
    steps: Count = 1000
    """training steps"""
    checkpoints: Steps = []
    """steps whose models are analysed too, as `model@step`"""
    logging_steps: Count = 10
    """steps between two logs of loss, margin and accuracy"""
    evaluation_steps: Count = 100
    """steps between two measurements on the dev pairs"""
    gradient_checkpointing: bool = True
    """saves memory, costs time"""
    seed: Whole = 0
    """seed of the adapter, the order of pairs and dropout"""


class Alignment(Section):
    """How models with the key ``align`` are made."""

    RERUNS: ClassVar[str] = "alignment"

    questions: AnyDataset
    """a data set (see below) that you do not evaluate on"""
    translation: Translation
    """the model that scores samples"""
    sampling: Sampling = Sampling()
    """the responses that preference pairs are made from"""
    pairs: Pairs = Pairs()
    """which pairs of samples are trained on"""
    training: Training = Training()
    """direct preference optimisation"""
