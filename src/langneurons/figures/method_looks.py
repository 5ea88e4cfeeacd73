"""How methods look wherever several are drawn together: a colour and a marker each, by position."""

from collections.abc import Sequence
from typing import NamedTuple


class Look(NamedTuple):
    """What tells a method from others, with either of two ways to see it."""

    colour: str
    marker: str


#: The Okabe–Ito palette without its yellow, which is faint on white, and two more.
_COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7A4B16"),
    "#5E3C99",
)
_MARKERS = "osD^vPXd*"


def looks_of(methods: Sequence[str]) -> dict[str, Look]:
    """Return the look of each method, by its position; with more than nine they repeat."""
    return {
        method: Look(_COLOURS[index % len(_COLOURS)], _MARKERS[index % len(_MARKERS)])
        for index, method in enumerate(methods)
    }


def method_name(method: str, between: str = " ") -> str:
    """Return a method's name as words."""
    return method.replace("_", between)
