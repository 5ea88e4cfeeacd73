"""How large models are, as far as can be told before they are loaded, and what they cost to run."""

import json
import math
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from langneurons.artifacts.tables import read_table
from langneurons.experiment import paths
from langneurons.experiment.forecast.work import Work
from langneurons.experiment.inventory import Inventory
from langneurons.models.gguf_header import read_header

_CARD = pa.schema(
    [("parameters", pa.int64()), ("vocabulary_size", pa.int32()), ("hidden_size", pa.int32())]
)
_BYTES = 4  # of a weight


class Weights(NamedTuple):
    """The size of a model; NaN if it is not known."""

    body: float = math.nan
    """Numbers in all layers."""
    head: float = math.nan
    """Numbers in the map from the last states to logits."""

    def reading(self, tokens: float, scored: bool = False) -> float:
        """Return the operations of a forward pass, with the logits of all tokens if scored."""
        return 2 * (self.body + self.head * scored) * tokens

    def writing(
        self, texts: float, length: int, batch: int, prompts: float = 0, times: int = 1
    ) -> Work:
        """Return the work of writing texts in batches, a number of times.

        Parameters
        ----------
        texts
            How many.
        length
            Tokens of each.
        batch
            How many at a time.
        prompts
            Tokens of all prompts.
        """
        batches = texts if math.isnan(texts) else math.ceil(texts / batch)
        written, steps = times * texts * length, times * batches * length
        operations = self.reading(written, scored=True) + self.reading(times * prompts)
        moved = steps * _BYTES * (self.body + self.head)
        return Work(
            written=written, texts=times * texts, operations=operations, passes=steps, moved=moved
        )


def weights_of(experiment: Inventory, name: str, known: Callable[[str], bool]) -> Weights:
    """Return the size of a model from its local weights or its card, if one is there.

    Parameters
    ----------
    known
        Tells whether an artefact is there, to stay as it is.
    """
    model = experiment.models[name]
    if model.spec.get("dtype", "auto") not in ("auto", "float32"):
        return Weights()  # how fast a CPU is with shorter numbers differs too much
    shapes = list(_shapes(Path(model.spec["path"])))
    if shapes:
        embedding = max(shape for shape in shapes if len(shape) == 2)  # one row a token
        numbers = sum(map(math.prod, shapes))
        return _weights(numbers, math.prod(embedding), shapes.count(embedding))
    card = paths.card.format(model=name)
    if known(card):
        row = read_table(card, _CARD).iloc[0]
        # Once: where the embeddings are much of a model, they nearly always are its head as well.
        return _weights(row["parameters"], int(row["vocabulary_size"]) * row["hidden_size"], 1)
    if model.made:
        return weights_of(experiment, model.made.source, known)
    file = Path(model.gguf.get("path", ""), model.gguf.get("gguf", ""))
    if file.is_file():
        tensors = read_header(file).tensors
        copies = 1 + ("output.weight" in tensors)
        return _weights(sum(tensors.values()), tensors["token_embd.weight"], copies)
    return Weights()


def _weights(numbers: int, embedding: int, copies: int) -> Weights:
    return Weights(int(numbers) - copies * int(embedding), int(embedding))


def _shapes(folder: Path) -> Iterator[list[int]]:
    """Yield the shape of each tensor of a local checkpoint."""
    for path in folder.glob("model*.safetensors"):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
        yield from (header[name]["shape"] for name in header if name != "__metadata__")
