"""The public data sets that lie beside the repository on the developers' machines."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"


def shared(name: str) -> Path:
    """Return the folder of a data set; skip the test where it is not there."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"needs the data set {name} in ../shared/data, which is not there")
    return folder
