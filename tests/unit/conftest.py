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
