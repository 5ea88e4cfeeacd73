"""Modes of steering: what each does to raised neurons, and which cells it has."""

import copy

import pandas as pd
import pytest
import torch
from deactivation_cases import LANGUAGES, tiny_case
from test_steering import (
    ENGLISH_ONLY,
    GERMAN,
    PARAMETERS,
    masks_of,
    run,
    tokens_of_responses,
)
from torch import nn

from langneurons.activations.values import language_activation_values
from langneurons.artifacts.tables import write_table
from langneurons.interventions import steering_bench
from langneurons.interventions.matching import Controls
from langneurons.interventions.schemas import MODES
from langneurons.interventions.steering import steer
from langneurons.interventions.steering_bench import SteeringBench
from langneurons.interventions.steering_cells import cells_of
from langneurons.models.edits import OPERATIONS
from langneurons.models.likelihood import Likelihood
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import find_mlps
from langneurons.responses.schemas import TOKENS

pytestmark = pytest.mark.usefixtures("one_thread")

FACTOR = 9.0
ALL = {**PARAMETERS, "modes": ["set", "add", "scale"], "factors": [FACTOR]}


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Arguments of `steer` but for the output and the parameters."""
    folder = tmp_path_factory.mktemp("case")
    write_table(tokens_of_responses(), folder / "tokens", TOKENS)
    return {**tiny_case(folder), "tokens_path": folder / "tokens"}


@pytest.fixture(scope="module")
def tables(case, tmp_path_factory):
    return run(case, tmp_path_factory.mktemp("whole"), parameters=ALL)


class _Reference(nn.Module):
    """An activation function with the steering written out, number by number."""

    def __init__(self, activation, lowered, raised):
        super().__init__()
        self.activation, self.lowered, self.raised = activation, lowered, raised

    def forward(self, x):
        columns = list(self.activation(x).unbind(-1))
        for neuron in self.lowered:
            columns[neuron] = torch.zeros_like(columns[neuron])
        for neuron, change in self.raised.items():
            columns[neuron] = change(columns[neuron])
        return torch.stack(columns, dim=-1)


def steered(model, mode):
    """A copy of the model that raises the German neurons, and lacks the English ones."""
    mlps = find_mlps(model)
    places = {layer: [neuron for i, neuron in GERMAN if i == layer] for layer in range(2)}
    neurons = {layer: torch.tensor(chosen) for layer, chosen in places.items()}
    values = language_activation_values(model, mlps, tokens_of_responses()[1:], neurons)
    changes = {
        "set": lambda value: lambda a: torch.full_like(a, FACTOR * value),
        "add": lambda value: lambda a: a + FACTOR * value,
        "scale": lambda _: lambda a: FACTOR * a,
    }
    edited = copy.deepcopy(model)
    for layer, mlp in enumerate(find_mlps(edited)):
        lowered = [neuron for i, neuron in ENGLISH_ONLY if i == layer]
        named = zip(places[layer], values[layer].tolist(), strict=True)
        raised = {neuron: changes[mode](value) for neuron, value in named}
        parent, name = next(
            (module, name)
            for module in edited.modules()
            for name, child in module.named_children()
            if child is mlp.activation
        )
        setattr(parent, name, _Reference(mlp.activation, lowered, raised))
    return edited


@pytest.mark.parametrize("mode", MODES)
def test_answers_are_those_of_the_steering_written_out(case, tables, mode):
    model, tokenizer = load_model(case["spec"]), load_tokenizer(case["spec"])
    prompt = torch.tensor([tokenizer("how many ")["input_ids"]])
    settings = {"max_new_tokens": 4, "do_sample": False, "pad_token_id": 0}
    new = steered(model, mode).generate(prompt, **settings)[0, prompt.shape[1] :].tolist()
    _, problems = tables
    chosen = problems[(problems["mode"] == mode) & (problems["intervention"] == "steered")]
    row = chosen[(chosen["source"] == "en") & (chosen["problem"] == "p0")].iloc[0]
    # The unchanged model judges the answer by itself.
    tokens = pd.DataFrame({"prompt_tokens": [[]], "response_tokens": [new]})
    assert row["nll"] == pytest.approx(Likelihood(model, tokens, 100).mean_nll()[0], rel=1e-5)


def test_modes_differ(tables):
    table, problems = tables
    nll = problems[problems["intervention"] == "steered"].groupby("mode")["nll"].apply(tuple)
    assert len(set(nll)) == len(nll) == 3
    assert table["mode"].isna().tolist() == [True] * 2 + [False] * 12
    # By intervention and pair, then mode.
    assert table["mode"].dropna().tolist() == ["set", "add", "scale"] * 4


def test_each_mode_has_every_factor_with_the_same_neurons():
    doses = [("set", 1.0), ("add", 1.0), ("add", 2.0)]
    masks = masks_of([[0, 0], [1, 2]], [[0, 3]])
    cells = cells_of(masks, ["en", "de"], 1, doses, Controls(masks["en"] | masks["de"]))
    # Two without an intervention; two pairs, each in three ways with a control.
    assert [(cell.mode, cell.factor) for cell in cells] == [(None, None)] * 2 + [
        dose for dose in doses for _ in range(2)
    ] * 2
    for pair in (cells[2:8], cells[8:]):
        for kind in (pair[::2], pair[1::2]):
            assert len({cell.lowered.tobytes() + cell.raised.tobytes() for cell in kind}) == 1


def test_modes_are_operations_on_activations():
    assert set(MODES) == set(OPERATIONS)


def test_another_mode_leaves_finished_cells_as_they_are(case, tmp_path, monkeypatch):
    rows, measured = SteeringBench.rows, []

    def noted(self, cell):
        measured.append((cell.intervention, cell.source, cell.mode))
        return rows(self, cell)

    monkeypatch.setattr(SteeringBench, "rows", noted)
    output = tmp_path / "out" / "a"
    steer(parameters=PARAMETERS, output=output, **case)
    assert len(measured) == 6  # two plain cells, two pairs and their controls
    del measured[:]
    steer(parameters={**PARAMETERS, "modes": ["add", "set"]}, output=output, **case)
    kinds = ("steered", "control")
    assert measured == [(kind, source, "add") for source in ("de", "en") for kind in kinds]


def test_no_text_is_read_for_neurons_that_are_multiplied(case, tmp_path, monkeypatch):
    def refused(*_):
        raise AssertionError("activations were collected")

    monkeypatch.setattr(steering_bench, "language_activation_values", refused)
    steer(parameters={**ALL, "modes": ["scale"]}, output=tmp_path / "out" / "a", **case)
    with pytest.raises(AssertionError):
        steer(parameters={**ALL, "modes": ["add"]}, output=tmp_path / "out" / "a", **case)


def test_multiplied_by_one_is_switched_off_only(case, tmp_path):
    """Factor 1 in mode ``scale`` raises nothing: an empty steering for comparison."""
    one = {**PARAMETERS, "modes": ["scale"], "factors": [1.0], "control_seeds": 0}
    _, problems = run(case, tmp_path, parameters=one)
    chosen = problems[problems["intervention"] == "steered"]
    # German's neurons are English too, so that none is switched off on the way to English.
    german = problems[(problems["source"] == "de") & (problems["intervention"] == "none")]
    same = chosen.loc[chosen["source"] == "de", "nll"].to_numpy()
    assert same == pytest.approx(german["nll"].to_numpy(), rel=1e-6)
    assert set(LANGUAGES) == set(chosen["source"])
