"""A model's responses, written in cells that are kept: a killed job goes on where it stopped."""

import logging
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from langneurons.artifacts.cells import Measurement, measured_cells
from langneurons.artifacts.digests import table_digest
from langneurons.artifacts.progress import Progress, amount
from langneurons.job import CONSOLE
from langneurons.models.memory import lowering
from langneurons.responses.generation import Generator, demand_room
from langneurons.responses.prompts import Prompts
from langneurons.responses.schemas import RESPONSES
from langneurons.responses.tokens import encode

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from langneurons.models.spec import ModelSpec

logger = logging.getLogger(__name__)

#: Responses in a cell; a killed job loses no more than a cell and a batch. Batches run on from one
#: cell to the next, so cells cost no time: they are small for what they save, and large enough that
#: 100,000 responses are not more than a thousand files.
CELL = 128


class Writer:
    """Writes the responses to prompts, the longest prompts first.

    The model is loaded for the first response that is written.

    Parameters
    ----------
    spec, prompts
        The model, and how it is asked.
    rows
        A row for each response: ``problem``, ``language``, ``sample`` and ``prompt``.
    generation
        See `langneurons.responses.collection.generate_responses`.
    section
        The section of the configuration that has ``batch_size``, for messages.
    progress
        Whether to show a progress bar on stderr.

    Raises
    ------
    InputError
        If a prompt leaves no room for ``max_new_tokens`` in the model's context.
    """

    def __init__(
        self,
        spec: "ModelSpec",
        prompts: Prompts,
        rows: pd.DataFrame,
        generation: Mapping[str, Any],
        section: str = "generation",
        progress: bool = True,
    ) -> None:
        self._spec, self._generation, self._section = spec, generation, section
        self._asking, self._progress = prompts, progress
        self._rows = rows[["problem", "language", "sample", "prompt"]]
        self._prompts: list[list[int]] = []
        self._texts: Iterator[str] = iter(())
        self._at = -1  # the row that the next of these texts belongs to
        if len(rows):
            self._tokenize()

    def _tokenize(self) -> None:
        from langneurons.models.loading import context_length, load_config

        texts = list(self._rows["prompt"].unique())  # several samples have the same prompt
        tokens = dict(zip(texts, encode(self._asking.tokenizer, texts), strict=True))
        prompts = [tokens[prompt] for prompt in self._rows["prompt"]]
        new_tokens = self._generation["max_new_tokens"]
        # A prompt is the same for all its samples.
        prompted = self._rows.drop(columns="sample")
        demand_room(prompted, prompts, new_tokens, context_length(load_config(self._spec)))
        # In this order batches of any size are runs of rows, and memory fails at once.
        order = sorted(range(len(prompts)), key=lambda row: -len(prompts[row]))
        self._rows = self._rows.iloc[order].reset_index(drop=True)
        self._prompts = [prompts[row] for row in order]
        logger.info(
            "writes up to %s tokens: %s responses of at most %d",
            amount(len(order) * new_tokens),
            amount(len(order)),
            new_tokens,
            extra=CONSOLE,
        )

    def write(self) -> pd.DataFrame:
        """Write all responses, keeping none of them before the last is there.

        Returns
        -------
        pandas.DataFrame
            The columns of `RESPONSES`, in no particular order.

        Raises
        ------
        InputError
            If the model cannot be loaded, or a batch does not fit into memory.
        """
        return self._written(range(len(self._rows)))

    def write_cells(self, output: str | Path, code: Mapping[str, str] | None) -> pd.DataFrame:
        """Write all responses but those that an earlier run of the same job kept.

        Which responses form a cell does not depend on the size of batches.

        Parameters
        ----------
        output
            The file that the job finally writes; finished cells are kept beside it.
        code
            Digests of the code, so that cells kept by another version are not reused.

        Returns
        -------
        pandas.DataFrame
            See `write`, also for the errors.
        """
        from langneurons.models.spec import state_of

        rows = len(self._rows)
        cells = [range(start, min(start + CELL, rows)) for start in range(0, rows, CELL)]
        deciding = {key: self._generation[key] for key in self._generation if key != "batch_size"}
        measurement = Measurement(
            rows=self._written,
            keys=lambda cell: [table_digest(self._asked(cell))],
            neurons=lambda _: [],
            facts={**state_of(self._spec), "generation": deciding, "code": dict(code or {})},
        )
        # Progress is that of single responses.
        table = measured_cells(cells, measurement, output, RESPONSES, "writing", progress=False)
        return table.to_pandas()

    def _asked(self, cell: range) -> pd.DataFrame:
        """Return a run of rows with what the model reads: one prompt may have other tokens."""
        rows = self._rows.iloc[cell.start : cell.stop]
        return rows.assign(tokens=self._prompts[cell.start : cell.stop])

    def _written(self, cell: range) -> pd.DataFrame:
        """Return the `RESPONSES` rows of a run of rows."""
        if cell.start != self._at:  # at the first cell, and after one that was kept
            self._texts = self._texts_from(cell.start)
        with lowering(f"{self._section}.batch_size", self._generation["batch_size"]):
            texts = list(islice(self._texts, len(cell)))
            if cell.stop == len(self._rows):
                next(self._texts, None)  # ends the progress
        self._at = cell.stop
        return self._rows.iloc[cell.start : cell.stop].assign(response=texts)

    def _texts_from(self, start: int) -> Iterator[str]:
        """Yield the responses to all rows from one on, a batch of them at a time."""
        if not self._prompts:
            return
        names = self._rows[["problem", "language", "sample"]].iloc[start:]
        generator = Generator(
            self._model,
            self._asking.tokenizer,
            self._prompts[start:],
            self._generation,
            names.to_numpy(object).tolist(),
        )
        with Progress(len(self._prompts), "response", done=start, show=self._progress) as bar:
            for batch in generator.batches():
                bar.update(len(batch))
                yield from (continuation.text for _, continuation in batch)

    @cached_property
    def _model(self) -> "PreTrainedModel":
        from langneurons.models.loading import load_model

        return load_model(self._spec)
