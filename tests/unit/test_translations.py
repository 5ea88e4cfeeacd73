"""Pairs of questions and translations: by hand, and what the controls leave of them."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from langneurons.alignment.translations import TRANSLATIONS, write_translations
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError

PROMPT = "{source_language}: {source}\n{target_language}: "
WORDS = {"en": "number {}", "de": "Zahl {}", "sw": "namba {}"}


def corpus(problems=10, words=WORDS):
    rows = [
        {"problem": f"{number:04d}", "language": language, "question": text.format(number)}
        for number in range(1, problems + 1)
        for language, text in words.items()
    ]
    return pd.DataFrame(rows).assign(answer=None, responses=[[] for _ in rows])


def write(folder, table, **changes):
    folder.mkdir(exist_ok=True)
    write_table(table, folder / "corpus.parquet", CORPUS)
    settings = {
        "languages": ["sw", "de"], "pivot": "en", "direction": "to_pivot", "prompt": PROMPT,
        "dev_share": 0.2, "seed": 3,
    }  # fmt: skip
    output = folder / "translations.parquet"
    write_translations(folder / "corpus.parquet", output, **{**settings, **changes})
    return read_table(output, TRANSLATIONS)


def test_pairs_are_those_written_by_hand(tmp_path):
    table = write(tmp_path, corpus(2), direction="both", dev_share=0)
    expected = [
        ("train", "0001", "sw", "en", "namba 1", "number 1", "Swahili: namba 1\nEnglish: "),
        ("train", "0002", "sw", "en", "namba 2", "number 2", "Swahili: namba 2\nEnglish: "),
        ("train", "0001", "sw", "sw", "number 1", "namba 1", "English: number 1\nSwahili: "),
        ("train", "0002", "sw", "sw", "number 2", "namba 2", "English: number 2\nSwahili: "),
        ("train", "0001", "de", "en", "Zahl 1", "number 1", "German: Zahl 1\nEnglish: "),
        ("train", "0002", "de", "en", "Zahl 2", "number 2", "German: Zahl 2\nEnglish: "),
        ("train", "0001", "de", "de", "number 1", "Zahl 1", "English: number 1\nGerman: "),
        ("train", "0002", "de", "de", "number 2", "Zahl 2", "English: number 2\nGerman: "),
    ]
    assert list(table.itertuples(index=False, name=None)) == expected
    facts = read_provenance(tmp_path / "translations.parquet")
    assert (facts["direction"], facts["control"], facts["pivot"]) == ("both", None, "en")


def test_the_order_of_the_corpus_does_not_matter(tmp_path):
    table = corpus()
    turned = write(tmp_path / "turned", table.iloc[::-1])
    pd.testing.assert_frame_equal(turned, write(tmp_path / "plain", table))


def test_one_direction_has_one_kind_of_pair(tmp_path):
    to, back = (write(tmp_path, corpus(), direction=way) for way in ("to_pivot", "from_pivot"))
    assert set(to["target_language"]) == {"en"}
    assert (back["target_language"] == back["language"]).all()


def test_the_dev_split_has_whole_problems_by_the_seed(tmp_path):
    table = write(tmp_path, corpus(), direction="both")
    dev = table[table["split"] == "dev"]
    assert dev["problem"].nunique() == 2
    assert (dev.groupby("problem").size() == 4).all(), "in both languages and directions"
    splits = {tuple(write(tmp_path, corpus(), seed=seed)["split"]) for seed in range(4)}
    assert len(splits) > 1


def test_texts_without_a_question_are_their_only_response(tmp_path):
    table = corpus(2)
    table["responses"] = [[question] for question in table["question"]]
    expected = write(tmp_path, table)
    pd.testing.assert_frame_equal(write(tmp_path, table.assign(question="")), expected)


# --- Controls ---


@pytest.mark.parametrize("direction", ["to_pivot", "from_pivot", "both"])
@pytest.mark.parametrize("seed", range(5))
def test_shuffled_sources_are_those_of_other_problems(tmp_path, direction, seed):
    settings = {"direction": direction, "dev_share": 0.3}
    true = write(tmp_path, corpus(), **settings)
    table = write(tmp_path, corpus(), **settings, control="shuffled", control_seed=seed)
    others = ["split", "problem", "language", "target_language", "target"]
    pd.testing.assert_frame_equal(table[others], true[others])
    train = true["split"] == "train"
    pd.testing.assert_frame_equal(table[~train], true[~train])
    assert (table["source"] != true["source"])[train].all()
    for kind, rows in table[train].groupby(["language", "target_language"]):
        mine = true[train].groupby(["language", "target_language"]).get_group(kind)
        assert Counter(rows["source"]) == Counter(mine["source"])
    asked = zip(table["source"], table["prompt"], strict=True)
    assert all(f": {source}\n" in prompt for source, prompt in asked)


def test_the_seed_of_a_control_decides_who_exchanges(tmp_path):
    def sources(seed):
        return tuple(write(tmp_path, corpus(), control="shuffled", control_seed=seed)["source"])

    assert sources(1) == sources(1)
    assert len({sources(seed) for seed in range(4)}) == 4
    table = write(tmp_path, corpus(), control="shuffled")
    train = table[table["split"] == "train"]
    given = {
        language: tuple(rows["source"].str.split().str[1])
        for language, rows in train.groupby("language")
    }
    assert given["de"] != given["sw"], "each language by itself"


def repeated(side, alike, problems=10):
    """A corpus whose first problems have one text in a language."""
    table = corpus(problems)
    rows = (table["language"] == side) & (table["problem"] <= f"{alike:04d}")
    table.loc[rows, "question"] = "the same"
    return table


@pytest.mark.parametrize("side", ["en", "de"])
@pytest.mark.parametrize(("alike", "stay"), [(2, 0), (5, 0), (7, 4), (10, 10)])
def test_problems_with_equal_texts_exchange_with_others_as_far_as_there_are_any(
    tmp_path, side, alike, stay
):
    settings = {"languages": ["de"], "dev_share": 0}
    table = repeated(side, alike)
    true = write(tmp_path, table, **settings)
    problem_of = dict(zip(true["source"], true["problem"], strict=True))
    for seed in range(5):
        found = write(tmp_path, table, **settings, control="shuffled", control_seed=seed)
        assert Counter(found["source"]) == Counter(true["source"])
        if side == "en":  # sources tell the problems apart, targets do not
            givers = found["source"].map(problem_of)
            assert (givers != found["problem"]).all()
            same = givers.map(dict(zip(true["problem"], true["target"], strict=True)))
            assert (same == true["target"]).sum() == stay
        else:
            assert (found["source"] == true["source"]).sum() == stay


def test_texts_linked_through_others_are_alike(tmp_path):
    """Problems 1 and 2 have one source, 2 and 3 one target: 1 may not give to 3 either."""
    table = corpus(6, {"en": "number {}", "de": "Zahl {}"}).set_index(["problem", "language"])
    table.loc[[("0001", "de"), ("0002", "de")], "question"] = "one"
    table.loc[[("0002", "en"), ("0003", "en")], "question"] = "two"
    for seed in range(5):
        settings = {"languages": ["de"], "dev_share": 0, "control": "shuffled"}
        found = write(tmp_path, table.reset_index(), control_seed=seed, **settings)
        assert set(found["source"][:3]) == {"Zahl 4", "Zahl 5", "Zahl 6"}


def test_targets_only_have_no_source_in_the_train_split(tmp_path):
    true = write(tmp_path, corpus())
    table = write(tmp_path, corpus(), control="target_only")
    train = true["split"] == "train"
    pd.testing.assert_frame_equal(table[~train], true[~train])
    assert set(table["source"][train]) == {""}
    assert set(table["prompt"][train]) == {"German: \nEnglish: ", "Swahili: \nEnglish: "}
    pd.testing.assert_series_equal(table["target"], true["target"])


# --- Bad input ---


def without(problem, language):
    table = corpus()
    return table[(table["problem"] != problem) | (table["language"] != language)]


def test_a_problem_without_a_partner_is_named(tmp_path):
    match = "corpus.parquet: 10 texts in en and 9 in de: problem '0004' has none in de; expected"
    with pytest.raises(InputError, match=match):
        write(tmp_path, without("0004", "de"))
    match = "corpus.parquet: 9 texts in en and 10 in sw: problem '0007' has none in en; expected"
    with pytest.raises(InputError, match=match):
        write(tmp_path, without("0007", "en"))


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("responses", [[], [" "], ["a", "b"]])
def test_an_empty_text_is_named(tmp_path, language, responses):
    table = corpus()
    blank = (table["language"] == language) & (table["problem"] == "0002")
    table["question"] = table["question"].mask(blank, " ")
    table["responses"] = [responses if here else [] for here in blank]
    match = f"corpus.parquet: problem '0002', language {language}: the text is empty"
    with pytest.raises(InputError, match=match):
        write(tmp_path, table)


def test_a_language_that_the_corpus_lacks(tmp_path):
    with pytest.raises(InputError, match=r"corpus.parquet: no text in ja; expected .* en de sw"):
        write(tmp_path, corpus(), languages=["de", "ja"])


def test_one_problem_cannot_be_shuffled(tmp_path):
    with pytest.raises(InputError, match=r"corpus.parquet: 1 of the problems .* control: shuffled"):
        write(tmp_path, corpus(2), dev_share=0.5, control="shuffled")
    assert len(write(tmp_path, corpus(2), dev_share=0.5)) == 4


def test_half_of_the_problems_can_be_alike_and_any_seed_will_do():
    """No order of equal texts makes a row keep its own where another is to be had."""
    from langneurons.alignment.translations import _shuffled

    chance = np.random.default_rng(0)
    for _ in range(200):
        n = int(chance.integers(2, 12))
        targets = [f"t{number}" for number in chance.integers(0, n, n)]
        rows = pd.DataFrame({"language": "de", "target_language": "en", "target": targets})
        rows["source"] = [f"s{number}" for number in range(n)]
        given = _shuffled(rows, int(chance.integers(100)))
        of_source = dict(zip(rows["source"], targets, strict=True))
        most = Counter(targets).most_common(1)[0][1]
        stay = sum(
            of_source[source] == target for source, target in zip(given, targets, strict=True)
        )
        assert stay == max(0, 2 * most - n)
        assert (given != rows["source"]).all()
