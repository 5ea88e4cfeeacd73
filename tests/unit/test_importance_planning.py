"""The method plnd in a configuration, and what it makes of an experiment."""

import pytest
from experiment_cases import experiment, selection
from forecast_cases import job, plain, said, tokens

from langneurons.errors import InputError

METHODS = {"neurons": {"ternary": {}, "plnd": {}}}
COMPONENTS = ["ffn", "q", "k", "v"]


def test_importance_is_measured_for_the_method_that_reads_it_only():
    one = experiment(**METHODS)
    assert one.targets["importance"][:4] == [
        f"results/importance/{name}/base/sums.parquet" for name in COMPONENTS
    ]
    assert one.component_methods == ["plnd"]
    assert "results/neurons/base/sums/plnd.components.parquet" in one.targets["neurons"]
    assert {name for name, _ in one.drawn if name == "components"} == {"components"}
    without = experiment()
    assert without.targets["importance"] == []
    assert not any("components" in file for file in without.targets["all"])


def test_the_method_reads_the_feed_forward_block_and_the_table_all_components():
    one = experiment(**METHODS)
    assert one.reads("type_neurons")(selection(method="plnd")) == {
        "probabilities": "results/importance/ffn/base/sums.quotients.parquet"
    }
    assert one.reads("type_components")(selection(method="plnd")) == {
        "counts": [f"results/importance/{name}/base/sums.parquet" for name in COMPONENTS]
    }
    assert one.reads("measure_importance")(selection("other")) == {
        "tokens": "results/tokens/other/base/sums.parquet"
    }
    fewer = experiment(**METHODS, importance={"components": ["v", "ffn"]})
    assert fewer.importance_shares == [
        f"results/importance/{name}/{{model}}/{{dataset}}/{{scatteritem}}.parquet"
        for name in ("ffn", "v")
    ]
    found = fewer.settings("type_components")(selection(method="plnd"))
    assert found["components"] == ["ffn", "v"]
    assert found["parameters"] == {"consistency": 1.0}


def test_what_measuring_depends_on():
    one = experiment(**METHODS, importance={"texts": 7}, uncertainty={"folds": 3})
    found = one.settings("measure_importance")(selection())
    assert found == {
        "spec": {"path": "owner/base", "dtype": "float32"},
        "languages": ["en", "de", "sw"],
        "folds": 3,
        "importance": {
            "variant": "paper", "top_rate": 0.01, "texts": 7, "components": COMPONENTS,
        },
    }  # fmt: skip
    stricter = experiment(
        neurons={"ternary": {}, "plnd": {"consistency": 0.5}}, importance={"texts": 7}
    )
    same = stricter.settings("measure_importance")(selection())["importance"]
    assert same == found["importance"]
    placed = experiment(**METHODS, collection={"batch_tokens": 50})
    assert placed.resources("measure_importance")["batch_tokens"](selection()) == 50


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"importance": {"components": ["q"]}}, "importance.components: .* expected ffn among"),
        ({"importance": {"components": ["o"]}}, "importance.components.0: found 'o', expected one"),
        ({"importance": {"variant": "ours"}}, "importance.variant: found 'ours', expected one of"),
        ({"importance": {"top_rate": 1}}, "importance.top_rate: found 1, expected a number below"),
        ({"importance": {"texts": 0}}, "importance.texts: found 0, expected a number of at least"),
        ({"neurons": {"plnd": {"consistency": 1.1}}}, "plnd.consistency: .* at most 1"),
        ({"neurons": {"plnd": {"consistency": 0}}}, "plnd.consistency: .* above 0"),
    ],
)
def test_mistakes_are_named(sections, message):
    with pytest.raises(InputError, match=message):
        experiment(**sections)


def test_the_forecast_knows_how_many_texts_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tokens(5, 7, problems=4)
    one = plain(**METHODS, importance={"texts": 3})
    measured = job("measure_importance", dataset="sums")
    assert said(one, measured) == "importance in 108 tokens"  # 3 languages × 3 texts × 12
