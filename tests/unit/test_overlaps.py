"""Histograms of activations and their overlaps, against loops over tokens and bins."""

import numpy as np
import pytest
import torch
from test_activations import LANGUAGES, token_table
from tiny_models import LAYERS, save_tiny_model, tiny_config, tiny_model

from langneurons.activations import histograms
from langneurons.activations.bins import BINS, Ranges, blocks_of
from langneurons.activations.histograms import measure_overlaps, measured_overlaps
from langneurons.activations.overlaps import OVERLAPS, overlaps_of, read_overlaps, write_overlaps
from langneurons.activations.sums import read_sums
from langneurons.artifacts.tables import read_arrow, read_provenance, write_table
from langneurons.errors import InputError
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS

PAIRS = [(0, 1), (0, 2), (1, 2)]
ENOUGH = 1000  # MB


def measured(model, table, batch_tokens=40, memory=ENOUGH):
    settings = (LANGUAGES, batch_tokens, memory)
    return measured_overlaps(model, find_mlps(model), table, *settings, progress=False)


def activations_of(model, row):
    """The activations of one text's response tokens, (L, tokens, D)."""
    kept = []
    hooks = [
        mlp.activation.register_forward_hook(lambda _, __, output: kept.append(output))
        for mlp in find_mlps(model)
    ]
    kept.clear()  # of the probe
    ids = [*map(int, row.prompt_tokens), *map(int, row.response_tokens)]
    with torch.no_grad():
        model(input_ids=torch.tensor([ids]))
    for hook in hooks:
        hook.remove()
    layers = [output.reshape(len(ids), -1)[len(row.prompt_tokens) :] for output in kept]
    return torch.stack(layers[-LAYERS:]).float().numpy()


def slowly(model, table, sample):
    """Overlaps (3, L, pairs, D), and the share outside by language, value by value."""
    values = {
        (language, half): [
            activations_of(model, row)
            for row in table[table["language"] == language].itertuples()
            if row.fold % 2 == half
        ]
        for language in LANGUAGES
        for half in (0, 1)
    }
    first = np.concatenate(
        [activations_of(model, row) for row in table.groupby("language").head(sample).itertuples()],
        axis=1,
    )
    low, high = first.min(axis=1), first.max(axis=1)  # (L, D)
    L, _, D = first.shape
    found = np.empty((3, L, len(PAIRS), D))
    beyond = np.zeros(len(LANGUAGES))
    for layer in range(L):
        usual = np.sort((high - low)[layer][high[layer] > low[layer]])
        for j in range(D):
            a, b = low[layer, j], high[layer, j]
            if a == b:
                b = a + usual[(len(usual) - 1) // 2]
            shares = {}
            for place, halves in enumerate([(0, 1), (0,), (1,)]):
                for k, language in enumerate(LANGUAGES):
                    texts = [one for half in halves for one in values[language, half]]
                    numbers = np.concatenate([one[layer, :, j] for one in texts])
                    counts = np.zeros(BINS)
                    for number in numbers:
                        place_ = np.float32(number - a) * np.float32(BINS / (b - a))
                        counts[int(np.clip(np.floor(place_), 0, BINS - 1))] += 1
                        beyond[k] += place == 0 and not a <= number <= b
                    shares[place, k] = counts / len(numbers)
                for pair, (k, other) in enumerate(PAIRS):
                    smaller = np.minimum(shares[place, k], shares[place, other])
                    found[place, layer, pair, j] = smaller.sum()
    tokens = [sum(one.shape[1] for h in (0, 1) for one in values[k, h]) for k in LANGUAGES]
    return found, beyond / (np.array(tokens) * L * D)


@pytest.mark.parametrize("architecture", ["llama", "opt"])
def test_overlaps_equal_a_loop_over_all_values(architecture, monkeypatch):
    monkeypatch.setattr(histograms, "SAMPLE", 2)
    model = tiny_model(tiny_config(architecture)).double()
    table = token_table(problems=4)
    overlaps, sums, outside, _ = measured(model, table)
    expected, beyond = slowly(model, table, sample=2)
    # A value on the edge of a bin may round into the next one: of at least 8 tokens, 1 of 8.
    close = np.abs(overlaps - expected) < 1e-6
    assert close.mean() > 0.98
    np.testing.assert_allclose(outside, beyond, atol=1e-9)
    assert outside.min() > 0.01  # two of four texts do not show all
    for k, language in enumerate(LANGUAGES):
        rows = table[table["language"] == language].itertuples()
        total = sum(activations_of(model, row).sum(axis=1) for row in rows)
        np.testing.assert_allclose(sums.active[k].sum(axis=0), total, rtol=1e-5, atol=1e-5)
        lengths = table[table["language"] == language].groupby(table["fold"] % 2)
        assert sums.tokens[k].tolist() == [
            sum(map(len, rows["response_tokens"])) for _, rows in lengths
        ]


def test_blocks_batches_and_chunks_change_nothing(monkeypatch):
    from langneurons.activations import bins

    model = tiny_model(tiny_config("llama")).double()
    table = token_table(problems=4)
    expected, sums, _, read = measured(model, table)
    one_layer = 3 * 2 * 24 * BINS * 4 / 1e6  # 0.23 MB: K, halves, D
    assert [len(block) for block in blocks_of(5, 24, 3, 2 * one_layer)] == [2, 2, 1]
    monkeypatch.setattr(bins, "_AT_A_TIME", 50)
    found, found_sums, _, read_by_layer = measured(model, table, 10**6, memory=1.5 * one_layer)
    np.testing.assert_array_equal(found, expected)
    # The sample is all texts: one pass for ranges, then one, or one for each of two layers.
    assert read_by_layer == read // 2 * 3
    np.testing.assert_allclose(found_sums.active, sums.active, rtol=1e-9, atol=1e-12)


def test_memory_for_less_than_a_layer_is_refused():
    # 10 languages × 2 halves × 2048 neurons × 400 bins × 4 bytes = 65.5 MB
    with pytest.raises(InputError, match=r"histogram_memory: found 65, expected at least 66 \(MB"):
        blocks_of(18, 2048, 10, 65)
    assert blocks_of(18, 2048, 10, 4000) == [range(18)]


def test_a_neuron_of_one_value_has_bins_as_wide_as_its_layer():
    ranges = Ranges(1, 3)
    ranges.see(0, torch.tensor([[0.0, 1.0, -1.0], [0.0, 3.0, 5.0]]), torch.zeros(2))
    low, high = ranges.bounds(0)
    assert low.tolist() == [0, 1, -1]
    assert high.tolist() == [2, 3, 5]  # widths 2 and 6: torch's median is the lower one
    silent = Ranges(1, 1)
    silent.see(0, torch.zeros(2, 1), torch.zeros(2))
    assert [one.item() for one in silent.bounds(0)] == [0, 1]


def test_overlap_by_hand():
    # 1/4 1/4 1/2 against 0 1/2 1/2: 0 + 1/4 + 1/2; a language without tokens has none.
    counts = np.array([[[1, 1, 2]], [[0, 5, 5]], [[0, 0, 0]]])
    found = overlaps_of(counts)
    assert found[0, 0] == pytest.approx(0.75)
    assert np.isnan(found[1:]).all()


def some_overlaps(K=3, L=2, D=5):
    pairs = K * (K - 1) // 2
    return np.random.default_rng(0).random((3, L, pairs, D)).astype(np.float32)


def test_overlaps_come_back_in_the_order_asked_for(tmp_path):
    overlaps, tokens = some_overlaps(), np.array([[9, 8, 7], [5, 4, 3], [4, 4, 4]])
    write_overlaps(overlaps, tokens, LANGUAGES, tmp_path / "o.parquet", {"bins": 400})
    sw, en, th = range(3)
    for place, texts in enumerate(("all", "even", "odd")):
        found = read_overlaps(tmp_path / "o.parquet", ["th", "sw", "en"], texts)
        assert found.shape == (2, 5, 3, 3)
        for i, a in enumerate((th, sw, en)):
            assert (found[..., i, i] == 1).all()
            for j, b in enumerate((th, sw, en)):
                if a != b:
                    pair = PAIRS.index((min(a, b), max(a, b)))
                    np.testing.assert_array_equal(found[..., i, j], overlaps[place, :, pair])
    rows = read_arrow(tmp_path / "o.parquet", OVERLAPS).to_pandas()
    row = rows[(rows["texts"] == "even") & (rows["language"] == "sw") & (rows["other"] == "en")]
    assert row["tokens"].tolist() == [4, 4]  # the fewer of 5 and 4
    with pytest.raises(InputError, match=r"o\.parquet: no overlap of de and sw; it has sw and en"):
        read_overlaps(tmp_path / "o.parquet", ["sw", "de"])
    table = read_arrow(tmp_path / "o.parquet", OVERLAPS)
    write_table(table.slice(1), tmp_path / "part.parquet", OVERLAPS, {})
    with pytest.raises(InputError, match=r"part\.parquet: expected 3 languages"):
        read_overlaps(tmp_path / "part.parquet", LANGUAGES)


def test_the_job_writes_overlaps_and_means(tmp_path):
    folder = save_tiny_model(tmp_path / "model", "llama")
    tokens, table = tmp_path / "tokens.parquet", token_table(problems=4)
    write_table(table.drop(columns="fold"), tokens, TOKENS)
    spec = ModelSpec(str(folder), device="cpu", dtype="float64")
    outputs = [tmp_path / "overlaps.parquet", tmp_path / "means.parquet"]
    measure_overlaps(spec, tokens, *outputs, LANGUAGES, 2, 40, ENOUGH, progress=False)
    model = tiny_model(tiny_config("llama")).double()
    expected, sums, outside, read = measured(model, table)
    found = read_overlaps(outputs[0], LANGUAGES, "odd")
    np.testing.assert_array_equal(found[..., 0, 2], expected[2, :, 1])
    np.testing.assert_array_equal(read_sums(outputs[1], LANGUAGES).active, sums.active)
    facts = read_provenance(outputs[0])
    assert facts["bins"] == 400
    assert (facts["forward_tokens"], facts["backward_tokens"]) == (read, 0)
    assert facts["outside"] == dict(zip(LANGUAGES, outside.tolist(), strict=True))


def test_bad_input_is_named_and_hooks_are_gone():
    model = tiny_model(tiny_config("llama"))
    table = token_table()
    with pytest.raises(InputError, match="no response tokens were counted for th"):
        measured(model, table[table["language"] != "th"])
    with torch.no_grad():
        model.model.layers[1].self_attn.v_proj.weight[0, 0] = torch.nan
    with pytest.raises(InputError, match="NaN or infinite numbers in the neurons of layer 1"):
        measured(model, table)
    assert not any(module._forward_hooks for module in model.modules())
