"""Workflows that tests share: running one takes about a minute."""

import pytest
from project import Project, tiny_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The tiny project with everything made. Tests may plan changes, not leave any."""
    project = tiny_project(tmp_path_factory.mktemp("finished"))
    project.run()
    return project


@pytest.fixture
def fresh(tmp_path) -> Project:
    """The tiny project with nothing made yet."""
    return tiny_project(tmp_path / "project")
