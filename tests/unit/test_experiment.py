"""What an experiment consists of, and what it lets rules be matched by."""

import re
from types import SimpleNamespace

import pytest
from experiment_cases import CONFIG, LANGUAGES, PLACED, experiment, selection

from langneurons.experiment.experiment import Experiment


@pytest.fixture
def counts(tmp_path):
    """A folder of published counts, its files empty."""
    for language in LANGUAGES:
        for name in ("activation", "prefix.activation"):
            (tmp_path / f"{name}.{language}.M.pt").touch()
    return tmp_path


def with_counts(folder, **sections):
    models = {**CONFIG["models"], "published": {"counts": {"mgsm": str(folder)}}}
    return experiment(models=models, **sections)


def test_models_by_how_they_come_about(counts):
    one = with_counts(counts)
    assert one.text_models == ["base", "other", "reader", "aligned@10", "aligned@20", "aligned"]
    assert one.count_models == ["published"]
    assert one.made_models == ["aligned@10", "aligned@20", "aligned"]
    assert one.aligned_models == ["aligned"]
    assert one.alignment_sources == ["base"]


def test_datasets_are_those_analysed_those_counted_and_those_to_align_by(counts):
    one = with_counts(counts)
    assert one.datasets == ["sums", "tales"]
    assert one.all_datasets == ["sums", "tales", "mgsm", "alignment_questions"]
    assert experiment(models={"base": {"path": "a/b"}}, comparisons=[], deactivation=None,
                      steering=None, alignment=None).all_datasets == ["sums", "tales"]  # fmt: skip


def test_responses_come_from_models_that_are_run_or_with_the_data():
    one = experiment()
    assert one.responses == [*one.text_models, "data"]
    assert {name: model.writer for name, model in one.models.items()} == {
        "base": "base",
        "other": "base",
        "reader": "data",
        "aligned@10": "base",
        "aligned@20": "base",
        "aligned": "base",
    }


def test_the_languages_trained_on_are_named_or_aligned_or_all_but_the_pivot():
    one = experiment(comparisons=[*CONFIG["comparisons"], {"before": "base", "after": "reader"}])
    assert one.trained("base", "other") == ["de"]
    assert one.trained("base", "aligned") == ["sw"]
    assert one.trained("base", "aligned@10") == ["sw"]
    assert one.trained("base", "reader") == ["de", "sw"]


def test_stages_take_the_models_named_or_all_but_checkpoints(tmp_path):
    one = experiment(steering={"methods": ["ternary", "lape"]})
    steered = one.stage_keys("steering")
    assert {keys["model"] for keys in steered} == {"base", "other", "reader", "aligned"}
    assert len(steered) == 4 * 2 * 2  # models × data sets × methods
    assert experiment(steering=None).stage_keys("steering") == []
    mask = tmp_path / "mask.pt"
    mask.touch()
    one = experiment(deactivation={"models": ["other"], "masks": {"base": {"sums": str(mask)}}})
    assert one.stage_keys("deactivation") == [
        {"model": "other", "dataset": "sums", "method": "ternary"},
        {"model": "other", "dataset": "tales", "method": "ternary"},
        {"model": "base", "dataset": "sums", "method": "mask"},
    ]
    assert one.deactivation_methods == ["ternary", "mask"]
    assert experiment().deactivation_methods == ["ternary"]
    assert experiment(deactivation=None).deactivation_methods == []


def test_a_constraint_matches_its_names_and_nothing_else():
    pattern = re.compile(experiment().one_of(["a.b", "a@10", "c+d"]))
    assert all(pattern.fullmatch(name) for name in ("a.b", "a@10", "c+d"))
    assert not any(pattern.fullmatch(name) for name in ("axb", "a", "cd", "ccd", ""))
    # A constraint without names would match everything.
    assert experiment().one_of([]) == "none"


def test_planning_imports_nothing_heavy():
    """Every cluster job plans the workflow again."""
    import subprocess
    import sys
    from pathlib import Path

    program = """
import sys
from experiment_cases import Wildcards, experiment, selection
one = experiment()
for name, place in one.drawn:
    for given in (one.reads, one.settings):
        given("draw_figure")(Wildcards(name=name, instance=place))
one.targets, one.code("deactivate")(selection())
heavy = {"numpy", "pandas", "pyarrow", "matplotlib", "torch", "transformers", "scipy", "snakemake"}
print(sorted(heavy & set(sys.modules)))
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"


def test_the_configuration_given_is_left_as_it_was():
    before = repr(CONFIG)
    Experiment(CONFIG)
    assert repr(CONFIG) == before


def started(cores=8, local=True, **resources):
    """Stand in for a workflow that was started with these."""
    limits = {name: SimpleNamespace(value=value) for name, value in resources.items()}
    settings = SimpleNamespace(cores=cores)
    return SimpleNamespace(resource_settings=settings, local_exec=local, global_resources=limits)


def test_jobs_that_run_a_model_take_threads_and_the_gpu():
    one = experiment()
    assert one.threads("count_activations", started()) == 8
    assert one.resources("count_activations")["gpu"] == 1
    assert one.threads("type_neurons", started()) == 1
    assert one.resources("type_neurons") == {}


@pytest.mark.parametrize(
    ("workflow", "threads"),
    [
        (started(cores=2, gpu=1), 2),
        (started(cores=2, gpu=2), 1),
        (started(cores=8, gpu=3), 2),
        (started(cores=64, gpu=2), 8),
        (started(cores=2, gpu=4), 1),
        (started(cores=8, gpu=None), 8),  # no limit
        (started(cores=None, local=False, gpu=4), 8),  # on a cluster a profile says
        (started(cores=None, gpu=1), 8),  # nothing is run
    ],
)
def test_jobs_that_run_a_model_share_the_cores(workflow, threads):
    assert experiment().threads("deactivate", workflow) == threads
    assert experiment().threads("type_neurons", workflow) == 1


@pytest.mark.parametrize(
    ("rule", "model", "sizes"),
    [
        ("inspect_model", "base", {}),
        ("generate_responses", "base", {"batch_size": 3}),
        ("sample_responses", "base", {"batch_size": 5}),
        ("count_activations", "base", {"batch_tokens": 50}),
        ("count_activations", "aligned@20", {"batch_tokens": 50}),  # loaded as its source is
        ("align", "aligned", {}),
        ("merge_adapter", "aligned@20", {}),
        ("deactivate", "base", {"batch_size": 7, "batch_tokens": 50}),
        ("steer", "base", {"batch_size": 9, "batch_tokens": 50}),
    ],
)
def test_models_are_placed_by_resources(rule, model, sizes):
    assert placed(rule, model) == {"device": "cuda:1", "device_map": "auto", **sizes}


def test_the_translation_model_is_placed_by_its_own_section():
    assert placed("score_alignment", "base") == {"device": "cpu", "batch_tokens": 70}


def test_a_model_that_is_not_placed_goes_where_the_job_is():
    found = {"device": None, "device_map": None, "batch_tokens": 50}
    assert placed("count_activations", "other") == found
    assert placed("tokenize", "base") == {}


@pytest.mark.parametrize("rule", ["deactivate", "steer"])
def test_interventions_answer_in_batches_as_models_do_unless_told_otherwise(rule):
    sections = {name: CONFIG[name] for name in ("deactivation", "steering")}
    assert placed(rule, "base", **sections)["batch_size"] == 3


def placed(rule, model, **sections):
    """The resources of a job that depend on its model."""
    found = experiment(**{**PLACED, **sections}).resources(rule)
    return {key: value(selection(model)) for key, value in found.items() if callable(value)}


def test_parsing_the_workflow_computes_no_digest(monkeypatch):
    """A cluster job parses all rules and runs one."""
    from langneurons.artifacts.code import Package

    def refuse(*_):
        raise AssertionError("computed")

    monkeypatch.setattr(Package, "digests", refuse)
    monkeypatch.setattr(Package, "_outline", refuse)
    one = experiment()
    codes = [one.code(rule) for rule in ("steer", "align", "draw_figure")]
    assert len(codes) == 3


def test_the_cluster_profile_asks_for_what_the_experiment_knows():
    from pathlib import Path

    import yaml

    from langneurons.experiment.machine import REQUESTS

    profile = Path(__file__).parents[2] / "profiles/slurm/config.yaml"
    settings = yaml.safe_load(profile.read_text())
    threads = {rule: request.threads for rule, request in REQUESTS.items() if request.gpu}
    gpus = {
        rule: asked["gpu"] for rule, asked in settings["set-resources"].items() if "gpu" in asked
    }
    # On a single machine it takes the place of a job with a GPU, for its memory; it uses none.
    assert gpus == {**dict.fromkeys(threads, 1), "convert_gguf": 0}
    assert settings["set-threads"] == {rule: n for rule, n in threads.items() if n > 1}
