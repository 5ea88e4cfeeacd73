"""Which neurons are a fact's, by hand."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from knowledge_cases import attributions

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.knowledge.schemas import (
    AGNOSTIC,
    ATTRIBUTIONS,
    FACT_LAYERS,
    FACT_NEURONS,
    OVERALL,
)
from langneurons.knowledge.selection import (
    candidates,
    expected_by_chance,
    language_agnostic,
    needed,
    neurons_of_facts,
    of_fact,
    overall,
    variation_of,
)
from langneurons.knowledge.summary import by_layer, select_fact_neurons
from langneurons.models.schema import MODEL

SCHEMAS = {
    "neurons": FACT_NEURONS,
    "agnostic": AGNOSTIC,
    "overall": OVERALL,
    "layers": FACT_LAYERS,
}


def test_a_fact_has_the_neurons_that_are_large_and_agree():
    # Means 1, 0.6, 0.6, 0.2, −1; standard deviations 0.1, 0.1, 0.6, 0, 0.
    values = np.array(
        [[0.9, 0.5, 0.0, 0.2, -1], [1.0, 0.6, 0.6, 0.2, -1], [1.1, 0.7, 1.2, 0.2, -1]]
    )
    np.testing.assert_allclose(variation_of(values), [0.1, 1 / 6, 1.0, 0.0, np.inf], atol=1e-12)
    assert of_fact(values, 0.5, 0.5).tolist() == [True, True, False, False, False]
    assert of_fact(values, 0.5, 1.5).tolist() == [True, True, True, False, False]
    assert of_fact(values, 0.1, 0.15).tolist() == [True, False, False, True, False]
    # The mean must exceed the threshold, and the variation be below the bound.
    assert of_fact(values, 0.6, 0.5).tolist() == [True, False, False, False, False]
    assert of_fact(values, 0.1, 0.1 - 1e-9).tolist() == [False, False, False, True, False]
    assert not of_fact(-np.abs(values), 0.5, 9.0).any()


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.5])
def test_candidates_are_enough_for_any_higher_threshold(threshold):
    generator = np.random.default_rng(0)
    for _ in range(20):
        values = generator.normal(size=(3, 200)) ** 3
        kept = np.flatnonzero(candidates(values, 0.05))
        assert len(kept) < 200
        for rows in ([0, 1, 2], [1, 2], [0, 2], [0, 1]):
            whole = np.flatnonzero(of_fact(values[rows], threshold, 0.8))
            assert kept[of_fact(values[rows][:, kept], threshold, 0.8)].tolist() == whole.tolist()


def test_one_phrasing_is_left_out_in_turn():
    table = attributions([[1.0, 0.8, 0.0], [1.0, 0.8, 0.0], [1.0, 0.1, 0.9]])
    found = neurons_of_facts(table, 0.5, 0.5)
    assert list(found.columns) == FACT_NEURONS.names
    sets = {
        -1 if pd.isna(out) else int(out): rows["neuron"].tolist()
        for out, rows in found.groupby("held_out", dropna=False)
    }
    # Neuron 1 is 0.8, 0.8, 0.1: mean 0.57, standard deviation 0.40.
    assert sets == {-1: [0], 1: [0], 2: [0], 3: [0, 1]}
    row = found[(found["held_out"] == 3) & (found["neuron"] == 1)].iloc[0]
    assert (row["attribution"], row["variation"]) == (pytest.approx(0.8), pytest.approx(0.0))
    assert (row["fact"], row["relation"], row["language"]) == ("capital-FR", "capital", "en")


def neurons(rows):
    """Rows of `FACT_NEURONS`: fact, language, neuron, attribution; all of layer 0."""
    table = pd.DataFrame(rows, columns=["fact", "language", "neuron", "attribution"])
    return table.assign(relation="capital", layer=0, variation=0.1, held_out=None)


KNOWN = pd.DataFrame(
    [
        ("a", "en", "Paris"),
        ("a", "de", "paris"),
        ("a", "zh", "巴黎"),
        ("b", "en", "Rome"),
        ("b", "de", "Rom"),
        ("c", "en", "Oslo"),
    ],
    columns=["fact", "language", "answer"],
)
FOUND = neurons(
    [
        ("a", "en", 7, 1.0),
        ("a", "de", 7, 3.0),
        ("a", "zh", 5, 1.0),
        ("a", "de", 5, 1.0),
        ("a", "en", 5, 1.0),
        ("b", "de", 7, 1.0),
        ("b", "en", 7, 1.0),
        ("b", "en", 8, 1.0),
        ("c", "en", 7, 1.0),
    ]
)


def test_language_agnostic_are_those_of_enough_languages():
    assert [needed(2, 0.5), needed(3, 0.5), needed(4, 0.75), needed(10, 0.7)] == [2, 2, 3, 7]
    found = language_agnostic(FOUND, KNOWN, 0.6, ["en", "zh", "de"])
    cells = list(zip(found["fact"], found["neuron"], found["languages"], strict=True))
    assert cells == [("a", 5, ["en", "zh", "de"]), ("a", 7, ["en", "de"]), ("b", 7, ["en", "de"])]
    assert found["known_in"].tolist() == [3, 3, 2]
    # "Paris" and "paris" are written alike.
    assert found["answers"].tolist() == [2, 1, 2]
    assert found["attribution"].tolist() == [1.0, 2.0, 1.0]
    np.testing.assert_allclose(found["variation"], [0.0, 2**0.5 / 2, 0.0])
    strict = language_agnostic(FOUND, KNOWN, 1.0, ["en", "zh", "de"])
    assert list(zip(strict["fact"], strict["neuron"], strict=True)) == [("a", 5), ("b", 7)]


def test_overall_counts_facts_of_which_a_neuron_is_language_agnostic():
    found = overall(language_agnostic(FOUND, KNOWN, 0.6, ["en", "zh", "de"]), KNOWN)
    columns = zip(found["neuron"], found["facts"], found["of"], strict=True)
    assert list(columns) == [(7, 2, 2), (5, 1, 2)]
    assert found["relations"].tolist() == [["capital"], ["capital"]]


def test_chance_is_that_of_random_neurons():
    # Of 10 neurons: in both languages 10 · 2/10 · 3/10; in two of three of 5 each 10 · 1/2.
    assert expected_by_chance([2, 3], 10, 1.0) == pytest.approx(0.6)
    assert expected_by_chance([5, 5, 5], 10, 0.6) == pytest.approx(5.0)
    generator = np.random.default_rng(0)
    drawn = [
        sum(np.isin(np.arange(20), generator.permutation(20)[:n]) for n in (4, 6, 8))
        for _ in range(4000)
    ]
    mean = np.mean([(one >= 2).sum() for one in drawn])
    assert expected_by_chance([4, 6, 8], 20, 0.6) == pytest.approx(mean, abs=0.15)


def test_layers_have_means_over_facts_and_their_chance():
    tables = [
        attributions(
            [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]], "a", "en", "x", layer, change=2.0 + layer
        )
        for layer in (0, 1)
    ]
    tables += [
        attributions([[1.0, 0.9], [1.0, 0.9], [1.0, 0.9]], "a", "de", "x", layer, change=1.0)
        for layer in (0, 1)
    ]
    tables += [
        attributions([[1.0, 0.9], [1.0, 0.9], [1.0, 0.9]], "b", "en", "y", layer, change=6.0)
        for layer in (0, 1)
    ]
    table = pd.concat(tables, ignore_index=True)
    found = neurons_of_facts(table, 0.5, 0.5)
    known = table[["fact", "language", "answer"]].drop_duplicates()
    agnostic = language_agnostic(found[found["held_out"].isna()], known, 1.0, ["en", "de"])
    layers = by_layer(table, found[found["held_out"].isna()], agnostic, ["en", "de"], 10, 1.0)
    rows = layers.set_index([layers["language"].fillna("-"), "layer"])
    # In English fact a has neuron 0 in each layer and b two.
    assert rows.loc[("en", 0), "neurons"] == 1.5
    assert rows.loc[("en", 1), "change"] == (3.0 + 6.0) / 2
    assert rows.loc[("de", 1), "neurons"] == 2.0
    # Only fact a is known in two languages: 1 of 10 and 2 of 10.
    assert rows.loc[("-", 0), "neurons"] == 1.0
    assert rows.loc[("-", 0), "facts"] == 1
    assert rows.loc[("-", 0), "expected"] == pytest.approx(10 * 0.1 * 0.2)
    assert rows.loc[("-", 1), "change"] == (3.0 + 1.0) / 2
    assert layers["neurons_low"].isna().all()  # with fewer than ten facts


@pytest.mark.parametrize("variation", [0.5, 1e-9])
def test_tables_are_written_also_where_nothing_is_found(tmp_path, variation):
    """At a variation of nearly 0 no fact has neurons; with one language none is agnostic."""
    table = attributions([[1.0, 0.8, 0.0], [1.1, 0.9, 0.01], [1.2, 0.1, 0.9]])
    facts = {"languages": ["en"], "parameters": {"steps": 20}}
    write_table(table, tmp_path / "attributions", ATTRIBUTIONS, facts)
    card = dict.fromkeys(MODEL.names, 0) | {"neurons_per_layer": 3}
    text = {field.name: "" for field in MODEL if pa.types.is_string(field.type)}
    write_table(pd.DataFrame([card | text | {"gated": True}]), tmp_path / "card", MODEL)
    outputs = {name: tmp_path / name for name in SCHEMAS}
    parameters = {"threshold": 0.5, "variation": variation, "share": 0.5}
    select_fact_neurons(tmp_path / "attributions", tmp_path / "card", outputs, parameters)
    found = {name: read_table(outputs[name], schema) for name, schema in SCHEMAS.items()}
    sizes = {name: len(one) for name, one in found.items()}
    assert sizes["agnostic"] == sizes["overall"] == 0
    assert (sizes["neurons"] > 0) == (variation == 0.5)
    assert found["layers"]["neurons"].tolist() == [1.0 if variation == 0.5 else 0.0]
    said = read_provenance(outputs["layers"])["parameters"]
    assert said == {"steps": 20, **parameters}
