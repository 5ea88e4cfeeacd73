"""What is read and written once: prompts in common, and no row beyond its end."""

import pytest
import torch
from tiny_models import ARCHITECTURES, tiny_config, tiny_model, tiny_tokenizer

from langneurons.models.probing import input_embeddings
from langneurons.responses import generation
from langneurons.responses.generation import Generator

pytestmark = pytest.mark.usefixtures("one_thread")

PROMPTS = [list(range(10, 30)), list(range(40, 46)), [7, 9]]
SAMPLES = 3
SAMPLING = {"max_new_tokens": 6, "temperature": 1.0, "seed": 1}


def continued(model, prompts, batch_size):
    """Continuations of prompts, and how many tokens the model read that it had not written."""
    names = [[index, sample] for index in range(len(prompts)) for sample in range(SAMPLES)]
    rows = [ids for ids in prompts for _ in range(SAMPLES)]
    generator = Generator(
        model, tiny_tokenizer(), rows, {**SAMPLING, "batch_size": batch_size}, names
    )
    read = []
    hook = input_embeddings(model).register_forward_pre_hook(
        lambda _, arguments: read.append(arguments[0].numel())
    )
    tokens = [one.tokens for one in generator.run()]
    hook.remove()
    return tokens, read


@pytest.mark.parametrize("stretch", [2, 16])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_continuations_are_those_of_prompts_read_alone(monkeypatch, architecture, stretch):
    model = tiny_model(tiny_config(architecture))
    alone, read_alone = continued(model, PROMPTS, 1)
    assert len({tuple(tokens) for tokens in alone}) > len(PROMPTS)
    monkeypatch.setattr(generation, "_STRETCH", stretch)
    together, read = continued(model, PROMPTS, len(PROMPTS) * SAMPLES)
    assert together == alone
    # Each prompt once, padded to the longest, but for its last token: that each row reads.
    assert read[:2] == [len(PROMPTS) * (len(PROMPTS[0]) - 1), len(PROMPTS) * SAMPLES]
    assert sum(read_alone) > sum(read)


def test_rows_that_have_ended_are_not_continued(monkeypatch):
    model = tiny_model(tiny_config("llama"))
    prompts = [list(range(start, start + 5)) for start in range(10, 90, 2)]
    alone, _ = continued(model, prompts, 1)
    # Their second tokens: let these end a text.
    ends = sorted({2, *(tokens[1] for tokens in alone[::4] if len(tokens) > 1)})
    model.generation_config.eos_token_id = ends
    ended = [
        tokens[: next((at for at, one in enumerate(tokens) if one in ends), len(tokens))]
        for tokens in alone
    ]
    assert 10 < sum(len(tokens) < 2 for tokens in ended) < len(ended) - 10
    monkeypatch.setattr(generation, "_STRETCH", 2)
    together, read = continued(model, prompts, len(alone))
    assert together == ended
    for stretch in range(3):
        going = sum(len(tokens) >= 2 * stretch for tokens in ended)
        assert read[1 + 2 * stretch : 3 + 2 * stretch] == [going, going]


def test_a_prompt_of_one_token_is_read_with_its_continuation():
    model = tiny_model(tiny_config("llama"))
    alone, _ = continued(model, [[7], [8, 9]], 1)
    assert continued(model, [[7], [8, 9]], 2 * SAMPLES)[0] == alone


def test_a_model_that_encodes_long_texts_otherwise_reads_every_prompt_with_its_continuation():
    scaling = {
        "rope_type": "longrope", "long_factor": [4.0, 4.0], "short_factor": [1.0, 1.0],
        "original_max_position_embeddings": 24,
    }  # fmt: skip
    config = tiny_config("phi3", rope_parameters={**scaling, "rope_theta": 10000.0})
    model = tiny_model(config)
    torch.manual_seed(0)
    prompts = [list(range(10, 30))]
    alone, _ = continued(model, prompts, 1)
    together, read = continued(model, prompts, SAMPLES)
    assert together == alone
    assert read[0] == SAMPLES * len(prompts[0])
