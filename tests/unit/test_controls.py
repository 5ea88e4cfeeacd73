"""Controls of alignments, and alignments with several seeds."""

from copy import deepcopy
from types import SimpleNamespace

import pytest
from test_aligned_models import ALIGNED

from langneurons.errors import InputError
from langneurons.experiment.experiment import Experiment

ALIGN = {"from": "base", "method": "translation", "languages": ["sw"]}
CONTROLLED = {
    **ALIGNED,
    "models": {
        "base": {"path": "owner/base"},
        "aligned": {"align": ALIGN, "responses_from": "base"},
        "shuffled": {"align": {**ALIGN, "control": "shuffled"}, "responses_from": "base"},
    },
    "comparisons": [{"before": "base", "after": "aligned", "control": "shuffled"}],
    "alignment": {
        "questions": {"format": "demo", "problems": 8, "split": "training"},
        "question_translation": {"steps": 30},
    },
}


def changed(**align):
    """`CONTROLLED` with other settings of its control."""
    config = deepcopy(CONTROLLED)
    config["models"]["shuffled"]["align"] |= align
    return config


def with_seeds(aligned, shuffled):
    config = changed(seeds=shuffled)
    config["models"]["aligned"]["align"]["seeds"] = aligned
    return config


def settings(config, rule, model):
    return Experiment(config).settings(rule)(SimpleNamespace(model=model))


def refused(config, words):
    with pytest.raises(InputError, match=words):
        Experiment(config)


def test_a_control_is_compared_with_the_model_before_too():
    experiment = Experiment(CONTROLLED)
    pair = {"before": "base", "after": "aligned"}
    assert experiment.comparisons == [pair, {"before": "base", "after": "shuffled"}]
    assert experiment.controls(pair) == ["shuffled"]
    assert experiment.controls({"before": "base", "after": "shuffled"}) == []


def test_an_alignment_and_its_controls_are_one_family_over_seeds():
    config = with_seeds([4, 5], [4, 5])
    config["models"]["bare"] = {
        "align": {**ALIGN, "control": "target_only", "seeds": [4, 5]},
        "responses_from": "base",
    }
    config["comparisons"][0]["control"] = ["shuffled", "bare"]
    experiment = Experiment(config)
    (family,) = experiment.families
    assert (family.before, family.name) == ("base", "aligned")
    assert family.after == ["aligned-seed4", "aligned-seed5"]
    assert family.controls == {
        "shuffled": ["shuffled-seed4", "shuffled-seed5"],
        "bare": ["bare-seed4", "bare-seed5"],
    }
    job = SimpleNamespace(before="base", family="aligned", dataset="demo", method="lape")
    job.items = lambda: [("before", "base"), ("dataset", "demo"), ("method", "lape")]
    assert experiment.settings("attribute_changes")(job) == {
        "family": "aligned",
        "controls": ["shuffled", "bare"],
        "seeds": 2,
        "margin": 0.05,
    }
    reads = experiment.reads("attribute_changes")(job)
    assert reads["totals"] == [
        f"results/comparison/base-vs-{name}/demo/lape/totals.parquet" for name in family.compared
    ]
    assert family.compared[:3] == ["aligned-seed4", "aligned-seed5", "shuffled-seed4"]
    assert "results/attribution/base-vs-aligned/demo/lape.parquet" in experiment.targets["all"]
    figure = experiment.drawn["layer_change", "base-vs-aligned-seed5/demo/lape"]
    assert figure.reads()["controls"] == [
        f"results/comparison/base-vs-{name}-seed5/demo/lape/layers.parquet"
        for name in ("shuffled", "bare")
    ]


def test_a_comparison_without_a_control_is_no_family():
    experiment = Experiment(ALIGNED)
    assert experiment.families == []
    assert experiment.drawn.keys() & {("attribution", "base-vs-aligned/demo/lape")} == set()


def test_a_family_of_one_seed_has_the_models_names():
    (family,) = Experiment(CONTROLLED).families
    assert (family.name, family.after) == ("aligned", ["aligned"])
    config = deepcopy(CONTROLLED)
    # A name that ends as a seed's does, in a configuration without seeds.
    config["models"]["aligned-seed0"] = config["models"].pop("aligned")
    config["comparisons"][0]["after"] = "aligned-seed0"
    assert Experiment(config).families[0].name == "aligned-seed0"


def test_a_control_is_compared_for_the_languages_of_its_alignment():
    config = deepcopy(CONTROLLED)
    config["comparisons"][0]["trained"] = ["de"]
    assert Experiment(config).trained("base", "shuffled") == ["de"]
    assert Experiment(CONTROLLED).trained("base", "shuffled") == ["sw"]


def test_a_control_differs_in_its_data_only():
    aligned, control = (
        settings(CONTROLLED, "translation_pairs", name) for name in ("aligned", "shuffled")
    )
    assert control == {**aligned, "control": "shuffled", "control_seed": 0}
    assert settings(CONTROLLED, "train_translation", "aligned") == settings(
        CONTROLLED, "train_translation", "shuffled"
    )
    assert aligned == {
        "languages": ["sw"],
        "pivot": "en",
        "direction": "to_pivot",
        "prompt": "{source_language}: {source}\n{target_language}: ",
        "dev_share": 0.05,
        "seed": 0,
    }


def test_labels_of_preference_pairs_are_drawn_with_the_alignments_seed():
    config = deepcopy(ALIGNED)
    config["models"] |= {
        "aligned": {"align": {"from": "base", "seeds": [3]}},
        "labels": {"align": {"from": "base", "control": "random_labels", "seeds": [3]}},
    }
    config["comparisons"] = [{"before": "base", "after": "aligned", "control": "labels"}]
    aligned, control = (
        settings(config, "preference_pairs", name) for name in ("aligned-seed3", "labels-seed3")
    )
    assert control == {**aligned, "control": "random_labels", "control_seed": 3}


def test_the_training_is_told_what_it_needs_and_no_text():
    training = settings(CONTROLLED, "train_translation", "aligned")["settings"]
    assert training["steps"] == 30
    assert not {"prompt", "dev_share", "beta"} & set(training)


def test_only_an_alignment_by_preference_needs_samples():
    experiment = Experiment(CONTROLLED)
    assert experiment.alignment_sources == ["base"]
    assert experiment.sampled_models == []
    inspected = settings(CONTROLLED, "inspect_alignment", "base")
    assert "translation" not in inspected
    assert list(inspected["target_modules"]) == ["alignment.question_translation.target_modules"]


def test_each_seed_is_a_model_and_a_comparison():
    experiment = Experiment(with_seeds([0, 2], [0, 2]))
    assert list(experiment.models) == [
        "base", "aligned-seed0", "aligned-seed2", "shuffled-seed0", "shuffled-seed2",
    ]  # fmt: skip
    pair = {"before": "base", "after": "aligned-seed2"}
    assert experiment.controls(pair) == ["shuffled-seed2"]
    assert [one["after"] for one in experiment.comparisons] == [
        "aligned-seed0", "shuffled-seed0", "aligned-seed2", "shuffled-seed2",
    ]  # fmt: skip
    assert experiment.made("aligned-seed2").seed == 2
    trained = experiment.settings("train_translation")(SimpleNamespace(model="aligned-seed2"))
    assert trained["settings"]["seed"] == 2


def test_checkpoints_of_seeds_are_compared_by_seed():
    config = with_seeds([1], [1])
    for name in ("aligned", "shuffled"):
        config["models"][name]["align"]["checkpoints"] = [10]
    config["comparisons"].append(
        {"before": "base", "after": "aligned@10", "control": "shuffled@10"}
    )
    pair = {"before": "base", "after": "aligned-seed1@10"}
    assert Experiment(config).controls(pair) == ["shuffled-seed1@10"]


@pytest.mark.parametrize(
    ("align", "words"),
    [
        ({"languages": ["de"]}, r"from 'aligned' in align.languages: found de, expected sw"),
        ({"direction": "both"}, r"in align.direction: found both, expected to_pivot"),
        ({"seeds": [1]}, r"'shuffled' has the seeds 1, expected those of 'aligned', none"),
        ({"control": "random_labels"}, r"control: found 'random_labels', expected shuffled or"),
        ({"seeds": [1, 1]}, r"align.seeds: .*expected no repeated entry"),
        ({"languages": ["en"]}, r"align.languages: found 'en', expected some of de sw"),
    ],
)  # fmt: skip
def test_a_control_that_differs_in_more_is_refused(align, words):
    refused(changed(**align), words)


def test_a_control_that_reads_other_texts_is_refused():
    config = deepcopy(CONTROLLED)
    del config["models"]["shuffled"]["responses_from"]
    refused(config, r"measured on responses of 'own', expected those of 'base'")


def test_a_control_without_its_alignment_is_refused():
    refused({**CONTROLLED, "comparisons": []}, r"models.shuffled.align.control: .* no comparison")


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ({"control": "base"}, r"comparisons.0.control: 'base' is not aligned by the workflow"),
        ({"control": "aligned"}, r"control: 'aligned' has no key align.control"),
        ({"control": "nobody"}, r"comparisons.0.control: unknown model 'nobody'"),
        ({"after": "shuffled"}, r"the model after, 'shuffled', is a control itself"),
    ],
)
def test_what_is_no_control_is_refused(pair, words):
    refused({**CONTROLLED, "comparisons": [{**CONTROLLED["comparisons"][0], **pair}]}, words)


def test_seeds_need_names_of_their_own():
    config = with_seeds([0], [0])
    config["models"]["aligned-seed0"] = {"path": "owner/other"}
    refused(config, r"models.aligned-seed0: this is the name of a seed of 'aligned'")


def test_a_direction_belongs_to_translation():
    config = deepcopy(ALIGNED)
    config["models"]["aligned"]["align"]["direction"] = "both"
    refused(config, r"align.direction: found 'both' beside method 'preference'")


def test_preference_needs_a_translation_model():
    config = deepcopy(CONTROLLED)
    config["models"]["aligned"]["align"]["method"] = "preference"
    refused(config, r"alignment: missing key 'translation', .*models.aligned.align.* needs none")


def test_a_model_is_loaded_in_the_numbers_its_alignments_are_kept_in():
    models = Experiment(CONTROLLED).models
    assert {models[name].spec["dtype"] for name in ("base", "aligned")} == {"float32"}
    config = deepcopy(CONTROLLED)
    config["alignment"]["merge_dtype"] = "bfloat16"
    assert Experiment(config).models["base"].spec["dtype"] == "bfloat16"
    config["models"]["base"]["dtype"] = "float32"
    refused(config, r"models.base.dtype: found float32, .*kept in bfloat16 .alignment.merge_dtype")


def test_a_translation_prompt_needs_the_text():
    config = deepcopy(CONTROLLED)
    config["alignment"]["question_translation"]["prompt"] = "{target_language}: "
    refused(config, r"alignment.question_translation.prompt: .*expected the field \{source\}")
