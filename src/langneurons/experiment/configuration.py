"""The whole configuration as types: they validate it, fill in defaults, and document its keys."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, create_model

from langneurons.experiment.alignment import Alignment
from langneurons.experiment.cloze import Cloze
from langneurons.experiment.components import ComponentDeactivation, Enhancement
from langneurons.experiment.datasets import AnyDatasetOrFacts
from langneurons.experiment.declared import methods
from langneurons.experiment.doses import Doses
from langneurons.experiment.importance import Importance
from langneurons.experiment.interventions import Deactivation, Steering
from langneurons.experiment.knowledge import Knowledge
from langneurons.experiment.model_sections import AnyModel
from langneurons.experiment.retrieval import Retrieval
from langneurons.experiment.sections import (
    Count,
    Distinct,
    Name,
    Section,
    Whole,
)
from langneurons.experiment.sharing import Sharing
from langneurons.neurons.methods.declaration import Parameter

Colour = Annotated[str, Field(pattern="^#[0-9A-Fa-f]{6}$")]


class Comparison(Section):
    """Two models, before and after an alignment."""

    RERUNS: ClassVar[str] = "comparison"

    before: str
    """the model before"""
    after: str
    """the model after"""
    control: str | Annotated[list[str], Field(min_length=1), *Distinct] | None = None
    """the control alignment, or several: models like `after` but for the key `control`. They are
    compared with `before` too"""
    trained: Annotated[list[str], *Distinct] | None = None
    """the languages that the alignment trained on (tables 2 and 5); by default those of `align`,
    or else all but the pivot"""


class ComparisonSettings(Section):
    """How the neurons of two models are set against each other (METHOD 10)."""

    RERUNS: ClassVar[str] = "comparison"

    scale: Literal["common", "own"] = "common"
    """`common` types the model after with τ, λ and the cut-off of the model before; `own`, as in
    the paper, types each with its own, which moves types though no neuron moved. Either way the
    tables have a column, `refitting`, with the difference"""
    margin: Annotated[float, Field(ge=0)] = 0.05
    """what an alignment changes more than its control counts from this share of the number before
    on, or from one neuron"""


class Generation(Section):
    """How models respond to the problems."""

    RERUNS: ClassVar[str] = "responses"

    samples: Count = 1
    """responses for each problem and language; more than one needs a temperature"""
    temperature: Annotated[float, Field(ge=0)] = 0
    """0 is greedy decoding"""
    max_new_tokens: Count = 512
    """longest response, in tokens"""
    batch_size: Count = 32
    """prompts at a time; lower it when memory runs out"""
    seed: Whole = 0
    """seed of sampling"""


class Accuracy(Section):
    """Each model answers the questions itself, and its answers are graded by number and language.

    Without this section nothing is generated for accuracy, and no language is identified.
    """

    RERUNS: ClassVar[str] = "accuracy"


class Collection(Section):
    """How activations are counted."""

    RERUNS: ClassVar[str] = "activations"
    RERUNS_OF: ClassVar[Mapping[str, str]] = {"empty_responses": "tokens"}

    batch_tokens: Count = 8192
    """padded tokens per forward pass; lower it when memory runs out"""
    backward_batch_tokens: Count = 1024
    """padded tokens per forward and backward pass (`neurons.relevance`, `knowledge`), which keeps
    the activations of all layers; lower it when memory runs out"""
    histogram_memory: Count = 4000
    """memory for histograms of activations (`neurons.dln`), in MB; with less, fewer layers are done
    at a time, and the model reads the texts once for each block of layers"""
    empty_responses: Literal["error", "drop"] = "error"
    """`drop` leaves out responses without tokens and counts them"""


class Phases(Section):
    """How the layers are segmented."""

    RERUNS: ClassVar[str] = "phases"

    segments: Annotated[int, Field(ge=2)] = 4
    """number of segments (phases)"""


class Uncertainty(Section):
    """How certain the numbers are."""

    RERUNS: ClassVar[str] = "stability"
    RERUNS_OF: ClassVar[Mapping[str, str]] = {"folds": "activations"}

    folds: Count | None = None
    """number of folds that problems are split into; counts are kept by fold. By default 25, or as
    many as there are problems if these are fewer; intervals need ten"""
    replicates: Whole = 200
    """bootstrap replicates, over folds (stability, phases, comparisons) or problems (change of
    accuracy, deactivation, steering); 0 for none"""
    seed: Whole = 0
    """seed of the bootstrap"""
    design_effect: Annotated[float, Field(ge=1)] = 3
    """published counts have one fold: tokens are drawn in place of problems, so many times fewer of
    them, since those of a text are alike (METHOD 10)"""


class Colours(Section):
    """Colours of the types of neurons, as "#RRGGBB"."""

    RERUNS: ClassVar[str] = "figures"

    specific: Colour = "#0072B2"
    """colour of specific neurons; all defaults are from the Okabe–Ito palette"""
    related: Colour = "#E69F00"
    """colour of related neurons"""
    general: Colour = "#009E73"
    """colour of general neurons"""
    other: Colour = "#999999"
    """colour of all other neurons"""


class Figures(Section):
    """How figures look."""

    RERUNS: ClassVar[str] = "figures"

    dpi: Annotated[int, Field(ge=50, le=1200)] = 200
    """resolution of the PNG files"""
    colours: Colours = Colours()
    """colours of the types of neurons, as `"#RRGGBB"`"""


def _type_of(parameter: Parameter) -> Any:
    """Return the type of a method's parameter."""
    bounds = {
        "gt": parameter.above,
        "lt": parameter.below,
        "ge": parameter.at_least,
        "le": parameter.at_most,
    }
    number = Annotated[float, Field(**{key: b for key, b in bounds.items() if b is not None})]
    return Literal["auto"] | number if parameter.auto else number


class _Declared(Section):
    """A section made of declarations: looking for docstrings in a source takes a second a start."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def _sections_of_methods() -> Mapping[str, type[Section]]:
    """Return a section for each method, with the parameters that the method declares."""
    sections: dict[str, type[Section]] = {}
    for name, method in methods().items():
        keys: dict[str, Any] = {
            f"{key}_": (
                _type_of(parameter),
                Field(parameter.default, alias=key, description=parameter.meaning),
            )
            for key, parameter in method.parameters.items()
        }
        section = create_model(f"Method_{name}", __base__=_Declared, __doc__=method.about, **keys)
        section.RERUNS = "neurons"
        sections[name] = section
    return sections


METHODS = _sections_of_methods()


class _Neurons(_Declared):
    """Methods that select and type neurons; name the ones you want, by default there are two."""

    RERUNS: ClassVar[str] = "neurons"


if TYPE_CHECKING:
    Neurons = _Neurons  # its keys are known at run time only
else:
    Neurons = create_model(
        "Neurons",
        __base__=_Neurons,
        __doc__=_Neurons.__doc__,
        **{name: (section | None, None) for name, section in METHODS.items()},
    )


class Configuration(Section):
    """An experiment."""

    languages: Annotated[list[str], Field(min_length=2), *Distinct]
    """ISO 639-1 codes, at least two; tables and masks keep this order"""
    models: Annotated[dict[Name, AnyModel], Field(min_length=1)]
    """name → model, see below"""
    pivot: str = "en"
    """the language that the others are compared with (table 3)"""
    datasets: dict[Name, AnyDatasetOrFacts] = {}
    """name → data set, see below"""
    prompt: str = "{query}\n"
    """the text around a question; `{query}` is required, `{lang}` becomes the English name of the
    language. Use the prompt that your model was trained with. `chat` is the chat template of the
    model's tokenizer"""
    alignment: Alignment | None = None
    """how models with the key `align` are made (METHOD 5)"""
    comparisons: list[Comparison] = []
    """pairs of models, before and after an alignment"""
    comparison: ComparisonSettings = ComparisonSettings()
    """how their neurons are compared"""
    generation: Generation = Generation()
    """how models respond to the problems"""
    accuracy: Accuracy | None = None
    """each model's own answers are graded by number and language (METHOD 6); the section, `{}`,
    turns the stage on"""
    collection: Collection = Collection()
    """how activations are counted"""
    neurons: Neurons = Neurons.model_validate({"ternary": {}, "lape": {}})
    """method → its parameters; name the ones you want"""
    importance: Importance = Importance()
    """how important neurons are to texts is measured, for the method `plnd` (METHOD 8)"""
    phases: Phases = Phases()
    """how the layers are segmented"""
    uncertainty: Uncertainty = Uncertainty()
    """how certain the numbers are"""
    deactivation: Deactivation | None = None
    """neurons are switched off by set and language, and NLL, perplexity and accuracy are measured
    (METHOD 6); the section, even if empty, turns the stage on"""
    steering: Steering | None = None
    """questions in one language are answered while its neurons are off and another language's are
    raised (METHOD 6); the section, even if empty, turns the stage on"""
    doses: Doses | None = None
    """the first 4, 8, 16 … neurons of a language by each method's rank are switched off, and every
    language's NLL is measured; the section, even if empty, turns the stage on"""
    component_deactivation: ComponentDeactivation | None = None
    """a language's neurons are switched off by component (feed-forward, queries, keys, values) and
    stage of the layers, by the method `plnd` (METHOD 8); the section, even if empty, turns the
    stage on"""
    enhancement: Enhancement | None = None
    """only a language's neurons are trained on texts of it, and every language's NLL is measured
    (METHOD 8); the section, even if empty, turns the stage on"""
    retrieval: Retrieval | None = None
    """parallel texts look for their partners in the pivot, and texts and translations are scored
    (METHOD 11); the section, even if empty, turns the stage on"""
    sharing: Sharing | None = None
    """neurons are classed by the number of languages in which they are active in a parallel
    example, and those of a class are switched off (METHOD 9); the section, even if empty, turns the
    stage on"""
    cloze: Cloze | None = None
    """models complete the facts of all data sets of `format: facts`; the section, `{}`, turns the
    stage on"""
    knowledge: Knowledge | None = None
    """facts of all data sets of `format: facts` that a model knows are attributed to its neurons,
    which are then suppressed and enhanced (METHOD 9); the section, even if empty, turns the stage
    on"""
    figures: Figures = Figures()
    """how figures look"""
    shards: Count = 1
    """jobs that share the work of a model on a data set; `--set-scatter shards=4` overrides it"""

    RERUNS_OF: ClassVar[Mapping[str, str]] = {
        "languages": "corpora",
        "pivot": "comparison",
        "prompt": "responses",
        "shards": "responses",
    }
