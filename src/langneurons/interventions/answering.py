"""Greedy answers to the same prompts, repeated while a model is changed (METHOD 6)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from langneurons.models.loading import context_length
from langneurons.models.probing import decoder_of
from langneurons.responses.generation import Generator, demand_room
from langneurons.responses.tokens import encode


class Answering:
    """Asks a model the same questions any number of times.

    Parameters
    ----------
    model, tokenizer, generation
        See `langneurons.responses.generation.Generator`.
    questions
        Rows with ``problem``, ``language`` and ``prompt``.

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
    ) -> None:
        self._prompts = encode(tokenizer, list(questions["prompt"]))
        if self._prompts:
            context = context_length(decoder_of(model).config)
            demand_room(questions, self._prompts, generation["max_new_tokens"], context)
        self._generator = Generator(model, tokenizer, self._prompts, generation)

    def answer(self) -> pd.DataFrame:
        """Let the model answer as it is now.

        Returns
        -------
        pandas.DataFrame
            In the order of the questions: ``response`` (the text), ``prompt_tokens``,
            ``response_tokens`` (before the end token) and the boolean ``unfinished`` (cut off at
            ``max_new_tokens`` before an end token).
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
