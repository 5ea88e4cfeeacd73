"""The control of preference pairs: labels at random, in the train split alone."""

import pandas as pd
import pytest
from test_preference_pairs import many, pair, tables

from langneurons.alignment.pairs import PAIRS, RANDOM_LABELS, randomly_labelled, write_pairs
from langneurons.alignment.scoring import SCORES
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.schemas import RESPONSES

SIDES = ("sample", "score", "correct")


@pytest.fixture(scope="module")
def pairs():
    return pair(many(problems=400), cap=400, dev_share=0.25)


def swapped(pairs, labelled):
    return labelled["chosen"] != pairs["chosen"]


def test_half_of_the_pairs_to_train_on_are_swapped(pairs):
    labelled = randomly_labelled(pairs, 0)
    train = pairs["split"] == "train"
    assert train.sum() == 300
    assert 120 < swapped(pairs, labelled)[train].sum() < 180
    pd.testing.assert_frame_equal(labelled[~train], pairs[~train])


def test_a_swapped_pair_has_the_same_texts_with_all_that_belongs_to_them(pairs):
    labelled = randomly_labelled(pairs, 0)
    assert labelled.dtypes.equals(pairs.dtypes)
    changed = swapped(pairs, labelled)
    columns = [("chosen", "rejected"), *((f"chosen_{x}", f"rejected_{x}") for x in SIDES)]
    for one, other in columns:
        assert labelled[one][changed].equals(pairs[other][changed])
        assert labelled[other][changed].equals(pairs[one][changed])
    pd.testing.assert_frame_equal(labelled[~changed], pairs[~changed])
    same = ["split", "problem", "language", "prompt"]
    pd.testing.assert_frame_equal(labelled[same], pairs[same])


def test_the_seed_decides_the_swaps(pairs):
    first, again, other = (randomly_labelled(pairs, seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert (swapped(pairs, first) != swapped(pairs, other)).sum() > 50


@pytest.fixture
def paths(tmp_path):
    """Samples, scores and answers of 40 problems, and where to write their pairs."""
    responses, scores = tables(many())
    first = responses["sample"] == 0
    responses["response"] = first.map({True: "das macht 5", False: "das macht 6"})
    corpus = pd.DataFrame({"problem": responses["problem"].unique()}).assign(
        language="de", question="?", answer=5.0, responses=[[] for _ in range(40)]
    )
    found = [tmp_path / f"{name}.parquet" for name in ("samples", "scores", "corpus", "pairs")]
    write_table(responses[RESPONSES.names], found[0], RESPONSES)
    write_table(scores, found[1], SCORES)
    write_table(corpus, found[2], CORPUS)
    return found


def test_the_control_is_written_with_what_made_it(paths):
    write_pairs(*paths, ["de"], 40, 0.25, 0)
    pairs = read_table(paths[-1], PAIRS)
    assert "control" not in read_provenance(paths[-1])
    write_pairs(*paths, ["de"], 40, 0.25, 0, control=RANDOM_LABELS, control_seed=3)
    labelled = read_table(paths[-1], PAIRS)
    pd.testing.assert_frame_equal(labelled, randomly_labelled(pairs, 3))
    assert swapped(pairs, labelled).any()
    facts = read_provenance(paths[-1])
    assert (facts["control"], facts["control_seed"]) == ("random_labels", 3)


def test_a_control_of_another_method_is_refused(paths):
    with pytest.raises(InputError, match="control: found 'shuffled', expected random_labels"):
        write_pairs(*paths, ["de"], 40, 0.25, 0, control="shuffled")
    assert not paths[-1].exists()
