"""Counts against an independent slow computation from the named weights of each architecture."""

import numpy as np
import pandas as pd
import pytest
import torch
from layer_formulas import count_slowly
from tiny_models import ARCHITECTURES, LAYERS, save_tiny_model, tiny_config, tiny_model

from langneurons.activations.class_counts import PLACES, read_class_counts
from langneurons.activations.collection import collect_activations, count_active
from langneurons.activations.counts import ACTIVATIONS
from langneurons.activations.reading import folds_of, shares
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.models.mlps import find_mlps
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS

LANGUAGES = ["sw", "en", "th"]  # not the order of the table, nor of the alphabet
FOLDS = 2
VOCABULARY = 259
CLASS_OF = np.zeros(VOCABULARY, dtype=np.int64)  # see test_class_counts


def token_table(problems: int = 3, longest: int = 9, seed: int = 1) -> pd.DataFrame:
    """Random tokens: a row per problem and language, of uneven lengths."""
    random = np.random.default_rng(seed)
    rows = [
        {
            "problem": f"p{problem}",
            "language": language,
            "sample": 0,
            "prompt_tokens": random.integers(0, VOCABULARY, random.integers(1, longest)),
            "response_tokens": random.integers(0, VOCABULARY, random.integers(1, longest)),
        }
        for problem in range(problems)
        for language in sorted(LANGUAGES)
    ]
    table = pd.DataFrame(rows)
    return table.assign(fold=folds_of(table["problem"], FOLDS))


@pytest.fixture(scope="module")
def llama():
    # In double precision no sign hangs on how a batch is added up.
    return tiny_model(tiny_config("llama")).double()


def count(model, table, batch_tokens=40):
    settings = (CLASS_OF, LANGUAGES, FOLDS, batch_tokens)
    counts, _ = count_active(model, find_mlps(model), table, *settings, progress=False)
    return counts.active, counts.tokens


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_counts_equal_the_layer_formula(architecture):
    model = tiny_model(tiny_config(architecture))
    table = token_table()
    expected, left_out = count_slowly(model, architecture, table, LANGUAGES, FOLDS)
    assert len(left_out) <= 2  # of 9
    table = table.drop(index=left_out)
    active, tokens = count(model, table)
    np.testing.assert_array_equal(active, expected)
    # Neither never nor always: the comparison above has something to compare.
    assert 0.2 < active.sum() / (tokens.sum() * active.shape[2] * active.shape[3]) < 0.8
    for k, language in enumerate(LANGUAGES):
        for fold in range(FOLDS):
            rows = table[(table["language"] == language) & (table["fold"] == fold)]
            assert tokens[k, fold] == sum(len(response) for response in rows["response_tokens"])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padding_and_batching_change_nothing(architecture):
    model = tiny_model(tiny_config(architecture)).double()
    table = token_table()
    row_by_row, _ = count(model, table, batch_tokens=1)
    one_batch, _ = count(model, table, batch_tokens=10**6)
    shuffled, _ = count(model, table.sample(frac=1, random_state=0), batch_tokens=30)
    np.testing.assert_array_equal(one_batch, row_by_row)
    np.testing.assert_array_equal(shuffled, row_by_row)


@pytest.mark.parametrize("threads", [2, 3])
def test_the_number_of_threads_changes_nothing(llama, threads):
    """In float64: threads add up float32 numbers in another order."""
    expected, _ = count(llama, token_table())
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found, _ = count(llama, token_table())
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(found, expected)
    assert expected.sum() > 0


def test_longrope_rows_are_encoded_alike_in_every_batch():
    # Rows of up to 8 tokens take the short factors, longer rows the long ones; head_dim / 2 = 2.
    def longrope(long_factor):
        parameters = {
            "rope_type": "longrope",
            "rope_theta": 10000.0,
            "short_factor": [1.0, 1.0],
            "long_factor": long_factor,
        }
        return tiny_model(
            tiny_config("phi3", rope_parameters=parameters, original_max_position_embeddings=8)
        ).double()

    table = token_table()
    lengths = table["prompt_tokens"].map(len) + table["response_tokens"].map(len)
    assert lengths.min() <= 8 < lengths.max()
    row_by_row, _ = count(longrope([4.0, 64.0]), table, batch_tokens=1)
    one_batch, _ = count(longrope([4.0, 64.0]), table, batch_tokens=10**6)
    np.testing.assert_array_equal(one_batch, row_by_row)
    # The factors matter here, so that a batch which mixed both kinds would have shown.
    unswitched, _ = count(longrope([1.0, 1.0]), table)
    assert (unswitched != row_by_row).any()


def test_two_passes_of_the_paper_give_the_same_counts(llama):
    table = token_table()
    nothing = [np.zeros(0, dtype=np.int64)] * len(table)
    full_rows = [
        np.concatenate(row)
        for row in zip(table["prompt_tokens"], table["response_tokens"], strict=True)
    ]
    full, full_tokens = count(llama, table.assign(prompt_tokens=nothing, response_tokens=full_rows))
    prefix, prefix_tokens = count(
        llama, table.assign(prompt_tokens=nothing, response_tokens=table["prompt_tokens"])
    )
    active, tokens = count(llama, table)
    np.testing.assert_array_equal(active, full - prefix)
    np.testing.assert_array_equal(tokens, full_tokens - prefix_tokens)
    assert prefix.sum() > 0


def test_a_row_without_response_counts_nothing(llama):
    table = token_table()
    responses = [[], *table["response_tokens"][1:]]
    active, tokens = count(llama, table.assign(response_tokens=responses))
    expected, expected_tokens = count(llama, table.drop(index=0))
    np.testing.assert_array_equal(active, expected)
    np.testing.assert_array_equal(tokens, expected_tokens)


def test_hooks_are_gone_after_success_and_failure(llama):
    def hooks():
        return sum(
            len(module._forward_pre_hooks) + len(module._forward_hooks)
            for module in llama.modules()
        )

    mlps = find_mlps(llama)
    assert hooks() == 0
    count_active(llama, mlps, token_table(), CLASS_OF, LANGUAGES, FOLDS, 40, progress=False)
    assert hooks() == 0
    failing = llama.model.layers[1].register_forward_pre_hook(lambda *_: 1 / 0)
    try:
        with pytest.raises(ZeroDivisionError):
            count_active(llama, mlps, token_table(), CLASS_OF, LANGUAGES, FOLDS, 40, progress=False)
        assert hooks() == 1
    finally:
        failing.remove()


def test_nan_in_the_forward_pass_names_the_layer():
    model = tiny_model(tiny_config("llama"))
    mlps = find_mlps(model)
    with torch.no_grad():
        model.model.layers[1].self_attn.v_proj.weight[0, 0] = torch.nan
    with pytest.raises(InputError, match=r"LlamaForCausalLM: NaN .* layer 1 \(torch.float32\)"):
        count_active(model, mlps, token_table(), CLASS_OF, LANGUAGES, FOLDS, 40, progress=False)
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_only_response_tokens_must_be_finite(llama):
    # Rows of 6 and 3 tokens in one batch: the shorter one has tokens 0..2 and padding at 3..5.
    table = (
        token_table()
        .iloc[:2]
        .assign(prompt_tokens=[[1, 2], [3]], response_tokens=[[4, 5, 6, 7], [8, 9]])
    )
    bad = 5

    def spoil(_, __, states):
        if states.shape[1] == 6:  # not in the probe of `find_mlps`
            states[1, bad] = torch.nan
        return states

    hook = llama.model.norm.register_forward_hook(spoil)
    try:
        _, tokens = count(llama, table)
        assert tokens.sum() == 4 + 2
        bad = 2
        with pytest.raises(InputError, match="NaN or infinite numbers in its last states"):
            count(llama, table)
    finally:
        hook.remove()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("response_tokens", [5, VOCABULARY], r"'p1', language 'en'.* 5 to 259.* knows 0 to 258"),
        ("prompt_tokens", [-1], r"'p1', language 'en'.*-1 to -1"),
        ("prompt_tokens", [1] * 128, r"'p1', language 'en'.* tokens, but .* at most 128"),
        ("language", "xx", r"problem 'p1', language 'xx'.* languages sw en th"),
    ],
)
def test_rows_that_do_not_fit_the_model_are_refused(llama, column, value, message):
    table = token_table()
    row = table[["problem", "language"]].eq(["p1", "en"]).all(axis=1)
    values = [value if chosen else old for chosen, old in zip(row, table[column], strict=True)]
    table = table.assign(**{column: values})
    with pytest.raises(InputError, match=message):
        count(llama, table)


# --- Shares and folds ---


def test_shares_are_balanced_and_keep_problems_together():
    # Problems of 10, 30, 20, 20 tokens; their middles are at 5, 25, 50, 70 of 80.
    table = pd.DataFrame(
        {
            "problem": ["d", "d", "a", "c", "b"],
            "prompt_tokens": [[0] * 3, [0] * 3, [0] * 25, [0] * 10, []],
            "response_tokens": [[0] * 2, [0] * 2, [0] * 5, [0] * 10, [0] * 20],
        }
    )
    # n = 2: 2 · middle / 80 is 0.1, 0.6, 1.25, 1.75.
    assert [share.tolist() for share in shares(table, 2)] == [[0, 1, 2], [3, 4]]
    # n = 5: 0.3, 1.6, 3.1, 4.4; nothing falls into share 2.
    assert [share.tolist() for share in shares(table, 5)] == [[0, 1], [2], [], [3], [4]]
    assert [share.tolist() for share in shares(table, 1)] == [[0, 1, 2, 3, 4]]
    assert [share.tolist() for share in shares(table.iloc[:0], 2)] == [[], []]


def test_folds_are_ranks_of_the_sorted_ids():
    # Sorted: "10" < "9" < "a" < "b", ranks 0 1 2 3, modulo 3: 0 1 2 0.
    assert folds_of(["b", "9", "b", "10", "a"], 3).tolist() == [0, 1, 0, 0, 2]
    with pytest.raises(InputError, match="folds: found 5, expected between 1 and the 4 problems"):
        folds_of(["b", "9", "b", "10", "a"], 5)


# --- The artefact ---


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_artefacts_of_all_shares_add_up(tmp_path, llama, n):
    tokens = tmp_path / "tokens.parquet"
    table = token_table(problems=4)
    write_table(table.drop(columns="fold"), tokens, TOKENS)
    folder = save_tiny_model(tmp_path / "model", "llama")
    spec = ModelSpec(str(folder), device="cpu", dtype="float64")
    active = tokens_counted = 0
    for index in range(1, n + 1):
        output, by_class = (tmp_path / f"{index}.{part}" for part in ("parquet", "classes"))
        collect_activations(
            spec, tokens, output, by_class, LANGUAGES, FOLDS, (index, n), 40, progress=False
        )
        share = read_table(output, ACTIVATIONS)
        assert share[["language", "fold", "layer"]].to_numpy().tolist() == [
            [language, fold, layer] for language in LANGUAGES for fold in (0, 1) for layer in (0, 1)
        ]
        assert read_provenance(output)["share"] == [index, n]
        active = active + np.stack(share["active"])
        tokens_counted = tokens_counted + share["tokens"].to_numpy()
    expected, expected_tokens = count(llama, table)
    np.testing.assert_array_equal(active, expected.reshape(len(LANGUAGES) * FOLDS * LAYERS, -1))
    np.testing.assert_array_equal(tokens_counted, expected_tokens.reshape(-1).repeat(LAYERS))


def test_an_empty_share_loads_no_weights(tmp_path):
    folder = save_tiny_model(tmp_path / "model", "llama")
    (folder / "model.safetensors").unlink()
    tokens = tmp_path / "tokens.parquet"
    write_table(token_table(problems=2).drop(columns="fold"), tokens, TOKENS)
    spec = ModelSpec(str(folder), device="cpu")
    sizes = [len(share) for share in shares(read_table(tokens, TOKENS), 7)]
    outputs = [tmp_path / "a.parquet", tmp_path / "classes.parquet"]
    share = (sizes.index(0) + 1, 7)
    collect_activations(spec, tokens, *outputs, LANGUAGES, FOLDS, share, progress=False)
    table = read_table(outputs[0], ACTIVATIONS)
    assert np.stack(table["active"]).tolist() == [[0] * 24] * (3 * FOLDS * LAYERS)
    assert table["tokens"].sum() == 0
    by_class = read_class_counts(outputs[1], LANGUAGES)
    assert by_class.active.shape == (3, len(PLACES), LAYERS, 24)
    assert by_class.active.sum() == by_class.tokens.sum() == 0
    with pytest.raises(InputError, match="weights"):
        collect_activations(spec, tokens, *outputs, LANGUAGES, FOLDS, progress=False)


def test_a_share_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(InputError, match="share 3 of 2: expected an index from 1 to 2"):
        collect_activations(ModelSpec("unused"), *["unused"] * 3, LANGUAGES, FOLDS, (3, 2))
