"""Switch the neurons of a class off and measure what each language loses (METHOD 9)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.cells import Measurement, measure_cells, remove_kept
from langneurons.artifacts.digests import table_digest
from langneurons.artifacts.progress import amount, tokens_in
from langneurons.artifacts.shares import joined_shares, share_of, sort_rows
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.interventions.bench import Subject
from langneurons.job import CONSOLE
from langneurons.models.batches import check_rows
from langneurons.models.edits import intervening, zeroing
from langneurons.models.likelihood import Likelihood, scored_tokens
from langneurons.models.schema import read_card
from langneurons.models.spec import ModelSpec, state_of
from langneurons.responses.parallel import in_all_languages
from langneurons.responses.schemas import TOKENS
from langneurons.sharing.cells import Cell, cells_of
from langneurons.sharing.classes import CLASSES
from langneurons.sharing.measuring import WHY
from langneurons.sharing.schemas import CLASS_DEACTIVATION, SHARING_NEURONS, SIZES

logger = logging.getLogger(__name__)


def deactivate_classes(
    spec: ModelSpec,
    card_path: str | Path,
    neurons_path: str | Path,
    tokens_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    parameters: Mapping[str, Any],
    share: tuple[int, int] = (1, 1),
    code: Mapping[str, str] | None = None,
    batch_tokens: int = 8192,
    progress: bool = True,
) -> None:
    """Measure one share of the cells and write their losses by problem.

    Parameters
    ----------
    spec, card_path
        The model and its card.
    neurons_path
        A table of `SHARING_NEURONS`: a neuron is of its most frequent class.
    tokens_path
        A table of `TOKENS`: the parallel texts that are scored.
    output
        A table of `CLASS_DEACTIVATION`; finished cells are kept beside it.
    languages
        The K languages.
    parameters
        ``texts`` (what is scored, see `scored_tokens`), ``problems`` (how many, from the first) and
        ``control_seeds`` (draws).
    share
        ``(index, of)``, index from 1.
    code
        Digests of the code, so that cells kept by another version are not reused.
    batch_tokens
        Most tokens in a batch, padding included; no result depends on it.

    Raises
    ------
    InputError
        If the neurons are of another model or the texts are not parallel, before the weights are
        loaded; as `load_model`, `find_mlps`, `check_causal`, `check_rows` and `Likelihood`.
    """
    card = read_card(card_path)
    sets = sets_of_classes(neurons_path, (int(card["layers"]), int(card["neurons_per_layer"])))
    try:
        tokens = read_table(tokens_path, TOKENS)
        texts = in_all_languages(tokens, languages, parameters["problems"], WHY)
    except InputError as error:
        raise InputError(f"{tokens_path}: {error}") from None
    scored = scored_tokens(texts, parameters["texts"])
    cells = share_of(cells_of(sets, parameters["control_seeds"]), share)
    subject = Subject(spec)

    @cache  # the model is loaded by the first cell that needs it
    def likelihood() -> Likelihood:
        check_rows(subject.model, scored, languages)
        return Likelihood(subject.model, scored, batch_tokens)

    def rows(cell: Cell) -> pd.DataFrame:
        mlps, scoring = subject.mlps, likelihood()
        with intervening(mlps, zeroing(cell.neurons)):
            nll = scoring.mean_nll()
        keys = {"class": cell.name, "size": cell.size, "control": cell.control, "seed": cell.seed}
        table = scored[["language", "problem"]].rename(columns={"language": "target"})
        table = table.assign(**keys, neurons=int(cell.neurons.sum()), nll=nll)
        return table.astype({"seed": "Int32"})

    # The numbers of a cell do not depend on how its neurons were drawn, but on which they are.
    measurement = Measurement(
        rows=rows,
        keys=lambda cell: [cell.name, cell.size, cell.control, cell.seed, cell.neurons.shape],
        neurons=lambda cell: [np.packbits(cell.neurons).tobytes()],
        facts={**state_of(spec), "texts": table_digest(scored), "code": dict(code or {})},
    )
    provenance = {
        "inputs": [str(path) for path in (card_path, neurons_path, tokens_path)],
        "model": asdict(spec),
        "parameters": dict(parameters),
        "languages": list(languages),
        "share": list(share),
    }
    logger.info(
        "%d cells × %s texts: reads %s tokens",
        len(cells),
        amount(len(scored)),
        amount(len(cells) * tokens_in(scored)),
        extra=CONSOLE,
    )
    measure_cells(
        cells, measurement, output, CLASS_DEACTIVATION, provenance, "deactivating", progress
    )


def sets_of_classes(path: str | Path, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Return the neurons of each class, boolean (L, D): those whose most frequent class it is.

    Raises
    ------
    InputError
        If the table is of a model of another shape.
    """
    table = read_table(path, SHARING_NEURONS)
    if len(table) != shape[0] * shape[1]:
        raise InputError(
            f"{path}: {len(table):,} neurons of another model, expected {shape[0]} layers of "
            f"{shape[1]} neurons"
        )
    return {name: (table["class"] == name).to_numpy().reshape(shape) for name in CLASSES}


def merge_class_deactivation(
    paths: Sequence[str | Path], output: str | Path, languages: Sequence[str]
) -> None:
    """Join the shares into one table of `CLASS_DEACTIVATION`; the kept cells are removed."""
    given = {"class": CLASSES, "size": SIZES, "target": languages}
    by = ["size", "class", "control", "seed", "target"]
    table = sort_rows(joined_shares(paths, CLASS_DEACTIVATION), by, given)
    write_table(table, output, CLASS_DEACTIVATION, inherited_provenance(paths[0]))
    remove_kept(paths)
