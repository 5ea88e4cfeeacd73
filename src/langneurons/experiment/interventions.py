"""The optional sections ``deactivation`` and ``steering`` (METHOD 6)."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from langneurons.experiment.sections import (
    Count,
    Distinct,
    Names,
    Positive,
    Section,
    Share,
    Whole,
)

NeuronSet = Literal["specific", "specific+related", "specific+related+general"]
#: What random controls are matched on: their number in each layer, or also each neuron's activity.
Control = Literal["layer", "activity"]
_Factors = Annotated[list[Positive], Field(min_length=1), *Distinct]
Mode = Literal["set", "add", "scale"]
_Modes = Annotated[list[Mode], Field(min_length=1), *Distinct]


def _listed(value: Any) -> list[Any]:
    """Return a list as it is, and any other value as a list of one."""
    return value if isinstance(value, list) else [value]


class Deactivation(Section):
    """Neurons are switched off, and what each language loses is measured."""

    RERUNS: ClassVar[str] = "deactivation"

    sets: Annotated[list[NeuronSet], Field(min_length=1), *Distinct] = [
        "specific",
        "specific+related",
        "specific+related+general",
    ]
    """which neurons of a language are switched off together"""
    control_seeds: Whole = 2
    """random controls for each set, with as many neurons in each layer"""
    control: Control = "layer"
    """`activity`: each of them like one of the set in peak probability and ‖W_down‖"""
    texts: Literal["prompt", "responses"] = "prompt"
    """whether the NLL is of the prompt's text (as in the release) or of the responses"""
    problems: Count = 250
    """the first n problems are measured"""
    phases: bool = False
    """also switch each set off phase by phase, only its neurons in the layers of one phase; with
    four phases this makes four to five times as many cells"""
    accuracy: bool = True
    """whether the model also answers under every mask, the costly part"""
    facts: str | None = None
    """a data set of `format: facts` that is asked for under every mask: knowledge accuracy"""
    max_new_tokens: Count | None = None
    """longest answer; as in `generation` by default"""
    batch_size: Count | None = None
    """answers at a time; as in `generation` by default"""
    methods: Names = ["ternary"]
    """methods whose neurons are switched off"""
    models: Names | None = None
    """models whose neurons are switched off; by default all that are run, checkpoints of an
    alignment only if named"""
    masks: dict[str, Annotated[dict[str, str], Field(min_length=1)]] = {}
    """model → data set → path of a published mask to switch off instead"""


class Steering(Section):
    """Questions in one language are answered while another language's neurons are raised."""

    RERUNS: ClassVar[str] = "steering"

    methods: Annotated[list[str], Field(min_length=1), *Distinct] = ["ternary"]
    """methods whose neurons are lowered and raised"""
    models: Names | None = None
    """models to steer; by default all that are run, checkpoints of an alignment only if named"""
    set: NeuronSet = "specific+related"
    """which of a language's neurons, as in `deactivation.sets`"""
    languages: Annotated[list[str], Field(min_length=2), *Distinct] | None = None
    """languages steered from and to, by default all; the cost grows with their number squared"""
    mode: Annotated[_Modes, BeforeValidator(_listed, json_schema_input_type=Mode | _Modes)] = [
        "set"
    ]
    """what happens to raised neurons: they are `set` to their value, have it added (`add`), or are
    multiplied by `factor` alone (`scale`); one or a list, each at every factor"""
    raise_to: Literal["mean"] | Share = "mean"
    """the value of a raised neuron: the mean, or a quantile (`0.95`), of its activations over
    the target language's responses"""
    # Not a union: the message about a wrong entry would be about the list.
    factor: Annotated[
        _Factors, BeforeValidator(_listed, json_schema_input_type=Positive | _Factors)
    ] = [1.0]
    """multiplies that value; one or a list. Raise it if answers do not change, lower it if they
    fall apart; 1 in mode `scale` raises nothing"""
    max_repetition: Share = 0.2
    """of several factors the best is sought among those at which less than this share of an
    answer's 4-grams repeats"""
    problems: Count = 50
    """the first n problems are asked"""
    control_seeds: Whole = 1
    """random controls for each pair, with as many neurons in each layer"""
    control: Control = "layer"
    """as in `deactivation`"""
    max_new_tokens: Count | None = None
    """longest answer; as in `generation` by default"""
    batch_size: Count | None = None
    """answers at a time; as in `generation` by default"""

    @property
    def doses(self) -> int:
        """In how many ways a language's neurons are raised: each mode at each factor."""
        return len(self.mode) * len(self.factor)
