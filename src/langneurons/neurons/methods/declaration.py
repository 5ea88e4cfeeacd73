"""What a method of selecting neurons declares, readable without running its module."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """A number that the configuration can set: ``neurons.<method>.<parameter>``."""

    default: float | str
    meaning: str
    above: float | None = None
    """The number is greater than this."""
    below: float | None = None
    """The number is less than this."""
    at_least: float | None = None
    auto: bool = False
    """Whether it may be ``auto``, which is passed to the method as None."""
    varied: tuple[float, ...] = ()
    """Values that are tried beside the configured one, and ``auto`` if it may be that, to see how
    much depends on it."""
    varied_by: tuple[float, ...] = ()
    """Multiples, tried too, of the number that the configured value comes to."""


#: Parameters that methods share; a declaration may name them.
TOP_RATE = Parameter(
    0.01,
    "share of all neurons that is selected",
    above=0,
    below=1,
    varied=(0.005, 0.01, 0.02),
)
THRESHOLD_QUANTILE = Parameter(
    0.95,
    "share of all activation probabilities at or below τ",
    above=0,
    below=1,
    varied=(0.9, 0.95, 0.97),
)


LAMBDA = Parameter(
    "auto",
    "weight of the peak probability, in the scale of the released code; `auto` takes the "
    "largest at which no selected neuron is active for all languages",
    at_least=0,
    auto=True,
    varied=(0.0,),
    varied_by=(0.5,),
)

#: The statistic of most methods: at how many response tokens each neuron is active.
ACTIVATIONS = "activations"
#: How much the histograms of activations overlap, for each two languages; these have no p.
OVERLAPS = "overlaps"


@dataclass(frozen=True)
class Method:
    """A method: one module of `langneurons.neurons.methods` with a function ``select``."""

    about: str
    parameters: Mapping[str, Parameter]
    """Name in the configuration → parameter; ``select`` takes it as a keyword argument, with an
    underscore appended to names that Python reserves (``lambda_``)."""
    related: bool
    """Whether the method distinguishes related from specific neurons; if not, every selected neuron
    with 1 ≤ N < K is specific."""
    statistic: str = ACTIVATIONS
    """What the method reads of each neuron and language: the folder of its artefact in results/. By
    default activation probabilities, which published counts give too; any other statistic needs a
    model that is run."""
    gradients: bool = False
    """Whether the statistic needs gradients, which quantised models do not give."""
    drawn: bool = True
    """Whether the statistic is kept by fold as sums, so that neurons can be typed anew in draws of
    the texts. Stages that draw leave out methods whose statistic is not."""

    @property
    def varied(self) -> dict[str, Parameter]:
        """The parameters of which other values are tried than the configured one."""
        return {
            name: parameter
            for name, parameter in self.parameters.items()
            if parameter.varied or parameter.varied_by
        }
