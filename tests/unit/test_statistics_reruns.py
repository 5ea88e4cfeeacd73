"""Naming a method that reads another statistic, or placing it otherwise, reruns no other job.

Snakemake reruns a job whose inputs, settings or digests of code differ; see also
tests/workflow/test_reruns.py.
"""

import pytest
from experiment_cases import Wildcards, experiment

from langneurons.experiment.inputs import INPUTS
from langneurons.experiment.settings import SETTINGS

FEW = {"ternary": {}, "lape": {}}
ALL = {**FEW, "relevance": {}, "dln": {}}
RULES = sorted(
    {
        "count_activations", "merge_activations", "activation_probabilities", "inspect_model",
        "type_neurons", "resample_neurons", "vary_settings", "type_by_token_class",
        "export_masks", "segment_layers", "describe_phases", "compare_models", "deactivate",
        "merge_deactivation", "grade_deactivation", "compare_deactivation", "steer",
        "merge_steering", "summarise_steering",
    }
)  # fmt: skip
KEYS = {
    "model": "base",
    "dataset": "sums",
    "before": "base",
    "after": "other",
    "method": "ternary",
    "scatteritem": "1-of-2",
}


def given(one, rule, **changed):
    """What a job's rerun depends on."""
    wildcards = Wildcards(**{**KEYS, **changed})
    reads = one.reads(rule)(wildcards) if rule in INPUTS else {}
    settings = one.settings(rule)(wildcards) if rule in SETTINGS else {}
    return reads, settings, one.code(rule)(wildcards)


@pytest.mark.parametrize("rule", RULES)
def test_another_method_leaves_the_jobs_of_others_as_they_are(rule):
    assert given(experiment(neurons=ALL), rule) == given(experiment(neurons=FEW), rule)


def test_other_methods_add_their_own_files_only():
    few, all_ = (set(experiment(neurons=neurons).targets["all"]) for neurons in (FEW, ALL))
    assert few <= all_
    assert all("/relevance" in file or "/dln" in file for file in all_ - few)


@pytest.mark.parametrize("rule", ["measure_relevance", "measure_overlaps"])
def test_how_much_is_read_at_a_time_decides_nothing(rule):
    sizes = {"batch_tokens": 9, "backward_batch_tokens": 5, "histogram_memory": 70}
    found = given(experiment(neurons=ALL, collection=sizes), rule)
    assert found == given(experiment(neurons=ALL), rule)
    folds = given(experiment(neurons=ALL, uncertainty={"folds": 4}), rule)
    assert folds[1] != found[1]


def test_a_changed_method_or_score_types_its_own_neurons_again():
    one = experiment(neurons={**ALL, "relevance": {"top_rate": 0.5}})
    before = experiment(neurons=ALL)
    assert given(one, "type_neurons", method="relevance") != given(
        before, "type_neurons", method="relevance"
    )
    assert given(one, "measure_relevance") == given(before, "measure_relevance")
    # Relevance is typed by the score of the paper's method.
    code = one.code("type_neurons")(Wildcards(**{**KEYS, "method": "relevance"}))
    names = {name.rpartition("/")[2] for name in code}
    assert {"relevance.py", "ternary.py"} <= names
    assert not {"lape.py", "dln.py"} & names
