"""Neurons off by component and stage, on a tiny model."""

from contextlib import ExitStack

import numpy as np
import pandas as pd
import pytest
from component_cases import (
    OWNED,
    PARAMETERS,
    STAGES,
    WIDTHS,
    component_case,
    write_components,
    write_segments,
)
from deactivation_cases import LANGUAGES, QUESTIONS, L
from importance_cases import edited_heads
from test_attention_edits import zeroing

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.components.cells import Purpose, component_cells
from langneurons.components.deactivation import (
    deactivate_components,
    merge_component_deactivation,
)
from langneurons.components.schemas import COMPONENT_PROBLEMS
from langneurons.components.stages import stages_as_given, stages_of_phases
from langneurons.errors import InputError
from langneurons.interventions.matching import Controls
from langneurons.models.likelihood import Likelihood
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import find_mlps
from langneurons.models.probing import decoder_layers, decoder_of


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return component_case(tmp_path_factory.mktemp("components"))


def run(case, folder, shares=1, **changes):
    paths = [folder / f"{index}-of-{shares}.parquet" for index in range(1, shares + 1)]
    for index, path in enumerate(paths, start=1):
        arguments = {**case, "parameters": PARAMETERS, "share": (index, shares), **changes}
        deactivate_components(output=path, **arguments)
    merge_component_deactivation(paths, folder / "all", PARAMETERS["components"], LANGUAGES)
    return read_table(folder / "all", COMPONENT_PROBLEMS)


@pytest.fixture(scope="module")
def problems(case, tmp_path_factory):
    return run(case, tmp_path_factory.mktemp("whole"))


def places(language, component="all", layers=range(L)):
    """Component → (layer, neuron) of a language and of no other, by hand."""
    return {
        name: [
            place
            for place, names in OWNED[name].items()
            if names == [language] and place[0] in layers
        ]
        for name in WIDTHS
        if component in ("all", name)
    }


def nll_without(case, off, target):
    """NLL by problem with neurons off, in the model's own code."""
    model, tokenizer = load_model(case["spec"]), load_tokenizer(case["spec"])
    decoder_of(model).set_attn_implementation("eager")
    masks = {name: np.zeros((L, WIDTHS[name]), dtype=bool) for name in WIDTHS}
    for name, some in off.items():
        for place in some:
            masks[name][place] = True
    for mlp, row in zip(find_mlps(model), masks.pop("ffn"), strict=True):
        mlp.down.weight[:, row] = 0
    ids = [tokenizer(f"{question} ")["input_ids"] for question in QUESTIONS[target]]
    tokens = pd.DataFrame({"prompt_tokens": [x[:1] for x in ids]})
    tokens["response_tokens"] = [x[1:] for x in ids]
    with ExitStack() as edits:
        for layer, block in enumerate(decoder_layers(model)):
            edits.enter_context(edited_heads(model, block.self_attn, zeroing(masks, layer)))
        return Likelihood(model, tokens, 100).mean_nll()


@pytest.mark.parametrize(
    ("component", "stage", "language", "layers"),
    [
        ("all", "all", "en", range(L)),
        ("all", "all", "de", range(L)),
        ("all", "understanding", "en", [0]),
        ("ffn", "all", "en", range(L)),
        ("q", "all", "de", range(L)),
        ("k", "task_solving", "en", [1]),
        ("v", "understanding", "de", [0]),
    ],
)
def test_measures_are_those_of_the_models_own_code(
    case, problems, component, stage, language, layers
):
    rows = problems[problems["control_seed"].isna() & (problems["component"] == component)]
    rows = rows[(rows["stage"] == stage) & (rows["language"] == language)]
    off = places(language, component, layers)
    assert set(rows["neurons"]) == {sum(map(len, off.values()))}
    for target in LANGUAGES:
        found = rows.loc[rows["target"] == target, "nll"]
        np.testing.assert_allclose(found, nll_without(case, off, target), rtol=1e-5)


def test_rows_are_of_no_neurons_then_of_what_there_is(problems):
    none = problems["component"].isna()
    assert none.sum() == 6
    assert none[:6].all()
    rest = problems[~none]
    keys = rest.drop_duplicates(["component", "stage", "language"])
    found = [(row.component, row.stage, row.language) for row in keys.itertuples()]
    # Layer 0 is understanding, and all that follows is of task solving and of generation: phases 2
    # to 4 here share layer 1.
    late = ("task_solving", "generation")
    both = [("all", stage, name) for stage in ("all", "understanding", *late) for name in LANGUAGES]
    assert found == [
        *both,
        ("ffn", "all", "en"), ("ffn", "all", "de"), ("ffn", "understanding", "en"),
        *[("ffn", stage, name) for stage in late for name in LANGUAGES],
        ("q", "all", "en"), ("q", "all", "de"), ("q", "understanding", "en"),
        *[("q", stage, "de") for stage in late],
        *[("k", stage, "en") for stage in ("all", *late)],
        *[("v", stage, name) for stage in ("all", "understanding") for name in LANGUAGES],
    ]  # fmt: skip
    assert rest["nll"].notna().all()
    assert rest.groupby(["component", "stage", "language"])["neurons"].nunique().eq(1).all()


def test_fewer_languages_are_measured_alike(case, problems, tmp_path):
    one = {**PARAMETERS, "languages": ["en"], "measured": ["en"]}
    found = run(case, tmp_path, parameters=one)
    kept = problems["target"].eq("en") & problems["language"].ne("de")
    pd.testing.assert_frame_equal(found, problems[kept].reset_index(drop=True))


def test_shares_and_kept_cells_give_the_same_table(case, problems, tmp_path, monkeypatch):
    pd.testing.assert_frame_equal(run(case, tmp_path, shares=3), problems)
    (tmp_path / "again").mkdir()
    path = tmp_path / "again/1-of-1.parquet"
    arguments = {**case, "parameters": PARAMETERS, "output": path}
    deactivate_components(**arguments)
    written = read_table(path, COMPONENT_PROBLEMS)
    path.unlink()
    monkeypatch.setattr("langneurons.interventions.bench.load_model", None)  # nothing is measured
    deactivate_components(**arguments)
    pd.testing.assert_frame_equal(read_table(path, COMPONENT_PROBLEMS), written)
    facts = read_provenance(path)
    assert facts["stages"]["understanding"] == [0, 0]
    controls = facts["controls"]
    assert {one["repeated"] for records in controls.values() for one in records} == {0}


def test_controls_are_as_many_in_each_layer_and_of_no_language():
    random = np.random.default_rng(0)
    own = {name: {part: random.random((3, 30)) < 0.1 for part in ("ffn", "q")} for name in "ab"}
    claimed = {
        part: np.logical_or.reduce([own[name][part] for name in own]) for part in ("ffn", "q")
    }
    controls = {part: Controls(mask) for part, mask in claimed.items()}
    stages = {"all": slice(0, 3), "understanding": slice(0, 1)}
    none, *cells = component_cells(own, controls, ["all", "ffn", "q"], stages, 2)
    assert none.neurons == {}
    assert not none.purposes
    by_purpose = {purpose: cell for cell in cells for purpose in cell.purposes}
    whole = by_purpose[Purpose("all", "all", "a", None)]
    assert all((whole.neurons[part] == own["a"][part]).all() for part in own["a"])
    for purpose, cell in by_purpose.items():
        like = by_purpose[Purpose(purpose.component, purpose.stage, purpose.language, None)]
        for part, mask in cell.neurons.items():
            assert (mask.sum(axis=1) == like.neurons[part].sum(axis=1)).all()
            if purpose.control_seed is not None:
                assert not (mask & claimed[part]).any()
                # A stage has the part of the whole control that is in its layers.
                all_layers = Purpose(purpose.component, "all", purpose.language,
                                     purpose.control_seed)  # fmt: skip
                assert not (mask & ~by_purpose[all_layers].neurons[part]).any()
    one, two = (by_purpose[Purpose("ffn", "all", "a", seed)].neurons["ffn"] for seed in (0, 1))
    assert not (one == two).all()


def test_equal_neurons_are_measured_once():
    mask = np.zeros((2, 5), dtype=bool)
    mask[0, 1] = True
    own = {"en": {"ffn": mask, "q": np.zeros_like(mask)}}
    controls = {name: Controls(mask) for name in ("ffn", "q")}
    stages = {"all": slice(0, 2), "understanding": slice(0, 1), "generation": slice(1, 2)}
    cells = component_cells(own, controls, ["all", "ffn", "q"], stages, 1)
    assert [len(cell.purposes) for cell in cells] == [0, 4, 4]


def test_stages_come_of_phases_or_are_given(tmp_path):
    write_segments(tmp_path / "segments", (0, 4, 9, 15), (3, 8, 14, 17))
    assert stages_of_phases(tmp_path / "segments") == {
        "all": slice(0, 18), "understanding": slice(0, 4), "task_solving": slice(4, 9),
        "generation": slice(9, 18),
    }  # fmt: skip
    write_segments(tmp_path / "three", (0, 4, 9), (3, 8, 14))
    with pytest.raises(InputError, match="three: 3 phases, expected 4 to make stages of"):
        stages_of_phases(tmp_path / "three")
    assert stages_as_given(STAGES, 3)["generation"] == slice(2, 3)
    with pytest.raises(InputError, match=r"stages.generation: found layers 2 to 2, .* 0 to 1"):
        stages_as_given(STAGES, 2)


def test_neurons_of_another_model_are_refused_before_it_is_loaded(case, tmp_path, monkeypatch):
    monkeypatch.setattr("langneurons.interventions.bench.load_model", None)
    write_components(tmp_path / "deeper", layers=3)
    arguments = {**case, "parameters": PARAMETERS, "output": tmp_path / "x"}
    expected = "deeper: neurons of another model: 3 layers of 24 neurons of ffn, expected 2 layers"
    with pytest.raises(InputError, match=expected):
        deactivate_components(**{**arguments, "components_path": tmp_path / "deeper"})
    parameters = {**PARAMETERS, "together": ["o"]}
    with pytest.raises(InputError, match="components: no neurons of o, expected some of ffn, q"):
        deactivate_components(**{**arguments, "parameters": parameters})


def test_a_language_without_neurons_is_told(case, tmp_path, caplog):
    owned = {name: {} for name in WIDTHS} | {"q": {(0, 3): ["en"]}}
    write_components(tmp_path / "few", owned)
    found = run({**case, "components_path": tmp_path / "few"}, tmp_path)
    assert set(found["language"].dropna()) == {"en"}
    messages = " / ".join(record.getMessage() for record in caplog.records)
    assert "de has no neurons of all components in all layers: nothing is switched" in messages
    assert "en has no neurons of q in task solving: nothing is switched off" in messages
