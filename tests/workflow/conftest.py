"""Workflows that tests share: running everything takes some minutes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock
from loaded_snakemake import start
from project import (
    METHODS_CONFIG,
    METHODS_TARGETS,
    REST_CONFIG,
    REST_TARGETS,
    Project,
    shrink_demo_training,
    tiny_project,
    whole_project,
    write_counts,
)

from langneurons.preloaded import VARIABLE, address

TRACING = Path(__file__).parent / "tracing"


def _trace(project: Project, preloaded: str) -> None:
    """Let jobs note in the folder ``traces`` what they execute."""
    traces = project.folder / "traces"
    traces.mkdir()
    project.environment = {
        "PYTHONPATH": str(TRACING),
        "LANGNEURONS_TRACES": str(traces),
        VARIABLE: preloaded,
    }


@contextmanager
def _preloaded_process(environment: Mapping[str, str]) -> Iterator[str]:
    """Start a process that starts jobs faster, see tracing/traced_jobs.py."""
    process, path = start(TRACING / "traced_jobs.py", environment)
    yield address(path)
    process.stdin.close()
    process.wait()


@pytest.fixture(scope="session")
def preloaded() -> Iterator[str]:
    """Where the process listens from which the jobs of most projects start."""
    with _preloaded_process({}) as listening:
        yield listening


@pytest.fixture(scope="session")
def quickly(preloaded) -> Callable[[Project], None]:
    """Lets a project's jobs start faster, for tests that only look at what they made."""
    return partial(_trace, preloaded=preloaded)


#: What results must not depend on: the order of sets, the encoding of files unless it is named,
#: the time zone.
OTHER_PROCESS = {
    "PYTHONHASHSEED": "7", "PYTHONUTF8": "0", "LC_ALL": "C", "TZ": "Pacific/Auckland",
}  # fmt: skip


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> Iterator[Project]:
    """The whole project, nothing made yet; its jobs run in another environment."""
    project = whole_project(tmp_path_factory.mktemp("again"))
    with _preloaded_process(OTHER_PROCESS) as listening:
        _trace(project, listening)
        project.environment |= OTHER_PROCESS
        yield project


@pytest.fixture(scope="session")
def finished(tmp_path_factory, request) -> Project:
    """The whole project with everything made. Tests may plan changes, not leave any.

    Whichever process of pytest-xdist asks first makes it; the others wait for it.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "finished"
    with FileLock(f"{folder}.lock"):
        if folder.exists():
            return Project(folder, made=True)
        partial = folder.with_name("partial")
        project = whole_project(partial)
        _trace(project, request.getfixturevalue("preloaded"))
        project.run()
        partial.rename(folder)
    return Project(folder, made=True)


@pytest.fixture(scope="session")
def rest(tmp_path_factory, preloaded) -> Project:
    """A project in which the rules were run that the whole one does without."""
    from tiny_gguf import write_tiny_gguf

    project = Project(tmp_path_factory.mktemp("rest"))
    _trace(project, preloaded)
    project.write_config(REST_CONFIG)
    write_counts(project.folder / "counts")
    (project.folder / "weights").mkdir()
    write_tiny_gguf(project.folder / "weights/tiny.gguf")
    project.run(*REST_TARGETS)
    shrink_demo_training(project.folder / "config/train_demo.yaml")
    project.run("train_demo", "train_demo_translation")
    return project


@pytest.fixture(scope="session")
def methods(tmp_path_factory, preloaded) -> Project:
    """A project in which neurons were typed by methods that read other statistics."""
    project = Project(tmp_path_factory.mktemp("methods"))
    _trace(project, preloaded)
    project.write_config(METHODS_CONFIG)
    project.run(*METHODS_TARGETS)
    return project


@pytest.fixture
def fresh(tmp_path, quickly) -> Project:
    """The tiny project with nothing made yet."""
    project = tiny_project(tmp_path / "project")
    quickly(project)
    return project
