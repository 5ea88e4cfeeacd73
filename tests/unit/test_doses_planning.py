"""Methods side by side in an experiment: what is asked for, read, made and forecast."""

import pytest
from experiment_cases import CONFIG, PLACED, Wildcards, experiment
from forecast_cases import corpus, job, plain, said

from langneurons.errors import InputError
from langneurons.experiment.reading import read_configuration

HERE = Wildcards(model="base", dataset="sums")


def test_the_stage_is_off_unless_asked_for_and_has_defaults():
    assert read_configuration(CONFIG).doses is None
    assert read_configuration({**CONFIG, "doses": {}}).doses.settings() == {
        "sizes": [4, 8, 16, 32, 64],
        "problems": 20,
        "control_seeds": 1,
        "control": "layer",
        "margin": 0.05,
    }


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"sizes": []}, r"doses.sizes: found \[\], expected at least 1 entry"),
        ({"sizes": [4, 0]}, "doses.sizes.1: found 0, expected a number of at least 1"),
        ({"sizes": [4, 4]}, "doses.sizes: found .*, expected no repeated entry"),
        ({"methods": []}, r"doses.methods: found \[\], expected at least 1 entry"),
        ({"methods": ["lap"]}, "doses.methods: found 'lap', expected some of the methods under"),
        ({"models": ["nobody"]}, "doses.models: found 'nobody', expected a model"),
        ({"languages": ["xx"]}, "doses.languages: found 'xx', expected some of the languages"),
        ({"measured": ["xx"]}, "doses.measured: found 'xx', expected some of the languages"),
        (
            {"languages": ["en", "sw"], "measured": ["en", "de"]},
            "doses.languages: found 'sw', expected some of doses.measured: en, de",
        ),
        ({"measured": ["en"]}, "doses.languages: found 'de', expected some of doses.measured: en"),
        ({"margin": 0}, "doses.margin: found 0, expected a number above 0"),
        ({"control": "rank"}, "doses.control: found 'rank'"),
    ],
)
def test_mistakes_are_named(section, message):
    with pytest.raises(InputError, match=message):
        read_configuration({**CONFIG, "doses": section})


def test_all_methods_and_languages_by_default_and_texts_as_data_sets_hold_them():
    one = experiment(doses={})
    settings = one.settings("measure_doses")(HERE)
    assert settings["methods"] == ["ternary", "lape"]
    assert settings["languages"] == settings["parameters"]["languages"] == ["en", "de", "sw"]
    assert settings["parameters"]["measured"] == ["en", "de", "sw"]
    assert settings["parameters"]["texts"] == "prompt"
    assert "margin" not in settings["parameters"]
    assert one.settings("summarise_doses")(HERE)["margin"] == 0.05
    assert one.reads("measure_doses")(HERE) == {
        "neurons": [f"results/neurons/base/sums/{name}.parquet" for name in ("ternary", "lape")],
        "corpus": "results/corpora/sums.parquet",
    }


def test_texts_are_scored_whole_those_that_are_held_out():
    here = Wildcards(model="base", dataset="tales")
    texts = {"tales": {**CONFIG["datasets"]["tales"], "questions_as_texts": True, "held_out": 2}}
    section = {"methods": ["lape"], "languages": ["sw"], "control": "activity"}
    off = {"accuracy": None, "deactivation": None, "steering": None}
    one = experiment(doses=section, datasets=texts, **off)
    settings = one.settings("measure_doses")(here)
    assert (settings["methods"], settings["languages"]) == (["lape"], ["en", "de", "sw"])
    assert settings["parameters"]["languages"] == ["sw"]
    assert settings["parameters"]["texts"] == "texts"
    held_out = one.measured_on("tales")
    assert held_out != "tales"
    assert one.reads("measure_doses")(here) == {
        "neurons": ["results/neurons/base/tales/lape.parquet"],
        "corpus": f"results/corpora/{held_out}.parquet",
        "tokens": f"results/tokens/base/data/{held_out}.parquet",
        "probabilities": "results/probabilities/base/tales.parquet",
    }


def test_where_a_model_is_placed_is_no_setting():
    placed = {key: value for key, value in PLACED.items() if key != "steering"}
    settings = [one.settings("measure_doses")(HERE) for one in
                (experiment(doses={}), experiment(doses={}, **placed))]  # fmt: skip
    assert settings[0] == settings[1]
    resources = experiment(doses={}, **placed).resources("measure_doses")
    assert resources["device"](HERE) == "cuda:1"
    assert resources["batch_tokens"](HERE) == 50


def test_doses_have_a_figure_and_a_table_for_each_model_and_data_set():
    one = experiment(doses={"models": ["base"]})
    places = [place for name, place in one.drawn if name == "dose_curves"]
    assert places == ["base/sums", "base/tales"]
    targets = one.targets
    assert targets["doses"] == [
        *(f"results/doses/base/{dataset}.parquet" for dataset in ("sums", "tales")),
        *(f"results/figures/dose_curves/base/{dataset}.png" for dataset in ("sums", "tales")),
    ]
    assert set(targets["doses"]) <= set(targets["all"])
    assert not set(targets["doses"]) & set(targets["figures"])
    assert "results/tables/dose_effects/base/sums.csv" in targets["tables"]
    off = experiment().targets
    assert off["doses"] == off["dose_curves"] == off["dose_effects"] == []
    # Checkpoints only if named.
    places = [place for name, place in experiment(doses={}).drawn if name == "dose_curves"]
    assert "aligned/sums" in places
    assert "aligned@10/sums" not in places


def test_methods_are_compared_where_there_are_several():
    one = experiment()
    assert one.targets["method_profiles"][0] == "results/figures/method_profiles/base/sums.png"
    assert "results/agreement/base/sums.parquet" in one.targets["comparison"]
    profiles = one.drawn["method_profiles", "base/sums"]
    assert profiles.values == {"methods": ["ternary", "lape"]}
    assert profiles.reads() == {
        "neurons": [f"results/neurons/base/sums/{name}.parquet" for name in ("ternary", "lape")]
    }
    assert one.reads("compare_methods")(HERE) == {
        "neurons": [f"results/neurons/base/sums/{name}.parquet" for name in ("ternary", "lape")],
        "halves": [
            f"results/agreement/base/sums/{name}.halves.parquet" for name in ("ternary", "lape")
        ],
    }
    alone = experiment(neurons={"lape": {}}, deactivation=None, steering={"methods": ["lape"]})
    for name in ("methods_agreement", "method_profiles", "methods_overlap", "methods_cost"):
        assert alone.targets[name] == []
        assert one.targets[name]


def test_what_a_method_cost_is_that_of_its_statistic():
    one = experiment()
    assert one.reads("gather_costs")(HERE) == {
        "statistics": ["results/activations/base/sums.parquet"]
    }
    assert one.settings("gather_costs")(HERE) == {
        "statistics": {"ternary": "activations", "lape": "activations"},
        "benchmarks": {"activations": "results/benchmarks/activations/base/sums.tsv"},
    }


def test_a_run_says_how_many_cells_doses_have(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("langneurons.experiment.forecast.duration._on_cpu", lambda _: True)
    corpus()
    one = plain(doses={"languages": ["en", "sw"], "sizes": [4, 8], "problems": 1})
    # 1 + 2 methods × 2 languages × 2 sizes × (1 + 1 control), each on 3 languages of 10 tokens.
    assert said(one, job("measure_doses", dataset="sums")) == (
        "doses 17 cells, reads about 510 tokens"
    )
    fewer = {"languages": ["en"], "measured": ["en", "sw"], "sizes": [4, 8], "problems": 1}
    assert said(plain(doses=fewer), job("measure_doses", dataset="sums")) == (
        "doses 9 cells, reads about 180 tokens"
    )
    half = said(one, job("measure_doses", dataset="sums", scatteritem="1-of-2"))
    assert half == "doses 9 cells, reads about 270 tokens"


def test_halves_of_a_method_are_made_from_what_it_reads():
    one = experiment(neurons={"ternary": {}, "relevance": {}, "dln": {}})
    assert one.reads("split_neurons")(Wildcards(**vars(HERE), method="relevance")) == {
        "counts": "results/relevance/base/sums.parquet"
    }
    # Those of dln are kept apart, though it is no method that draws.
    assert (
        "results/agreement/base/sums/dln.halves.parquet"
        in (one.reads("compare_methods")(HERE)["halves"])
    )
    assert one.settings("compare_methods")(HERE)["halved"] == one.methods
    assert set(one.reads("gather_costs")(HERE)["statistics"]) == {
        f"results/{statistic}/base/sums.parquet"
        for statistic in ("activations", "relevance", "overlaps")
    }
