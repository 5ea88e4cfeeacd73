"""Steering of a tiny model: what is changed, what is measured, and shares worked by hand."""

import numpy as np
import pandas as pd
import pytest
import torch
from deactivation_cases import LANGUAGES, D, L, tiny_case, write_neurons

from langneurons.activations.values import language_activation_values
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.interventions.matching import Controls
from langneurons.interventions.merging import merge_steering
from langneurons.interventions.schemas import STEERING, STEERING_PROBLEMS
from langneurons.interventions.steering import steer
from langneurons.interventions.steering_bench import SteeringBench, repetition
from langneurons.interventions.steering_cells import cells_of
from langneurons.interventions.steering_summary import summarise, summarise_steering
from langneurons.models.edits import Edit, intervening
from langneurons.models.likelihood import Likelihood
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import find_mlps
from langneurons.responses.language import WORDLESS
from langneurons.responses.schemas import TOKENS

PARAMETERS = {
    "languages": LANGUAGES,
    "set": "specific+related+general",
    "raise_to": "mean",
    "modes": ["set"],
    "factors": [2.0],
    "problems": 2,
    "control": "layer",
    "control_seeds": 1,
    "max_new_tokens": 4,
}
#: The German neurons (0, 3), (0, 5), (1, 4), (1, 9) are English too, which has three of its own.
ENGLISH_ONLY = [[0, 0], [0, 1], [1, 2]]
GERMAN = [[0, 3], [0, 5], [1, 4], [1, 9]]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Arguments of `steer` but for the output and the parameters."""
    folder = tmp_path_factory.mktemp("case")
    write_table(tokens_of_responses(), folder / "tokens", TOKENS)
    return {**tiny_case(folder), "tokens_path": folder / "tokens"}


def tokens_of_responses():
    rows = pd.DataFrame({"problem": ["p0", "p0"], "language": LANGUAGES, "sample": 0})
    rows["prompt_tokens"] = [[1, 40], [1, 41]]
    rows["response_tokens"] = [[60, 61, 62], [70, 71]]
    return rows


def run(case, folder, shares=1, parameters=PARAMETERS, **changes):
    """All shares, merged: the summary and the answers."""
    paths = [folder / f"{index}-of-{shares}.parquet" for index in range(1, shares + 1)]
    for index, path in enumerate(paths, start=1):
        arguments = {**case, "parameters": parameters, "share": (index, shares), **changes}
        steer(output=path, **arguments)
    names = ("table", "problems", "doses", "csv", "answers")
    outputs = {name: folder / f"{name}.out" for name in names}
    merge_steering(paths, folder / "answers", parameters["languages"])
    bootstrap = {"replicates": 20, "seed": 0}
    summarise_steering(
        folder / "answers", case["corpus_path"], outputs, case["languages"],
        parameters["languages"], "en", bootstrap, 0.2,
    )  # fmt: skip
    return read_table(outputs["table"], STEERING), read_table(
        outputs["problems"], STEERING_PROBLEMS
    )


@pytest.fixture(scope="module")
def tables(case, tmp_path_factory):
    return run(case, tmp_path_factory.mktemp("whole"))


def masks_of(english, german):
    masks = {name: np.zeros((L, D), dtype=bool) for name in LANGUAGES}
    for name, places in (("en", english), ("de", german)):
        masks[name][tuple(np.array(places, dtype=int).reshape(-1, 2).T)] = True
    return masks


def test_neurons_of_both_languages_are_raised_not_switched_off():
    masks = masks_of([*ENGLISH_ONLY, *GERMAN], GERMAN)
    cells = cells_of(masks, LANGUAGES, 2, [("set", 1.0)], Controls(masks["en"] | masks["de"]))
    names = [(cell.intervention, cell.control_seed, cell.source, cell.target) for cell in cells]
    pairs = [("de", "en"), ("en", "de")]
    expected = [("none", None, name, None) for name in LANGUAGES]
    for pair in pairs:
        expected += [("steered", None, *pair), ("control", 0, *pair), ("control", 1, *pair)]
    assert names == expected
    steered, drawn, other = cells[-3:]
    assert np.argwhere(steered.lowered).tolist() == ENGLISH_ONLY
    assert np.argwhere(steered.raised).tolist() == GERMAN
    for control in (drawn, other):
        assert control.lowered.sum(axis=1).tolist() == [2, 1]
        assert control.raised.sum(axis=1).tolist() == [2, 2]
        assert not (control.lowered & control.raised).any()
        assert not ((control.lowered | control.raised) & (steered.lowered | steered.raised)).any()
    assert (drawn.raised != other.raised).any()


def test_a_pair_without_neurons_is_not_measured(case, tmp_path):
    others = {(0, 0): ("specific", ["en"])}
    write_neurons(tmp_path / "neurons", typed=others)
    table, problems = run(case, tmp_path, neurons_path=tmp_path / "neurons")
    assert table["n"].tolist() == [2, 2, 0, 0, 0, 0]  # none, steered, control; each of two pairs
    bare = table[table["n"] == 0]
    assert bare[["in_target", "nll", "nll_change", "unfinished"]].isna().all(axis=None)
    assert problems.loc[problems["intervention"] != "none", "response"].isna().all()


def test_answers_are_those_under_the_edits(case, tables):
    _, problems = tables
    model, tokenizer = load_model(case["spec"]), load_tokenizer(case["spec"])
    mlps = find_mlps(model)
    neurons = {0: torch.tensor([3, 5]), 1: torch.tensor([4, 9])}
    german = tokens_of_responses()[1:]
    values = language_activation_values(model, mlps, german, neurons)
    off = [Edit(0, torch.tensor([0, 1])), Edit(1, torch.tensor([2]))]
    up = [Edit(layer, chosen, "set", 2 * values[layer]) for layer, chosen in neurons.items()]
    prompt = torch.tensor([tokenizer("how many ")["input_ids"]])
    settings = {"max_new_tokens": 4, "do_sample": False, "pad_token_id": 0}

    def answer():
        return model.generate(prompt, **settings)[0, prompt.shape[1] :].tolist()

    plain = answer()
    with intervening(mlps, [*off, *up]):
        changed = answer()
    assert changed != plain
    english = problems[(problems["source"] == "en") & (problems["problem"] == "p0")]
    for kind, new in (("none", plain), ("steered", changed)):
        row = english[english["intervention"] == kind].iloc[0]
        assert row["tokens"] == len(new) == 4
        # Fluency is that of the answer alone; this tokenizer puts nothing before a text.
        tokens = pd.DataFrame({"prompt_tokens": [[]], "response_tokens": [new]})
        expected = Likelihood(model, tokens, 100).mean_nll()[0]
        assert row["nll"] == pytest.approx(expected, rel=1e-5)
        assert row["unfinished"]


def test_a_single_neuron_is_raised(case, tmp_path):
    places = {(0, 0): ("specific", ["en"]), (1, 7): ("specific", ["de"])}
    write_neurons(tmp_path / "neurons", typed=places)
    table, _ = run(case, tmp_path, neurons_path=tmp_path / "neurons")
    assert table["raised"].tolist() == [0, 0, 1, 1, 1, 1]
    assert (table["n"].iloc[:4] == 2).all()


@pytest.mark.parametrize("shares", [3, 20])
def test_shares_merge_to_the_same_tables(case, tables, tmp_path, shares):
    for found, expected in zip(run(case, tmp_path, shares), tables, strict=True):
        pd.testing.assert_frame_equal(found, expected)
    assert not (tmp_path / "cells").exists()


def test_a_killed_run_goes_on_where_it_stopped(case, tables, tmp_path, monkeypatch):
    rows, calls = SteeringBench.rows, []

    def counted(self, cell):
        calls.append(cell)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return rows(self, cell)

    monkeypatch.setattr(SteeringBench, "rows", counted)
    with pytest.raises(KeyboardInterrupt):
        run(case, tmp_path)
    found = run(case, tmp_path)
    assert len(calls) == 6 + 1  # none, steered and control of two; the killed one again
    for table, expected in zip(found, tables, strict=True):
        pd.testing.assert_frame_equal(table, expected)


def answers(intervention, target, languages, nll, seed=None):
    rows = pd.DataFrame({"response_language": languages, "nll": nll})
    return rows.assign(
        intervention=intervention, control_seed=seed, source="en", target=target,
        mode=target and "set", factor=target and 2.0, lowered=1, raised=2, repetition=0.5,
        problem=[f"p{i}" for i in range(len(rows))], response="text", tokens=3,
        unfinished=[False, False, False, True],
    )  # fmt: skip


def test_shares_by_hand():
    rows = [
        answers("none", None, ["en", "en", "en", None], [1.0, 1.0, 1.0, 1.0]),
        answers("steered", "de", ["de", "de", "fr", "en"], [2.0, 3.0, None, 4.0]),
        answers("control", "de", ["de", "en", "en", "en"], [1.0, 1.0, 1.0, 1.0], 0),
        answers("control", "de", ["en", "en", "en", None], [3.0, 1.0, 1.0, 1.0], 1),
    ]
    german = [table.assign(source="de", target=None) for table in rows[:1]]
    back = [
        answers(kind, "en", [None] * 4, [None] * 4, seed).assign(source="de")
        for kind, seed in (("steered", None), ("control", 0))
    ]
    table = summarise(pd.concat([*rows, *german, *back]), LANGUAGES, "fr", 100, 0)
    table = table[table["source"] == "en"].set_index("intervention")
    shares = table[["in_target", "in_source", "in_pivot", "in_other", "in_none"]]
    assert shares.loc["none"].tolist() == [0, 0.75, 0, 0, 0.25]
    assert shares.loc["steered"].tolist() == [0.5, 0.25, 0.25, 0, 0]
    assert shares.loc["control"].tolist() == [0.125, 0.75, 0, 0, 0.125]  # of 8
    assert table["n"].tolist() == [4, 4, 8]
    assert table["unfinished"].tolist() == [1, 1, 2]
    assert (table["wordless"] == 0).all()
    # Wilson: 2 of 4 is 0.5 ± 1.96 · √(0.25/4 + 1.96²/64) / (1 + 1.96²/4) = 0.5 ± 0.35.
    bounds = table.loc["steered", ["in_target_low", "in_target_high"]].tolist()
    assert bounds == pytest.approx([0.15, 0.85], abs=1e-3)
    # Three answers that are not empty: +1, +2, +3. Controls: +1 (mean of 0 and 2), 0, 0, 0.
    assert table["nll_change"].tolist() == [0, 2, 0.25]
    low, high = table.loc["steered", ["nll_change_low", "nll_change_high"]]
    assert 1 <= low < 2 < high <= 3


def test_answers_without_words_are_in_no_other_language():
    rows = [
        answers("none", None, ["en"] * 4, [1.0] * 4),
        answers("none", None, ["de"] * 4, [1.0] * 4).assign(source="de"),
        answers("steered", "de", [WORDLESS, None, "fr", WORDLESS], [1.0] * 4),
    ]
    row = summarise(pd.concat(rows), LANGUAGES, "en", 0, 0).iloc[-1]
    assert row[["in_other", "in_none", "wordless"]].tolist() == [0.25, 0.25, 0.5]
    # Wilson, see above.
    assert row[["wordless_low", "wordless_high"]].tolist() == pytest.approx([0.15, 0.85], abs=1e-3)


def test_the_answers_say_how_they_were_made(case, tables, tmp_path):
    run(case, tmp_path)
    facts = read_provenance(tmp_path / "table.out")
    assert facts["parameters"] == PARAMETERS
    assert facts["pivot"] == "en"
    assert len(pd.read_csv(tmp_path / "csv.out")) == len(tables[0])


def test_the_first_answers_can_be_read(case, tables, tmp_path):
    run(case, tmp_path, parameters={**PARAMETERS, "control_seeds": 2})
    shown = pd.read_csv(tmp_path / "answers.out")
    # Each of two languages: none, steered, the first control.
    kinds = ["none", "steered", "control"]
    assert shown["source"].tolist() == ["en"] * 3 + ["de"] * 3
    assert shown["intervention"].tolist() == kinds * 2
    assert set(shown["problem"]) == {"p0"}
    assert shown["question"].notna().all()
    _, problems = tables
    row = problems[(problems["source"] == "en") & (problems["intervention"] == "steered")].iloc[0]
    assert shown.iloc[1]["response"] == row["response"].replace("\n", "⏎")


def test_each_factor_has_its_cells_and_they_differ(case, tables, tmp_path):
    table, problems = run(case, tmp_path, parameters={**PARAMETERS, "factors": [2.0, 9.0]})
    one, _ = tables
    assert table["factor"].isna().tolist() == [True] * 2 + [False] * 8
    assert table["factor"].dropna().tolist() == [2, 9] * 4
    same = table[table["factor"] != 9].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, one)
    answers = problems[problems["intervention"] == "steered"].groupby("factor")["nll"].apply(list)
    assert answers[2.0] != answers[9.0]


@pytest.mark.parametrize(
    ("tokens", "share"),
    [([1, 2, 3], None), ([1, 2, 3, 4], 0), ([7] * 8, 4 / 5), ([1, 2, 3, 4, 1, 2, 3, 4], 1 / 5)],
)
def test_repetition_by_hand(tokens, share):
    assert repetition(tokens) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize("raise_to", ["mean", 0.9])
def test_only_some_languages_are_steered(case, tmp_path, raise_to):
    parameters = {**PARAMETERS, "languages": ["de", "en"], "raise_to": raise_to}
    table, _ = run(case, tmp_path, parameters=parameters)
    assert table["source"].tolist() == ["de", "en"] * 3


def test_mistakes_are_named(case, tmp_path):
    write_neurons(tmp_path / "neurons", layers=3, width=20)
    with pytest.raises(InputError, match="neurons of another model: 3 layers of 20"):
        run(case, tmp_path, neurons_path=tmp_path / "neurons")
    write_table(tokens_of_responses()[:1], tmp_path / "tokens", TOKENS)
    with pytest.raises(InputError, match="no response tokens in de"):
        run(case, tmp_path, tokens_path=tmp_path / "tokens")
    with pytest.raises(InputError, match="expected at most 14"):
        run(case, tmp_path, parameters={**PARAMETERS, "max_new_tokens": 50})
