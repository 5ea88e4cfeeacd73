"""Ask in one language and steer to another: the second half of LAPE (METHOD 6; Tang et al. 2024).

While the model answers questions in language A, A's neurons are switched off and B's are raised:
set to the mean, or a quantile, of their activations over B's responses, times a factor; or that is
added to them; or they are multiplied by the factor. A cell is one such pair, or its random control
(as many neurons in each layer), or A without an intervention. Every cell records the answers and
their fluency (METHOD 10): the mean NLL of an answer's tokens under the unchanged model given no
prompt, so that an answer in B is not surprising merely because the question was in A, and the share
of repeated 4-grams.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.cells import Measurement, measure_cells
from langneurons.artifacts.progress import amount, tokens_in
from langneurons.artifacts.shares import share_of
from langneurons.artifacts.tables import read_table
from langneurons.errors import InputError
from langneurons.interventions.bench import Subject, deciding_facts, read_questions
from langneurons.interventions.matching import matched_controls
from langneurons.interventions.schemas import SCALE, STEERING_ANSWERS
from langneurons.interventions.steering_bench import SteeringBench
from langneurons.interventions.steering_cells import cells_of
from langneurons.job import CONSOLE
from langneurons.models.schema import read_card
from langneurons.models.spec import ModelSpec
from langneurons.neurons.sets import language_neurons, sets_of_table
from langneurons.responses.language import check_languages
from langneurons.responses.prompts import Prompts
from langneurons.responses.schemas import TOKENS

logger = logging.getLogger(__name__)


def steer(
    spec: ModelSpec,
    card_path: str | Path,
    corpus_path: str | Path,
    neurons_path: str | Path,
    tokens_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    template: str,
    parameters: Mapping[str, Any],
    probabilities_path: str | Path | None = None,
    code: Mapping[str, str] | None = None,
    share: tuple[int, int] = (1, 1),
    batch_size: int = 32,
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Answer the questions under one share of the cells and write the answers.

    Parameters
    ----------
    spec, card_path, corpus_path, template, share, code, batch_size, batch_tokens, progress
        See `langneurons.interventions.deactivation.deactivate`.
    neurons_path
        A neurons artefact: which neurons belong to which language.
    tokens_path
        The tokens of the responses over which B's activations are collected.
    probabilities_path
        The activation probabilities; needed where ``control`` is ``activity``.
    output
        A table of `STEERING_ANSWERS`; finished cells are kept beside it.
    languages
        The K languages of the neurons; an answer will be identified as one of them.
    parameters
        ``languages`` (those steered from and to), ``set`` (a key of
        `langneurons.neurons.sets.SETS`), ``raise_to`` (``mean``, or a quantile of B's activations),
        ``modes`` and ``factors`` (in each mode at each factor, see `MODES`), ``control``
        (``layer`` or ``activity``: what random controls are matched on) and ``control_seeds``,
        ``problems`` (how many of each language, from the first) and ``max_new_tokens``, which
        bounds every answer.

    Raises
    ------
    InputError
        If the neurons or the probabilities belong to another model, a language has no problems or
        no response tokens, a prompt leaves no room for the answer, or the model has no norms to
        match controls by.
    """
    card = read_card(card_path)
    shape = (int(card["layers"]), int(card["neurons_per_layer"]))
    name, steered = parameters["set"], list(parameters["languages"])
    sets = sets_of_table(neurons_path, [name], shape, languages)[name]
    masks = dict(zip(languages, sets, strict=True))
    check_languages(languages)
    prompts = Prompts(template, spec)
    questions = read_questions(corpus_path, prompts, parameters["problems"], steered)
    texts = _texts_of(tokens_path, steered)
    subject = Subject(spec)
    # Of a set with general neurons, these too.
    claimed = np.logical_or.reduce([*sets, language_neurons(neurons_path, shape, languages)])
    controls = matched_controls(
        subject, parameters["control"], probabilities_path, claimed, languages
    )
    doses = list(product(parameters["modes"], parameters["factors"]))
    # All of them, whatever the share: the record of controls is the same in all shares.
    planned = cells_of(masks, steered, parameters["control_seeds"], doses, controls)
    controls.report()
    cells = share_of(planned, share)
    batched = {**parameters, "batch_size": batch_size, "batch_tokens": batch_tokens}
    bench = SteeringBench(subject, prompts, questions, texts, cells, batched, progress)
    # A cell does not depend on which other languages are steered, nor on the other modes and
    # factors, nor on how its neurons were drawn, but on which they are.
    cell_only = ("languages", "modes", "factors", "control")
    deciding = {key: value for key, value in parameters.items() if key not in cell_only}
    measurement = Measurement(
        rows=bench.rows,
        keys=lambda cell: [
            cell.intervention,
            cell.control_seed,
            cell.source,
            cell.target,
            cell.mode,
            cell.factor,
        ],
        neurons=lambda cell: [np.packbits(mask).tobytes() for mask in (cell.lowered, cell.raised)],
        facts=deciding_facts(spec, questions, texts, deciding, languages, code),
    )
    inputs = [card_path, corpus_path, neurons_path, tokens_path, probabilities_path]
    provenance = {
        "inputs": [str(path) for path in inputs if path is not None],
        "model": asdict(spec),
        "template": template,
        "parameters": dict(parameters),
        "languages": list(languages),
        "controls": controls.drawn,
    }
    asked = questions["language"].value_counts()
    measured = [cell for cell in cells if not cell.empty]
    reading = [cell for cell in measured if cell.mode != SCALE]
    logger.info(
        "%d cells × %s questions: reads %s tokens of responses, writes up to %s",
        len(measured),
        amount(asked.max()),
        amount(tokens_in(texts[texts["language"].isin({one.target for one in reading})])),
        amount(asked[[cell.source for cell in measured]].sum() * parameters["max_new_tokens"]),
        extra=CONSOLE,
    )
    measure_cells(cells, measurement, output, STEERING_ANSWERS, provenance, "steering", progress)


def _texts_of(tokens_path: str | Path, languages: Sequence[str]) -> pd.DataFrame:
    tokens = read_table(tokens_path, TOKENS)
    tokens = tokens[tokens["response_tokens"].map(len) > 0]
    bare = [language for language in languages if language not in set(tokens["language"])]
    if bare:
        raise InputError(f"{tokens_path}: no response tokens in {' '.join(bare)}")
    return tokens[tokens["language"].isin(languages)].reset_index(drop=True)
