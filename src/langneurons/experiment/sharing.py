"""The optional section ``sharing``: neurons that languages share, example by example (METHOD 9)."""

from typing import ClassVar, Literal

from langneurons.experiment.sections import Count, Names, Section, Whole


class Sharing(Section):
    """In each parallel example, neurons are active in all languages, in some, in one or in none."""

    RERUNS: ClassVar[str] = "sharing"

    models: Names | None = None
    """models that are measured; by default all that are run, checkpoints of an alignment only if
    named"""
    problems: Count | None = None
    """the first n problems are the examples; by default all"""
    deactivated_problems: Whole = 50
    """the first n problems, of those held out if there are any, on which the loss is measured while
    the neurons of a class are off; 0 for none, and fewer than 10 have no intervals"""
    control_seeds: Count = 2
    """draws of as many neurons of each class, and random controls of each set"""
    texts: Literal["prompt", "responses"] = "prompt"
    """whether that loss is of the prompt's text or of the responses; of a data set of texts, it is
    of these"""
