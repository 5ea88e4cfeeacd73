"""Components off and neurons trained in a configuration, and what they make of an experiment."""

import pytest
from experiment_cases import CONFIG, PLACED, Wildcards, experiment
from forecast_cases import corpus, job, plain, said, tokens

from langneurons.errors import InputError
from langneurons.experiment.reading import read_configuration

METHODS = {"ternary": {}, "plnd": {}}
HELD_OUT = {
    "sums": {"format": "demo", "problems": 12, "held_out": 2},
    "tales": {**CONFIG["datasets"]["tales"], "held_out": 2},
}
HERE = Wildcards(model="base", dataset="sums", method="plnd")
OFF = {"component_deactivation": {"models": ["base"]}, "neurons": METHODS}
TRAINED = {"enhancement": {"models": ["base"]}, "neurons": METHODS, "datasets": HELD_OUT}


def test_the_stages_are_off_unless_asked_for_and_have_defaults():
    found = read_configuration({**CONFIG, "neurons": METHODS})
    assert found.component_deactivation is None
    assert found.enhancement is None
    found = read_configuration(
        {**CONFIG, **OFF, **TRAINED, "component_deactivation": {}, "enhancement": {}}
    )
    assert found.component_deactivation.settings() == {
        "set": "specific+related", "problems": 20, "control_seeds": 1,
    }  # fmt: skip
    assert found.enhancement.settings() == {
        "methods": ["plnd"], "set": "specific+related", "texts": 100, "steps": 20, "batch": 8,
        "learning_rate": 0.0002, "seed": 0, "problems": 20, "control_seeds": 1,
    }  # fmt: skip


SPANS = {"understanding": [0, 3], "task_solving": [4, 9], "generation": [10, 17]}


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"models": ["nobody"]}, "component_deactivation.models: found 'nobody', expected a model"),
        ({"languages": ["xx"]}, "component_deactivation.languages: found 'xx', expected some of"),
        ({"components": ["o"]}, "component_deactivation.components.0: found 'o', expected one of"),
        ({"components": []}, r"component_deactivation.components: found \[\], expected at least"),
        ({"set": "general"}, "component_deactivation.set: found 'general', expected one of"),
        ({"problems": 0}, "component_deactivation.problems: found 0, expected a number of at"),
        ({"stages": {"understanding": [0, 3]}}, "stages: missing key 'task_solving'"),
        ({"stages": {**SPANS, "generation": [12]}}, "stages.generation: .* at least 2 entries"),
        ({"stages": {**SPANS, "generation": [17, 12]}}, "stages.generation: .* the first layer"),
        ({"stages": {**SPANS, "generation": [9, 17]}}, "stages: .* share no layer"),
        ({"stages": {**SPANS, "end": [18, 19]}}, "stages: unknown key 'end'"),
    ],
)
def test_mistakes_about_components_are_named(section, message):
    with pytest.raises(InputError, match=message):
        read_configuration({**CONFIG, "neurons": METHODS, "component_deactivation": section})


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"neurons": {"lape": {}}, "steering": None, "deactivation": None},
         "component_deactivation: no method under neurons has neurons of attention, expected plnd"),
        ({"importance": {"components": ["ffn", "q"]},
          "component_deactivation": {"components": ["all", "v"]}},
         "component_deactivation.components: found 'v', expected all or some of importance"),
        ({"phases": {"segments": 3}},
         r"component_deactivation: found no stages, and 3 phases \(phases.segments\); expected 4"),
    ],
)  # fmt: skip
def test_what_components_need_is_named(sections, message):
    with pytest.raises(InputError, match=message):
        experiment(**{**OFF, **sections})


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"methods": ["dln"]}, "enhancement.methods: found 'dln', expected some of the methods"),
        ({"models": ["nobody"]}, "enhancement.models: found 'nobody', expected a model"),
        ({"languages": ["xx"]}, "enhancement.languages: found 'xx', expected some of the lang"),
        ({"steps": 0}, "enhancement.steps: found 0, expected a number of at least 1"),
        ({"learning_rate": 0}, "enhancement.learning_rate: found 0, expected a number above 0"),
        ({"rate": 1}, "enhancement: unknown key 'rate'"),
    ],
)
def test_mistakes_about_enhancement_are_named(section, message):
    with pytest.raises(InputError, match=message):
        experiment(**{**TRAINED, "enhancement": section})


def test_what_is_trained_on_is_not_measured():
    expected = "enhancement: dataset 'sums' holds nothing out, .* expected the key datasets.sums.h"
    with pytest.raises(InputError, match=expected):
        experiment(enhancement={}, neurons=METHODS)


def test_a_folder_of_quantised_weights_cannot_be_trained(tmp_path):
    (tmp_path / "config.json").write_text('{"quantization_config": {"quant_method": "awq"}}')
    models = {**CONFIG["models"], "packed": {"path": str(tmp_path)}}
    with pytest.raises(InputError, match=r"quantised \(awq\), but enhancement needs gradients"):
        experiment(**{**TRAINED, "models": models, "enhancement": {}})
    experiment(**{**TRAINED, "models": models})  # only base is trained


def test_rules_read_neurons_phases_and_texts(tmp_path, monkeypatch):
    one = experiment(**OFF)
    assert one.reads("deactivate_components")(HERE) == {
        "components": "results/neurons/base/sums/plnd.components.parquet",
        "segments": "results/phases/base/sums/plnd.segments.parquet",
        "corpus": "results/corpora/sums.parquet",
    }
    given = {"component_deactivation": {"stages": SPANS, "components": ["q", "ffn"]}}
    one = experiment(**{**OFF, **given})
    assert "segments" not in one.reads("deactivate_components")(HERE)
    parameters = one.settings("deactivate_components")(HERE)["parameters"]
    assert parameters["stages"] == SPANS
    assert parameters["components"] == parameters["together"] == ["ffn", "q"]
    one = experiment(**TRAINED)
    assert one.reads("enhance")(HERE) == {
        "neurons": "results/neurons/base/sums/plnd.parquet",
        "training": "results/tokens/base/base/sums.parquet",
        "corpus": "results/corpora/sums.held_out.parquet",
    }


def test_texts_are_read_whole_those_that_are_held_out():
    texts = {"tales": {**HELD_OUT["tales"], "questions_as_texts": True}}
    off = {"accuracy": None, "deactivation": None, "steering": None}
    one = experiment(**{**OFF, **TRAINED, "datasets": texts, **off})
    here = Wildcards(model="base", dataset="tales", method="plnd")
    for rule in ("deactivate_components", "enhance"):
        reads = one.reads(rule)(here)
        assert reads["tokens"] == "results/tokens/base/data/tales.held_out.parquet"
        assert one.settings(rule)(here)["parameters"]["texts"] == "texts"
    assert one.reads("enhance")(here)["training"] == "results/tokens/base/data/tales.parquet"


def test_rules_get_their_settings_and_not_where_their_model_is_placed():
    one = experiment(**OFF, **{k: v for k, v in TRAINED.items() if k not in OFF})
    placed = {key: value for key, value in PLACED.items() if key != "steering"}
    placed["collection"] = {"batch_tokens": 50, "backward_batch_tokens": 70}
    other = experiment(**OFF, **{k: v for k, v in TRAINED.items() if k not in OFF}, **placed)
    rules = ("deactivate_components", "enhance", "summarise_components", "summarise_enhancement")
    for rule in rules:
        assert one.settings(rule)(HERE) == other.settings(rule)(HERE)
    parameters = one.settings("deactivate_components")(HERE)["parameters"]
    assert parameters == {
        "set": "specific+related", "problems": 20, "control_seeds": 1, "texts": "prompt",
        "languages": ["en", "de", "sw"], "measured": ["en", "de", "sw"],
        "components": ["all", "ffn", "q", "k", "v"],
        "together": ["ffn", "q", "k", "v"],
    }  # fmt: skip
    parameters = one.settings("enhance")(HERE)["parameters"]
    assert parameters == {
        "set": "specific+related", "problems": 20, "control_seeds": 1, "texts": "prompt",
        "languages": ["en", "de", "sw"], "training_texts": 100,
        "training": {"steps": 20, "batch": 8, "learning_rate": 0.0002, "seed": 0},
    }  # fmt: skip
    assert other.resources("deactivate_components")["batch_tokens"](HERE) == 50
    assert other.resources("enhance")["batch_tokens"](HERE) == 70
    assert other.resources("enhance")["device"](HERE) == "cuda:1"


def test_each_stage_is_a_target_with_its_figure():
    one = experiment(**OFF, **{k: v for k, v in TRAINED.items() if k not in OFF})
    for stage in ("component_deactivation", "enhancement"):
        assert one.targets[stage] == [
            *(f"results/{stage}/base/{name}/plnd.parquet" for name in ("sums", "tales")),
            *(f"results/figures/{stage}/base/{name}/plnd.png" for name in ("sums", "tales")),
        ]
        assert set(one.targets[stage]) <= set(one.targets["all"])
        assert not set(one.targets[stage]) & set(one.targets["figures"])
        assert experiment().targets[stage] == []
    tables = one.targets["tables"]
    assert "results/tables/component_effects/base/sums/plnd.csv" in tables
    assert "results/tables/enhancement_effects/base/sums/plnd.csv" in tables


def test_neurons_of_other_methods_can_be_trained():
    section = {"methods": ["ternary", "plnd"], "models": ["base"]}
    one = experiment(**{**TRAINED, "enhancement": section})
    assert "results/enhancement/base/sums/ternary.parquet" in one.targets["enhancement"]


def test_claims_about_components_are_of_the_method_that_has_them():
    one = experiment(**OFF)
    reads = one.reads("check_claims")(HERE)
    assert reads["attention_q"] == "results/importance/q/base/sums.parquet"
    problems = "results/component_deactivation/base/sums/plnd.problems.parquet"
    assert reads["component_deactivation"] == problems
    assert one.settings("check_claims")(HERE)["by_component"] == {
        "method": "plnd", "parameters": {"consistency": 1.0},
    }  # fmt: skip
    other = Wildcards(model="base", dataset="sums", method="ternary")
    assert "attention_q" not in one.reads("check_claims")(other)
    assert "by_component" not in one.settings("check_claims")(other)
    elsewhere = Wildcards(model="other", dataset="sums", method="plnd")
    assert "component_deactivation" not in one.reads("check_claims")(elsewhere)


def test_a_run_says_how_many_cells_there_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    corpus(dataset="sums")
    off = job("deactivate_components", dataset="sums", method="plnd")
    one = plain(component_deactivation={"components": ["ffn"], "control_seeds": 2}, neurons=METHODS)
    # Nothing; three languages × four stages × the neurons and two controls.
    assert said(one, off).startswith("deactivation by component 37 cells, reads about ")
    corpus(dataset="sums.held_out")
    tokens(3, 5)
    one = plain(enhancement={"steps": 2}, neurons=METHODS, datasets={"sums": HELD_OUT["sums"]})
    trained = job("enhance", dataset="sums", method="plnd")
    assert said(one, trained).startswith("enhancement 7 cells, reads about ")
