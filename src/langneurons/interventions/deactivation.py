"""Switch neurons off and measure what each language loses (METHOD 6).

A cell switches off one set of neurons of one language, or a random control, or nothing at all;
every cell is measured on all target languages. One job loads the model once and works through its
share of the cells; each cell is kept as soon as it is finished.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.cells import Measurement, measure_cells
from langneurons.artifacts.digests import table_digest
from langneurons.artifacts.progress import amount
from langneurons.artifacts.shares import share_of
from langneurons.artifacts.tables import read_table
from langneurons.corpora.schema import FACTS
from langneurons.errors import InputError
from langneurons.interventions.bench import Bench, Subject
from langneurons.interventions.deactivation_cells import Cell, cells_of
from langneurons.interventions.knowing import Knowing
from langneurons.interventions.matching import matched_controls
from langneurons.interventions.schemas import DEACTIVATION_ANSWERS
from langneurons.job import CONSOLE
from langneurons.models.edits import zeroing
from langneurons.models.loading import load_tokenizer
from langneurons.models.schema import read_card
from langneurons.models.spec import ModelSpec
from langneurons.neurons.sets import (
    MASK,
    language_neurons,
    read_masks,
    sets_by_phase,
    sets_of_table,
)
from langneurons.responses.cloze import cloze_tokens
from langneurons.responses.prompts import Prompts

logger = logging.getLogger(__name__)


def deactivate(
    spec: ModelSpec,
    card_path: str | Path,
    corpus_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    template: str,
    parameters: Mapping[str, Any],
    neurons_path: str | Path | None = None,
    mask_path: str | Path | None = None,
    tokens_path: str | Path | None = None,
    phases_path: str | Path | None = None,
    probabilities_path: str | Path | None = None,
    facts_path: str | Path | None = None,
    share: tuple[int, int] = (1, 1),
    code: Mapping[str, str] | None = None,
    batch_size: int = 32,
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Measure one share of the cells and write their values by problem.

    Parameters
    ----------
    spec, card_path
        The model and its card.
    corpus_path
        A corpus artefact: the questions.
    output
        A table of `DEACTIVATION_ANSWERS`; finished cells are kept beside it.
    languages
        The K languages, each both deactivated and a target.
    template
        The prompt, see `langneurons.responses.prompts.Prompts`.
    parameters
        ``sets`` (keys of `langneurons.neurons.sets.SETS`), ``control`` (``layer`` or ``activity``:
        what random controls are matched on) and ``control_seeds``, ``texts`` (``prompt`` or
        ``responses``: what is scored), ``problems`` (how many of each language, from the first),
        ``accuracy`` (whether to ask for answers) and their ``max_new_tokens``.
    neurons_path, mask_path
        Where the sets come from: a neurons artefact, or a published mask file, whose masks are
        the only set.
    tokens_path
        The tokens of the responses; needed where ``texts`` is ``responses``.
    phases_path
        A segments artefact: each set is then also switched off phase by phase.
    probabilities_path
        The activation probabilities; needed where ``control`` is ``activity``.
    facts_path
        A facts artefact: in each cell the model is asked for these too.
    share
        ``(index, of)``, index from 1.
    code
        Digests of the code, so that cells kept by another version are not reused.
    batch_size, batch_tokens
        Answers at a time, and padded tokens of texts at a time; no result depends on them.
    progress
        Whether to show a progress bar on stderr.

    Raises
    ------
    InputError
        If the mask or the probabilities belong to another model, a language has no problems, a
        text does not fit the model, or it has no norms to match controls by. All but the last two
        are detected before the weights are loaded.
    """
    card = read_card(card_path)
    shape = (int(card["layers"]), int(card["neurons_per_layer"]))
    if mask_path is not None:
        sets = read_masks(mask_path, shape, languages)
        claimed = np.logical_or.reduce(sets[MASK])
    elif neurons_path is None:
        raise ValueError("found neither neurons_path nor mask_path, expected one")
    else:
        sets = sets_of_table(neurons_path, parameters["sets"], shape, languages)
        claimed = language_neurons(neurons_path, shape, languages)
    if phases_path is not None:
        sets |= sets_by_phase(sets, phases_path)
    subject, prompts = Subject(spec), Prompts(template, spec)
    batched = {**parameters, "batch_size": batch_size, "batch_tokens": batch_tokens}
    bench = Bench(subject, prompts, corpus_path, tokens_path, batched, languages)
    facts, fact_tokens = _read_facts(facts_path, spec, card["context_length"])
    knowing = None if facts is None else Knowing(subject, facts, fact_tokens, batch_tokens)
    controls = matched_controls(
        subject, parameters["control"], probabilities_path, claimed, languages
    )
    # All of them, whatever the share: the record of controls is the same in all shares.
    planned = cells_of(sets, parameters["control_seeds"], languages, controls)
    controls.report()
    cells = share_of(planned, share)
    # A cell does not depend on which other sets are switched off, nor on how its neurons were
    # drawn, but on which they are.
    deciding = {key: value for key, value in parameters.items() if key not in ("sets", "control")}
    measurement = Measurement(
        rows=partial(_rows, bench=bench, knowing=knowing),
        keys=lambda cell: [cell.set, cell.control_seed, cell.deactivated, cell.neurons.shape],
        neurons=lambda cell: [np.packbits(cell.neurons).tobytes()],
        facts={
            **bench.deciding_facts(deciding, code),
            **({} if facts is None else {"facts": table_digest(facts)}),
        },
    )
    inputs = [
        *(card_path, corpus_path, neurons_path, mask_path, tokens_path, phases_path),
        *(probabilities_path, facts_path),
    ]
    provenance = {
        "inputs": [str(path) for path in inputs if path is not None],
        "model": asdict(spec),
        "template": template,
        "parameters": dict(parameters),
        "languages": list(languages),
        "controls": controls.drawn,
        "share": list(share),
    }
    measured = sum(not cell.empty for cell in cells)
    answers = measured * bench.questions["answer"].notna().sum() if parameters["accuracy"] else 0
    logger.info(
        "%s%s",
        bench.reading(measured),
        f", writes up to {amount(answers * parameters['max_new_tokens'])}" if answers else "",
        extra=CONSOLE,
    )
    measure_cells(
        cells, measurement, output, DEACTIVATION_ANSWERS, provenance, "deactivating", progress
    )


def _read_facts(
    path: str | Path | None, spec: ModelSpec, context_length: int | None
) -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """Return facts, None without a path, and the tokens of all their candidates."""
    if path is None:
        return None, pd.DataFrame()
    facts = read_table(path, FACTS)
    try:
        return facts, cloze_tokens(facts, load_tokenizer(spec), context_length)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _rows(cell: Cell, bench: Bench, knowing: Knowing | None) -> pd.DataFrame:
    """Return the `DEACTIVATION_ANSWERS` rows of a cell: of questions, then of facts."""
    rows = bench.questions[["language", "problem"]].assign(is_fact=False, known=None)
    measures = ["nll", "response", "unfinished"]
    edits = zeroing(cell.neurons)
    rows[measures] = None if cell.empty else bench.measure(edits)[measures]
    if knowing is not None:
        asked = knowing.rows.rename(columns={"fact": "problem"})
        asked = asked.assign(is_fact=True, **dict.fromkeys(measures))
        asked["known"] = None if cell.empty else knowing.measure(edits).astype(object)
        rows = pd.concat([rows.astype(object), asked.astype(object)], ignore_index=True)
    return rows.rename(columns={"language": "target"}).assign(
        set=cell.set,
        control_seed=cell.control_seed,
        deactivated=cell.deactivated,
        neurons=int(cell.neurons.sum()),
    )
