"""Models that the workflow aligns: written out as models, mistakes refused by key."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from test_configuration import PAIR

from langneurons.errors import InputError
from langneurons.experiment.alignment import Alignment
from langneurons.experiment.experiment import Experiment
from langneurons.experiment.made import Made
from langneurons.experiment.models import Model
from langneurons.experiment.reading import read_configuration

ROOT = Path(__file__).parents[2]
ALIGNED = {
    **PAIR,
    "models": {
        "base": {"path": "owner/base", "dtype": "float32"},
        "aligned": {"align": {"from": "base"}, "responses_from": "base"},
    },
    "alignment": {
        "questions": {"format": "demo", "problems": 8, "split": "training"},
        "translation": {"path": "owner/nllb", "codes": {"en": "e", "de": "d", "sw": "s"}},
        "training": {"steps": 40},
    },
}


def changed(models=(), alignment=()):
    config = deepcopy(ALIGNED)
    for name, settings in dict(models).items():
        config["models"][name] = settings
    for part, settings in dict(alignment).items():
        config["alignment"][part] = {**config["alignment"].get(part, {}), **settings}
    return config


def made(**facts):
    return Made("aligned", source="base", method="preference", seed=0, **facts)


def refused(config, words):
    with pytest.raises(InputError, match=words):
        read_configuration(config)


def test_an_aligned_model_gets_a_path_and_loads_as_its_source():
    assert Experiment(ALIGNED).models["aligned"] == Model(
        "aligned",
        writer="base",
        spec={"path": "results/checkpoints/aligned", "dtype": "float32"},
        made=made(step=40, languages=["de", "sw"]),
    )


def test_each_checkpoint_is_a_model_before_its_own():
    align = {"from": "base", "languages": ["sw"], "checkpoints": [20, 10]}
    models = Experiment(changed({"aligned": {"align": align}})).models
    assert list(models) == ["base", "aligned@10", "aligned@20", "aligned"]
    assert models["aligned"].made.checkpoints == [10, 20]
    assert models["aligned@20"] == Model(
        "aligned@20",
        writer="aligned@20",
        spec={"path": "results/checkpoints/aligned@20", "dtype": "float32"},
        made=made(step=20, languages=["sw"]),
    )
    assert [name for name, model in models.items() if model.is_checkpoint] == list(models)[1:3]


def test_checkpoints_of_all_models_are_overruled_by_those_of_one():
    config = changed(
        {"other": {"align": {"from": "base", "checkpoints": []}}},
        {"training": {"checkpoints": [10]}},
    )
    assert list(Experiment(config).models) == ["base", "aligned@10", "aligned", "other"]


def test_alignments_can_follow_one_another():
    further = {"align": {"from": "aligned@10", "languages": ["sw"]}}
    config = changed({"further": further}, {"training": {"checkpoints": [10]}})
    model = Experiment(config).models["further"]
    assert model.spec["dtype"] == "float32"
    assert model.made.source == "aligned@10"


def test_comparisons_may_name_checkpoints():
    config = changed(alignment={"training": {"checkpoints": [10]}})
    config["comparisons"] = [{"before": "base", "after": "aligned@10"}]
    assert Experiment(config).comparisons == config["comparisons"]


def test_questions_are_a_dataset_of_their_own():
    experiment = Experiment(ALIGNED)
    assert experiment.dataset("alignment_questions").problems == 8
    assert experiment.dataset("demo").problems == 12
    taken = deepcopy(ALIGNED)
    taken["datasets"]["alignment_questions"] = {"format": "demo", "problems": 4}
    refused(taken, "datasets.alignment_questions: this name is kept")


def test_published_settings_are_the_defaults():
    alignment = read_configuration(ALIGNED).alignment.settings()
    assert alignment["sampling"]["samples"] == 20
    assert alignment["sampling"]["temperature"] == 0.8
    assert alignment["pairs"]["cap"] == 10_000
    wanted = {"rank": 64, "alpha": 128, "dropout": 0.05, "learning_rate": 1e-6, "batch": 16}
    assert wanted.items() <= alignment["training"].items()


@pytest.mark.parametrize(
    ("align", "words"),
    [
        ({"from": "aligned"}, "aligned.align.from: found the model itself"),
        ({"from": "aligned@10"}, "aligned.align.from: found a circle"),
        ({"from": "nobody"}, "from: unknown model 'nobody'; models: base, aligned"),
        ({"from": "base@10"}, "from: 'base' has no checkpoint '10'"),
        ({"from": "base", "languages": ["en"]}, "languages: found 'en', expected some of de sw"),
        ({"from": "base", "languages": ["fr"]}, "languages: found 'fr'"),
        ({"from": "base", "languages": []}, "languages: found .*at least 1"),
        ({"from": "base", "checkpoints": [41]}, "checkpoints: found 41, expected steps up to .*40"),
        ({"from": "base", "step": 3}, "unknown key 'step'"),
        ({}, "missing key 'from'"),
    ],
)
def test_mistakes_of_a_model_are_named(align, words):
    refused(changed({"aligned": {"align": align}}), words)


def test_a_circle_of_models_is_refused():
    models = {"aligned": {"align": {"from": "other"}}, "other": {"align": {"from": "aligned"}}}
    refused(changed(models), "found a circle, aligned from other from aligned")


def test_a_name_taken_by_a_checkpoint_is_refused():
    models = {"aligned@10": {"path": "owner/other"}}
    refused(changed(models, {"training": {"checkpoints": [10]}}), "name of a checkpoint of 'align")


@pytest.mark.parametrize(
    ("part", "settings", "words"),
    [
        ("translation", {"codes": {"en": "e", "de": "d"}}, "no translation code for language 'sw'"),
        ("translation", {"path": "no/such/folder"}, "translation.path: no such folder"),
        ("translation", {"direction": "both"}, "direction: found 'both', expected one of"),
        ("training", {"batch": 6, "micro_batch": 4}, "micro_batch: found 4, expected a divisor"),
        ("training", {"betta": 1}, "unknown key 'betta'; did you mean 'beta'"),
        ("sampling", {"samples": 1}, "samples: found 1, expected a number of at least 2"),
        ("sampling", {"temperature": 0}, "temperature: found 0, expected a number above 0"),
    ],
)
def test_mistakes_of_the_section_are_named(part, settings, words):
    refused(changed(alignment={part: settings}), words)


def test_an_aligned_model_needs_the_section():
    config = deepcopy(ALIGNED)
    del config["alignment"]
    refused(config, "models.aligned.align: found no section 'alignment'")


def test_the_papers_experiment_aligns_as_released():
    config = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
    alignment = Alignment.model_validate(config["alignment"])
    assert alignment.sampling.samples == 10
    # Not the MLPs: their neurons are compared.
    assert alignment.training.target_modules == ["q_proj", "v_proj", "o_proj"]
    assert (alignment.training.schedule, alignment.training.warmup_steps) == ("cosine", 100)
