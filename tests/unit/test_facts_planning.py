"""Data sets of facts in a configuration, and what is made of them."""

import pytest
from experiment_cases import CONFIG, Wildcards, experiment
from fact_cases import COUNTRIES, FOLDER

from langneurons.errors import InputError
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
