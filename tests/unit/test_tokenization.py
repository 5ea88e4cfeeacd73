"""Where a prompt ends and its response begins."""

import logging

import numpy as np
import pandas as pd
import pytest
from tokenizers import Tokenizer, models, processors
from transformers import PreTrainedTokenizerFast

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.models.loading import ModelSpec
from langneurons.responses.schemas import RESPONSES, TOKENS
from langneurons.responses.tokens import encode, tokenize, write_tokens

START, END = 0, 1
A, B, C, AB, ABC = 2, 3, 4, 5, 6
VOCABULARY = {"<s>": START, "</s>": END, "a": A, "b": B, "c": C, "ab": AB, "abc": ABC}


def _tokenizer(template=None):
    """Make a BPE that merges a + b, then ab + c."""
    core = Tokenizer(models.BPE(vocab=VOCABULARY, merges=[("a", "b"), ("ab", "c")]))
    core.add_special_tokens(["<s>", "</s>"])
    if template:
        core.post_processor = processors.TemplateProcessing(
            single=template, special_tokens=[("<s>", START), ("</s>", END)]
        )
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", eos_token="</s>")


def _responses(*rows):
    table = pd.DataFrame(rows, columns=["language", "prompt", "response"])
    return table.assign(
        problem=[f"{index:04d}" for index in range(len(table))],
        sample=np.arange(len(table), dtype=np.int32),
    )


def _parts(table):
    return [
        (prompt.tolist(), response.tolist())
        for prompt, response in zip(table["prompt_tokens"], table["response_tokens"], strict=True)
    ]


def test_parts_prompt_and_response():
    table = tokenize(_responses(("en", "ca", "cb"), ("de", "b", "ab")), _tokenizer(), 10)
    assert _parts(table) == [([C, A], [C, B]), ([B], [AB])]
    assert table["problem"].tolist() == ["0000", "0001"]
    assert table["language"].tolist() == ["en", "de"]
    assert table["sample"].tolist() == [0, 1]
    assert table["prompt_tokens"][0].dtype == np.int32


@pytest.mark.parametrize(
    ("prompt", "response", "expected"),
    [
        # "ca" is c, a; "cab" is c, ab: they part at index 1.
        ("ca", "b", ([C], [AB])),
        ("ca", "bc", ([C], [ABC])),
        ("cab", "c", ([C], [ABC])),
        # The whole prompt is merged away.
        ("a", "bb", ([], [AB, B])),
    ],
)
def test_merges_across_the_boundary_belong_to_the_response(prompt, response, expected):
    assert _parts(tokenize(_responses(("en", prompt, response)), _tokenizer(), 10)) == [expected]


def test_opening_special_tokens_belong_to_the_prompt():
    table = tokenize(_responses(("en", "ca", "b"), ("en", "a", "b")), _tokenizer("<s> $A"), 10)
    assert _parts(table) == [([START, C], [AB]), ([START], [AB])]


def test_closing_special_tokens_belong_to_neither():
    table = tokenize(_responses(("en", "c", "b"), ("en", "ca", "b")), _tokenizer("<s> $A </s>"), 10)
    assert _parts(table) == [([START, C], [B]), ([START, C], [AB])]


def test_an_end_token_that_the_response_spells_stays():
    table = tokenize(_responses(("en", "c", "b</s>")), _tokenizer("<s> $A </s>"), 10)
    assert _parts(table) == [([START, C], [B, END])]


def test_an_empty_prompt():
    assert _parts(tokenize(_responses(("en", "", "c")), _tokenizer(), 10)) == [([], [C])]


@pytest.mark.parametrize("template", [None, "<s> $A", "<s> $A </s>"])
def test_a_response_without_tokens(template):
    responses = _responses(("en", "c", "b"), ("en", "c", ""), ("de", "c", "b"))
    message = (
        "problem '0001', language en, sample 1: the response has no tokens, expected at least "
        "one; 'empty_responses: drop' leaves such responses out"
    )
    with pytest.raises(InputError, match=message):
        tokenize(responses, _tokenizer(template), 10)
    table = tokenize(responses, _tokenizer(template), 10, empty="drop")
    assert table["problem"].tolist() == ["0000", "0002"]
    assert [response for _, response in _parts(table)] == [[B], [B]]


def test_a_language_left_without_responses():
    responses = _responses(("en", "c", "b"), ("de", "c", ""), ("sw", "c", ""))
    with pytest.raises(InputError, match="all responses in de sw are empty"):
        tokenize(responses, _tokenizer(), 10, empty="drop")


def test_an_unknown_policy():
    with pytest.raises(InputError, match="empty_responses is 'keep', expected one of error drop"):
        tokenize(_responses(("en", "c", "b")), _tokenizer(), 10, empty="keep")


def test_longer_than_the_context():
    responses = _responses(("en", "c", "b"), ("de", "ccc", "bb"))
    assert len(tokenize(responses, _tokenizer(), 5)) == 2
    assert len(tokenize(responses, _tokenizer(), None)) == 2
    message = (
        r"problem '0001', language de, sample 1: prompt and response have 3 \+ 2 = 5 tokens, "
        "expected at most the model's 4"
    )
    with pytest.raises(InputError, match=message):
        tokenize(responses, _tokenizer(), 4)


def test_the_rows_may_have_any_index():
    responses = _responses(("en", "c", ""), ("en", "ca", "b")).set_index(pd.Index([7, 7]))
    assert _parts(tokenize(responses, _tokenizer(), 10, empty="drop")) == [([C], [AB])]


def test_more_texts_than_one_batch():
    texts = ["c" * (1 + index % 3) for index in range(2500)]
    assert [len(ids) for ids in encode(_tokenizer("$A </s>"), texts)] == [len(t) for t in texts]
    assert encode(_tokenizer(), []) == []


def test_written_with_the_number_dropped(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    _tokenizer("<s> $A").save_pretrained(tmp_path / "model")
    responses, output = tmp_path / "responses.parquet", tmp_path / "tokens.parquet"
    write_table(_responses(("en", "ca", "bb"), ("en", "c", "")), responses, RESPONSES)
    spec = ModelSpec(path=str(tmp_path / "model"))
    with pytest.raises(InputError, match=r"responses\.parquet: problem '0001'"):
        write_tokens(responses, spec, output, context_length=10)
    assert not output.exists()
    write_tokens(responses, spec, output, context_length=10, empty="drop")
    assert _parts(read_table(output, TOKENS)) == [([START, C], [AB, B])]
    facts = read_provenance(output)
    assert facts["empty_responses"] == {"policy": "drop", "dropped": 1}
    assert facts["context_length"] == 10
    assert facts["model"]["path"] == str(tmp_path / "model")
    assert [record.getMessage() for record in caplog.records] == [
        f"{responses}: 1 empty responses were dropped",
        f"{responses}: 1 responses with 2 tokens",
    ]
