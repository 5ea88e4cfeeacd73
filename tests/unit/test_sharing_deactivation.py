"""Neurons of a class switched off: which ones, what is measured, and what is made of it."""

import numpy as np
import pandas as pd
import pytest
import torch
from sharing_cases import LANGUAGES, deactivation
from tiny_models import LAYERS, save_tiny_model

from langneurons.artifacts.tables import read_table, write_table
from langneurons.errors import InputError
from langneurons.models.cards import write_card
from langneurons.models.edits import intervening, zeroing
from langneurons.models.loading import load_model
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS
from langneurons.sharing.cells import cells_of, drawn_from
from langneurons.sharing.changes import changes_of_classes, losses_of_classes
from langneurons.sharing.classes import CLASSES
from langneurons.sharing.deactivation import (
    deactivate_classes,
    merge_class_deactivation,
    sets_of_classes,
)
from langneurons.sharing.schemas import CLASS_DEACTIVATION, EQUAL, SHARING_NEURONS, WHOLE

WIDTH = 24


def sets(numbers, width=40):
    """Sets of so many neurons by class and layer, from the left; no two share a neuron."""
    found, start = {}, np.zeros(len(numbers[0]), dtype=int)
    for name, row in zip(CLASSES, numbers, strict=True):
        found[name] = np.zeros((len(row), width), dtype=bool)
        for layer, number in enumerate(row):
            found[name][layer, start[layer] : start[layer] + number] = True
        start += row
    return found


def test_classes_are_switched_off_whole_and_as_many_of_each():
    chosen = sets([(12, 4), (20, 30), (0, 4), (0, 0)])
    cells = cells_of(chosen, 3)
    keys = [(cell.name, cell.size, cell.control, cell.seed) for cell in cells]
    assert keys[0] == (None, None, False, None)
    assert not cells[0].neurons.any()
    assert len(set(keys)) == len(keys) == 1 + 3 * (1 + 3) + 3 * (3 + 3)
    assert "non-activated" not in {cell.name for cell in cells}  # no neuron is most often that
    for cell in cells[1:]:
        assert cell.neurons.sum() == (4 if cell.size == EQUAL else chosen[cell.name].sum())
        if not cell.control:
            assert not (cell.neurons & ~chosen[cell.name]).any()
    own = dict(zip(keys, cells, strict=True))
    for name, size, control, seed in keys[1:]:
        if control:
            like = own[name, size, False, None if size == WHOLE else seed]
            random = own[name, size, True, seed]
            assert (random.neurons.sum(axis=1) == like.neurons.sum(axis=1)).all()
    # In proportion to the layers: 12 and 4 of 16 give 3 and 1 of 4.
    assert own["all-shared", EQUAL, False, 0].neurons.sum(axis=1).tolist() == [3, 1]
    draws = [own["partial-shared", EQUAL, False, seed].neurons for seed in range(3)]
    assert not (draws[0] == draws[1]).all()
    again = cells_of(chosen, 3)
    assert all((a.neurons == b.neurons).all() for a, b in zip(cells, again, strict=True))


def test_controls_are_of_all_neurons_of_a_layer():
    chosen = sets([(30, 30), (10, 10), (0, 0), (0, 0)])
    inside = [
        (cell.neurons & chosen["all-shared"]).sum() / cell.neurons.sum()
        for cell in cells_of(chosen, 50)
        if cell.control and cell.name == "all-shared" and cell.size == WHOLE
    ]
    assert np.mean(inside) == pytest.approx(30 / 40, abs=0.03)  # as of the layers


@pytest.mark.parametrize("number", [1, 5, 11, 23])
def test_what_is_left_by_rounding_goes_to_the_largest_remainders(number):
    neurons = sets([(7, 0, 13, 3), (0,) * 4, (0,) * 4, (0,) * 4])["all-shared"]
    drawn = drawn_from(neurons, number, np.random.default_rng(0))
    assert drawn.sum() == number
    assert not (drawn & ~neurons).any()
    quotas = np.array([7, 0, 13, 3]) * number / 23
    assert (np.abs(drawn.sum(axis=1) - quotas) < 1).all()


@pytest.fixture
def case(tmp_path):
    """Arguments of `deactivate_classes` on a tiny model; classes by thirds of each layer."""
    save_tiny_model(tmp_path / "model", "llama")
    spec = ModelSpec(str(tmp_path / "model"), device="cpu")
    write_card(spec, tmp_path / "card")
    kinds = ["all-shared"] * 8 + ["partial-shared"] * 12 + ["specific"] * 4
    rows = [
        (layer, j, 0.4, 0.3, 0.2, 0.1, 1.0, None, kinds[j], [], None)
        for layer in range(LAYERS)
        for j in range(WIDTH)
    ]
    table = pd.DataFrame(rows, columns=SHARING_NEURONS.names).astype({"effective": float})
    write_table(table, tmp_path / "neurons", SHARING_NEURONS)
    generator = np.random.default_rng(0)
    texts = [
        (f"p{i}", k, 0, [1], generator.integers(3, 250, 5).tolist())
        for i in range(3)
        for k in LANGUAGES
    ]
    write_table(pd.DataFrame(texts, columns=TOKENS.names), tmp_path / "tokens", TOKENS)
    return {
        "spec": spec,
        "card_path": tmp_path / "card",
        "neurons_path": tmp_path / "neurons",
        "tokens_path": tmp_path / "tokens",
        "languages": LANGUAGES,
        "parameters": {"texts": "texts", "problems": 2, "control_seeds": 1},
        "progress": False,
    }


def test_losses_are_those_with_the_neurons_off(case, tmp_path):
    parts = [tmp_path / "shares" / f"{i}.parquet" for i in (1, 2)]
    parts[0].parent.mkdir()
    for index, part in enumerate(parts, start=1):
        deactivate_classes(**case, output=part, share=(index, 2))
    merged = tmp_path / "merged.parquet"
    merge_class_deactivation(parts, merged, LANGUAGES)
    assert not (parts[0].parent / "cells").exists()
    table = read_table(merged, CLASS_DEACTIVATION)
    assert table["class"].isna().tolist()[:6] == [True] * 6  # nothing off comes first
    assert set(table["problem"]) == {"p0", "p1"}
    model = load_model(case["spec"])
    mlps, chosen = find_mlps(model), sets_of_classes(case["neurons_path"], (LAYERS, WIDTH))
    tokens = read_table(case["tokens_path"], TOKENS).set_index(["problem", "language"])
    own = table[~table["control"] & (table["size"].isna() | (table["size"] == WHOLE))]
    assert len(own) == 4 * 2 * 3
    for row in own.to_dict("records"):
        text = tokens.loc[(row["problem"], row["target"])]
        ids = torch.tensor([[*text["prompt_tokens"], *text["response_tokens"]]])
        off = chosen.get(row["class"], np.zeros((LAYERS, WIDTH), dtype=bool))
        assert row["neurons"] == off.sum()
        with intervening(mlps, zeroing(off)), torch.inference_mode():
            logits = model(ids).logits[0, :-1].double()
        expected = torch.nn.functional.cross_entropy(logits, ids[0, 1:].long())
        assert row["nll"] == pytest.approx(float(expected), rel=1e-5)


def test_neurons_of_another_model_are_refused_before_it_is_loaded(case, tmp_path):
    rows = read_table(case["neurons_path"], SHARING_NEURONS)
    write_table(rows.iloc[:-1], case["neurons_path"], SHARING_NEURONS)
    case["spec"] = ModelSpec(str(tmp_path / "no model here"))
    with pytest.raises(InputError, match="47 neurons of another model, expected 2 layers of 24"):
        deactivate_classes(**case, output=tmp_path / "out")


def test_texts_that_are_not_parallel_are_refused_before_it_is_loaded(case, tmp_path):
    rows = read_table(case["tokens_path"], TOKENS)
    write_table(rows.iloc[1:], case["tokens_path"], TOKENS)
    case["spec"] = ModelSpec(str(tmp_path / "no model here"))
    with pytest.raises(InputError, match=r"tokens: problem 'p0' has no text in en"):
        deactivate_classes(**case, output=tmp_path / "out")


def test_changes_are_paired_over_problems():
    table = deactivation({"all-shared": 2.0, "specific": 0.5}, control=0.25, problems=10)
    losses = losses_of_classes(table, LANGUAGES)
    assert set(losses) == {
        (size, name, control)
        for size in (WHOLE, EQUAL)
        for name in ("all-shared", "specific")
        for control in (False, True)
    }
    number, risen = losses[EQUAL, "all-shared", False]
    noise = 0.01 * np.array([(-1) ** i for i in range(10)])
    assert number == 7
    np.testing.assert_allclose(risen, [2 * np.array([0.5, 1, 1.5]) + one for one in noise])
    found = changes_of_classes(table, LANGUAGES, 400, 0)
    assert len(found) == 2 * 2 * 2 * 4
    rows = found[(found["size"] == WHOLE) & (found["class"] == "specific")]
    own = rows[~rows["control"]].set_index(rows[~rows["control"]]["target"].fillna("mean"))
    assert own["change"].to_dict() == pytest.approx(
        {"en": 0.25, "de": 0.5, "sw": 0.75, "mean": 0.5}
    )
    assert own.loc["mean", "less_control"] == pytest.approx(0.25)
    # The mean of ten problems that are 0.01 off: sd 0.01 / √10 of the draws, and t(9) = 2.262.
    half = (own["change_high"] - own["change_low"]).iloc[0] / 2
    assert half == pytest.approx(2.262 * 0.01 / np.sqrt(10), rel=0.15)
    assert rows.loc[rows["control"], "less_control"].isna().all()


def test_few_problems_have_no_intervals():
    found = changes_of_classes(deactivation({"specific": 1.0}, problems=9), LANGUAGES, 50, 0)
    assert found["change"].notna().all()
    assert found["change_low"].isna().all()
