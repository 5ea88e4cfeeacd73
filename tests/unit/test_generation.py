"""Responses of a tiny random model."""

import pandas as pd
import pytest
import torch
from small_corpus import TEMPLATE, small_corpus, write_and_read
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

import langneurons.models.loading as loading
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.errors import InputError
from langneurons.models.loading import ModelSpec
from langneurons.responses.collection import generate_responses, merge_responses
from langneurons.responses.generation import decode_response
from langneurons.responses.sampling import chances
from langneurons.responses.schemas import RESPONSES

GREEDY = {"max_new_tokens": 6, "batch_size": 4}
SAMPLING = {**GREEDY, "samples": 3, "temperature": 1.0, "seed": 1}


@pytest.fixture
def corpus():
    return small_corpus()


def _tokenizer():
    """Make a BPE over letters with word starts marked, as SentencePiece has them."""
    letters = sorted({*"abcdefghijklmnopqrstuvwxyzEGMS0123456789:▁"})
    vocabulary = {token: index for index, token in enumerate(["<s>", "</s>", *letters])}
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    core.decoder = decoders.Metaspace()
    core.add_special_tokens(["<s>", "</s>"])
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", eos_token="</s>")


def _save(folder, **generation):
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        initializer_range=0.5,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(**generation)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return ModelSpec(path=str(folder), device="cpu")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    """A checkpoint that wants to be sampled from, hot and without repetitions."""
    folder = tmp_path_factory.mktemp("model")
    wishes = {"do_sample": True, "temperature": 5.0, "top_k": 3, "repetition_penalty": 4.0}
    return _save(folder, eos_token_id=1, max_length=40, **wishes)


def _generate(spec, corpus, generation, languages=("en", "de")):
    return generate_responses(spec, corpus, TEMPLATE, generation, languages, progress=False)


def _greedy_by_hand(spec, prompt, new_tokens, ends=(1,)):
    """Take the likeliest token again and again, one prompt, no padding, no cache."""
    tokenizer, model = _tokenizer(), AutoModelForCausalLM.from_pretrained(spec.path)
    ids = tokenizer(prompt)["input_ids"]
    length = len(ids)
    for _ in range(new_tokens):
        with torch.no_grad():
            token = int(model(torch.tensor([ids])).logits[0, -1].argmax())
        if token in ends:
            break
        ids.append(token)
    return ids[length:]


def _text(tokens):
    """Spell tokens out, a space for each word start."""
    return "".join(_tokenizer().convert_ids_to_tokens(tokens)).replace("▁", " ")


def test_greedy_decoding_takes_the_likeliest_token(spec, corpus):
    table = _generate(spec, corpus, GREEDY)
    prompts = ["English : how many", "German : wie viele sind es jetzt", "English : a"]
    prompts += ["German : und wie viele", "English : how many are left now", "German : b"]
    assert table["prompt"].tolist() == prompts
    by_hand = [_text(_greedy_by_hand(spec, prompt, 6)) for prompt in prompts]
    assert table["response"].tolist() == by_hand
    assert len(set(by_hand)) > 1
    assert table["problem"].tolist() == ["0001", "0001", "0002", "0002", "0003", "0003"]
    assert table["language"].tolist() == ["en", "de"] * 3
    assert table["sample"].tolist() == [0] * 6


@pytest.mark.parametrize("size", [1, 2, 100])
def test_batches_do_not_change_greedy_responses(spec, corpus, size):
    expected = _generate(spec, corpus, GREEDY)
    found = _generate(spec, corpus, {**GREEDY, "batch_size": size})
    pd.testing.assert_frame_equal(found, expected)


def test_stops_at_any_end_token_of_the_checkpoint(spec, corpus, tmp_path):
    prompt = "English : how many"
    tokens = _greedy_by_hand(spec, prompt, 6)
    end = tokens[2]
    other = _save(tmp_path / "other", eos_token_id=[1, end])
    expected = _greedy_by_hand(spec, prompt, 6, ends=(1, end))
    assert expected == tokens[: tokens.index(end)]
    table = _generate(other, corpus, GREEDY)
    assert table["response"][0] == _text(expected)
    assert len(table["response"][0]) < 6


def test_a_leading_space_is_kept():
    tokenizer = _tokenizer()
    prompt = tokenizer("English : a")["input_ids"]
    new = tokenizer.convert_tokens_to_ids(["▁", "b", "</s>", "c"])
    # Decoded alone, tokens of this kind lose the space that they begin with.
    assert tokenizer.decode(new[:2]) == "b"
    assert decode_response(tokenizer, prompt, new, ends=[1]) == " b"


def test_sampling_is_repeatable(spec, corpus):
    first = _generate(spec, corpus, SAMPLING)
    again = _generate(spec, corpus, SAMPLING)
    pd.testing.assert_frame_equal(first, again)
    other = _generate(spec, corpus, {**SAMPLING, "seed": 2})
    assert first["response"].tolist() != other["response"].tolist()
    assert len(first) == 18
    assert first["sample"].tolist() == [0, 1, 2] * 6
    assert first["language"].tolist() == (["en"] * 3 + ["de"] * 3) * 3
    assert first.groupby(["problem", "language"])["response"].nunique().min() > 1


def test_random_numbers_belong_to_a_problem_a_language_and_a_sample(spec, corpus, monkeypatch):
    names = []

    def recorded(given, seed, tokens):
        names.extend(map(tuple, given))
        return chances(given, seed, tokens)

    monkeypatch.setattr("langneurons.responses.sampling.chances", recorded)
    table = _generate(spec, corpus, SAMPLING)
    keys = table[["problem", "language", "sample"]]
    assert sorted(names) == sorted(keys.itertuples(index=False, name=None))


def test_sampling_does_not_depend_on_what_ran_before(spec, corpus):
    first = _generate(spec, corpus, SAMPLING)
    torch.manual_seed(99)
    torch.rand(7)
    pd.testing.assert_frame_equal(_generate(spec, corpus, SAMPLING), first)


def test_a_low_temperature_is_nearly_greedy(spec, corpus):
    cold = _generate(spec, corpus, {**GREEDY, "temperature": 1e-4})
    assert cold["response"].tolist() == _generate(spec, corpus, GREEDY)["response"].tolist()


def test_several_greedy_samples_are_refused(spec, corpus):
    with pytest.raises(InputError, match="'samples' is 2 with 'temperature' 0"):
        _generate(spec, corpus, {**GREEDY, "samples": 2})


def test_a_prompt_that_is_too_long_is_found_before_the_model_is_loaded(spec, corpus, monkeypatch):
    monkeypatch.setattr(loading, "load_model", None)
    # "German : " + 60 letters are <s> ▁ German ▁ : ▁ and the letters: 1 + 1 + 6 + 1 + 1 + 1 + 60.
    corpus.loc[3, "question"] = "a" * 60
    message = (
        r"problem '0002', language de: the prompt has 71 tokens, expected at most 58 "
        r"\(the model's 64 less max_new_tokens 6\)"
    )
    with pytest.raises(InputError, match=message):
        _generate(spec, corpus, GREEDY)


def test_a_prompt_that_just_fits(spec, corpus):
    corpus.loc[3, "question"] = "a" * 47
    assert len(_generate(spec, corpus, GREEDY)) == 6


def test_shares_of_generated_responses(spec, corpus, tmp_path):
    generation = {key: value for key, value in GREEDY.items() if key != "batch_size"}
    settings = {"spec": spec, "generation": generation, "batch_size": 2}
    whole = write_and_read(corpus, tmp_path, **settings)
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for index, path in enumerate(paths, start=1):
        write_and_read(corpus, tmp_path, output=path, share=(index, 2), **settings)
    merge_responses(paths, tmp_path / "merged.parquet", ["en", "de"])
    pd.testing.assert_frame_equal(read_table(tmp_path / "merged.parquet", RESPONSES), whole)
    facts = read_provenance(tmp_path / "merged.parquet")
    assert facts["generation"] == generation
    assert facts["model"]["path"] == spec.path


def test_an_empty_share_loads_no_model(spec, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load_tokenizer", None)
    table = write_and_read(corpus, tmp_path, spec=spec, generation=GREEDY, share=(1, 5))
    assert len(table) == 0
