"""Switch off a language's first neurons by each method's rank, more and more of them.

The same job measures all methods of a model, so that neurons that several of them rank first are
switched off once.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.cells import Measurement, measure_cells
from langneurons.artifacts.shares import share_of
from langneurons.interventions.bench import Bench, Subject
from langneurons.interventions.dose_cells import Cell, dose_cells
from langneurons.interventions.matching import matched_controls
from langneurons.interventions.schemas import DOSE_PROBLEMS
from langneurons.job import CONSOLE
from langneurons.models.edits import zeroing
from langneurons.models.schema import read_card
from langneurons.models.spec import ModelSpec
from langneurons.neurons.sets import ranked_neurons, selected_neurons
from langneurons.responses.prompts import Prompts

logger = logging.getLogger(__name__)


def measure_doses(
    spec: ModelSpec,
    card_path: str | Path,
    corpus_path: str | Path,
    neurons_paths: Sequence[str | Path],
    output: str | Path,
    methods: Sequence[str],
    languages: Sequence[str],
    template: str,
    parameters: Mapping[str, Any],
    tokens_path: str | Path | None = None,
    probabilities_path: str | Path | None = None,
    share: tuple[int, int] = (1, 1),
    code: Mapping[str, str] | None = None,
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Measure one share of the cells and write their NLL by problem.

    Parameters
    ----------
    spec, card_path
        The model and its card.
    corpus_path
        A corpus artefact: the problems.
    neurons_paths, methods
        Neurons artefacts of the model, and the methods that they are of.
    output
        A table of `DOSE_PROBLEMS`; finished cells are kept beside it.
    languages
        The K languages of the neurons.
    template
        The prompt, see `langneurons.responses.prompts.Prompts`.
    parameters
        ``languages`` whose neurons are switched off; ``measured``, the languages that every cell is
        measured on; ``sizes``, ``control`` (``layer`` or ``activity``) and ``control_seeds``,
        ``texts`` (``prompt`` or ``texts``: what is scored) and ``problems`` (how many of each
        language, from the first).
    tokens_path
        The tokens of the texts; needed where ``texts`` is not ``prompt``.
    probabilities_path
        The activation probabilities; needed where ``control`` is ``activity``.
    share
        ``(index, of)``, index from 1.
    code
        Digests of the code, so that cells kept by another version are not reused.
    batch_tokens
        Padded tokens of texts at a time; no result depends on it.
    progress
        Whether to show a progress bar on stderr.

    Raises
    ------
    InputError
        If neurons or probabilities are of another model, a language has no problems, a text does
        not fit the model, or it has no norms to match controls by. All but the last two are
        detected before the weights are loaded.
    """
    card = read_card(card_path)
    shape = (int(card["layers"]), int(card["neurons_per_layer"]))
    ranked = {
        method: ranked_neurons(path, shape, languages)
        for method, path in zip(methods, neurons_paths, strict=True)
    }
    claimed = [selected_neurons(path, shape, languages) for path in neurons_paths]
    dosed = {
        method: {name: by_language[name] for name in parameters["languages"]}
        for method, by_language in ranked.items()
    }
    subject, prompts = Subject(spec), Prompts(template, spec)
    batched = {**parameters, "batch_tokens": batch_tokens}
    bench = Bench(subject, prompts, corpus_path, tokens_path, batched, parameters["measured"])
    controls = matched_controls(
        subject,
        parameters["control"],
        probabilities_path,
        np.logical_or.reduce(claimed),
        languages,
    )
    planned = dose_cells(dosed, shape, parameters["sizes"], parameters["control_seeds"], controls)
    controls.report()
    cells = share_of(planned, share)
    measurement = Measurement(
        rows=partial(_rows, bench=bench),
        keys=lambda cell: [cell.neurons.shape, [astuple(dose) for dose in cell.doses]],
        neurons=lambda cell: [np.packbits(cell.neurons).tobytes()],
        facts=bench.deciding_facts({"texts": parameters["texts"]}, code),
    )
    inputs = [card_path, corpus_path, *neurons_paths, tokens_path, probabilities_path]
    provenance = {
        "inputs": [str(path) for path in inputs if path is not None],
        "model": asdict(spec),
        "template": template,
        "methods": list(methods),
        "parameters": dict(parameters),
        "languages": list(languages),
        "available": {
            method: {name: len(order) for name, order in by_language.items()}
            for method, by_language in dosed.items()
        },
        "controls": controls.drawn,
        "share": list(share),
    }
    logger.info(bench.reading(len(cells)), extra=CONSOLE)
    measure_cells(cells, measurement, output, DOSE_PROBLEMS, provenance, "doses", progress)


def _rows(cell: Cell, bench: Bench) -> pd.DataFrame:
    """Return the `DOSE_PROBLEMS` rows of a cell: those of each dose that it is measured for."""
    rows = bench.losses(zeroing(cell.neurons)).assign(neurons=int(cell.neurons.sum()))
    absent = dict.fromkeys(("method", "language", "size", "control_seed"))
    doses = [asdict(dose) for dose in cell.doses] or [absent]
    return pd.concat([rows.assign(**dose) for dose in doses], ignore_index=True)
