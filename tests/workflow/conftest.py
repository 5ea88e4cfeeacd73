"""Workflows that tests share: running everything takes some minutes."""

from pathlib import Path

import pytest
from project import (
    REST_CONFIG,
    REST_TARGETS,
    Project,
    shrink_demo_training,
    tiny_project,
    whole_project,
    write_counts,
)


def _traced(project: Project) -> Project:
    """Let jobs note in the folder ``traces`` what they execute."""
    traces = project.folder / "traces"
    traces.mkdir()
    tracing = Path(__file__).parent / "tracing"
    project.environment = {"PYTHONPATH": str(tracing), "LANGNEURONS_TRACES": str(traces)}
    return project


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The whole project with everything made. Tests may plan changes, not leave any."""
    project = _traced(whole_project(tmp_path_factory.mktemp("finished")))
    project.run()
    project.environment = {}
    return project


@pytest.fixture(scope="session")
def rest(tmp_path_factory) -> Project:
    """A project in which the rules were run that the whole one does without."""
    project = _traced(Project(tmp_path_factory.mktemp("rest")))
    project.write_config(REST_CONFIG)
    write_counts(project.folder / "counts")
    project.run(*REST_TARGETS)
    shrink_demo_training(project.folder / "config/train_demo.yaml")
    project.run("train_demo", "train_demo_translation")
    return project


@pytest.fixture
def fresh(tmp_path) -> Project:
    """The tiny project with nothing made yet."""
    return tiny_project(tmp_path / "project")
