"""Attribution of facts to neurons against slow loops, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from knowledge_cases import ANSWERS, LANGUAGES, facts_table, write_material
from test_endings import ANSWER, PROMPT, endings_of, slowly
from tiny_models import ARCHITECTURES, LAYERS, save_tiny_model, tiny_config, tiny_model

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.errors import InputError
from langneurons.knowledge.attribution import attribute_facts, completeness, merge_attributions
from langneurons.knowledge.baselines import Baselines, last_activations
from langneurons.knowledge.facts import known_facts, read_facts
from langneurons.knowledge.integrated import integrated_gradients
from langneurons.knowledge.schemas import ATTRIBUTIONS
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec

STEPS = 20
PARAMETERS = {"facts": None, "steps": 4}
GEMMA = Path("results/checkpoints/gemma")


def other_prompts():
    """Prompts whose mean is a baseline, as long as they come."""
    return pd.DataFrame({"prompt_tokens": [[5, 80, 31], [*PROMPT[:8], 99], [12]]})


def baseline_of(model):
    return last_activations(model, find_mlps(model), other_prompts(), 30).mean(dim=0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_activations_at_last_tokens_equal_those_of_single_passes(architecture):
    model = tiny_model(tiny_config(architecture)).double()
    for batch_tokens in (5, 100):
        found = last_activations(model, find_mlps(model), other_prompts(), batch_tokens)
        for own, ids in zip(found, other_prompts()["prompt_tokens"], strict=True):
            torch.testing.assert_close(own, slowly(model, ids, [3])[1])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_integrated_gradients_equal_a_loop_over_the_steps(architecture):
    model = tiny_model(tiny_config(architecture)).double()
    ending, baseline = endings_of(model).of(PROMPT, ANSWER), baseline_of(model)
    for layer, found in enumerate(integrated_gradients(ending, baseline, 3)):
        way = ending.activations[layer] - baseline[layer]
        expected = torch.zeros_like(way)
        for t in (1 / 6, 3 / 6, 5 / 6):
            leaf = (baseline[layer] + t * way).requires_grad_()
            with torch.enable_grad():
                value, _ = slowly(model, PROMPT, ANSWER, [(layer, lambda _, leaf=leaf: leaf)])
                (gradient,) = torch.autograd.grad(value, leaf)
            expected += way * gradient / 3
        torch.testing.assert_close(found.neurons, expected, rtol=1e-4, atol=1e-6)
        below, _ = slowly(model, PROMPT, ANSWER, [(layer, lambda _, at=layer: baseline[at])])
        change = ending.log_probability - float(below)
        assert found.change == pytest.approx(change, abs=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_attributions_sum_to_the_change_within_a_hundredth(architecture):
    """In float32, as they are made, at 20 steps."""
    model = tiny_model(tiny_config(architecture))
    ending, baseline = endings_of(model).of(PROMPT, ANSWER), baseline_of(model)
    for found in integrated_gradients(ending, baseline, STEPS):
        assert abs(found.change) > 1e-3
        assert float(found.neurons.sum()) == pytest.approx(found.change, rel=0.01)


@pytest.mark.skipif(not GEMMA.is_dir(), reason=f"no weights in {GEMMA}: run `snakemake` once")
def test_attributions_of_gemma_sum_to_the_change_within_a_hundredth():
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(GEMMA)
    model = AutoModelForCausalLM.from_pretrained(GEMMA, dtype=torch.float32)
    model = model.eval().requires_grad_(False)
    asked = "The capital of {} is"
    prompts = [tokenizer(asked.format(name))["input_ids"] for name in ("France", "Japan", "Italy")]
    others = pd.DataFrame({"prompt_tokens": prompts[1:]})
    mlps = find_mlps(model)
    baseline = last_activations(model, mlps, others, 100).mean(dim=0)
    answer = tokenizer(" Paris", add_special_tokens=False)["input_ids"]
    ending = endings_of(model).of(prompts[0], answer)
    for found in integrated_gradients(ending, baseline, STEPS):
        assert float(found.neurons.sum()) == pytest.approx(found.change, rel=0.01, abs=1e-3)


def test_a_baseline_is_the_mean_over_facts_with_another_answer():
    model = tiny_model(tiny_config("llama")).double()
    rows = facts_table()
    rows["prompt_tokens"] = [list(text.encode()) for text in rows["question"]]
    mlps = find_mlps(model)
    baselines = Baselines(model, mlps, rows, 100)
    for relation, language, phrasing, answer, others in [
        ("capital", "en", 1, "Rome", ["France", "Japan", "China"]),
        ("currency", "en", 3, "euro", ["Japan"]),
        ("currency", "en", 2, "yen", ["France", "Italy"]),
    ]:
        asked = rows[(rows["language"] == language) & (rows["phrasing"] == phrasing)]
        asked = asked[asked["relation"] == relation]
        seen = [
            slowly(model, ids, [3])[1]
            for ids, text in zip(asked["prompt_tokens"], asked["question"], strict=True)
            if any(name in text for name in others)
        ]
        assert len(seen) == len(others)
        found = baselines.of(relation, language, phrasing, answer)
        torch.testing.assert_close(found, torch.stack(seen).mean(dim=0))


def test_facts_are_those_that_most_phrasings_are_answered_of():
    rows = [
        *(("a", "en", n, n < 2) for n in range(3)),  # two of three
        *(("a", "zh", n, n < 1) for n in range(3)),
        *(("b", "en", n, True) for n in range(3)),
        *(("b", "zh", n, True) for n in range(3)),
        *(("c", "en", n, True) for n in range(3)),
        *(("d", "en", n, n < 2) for n in range(4)),  # no more than half
    ]
    cloze = pd.DataFrame(rows, columns=["fact", "language", "phrasing", "known"])

    def pairs(languages, limit):
        return set(known_facts(cloze, languages, limit).itertuples(index=False, name=None))

    everything = {("a", "en"), ("b", "en"), ("b", "zh"), ("c", "en")}
    assert pairs(["en", "zh"], None) == everything
    assert pairs(["en", "zh"], 1) == {("b", "en"), ("b", "zh")}
    assert pairs(["en", "zh"], 2) == everything - {("c", "en")}
    assert pairs(["en"], None) == everything - {("b", "zh")}


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return ModelSpec(str(save_tiny_model(tmp_path_factory.mktemp("m") / "model", "gemma3_text")))


def attribute(folder, spec, shares=1, unknown=(("capital-IT", "zh"),), **parameters):
    facts, cloze = write_material(folder, unknown)
    paths = []
    for index in range(1, shares + 1):
        paths.append(folder / f"part/{index}.parquet")
        attribute_facts(
            spec, facts, cloze, paths[-1], LANGUAGES, {**PARAMETERS, **parameters},
            share=(index, shares), progress=False,
        )  # fmt: skip
    merge_attributions(paths, folder / "whole.parquet", LANGUAGES)
    return read_table(folder / "whole.parquet", ATTRIBUTIONS)


def test_shares_add_up_to_all_known_facts(tmp_path, spec):
    (tmp_path / "one").mkdir()
    (tmp_path / "three").mkdir()
    table = attribute(tmp_path / "one", spec)
    pd.testing.assert_frame_equal(table, attribute(tmp_path / "three", spec, shares=3))
    assert not list(tmp_path.rglob("cells"))
    pairs = table[["fact", "language"]].drop_duplicates().itertuples(index=False, name=None)
    expected = [(fact, language) for language in LANGUAGES for fact in ANSWERS]
    assert list(pairs) == [pair for pair in expected if pair != ("capital-IT", "zh")]
    layers = table[table["neuron"].isna()]
    assert len(layers) == 13 * 3 * LAYERS
    facts = read_provenance(tmp_path / "one/whole.parquet")
    errors = (layers["attribution"] - layers["change"]).abs()
    assert facts["completeness"]["nats"] == errors.max()
    assert facts["completeness"] == completeness(table)


def test_rows_are_those_of_the_functions_that_make_them(tmp_path, spec):
    table = attribute(tmp_path, spec, facts=2)
    facts = read_facts(tmp_path / "facts.parquet", tmp_path / "cloze.parquet", spec, LANGUAGES, 2)
    model = tiny_model(tiny_config("gemma3_text"))
    baselines = Baselines(model, find_mlps(model), facts.prompts, 100)
    assert facts.known == [
        (fact, language) for language in LANGUAGES for fact in ("capital-FR", "capital-JP")
    ]
    row = facts.of("capital-JP", "zh").iloc[1]
    ending = endings_of(model).of(row["prompt_tokens"], row["answer_tokens"])
    baseline = baselines.of("capital", "zh", 2, "东京")
    chosen = table[(table["fact"] == "capital-JP") & (table["language"] == "zh")]
    chosen = chosen[chosen["phrasing"] == 2]
    assert set(chosen["answer"]) == {"东京"}
    for layer, found in enumerate(integrated_gradients(ending, baseline, 4)):
        rows = chosen[chosen["layer"] == layer]
        whole = rows[rows["neuron"].isna()].iloc[0]
        assert whole["attribution"] == pytest.approx(float(found.neurons.sum()), abs=1e-5)
        assert whole["change"] == pytest.approx(found.change, abs=1e-5)
        rows = rows[rows["neuron"].notna()]
        assert len(rows) > 0
        expected = found.neurons.numpy()[rows["neuron"].to_numpy(dtype=int)]
        np.testing.assert_allclose(rows["attribution"], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phrasings": 2}, r"fact 'capital-FR' in en: found 2 phrasings, expected at least 3"),
        (
            {"unknown": [(fact, one) for fact in ANSWERS for one in LANGUAGES]},
            r"cloze.parquet: the model knows no fact in any of the languages",
        ),
        (
            {"answers": {"capital-FR": ANSWERS["capital-FR"]}},
            r"fact 'capital-FR', en: no fact of relation 'capital' has another answer",
        ),
    ],
)
def test_facts_that_do_not_do_are_refused_before_the_model_is_loaded(
    tmp_path, spec, change, message, monkeypatch
):
    monkeypatch.setattr("langneurons.knowledge.subject.load_model", lambda _: 1 / 0)
    facts, cloze = write_material(tmp_path, **change)
    with pytest.raises(InputError, match=message):
        attribute_facts(spec, facts, cloze, tmp_path / "out.parquet", LANGUAGES, PARAMETERS)


def test_a_language_without_facts_and_a_quantised_model_are_refused(tmp_path, spec):
    facts, cloze = write_material(tmp_path)
    with pytest.raises(InputError, match=r"facts.parquet: no facts in de, expected some"):
        attribute_facts(spec, facts, cloze, tmp_path / "out.parquet", ["en", "de"], PARAMETERS)
    folder = save_tiny_model(tmp_path / "model", "llama")
    file = folder / "config.json"
    quantised = {**json.loads(file.read_text()), "quantization_config": {"quant_method": "gptq"}}
    file.write_text(json.dumps(quantised))
    expected = r"model: its weights are quantised \(gptq\), but knowledge needs gradients"
    with pytest.raises(InputError, match=expected):
        attribute_facts(
            ModelSpec(str(folder)), facts, cloze, tmp_path / "out.parquet", LANGUAGES, PARAMETERS
        )
