"""Settings of the rules that ask models for facts."""

from typing import Any

from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings.basis import Rules, Settings, compared, spec_of


def _summary(experiment: Inventory, wildcards: Any) -> Settings:
    return {"languages": experiment.languages, "model": wildcards.model}


SETTINGS: Rules = {
    "measure_cloze": spec_of,
    "summarise_cloze": _summary,
    "compare_cloze": compared,
}
