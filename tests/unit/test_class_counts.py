"""Counts by class of token: against a slow loop over positions, as an artefact, merged."""

import numpy as np
import pandas as pd
import pytest
from layer_formulas import pre_activations_of
from tiny_models import LAYERS, save_tiny_model, tiny_config, tiny_model, tiny_tokenizer

from langneurons.activations.class_counts import (
    ACTIVATIONS_BY_CLASS,
    CLASSES,
    PLACES,
    ClassCounts,
    merge_activations,
    read_class_counts,
    write_class_counts,
)
from langneurons.activations.collection import collect_activations, count_active
from langneurons.activations.counts import read_counts
from langneurons.activations.reading import folds_of
from langneurons.activations.token_classes import classes_of_tokens
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS

LANGUAGES = ["bn", "en"]
FOLDS = 2
#: Of the 5 classes, all occur; a row is of one token, which nothing follows.
TEXTS = {
    ("p0", "bn"): ("ক", "খ 1."),
    ("p0", "en"): ("is", " it 23?"),
    ("p1", "bn"): ("x", "y"),
    ("p1", "en"): ("", "Yes, ও"),
    ("p2", "bn"): ("7", "ab"),
    ("p2", "en"): (".", ""),
}
#: Tokens of bn by place. Input: script খ; Latin y, a, b; digit 1; space and full stop. Next: b, 1,
#: space and full stop, and three ends.
BENGALI = [1, 3, 1, 2, 0, 0, 1, 1, 2, 0, 3]


def token_table() -> pd.DataFrame:
    """The texts above in a tokenizer of bytes, but for ক and খ, which are whole."""
    tokenizer = text_tokenizer()
    rows = [
        {
            "problem": problem,
            "language": language,
            "sample": 0,
            "prompt_tokens": np.array(tokenizer(prompt)["input_ids"], dtype=np.int32),
            "response_tokens": np.array(tokenizer(response)["input_ids"], dtype=np.int32),
        }
        for (problem, language), (prompt, response) in TEXTS.items()
    ]
    return pd.DataFrame(rows)


def text_tokenizer():
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["ক", "খ"])
    return tokenizer


def count_slowly(model, table, classes):
    """Active tokens and tokens by language and place, one position after the other."""
    active = np.zeros((len(LANGUAGES), len(PLACES), LAYERS, 24), dtype=np.int64)
    tokens = np.zeros((len(LANGUAGES), len(PLACES)), dtype=np.int64)
    for row in table[table["response_tokens"].map(len) > 0].itertuples():
        k = LANGUAGES.index(row.language)
        layers = pre_activations_of(model, "llama", row) > 0  # (L, tokens, D)
        names = [CLASSES[classes[token]] for token in row.response_tokens]
        for position, (here, after) in enumerate(zip(names, [*names[1:], "end"], strict=True)):
            for place in (("input", here), ("next", after)):
                tokens[k, PLACES.index(place)] += 1
                active[k, PLACES.index(place)] += layers[:, position]
    return active, tokens


@pytest.fixture(scope="module")
def model():
    # In double precision no sign hangs on how a batch is added up.
    return tiny_model(tiny_config("llama", vocab_size=261)).double()


@pytest.mark.parametrize("batch_tokens", [1, 12, 1000])
def test_counts_by_class_equal_a_slow_loop(model, batch_tokens):
    table = token_table()
    table["fold"] = folds_of(table["problem"], FOLDS)
    parts = [*table["prompt_tokens"], *table["response_tokens"]]
    classes = classes_of_tokens(text_tokenizer(), parts)
    counts, by_class = count_active(
        model, find_mlps(model), table, classes, LANGUAGES, FOLDS, batch_tokens, progress=False
    )
    active, tokens = count_slowly(model, table, classes)
    np.testing.assert_array_equal(by_class.tokens, tokens)
    np.testing.assert_array_equal(by_class.active, active)
    # Each response token is in one class of either position: the sums are the counts of all.
    for position in (slice(0, len(CLASSES)), slice(len(CLASSES), None)):
        sums = by_class.active[:, position].sum(axis=1)
        np.testing.assert_array_equal(sums, counts.active.sum(axis=1))
        sums = by_class.tokens[:, position].sum(axis=1)
        np.testing.assert_array_equal(sums, counts.tokens.sum(axis=1))
    assert tokens[0].tolist() == BENGALI
    # " it 23?": 2 letters, 2 digits, 2 spaces and a mark; "Yes, ও": 3, comma and space, 3 bytes.
    assert tokens[1].tolist() == [0, 5, 2, 5, 3, 0, 4, 2, 4, 3, 2]
    assert 0.2 < active.sum() / (tokens.sum() * LAYERS * 24) < 0.8


@pytest.fixture
def checkpoint(tmp_path):
    folder = save_tiny_model(tmp_path / "model", "llama", vocab_size=261)
    text_tokenizer().save_pretrained(folder)
    return ModelSpec(str(folder), device="cpu", dtype="float64")


def test_shares_are_counted_with_the_models_tokenizer_and_merged(tmp_path, checkpoint):
    tokens = tmp_path / "tokens"
    write_table(token_table(), tokens, TOKENS)

    def collected(index, of):
        outputs = [tmp_path / f"{index}-of-{of}.{part}" for part in ("counts", "classes")]
        shape = (LANGUAGES, FOLDS, (index, of))
        collect_activations(checkpoint, tokens, *outputs, *shape, progress=False)
        return outputs

    whole = collected(1, 1)
    shards = [collected(index, 3) for index in (1, 2, 3)]
    merged = [tmp_path / "merged.counts", tmp_path / "merged.classes"]
    merge_activations(*zip(*shards, strict=True), *merged, LANGUAGES)
    expected, found = (read_class_counts(files[1], LANGUAGES) for files in (whole, merged))
    np.testing.assert_array_equal(found.active, expected.active)
    np.testing.assert_array_equal(found.tokens, expected.tokens)
    assert found.tokens[0].tolist() == BENGALI
    totals = read_counts(merged[0], LANGUAGES)
    np.testing.assert_array_equal(found.active[:, : len(CLASSES)].sum(axis=1),
                                  totals.active.sum(axis=1))  # fmt: skip
    facts = read_provenance(merged[1])
    assert (facts["shards"], facts["inputs"]) == (3, [str(tokens)])
    # Rows by language, place and layer, in the order of the configuration.
    table = read_table(merged[1], ACTIVATIONS_BY_CLASS)
    assert table[["language", "position", "class", "layer"]].to_numpy().tolist() == [
        [language, *place, layer]
        for language in LANGUAGES
        for place in PLACES
        for layer in range(LAYERS)
    ]


COUNTS = ClassCounts(
    active=np.arange(2 * len(PLACES) * 3).reshape(2, len(PLACES), 1, 3),
    tokens=np.arange(2 * len(PLACES)).reshape(2, -1) + 100,
    languages=("bn", "en"),
)


def test_languages_are_read_in_the_order_asked_for(tmp_path):
    write_class_counts(COUNTS, tmp_path / "classes", {})
    found = read_class_counts(tmp_path / "classes", ["en"])
    np.testing.assert_array_equal(found.active, COUNTS.active[1:])
    np.testing.assert_array_equal(found.tokens, COUNTS.tokens[1:])
    with pytest.raises(InputError, match="classes: no counts for th; it has bn en"):
        read_class_counts(tmp_path / "classes", ["th"])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: t.iloc[1:], r"expected 2 languages × 11 places × 1 layers .*found 21 rows"),
        (
            lambda t: t.replace({"class": {"digits": "numbers"}}),
            "found input: numbers, next: numbers; expected some of input: script letters, ",
        ),
        (
            lambda t: pd.concat([t.iloc[1:], t.iloc[-1:]]),
            "found twice: en, place 10, layer 0",
        ),
    ],
)
def test_bad_artefacts_are_refused(tmp_path, edit, message):
    write_class_counts(COUNTS, tmp_path / "classes", {})
    table = read_table(tmp_path / "classes", ACTIVATIONS_BY_CLASS)
    write_table(edit(table), tmp_path / "bad", ACTIVATIONS_BY_CLASS)
    with pytest.raises(InputError, match=message):
        read_class_counts(tmp_path / "bad", ["bn", "en"])


def test_a_count_that_the_artefact_cannot_hold_is_refused(tmp_path):
    active = np.zeros((1, len(PLACES), 1, 1), dtype=np.int64)
    active[0, 3] = 2**31
    counts = ClassCounts(active, active[..., 0, 0], ("en",))
    with pytest.raises(InputError, match=r"exceeds 2\^31; give the data set fewer texts"):
        write_class_counts(counts, tmp_path / "classes", {})
