"""The stage `sharing` in a configuration, and what it makes of an experiment."""

import pytest
from experiment_cases import CONFIG, PLACED, Wildcards, experiment, selection
from forecast_cases import corpus, job, plain, said, tokens

from langneurons.errors import InputError
from langneurons.experiment.code import digests_of
from langneurons.experiment.reading import read_configuration

SMALL = {
    "languages": ["en", "de"],
    "datasets": {"demo": {"format": "demo", "problems": 12}},
    "models": {"base": {"path": "owner/base"}},
}
DEFAULTS = {"deactivated_problems": 50, "control_seeds": 2, "texts": "prompt"}
TEXTS = {"sums": {"format": "texts", "path": "data/{language}.txt", "held_out": 2}}
ALONE = {"deactivation": None, "steering": None, "accuracy": None}


def texts(tmp_path, monkeypatch):
    """Go where the files of `TEXTS` are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for language in CONFIG["languages"]:
        (tmp_path / f"data/{language}.txt").write_text("\n".join("abcd"))


def test_the_stage_is_off_unless_asked_for_and_has_defaults():
    assert read_configuration(SMALL).sharing is None
    assert read_configuration({**SMALL, "sharing": {}}).sharing.settings() == DEFAULTS


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"models": ["other"]}, "sharing.models: found 'other', expected a model that can be"),
        ({"problems": 0}, "sharing.problems: found 0, expected a number of at least 1"),
        ({"control_seeds": 0}, "sharing.control_seeds: found 0, expected a number of at least 1"),
        ({"texts": "texts"}, "sharing.texts: found 'texts', expected one of 'prompt'"),
        ({"problem": 3}, "sharing: unknown key 'problem'; did you mean 'problems'"),
    ],
)
def test_mistakes_are_named(settings, message):
    with pytest.raises(InputError, match=message):
        read_configuration({**SMALL, "sharing": settings})


def test_documents_in_windows_are_not_parallel():
    windows = {"format": "texts", "path": "a/b", "split": "train", "length": 8, "tokens": 80}
    config = {**SMALL, "datasets": {"wiki": windows}, "sharing": {}}
    with pytest.raises(
        InputError, match=r"config: sharing: dataset 'wiki' is documents .* parallel"
    ):
        read_configuration(config)


def test_the_stage_is_a_target_and_part_of_a_run():
    one = experiment(sharing={"models": ["base"]})
    made = [
        f"results/sharing/base/{dataset}.{name}.parquet"
        for dataset in ("sums", "tales")
        for name in ("layers", "neurons")
    ]
    changes = [f"results/sharing/base/{dataset}.changes.parquet" for dataset in ("sums", "tales")]
    figures = [
        *(f"results/figures/sharing_harm/base/{dataset}.png" for dataset in ("sums", "tales")),
        "results/figures/sharing_layers/base.png",
    ]
    assert one.targets["sharing"] == [*made, *changes, *figures]
    assert set(one.targets["sharing"]) <= set(one.targets["all"])
    assert one.targets["sharing_shares"] == ["results/tables/sharing_shares/base.csv"]
    assert set(one.targets["sharing_shares"]) <= set(one.targets["tables"])
    assert experiment().targets["sharing"] == []
    # Without deactivation there is nothing to draw of it.
    one = experiment(sharing={"models": ["base"], "deactivated_problems": 0})
    assert one.targets["sharing"] == [*made, figures[-1]]


def test_data_sets_are_side_by_side():
    drawn = experiment(sharing={"models": ["base"]}).drawn["sharing_layers", "base"]
    assert drawn.title == "base"
    assert drawn.reads() == {
        "layers": [f"results/sharing/base/{name}.layers.parquet" for name in ("sums", "tales")]
    }


def test_classes_are_found_on_one_part_and_switched_off_on_what_is_held_out():
    datasets = {"sums": {**CONFIG["datasets"]["sums"], "held_out": 2}}
    one = experiment(datasets=datasets, sharing={})
    keys = Wildcards(model="other", dataset="sums")
    assert one.reads("measure_sharing")(keys) == {
        "tokens": "results/tokens/other/base/sums.parquet"
    }
    assert one.reads("deactivate_classes")(keys) == {
        "tokens": "results/tokens/other/base/sums.held_out.parquet"
    }


def test_rules_get_their_settings_and_not_where_their_model_is_placed():
    one = experiment(sharing={"problems": 4})
    spec = {"path": "owner/base", "dtype": "float32"}
    languages = ["en", "de", "sw"]
    read = {"spec": spec, "languages": languages, "parameters": {"problems": 4, "read": "prompt"}}
    off = {"texts": "prompt", "problems": 50, "control_seeds": 2}
    drawn = {"replicates": 200, "seed": 0}
    expected = {
        "measure_sharing": read,
        "summarise_sharing": {"dataset": "sums", "uncertainty": drawn},
        "deactivate_classes": {"spec": spec, "languages": languages, "parameters": off},
        "merge_class_deactivation": {"languages": languages},
        "compare_class_deactivation": {"languages": languages, "uncertainty": drawn},
    }
    placed = experiment(**PLACED, sharing={"problems": 4})
    for rule, settings in expected.items():
        assert one.settings(rule)(selection()) == settings
        assert placed.settings(rule)(selection()) == settings
    for rule in ("measure_sharing", "deactivate_classes"):
        asked = placed.resources(rule)
        assert asked["gpu"] == 1
        assert asked["batch_tokens"](selection()) == 50
        assert asked["device"](selection()) == "cuda:1"


def test_texts_are_read_to_their_end_and_scored(tmp_path, monkeypatch):
    texts(tmp_path, monkeypatch)
    one = experiment(datasets=TEXTS, sharing={"texts": "responses"}, **ALONE)
    assert one.settings("measure_sharing")(selection())["parameters"] == {"read": "text"}
    assert one.settings("deactivate_classes")(selection())["parameters"]["texts"] == "texts"
    one = experiment(sharing={"texts": "responses"})
    assert one.settings("deactivate_classes")(selection())["parameters"]["texts"] == "responses"


def test_intervals_and_draws_run_no_model():
    one = experiment(sharing={})
    more = experiment(sharing={}, uncertainty={"replicates": 300})
    seeds = experiment(sharing={"control_seeds": 5})
    for rule, other, same in [
        ("measure_sharing", more, True),
        ("deactivate_classes", more, True),
        ("summarise_sharing", more, False),
        ("compare_class_deactivation", more, False),
        ("measure_sharing", seeds, True),
        ("deactivate_classes", seeds, False),
    ]:
        settings = (one.settings(rule)(selection()), other.settings(rule)(selection()))
        assert (settings[0] == settings[1]) == same, rule


@pytest.mark.parametrize("rule", ["measure_sharing", "deactivate_classes"])
def test_what_runs_the_model_depends_on_no_interval(rule):
    keys = {"model": "base", "dataset": "sums", "scatteritem": "1-of-1"}
    found = set(digests_of(experiment(sharing={}), rule, keys))
    files = [f"langneurons/{name}.py" for name in ("uncertainty/resampling", "sharing/changes")]
    assert not set(files) & found
    assert "langneurons/sharing/classes.py" in found


def test_claims_read_what_is_there():
    keys = selection()
    found = experiment(sharing={"models": ["base"]}).reads("check_claims")(keys)
    assert found["sharing"] == "results/sharing/base/sums.problems.parquet"
    assert found["class_deactivation"] == "results/sharing/base/sums.deactivation.parquet"
    one = experiment(sharing={"models": ["base"], "deactivated_problems": 0})
    assert "class_deactivation" not in one.reads("check_claims")(keys)
    found = one.reads("check_claims")(selection(model="other"))
    assert "sharing" not in found
    assert "sharing" not in experiment().reads("check_claims")(keys)


def test_a_run_says_how_much_is_read(tmp_path, monkeypatch):
    texts(tmp_path, monkeypatch)
    corpus()
    tokens(3, 5)
    measured = job("measure_sharing", dataset="sums")
    # Prompts of about ten tokens, two in each of three languages.
    assert said(plain(sharing={}), measured) == "sharing reads about 60 tokens"
    assert said(plain(sharing={"problems": 1}), measured) == "sharing reads about 30 tokens"
    off = job("deactivate_classes", dataset="sums")
    # Nothing; of four classes all, as many of each, and controls of both.
    expected = "deactivation by class 17 cells, reads about 1,000 tokens"
    assert said(plain(sharing={"control_seeds": 1}), off) == expected
    tokens(3, 5, responses="data")
    whole = {key: value for key, value in TEXTS["sums"].items() if key != "held_out"}
    one = plain(datasets={"sums": whole}, sharing={}, **ALONE)
    assert said(one, measured) == "sharing reads 48 tokens"
