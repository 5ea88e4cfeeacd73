"""Check, before any work is done, whether an alignment's two models are suitable."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from langneurons.alignment.training import check_target_modules
from langneurons.alignment.translation import check_translation
from langneurons.artifacts.tables import artefact, write_table
from langneurons.models.spec import ModelSpec

#: One row: the model to align, the translation model, and the modules that get an adapter.
INSPECTION = artefact("inspection", "model string, translation string, target_modules [string]")


def inspect_alignment(
    spec: ModelSpec,
    translation: ModelSpec,
    codes: Mapping[str, str] | None,
    languages: Sequence[str],
    target_modules: str | Sequence[str],
    output: str | Path,
) -> None:
    """Refuse an alignment that would fail later, without reading weights.

    Parameters
    ----------
    spec
        The model to align.
    translation, codes
        The translation model, and a mapping from our language codes to its own.
    languages
        The languages to translate: the pivot and those to align.
    target_modules
        LoRA's target modules.
    output
        A table of ``INSPECTION``.

    Raises
    ------
    InputError
        See `langneurons.alignment.translation.check_translation` and
        `langneurons.alignment.training.check_target_modules`.
    """
    check_translation(translation, codes, languages)
    targets = check_target_modules(spec, target_modules)
    row = {"model": spec.path, "translation": translation.path, "target_modules": targets}
    provenance = {"model": asdict(spec), "translation": asdict(translation)}
    write_table(pd.DataFrame([row]), output, INSPECTION, provenance)
