"""What a changed model is measured on: questions to answer and texts to score (METHOD 6)."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from transformers import PreTrainedModel

from langneurons.artifacts.digests import table_digest
from langneurons.artifacts.progress import amount, tokens_in
from langneurons.artifacts.tables import read_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.interventions.answering import Answering
from langneurons.models.batches import check_rows
from langneurons.models.edits import Edit, intervening
from langneurons.models.head import Head
from langneurons.models.likelihood import TEXTS, Likelihood, scored_tokens
from langneurons.models.loading import load_model
from langneurons.models.memory import lowering
from langneurons.models.mlps import Mlp, check_causal, find_mlps
from langneurons.models.spec import ModelSpec, state_of
from langneurons.responses.language import check_languages
from langneurons.responses.prompts import Prompts
from langneurons.responses.schemas import TOKENS
from langneurons.responses.tokens import encode

_ANSWER = ["response", "unfinished"]


class Subject:
    """A model whose weights are loaded on first use, and kept."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec

    @cached_property
    def model(self) -> PreTrainedModel:
        """The model in evaluation mode; see `load_model` for the errors."""
        return load_model(self.spec)

    @cached_property
    def head(self) -> Head:
        """Its head, for likelihoods."""
        return Head(self.model)

    @cached_property
    def mlps(self) -> list[Mlp]:
        """Its MLPs; see `find_mlps` and `check_causal` for the errors."""
        mlps = find_mlps(self.model)
        check_causal(self.model)
        return mlps


class Bench:
    """A model and what it is measured on; the model is loaded at the first measurement.

    Parameters
    ----------
    subject, prompts
        The model, and how it is asked.
    corpus_path, tokens_path
        A corpus artefact, and the tokens of the texts that are scored; see `scored_texts`.
    parameters
        ``problems`` (how many of each language, from the first), ``texts`` (what is scored, see
        `scored_texts`) and ``batch_tokens`` of these; ``accuracy`` (whether to ask for answers, by
        default not), with ``max_new_tokens`` and ``batch_size`` (rows) of these.
    languages
        The languages that are measured, and that an answer may be in.

    Attributes
    ----------
    questions, texts
        From `read_questions` and `scored_texts`.

    Raises
    ------
    InputError
        As `read_questions` and `scored_texts`, or if answers are asked for and the languages cannot
        be told apart.
    """

    def __init__(
        self,
        subject: Subject,
        prompts: Prompts,
        corpus_path: str | Path,
        tokens_path: str | Path | None,
        parameters: Mapping[str, Any],
        languages: Sequence[str],
    ) -> None:
        self._asks = bool(parameters.get("accuracy", False))
        if self._asks:
            check_languages(languages)
        self._subject, self._prompts = subject, prompts
        self._parameters, self._languages = parameters, list(languages)
        self.questions = read_questions(corpus_path, prompts, parameters["problems"], languages)
        self.texts = scored_texts(prompts, self.questions, parameters["texts"], tokens_path)

    def deciding_facts(
        self, parameters: Mapping[str, Any], code: Mapping[str, str] | None
    ) -> dict[str, Any]:
        """Return what the results of all cells depend on; see `deciding_facts`."""
        spec, languages = self._subject.spec, self._languages
        return deciding_facts(spec, self.questions, self.texts, parameters, languages, code)

    def reading(self, cells: int) -> str:
        """Return what is said at the start of a job that measures this many cells."""
        tokens = amount(cells * tokens_in(self.texts))
        return f"{cells} cells × {amount(len(self.texts))} texts: reads {tokens} tokens"

    def losses(self, edits: Sequence[Edit]) -> pd.DataFrame:
        """Return ``target``, ``problem`` and ``nll`` of all questions under edits."""
        rows = self.questions[["language", "problem"]].rename(columns={"language": "target"})
        return rows.assign(nll=self.measure(edits)["nll"])

    def measure(self, edits: Sequence[Edit]) -> pd.DataFrame:
        """Measure the model under edits.

        Returns
        -------
        pandas.DataFrame
            One row per question: ``nll`` (nats per token, the mean over its texts; NaN where it
            has none), ``response`` and ``unfinished`` (see `Answering.answer`; None where no
            answer was asked for, or there is none to compare with).

        Raises
        ------
        InputError
            If an edit does not fit the model, the model yields NaN, or a batch does not fit into
            memory; at the first call also as in `load_model`, `find_mlps`, `check_causal`,
            `check_rows` and `Answering`.
        """
        questions = self.questions
        measures = pd.DataFrame(index=questions.index, columns=["nll", *_ANSWER])
        mlps, likelihood = self._subject.mlps, self._likelihood
        answering = self._answering if self._asks else None
        with intervening(mlps, edits):
            texts = self.texts.assign(nll=likelihood.mean_nll())
            by_question = texts.groupby(["language", "problem"])["nll"].mean()
            keys = pd.MultiIndex.from_frame(questions[["language", "problem"]])
            measures["nll"] = by_question.reindex(keys).to_numpy()
            if answering is not None:
                answered = questions["answer"].notna()
                with lowering("deactivation.batch_size", self._parameters["batch_size"]):
                    answers = answering.answer()
                measures.loc[answered, _ANSWER] = answers[_ANSWER].to_numpy(object)
        return measures.where(measures.notna(), None)

    @cached_property
    def _likelihood(self) -> Likelihood:
        model = self._subject.model
        check_rows(model, self.texts, self._languages)
        return Likelihood(model, self.texts, self._parameters["batch_tokens"])

    @cached_property
    def _answering(self) -> Answering:
        answered = self.questions[self.questions["answer"].notna()]
        tokenizer = self._prompts.tokenizer
        return Answering(self._subject.model, tokenizer, answered, self._parameters)


def deciding_facts(
    spec: ModelSpec,
    questions: pd.DataFrame,
    texts: pd.DataFrame,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
    code: Mapping[str, str] | None,
) -> dict[str, Any]:
    """Return what the results of all cells of an intervention depend on, JSON-serialisable.

    Parameters
    ----------
    parameters
        The parameters that can change a cell.
    code
        Digests of the code.
    """
    return {
        **state_of(spec),
        "questions": table_digest(questions),
        "texts": table_digest(texts),
        "parameters": dict(parameters),
        "languages": list(languages),
        "code": dict(code or {}),
    }


def read_questions(
    corpus_path: str | Path, prompts: Prompts, problems: int, languages: Sequence[str]
) -> pd.DataFrame:
    """Return the first ``problems`` problems of each language with their prompts.

    Returns
    -------
    pandas.DataFrame
        ``problem``, ``language``, ``answer`` and ``prompt``; languages in the order given.

    Raises
    ------
    InputError
        If a language has no problems, or a question cannot be asked (see `Prompts.render`).
    """
    corpus = read_table(corpus_path, CORPUS)
    parts = [corpus[corpus["language"] == language].head(problems) for language in languages]
    bare = [language for language, part in zip(languages, parts, strict=True) if part.empty]
    if bare:
        raise InputError(f"{corpus_path}: no problems in {' '.join(bare)}, expected at least one")
    rows = pd.concat(parts, ignore_index=True)
    rows["prompt"] = [
        prompts.render(question, language)
        for question, language in zip(rows["question"], rows["language"], strict=True)
    ]
    return rows[["problem", "language", "answer", "prompt"]]


def scored_texts(
    prompts: Prompts, questions: pd.DataFrame, texts: str, tokens_path: str | Path | None = None
) -> pd.DataFrame:
    """Return the token table whose response tokens are scored, for these questions only.

    Parameters
    ----------
    prompts
        How the model is asked the questions.
    texts
        ``prompt``: the prompts themselves, as in the release. ``responses``: the responses in
        the tokens artefact ``tokens_path``, given their prompts. ``texts``: the texts there.

    Raises
    ------
    InputError
        If ``texts`` is neither, there is no tokenizer, or a language has no response to any of
        these questions.
    """
    if texts not in TEXTS:
        raise InputError(f"texts: found {texts!r}, expected one of {' '.join(TEXTS)}")
    if texts == "prompt":
        rows = questions[["problem", "language"]].assign(sample=0)
        rows["prompt_tokens"] = encode(prompts.tokenizer, list(questions["prompt"]))
        rows["response_tokens"] = [[] for _ in range(len(rows))]
        return scored_tokens(rows, texts)
    if tokens_path is None:
        raise ValueError(f"tokens_path: found None, expected a path with texts {texts!r}")
    tokens = read_table(tokens_path, TOKENS)
    rows = tokens.merge(questions[["problem", "language"]], on=["problem", "language"])
    bare = [name for name in questions["language"].unique() if name not in set(rows["language"])]
    if bare:
        raise InputError(
            f"{tokens_path}: no responses in {' '.join(bare)} to the problems asked for"
        )
    return scored_tokens(rows, texts)
