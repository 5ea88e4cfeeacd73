"""The stage `retrieval` in a configuration, and what it makes of an experiment."""

import pytest
from experiment_cases import CONFIG, PLACED, Wildcards, experiment, selection
from forecast_cases import corpus, job, plain, said, tokens

from langneurons.errors import InputError
from langneurons.experiment.reading import read_configuration
from langneurons.experiment.retrieval import Retrieval

SMALL = {
    "languages": ["en", "de"],
    "datasets": {"demo": {"format": "demo", "problems": 12}},
    "models": {"base": {"path": "owner/base"}},
}
MEASURED = {"comparisons": CONFIG["comparisons"][1:], "retrieval": {"models": ["base", "aligned"]}}


def test_the_stage_is_off_unless_asked_for_and_has_defaults():
    assert read_configuration(SMALL).retrieval is None
    prompt = "{source_language}: {source}\n{target_language}: "
    assert read_configuration({**SMALL, "retrieval": {}}).retrieval.settings() == {
        "loss_problems": 10, "directions": ["to_pivot"], "prompt": prompt,
    }  # fmt: skip


def test_translations_are_asked_for_as_they_are_trained():
    from langneurons.experiment.alignment import QuestionTranslation

    assert Retrieval().prompt == QuestionTranslation().prompt


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"models": ["other"]}, "retrieval.models: found 'other', expected a model that can be"),
        ({"problems": 1}, "retrieval.problems: found 1, expected a number of at least 2"),
        ({"loss_problems": -1}, "retrieval.loss_problems: found -1, expected a number of at least"),
        ({"directions": ["to"]}, "retrieval.directions.0: found 'to', expected one of 'to_pivot'"),
        ({"directions": ["to_pivot"] * 2}, "retrieval.directions: .* expected no repeated entry"),
        ({"prompt": "{query}"}, r"retrieval.prompt: template '\{query\}': found the field"),
    ],
)
def test_mistakes_are_named(settings, message):
    with pytest.raises(InputError, match=message):
        read_configuration({**SMALL, "retrieval": settings})


def test_documents_in_windows_have_no_partners():
    windows = {"format": "texts", "path": "a/b", "split": "train", "length": 8, "tokens": 80}
    config = {**SMALL, "datasets": {"wiki": windows}}
    read_configuration(config)
    with pytest.raises(
        InputError, match=r"retrieval: dataset 'wiki' is documents cut into windows .* parallel"
    ):
        read_configuration({**config, "retrieval": {}})


def test_models_that_are_run_are_measured_checkpoints_if_named():
    assert experiment().retrieving_models == []
    assert experiment(retrieval={}).retrieving_models == ["base", "other", "reader", "aligned"]
    one = experiment(retrieval={"models": ["base", "aligned@10"]})
    assert one.retrieving_models == ["base", "aligned@10"]
    assert one.retrieving_pairs == []
    assert experiment(**MEASURED).retrieving_pairs == [{"before": "base", "after": "aligned"}]


def test_the_held_out_part_is_measured_if_there_is_one():
    datasets = {"sums": {**CONFIG["datasets"]["sums"], "held_out": 2}}
    reads = experiment(datasets=datasets, retrieval={}).reads("measure_retrieval")
    assert reads(Wildcards(model="other", dataset="sums")) == {
        "tokens": "results/tokens/other/base/sums.held_out.parquet",
        "corpus": "results/corpora/sums.held_out.parquet",
    }


def test_a_rule_gets_its_settings_and_not_where_its_model_is_placed():
    one = experiment(retrieval={"problems": 4})
    found = one.settings("measure_retrieval")(selection())
    assert found["spec"] == {"path": "owner/base", "dtype": "float32"}
    assert found["parameters"] == {"problems": 4, **Retrieval().settings()}
    assert found["pivot"] == "en"
    placed = experiment(**PLACED, retrieval={"problems": 4})
    assert placed.settings("measure_retrieval")(selection()) == found
    asked = placed.resources("measure_retrieval")
    assert asked["gpu"] == 1
    assert asked["batch_tokens"](selection()) == 50
    assert asked["device"](selection()) == "cuda:1"
    change = one.settings("compare_retrieval")(Wildcards(before="base", after="aligned"))
    assert change == {
        "languages": ["en", "de", "sw"],
        "pivot": "en",
        "trained": ["sw"],
        "names": ("base", "aligned"),
        "uncertainty": {"replicates": 200, "seed": 0},
    }


def with_control():
    models = {
        "base": {"path": "owner/base", "dtype": "float32"},
        "aligned": {"align": {"from": "base", "method": "translation"}},
        "shuffled": {"align": {"from": "base", "method": "translation", "control": "shuffled"}},
    }
    pair = {"before": "base", "after": "aligned", "control": "shuffled"}
    return {"models": models, "comparisons": [pair], "deactivation": None, "steering": None}


def test_an_alignment_is_checked_beside_its_control():
    one = experiment(**with_control(), retrieval={})
    where = "results/comparison/base-vs-{}/sums/retrieval.parquet"
    for name in ("retrieval", "alignment_check"):
        drawn = one.drawn[name, "base-vs-aligned/sums"]
        assert drawn.title == "base → aligned on sums"
        assert drawn.reads() == {"changes": [where.format("aligned"), where.format("shuffled")]}
        assert [place for other, place in one.drawn if other == name] == [
            "base-vs-aligned/sums", "base-vs-aligned/tales",
        ]  # fmt: skip
    settings = one.settings("compare_retrieval")(Wildcards(before="base", after="shuffled"))
    assert settings["control"] == "shuffled"
    # Neither is drawn unless all are measured.
    one = experiment(**with_control(), retrieval={"models": ["base", "aligned"]})
    assert not [name for name, _ in one.drawn if name in ("retrieval", "alignment_check")]


def test_the_stage_is_a_target_and_part_of_a_run():
    targets = experiment(**MEASURED).targets
    assert targets["retrieval"] == [
        *(
            f"results/retrieval/{model}/{dataset}.parquet"
            for model in ("base", "aligned")
            for dataset in ("sums", "tales")
        ),
        *(
            f"results/comparison/base-vs-aligned/{dataset}/retrieval.parquet"
            for dataset in ("sums", "tales")
        ),
        *(f"results/figures/retrieval/base-vs-aligned/{name}.png" for name in ("sums", "tales")),
    ]
    assert set(targets["retrieval"]) <= set(targets["all"])
    assert set(targets["alignment_check"]) <= set(targets["tables"])
    assert experiment().targets["retrieval"] == []


def test_a_run_says_how_much_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    corpus()
    tokens(3, 5)
    measured = job("measure_retrieval", dataset="sums")
    one = plain(retrieval={"loss_problems": 1, "directions": []})
    # Two texts of 8 tokens in three languages, half of them scored too.
    assert said(one, measured) == "retrieval reads 72 tokens"
    one = plain(retrieval={"problems": 2, "loss_problems": 1})
    # And of one problem, three texts of 10 tokens, each with its partner.
    assert said(one, measured) == "retrieval reads about 130 tokens"
