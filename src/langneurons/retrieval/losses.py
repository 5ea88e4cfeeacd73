"""What a model loses on texts, and on their translations into and out of the pivot."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.batches import check_rows
from langneurons.models.likelihood import Likelihood
from langneurons.models.loading import context_length
from langneurons.models.probing import decoder_of
from langneurons.responses.prompts import ask_to_translate
from langneurons.responses.tokens import tokenize
from langneurons.retrieval.schemas import LOSSES, TO_PIVOT

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def losses_of(
    model: PreTrainedModel, tokens: pd.DataFrame, measure: str, batch_tokens: int
) -> pd.DataFrame:
    """Return the mean NLL of each row's response tokens.

    Parameters
    ----------
    model
        A decoder-only model in evaluation mode.
    tokens
        Rows of `TOKENS`.
    measure
        What this is called.
    batch_tokens
        Most tokens in a batch, padding included.

    Returns
    -------
    pandas.DataFrame
        The columns of `LOSSES`, a row for each of ``tokens``.

    Raises
    ------
    InputError
        As `check_rows` and `Likelihood`.
    """
    check_rows(model, tokens, sorted(set(tokens["language"])))
    # Nothing predicts a first token that has no prompt before it.
    unpredicted = tokens["prompt_tokens"].map(len) == 0
    table = tokens[["language", "problem"]].assign(
        measure=measure,
        nll=Likelihood(model, tokens, batch_tokens).mean_nll(),
        tokens=tokens["response_tokens"].map(len) - unpredicted,
    )
    return table[LOSSES.names]


def translations(
    corpus: pd.DataFrame,
    problems: Sequence[str],
    languages: Sequence[str],
    pivot: str,
    direction: str,
    template: str,
) -> pd.DataFrame:
    """Return prompts that ask for translations, with the partner's text as the response.

    Parameters
    ----------
    corpus
        Rows of `CORPUS`; the texts are its questions.
    problems
        Which problems.
    languages, pivot
        The languages; all but the pivot are translated.
    direction
        ``to_pivot`` or ``from_pivot``.
    template
        The text before a translation, see `ask_to_translate`.

    Returns
    -------
    pandas.DataFrame
        The columns of `RESPONSES`; ``language`` is the one that is not the pivot.

    Raises
    ------
    InputError
        If a problem has no text in a language.
    """
    texts = corpus.drop_duplicates(["problem", "language"]).set_index(["problem", "language"])
    cells = pd.MultiIndex.from_product([problems, languages], names=texts.index.names)
    absent = cells.difference(texts.index, sort=False)
    if len(absent):
        problem, language = absent[0]
        raise InputError(
            f"problem {problem!r} has no text in {language}, expected one to translate"
        )
    question = texts["question"]
    rows = []
    for language in languages:
        if language == pivot:
            continue
        source, target = (language, pivot) if direction == TO_PIVOT else (pivot, language)
        for problem in problems:
            prompt = ask_to_translate(template, question[problem, source], source, target)
            rows.append((problem, language, 0, prompt, question[problem, target]))
    return pd.DataFrame(rows, columns=["problem", "language", "sample", "prompt", "response"])


def translation_tokens(
    model: PreTrainedModel, tokenizer: "PreTrainedTokenizerBase", asked: pd.DataFrame
) -> pd.DataFrame:
    """Return the tokens of `translations`, without a token that ends the text.

    Raises
    ------
    InputError
        As `langneurons.responses.tokens.tokenize`: one does not fit into the model's context.
    """
    return tokenize(asked, tokenizer, context_length(decoder_of(model).config))
