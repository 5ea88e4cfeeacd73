"""Scores of responses: by hand with a translator of known losses, and with a tiny real one."""

import logging

import numpy as np
import pandas as pd
import pytest
from tiny_translators import NLLB_CODES, save_tiny_nllb

from langneurons.alignment.scoring import SCORES, merge_scores, score_responses, write_scores
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import RESPONSES


class FakeTranslator:
    """A token a character; the loss is the target's tokens, and a hundredth of the source's."""

    name = "fake"

    def __init__(self, positions=None):
        self.positions = positions
        self.pairs = None
        self.decoder = self

    def encode_sources(self, texts, language):
        return [list(text) for text in texts]

    encode_targets = encode_sources

    def cross_entropies(self, sources, targets, pairs, batch_tokens, progress):
        self.pairs = len(pairs)
        losses = [len(targets[target]) + len(sources[source]) / 100 for source, target in pairs]
        return np.array(losses, dtype=float)


def table_of(rows):
    table = pd.DataFrame(rows, columns=["problem", "language", "sample", "response"])
    return table.assign(
        prompt="?", prediction=1.0, correct=True, response_language=table["language"]
    )[RESPONSES.names]


@pytest.fixture
def responses():
    return table_of(
        [
            ("p1", "en", 0, "12 #### 12"),
            ("p1", "en", 1, "1234"),
            ("p1", "en", 2, "12"),
            ("p1", "de", 0, "eins"),
            ("p1", "de", 1, "einsundzwanzig"),
            ("p1", "de", 2, "eins"),
            ("p1", "ja", 0, "eins"),
            ("p2", "en", 0, ""),
            ("p2", "de", 0, "zwei"),
        ]
    )


def score(responses, translator, direction="to_pivot", **keys):
    return score_responses(responses, translator, "en", direction, 100, progress=False, **keys)


def test_scores_to_the_pivot(responses):
    translator = FakeTranslator()
    table = score(responses, translator)
    assert list(table.columns) == SCORES.names
    assert table[["problem", "language", "sample"]].to_numpy().tolist() == [
        ["p1", "de", 0],
        ["p1", "de", 1],
        ["p1", "de", 2],
        ["p1", "ja", 0],
        ["p2", "de", 0],
    ]
    # References "12" and "1234" of p1: losses 2 + 4/100 and 4 + 4/100 given "eins".
    eins = (1 / 2.04 + 1 / 4.04) / 2
    longer = (1 / 2.14 + 1 / 4.14) / 2  # "einsundzwanzig" has 14 letters
    assert table["score"][:4].tolist() == pytest.approx([eins, longer, eins, eins])
    assert np.isnan(table["score"][4])
    assert table["references"].tolist() == [2, 2, 2, 2, 0]


def test_scores_from_the_pivot(responses):
    table = score(responses, FakeTranslator(), "from_pivot")
    # Losses of "eins" 4 + 2/100 given "12" and 4 + 4/100 given "1234".
    eins = (1 / 4.02 + 1 / 4.04) / 2
    longer = (1 / 14.02 + 1 / 14.04) / 2
    assert table["score"][:4].tolist() == pytest.approx([eins, longer, eins, eins])


def test_equal_responses_are_scored_once(responses):
    translator = FakeTranslator()
    score(responses, translator)
    # Two references times three: "eins" in German twice, which counts once, and in Japanese.
    assert translator.pairs == 6


def test_problems_without_references_are_counted(responses, caplog):
    with caplog.at_level(logging.WARNING):
        score(responses, FakeTranslator())
    assert "1 of 2 problems have no usable reference in en" in caplog.text


def test_no_reference_at_all(responses):
    bare = responses[responses["problem"] == "p2"]
    message = "none of the 1 problems has a usable reference among its 1 responses in the pivot"
    with pytest.raises(InputError, match=message):
        score(bare, FakeTranslator())


def test_a_response_that_is_too_long(responses):
    translator = FakeTranslator(positions=13)
    message = (
        "problem 'p1', language de, sample 1: 14 tokens, but fake takes at most 13 "
        r"\(1 of 4 texts are too long\); long_responses: drop"
    )
    with pytest.raises(InputError, match=message):
        score(responses, translator)
    assert translator.pairs is None


def test_long_responses_dropped(responses, caplog):
    with caplog.at_level(logging.WARNING):
        table = score(responses, FakeTranslator(positions=13), long_responses="drop")
    assert table["score"].isna().tolist() == [False, True, False, False, True]
    assert table["references"].tolist() == [2, 0, 2, 2, 0]
    assert "1 of 4 texts in de have more tokens than the 13 of fake and are left out" in caplog.text


def test_long_references_dropped():
    rows = table_of(
        [("p", "en", 0, "1234"), ("p", "en", 1, "12"), ("p", "de", 0, "zwo"), ("q", "de", 0, "x")]
    )
    with pytest.raises(InputError, match="problem 'p', language en, sample 0: 4 tokens"):
        score(rows, FakeTranslator(positions=3))
    table = score(rows, FakeTranslator(positions=3), long_responses="drop")
    assert table["score"][0] == pytest.approx(1 / 2.03)
    assert table["references"].tolist() == [1, 0]


def test_everything_dropped(responses):
    table = score(responses, FakeTranslator(positions=1), long_responses="drop")
    assert table["score"].isna().all()
    assert table["references"].tolist() == [0] * 5


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"direction": "both"}, "direction: found 'both', expected one of to_pivot from_pivot"),
        ({"long_responses": "cut"}, "long_responses: found 'cut', expected one of error drop"),
    ],
)
def test_unknown_choices(responses, keys, message):
    with pytest.raises(InputError, match=message):
        score(responses, FakeTranslator(), **keys)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_tiny_nllb(tmp_path_factory.mktemp("nllb"))


@pytest.fixture
def written(tmp_path, checkpoint):
    """A responses artefact, and a function that scores a share of it."""
    rows = [
        (f"p{problem}", language, sample, f"{problem} {noun} {sample // 2}")
        for problem in range(5)
        for language, noun in [("en", "eggs"), ("de", "Eier"), ("ja", "個")]
        for sample in range(3)
        # Problem 1 is without references.
        if (problem, language) != (1, "en")
    ]
    path = tmp_path / "responses.parquet"
    write_table(table_of(rows), path, RESPONSES)
    spec = ModelSpec(path=str(checkpoint), device="cpu")

    def write(output, share=(1, 1), direction="to_pivot", codes=NLLB_CODES, **keys):
        write_scores(
            path, output, spec, codes, "en", direction, 64, share=share, progress=False, **keys
        )
        return read_table(output, SCORES)

    return write


@pytest.mark.parametrize("direction", ["to_pivot", "from_pivot"])
@pytest.mark.parametrize("of", [2, 5])
def test_shares_merge_to_what_one_job_writes(written, tmp_path, of, direction):
    whole = written(tmp_path / "whole.parquet", direction=direction)
    assert len(whole) == 5 * 2 * 3
    assert whole["score"].isna().sum() == 2 * 3
    paths = [tmp_path / f"{index}.parquet" for index in range(1, of + 1)]
    for index, path in enumerate(paths, start=1):
        # Of five shares the second has no reference, which is no error.
        written(path, (index, of), direction)
    merge_scores(paths[::-1], tmp_path / "merged.parquet", ["en", "de", "ja"])
    merged = read_table(tmp_path / "merged.parquet", SCORES)
    pd.testing.assert_frame_equal(merged, whole, rtol=1e-6)
    facts = read_provenance(tmp_path / "merged.parquet")
    assert facts["shares"] == of
    assert facts["direction"] == direction
    assert "share" not in facts


def test_provenance(written, tmp_path, checkpoint):
    written(tmp_path / "scores.parquet")
    facts = read_provenance(tmp_path / "scores.parquet")
    assert facts["translation"]["path"] == str(checkpoint)
    assert facts["codes"] == NLLB_CODES
    assert facts["pivot"] == "en"


def test_the_two_directions_differ(written, tmp_path):
    to_pivot = written(tmp_path / "to.parquet")["score"]
    from_pivot = written(tmp_path / "from.parquet", direction="from_pivot")["score"]
    assert not np.allclose(to_pivot.dropna(), from_pivot.dropna(), rtol=1e-3)


def test_shares_that_overlap(written, tmp_path):
    path = tmp_path / "scores.parquet"
    written(path)
    message = "problem 'p0', language de, sample 0 is in two of these shares"
    with pytest.raises(InputError, match=message):
        merge_scores([path, path], tmp_path / "merged.parquet", ["en", "de", "ja"])


def test_a_language_of_the_responses_without_a_code(written, tmp_path):
    codes = {"en": "eng_Latn", "de": "deu_Latn"}
    with pytest.raises(InputError, match="no translation code for language 'ja'"):
        written(tmp_path / "scores.parquet", codes=codes)


def test_an_error_names_the_responses(written, tmp_path, checkpoint):
    rows = table_of([("p", "en", 0, "1"), ("p", "de", 3, "1" * 70)])
    write_table(rows, tmp_path / "responses.parquet", RESPONSES)
    message = (
        r"responses\.parquet: problem 'p', language de, sample 3: 73 tokens, but .* at most 64 "
    )
    with pytest.raises(InputError, match=message):
        written(tmp_path / "scores.parquet")
    assert not (tmp_path / "scores.parquet").exists()


def test_what_there_is_to_score_is_said_on_the_console(responses, caplog):
    caplog.set_level(logging.INFO)
    score(responses, FakeTranslator())
    # "eins" in two languages and "einsundzwanzig" are read once, 4 + 4 + 14; three times "12" and
    # "1234", 3 · 6. "zwei" has no reference.
    [record] = [record for record in caplog.records if hasattr(record, "console")]
    expected = "scores 6 pairs of 3 responses and 2 references: reads 40 tokens"
    assert record.getMessage() == expected


def test_responses_are_scored_as_references_are_cleaned():
    texts = ["zwo", " zwo #### 12", "z<<6*2=12>>wo\n#### 99 12"]
    rows = [("p", "en", 0, "12"), *(("p", "de", index, text) for index, text in enumerate(texts))]
    for direction, loss in [("to_pivot", 2.03), ("from_pivot", 3.02)]:
        translator = FakeTranslator()
        table = score(table_of(rows), translator, direction)
        assert table["score"].tolist() == pytest.approx([1 / loss] * 3)
        assert translator.pairs == 1


def test_responses_without_a_text_to_translate_have_no_score(caplog):
    bare = ["#### 12", "<<6*2=12>>", "", "zwo\nzwo"]
    rows = [("p", "en", 0, "12"), *(("p", "de", index, text) for index, text in enumerate(bare))]
    table = score(table_of([*rows, ("p", "de", 4, "zwo")]), FakeTranslator())
    # A loop is scored, as in the released code: it may be the worse one of a pair.
    assert table["score"].isna().tolist() == [True] * 3 + [False] * 2
    assert table["references"].tolist() == [0, 0, 0, 1, 1]
    assert "3 of 5 responses in de are empty before ####" in caplog.text
    assert score(table_of(rows[:4]), FakeTranslator())["score"].isna().all()
