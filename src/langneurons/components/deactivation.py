"""Switch off a language's neurons by component and stage, and measure every language (METHOD 8)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.cells import Measurement, measure_cells, remove_kept
from langneurons.artifacts.shares import joined_shares, share_of, sort_rows
from langneurons.artifacts.tables import inherited_provenance, write_table
from langneurons.components.cells import Cell, component_cells
from langneurons.components.schemas import ALL, COMPONENT_CELL, COMPONENT_PROBLEMS, STAGES
from langneurons.components.stages import stages_as_given, stages_of_phases
from langneurons.errors import InputError
from langneurons.interventions.bench import Bench, Subject
from langneurons.interventions.matching import Controls
from langneurons.job import CONSOLE
from langneurons.models.attention import Attention, find_attention
from langneurons.models.attention_edits import QUERY_KEY_VALUE, switching_off
from langneurons.models.edits import zeroing
from langneurons.models.schema import read_card
from langneurons.models.spec import ModelSpec
from langneurons.neurons.components import read_components
from langneurons.neurons.sets import SETS
from langneurons.neurons.types import TYPES, Neurons
from langneurons.responses.prompts import Prompts

logger = logging.getLogger(__name__)

_FFN = "ffn"


def deactivate_components(
    spec: ModelSpec,
    card_path: str | Path,
    corpus_path: str | Path,
    components_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    template: str,
    parameters: Mapping[str, Any],
    segments_path: str | Path | None = None,
    tokens_path: str | Path | None = None,
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
    components_path
        A table of `COMPONENT_NEURONS`.
    output
        A table of `COMPONENT_PROBLEMS`; finished cells are kept beside it.
    languages
        The K languages of the neurons.
    template
        The prompt, see `langneurons.responses.prompts.Prompts`.
    parameters
        ``languages`` whose neurons are switched off; ``measured``, the languages that every cell is
        measured on; ``components`` (`ALL` for several together)
        and ``together`` (which these are: all that are switched off at all); ``set`` (a key of
        `SETS`); ``stages`` (first and last layer of each; absent where phases make them);
        ``control_seeds``; ``texts`` (``prompt`` or ``texts``: what is scored) and ``problems`` (how
        many of each language, from the first).
    segments_path
        Phases; needed without ``stages``.
    tokens_path
        The tokens of the texts; needed where ``texts`` is not ``prompt``.
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
        If neurons are of another model, stages do not fit its layers, a language has no problems,
        a text does not fit the model, or its attention cannot be seen. Of these, what attention
        says and whether texts fit is known once the weights are loaded.
    """
    card = read_card(card_path)
    stages = _stages(parameters.get("stages"), segments_path, int(card["layers"]))
    read = read_components(components_path, parameters["together"], languages)
    _check_shapes(components_path, read, int(card["layers"]), int(card["neurons_per_layer"]))
    controls = {name: Controls(neurons.selected) for name, neurons in read.items()}
    cells = component_cells(
        own_neurons(read, parameters["set"], languages, parameters["languages"]),
        controls,
        parameters["components"],
        stages,
        parameters["control_seeds"],
    )
    for one in controls.values():
        one.report()
    subject, prompts = _Subject(spec), Prompts(template, spec)
    batched = {**parameters, "batch_tokens": batch_tokens}
    bench = Bench(subject, prompts, corpus_path, tokens_path, batched, parameters["measured"])
    own = share_of(cells, share)
    measurement = Measurement(
        rows=partial(_rows, bench=bench, subject=subject),
        keys=lambda cell: [[astuple(one) for one in cell.purposes], _shapes(cell)],
        neurons=lambda cell: cell.packed,
        facts=bench.deciding_facts({"texts": parameters["texts"]}, code),
    )
    inputs = [card_path, corpus_path, components_path, segments_path, tokens_path]
    provenance = {
        "inputs": [str(path) for path in inputs if path is not None],
        "model": asdict(spec),
        "template": template,
        "parameters": dict(parameters),
        "languages": list(languages),
        "stages": {name: [layers.start, layers.stop - 1] for name, layers in stages.items()},
        "controls": {name: one.drawn for name, one in controls.items()},
        "share": list(share),
    }
    logger.info(bench.reading(len(own)), extra=CONSOLE)
    measure_cells(own, measurement, output, COMPONENT_PROBLEMS, provenance, "components", progress)


def own_neurons(
    read: Mapping[str, Neurons], name: str, languages: Sequence[str], chosen: Sequence[str]
) -> dict[str, dict[str, np.ndarray]]:
    """Return the neurons of languages by component, boolean (L, D of the component).

    Parameters
    ----------
    read
        From `read_components`.
    name
        A key of `SETS`.
    languages, chosen
        The K languages of the neurons, and those asked for.
    """
    kinds = [TYPES.index(kind) for kind in SETS[name]]
    return {
        language: {
            component: neurons.active[..., languages.index(language)] & np.isin(neurons.kind, kinds)
            for component, neurons in read.items()
        }
        for language in chosen
    }


def merge_component_deactivation(
    paths: Sequence[str | Path],
    output: str | Path,
    components: Sequence[str],
    languages: Sequence[str],
) -> None:
    """Join the shares into one table of `COMPONENT_PROBLEMS`; the kept cells are removed.

    ``components`` and ``languages`` are the order of the rows, after those with no neurons off.
    """
    given = {
        "component": components,
        "stage": [ALL, *STAGES],
        "language": languages,
        "target": languages,
    }
    by = [*COMPONENT_CELL, "control_seed", "target"]
    table = sort_rows(joined_shares(paths, COMPONENT_PROBLEMS), by, given)
    write_table(table, output, COMPONENT_PROBLEMS, inherited_provenance(paths[0]))
    remove_kept(paths)


class _Subject(Subject):
    """A model with its attention, which is looked for on first use."""

    @cached_property
    def attentions(self) -> list[Attention]:
        """Its attention; see `find_attention` for the errors."""
        return find_attention(self.model)


def _rows(cell: Cell, bench: Bench, subject: _Subject) -> pd.DataFrame:
    """Return the `COMPONENT_PROBLEMS` rows of a cell: those of each purpose."""
    off = {name: mask for name, mask in cell.neurons.items() if mask.any()}
    attention = {name: mask for name, mask in off.items() if name in QUERY_KEY_VALUE}
    attentions = subject.attentions if attention else []
    with switching_off(subject.model, attentions, attention):
        rows = bench.losses(zeroing(off[_FFN]) if _FFN in off else [])
    rows = rows.assign(neurons=cell.number)
    absent = dict.fromkeys((*COMPONENT_CELL, "control_seed"))
    purposes = [asdict(one) for one in cell.purposes] or [absent]
    return pd.concat([rows.assign(**one) for one in purposes], ignore_index=True)


def _stages(
    given: Mapping[str, Sequence[int]] | None, segments_path: str | Path | None, layers: int
) -> dict[str, slice]:
    if given is not None:
        return stages_as_given(given, layers)
    if segments_path is None:
        raise ValueError("segments_path: found None, expected a path without stages")
    return stages_of_phases(segments_path)


def _shapes(cell: Cell) -> dict[str, tuple[int, ...]]:
    return {name: mask.shape for name, mask in cell.neurons.items()}


def _check_shapes(path: str | Path, read: Mapping[str, Neurons], layers: int, neurons: int) -> None:
    """Refuse neurons of another model, as far as that is known without its weights."""
    for name, found in read.items():
        width = found.kind.shape[1]
        if len(found.kind) != layers or (name == _FFN and width != neurons):
            expected = f"{layers} layers" + (f" of {neurons} neurons" if name == _FFN else "")
            raise InputError(
                f"{path}: neurons of another model: {len(found.kind)} layers of {width} neurons of "
                f"{name}, expected {expected}"
            )
