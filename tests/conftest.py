"""How tests share the machine: which of them run in one process, one after the other."""

import os

import pytest

# The processes of pytest-xdist share the cores. Jobs of a workflow set their own number of threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep tests of the finished workflow in one process, and those of each file."""
    group = "finished" if _uses_finished(item) else item.nodeid.partition("::")[0]
    item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the finished workflow, since running it takes minutes."""
    items.sort(key=lambda item: not _uses_finished(item))


def _uses_finished(item: pytest.Item) -> bool:
    return "finished" in getattr(item, "fixturenames", ())
