"""Too small a digest is worse than too large: what jobs execute and read is what they depend on."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from project import METHODS_CONFIG, REST_CONFIG, ROOT, WHOLE_CONFIG, Project

from langneurons.artifacts.code import PLUMBING
from langneurons.artifacts.source import Source
from langneurons.experiment.code import reached_by
from langneurons.experiment.experiment import Experiment

PACKAGE = ROOT / "src/langneurons"
#: What the whole project has no job of.
REST_RULES = {
    "convert_gguf", "given_responses", "import_activations", "overlap_datasets", "train_demo",
    "train_demo_translation", "build_facts", "measure_cloze", "summarise_cloze", "compare_cloze",
    "attribute_facts", "merge_attributions", "select_fact_neurons", "edit_facts",
    "merge_fact_edits", "summarise_fact_edits",
}  # fmt: skip
METHODS_RULES = {
    "measure_importance", "measure_overlaps", "measure_relevance", "merge_importance",
    "merge_relevance", "quotients", "split_neurons_by_overlap", "type_by_overlap",
    "type_components", "deactivate_components", "merge_component_deactivation",
    "summarise_components", "enhance", "merge_enhancement", "summarise_enhancement",
}  # fmt: skip


@cache
def defined_at(path: Path, line: int) -> str:
    """The name at the top of a file whose definition holds a line."""
    for name, statements in Source(path, "langneurons").definitions.items():
        for statement in statements:
            if hasattr(statement, "lineno") and statement.lineno <= line <= statement.end_lineno:
                return name
    raise AssertionError(f"{path}:{line} is in no definition")


def in_package(path: str) -> Path:
    """A file of the project's copy of the package, as a file of the package."""
    return PACKAGE / path.rpartition("/src/langneurons/")[2]


def traced_jobs(project: Project) -> list[dict[str, Any]]:
    """What each job of a project executed and read."""
    jobs = [json.loads(path.read_text()) for path in (project.folder / "traces").iterdir()]
    assert all(job["functions"] for job in jobs)
    return jobs


def not_in_digests(project: Project, config: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Rule, module and name of what was executed and is neither in a digest nor plumbing."""
    experiment, missing = Experiment(config), set()
    for job in traced_jobs(project):
        reached = reached_by(experiment, job["rule"], job["wildcards"])
        for file, line in job["functions"]:
            path = in_package(file)
            module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
            name = defined_at(path, line)
            if module not in PLUMBING and name not in reached.get(path, ()):
                missing.add((job["rule"], module, name))
    return missing


def not_among_inputs(project: Project) -> set[tuple[str, str]]:
    """Rule and file of the package where a job read what is not its input."""
    return {
        (job["rule"], file)
        for job in traced_jobs(project)
        for file in set(job["files"]) - set(job["inputs"])
    }


def rules_with_scripts() -> set[str]:
    text = "".join(f"\n{path.read_text()}" for path in (ROOT / "workflow/rules").glob("*.smk"))
    found = {block.partition(":")[0] for block in text.split("\nrule ") if "script:" in block}
    assert len(found) > 35
    return found


def test_every_function_that_a_job_executes_is_in_its_digest(finished, monkeypatch):
    monkeypatch.chdir(finished.folder)  # the configuration names files there
    assert not_in_digests(finished, WHOLE_CONFIG) == set()
    rules = {job["rule"] for job in traced_jobs(finished)}
    assert rules == rules_with_scripts() - REST_RULES - METHODS_RULES


def test_every_function_that_a_job_of_the_other_rules_executes_is_in_its_digest(rest, monkeypatch):
    monkeypatch.chdir(rest.folder)
    assert not_in_digests(rest, REST_CONFIG) == set()
    assert {job["rule"] for job in traced_jobs(rest)} >= REST_RULES


def test_every_function_that_a_job_of_other_methods_executes_is_in_its_digest(methods, monkeypatch):
    monkeypatch.chdir(methods.folder)
    assert not_in_digests(methods, METHODS_CONFIG) == set()
    assert {job["rule"] for job in traced_jobs(methods)} >= METHODS_RULES


def test_every_file_of_the_package_that_a_job_reads_is_its_input(finished):
    read = {Path(file).parent.name for job in traced_jobs(finished) for file in job["files"]}
    assert read == {"templates"}
    assert not_among_inputs(finished) == set()


def test_every_file_of_the_package_that_a_job_of_the_other_rules_reads_is_its_input(rest):
    assert any(job["files"] for job in traced_jobs(rest))
    assert not_among_inputs(rest) == set()
