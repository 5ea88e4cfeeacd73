"""The section ``alignment``: how models with the key ``align`` are made (METHOD 5, 11)."""

from collections.abc import Mapping
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

#: Methods of alignment: direct preference optimisation, or translation of questions.
PREFERENCE, TRANSLATION = "preference", "translation"
#: Control → the method whose alignment it repeats without what aligns (METHOD 11).
CONTROLS = {"shuffled": TRANSLATION, "target_only": TRANSLATION, "random_labels": PREFERENCE}

Dropout = Annotated[float, Field(ge=0, lt=1)]
TargetModules = Literal["all-linear"] | Annotated[list[str], Field(min_length=1), *Distinct]


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


class _Lora(Section):
    """What trainings of a LoRA adapter have in common."""

    RERUNS: ClassVar[str] = "training"

    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """how the learning rate falls to 0; `constant` does not"""
    warmup_steps: Whole = 0
    """steps in which the learning rate rises from 0"""
    batch: Count = 16
    """pairs per step"""
    checkpoints: Steps = []
    """steps whose models are analysed too, as `model@step`"""
    gradient_checkpointing: bool = True
    """saves memory, costs time"""
    seed: Whole = 0
    """seed of the adapter, the order of pairs and dropout, and of a control; `align.seeds`
    overrides it"""


class Training(_Lora):
    """Direct preference optimisation with LoRA."""

    beta: Positive = 0.1
    """β of DPO; a higher one stays closer to the model before"""
    rank: Count = 64
    """rank of LoRA"""
    alpha: Positive = 128
    """α of LoRA"""
    dropout: Dropout = 0.05
    """dropout of LoRA"""
    target_modules: TargetModules = "all-linear"
    """`all-linear`, which trains the neurons under study too, or a list of module names"""
    learning_rate: Positive = 1e-6
    """highest learning rate"""
    micro_batch: Count = 4
    """pairs in memory at a time; a divisor of `batch`"""
    steps: Count = 1000
    """training steps"""
    logging_steps: Count = 10
    """steps between two logs of loss, margin and accuracy"""
    evaluation_steps: Count = 100
    """steps between two measurements on the dev pairs"""


class QuestionTranslation(_Lora):
    """Supervised training to translate the questions, with LoRA (METHOD 11)."""

    prompt: str = "{source_language}: {source}\n{target_language}: "
    """the text before a translation; `{source}` is required, `{source_language}` and
    `{target_language}` become English names"""
    dev_share: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """share of the questions held out to measure on"""
    rank: Count = 16
    """rank of LoRA"""
    alpha: Positive = 32
    """α of LoRA"""
    dropout: Dropout = 0
    """dropout of LoRA"""
    target_modules: TargetModules = ["q_proj", "v_proj", "o_proj"]
    """`all-linear`, which trains the neurons under study too, or a list of module names"""
    learning_rate: Positive = 2e-4
    """highest learning rate; small models take a higher one"""
    micro_batch: Count = 16
    """pairs in memory at a time; a divisor of `batch`"""
    steps: Count = 300
    """training steps"""
    logging_steps: Count = 5
    """steps between two logs of the loss"""
    evaluation_steps: Count = 50
    """steps between two measurements on the dev pairs"""


class Alignment(Section):
    """How models with the key ``align`` are made."""

    RERUNS: ClassVar[str] = "alignment"
    RERUNS_OF: ClassVar[Mapping[str, str]] = {"merge_dtype": "models"}

    questions: AnyDataset
    """a data set (see below) that you do not evaluate on; parallel if questions are translated"""
    translation: Translation | None = None
    """the model that scores samples; `method: preference` needs it"""
    sampling: Sampling = Sampling()
    """the responses that preference pairs are made from"""
    pairs: Pairs = Pairs()
    """which pairs of samples are trained on"""
    training: Training = Training()
    """direct preference optimisation (`method: preference`)"""
    question_translation: QuestionTranslation = QuestionTranslation()
    """supervised training on parallel questions (`method: translation`)"""
    merge_dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """numbers of the aligned checkpoint; smaller ones lose a small update, and more than 1 % lost
    is an error"""

    def training_of(self, method: str) -> Training | QuestionTranslation:
        """Return the settings of the training that a method of alignment runs."""
        return self.training if method == PREFERENCE else self.question_translation
