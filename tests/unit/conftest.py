"""Fixtures that unit tests share."""

import pytest


@pytest.fixture(scope="module")
def one_thread():
    """Spare tiny models the cost of waking up threads."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def deactivation_case(tmp_path_factory):
    """Arguments of `deactivate` except for the output and the parameters."""
    from deactivation_cases import tiny_case

    return tiny_case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="session")
def deactivation_tables(deactivation_case, tmp_path_factory):
    """Deactivation's tables of that case, from one run without interruption."""
    from deactivation_cases import run

    return run(deactivation_case, tmp_path_factory.mktemp("whole"))
