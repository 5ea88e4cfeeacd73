"""Responses that a model writes to the problems of a corpus."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from langneurons.artifacts.cells import remove_kept
from langneurons.artifacts.shares import joined_shares
from langneurons.artifacts.tables import inherited_provenance, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.prompts import Prompts
from langneurons.responses.rows import in_order, share_of_problems, with_prompts
from langneurons.responses.schemas import RESPONSES, row_name
from langneurons.responses.writing import Writer

if TYPE_CHECKING:
    from langneurons.models.spec import ModelSpec

logger = logging.getLogger(__name__)


def generate_responses(
    spec: "ModelSpec",
    corpus: pd.DataFrame,
    template: str,
    generation: Mapping[str, Any],
    languages: Sequence[str],
    progress: bool = True,
) -> pd.DataFrame:
    """Let a model respond to every problem of a corpus.

    Parameters
    ----------
    spec
        The model.
    corpus
        The columns of `CORPUS`.
    template
        The prompt, see `langneurons.responses.prompts.Prompts`.
    generation
        ``max_new_tokens`` and ``batch_size`` (rows); optionally ``samples`` per problem and
        language (1), ``temperature`` (0: greedy decoding) and ``seed`` (0). Sampling draws its
        random numbers from the seed and the response's problem, language and sample, so responses
        are the same at any batch size, up to rounding. The checkpoint's own generation settings
        are overridden, except for its end tokens.
    languages
        ISO 639-1 codes: the order of the rows.
    progress
        Whether to show a progress bar on stderr.

    Returns
    -------
    pandas.DataFrame
        The columns of `RESPONSES`, sorted by problem, language, sample
        (from 0).

    Raises
    ------
    InputError
        If several samples are asked for with greedy decoding, or a prompt is too long; the latter
        is detected before the model's weights are loaded. Also if a question cannot be asked (see
        `Prompts.render`), or a batch does not fit into memory.
    """
    prompts = Prompts(template, spec)
    rows = _requested(corpus, prompts, generation, languages)
    writer = Writer(spec, prompts, rows, generation, progress=progress)
    return in_order(writer.write(), languages)


def write_responses(
    corpus_path: str | Path,
    output: str | Path,
    spec: "ModelSpec",
    template: str,
    generation: Mapping[str, Any],
    languages: Sequence[str],
    share: tuple[int, int] = (1, 1),
    section: str = "generation",
    code: Mapping[str, str] | None = None,
    batch_size: int = 32,
    progress: bool = True,
) -> None:
    """Write the responses to one share of a corpus.

    Those that an earlier run of the same job has finished are not written again.

    Parameters
    ----------
    corpus_path
        A corpus artefact.
    output
        The responses artefact; finished responses are kept beside it until all are there.
    spec, template, generation, languages, progress
        See `generate_responses`; ``generation`` has no ``batch_size``.
    share
        ``(index, of)``, index from 1: the problems are split into ``of`` contiguous parts of nearly
        equal size, and the responses to one part are written. `merge_responses` joins the shares.
    section
        The section of the configuration that ``generation`` and ``batch_size`` are from.
    code
        Digests of the code, so that responses kept by another version are not reused.
    batch_size
        Prompts at a time; no result depends on it.

    Raises
    ------
    InputError
        See `generate_responses`.
    """
    corpus = share_of_problems(read_table(corpus_path, CORPUS), share)
    try:
        batched = {**generation, "batch_size": batch_size}
        prompts = Prompts(template, spec)
        rows = _requested(corpus, prompts, batched, languages)
        writer = Writer(spec, prompts, rows, batched, section, progress)
        responses = in_order(writer.write_cells(output, code), languages)
    except InputError as error:
        raise InputError(f"{corpus_path}: {error}") from None
    logger.info("%s: %d responses", output, len(responses))
    provenance = {
        "inputs": [str(corpus_path)],
        "model": asdict(spec),
        "template": template,
        "generation": dict(generation),
        "languages": list(languages),
        "share": list(share),
    }
    write_table(responses, output, RESPONSES, provenance)


def merge_responses(
    paths: Sequence[str | Path], output: str | Path, languages: Sequence[str]
) -> None:
    """Join the shares of one corpus's responses; see `merge_shares`. Kept cells are removed."""
    merge_shares(paths, output, RESPONSES, languages)
    remove_kept(paths)


def merge_shares(
    paths: Sequence[str | Path],
    output: str | Path,
    schema: pa.Schema,
    languages: Sequence[str],
) -> None:
    """Join the shares of a table about responses, in the order in which one job would write them.

    Parameters
    ----------
    schema
        Schema of the shares; it has the columns problem, language and sample.
    languages
        The languages, in their order within each problem.

    Raises
    ------
    InputError
        If two shares hold the same response.
    """
    rows = joined_shares(paths, schema)
    twice = rows[rows.duplicated(["problem", "language", "sample"])]
    if len(twice):
        raise InputError(
            f"{' '.join(map(str, paths))}: {row_name(twice.iloc[0])} is in two of these shares, "
            "expected each response in one"
        )
    provenance = {**inherited_provenance(paths[0]), "shares": len(paths)}
    write_table(in_order(rows, languages), output, schema, provenance)


def _requested(
    corpus: pd.DataFrame,
    prompts: Prompts,
    generation: Mapping[str, Any],
    languages: Sequence[str],
) -> pd.DataFrame:
    """Return a row, with its prompt, for each response that a model is asked for."""
    samples, temperature = generation.get("samples", 1), generation.get("temperature", 0)
    if samples > 1 and temperature == 0:
        raise InputError(
            f"generation: 'samples' is {samples} with 'temperature' 0, which would give "
            f"{samples} equal responses; expected a temperature above 0 or one sample"
        )
    prompted = with_prompts(corpus, prompts, languages)
    rows = prompted.loc[prompted.index.repeat(samples)].reset_index(drop=True)
    rows["sample"] = np.tile(np.arange(samples), len(prompted))
    return rows
