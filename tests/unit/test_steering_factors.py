"""Steering at several factors: the same neurons at each, values read once, cells kept by factor."""

import numpy as np
import pandas as pd
import pytest
from deactivation_cases import tiny_case
from experiment_cases import experiment, selection
from test_steering import PARAMETERS, masks_of, tokens_of_responses

from langneurons.artifacts.tables import write_table
from langneurons.interventions import steering_bench
from langneurons.interventions.matching import Controls
from langneurons.interventions.steering import steer
from langneurons.interventions.steering_bench import SteeringBench
from langneurons.interventions.steering_cells import cells_of
from langneurons.interventions.steering_summary import first_answers
from langneurons.responses.schemas import TOKENS

TWO = {**PARAMETERS, "factors": [2.0, 9.0]}


@pytest.fixture
def case(tmp_path):
    """Arguments of `steer` but for the parameters."""
    write_table(tokens_of_responses(), tmp_path / "tokens", TOKENS)
    folder = tmp_path / "out"
    return {**tiny_case(tmp_path), "tokens_path": tmp_path / "tokens", "output": folder / "a"}


@pytest.fixture
def measured(monkeypatch):
    """The cells that were measured so far."""
    rows, cells = SteeringBench.rows, []

    def noted(self, cell):
        cells.append((cell.intervention, cell.source, cell.factor))
        return rows(self, cell)

    monkeypatch.setattr(SteeringBench, "rows", noted)
    return cells


@pytest.mark.parametrize(("factor", "factors"), [(2, [2.0]), ([1, 2.5], [1.0, 2.5])])
def test_one_factor_or_a_list(factor, factors):
    one = experiment(steering={"factor": factor})
    assert one.settings("steer")(selection())["parameters"]["factors"] == factors


def test_neurons_and_controls_are_the_same_at_every_factor():
    masks = masks_of([[0, 0], [1, 2]], [[0, 3], [1, 4]])
    doses = [("set", 1.0), ("set", 3.0)]
    cells = cells_of(masks, ["en", "de"], 2, doses, Controls(masks["en"] | masks["de"]))
    # Each of two languages without an intervention; each of two pairs, and its two controls.
    assert [cell.factor for cell in cells] == [None] * 2 + ([1.0] * 3 + [3.0] * 3) * 2
    for first in (2, 8):
        for cell, other in zip(cells[first : first + 3], cells[first + 3 : first + 6], strict=True):
            names = ("intervention", "control_seed", "source", "target")
            assert [getattr(cell, name) == getattr(other, name) for name in names] == [True] * 4
            np.testing.assert_array_equal(cell.lowered, other.lowered)
            np.testing.assert_array_equal(cell.raised, other.raised)


@pytest.mark.usefixtures("one_thread")
def test_activations_are_read_once_for_all_factors(case, monkeypatch):
    read, languages = steering_bench.language_activation_values, []

    def counted(model, mlps, tokens, *arguments):
        languages.extend(tokens["language"].unique())
        return read(model, mlps, tokens, *arguments)

    monkeypatch.setattr(steering_bench, "language_activation_values", counted)
    steer(parameters=TWO, **case)
    assert languages == ["en", "de"]


@pytest.mark.usefixtures("one_thread")
def test_another_factor_leaves_finished_cells_as_they_are(case, measured):
    steer(parameters=PARAMETERS, **case)
    assert len(measured) == 6  # two plain cells, two pairs and their controls
    del measured[:]
    steer(parameters=TWO, **case)
    assert measured == [
        (kind, source, 9.0) for source in ("de", "en") for kind in ("steered", "control")
    ]


def rows_of(intervention, source, target, responses, factor=None, seed=None):
    """Rows of `STEERING_PROBLEMS`: the answers to two problems, as far as they are shown."""
    rows = pd.DataFrame({"problem": ["9", "10"], "response": responses})
    return rows.assign(
        intervention=intervention, source=source, target=target, mode=factor and "set",
        factor=factor, control_seed=seed, response_language="en", repetition=0.5,
    )  # fmt: skip


def test_answers_to_the_first_problem_are_on_one_line_each():
    problems = [
        rows_of("none", "sw", None, ["plain", "not shown"]),
        rows_of("none", "en", None, ["one\r\ntwo\rthree\nfour", "not shown"]),
        rows_of("steered", "sw", "en", ["", "not shown"], 1.0),
        rows_of("steered", "sw", "en", ["at two", "not shown"], 2.0),
        rows_of("steered", "sw", "de", [None, None], 1.0),  # German has no neurons
        rows_of("control", "sw", "en", ["drawn", "not shown"], 1.0, 0),
        rows_of("control", "sw", "en", ["drawn again", "not shown"], 1.0, 1),
    ]
    # 10 is asked after 9, although its digits sort before.
    corpus = pd.DataFrame(
        {"problem": ["9", "10"] * 2, "language": ["sw", "sw", "en", "en"],
         "question": ["swali\n?", "no", "a\nquestion", "no"]}
    )  # fmt: skip
    shown = first_answers(pd.concat(problems), corpus, ["sw", "en"])
    assert shown["source"].tolist() == ["sw"] * 4 + ["en"]
    assert shown["response"].tolist() == ["plain", "", "at two", "drawn", "one⏎two⏎three⏎four"]
    assert shown["question"].tolist() == ["swali⏎?"] * 4 + ["a⏎question"]
    assert set(shown["problem"]) == {"9"}
