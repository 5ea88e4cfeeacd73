"""What a changed model is measured on: questions to answer and texts to find likely (METHOD 6)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from langneurons.artifacts import read_table
from langneurons.errors import InputError
from langneurons.evaluation.answering import Answering
from langneurons.evaluation.language import identify_languages
from langneurons.evaluation.perplexity import TEXTS, Likelihood, scored_tokens
from langneurons.interventions import Edit, intervening
from langneurons.models.batches import check_rows
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import check_causal, find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.prompts import render
from langneurons.schemas import CORPUS, TOKENS
from langneurons.tokenization import encode


class Bench:
    """A model with the texts that it is measured on; it is loaded at the first measurement.

    Parameters
    ----------
    spec
        The model.
    questions, texts
        From `read_questions` and `scored_texts`.
    parameters
        ``accuracy`` (whether to ask for answers), ``max_new_tokens`` and ``batch_size`` (rows) of
        the answers, ``batch_tokens`` of the texts.
    languages
        The languages that an answer may be in.

    Raises
    ------
    InputError
        If answers are asked for and the languages cannot be told apart.
    """

    def __init__(
        self,
        spec: ModelSpec,
        questions: pd.DataFrame,
        texts: pd.DataFrame,
        parameters: Mapping[str, Any],
        languages: Sequence[str],
    ) -> None:
        if parameters["accuracy"]:
            identify_languages([], languages)
        self._spec, self._questions, self._texts = spec, questions, texts
        self._parameters, self._languages = parameters, list(languages)
        self._loaded = False

    def measure(self, edits: Sequence[Edit]) -> pd.DataFrame:
        """Measure the model under edits.

        Returns
        -------
        pandas.DataFrame
            A row a question: ``nll`` (nats a token, the mean over its texts; NaN where it has
            none), and the booleans ``right`` and ``unfinished`` (see `Answering.assess`; None
            where no answer was asked for, or there is none to compare with).

        Raises
        ------
        InputError
            At the first call also as `load_model`, `find_mlps`, `check_rows`; if an edit does not
            fit the model, or the model yields NaN.
        """
        if not self._loaded:
            self._load()
        questions = self._questions
        measures = pd.DataFrame(index=questions.index, columns=["nll", "right", "unfinished"])
        with intervening(self._mlps, edits):
            texts = self._texts.assign(nll=self._likelihood.mean_nll())
            by_question = texts.groupby(["language", "problem"])["nll"].mean()
            keys = pd.MultiIndex.from_frame(questions[["language", "problem"]])
            measures["nll"] = by_question.reindex(keys).to_numpy()
            if self._parameters["accuracy"]:
                answered = questions["answer"].notna()
                assessed = self._answering.assess().astype(object)
                measures.loc[answered, assessed.columns] = assessed.to_numpy()
        return measures.where(measures.notna(), None)

    def _load(self) -> None:
        model = load_model(self._spec)
        self._mlps = find_mlps(model)
        check_causal(model)
        check_rows(model, self._texts, self._languages)
        self._likelihood = Likelihood(model, self._texts, self._parameters["batch_tokens"])
        if self._parameters["accuracy"]:
            answered = self._questions[self._questions["answer"].notna()]
            tokenizer = load_tokenizer(self._spec)
            self._answering = Answering(
                model, tokenizer, answered, self._parameters, self._languages
            )
        self._loaded = True


def read_questions(
    corpus_path: str | Path, template: str, problems: int, languages: Sequence[str]
) -> pd.DataFrame:
    """Return the first ``problems`` problems of each language with their prompts.

    Returns
    -------
    pandas.DataFrame
        ``problem``, ``language``, ``answer`` and ``prompt``; languages in the order given.

    Raises
    ------
    InputError
        If a language has no problems.
    """
    corpus = read_table(corpus_path, CORPUS)
    parts = [corpus[corpus["language"] == language].head(problems) for language in languages]
    bare = [language for language, part in zip(languages, parts, strict=True) if part.empty]
    if bare:
        raise InputError(f"{corpus_path}: no problems in {' '.join(bare)}, expected at least one")
    rows = pd.concat(parts, ignore_index=True)
    rows["prompt"] = [
        render(template, question, language)
        for question, language in zip(rows["question"], rows["language"], strict=True)
    ]
    return rows[["problem", "language", "answer", "prompt"]]


def scored_texts(
    spec: ModelSpec, questions: pd.DataFrame, texts: str, tokens_path: str | Path | None = None
) -> pd.DataFrame:
    """Return the token table whose response tokens are scored, for these questions only.

    Parameters
    ----------
    texts
        ``prompt``: the prompts themselves, as in the release. ``responses``: the responses of
        the tokens artefact ``tokens_path``, given their prompts.

    Raises
    ------
    InputError
        If there is no tokenizer, or a language has no response to one of these questions.
    """
    if texts not in TEXTS:
        raise InputError(f"texts: found {texts!r}, expected one of {' '.join(TEXTS)}")
    if texts == "prompt":
        rows = questions[["problem", "language"]].assign(sample=0)
        rows["prompt_tokens"] = encode(load_tokenizer(spec), list(questions["prompt"]))
        rows["response_tokens"] = [[] for _ in range(len(rows))]
        return scored_tokens(rows, texts)
    tokens = read_table(tokens_path, TOKENS)
    rows = tokens.merge(questions[["problem", "language"]], on=["problem", "language"])
    bare = [name for name in questions["language"].unique() if name not in set(rows["language"])]
    if bare:
        raise InputError(
            f"{tokens_path}: no responses in {' '.join(bare)} to the problems asked for"
        )
    return scored_tokens(rows, texts)
