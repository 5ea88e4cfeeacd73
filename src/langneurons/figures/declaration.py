"""What a figure or table says about itself, so that one rule can make all of them.

A module declares itself in one literal, ``FIGURE = Declaration(...)`` or ``TABLE = ...``. The
experiment reads that literal without running the module, so planning a run imports neither
matplotlib nor pandas. Keep it to strings, tuples and dicts.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Declaration:
    """How a figure or table is named, how often it is made, and from which artefacts."""

    heading: str
    """Begins the title; what is shown follows after a colon."""
    per: str
    """It is made once for each of these: a key of `langneurons.experiment.per.PER`."""
    reads: Mapping[str, str]
    """Argument → artefact, a name in `langneurons.experiment.paths`. ``"summary of models"`` is the
    artefact ``summary`` of each model that the instance lists under ``models``, ``"neurons of
    methods"`` that of each method under ``methods``."""
    values: tuple[str, ...] = ()
    """Facts of the instance that are passed on as arguments, such as the training steps."""
    name: str = ""
    """Its target and folder; by default the module's name."""
    paper: str = ""
    """A second target: its number in the paper, such as ``figure3``."""
    title: str = ""
    """What is shown, filled in from the instance; by default the title that ``per`` gives."""
