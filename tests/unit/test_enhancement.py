"""Only a language's neurons trained, on a tiny model."""

import numpy as np
import pandas as pd
import pytest
import torch
from deactivation_cases import LANGUAGES, D, L, tiny_case

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.components import enhancement
from langneurons.components.enhancement import enhance, enhancement_cells, merge_enhancement
from langneurons.components.schemas import ENHANCEMENT_PROBLEMS
from langneurons.components.training import orders, train_neurons
from langneurons.errors import InputError
from langneurons.interventions.matching import Controls
from langneurons.models.head import Head
from langneurons.models.loading import load_model
from langneurons.models.mlps import find_mlps
from langneurons.models.neuron_weights import NeuronChanges, find_neuron_weights
from langneurons.models.quantised import check_gradients
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS

TRAINING = {"steps": 3, "batch": 2, "learning_rate": 0.03, "seed": 0}
PARAMETERS = {
    "languages": ["en", "de"],
    "set": "specific+related",
    "control_seeds": 1,
    "texts": "prompt",
    "problems": 3,
    "training_texts": 4,
    "training": TRAINING,
}
#: In `deactivation_cases`: specific and related neurons of each language.
OWN = {"en": [(0, 0), (0, 1), (0, 3), (1, 2), (1, 4)], "de": [(0, 3), (1, 4)]}


def write_texts(path, languages=LANGUAGES, problems=5):
    random = np.random.default_rng(2)
    rows = [
        (f"t{i}", name, 0, random.integers(3, 250, 4 + i).tolist(), [])
        for name in languages
        for i in range(problems)
    ]
    write_table(pd.DataFrame(rows, columns=TOKENS.names), path, TOKENS)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Arguments of `enhance` but for output and parameters."""
    folder = tmp_path_factory.mktemp("enhancement")
    case = tiny_case(folder)
    write_texts(folder / "training")
    del case["batch_size"]
    return {**case, "training_path": folder / "training"}


def run(case, folder, shares=1, **changes):
    paths = [folder / f"{index}-of-{shares}.parquet" for index in range(1, shares + 1)]
    for index, path in enumerate(paths, start=1):
        arguments = {**case, "parameters": PARAMETERS, "share": (index, shares), **changes}
        enhance(output=path, **arguments)
    merge_enhancement(paths, folder / "all", LANGUAGES)
    return read_table(folder / "all", ENHANCEMENT_PROBLEMS)


@pytest.fixture(scope="module")
def problems(case, tmp_path_factory):
    return run(case, tmp_path_factory.mktemp("whole"))


def test_rows_are_of_the_model_as_it_is_then_of_each_training(problems):
    cells = problems.drop_duplicates(["language", "control_seed"])
    rows = cells[["language", "control_seed", "neurons"]].astype(object)
    found = rows.where(rows.notna(), None).to_numpy().tolist()
    assert found == [
        [None, None, 0], ["en", None, 5], ["en", 0, 5], ["de", None, 2], ["de", 0, 2],
    ]  # fmt: skip
    assert len(problems) == 5 * 2 * 3
    assert problems["nll"].notna().all()
    by_cell = problems.groupby("language")["tokens"].nunique()
    assert by_cell.tolist() == [1, 1]  # controls are trained on the same texts
    assert (problems.loc[problems["language"].isna(), "tokens"] == 0).all()


def trained_by_hand(case, language):
    """The whole model's weights with AdamW, of which all but the neurons' are put back each step.

    Adam moves each number by its own gradients only.
    """
    model = load_model(case["spec"]).requires_grad_(True)
    weights, masks = [], []
    for layer, mlp in enumerate(find_mlps(model)):
        index = [neuron for at, neuron in OWN[language] if at == layer]
        block = model.model.layers[layer].mlp
        for projection, axis in ((block.gate_proj, 0), (block.up_proj, 0), (mlp.down, 1)):
            mask = torch.zeros_like(projection.weight, dtype=torch.bool)
            mask.index_fill_(axis, torch.tensor(index), value=True)
            weights.append(projection.weight)
            masks.append(mask)
    optimiser = torch.optim.AdamW(weights, lr=TRAINING["learning_rate"], weight_decay=0.0)
    before = [weight.detach().clone() for weight in weights]
    tokens = read_table(case["training_path"], TOKENS)
    texts = tokens[tokens["language"] == language].head(4)["prompt_tokens"].tolist()
    for rows in orders(4, language, TRAINING):
        total, number = 0.0, 0
        for row in rows:
            ids = torch.tensor([list(texts[row])], dtype=torch.int64)
            logits = model(ids).logits[0, :-1]
            total = total + torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum")
            number += ids.shape[1] - 1
        optimiser.zero_grad()
        (total / number).backward()
        optimiser.step()
        with torch.no_grad():
            for weight, old, mask in zip(weights, before, masks, strict=True):
                weight.copy_(torch.where(mask, weight, old))
    return weights, before, masks


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_neurons_are_trained_and_as_by_hand(case, language):
    expected, before, masks = trained_by_hand(case, language)
    model = load_model(case["spec"])
    mlps = find_mlps(model)
    neurons = np.zeros((L, D), dtype=bool)
    neurons[tuple(zip(*OWN[language], strict=True))] = True
    changes = NeuronChanges(find_neuron_weights(model, mlps), neurons)
    texts = enhancement.training_texts(case["training_path"], PARAMETERS)[language]
    losses, tokens = train_neurons(model, Head(model), changes, texts, TRAINING, 100)
    assert len(losses) == 3
    assert tokens == sum(
        len(texts["response_tokens"].iloc[row])
        for rows in orders(4, language, TRAINING)
        for row in rows
    )
    kept = {name: weight.clone() for name, weight in model.state_dict().items()}
    with changes.merged():
        found = [
            projection.weight.clone()
            for layer in model.model.layers
            for projection in (layer.mlp.gate_proj, layer.mlp.up_proj, layer.mlp.down_proj)
        ]
        others = {name: weight.clone() for name, weight in model.state_dict().items()}
    for one, two, old, mask in zip(found, expected, before, masks, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-4)
        assert torch.equal(one[~mask], old[~mask])
        assert (one != old)[mask].all()
    mlp = ("gate_proj.weight", "up_proj.weight", "down_proj.weight")
    for name, weight in kept.items():
        assert name.endswith(mlp) or torch.equal(others[name], weight)
        assert torch.equal(model.state_dict()[name], weight)


def test_shares_batches_and_kept_cells_give_the_same_table(case, problems, tmp_path, monkeypatch):
    pd.testing.assert_frame_equal(run(case, tmp_path, shares=3), problems)
    small = tmp_path / "small"
    small.mkdir()
    pd.testing.assert_frame_equal(run(case, small, batch_tokens=5), problems, rtol=1e-4)
    (tmp_path / "again").mkdir()
    path = tmp_path / "again/1-of-1.parquet"
    arguments = {**case, "parameters": PARAMETERS, "output": path}
    enhance(**arguments)
    written = read_table(path, ENHANCEMENT_PROBLEMS)
    path.unlink()
    monkeypatch.setattr("langneurons.interventions.bench.load_model", None)  # nothing is measured
    enhance(**arguments)
    pd.testing.assert_frame_equal(read_table(path, ENHANCEMENT_PROBLEMS), written)
    assert read_provenance(path)["trained_texts"] == {"en": 4, "de": 4}
    # Another seed orders the texts otherwise.
    other = {**PARAMETERS, "training": {**TRAINING, "seed": 1}}
    with pytest.raises(TypeError):  # the model would be loaded
        enhance(**{**arguments, "parameters": other})


def test_every_text_has_its_turn_before_any_has_another():
    training = {"steps": 5, "batch": 3, "seed": 4}
    steps = list(orders(4, "en", training))
    assert [len(rows) for rows in steps] == [3] * 5
    assert all(len(set(rows)) == 3 for rows in steps)
    flat = [row for rows in steps for row in rows]
    assert sorted(flat[:4]) == sorted(flat[4:8]) == sorted(flat[8:12]) == [0, 1, 2, 3]
    assert steps == list(orders(4, "en", training))
    assert steps != list(orders(4, "de", training))
    assert list(orders(2, "en", training)) != []
    assert {len(rows) for rows in orders(2, "en", training)} == {2}


def test_a_language_without_neurons_is_told(caplog):
    masks = {"en": np.zeros((L, D), dtype=bool), "de": np.zeros((L, D), dtype=bool)}
    masks["en"][1, 3] = True
    cells = enhancement_cells(masks, Controls(masks["en"]), 2, (L, D))
    assert [(cell.language, cell.control_seed) for cell in cells] == [
        (None, None), ("en", None), ("en", 0), ("en", 1),
    ]  # fmt: skip
    assert not any(cell.neurons[1, 3] for cell in cells[2:])
    assert "de has no neurons: nothing is trained" in caplog.text


def test_a_language_without_texts_is_refused(case, tmp_path):
    write_texts(tmp_path / "one", ["en"])
    with pytest.raises(InputError, match="one: no texts in de to train on, expected at least one"):
        enhance(
            **{**case, "training_path": tmp_path / "one"}, output=tmp_path / "x",
            parameters=PARAMETERS,
        )  # fmt: skip


def test_training_that_diverges_is_refused(case, tmp_path):
    parameters = {**PARAMETERS, "training": {**TRAINING, "learning_rate": 1e30}}
    expected = r"training of the neurons of en diverged; lower enhancement.learning_rate \(now 1e"
    with pytest.raises(InputError, match=expected):
        enhance(**case, output=tmp_path / "x", parameters=parameters)


def test_quantised_weights_are_refused():
    config = {"quantization_config": {"quant_method": "gptq"}}
    with pytest.raises(InputError, match=r"m: its .* quantised \(gptq\), but enhancement needs"):
        check_gradients(ModelSpec("m").path, config, "enhancement")
