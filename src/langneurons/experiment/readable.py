"""Whether models can give what methods of selection read, as far as a configuration tells."""

import json
from pathlib import Path

from langneurons.errors import InputError
from langneurons.experiment.configuration import Configuration
from langneurons.experiment.declared import methods
from langneurons.experiment.model_sections import LoadedModel, PublishedModel
from langneurons.models.quantised import check_gradients
from langneurons.neurons.methods.declaration import ACTIVATIONS


def check_methods(config: Configuration) -> None:
    """Refuse methods for models that cannot give the statistic that they read.

    Raises
    ------
    InputError
        If a statistic needs a model that is run, and one has published counts only; if it needs
        gradients, and the checkpoint of one is a folder of quantised weights. Those of the hub are
        refused once their configuration is there, by the job that would need the gradients.
    """
    for method in config.neurons.settings():
        declared = methods()[method]
        for name, model in config.models.items():
            if isinstance(model, PublishedModel) and declared.statistic != ACTIVATIONS:
                raise InputError(
                    f"config: neurons.{method}: reads {declared.statistic}, for which a model must "
                    f"be run, but model {name!r} has published counts only (models.{name}.counts)"
                )
            if declared.gradients:
                check_gives_gradients(config, name, f"neurons.{method}")


def check_gives_gradients(config: Configuration, name: str, key: str) -> None:
    """Refuse a model by an `InputError` if its checkpoint is a folder of quantised weights.

    Parameters
    ----------
    key
        The key of the configuration that needs gradients.
    """
    model = config.models.get(name)
    if isinstance(model, LoadedModel):
        file = Path(model.path, "config.json")
        if file.is_file() and model.gguf is None:
            check_gradients(model.path, _read(file), key)


def _read(file: Path) -> dict[str, object]:
    """Return what a file of JSON holds; what is wrong with it is said where it is loaded."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
