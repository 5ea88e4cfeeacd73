"""A run that is killed and started again ends in the same data."""

import os
import signal
import time

import pandas as pd
import pytest


@pytest.mark.parametrize("stage", ["responses/base/sums", "activations/base/sums"])
def test_a_killed_run_resumed_gives_the_same_data(finished, fresh, stage):
    process = fresh.start()
    log = fresh.folder / f"results/logs/{stage}/1-of-1.log"
    deadline = time.monotonic() + 300
    while not log.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert log.exists(), "the job that is to be killed never started"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (fresh.folder / f"results/{stage}.parquet").exists()

    fresh.run("--unlock")
    fresh.run("neurons")
    for path in ("activations/base/sums", "neurons/base/sums/ternary"):
        expected = pd.read_parquet(finished.folder / f"results/{path}.parquet")
        pd.testing.assert_frame_equal(
            pd.read_parquet(fresh.folder / f"results/{path}.parquet"), expected
        )
