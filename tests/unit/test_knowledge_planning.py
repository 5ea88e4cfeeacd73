"""The stage `knowledge` in a configuration, and what it makes of an experiment."""

import pytest
from experiment_cases import CONFIG, PLACED, Wildcards, experiment
from forecast_cases import job, plain, said

from langneurons.errors import InputError
from langneurons.experiment.code import digests_of
from langneurons.experiment.reading import read_configuration

DATASETS = {**CONFIG["datasets"], "world": {"format": "facts"}}
DEFAULTS = {
    "facts": 30,
    "steps": 20,
    "threshold": 0.1,
    "variation": 0.5,
    "share": 0.75,
    "control_seeds": 3,
}
KEYS = Wildcards(model="base", dataset="world")
ATTRIBUTING = ("attribute_facts", "edit_facts")


def asking(settings=None, **sections):
    return experiment(**{"datasets": DATASETS, "knowledge": settings or {}, **sections})


def test_the_stage_is_off_unless_asked_for_and_has_defaults():
    assert experiment().config.knowledge is None
    assert asking().knowledge.settings() == DEFAULTS


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"models": ["nobody"]}, "knowledge.models: found 'nobody', expected a model that can be"),
        ({"languages": ["fr"]}, "knowledge.languages: found 'fr', expected some of the languages"),
        (
            {"threshold": 0.01},
            "knowledge.threshold: found 0.01, expected a number of at least 0.05",
        ),
        ({"variation": 0.0}, "knowledge.variation: found 0.0, expected a number above 0"),
        ({"share": 1.5}, "knowledge.share: found 1.5, expected a number of at most 1"),
        ({"step": 3}, "knowledge: unknown key 'step'; did you mean 'steps'"),
    ],
)
def test_mistakes_are_named(settings, message):
    config = {**CONFIG, "datasets": DATASETS, "knowledge": settings}
    with pytest.raises(InputError, match=message):
        read_configuration(config)


def test_without_facts_there_is_nothing_to_attribute():
    expected = r"config: knowledge: no data set has facts; expected one of format: facts"
    with pytest.raises(InputError, match=expected):
        read_configuration({**CONFIG, "knowledge": {}})


def test_quantised_models_are_refused_before_the_run(tmp_path):
    (tmp_path / "config.json").write_text('{"quantization_config": {"quant_method": "awq"}}')
    models = {"base": {"path": str(tmp_path)}}
    config = {"languages": ["en", "de"], "datasets": DATASETS, "models": models, "knowledge": {}}
    expected = r"its weights are quantised \(awq\), but knowledge needs gradients"
    with pytest.raises(InputError, match=expected):
        read_configuration(config)


def test_the_stage_is_a_target_and_part_of_a_run():
    one = asking({"models": ["base"]})
    made = [
        f"results/knowledge/base/world.{name}.parquet"
        for name in ("neurons", "agnostic", "overall", "layers", "effects")
    ]
    figures = [f"results/figures/{name}/base/world.png" for name in ("fact_edits", "fact_neurons")]
    assert one.targets["knowledge"] == made + figures
    assert set(one.targets["knowledge"]) <= set(one.targets["all"])
    assert one.targets["fact_effects"] == ["results/tables/fact_effects/base/world.csv"]
    assert experiment(datasets=DATASETS).targets["knowledge"] == []
    # Checkpoints of an alignment only if named.
    models = {path.split("/")[2] for path in asking().targets["knowledge"] if "/kn" in path}
    assert models == {"base", "other", "reader", "aligned"}


def test_rules_get_their_settings_and_not_where_their_model_is_placed():
    one = asking({"languages": ["sw", "en"], "facts": 7})
    spec = {"path": "owner/base", "dtype": "float32"}
    asked = {"languages": ["sw", "en"]}
    expected = {
        "attribute_facts": {"spec": spec, **asked, "parameters": {"facts": 7, "steps": 20}},
        "merge_attributions": asked,
        "select_fact_neurons": {"parameters": {"threshold": 0.1, "variation": 0.5, "share": 0.75}},
        "edit_facts": {"spec": spec, **asked, "parameters": {"facts": 7, "control_seeds": 3}},
        "merge_fact_edits": asked,
        "summarise_fact_edits": asked,
    }
    placed = asking(
        {"languages": ["sw", "en"], "facts": 7},
        **{**PLACED, "collection": {"backward_batch_tokens": 50}},
    )
    for rule, settings in expected.items():
        assert one.settings(rule)(KEYS) == settings
        assert placed.settings(rule)(KEYS) == settings
    for rule in ATTRIBUTING:
        asked = placed.resources(rule)
        assert asked["gpu"] == 1
        assert asked["batch_tokens"](KEYS) == 50
        assert asked["device"](KEYS) == "cuda:1"
    assert asking().settings("edit_facts")(KEYS)["languages"] == CONFIG["languages"]


def test_bounds_attribute_nothing_anew():
    one = asking()
    for settings, rules in [
        ({"threshold": 0.3}, {"select_fact_neurons"}),
        ({"share": 0.5}, {"select_fact_neurons"}),
        ({"control_seeds": 1}, {"edit_facts"}),
        ({"steps": 5}, {"attribute_facts"}),
        ({"facts": 5}, {"attribute_facts", "edit_facts"}),
    ]:
        other = asking(settings)
        changed = {
            rule
            for rule in (*ATTRIBUTING, "select_fact_neurons", "summarise_fact_edits")
            if one.settings(rule)(KEYS) != other.settings(rule)(KEYS)
        }
        assert changed == rules


@pytest.mark.parametrize("rule", ATTRIBUTING)
def test_what_runs_the_model_depends_on_no_interval(rule):
    keys = {**dict(KEYS.items()), "scatteritem": "1-of-1"}
    found = set(digests_of(asking(), rule, keys))
    files = ("uncertainty/resampling", "knowledge/summary", "knowledge/effects")
    assert not {f"langneurons/{name}.py" for name in files} & found
    assert {"langneurons/models/endings.py", "langneurons/knowledge/baselines.py"} <= found


def test_a_run_says_how_much_is_attributed():
    one = plain(datasets=DATASETS, knowledge={"facts": 5})
    # Five facts in three languages, by three phrasings.
    assert said(one, job("attribute_facts", dataset="world")) == "attributes up to 45 prompts"
