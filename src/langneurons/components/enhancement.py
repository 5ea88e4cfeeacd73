"""Train only a language's neurons on texts of it, and measure every language (METHOD 8)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.cells import Measurement, measure_cells, remove_kept
from langneurons.artifacts.digests import table_digest
from langneurons.artifacts.shares import joined_shares, share_of, sort_rows
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.components.schemas import ENHANCEMENT_PROBLEMS
from langneurons.components.training import train_neurons
from langneurons.errors import InputError
from langneurons.interventions.bench import Bench, Subject
from langneurons.interventions.matching import Controls
from langneurons.job import CONSOLE
from langneurons.models.batches import check_rows
from langneurons.models.head import Head
from langneurons.models.likelihood import scored_tokens
from langneurons.models.loading import load_config
from langneurons.models.neuron_weights import NeuronChanges, NeuronWeights, find_neuron_weights
from langneurons.models.quantised import check_gradients
from langneurons.models.schema import read_card
from langneurons.models.spec import ModelSpec
from langneurons.neurons.sets import selected_neurons, sets_of_table
from langneurons.responses.prompts import Prompts
from langneurons.responses.schemas import TOKENS

logger = logging.getLogger(__name__)

_STAGE = "enhancement"


@dataclass(frozen=True)
class Cell:
    """Neurons that are trained together, on texts of one language."""

    language: str | None
    """None before any training."""
    control_seed: int | None
    neurons: np.ndarray
    """Boolean, (L, D)."""


def enhance(
    spec: ModelSpec,
    card_path: str | Path,
    corpus_path: str | Path,
    neurons_path: str | Path,
    training_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    template: str,
    parameters: Mapping[str, Any],
    tokens_path: str | Path | None = None,
    share: tuple[int, int] = (1, 1),
    code: Mapping[str, str] | None = None,
    batch_tokens: int = 1024,
    progress: bool = True,
) -> None:
    """Train and measure one share of the cells, and write their NLL by problem.

    Of each neuron its row of the gate, of the up projection and its column of the down projection
    are trained; biases and all other weights stay as they are. After each cell the model is what it
    was.

    Parameters
    ----------
    spec, card_path
        The model and its card.
    corpus_path
        A corpus artefact: the problems that are measured, none of which is trained on.
    neurons_path
        A neurons artefact of the model.
    training_path
        The tokens of the texts to train on.
    output
        A table of `ENHANCEMENT_PROBLEMS`; finished cells are kept beside it.
    languages
        The K languages, on all of which every cell is measured.
    template
        The prompt, see `langneurons.responses.prompts.Prompts`.
    parameters
        ``languages`` whose neurons are trained, ``set`` (a key of `SETS`), ``control_seeds``,
        ``texts`` (``prompt`` or ``texts``: what is trained on and scored), ``problems`` (how many
        of each language are measured, from the first), ``training_texts`` (how many are trained on,
        likewise) and ``training``, see `train_neurons`.
    tokens_path
        The tokens of the texts that are measured; needed where ``texts`` is not ``prompt``.
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
        If weights are quantised, neurons are of another model, a language has no problems or no
        text to train on, a text does not fit the model, or training diverges. All but the last two
        are detected before the weights are loaded.
    """
    check_gradients(spec.path, load_config(spec).to_dict(), _STAGE)
    card = read_card(card_path)
    shape = (int(card["layers"]), int(card["neurons_per_layer"]))
    masks = sets_of_table(neurons_path, [parameters["set"]], shape, languages)[parameters["set"]]
    controls = Controls(selected_neurons(neurons_path, shape, languages))
    own = {name: masks[languages.index(name)] for name in parameters["languages"]}
    planned = enhancement_cells(own, controls, parameters["control_seeds"], shape)
    controls.report()
    cells = share_of(planned, share)
    subject, prompts = _Subject(spec), Prompts(template, spec)
    batched = {**parameters, "batch_tokens": batch_tokens}
    bench = Bench(subject, prompts, corpus_path, tokens_path, batched, languages)
    trained = training_texts(training_path, parameters)
    training = dict(parameters["training"])
    facts = {"texts": parameters["texts"], "training": training}
    measurement = Measurement(
        rows=partial(
            _rows,
            bench=bench,
            subject=subject,
            trained=trained,
            training=training,
            batch_tokens=batch_tokens,
        ),
        keys=lambda cell: [cell.language, cell.control_seed, cell.neurons.shape],
        neurons=lambda cell: [np.packbits(cell.neurons).tobytes()],
        facts={
            **bench.deciding_facts(facts, code),
            "trained": {name: table_digest(rows) for name, rows in trained.items()},
        },
    )
    inputs = [card_path, corpus_path, neurons_path, training_path, tokens_path]
    provenance = {
        "inputs": [str(path) for path in inputs if path is not None],
        "model": asdict(spec),
        "template": template,
        "parameters": dict(parameters),
        "languages": list(languages),
        "trained_texts": {name: len(rows) for name, rows in trained.items()},
        "controls": controls.drawn,
        "share": list(share),
    }
    logger.info(
        "%s, and trains %d steps of %d texts each time",
        *(bench.reading(len(cells)), training["steps"], training["batch"]),
        extra=CONSOLE,
    )
    measure_cells(cells, measurement, output, ENHANCEMENT_PROBLEMS, provenance, _STAGE, progress)


def enhancement_cells(
    own: Mapping[str, np.ndarray],
    controls: Controls,
    control_seeds: int,
    shape: tuple[int, int],
) -> list[Cell]:
    """Return all cells: no training first, then each language's neurons and their controls.

    Parameters
    ----------
    own
        Language → its neurons, boolean (L, D). Where it has none, nothing is trained.
    controls
        Draws the controls.
    shape
        (L, D) of the model.
    """
    cells = [Cell(None, None, np.zeros(shape, dtype=bool))]
    for language, mask in own.items():
        if not mask.any():
            logger.warning("%s has no neurons: nothing is trained", language, extra=CONSOLE)
            continue
        cells.append(Cell(language, None, mask))
        for seed in range(control_seeds):
            cells.append(Cell(language, seed, controls.draw(mask, seed, _STAGE, language)))
    return cells


def training_texts(path: str | Path, parameters: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the first texts of each language that is trained, their scored tokens as responses.

    Raises
    ------
    InputError
        If a language has none.
    """
    scored = scored_tokens(read_table(path, TOKENS), parameters["texts"])
    scored = scored[scored["response_tokens"].map(len) > 0]
    found = {}
    for language in parameters["languages"]:
        rows = scored[scored["language"] == language].head(parameters["training_texts"])
        if rows.empty:
            raise InputError(f"{path}: no texts in {language} to train on, expected at least one")
        found[language] = rows.reset_index(drop=True)
    return found


def merge_enhancement(
    paths: Sequence[str | Path], output: str | Path, languages: Sequence[str]
) -> None:
    """Join the shares into one table of `ENHANCEMENT_PROBLEMS`; the kept cells are removed.

    ``languages`` are the order of the rows, after those before any training.
    """
    given = {"language": languages, "target": languages}
    by = ["language", "control_seed", "target"]
    table = sort_rows(joined_shares(paths, ENHANCEMENT_PROBLEMS), by, given)
    write_table(table, output, ENHANCEMENT_PROBLEMS, inherited_provenance(paths[0]))
    remove_kept(paths)


class _Subject(Subject):
    """A model with its head and the weights of its neurons, which are looked for on first use."""

    @cached_property
    def head(self) -> Head:
        """Its head; see `Head` for the errors."""
        return Head(self.model)

    @cached_property
    def weights(self) -> list[NeuronWeights]:
        """The weights of its neurons; see `find_neuron_weights` for the errors."""
        return find_neuron_weights(self.model, self.mlps)


def _rows(
    cell: Cell,
    bench: Bench,
    subject: _Subject,
    trained: Mapping[str, pd.DataFrame],
    training: Mapping[str, Any],
    batch_tokens: int,
) -> pd.DataFrame:
    """Return the `ENHANCEMENT_PROBLEMS` rows of a cell."""
    facts = {
        "language": cell.language,
        "control_seed": cell.control_seed,
        "neurons": int(cell.neurons.sum()),
    }
    if cell.language is None:
        return bench.losses([]).assign(**facts, tokens=0)
    texts = trained[cell.language]
    check_rows(subject.model, texts, [cell.language])
    changes = NeuronChanges(subject.weights, cell.neurons)
    losses, tokens = train_neurons(
        subject.model, subject.head, changes, texts, training, batch_tokens
    )
    which = "its own" if cell.control_seed is None else f"random neurons, seed {cell.control_seed}"
    logger.info(
        "%s, %s: training loss from %.4f to %.4f", cell.language, which, losses[0], losses[-1]
    )
    with changes.merged():
        return bench.losses([]).assign(**facts, tokens=tokens)
