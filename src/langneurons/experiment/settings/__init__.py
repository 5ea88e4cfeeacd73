"""The settings that each rule's results depend on and no others, one dict per rule.

The keys are the arguments of the function that the rule's script calls.
"""

from langneurons.experiment.settings import (
    alignment,
    analysis,
    claims,
    cloze,
    components,
    importance,
    interventions,
    knowledge,
    retrieval,
    sharing,
)
from langneurons.experiment.settings.basis import Rules

SETTINGS: Rules = {
    **analysis.SETTINGS,
    **importance.SETTINGS,
    **alignment.SETTINGS,
    **interventions.SETTINGS,
    **retrieval.SETTINGS,
    **cloze.SETTINGS,
    **knowledge.SETTINGS,
    **sharing.SETTINGS,
    **components.SETTINGS,
    **claims.SETTINGS,
}
