"""Amounts of work, and how they are spoken of."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from langneurons.artifacts.progress import amount

#: How well an amount is known.
EXACT, UP_TO, ABOUT, UP_TO_ABOUT = range(4)
_WORDS = ("", "up to ", "about ", "up to about ")


class Work(NamedTuple):
    """What jobs do; an amount that is not known is NaN."""

    read: float = 0
    """Tokens."""
    certainty: int = EXACT
    """How well ``read`` is known."""
    written: float = 0
    """Tokens, at most."""
    texts: float = 0
    """Responses that are written or scored, or pairs in a training step."""
    cells: int = 0
    """Cells of an intervention, or training steps."""
    operations: float = 0
    """Additions and multiplications of numbers."""
    passes: float = 0
    """Steps of writing: one writes a token of each text in a batch."""
    moved: float = 0
    """Bytes of weights that these steps read."""


def total(works: Iterable[Work]) -> Work:
    """Return several works as one."""
    columns = list(zip(*works, strict=True))
    added = Work(*map(sum, columns))
    return added._replace(certainty=max(columns[Work._fields.index("certainty")]))


def stated(number: float, certainty: int = EXACT) -> str:
    """Return a number as one reads it: ``about 45,000``, ``an unknown number of``."""
    if math.isnan(number):
        return "an unknown number of"
    shown = float(f"{number:.2g}") if certainty >= ABOUT else number
    return _WORDS[certainty] + amount(round(shown))
