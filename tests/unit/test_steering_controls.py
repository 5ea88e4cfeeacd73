"""Random controls of steering: whose neurons they never are, and what they are matched on."""

import numpy as np
import pandas as pd
import pytest
from deactivation_cases import LANGUAGES, D, L, tiny_case
from test_random_controls import write_probabilities
from test_steering import PARAMETERS, masks_of, run, tokens_of_responses

from langneurons.artifacts.tables import read_provenance, write_table
from langneurons.interventions.matching import Controls
from langneurons.interventions.steering_cells import cells_of
from langneurons.neurons.controls import activity_of
from langneurons.responses.schemas import TOKENS


def test_controls_are_of_no_language_steered_or_not():
    masks = masks_of([[0, 0], [1, 2]], [[0, 3], [0, 4], [1, 4]])
    masks["sw"] = np.zeros((L, D), dtype=bool)
    masks["sw"][:, 5:16] = True
    random = np.random.default_rng(0).random((2, L, D))
    for activity in (None, activity_of(*random)):
        controls = Controls(np.any(list(masks.values()), axis=0), activity)
        cells = cells_of(masks, LANGUAGES, 3, [("set", 1.0)], controls)
        drawn = [cell for cell in cells if cell.intervention == "control"]
        assert len(drawn) == 2 * 3
        for cell in drawn:
            both = cell.lowered | cell.raised
            assert not (cell.lowered & cell.raised).any()
            assert not any((both & mask).any() for mask in masks.values())
            assert both.sum(axis=1).tolist() == [3, 2]
        # Lowered and raised neurons are matched apart.
        assert [one["set"] for one in controls.drawn] == ["raised", "lowered"] * 6
        assert controls.drawn[-1]["language"] == "en to de"


@pytest.mark.usefixtures("one_thread")
def test_steering_with_controls_by_activity(tmp_path):
    write_table(tokens_of_responses(), tmp_path / "tokens", TOKENS)
    case = {**tiny_case(tmp_path), "tokens_path": tmp_path / "tokens"}
    write_probabilities(tmp_path / "p", L, D)
    by_activity = {**PARAMETERS, "control": "activity"}
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    by_layer, _ = run(case, tmp_path / "a")
    table, _ = run(case, tmp_path / "b", 2, by_activity, probabilities_path=tmp_path / "p")
    plain = table["intervention"] != "control"
    pd.testing.assert_frame_equal(table[plain], by_layer[plain])
    records = pd.DataFrame(read_provenance(tmp_path / "b/answers")["controls"])
    # The German neurons are English too: both are raised once, English ones lowered once.
    assert records["set"].tolist() == ["raised", "raised", "lowered"]
    assert records[["peak_probability", "down_norm"]].notna().all(axis=None)
