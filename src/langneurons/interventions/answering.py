"""Greedy answers to the same prompts, repeated while a model is changed (METHOD 6)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from langneurons.models.loading import context_length
from langneurons.models.probing import decoder_of
from langneurons.responses.generation import Generator, demand_room
from langneurons.responses.language import identify_languages
from langneurons.responses.numbers import is_correct, last_number
from langneurons.responses.tokens import encode


class Answering:
    """Asks a model the same questions any number of times and assesses its answers.

    Parameters
    ----------
    model, tokenizer, generation
        See `langneurons.responses.generation.Generator`.
    questions
        Rows with ``problem``, ``language``, ``prompt`` and ``answer`` (a number).
    languages
        The languages that an answer may be in.

    Raises
    ------
    InputError
        If a prompt leaves no room for ``max_new_tokens`` in the model's context.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: pd.DataFrame,
        generation: Mapping[str, Any],
        languages: list[str],
    ) -> None:
        self._questions, self._languages = questions, languages
        self._prompts = encode(tokenizer, list(questions["prompt"]))
        if self._prompts:
            context = context_length(decoder_of(model).config)
            demand_room(questions, self._prompts, generation["max_new_tokens"], context)
        self._generator = Generator(model, tokenizer, self._prompts, generation)

    def assess(self) -> pd.DataFrame:
        """Let the model answer as it is now, and assess the answers.

        Returns
        -------
        pandas.DataFrame
            Booleans in the order of the questions: ``right`` (the right number in the right
            language) and ``unfinished`` (cut off at ``max_new_tokens`` before an end token).
        """
        answered = self.answer()
        answers = answered["response"].tolist()
        predictions = pd.Series(map(last_number, answers), dtype="float64")
        correct = is_correct(predictions, self._questions["answer"].reset_index(drop=True))
        found = pd.Series(identify_languages(answers, self._languages), dtype=object)
        right = correct & (found == self._questions["language"].reset_index(drop=True))
        return pd.DataFrame({"right": right.astype(bool), "unfinished": answered["unfinished"]})

    def answer(self) -> pd.DataFrame:
        """Let the model answer as it is now.

        Returns
        -------
        pandas.DataFrame
            In the order of the questions: ``response`` (the text), ``prompt_tokens``,
            ``response_tokens`` (before the end token) and ``unfinished`` as in `assess`.
        """
        answers = self._generator.run()
        return pd.DataFrame(
            {
                "response": [answer.text for answer in answers],
                "response_tokens": [answer.tokens for answer in answers],
                "unfinished": [answer.unfinished for answer in answers],
                "prompt_tokens": self._prompts,
            }
        )
