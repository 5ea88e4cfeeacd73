"""Which code the digests of each rule cover: its own, and not that of others."""

import re
from pathlib import Path

import pytest
from experiment_cases import Wildcards, experiment, selection

from langneurons.experiment.declared import figures, methods

ROOT = Path(__file__).parents[2]
SHARE = {"scatteritem": "1-of-1"}


def files(rule, **wildcards):
    """The package's files that a rule's digests cover, without the package's name."""
    found = experiment().code(rule)(Wildcards(**wildcards))
    return {name.removeprefix("langneurons/").removesuffix(".py") for name in found}


def test_every_rule_with_a_script_depends_on_its_code():
    rules = {}
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        for block in re.split(r"(?m)^rule ", path.read_text())[1:]:
            rules[block.partition(":")[0]] = block
    assert len(rules) > 30
    wildcards = {**vars(selection()), **SHARE, "before": "base", "after": "other"}
    for rule, block in rules.items():
        script = re.search(r"scripts/(\w+\.py)", block)[1]
        assert f'code=experiment.code("{rule}")' in block, rule
        if rule in ("draw_figure", "write_table"):
            continue
        assert script in experiment().code(rule)(Wildcards(**wildcards)), rule


@pytest.mark.parametrize("method", ["ternary", "activation_difference", "lape"])
@pytest.mark.parametrize(
    "rule",
    [
        "type_neurons",
        "resample_neurons",
        "vary_settings",
        "type_by_token_class",
        "describe_phases",
        "compare_models",
        "split_neurons",
    ],
)
def test_a_method_depends_on_itself_only(rule, method):
    found = files(rule, model="base", dataset="sums", method=method)
    names = {name.removeprefix("neurons/methods/") for name in found}
    assert names & set(methods()) == {method}


def test_an_unknown_method_is_an_error():
    with pytest.raises(KeyError, match=r"no module 'neurons\.methods\.lap'"):
        files("type_neurons", model="base", dataset="sums", method="lap")


def test_what_carries_results_without_shaping_them_is_left_out():
    found = files("type_neurons", **vars(selection()))
    assert "activations/counts" in found
    assert not {"artifacts/tables", "artifacts/atomic", "errors", "job"} & found


@pytest.mark.parametrize(
    "rule",
    [
        "generate_responses",
        "sample_responses",
        "deactivate",
        "steer",
        "deactivate_classes",
        "deactivate_components",
        "enhance",
    ],
)
def test_what_decides_which_cells_are_measured_counts(rule):
    found = files(rule, **vars(selection()), **SHARE)
    assert {"artifacts/cells", "artifacts/digests", "artifacts/shares"} <= found


@pytest.mark.parametrize(
    "rule",
    [
        "deactivate",
        "measure_doses",
        "deactivate_components",
        "enhance",
        "steer",
        "attribute_changes",
        "export_masks",
        "compare_methods",
    ],
)
def test_what_takes_typed_neurons_depends_on_no_method(rule):
    found = files(rule, **vars(selection()), **SHARE, before="base", after="other")
    assert not {f"neurons/methods/{method}" for method in methods()} & found


def test_given_responses_depend_on_nothing_that_generates_some():
    found = files("given_responses")
    assert {"responses/given", "responses/prompts"} <= found
    assert not {"responses/generation", "responses/sampling", "responses/writing"} & found
    assert "responses/generation" in files("generate_responses", **vars(selection()))


def test_a_figure_depends_on_itself_only():
    found = files("draw_figure", name="transitions", instance="base-vs-other/sums/lape")
    assert {name.removeprefix("figures/") for name in found} & set(figures()) == {"transitions"}
    found = files("write_table", name="table2", instance="sums/ternary")
    assert "tables/trained_languages_together" in found
    assert "figures/transitions" not in found
    found = files("write_table", name="table2", instance="base-vs-other/sums/lape")
    assert "tables/trained_languages_together" not in found


@pytest.mark.parametrize(
    "rule",
    ["generate_responses", "sample_responses", "tokenize", "count_activations", "deactivate",
     "measure_doses", "steer", "score_alignment", "align", "measure_retrieval", "measure_cloze",
     "measure_sharing", "deactivate_classes", "deactivate_components", "enhance",
     "attribute_facts", "edit_facts"],
)  # fmt: skip
def test_no_rule_that_runs_a_model_depends_on_grading(rule):
    found = files(rule, **vars(selection()), **SHARE)
    assert not {"responses/numbers", "responses/grading", "uncertainty/resampling"} & found


def test_grading_depends_on_what_it_grades_by():
    found = files("grade_responses", **vars(selection()))
    assert {"responses/grading", "responses/numbers", "responses/language"} <= found


def test_a_rule_that_runs_a_model_depends_on_how_it_is_loaded():
    found = files("count_activations", **vars(selection()), **SHARE)
    assert {"models/spec", "models/loading", "activations/collection"} <= found
    assert not {name for name in found if name.startswith(("figures/", "experiment/"))}


@pytest.mark.parametrize(
    "rule", ["generate_responses", "count_activations", "deactivate", "steer", "score_alignment",
             "align", "train_demo"],
)  # fmt: skip
def test_no_rule_depends_on_what_says_how_far_its_job_is(rule):
    found = files(rule, **vars(selection()), **SHARE)
    assert not {"artifacts/progress", "alignment/progress"} & found
