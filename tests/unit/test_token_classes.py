"""Classes of tokens: of characters, and of the tokens of two kinds of tokenizers."""

import numpy as np
import pytest
from tiny_models import tiny_tokenizer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from langneurons.activations.class_counts import CLASSES
from langneurons.activations.token_classes import class_of, classes_of_tokens
from langneurons.demo.tokenizer import train_tokenizer

SCRIPT, LATIN, DIGITS, OTHER, BYTES = CLASSES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("বাংলা", SCRIPT),
        ("\u09cd", SCRIPT),  # a Bengali mark alone
        ("ั", SCRIPT),  # a Thai vowel above
        ("Привет", SCRIPT),
        ("中", SCRIPT),
        ("ー", SCRIPT),  # of the script Common, but kana's by its extensions
        ("\u064b", SCRIPT),  # an Arabic vowel, Inherited likewise
        ("the", LATIN),
        ("é", LATIN),
        ("Ａ", LATIN),  # full width
        ("x中", SCRIPT),
        ("3rd", LATIN),
        ("12", DIGITS),
        ("১২", DIGITS),
        ("½.", DIGITS),
        (" ।", OTHER),  # the danda
        ("\n\n", OTHER),
        ("", OTHER),
        ("❤\ufe0f", OTHER),  # an emoji with a mark of no script
        ("\u0301", OTHER),  # an accent, which may stand on any letter
        ("е\u0301", SCRIPT),  # and here stands on a Cyrillic one
        ("e\u0301", LATIN),
        ("µ", OTHER),  # a letter of no script
        ("\ufffd", BYTES),
        (" \ufffd\ufffd", BYTES),  # space decides nothing
        (".\ufffd", OTHER),
        ("র\ufffd", SCRIPT),
        ("7\ufffd", DIGITS),
    ],
)
def test_a_text_is_in_the_first_class_of_its_characters(text, expected):
    assert class_of(text) == expected


def classes(tokenizer, *texts):
    """Each token of some texts with its class."""
    ids = [np.array(tokenizer(text)["input_ids"]) for text in texts]
    found = classes_of_tokens(tokenizer, ids)
    return [
        (tokenizer.convert_ids_to_tokens(token), CLASSES[found[token]])
        for token in np.concatenate(ids).tolist()
    ]


def test_sentencepiece_with_byte_fallback():
    letters = {f"<0x{byte:02X}>": 3 + byte for byte in range(256)}
    pieces = ["▁", "র", "ক", "a", "▁a", "7", "।", "<unused>"]
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2, **letters}
    vocabulary |= {piece: len(vocabulary) + place for place, piece in enumerate(pieces)}
    merges = [("▁", "a")]
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, byte_fallback=True))
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    # As Llama's tokenizer.json has it.
    core.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
         decoders.Strip(" ", 1, 0)]
    )  # fmt: skip
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )
    assert classes(tokenizer, "<s>a রক7।", "ab") == [
        ("<s>", OTHER),  # a special token, though it has a letter
        ("▁a", LATIN),
        ("▁", OTHER),
        ("র", SCRIPT),
        ("ক", SCRIPT),
        ("7", DIGITS),
        ("।", OTHER),
        ("▁a", LATIN),
        ("<0x62>", LATIN),  # a byte that is a whole character
    ]
    # ই is E0 A6 87 and no piece.
    fragments = [("▁", OTHER), *((f"<0x{byte}>", BYTES) for byte in ("E0", "A6", "87"))]
    assert classes(tokenizer, "ই") == fragments


def test_bytes_of_a_byte_level_tokenizer():
    assert classes(tiny_tokenizer(), "a 1ক") == [
        ("a", LATIN),
        ("Ġ", OTHER),
        ("1", DIGITS),
        *((byte, BYTES) for byte in "à¦ķ"),  # E0 A6 95
    ]


def test_pieces_of_a_byte_level_tokenizer():
    # Trained on five letters, it knows ক whole, and the two bytes that all begin with.
    tokenizer = train_tokenizer(["ক খ গ ঘ ঙ", "ক ক ক"], 262, 64)
    found = dict(classes(tokenizer, " ক", " হ"))
    whole = tokenizer.decode(tokenizer(" ক")["input_ids"][-1:])
    assert whole == " ক"
    assert found == {"Ġà¦ķ": SCRIPT, "Ġà¦": BYTES, "¹": BYTES}


def test_what_occurs_nowhere_is_punctuation_and_no_token_none():
    tokenizer = tiny_tokenizer()
    token = tokenizer.convert_tokens_to_ids("a")
    found = classes_of_tokens(tokenizer, [np.array([token], dtype=np.int32)])
    assert found.dtype == np.int64
    assert [CLASSES[index] for index in found] == [*[OTHER] * token, LATIN]
    assert classes_of_tokens(tokenizer, []).tolist() == [CLASSES.index(OTHER)]
