"""Neurons of facts suppressed and enhanced, against whole passes with one edit each."""

import numpy as np
import pandas as pd
import pytest
import torch
from knowledge_cases import LANGUAGES, write_material
from test_endings import ANSWER, PROMPT, endings_of, slowly
from tiny_models import ARCHITECTURES, LAYERS, save_tiny_model, tiny_config, tiny_model

from langneurons.artifacts.tables import read_table, write_table
from langneurons.knowledge.baselines import Baselines
from langneurons.knowledge.editing import edit_facts, merge_fact_edits
from langneurons.knowledge.edits import fact_edit, random_neurons, under_edits
from langneurons.knowledge.effects import effects_of
from langneurons.knowledge.facts import read_facts
from langneurons.knowledge.schemas import EDITS, ENHANCE, FACT_EDITS, FACT_NEURONS, SUPPRESS
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.neurons.controls import generator_of

SETS = [np.array([[0, 3], [0, 5], [1, 2]]), np.array([[1, 7]])]


def changing(operation, neurons, baseline):
    """Changes as `slowly` takes them, neuron by neuron."""

    def change(layer):
        def apply(own):
            own = own.clone()
            for at, neuron in neurons:
                if at == layer:
                    value = 2 * own[neuron] if operation == ENHANCE else baseline[layer, neuron]
                    own[neuron] = value
            return own

        return apply

    return [(layer, change(layer)) for layer in range(LAYERS)]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_edits_side_by_side_equal_whole_passes(architecture):
    model = tiny_model(tiny_config(architecture)).double()
    ending = endings_of(model).of(PROMPT, ANSWER)
    baseline = torch.randn(ending.activations.shape, dtype=torch.float64)
    cases = [(operation, neurons) for operation in EDITS for neurons in SETS]
    edits = [fact_edit(operation, neurons, baseline) for operation, neurons in cases]
    expected = [
        float(slowly(model, PROMPT, ANSWER, changing(*case, baseline))[0]) for case in cases
    ]
    for batch_tokens in (1000, 6):
        found = under_edits(ending, edits, batch_tokens)
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert len({round(value, 6) for value in expected}) == len(cases)


def test_random_neurons_are_others_of_the_same_layers():
    neurons = np.array([[0, 1], [0, 2], [2, 0]])
    draws = {
        tuple(map(tuple, random_neurons(neurons, 50, generator_of(seed, "a")))) for seed in range(5)
    }
    assert len(draws) == 5
    for drawn in draws:
        assert [layer for layer, _ in drawn] == [0, 0, 2]
        assert len(set(drawn)) == 3
        assert not set(drawn) & {(0, 1), (0, 2), (2, 0)}
    # Of three neurons of a layer two are the set's own, so that one of these is drawn too.
    drawn = random_neurons(neurons[:2], 3, generator_of(0, "a"))
    assert (0, 0) in set(map(tuple, drawn))
    assert len(set(map(tuple, drawn))) == 2


def write_neurons(path, without=()):
    """Two neurons of each fact, others in each language and held-out phrasing."""
    rows = []
    for number, fact in enumerate(["capital-FR", "capital-JP", "currency-FR", "currency-IT"]):
        for language in LANGUAGES:
            for out in (None, 1, 2, 3):
                for layer in range(LAYERS):
                    neuron = (5 * number + 7 * LANGUAGES.index(language) + (out or 0)) % 24
                    keys = (fact, fact.split("-")[0], language, out, layer, neuron, 1.0, 0.1)
                    if (fact, language) not in without:
                        rows.append(dict(zip(FACT_NEURONS.names, keys, strict=True)))
    write_table(pd.DataFrame(rows).astype({"held_out": "Int32"}), path, FACT_NEURONS)


def test_a_facts_answer_and_others_are_measured_under_its_edit(tmp_path):
    spec = ModelSpec(str(save_tiny_model(tmp_path / "model", "llama")), dtype="float64")
    # capital-IT has no neurons; currency-JP is not known.
    paths = write_material(tmp_path, [("currency-JP", one) for one in LANGUAGES])
    write_neurons(tmp_path / "neurons.parquet", without=[("currency-IT", "zh")])
    shares = [tmp_path / f"part/{index}.parquet" for index in (1, 2)]
    for index, path in enumerate(shares, start=1):
        edit_facts(
            spec, *paths, tmp_path / "neurons.parquet", path, LANGUAGES,
            {"facts": None, "control_seeds": 2}, share=(index, 2), progress=False,
        )  # fmt: skip
    merge_fact_edits(shares, tmp_path / "edits.parquet", LANGUAGES)
    assert not list(tmp_path.rglob("cells"))
    table = read_table(tmp_path / "edits.parquet", FACT_EDITS)
    # Four facts in English, three in Chinese; three phrasings; two edits.
    assert len(table) == 7 * 3 * 2
    facts = read_facts(*paths, spec, LANGUAGES, None)
    model = tiny_model(tiny_config("llama")).double()
    baselines = Baselines(model, find_mlps(model), facts.prompts, 100)
    sets = read_table(tmp_path / "neurons.parquet", FACT_NEURONS)

    def value(fact, language, phrasing, changes=()):
        rows = facts.of(fact, language)
        row = rows[rows["phrasing"] == phrasing].iloc[0]
        ids = [list(map(int, row[key])) for key in ("prompt_tokens", "answer_tokens")]
        return float(slowly(model, *ids, changes)[0])

    def rise(fact, language, phrasing, changes):
        before = value(fact, language, phrasing)
        return value(fact, language, phrasing, changes) - before

    for fact, other, language, phrasing in [
        ("capital-FR", "capital-JP", "en", 1),
        ("capital-JP", "capital-FR", "zh", 3),
        ("currency-FR", None, "en", 2),  # the other one is the euro too
    ]:
        own = sets[(sets["fact"] == fact) & (sets["language"] == language)]
        own = own[own["held_out"] == phrasing][["layer", "neuron"]].to_numpy(
            dtype=np.int64, copy=True
        )
        answer = facts.of(fact, language)["answer"].iloc[0]
        baseline = baselines.of(fact.split("-")[0], language, phrasing, answer)
        for operation in (SUPPRESS, ENHANCE):
            rows = table[(table["edit"] == operation) & (table["fact"] == fact)]
            rows = rows[(rows["language"] == language) & (rows["phrasing"] == phrasing)]
            (row,) = rows.itertuples()
            place = (language, phrasing)
            changes = changing(operation, own, baseline)
            assert row.neurons == LAYERS
            # Logits are float32 numbers.
            assert row.before == pytest.approx(value(fact, *place), abs=5e-6)
            assert row.own == pytest.approx(rise(fact, *place, changes), abs=5e-6)
            if other is None:
                assert row.n_others == 0
                assert np.isnan(row.others)
            else:
                assert row.n_others == 1
                assert row.others == pytest.approx(rise(other, *place, changes), abs=5e-6)
            drawn = [
                random_neurons(own, 24, generator_of(seed, fact, language, str(phrasing)))
                for seed in range(2)
            ]
            random = [rise(fact, *place, changing(operation, one, baseline)) for one in drawn]
            assert row.random == pytest.approx(np.mean(random), abs=5e-6)


def edited(fact, language, phrasing, own, others, random, edit=SUPPRESS):
    keys = {"edit": edit, "fact": fact, "relation": "capital", "language": language}
    values = {"own": own, "others": others, "random": random, "neurons": 3, "before": -2.0}
    return {**keys, "phrasing": phrasing, "n_others": 1, **values}


def test_effects_are_means_over_phrasings_then_languages_then_facts():
    rows = [
        edited("a", "en", 1, -1.0, 0.0, -0.1),
        edited("a", "en", 2, -3.0, -1.0, -0.1),
        edited("a", "zh", 1, -4.0, 0.0, 0.0),
        edited("b", "en", 1, -1.0, np.nan, 0.0),
    ]
    table = effects_of(pd.DataFrame(rows), ["zh", "en"])
    assert table["language"].fillna("-").tolist() == ["zh", "en", "-"]
    zh, en, mean = (row for _, row in table.iterrows())
    assert (en["own"], en["facts"], en["neurons"], en["before"]) == ((-2.0 - 1.0) / 2, 2, 3, -2)
    assert en["others"] == -0.5  # of fact a only
    assert en["own_less_others"] == -1.5
    assert en["own_less_random"] == pytest.approx((-1.9 - 1.0) / 2)
    assert mean["own"] == ((-2.0 - 4.0) / 2 - 1.0) / 2
    assert zh["own"] == -4.0
    assert table["own_low"].isna().all()  # fewer than ten facts


def test_intervals_are_students_t_over_facts():
    own = np.arange(12.0)
    rows = [edited(f"f{index}", "en", 1, value, 0.0, 0.0) for index, value in enumerate(own)]
    table = effects_of(pd.DataFrame(rows), ["en"])
    half = 2.200985 * own.std(ddof=1) / 12**0.5  # t of eleven degrees of freedom
    assert table["own_low"].iloc[0] == pytest.approx(own.mean() - half, abs=1e-5)
    assert table["own_high"].iloc[1] == pytest.approx(own.mean() + half, abs=1e-5)
