"""The optional section ``cloze``: which facts a model knows in which language (docs/facts.md)."""

from typing import ClassVar

from langneurons.experiment.sections import Names, Section


class Cloze(Section):
    """Models complete facts: is the right answer the likeliest of its candidates?

    It is asked of every data set of `format: facts`.
    """

    RERUNS: ClassVar[str] = "cloze"

    models: Names | None = None
    """models that are asked; by default all that are run, checkpoints of an alignment only if
    named"""
