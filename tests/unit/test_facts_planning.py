"""Data sets of facts in a configuration, and what is made of them."""

import pytest
from experiment_cases import CONFIG, PLACED, Wildcards, experiment
from fact_cases import COUNTRIES, FOLDER
from forecast_cases import job, put, said

from langneurons.corpora.schema import FACTS
from langneurons.errors import InputError
from langneurons.experiment import paths
from langneurons.experiment.datasets import Facts
from langneurons.experiment.reading import read_configuration

WORLD = {"format": "facts", "folder": str(FOLDER)}
SMALL = {
    "languages": ["en", "de"],
    "datasets": {"world": WORLD},
    "models": {"base": {"path": "owner/base"}},
}


def with_facts(**sections):
    return experiment(datasets={**CONFIG["datasets"], "world": WORLD}, **sections)


def test_defaults():
    dataset = read_configuration(SMALL).datasets["world"]
    assert dataset.settings() == COUNTRIES
    assert Facts(format="facts").folder == "resources/facts"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"folder": "nowhere"}, r"datasets.world.folder: no such file nowhere/territories.csv"),
        ({"path": "nowhere.csv"}, r"datasets.world: found the key 'folder', which is about facts"),
        ({"candidates": 1}, "datasets.world.candidates: found 1, expected a number of at least 2"),
        ({"relations": ["river"]}, "relations.0: found 'river', expected one of 'capital'"),
        ({"relations": []}, "relations: found .* expected at least 1 entry"),
        ({"held_out": 3}, "unknown key 'held_out'"),
    ],
)
def test_mistakes_are_named(settings, message):
    with pytest.raises(InputError, match=message):
        read_configuration({**SMALL, "datasets": {"world": {**WORLD, **settings}}})


def test_a_language_without_phrasings_is_named():
    with pytest.raises(InputError, match=r"world.folder: no such file .*/it.yaml"):
        read_configuration({**SMALL, "languages": ["en", "it"]})


def test_own_facts_are_a_file(tmp_path):
    dataset = {"format": "facts", "path": str(tmp_path / "facts.csv")}
    with pytest.raises(InputError, match=r"world.path: no such file"):
        read_configuration({**SMALL, "datasets": {"world": dataset}})
    (tmp_path / "facts.csv").touch()
    one = experiment(datasets={"world": dataset}, deactivation=None, steering=None)
    wildcards = Wildcards(dataset="world")
    assert one.reads("build_facts")(wildcards) == {"data": dataset["path"]}
    settings = one.settings("build_facts")(wildcards)
    assert settings == {"dataset": {"path": dataset["path"]}, "languages": ["en", "de", "sw"]}


def test_nothing_but_facts_is_made_of_facts():
    one, without = with_facts(), experiment()
    assert one.facts == ["world"]
    assert one.datasets == without.datasets
    made = {file for files in one.targets.values() for file in files}
    before = {file for files in without.targets.values() for file in files}
    assert made - before == {"results/facts/world.parquet"}
    assert "results/facts/world.parquet" in one.targets["corpora"]
    wildcards = Wildcards(dataset="world")
    assert one.settings("build_facts")(wildcards)["dataset"] == COUNTRIES
    files = one.reads("build_facts")(wildcards)["data"]
    names = ("territories.csv", "currencies.csv", "en.yaml", "de.yaml", "sw.yaml")
    assert files == [f"{FOLDER}/{name}" for name in names]


def test_an_alignment_is_not_trained_on_facts():
    with pytest.raises(
        InputError, match=r"alignment.questions.format: found 'facts', expected one"
    ):
        experiment(alignment={**CONFIG["alignment"], "questions": WORLD})


def test_facts_have_no_published_masks():
    masks = {"base": {"world": "mask.pt"}}
    with pytest.raises(InputError, match="unknown dataset 'world'; datasets: sums, tales"):
        with_facts(deactivation={"masks": masks})


def asked(**sections):
    return with_facts(cloze={}, **sections)


def test_the_stage_needs_facts_and_models_that_are_run():
    assert read_configuration({**SMALL, "cloze": {}}).cloze.settings() == {}
    with pytest.raises(InputError, match="cloze: found no facts to ask for, expected a data set"):
        experiment(cloze={})
    with pytest.raises(InputError, match=r"cloze.models: found 'none', expected a model that can"):
        with_facts(cloze={"models": ["none"]})


def test_models_are_asked_side_by_side_and_compared():
    one = asked()
    targets = one.targets
    models = ["base", "other", "reader", "aligned"]
    accuracies = [f"results/cloze/{name}/world.accuracy.parquet" for name in models]
    assert targets["cloze"][:4] == accuracies
    assert "results/comparison/base-vs-aligned/world/cloze.parquet" in targets["cloze"]
    assert "results/figures/knowledge_accuracy/world.png" in targets["cloze"]
    assert "results/tables/knowledge_by_language/world.csv" in targets["tables"]
    assert set(targets["cloze"]) <= set(targets["all"])
    assert not set(targets["cloze"]) & set(targets["figures"])
    assert one.drawn["knowledge_accuracy", "world"].reads() == {"accuracies": accuracies}
    assert one.drawn["knowledge_change", "base-vs-other/world"].reads() == {
        "changes": ["results/comparison/base-vs-other/world/cloze.parquet"]
    }
    assert with_facts().targets["cloze"] == []


def test_a_comparison_is_shown_beside_its_controls():
    models = {
        "base": {"path": "owner/base", "dtype": "float32"},
        "aligned": {"align": {"from": "base", "method": "translation"}},
        "shuffled": {"align": {"from": "base", "method": "translation", "control": "shuffled"}},
    }
    pair = {"before": "base", "after": "aligned", "control": "shuffled"}
    made = {"models": models, "comparisons": [pair], "deactivation": None, "steering": None}
    one = asked(**made)
    where = "results/comparison/base-vs-{}/world/cloze.parquet"
    assert one.drawn["knowledge_change", "base-vs-aligned/world"].reads() == {
        "changes": [where.format("aligned"), where.format("shuffled")]
    }
    sides = Wildcards(before="base", after="shuffled", dataset="world")
    assert one.settings("compare_cloze")(sides) == {
        "languages": ["en", "de", "sw"],
        "pivot": "en",
        "trained": ["de", "sw"],
        "names": ("base", "shuffled"),
        "control": "shuffled",
    }
    few = with_facts(cloze={"models": ["base", "aligned"]}, **made)
    assert not [name for name, _ in few.drawn if name == "knowledge_change"]


def test_a_rule_gets_its_settings_and_not_where_its_model_is_placed():
    wildcards = Wildcards(model="base", dataset="world")
    found = asked().settings("measure_cloze")(wildcards)
    assert found == {"spec": {"path": "owner/base", "dtype": "float32"}}
    placed = asked(**{key: PLACED[key] for key in ("models", "collection")})
    assert placed.settings("measure_cloze")(wildcards) == found
    resources = placed.resources("measure_cloze")
    assert resources["gpu"] == 1
    assert resources["batch_tokens"](wildcards) == 50
    assert resources["device"](wildcards) == "cuda:1"


def test_the_forecast_says_how_much_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, measured = asked(prompt="{query}"), job("measure_cloze", model="base", dataset="world")
    # Four bytes a token: a prompt of 10 tokens, candidates of 1 and 2.
    row = ("a-1", "en", "capital", "a", 1, "x" * 40, "abcd", ["abcd", "efghijkl"], False, None)
    put(paths.facts, [row], FACTS, dataset="world")
    assert said(one, measured) == "cloze reads about 13 tokens"
    # Facts that are not written yet are built.
    (tmp_path / paths.facts.format(dataset="world")).unlink()
    assert said(one, measured).startswith("cloze reads about ")


def test_deactivation_may_ask_for_facts():
    stage = {"models": ["base"], "sets": ["specific"]}
    with pytest.raises(InputError, match=r"deactivation.facts: found 'sums', expected a data set"):
        with_facts(deactivation={**stage, "facts": "sums"})
    one, bare = with_facts(deactivation={**stage, "facts": "world"}), with_facts(deactivation=stage)
    wildcards = Wildcards(model="base", dataset="sums", method="ternary")
    reads = one.reads("deactivate")(wildcards)
    assert reads.pop("facts") == "results/facts/world.parquet"
    assert reads == bare.reads("deactivate")(wildcards)
    assert one.settings("deactivate")(wildcards) == bare.settings("deactivate")(wildcards)
    figure = "results/figures/deactivation_knowledge/base/sums/ternary.png"
    assert figure in one.targets["deactivation"]
    assert bare.targets["deactivation_knowledge"] == []
