"""Classes of neurons in parallel examples, against loops and direct passes of the model."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_models import LAYERS, save_tiny_model

from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.models.loading import load_model
from langneurons.models.mlps import find_mlps
from langneurons.models.probing import decoder_of
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS
from langneurons.sharing import measuring
from langneurons.sharing.classes import CLASSES, classes_of
from langneurons.sharing.measuring import measure_sharing
from langneurons.sharing.observer import Seen
from langneurons.sharing.schemas import SHARING, SHARING_NEURONS
from langneurons.sharing.totals import Totals

LANGUAGES = ["en", "de", "sw"]


def class_by_hand(signs):
    """The class of one neuron in one example."""
    if signs.sum() == len(signs):
        return "all-shared"
    return {0: "non-activated", 1: "specific"}.get(int(signs.sum()), "partial-shared")


@pytest.mark.parametrize("K", [2, 3, 5])
def test_a_class_is_the_number_of_languages_in_which_a_neuron_is_active(K):
    active = np.array(list(product([False, True], repeat=K)))  # every combination is an example
    found = classes_of(active[:, :, None, None])
    assert found.shape == (2**K, 1, 1)
    assert [CLASSES[i] for i in found.reshape(-1)] == [class_by_hand(row) for row in active]


def seen_of(generator, P, K, L, D):
    shape = (P * K, L, D)
    active = torch.from_numpy(generator.random(shape) < 0.5)
    parts = (torch.from_numpy(generator.normal(size=shape)) for _ in range(2))
    contribution, effective = parts
    return Seen(active, contribution.abs(), effective)


def test_sums_over_examples_are_those_of_loops():
    P, K, L, D = 5, 3, 2, 4
    generator = np.random.default_rng(1)
    parts = [seen_of(generator, 2, K, L, D), seen_of(generator, 3, K, L, D)]
    totals = Totals(LANGUAGES, L, D)
    ids = [f"p{i}" for i in range(P)]
    totals.add(parts[0], pd.Series(np.repeat(ids[:2], K)))
    totals.add(parts[1], pd.Series(np.repeat(ids[2:], K)))
    active, contribution, effective = (
        np.concatenate([getattr(part, name).numpy() for part in parts]).reshape(P, K, L, D)
        for name in ("active", "contribution", "effective")
    )
    rows, kinds = [], np.empty((P, L, D), dtype=object)
    for p, layer in product(range(P), range(L)):
        sums = {name: [0, 0.0, 0.0] for name in CLASSES}
        for j in range(D):
            name = kinds[p, layer, j] = class_by_hand(active[p, :, layer, j])
            sums[name][0] += 1
            sums[name][1] += contribution[p, :, layer, j].mean()
            sums[name][2] += effective[p, :, layer, j].mean()
        rows += [(ids[p], layer, name, sums[name][0], D, *sums[name][1:]) for name in CLASSES]
    pd.testing.assert_frame_equal(
        totals.by_problem(), pd.DataFrame(rows, columns=SHARING.names), check_dtype=False
    )
    neurons = totals.by_neuron()
    assert list(zip(neurons["layer"], neurons["neuron"], strict=True)) == list(
        product(range(L), range(D))
    )
    for row in neurons.to_dict("records"):
        layer, j = row["layer"], row["neuron"]
        own = list(kinds[:, layer, j])
        numbers = [own.count(name) for name in CLASSES]
        assert [row[name.replace("-", "_")] for name in CLASSES] == [n / P for n in numbers]
        assert row["class"] == CLASSES[numbers.index(max(numbers))]  # of more languages, if equal
        assert row["contribution"] == pytest.approx(contribution[:, :, layer, j].mean())
        assert row["effective"] == pytest.approx(effective[:, :, layer, j].mean())
        often = [active[:, k, layer, j].sum() >= P / 2 for k in range(K)]
        assert row["languages"] == [LANGUAGES[k] for k in range(K) if often[k]]
        alone = [
            sum(own[p] == "specific" and active[p, k, layer, j] for p in range(P)) for k in range(K)
        ]
        assert (
            (row["alone"] == LANGUAGES[alone.index(max(alone))])
            if max(alone)
            else pd.isna(row["alone"])
        )


@pytest.fixture(params=["gemma2", "opt"])
def case(request, tmp_path):
    """Arguments of `measure_sharing` but for the parameters."""
    save_tiny_model(tmp_path / "model", request.param)
    generator = np.random.default_rng(0)
    rows = [
        (f"p{i}", language, 0, draw(generator, 6), draw(generator, 4))
        for i in range(4)
        for language in LANGUAGES
    ]
    write_table(pd.DataFrame(rows, columns=TOKENS.names), tmp_path / "tokens", TOKENS)
    return {
        "spec": ModelSpec(str(tmp_path / "model"), device="cpu"),
        "tokens_path": tmp_path / "tokens",
        "outputs": {key: tmp_path / key for key in ("problems", "neurons")},
        "languages": LANGUAGES,
        "progress": False,
    }


def draw(generator, longest):
    return generator.integers(3, 250, generator.integers(1, longest)).tolist()


def direct(model, ids):
    """Signs, contributions and inputs at the last token of one text, without padding."""
    mlps, found = find_mlps(model), {}
    hooks = [
        module.register_forward_pre_hook(
            lambda _, arguments, key=(kind, mlp.layer): found.update(
                {key: arguments[0].reshape(len(ids), -1)[-1]}
            )
        )
        for mlp in mlps
        for kind, module in (("gate", mlp.activation), ("m", mlp.down))
    ]
    with torch.no_grad():
        decoder_of(model)(input_ids=torch.tensor([ids]), use_cache=False)
    for hook in hooks:
        hook.remove()
    active = torch.stack([found["gate", mlp.layer] > 0 for mlp in mlps])
    norms = torch.stack([mlp.down.weight.norm(dim=0) for mlp in mlps])
    m = torch.stack([found["m", mlp.layer] for mlp in mlps])
    return active.numpy(), (m.abs() * norms).numpy()


@pytest.mark.parametrize("read", ["prompt", "text"])
@pytest.mark.parametrize(("batch_tokens", "held"), [(1, 1), (1000, 1 << 28)])
def test_neurons_are_looked_at_at_the_last_token(case, read, batch_tokens, held, monkeypatch):
    monkeypatch.setattr(measuring, "_HELD", held)
    measure_sharing(**case, parameters={"read": read}, batch_tokens=batch_tokens)
    neurons = read_table(case["outputs"]["neurons"], SHARING_NEURONS)
    model, tokens = load_model(case["spec"]), read_table(case["tokens_path"], TOKENS)
    active, contribution = [], []
    for row in tokens.itertuples():
        after = row.response_tokens if read == "text" else []
        signs, sizes = direct(model, [*row.prompt_tokens, *after])
        active.append(signs)
        contribution.append(sizes)
    kinds = classes_of(np.stack(active).reshape(4, 3, LAYERS, -1))
    for index, name in enumerate(CLASSES):
        expected = (kinds == index).mean(axis=0).reshape(-1)
        np.testing.assert_array_equal(neurons[name.replace("-", "_")], expected)
    expected = np.mean(contribution, axis=0).reshape(-1)
    np.testing.assert_allclose(neurons["contribution"], expected, rtol=1e-4, atol=1e-6)
    assert neurons["effective"].notna().all()
    by_problem = read_table(case["outputs"]["problems"], SHARING)
    assert (
        by_problem.groupby(["problem", "layer"])["neurons"].sum() == by_problem["total"][0]
    ).all()


def test_the_first_problems_are_read(case, caplog):
    caplog.set_level("INFO")
    measure_sharing(**case, parameters={"read": "prompt", "problems": 3})
    assert set(read_table(case["outputs"]["problems"], SHARING)["problem"]) == {"p0", "p1", "p2"}
    read = read_table(case["tokens_path"], TOKENS).iloc[:9]["prompt_tokens"].map(len).sum()
    said = [one.getMessage() for one in caplog.records if hasattr(one, "console")]
    assert said == [f"reads {read} tokens of 3 parallel texts in 3 languages"]


def test_without_a_known_path_to_the_logits_there_are_no_effective_scores(case, caplog, tmp_path):
    save_tiny_model(tmp_path / "post", "opt", do_layer_norm_before=False)
    case["spec"] = ModelSpec(str(tmp_path / "post"), device="cpu")
    measure_sharing(**case, parameters={"read": "prompt"})
    neurons = read_table(case["outputs"]["neurons"], SHARING_NEURONS)
    assert neurons["effective"].isna().all()
    assert neurons["contribution"].mean() > 0
    assert "no effective scores: OPTForCausalLM: layer 0" in caplog.text
    facts = read_provenance(case["outputs"]["problems"])
    assert "not only added" in facts["no_effective_scores"]


def without(problem, language):
    def change(table):
        return table[(table["problem"] != problem) | (table["language"] != language)]

    return change


def with_empty_prompt(table):
    prompts = [[] if i == 4 else ids for i, ids in enumerate(table["prompt_tokens"])]
    return table.assign(prompt_tokens=prompts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("p2", "sw"), r"tokens: problem 'p2' has no text in sw; expected each problem in"),
        (with_empty_prompt, r"tokens: problem 'p1', language de: the prompt has no tokens"),
    ],
)
def test_what_is_not_parallel_or_has_no_prompt_is_refused_before_a_model_is_loaded(
    tmp_path, change, message
):
    rows = [(f"p{i}", k, 0, [5, 6], [7]) for i in range(3) for k in LANGUAGES]
    table = change(pd.DataFrame(rows, columns=TOKENS.names))
    write_table(table, tmp_path / "tokens", TOKENS)
    with pytest.raises(InputError, match=message):
        measure_sharing(
            spec=ModelSpec(str(tmp_path / "no model here")),
            tokens_path=tmp_path / "tokens",
            outputs={},
            languages=LANGUAGES,
            parameters={"read": "prompt"},
        )


def test_numbers_that_are_not_finite_name_their_layer(case, monkeypatch):
    def broken(model, *_):
        down = find_mlps(model)[1].down
        down.register_forward_pre_hook(lambda _, arguments: (arguments[0] * np.inf,))

    monkeypatch.setattr(measuring, "check_rows", broken)  # the last check of the model
    with pytest.raises(InputError, match="NaN or infinite numbers in the neurons of layer 1"):
        measure_sharing(**case, parameters={"read": "prompt"})
