"""Preference pairs: which responses are paired, how many, in which split."""

import pandas as pd
import pytest

from langneurons.alignment.pairs import PAIRS, preference_pairs, write_pairs
from langneurons.alignment.scoring import SCORES
from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.schemas import RESPONSES


def tables(rows):
    """Responses and scores of rows (problem, language, sample, text, correct, score)."""
    table = pd.DataFrame(
        rows, columns=["problem", "language", "sample", "response", "correct", "score"]
    )
    responses = table.assign(prompt=table["problem"] + "?")
    responses["correct"] = responses["correct"].astype("boolean")
    scores = table[["problem", "language", "sample", "score"]].assign(references=1)
    return responses[[*RESPONSES.names, "correct"]], scores


def pair(rows, languages=("de",), cap=100, dev_share=0.0, seed=0):
    return preference_pairs(*tables(rows), list(languages), cap, dev_share, seed)


FIVE = [
    ("p", "de", 0, "fünf", True, 0.5),
    ("p", "de", 1, "sechs", False, 0.3),
    ("p", "de", 2, "acht", False, 0.8),
    ("p", "de", 3, "das sind fünf", True, 0.9),
    ("p", "de", 4, "fünf", True, 0.5),
]


def test_pairs_of_five_responses_by_hand():
    # Winners are right and score higher: 3 beats all others, 0 and 4 beat 1. 2 scores high but is
    # wrong, so it wins nothing; 0 and 4 are equal, so that neither wins.
    pairs = pair(FIVE)
    found = list(zip(pairs["chosen_sample"], pairs["rejected_sample"], strict=True))
    assert found == [(0, 1), (3, 0), (3, 1), (3, 2), (3, 4), (4, 1)]
    first = pairs.iloc[0]
    assert (first["chosen"], first["rejected"], first["prompt"]) == ("fünf", "sechs", "p?")
    assert (first["chosen_score"], first["rejected_score"]) == (0.5, 0.3)
    assert list(pairs["rejected_correct"]) == [False, True, False, False, True, False]
    assert pairs["chosen_correct"].all()


def test_equal_texts_and_equal_scores_make_no_pair():
    rows = [
        ("p", "de", 0, "fünf", True, 0.5),
        ("p", "de", 1, "fünf", True, 0.4),  # a rounding apart
        ("p", "de", 2, "vier", False, 0.4),
        ("p", "de", 3, "drei", False, 0.5),
    ]
    found = pair(rows)[["chosen_sample", "rejected_sample"]].to_numpy().tolist()
    assert found == [[0, 2]]


def test_only_responses_to_one_prompt_are_paired():
    rows = [
        ("p", "de", 0, "eins", True, 0.9),
        ("q", "de", 0, "zwei", False, 0.1),
        ("p", "fr", 0, "un", False, 0.1),
        ("p", "de", 1, "drei", False, 0.2),
    ]
    pairs = pair(rows, ["de", "fr"])
    assert pairs[["language", "problem", "chosen", "rejected"]].to_numpy().tolist() == [
        ["de", "p", "eins", "drei"]
    ]


def test_a_response_without_score_or_answer_is_in_no_winning_pair():
    rows = [
        ("p", "de", 0, "a", True, None),
        ("p", "de", 1, "b", None, 0.9),
        ("p", "de", 2, "c", True, 0.5),
        ("p", "de", 3, "d", False, 0.1),
    ]
    found = pair(rows)[["chosen_sample", "rejected_sample"]].to_numpy().tolist()
    assert found == [[2, 3]]


def many(problems=40, language="de"):
    return [
        (f"p{index:02d}", language, sample, f"{index} {sample}", sample == 0, 1.0 - sample)
        for index in range(problems)
        for sample in range(2)
    ]


def test_the_cap_keeps_a_random_choice_that_the_seed_decides():
    first, again, other = (pair(many(), cap=10, seed=seed) for seed in (0, 0, 1))
    assert len(first) == 10
    pd.testing.assert_frame_equal(first, again)
    assert set(first["problem"]) != set(other["problem"])


def test_the_choice_under_the_cap_belongs_to_a_language():
    both = pair([*many(), *many(language="fr")], ["fr", "de"], cap=10)
    german, french = (both[both["language"] == name] for name in ("de", "fr"))
    assert len(german) == len(french) == 10
    assert set(german["problem"]) != set(french["problem"])
    # Other languages do not change it.
    assert german["problem"].tolist() == pair(many(), cap=10)["problem"].tolist()


def test_a_problem_is_in_one_split_in_all_its_languages():
    pairs = pair([*many(), *many(language="fr")], ["de", "fr"], dev_share=0.25)
    splits = pairs.groupby("problem")["split"].nunique()
    assert splits.max() == 1
    dev = pairs[pairs["split"] == "dev"]
    assert dev["problem"].nunique() == 10  # of 40
    assert set(dev["language"]) == {"de", "fr"}


def test_the_order_of_the_languages_does_not_change_the_split():
    # Each problem in one language only, by turns.
    rows = [(name, "fr" if int(name[1:]) % 2 else "de", *rest) for name, _, *rest in many()]
    first, other = (
        dict(pair(rows, order, dev_share=0.5)[["problem", "split"]].to_numpy().tolist())
        for order in (["de", "fr"], ["fr", "de"])
    )
    assert first == other


def test_a_language_without_pairs_is_reported(caplog):
    pairs = pair([*FIVE, ("p", "fr", 0, "un", False, 0.2)], ["de", "fr"])
    assert set(pairs["language"]) == {"de"}
    assert "fr: no preference pair (none of 1 responses is correct)" in caplog.text


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("p", "de", i, f"{i}", False, 0.1 * i) for i in range(3)], "none of 3 responses is corr"),
        ([("p", "de", i, "fünf", True, 0.5) for i in range(3)], "all responses to a question are"),
        ([("p", "de", i, f"{i}", True, None) for i in range(3)], "no response has a score"),
        (
            [("p", "de", 0, "fünf", True, 0.1), ("p", "de", 1, "vier", False, 0.2)],
            "no correct response scores higher",
        ),
        ([("p", "fr", 0, "un", True, 0.1)], "no responses"),
    ],
)
def test_no_pair_at_all_is_an_error_that_says_why(rows, reason):
    with pytest.raises(InputError, match=rf"no preference pair in any language \(de: {reason}"):
        pair(rows)


def test_pairs_are_written_with_what_made_them(tmp_path):
    responses, scores = tables(FIVE)
    responses["response"] = ["5", "sechs", "acht", "das sind 5", "5"]
    paths = [tmp_path / f"{name}.parquet" for name in ("samples", "scores", "corpus")]
    write_table(responses[RESPONSES.names], paths[0], RESPONSES)
    write_table(scores, paths[1], SCORES)
    question = {"problem": "p", "language": "de", "question": "?", "answer": 5.0, "responses": []}
    write_table(pd.DataFrame([question]), paths[2], CORPUS)
    output = tmp_path / "pairs.parquet"
    write_pairs(*paths, output, ["de"], 4, 0.0, 0)
    pairs = read_table(output, PAIRS)
    assert len(pairs) == 4
    assert set(pairs["split"]) == {"train"}


def test_texts_are_compared_cleaned_and_trained_on_as_they_were_written():
    rows = [
        ("p", "de", 0, "2 + 3 = <<2+3=5>>5 #### 5", True, 0.5),
        ("p", "de", 1, "2 + 3 = 5\n#### 6", False, 0.4),  # a rounding apart
        ("p", "de", 2, "2 + 3 = 6 #### 6", False, 0.3),
    ]
    pairs = pair(rows)
    assert pairs[["chosen", "rejected"]].to_numpy().tolist() == [[rows[0][3], rows[2][3]]]
    with pytest.raises(InputError, match="all responses to a question are identical"):
        pair(rows[:2])
