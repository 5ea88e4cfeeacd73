"""What there is to read: problems, prompts and texts, exactly or as far as it can be told."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import read_table
from langneurons.corpora.assembly import build_corpus
from langneurons.corpora.facts import build_facts
from langneurons.corpora.schema import CORPUS, FACTS
from langneurons.experiment import paths
from langneurons.experiment.datasets import DemoDataset, on_hub, windows_of
from langneurons.experiment.forecast.work import ABOUT, EXACT, UP_TO_ABOUT
from langneurons.experiment.inputs import INPUTS
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.settings import SETTINGS
from langneurons.responses.prompts import PLAIN, Prompts
from langneurons.responses.schemas import RESPONSES, TOKENS

_TOKEN = 4  # bytes of UTF-8 over all languages: 5 with 262,144 tokens to choose from, 2 with 1,200
_LARGEST = 20_000_000  # bytes that are read in a second or two


class Material:
    """What the models of an experiment are given to read.

    Parameters
    ----------
    known
        Tells whether an artefact is there, to stay as it is.
    """

    def __init__(self, experiment: Inventory, known: Callable[[str], bool]) -> None:
        self._experiment, self._known = experiment, known
        self._corpora: dict[str, pd.DataFrame] = {}

    def corpus(self, dataset: str) -> pd.DataFrame:
        """Return the rows of a corpus with ``number``, which is 1.

        If they are not known: one row a language, with NaN instead.
        """
        if dataset not in self._corpora:
            self._corpora[dataset] = self._read(dataset)
        return self._corpora[dataset]

    def _read(self, dataset: str) -> pd.DataFrame:
        file = paths.corpus.format(dataset=dataset)
        if self._known(file):
            return read_table(file, CORPUS).assign(number=1.0)
        wildcards = SimpleNamespace(dataset=dataset)
        if self._soon_read(wildcards):
            settings = SETTINGS["build_corpus"](self._experiment, wildcards)
            return build_corpus(dataset, **settings)[0].assign(number=1.0)
        languages = self._experiment.languages
        empty = {"problem": "", "question": "", "answer": 0.0, "number": math.nan}
        return pd.DataFrame({"language": languages, "responses": [[]] * len(languages), **empty})

    def _soon_read(self, wildcards: Any) -> bool:
        dataset = self._experiment.dataset(wildcards.dataset)
        if isinstance(dataset, DemoDataset):
            return dataset.problems <= 1000
        if on_hub(dataset):
            return False
        places = map(Path, INPUTS["build_corpus"](self._experiment, wildcards)["data"])
        files = [file for place in places for file in (place, *place.glob("*"))]
        return sum(file.stat().st_size for file in files if file.is_file()) <= _LARGEST

    def facts(self, dataset: str) -> tuple[float, float]:
        """Return about how many tokens prompts of facts have, and all their candidates."""
        file = paths.facts.format(dataset=dataset)
        if self._known(file):
            rows = read_table(file, FACTS)
        else:
            settings = SETTINGS["build_facts"](self._experiment, SimpleNamespace(dataset=dataset))
            rows = build_facts(dataset, **settings)[0]
        candidates = _about(list(rows["candidates"].explode()))
        return float(_about(list(rows["question"])).sum()), float(candidates.sum())

    def asked(self, dataset: str, template: str, languages: Sequence[str]) -> pd.DataFrame:
        """Return the rows of a corpus in some languages with ``prompt``, its tokens, about."""
        rows = self.corpus(dataset)
        rows = rows[rows["language"].isin(languages)]
        prompts = Prompts(template)
        questions = zip(rows["question"], rows["language"], strict=True)
        tokens = _about([prompts.render(*question) for question in questions])
        return rows.assign(prompt=tokens * rows["number"])

    def texts(self, model: str, dataset: str) -> tuple[pd.DataFrame, int]:
        """Return problem, language and ``tokens`` of what a model reads, and how well known."""
        experiment, file = self._experiment, self._tokens_file(model, dataset)
        if self._known(file):
            rows = read_table(file, TOKENS)
            rows = rows[rows["response_tokens"].map(len) > 0]
            tokens = rows["prompt_tokens"].map(len) + rows["response_tokens"].map(len)
            return rows.assign(tokens=tokens), EXACT
        writer = experiment.writer(model, dataset)
        file = paths.responses.format(model=writer, dataset=dataset)
        if self._known(file):
            rows = read_table(file, RESPONSES)
            return rows.assign(tokens=_about(rows["prompt"] + rows["response"])), ABOUT
        if experiment.holds_texts(dataset):
            rows = self.asked(dataset, PLAIN, experiment.languages)
            return rows.assign(tokens=rows["prompt"]), ABOUT
        rows = self.asked(dataset, experiment.config.prompt, experiment.languages)
        if writer == "data":
            responses = rows["responses"].map(lambda texts: _about(texts).sum())
            prompts = rows["prompt"] * rows["responses"].map(len)
            return rows.assign(tokens=(prompts + responses) * rows["number"]), ABOUT
        generation = experiment.config.generation
        tokens = (rows["prompt"] + generation.max_new_tokens) * generation.samples
        return rows.assign(tokens=tokens), UP_TO_ABOUT

    def tokens(self, model: str, dataset: str, languages: Sequence[str]) -> tuple[float, int]:
        """Return how many tokens a model reads in some languages, and how well that is known."""
        windows = windows_of(self._experiment.dataset(dataset))
        if windows and not self._known(self._tokens_file(model, dataset)):
            # A window may have a special token more.
            return windows["tokens"] * len(languages), ABOUT
        rows, certainty = self.texts(model, dataset)
        return sums(rows[rows["language"].isin(languages)], "tokens")[0], certainty

    def _tokens_file(self, model: str, dataset: str) -> str:
        writer = self._experiment.writer(model, dataset)
        return paths.tokens.format(model=model, responses=writer, dataset=dataset)


def sums(rows: pd.DataFrame, *columns: str) -> np.ndarray:
    """Return the sums of columns; NaN where a number is not known."""
    return rows[list(columns)].sum(skipna=False).to_numpy(dtype=float)


def _about(texts: Sequence[str]) -> np.ndarray:
    """Return about how many tokens each text has."""
    return np.array([len(text.encode()) / _TOKEN for text in texts], dtype=float)
