"""What each method reads of a model: activations, or another statistic over the same texts."""

from langneurons.experiment import paths
from langneurons.experiment.declared import methods
from langneurons.experiment.inventory import Inventory
from langneurons.importance.components import FFN
from langneurons.neurons.methods.declaration import ACTIVATIONS, OVERLAPS


def drawn_methods(experiment: Inventory) -> list[str]:
    """Return the methods that can type neurons anew in draws of the texts."""
    return [name for name in experiment.methods if methods()[name].drawn]


def activation_methods(experiment: Inventory) -> list[str]:
    """Return the methods that read activation probabilities."""
    return [name for name in experiment.methods if methods()[name].statistic == ACTIVATIONS]


def overlap_methods(experiment: Inventory) -> list[str]:
    """Return the methods that read overlaps of languages in place of a number for each."""
    return [name for name in experiment.methods if methods()[name].statistic == OVERLAPS]


def component_methods(experiment: Inventory) -> list[str]:
    """Return the methods that read the importance of neurons, which attention has too."""
    read = of_component(FFN)
    return [name for name in experiment.methods if sums_of(name) == read]


def of_component(component: str) -> str:
    """Return the pattern of the importance of a component's neurons."""
    return paths.importance.replace("{component}", component)


def halved_methods(experiment: Inventory) -> list[str]:
    """Return the methods that can type neurons on either half of the texts."""
    by_overlap = overlap_methods(experiment)
    return [name for name in experiment.methods if methods()[name].drawn or name in by_overlap]


def other_statistics(experiment: Inventory) -> list[str]:
    """Return what methods read in place of activations."""
    read = [methods()[name].statistic for name in experiment.methods]
    return [name for name in dict.fromkeys(read) if name != ACTIVATIONS]


def sums_of(method: str) -> str:
    """Return the pattern of the sums over texts, by language and fold, that a method reads."""
    return paths.statistic.replace("{statistic}", methods()[method].statistic)


def quotients_of(method: str) -> str:
    """Return the pattern of what a method reads as p: a number for each neuron and language."""
    statistic = methods()[method].statistic
    if statistic == ACTIVATIONS:
        return paths.probabilities
    return paths.quotients.replace("{statistic}", statistic)
