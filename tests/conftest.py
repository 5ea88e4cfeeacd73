"""How tests share the machine: which of them run in one process, one after the other."""

import os

import pytest

# The processes of pytest-xdist share the cores. Jobs of a workflow set their own number of threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

#: Only reads what the finished workflow has made, so it may run beside the tests that edit it.
AGAIN = "tests/workflow/test_again.py"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep tests of the finished workflow in one process, and those of each file."""
    item.add_marker(pytest.mark.xdist_group(_group(item)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes minutes: the finished workflow, and the second one beside it."""
    first = ["finished", AGAIN]
    items.sort(key=lambda item: first.index(_group(item)) if _group(item) in first else len(first))


def _group(item: pytest.Item) -> str:
    file = item.nodeid.partition("::")[0]
    uses = "finished" in getattr(item, "fixturenames", ())
    return "finished" if uses and file != AGAIN else file
