"""Check, before any work is done, whether an alignment's two models are suitable."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from langneurons.alignment.lora import ALL_LINEAR, check_target_modules
from langneurons.alignment.translation import check_translation
from langneurons.artifacts.tables import artefact, write_table
from langneurons.job import CONSOLE
from langneurons.models.loading import load_skeleton
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec

logger = logging.getLogger(__name__)

#: A row for each kind of training: the model to align, the translation model if samples are scored,
#: and the modules that get an adapter, by ``key``, where they are configured.
INSPECTION = artefact(
    "inspection",
    "model string, translation string?, key string, target_modules [string]",
    version=2,
)


def inspect_alignment(
    spec: ModelSpec,
    languages: Sequence[str],
    target_modules: Mapping[str, str | Sequence[str]],
    output: str | Path,
    translation: ModelSpec | None = None,
    codes: Mapping[str, str] | None = None,
) -> None:
    """Refuse an alignment that would fail later, without reading weights.

    Parameters
    ----------
    spec
        The model to align.
    languages
        The languages to translate: the pivot and those to align.
    target_modules
        LoRA's target modules, by the key that configures them. If some are matrices of the MLPs,
        the console is told that training changes the neurons under study themselves.
    output
        A table of ``INSPECTION``.
    translation, codes
        The translation model that scores samples, if any, and a mapping from our language codes to
        its own.

    Raises
    ------
    InputError
        See `langneurons.alignment.translation.check_translation` and
        `langneurons.alignment.lora.check_target_modules`.
    """
    if translation is not None:
        check_translation(translation, codes, languages)
    rows = []
    for key, modules in target_modules.items():
        targets = check_target_modules(spec, modules, key)
        _tell_of_neurons(spec, targets, key)
        rows.append(
            {
                "model": spec.path,
                "translation": None if translation is None else translation.path,
                "key": key,
                "target_modules": targets,
            }
        )
    provenance = {
        "model": asdict(spec),
        "translation": None if translation is None else asdict(translation),
    }
    write_table(pd.DataFrame(rows, columns=INSPECTION.names), output, INSPECTION, provenance)


def _tell_of_neurons(spec: ModelSpec, targets: list[str], key: str) -> None:
    """Say on the console if an adapter is trained in the MLPs."""
    if targets == [ALL_LINEAR]:
        found = targets
    else:
        model = load_skeleton(spec)
        downs = {mlp.down for mlp in find_mlps(model)}
        own = {
            name
            for part in model.modules()
            if downs.intersection(part.children())
            for name, _ in part.named_children()
        }
        found = [name for name in targets if name in own]
    if found:
        logger.info(
            "%s: %s trains matrices of the MLPs, the weights of the neurons under study; modules "
            "of the attention alone leave these as they are",
            key,
            " ".join(found),
            extra=CONSOLE,
        )
