"""Known facts against whole sequences; accuracies, intervals and changes by hand."""

import numpy as np
import pandas as pd
import pytest
import torch
from fact_cases import ROWS, own_facts
from tiny_models import save_tiny_model

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.corpora.schema import FACTS
from langneurons.errors import InputError
from langneurons.facts.changes import knowledge_change, write_knowledge_change
from langneurons.facts.measuring import measure_cloze, ranked
from langneurons.facts.schemas import CLOZE, KNOWLEDGE, KNOWLEDGE_CHANGE
from langneurons.facts.summary import knowledge_accuracy, summarise_cloze
from langneurons.models.inspection import inspect_model
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.schema import MODEL
from langneurons.models.spec import ModelSpec
from langneurons.responses.cloze import cloze_tokens, continuation

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A tiny model, facts, and what it knows of them."""
    folder = tmp_path_factory.mktemp("cloze")
    spec = ModelSpec(str(save_tiny_model(folder / "tiny", "gemma3_text")))
    facts = own_facts(folder)
    write_table(facts, folder / "facts.parquet", FACTS)
    write_table(inspect_model(spec), folder / "card.parquet", MODEL)
    measure_cloze(
        spec, folder / "card.parquet", folder / "facts.parquet", folder / "cloze.parquet",
        progress=False,
    )  # fmt: skip
    return spec, facts, folder


def test_answers_are_ranked_by_the_likelihood_of_the_whole_text(measured):
    spec, facts, folder = measured
    model, tokenizer = load_model(spec), load_tokenizer(spec)
    table = read_table(folder / "cloze.parquet", CLOZE)
    assert table["id"].tolist() == facts["id"].tolist()
    for row, fact in zip(table.itertuples(), facts.itertuples(), strict=True):
        totals = {}
        prompt = tokenizer(fact.question)["input_ids"]
        for text in fact.candidates:
            whole = tokenizer(fact.question + continuation(text, fact.language))["input_ids"]
            with torch.inference_mode():
                steps = model(torch.tensor([whole])).logits[0].double().log_softmax(dim=-1)
            places = range(len(prompt), len(whole))
            totals[text] = [float(steps[place - 1, whole[place]]) for place in places]
        sums = {text: sum(steps) for text, steps in totals.items()}
        means = {text: np.mean(steps) for text, steps in totals.items()}
        assert row.log_probability == pytest.approx(sums[fact.answer], rel=1e-4)
        assert row.tokens == len(totals[fact.answer])
        assert row.best == max(sums, key=sums.get)
        assert row.best_log_probability == pytest.approx(max(sums.values()), rel=1e-4)
        order = sorted(sums, key=sums.get, reverse=True)
        assert row.rank == 1 + order.index(fact.answer)
        assert row.known == (row.best == fact.answer)
        order = sorted(means, key=means.get, reverse=True)
        assert row.rank_by_token == 1 + order.index(fact.answer)
    assert table["candidates"].unique().tolist() == [3]
    assert len(set(table["rank"])) > 1
    assert (table["rank"] != table["rank_by_token"]).any()


def test_no_result_depends_on_the_batch(measured, tmp_path):
    spec, _, folder = measured
    whole = read_table(folder / "cloze.parquet", CLOZE)
    output = tmp_path / "cloze.parquet"
    measure_cloze(
        spec, folder / "card.parquet", folder / "facts.parquet", output, batch_tokens=1,
        progress=False,
    )  # fmt: skip
    pd.testing.assert_frame_equal(read_table(output, CLOZE), whole, rtol=1e-5)


def test_a_prompt_beyond_the_context_is_refused_before_the_model_is_loaded(measured, tmp_path):
    _, _, folder = measured
    rows = [{**row, "prompt": row["prompt"] * 20} for row in ROWS]
    write_table(own_facts(tmp_path, rows), tmp_path / "facts.parquet", FACTS)
    spec = ModelSpec(str(folder / "tiny"))
    weights = folder / "tiny/model.safetensors"
    kept = weights.read_bytes()
    weights.unlink()
    try:
        with pytest.raises(InputError, match=r"facts.parquet: problem 'sky-1', language en.* most"):
            measure_cloze(
                spec, folder / "card.parquet", tmp_path / "facts.parquet", tmp_path / "x.parquet"
            )
    finally:
        weights.write_bytes(kept)


def test_a_tie_is_not_known(measured, tmp_path):
    spec, _, _ = measured
    facts = own_facts(tmp_path, ROWS[:2])
    tokens = cloze_tokens(facts, load_tokenizer(spec), None)
    # " blue", " red", " x y": 5, 4 and 4 tokens of one byte; in Chinese one less each.
    assert tokens["response_tokens"].map(len).tolist() == [5, 4, 4, 4, 3, 3]
    table = ranked(facts, tokens, np.array([-3.0, -3.0, -5.0, -4.0, -6.0, -9.0]))
    assert table["rank"].tolist() == [2, 1]
    assert table["known"].tolist() == [False, True]
    # Means of the first: −0.6, −0.75, −1.25.
    assert table["rank_by_token"].tolist() == [1, 1]


def answers(known, relation="capital", by_token=None):
    """Rows of CLOZE from fact → language → whether each phrasing is known."""
    return pd.DataFrame(
        [
            {
                "id": f"{fact}-{phrasing}",
                "language": language,
                "relation": relation,
                "fact": fact,
                "phrasing": phrasing,
                "log_probability": -1.0,
                "tokens": 1,
                "candidates": 10,
                "rank": 1 if one else 3,
                "known": bool(one),
                "best": "x",
                "best_log_probability": -1.0,
                "rank_by_token": 1 if (one if by_token is None else by_token) else 2,
            }
            for fact, languages in known.items()
            for language, phrasings in languages.items()
            for phrasing, one in enumerate(phrasings, start=1)
        ]
    )


TWO = {"a": {"en": [1, 0], "de": [1, 1]}, "b": {"en": [0, 0], "de": [1, 1]}}


def test_accuracies_by_hand():
    cloze = pd.concat(
        [answers(TWO), answers({"c": {"en": [1, 1], "de": [0, 0]}}, "currency", by_token=True)]
    )
    table = knowledge_accuracy(cloze, ["en", "de"]).set_index(["relation", "language"])
    assert len(table) == 9
    capital = table.loc["capital"]
    assert capital.loc["en", "accuracy"] == 0.25  # of 1/2 and 0
    assert capital.loc["de", "accuracy"] == 1
    assert capital.loc["en", "in_all_phrasings"] == 0
    assert capital.loc["de", "in_all_phrasings"] == 1
    assert table.loc[(np.nan, "en"), "accuracy"] == 0.5  # of 1/2, 0 and 1
    whole = table[table.index.get_level_values(1).isna()]["accuracy"]
    assert whole.tolist() == [pytest.approx((1 / 2 + 2 / 3) / 2), 0.625, 0.5]
    assert table.loc[("currency", "de"), "by_token"] == 1
    assert table["facts"].unique().tolist() == [3, 2, 1]
    np.testing.assert_allclose(table["chance"], 0.1)
    assert table["low"].isna().all()  # fewer than ten facts


def many(shares, relation="capital"):
    known = {f"f{i}": {"en": [one], "de": [1]} for i, one in enumerate(shares)}
    return answers(known, relation)


def test_intervals_are_over_facts():
    # 4 of 10: the standard deviation is √(10/9 · 0.24) = 0.5164, and t with 9 degrees 2.2622.
    table = knowledge_accuracy(many([1] * 4 + [0] * 6), ["en", "de"])
    assert table["relation"].isna().all()  # one relation is all
    row = table.iloc[0]
    half = 2.2622 * 0.5164 / np.sqrt(10)
    assert (row["low"], row["high"]) == pytest.approx((0.4 - half, 0.4 + half), abs=1e-4)
    assert table.iloc[1]["low"] == table.iloc[1]["high"] == 1


def test_the_change_is_paired_over_facts():
    before, after = many([1] * 4 + [0] * 6), many([1] * 8 + [0] * 2)
    table = knowledge_change(before, after.iloc[::-1], ["en", "de"], "de", ["en"])
    assert table["group"].tolist() == ["trained", "pivot", "trained"]
    assert table["language"].tolist()[:2] == ["en", "de"]
    row = table.iloc[0]
    assert (row["before"], row["after"], row["change"]) == pytest.approx((0.4, 0.8, 0.4))
    # Four facts gained, six as they were: the same spread as 4 of 10.
    half = 2.2622 * 0.5164 / np.sqrt(10)
    assert row["change_low"] == pytest.approx(0.4 - half, abs=1e-4)
    assert table.iloc[1]["change"] == 0
    assert row["facts"] == 10


def test_different_facts_do_not_compare():
    with pytest.raises(InputError, match="'f9-1' in de was asked of one model only"):
        knowledge_change(many([1] * 9), many([1] * 10), ["en", "de"], "en", [])


def test_tables_are_written_with_what_they_are(tmp_path):
    path = tmp_path / "cloze.parquet"
    write_table(many([0, 1]), path, CLOZE, {"inputs": []})
    summarise_cloze(path, tmp_path / "accuracy.parquet", ["en", "de"], "tiny")
    assert len(read_table(tmp_path / "accuracy.parquet", KNOWLEDGE)) == 3
    assert read_provenance(tmp_path / "accuracy.parquet")["name"] == "tiny"
    output = tmp_path / "change.parquet"
    write_knowledge_change(path, path, output, ["en", "de"], "en", ["de"], ("a", "b"), "shuffled")
    assert (read_table(output, KNOWLEDGE_CHANGE)["change"] == 0).all()
    facts = read_provenance(output)
    assert (facts["before"], facts["after"], facts["control"]) == ("a", "b", "shuffled")
