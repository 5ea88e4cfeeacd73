"""Configurations and profiles that cannot run here plan a sensible number of jobs."""

import shutil

import pytest
import yaml
from paper import paper_project
from project import Project


@pytest.fixture
def paper(tmp_path) -> Project:
    return paper_project(tmp_path / "project")


def test_the_paper_plans_its_jobs(paper):
    planned = paper.planned("--configfile", "config/paper.yaml")
    # 4 published models and one made here with 3 checkpoints, on 2 datasets, 2 methods.
    models = 4 + 1 + 3
    assert planned["align"] == planned["sample_responses"] == planned["score_alignment"] == 1
    assert planned["merge_adapter"] == 1 + 3
    assert planned["inspect_model"] == models
    assert planned["build_corpus"] == 2 + 1
    assert planned["generate_responses"] == models * 2  # accuracy needs each one's own responses
    assert planned["count_activations"] == models * 2
    assert planned["type_neurons"] == planned["vary_settings"] == models * 2 * 2
    assert planned["type_by_token_class"] == models * 2 * 2  # all are run
    # 3 comparisons, and the model before with each of 3 checkpoints, for the training's course.
    assert planned["compare_models"] == (3 + 3) * 2 * 2
    assert planned["overlap_datasets"] == models * 2
    # Of comparisons; table 2 together; tables 1 and 5; data sets of each model.
    # Alignments with their controls. Settings varied. Claims.
    assert planned["check_claims"] == (models - 3) * 2 * 2  # of no checkpoint
    assert planned["check_alignment_claims"] == 3 * 2 * 2
    # Types by class of token.
    tables = 3 * 3 * 2 * 2 + 2 * 2 + 2 * 2 + 8 * 2 + 2 * 2 + 8 * 2 * 2 + (5 + 3) * 2 * 2
    tables += models * 2 * 2
    # Overlap and cost of methods, of no checkpoint.
    tables += (models - 3) * 2 * 2
    assert planned["write_table"] == tables
    assert planned["deactivate"] == 2 * 2
    assert sum(planned.values()) < 1100


def test_the_slurm_profile_scatters_model_work_and_asks_for_gpus(paper):
    arguments = ("--workflow-profile", "profiles/slurm", "--configfile", "config/paper.yaml")
    output = paper.run("--dry-run", *arguments)
    jobs = output.split("rule count_activations:")[1:]
    assert len(jobs) == 8 * 2 * 4  # models × datasets × shards
    resources = jobs[0].split("resources:")[1].splitlines()[0]
    assert "gpu=1" in resources
    assert "mem_mb=48000" in resources
    assert "runtime=120" in resources


def test_a_config_on_the_command_line_replaces_the_demo(fresh):
    config = yaml.safe_load((fresh.folder / "config/config.yaml").read_text())
    del config["models"]["aligned"], config["comparisons"]
    (fresh.folder / "mine.yaml").write_text(yaml.safe_dump(config))
    planned = fresh.planned("--configfile", "mine.yaml")
    assert planned["inspect_model"] == 1
    assert "compare_models" not in planned


def test_the_workflow_runs_from_another_folder(fresh, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(fresh.folder / "data", elsewhere / "data")
    shutil.copytree(fresh.folder / "models", elsewhere / "models")
    shutil.copytree(fresh.folder / "config", elsewhere / "config")
    output = fresh.run(
        "corpora", "--snakefile", "workflow/Snakefile", "--directory", str(elsewhere),
        "--configfile", str(elsewhere / "config/config.yaml"),
    )  # fmt: skip
    assert (elsewhere / "results/corpora/sums.parquet").is_file(), output
