"""Fluency of steered answers: judged after the beginning of a text, not after the question."""

import pytest
from deactivation_cases import tiny_case
from test_steering import PARAMETERS, tokens_of_responses
from tokenizers.processors import TemplateProcessing

from langneurons.artifacts.tables import write_table
from langneurons.interventions import steering_bench
from langneurons.interventions.steering import steer
from langneurons.models.loading import load_tokenizer
from langneurons.responses.schemas import TOKENS


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("begins", [True, False])
def test_answers_are_scored_after_what_begins_a_text(tmp_path, monkeypatch, begins):
    case = {**tiny_case(tmp_path), "tokens_path": tmp_path / "tokens", "output": tmp_path / "out"}
    write_table(tokens_of_responses(), tmp_path / "tokens", TOKENS)
    if begins:
        tokenizer = load_tokenizer(case["spec"])
        start = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
        tokenizer.backend_tokenizer.post_processor = start
        tokenizer.save_pretrained(case["spec"].path)
    scored = []

    class Noting(steering_bench.Likelihood):
        def __init__(self, model, tokens, *arguments):
            scored.extend(zip(tokens["prompt_tokens"], tokens["response_tokens"], strict=True))
            super().__init__(model, tokens, *arguments)

    monkeypatch.setattr(steering_bench, "Likelihood", Noting)
    steer(parameters=PARAMETERS, **case)
    assert len(scored) == 6 * 2  # two plain cells, two pairs and their controls; two problems
    assert all(list(prompt) == ([1] if begins else []) for prompt, _ in scored)
    assert all(len(answer) == 4 for _, answer in scored)
