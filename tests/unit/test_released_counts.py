"""The authors' published activation counts give the published numbers, exactly."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from core_cases import LANGUAGES
from experiment_cases import experiment, selection
from phase_cases import write_phase_artefacts
from shared_data import shared

from langneurons.activations.counts import (
    probabilities_schema,
    read_counts,
    read_probabilities,
    write_probabilities,
)
from langneurons.activations.published import import_counts
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.figures.facts import zero_sum_note
from langneurons.neurons.masks import write_masks
from langneurons.neurons.methods.ternary import select
from langneurons.neurons.sensitivity import sensitivity
from langneurons.neurons.table import NEURONS, read_summary, write_neurons
from langneurons.neurons.types import identify
from langneurons.phases.expectations import EXPECTATIONS
from langneurons.phases.segmentation import SUPPORT
from langneurons.phases.table import read_phases

MODEL = "Mistral-de76d14562b1da1ba0e52d5b245cf9c0859e2af3"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Every artefact of the release's counts: Mistral, MGSM, ten languages."""
    source = shared("released") / "activations" / "mgsm"
    folder = tmp_path_factory.mktemp("released")
    names = ("counts", "probabilities", "neurons", "summary")
    paths = {name: folder / f"{name}.parquet" for name in names}
    import_counts(source, LANGUAGES, paths["counts"])
    write_probabilities(paths["counts"], paths["probabilities"], LANGUAGES)
    write_neurons(
        paths["probabilities"], paths["neurons"], paths["summary"], "ternary", {}, LANGUAGES
    )
    sources = (paths["neurons"], paths["summary"], paths["counts"])
    paths |= write_phase_artefacts(folder, *sources, 4, {})
    return SimpleNamespace(folder=folder, **paths)


def test_published_lambda_and_threshold(released):
    summary = read_summary(released.summary)
    assert summary["lambda"] == 0.109375
    assert summary["lambda_holds"]
    assert not summary["lambda_unbounded"]
    assert summary["threshold"] == 0.5644363164901733
    # λ · ln 10 / m, m = 2.928968… / 10
    assert summary["lambda_paper"] == pytest.approx(0.8598, abs=1e-4)


def test_published_numbers_of_neurons(released):
    summary = read_summary(released.summary)
    assert list(summary["histogram_all"]) == [
        397496, 23235, 9802, 5617, 3693, 2680, 2126, 1982, 2002, 2322, 7797
    ]  # fmt: skip
    selected = [1866, 617, 310, 153, 127, 59, 40, 27, 20, 0]
    assert list(summary["histogram_selected"][1:]) == selected
    # round(0.01 · 458,752) = 4588 are selected in all.
    assert summary["histogram_selected"].sum() == 4588
    assert summary["specific"] == 1866
    assert summary["related"] == sum(selected[1:]) == 1353
    assert summary["general"] == 7797


def test_what_the_method_fixes_of_the_published_numbers(released):
    summary = read_summary(released.summary)
    # 5 % of 458,752 · 10 probabilities are above τ.
    assert np.arange(11) @ summary["histogram_all"] == 229_376 == 4_587_520 // 20
    assert summary["histogram_selected"][0] == 1369
    assert zero_sum_note(summary) == (
        "the h(N) neurons with N languages make Σ\u00a0N·h(N)\u00a0=\u00a0229,376 values of p "
        "above τ (5\u00a0% of all), and 4,588 are selected, both by construction; 1,369 of the "
        "selected belong to no language."
    )


def test_published_mask_sizes(released):
    sizes = [142, 556, 523, 821, 941, 412, 676, 948, 622, 666]  # en ru es fr de zh ja bn th sw
    assert list(read_summary(released.summary)["mask_sizes"]) == sizes


def test_masks_equal_the_published_file(released):
    write_masks(released.neurons, released.folder / "masks.pt", LANGUAGES)
    found = torch.load(released.folder / "masks.pt", weights_only=True)
    folder = shared("released") / "activation_masks" / "mgsm" / "0.01-0.109375"
    published = torch.load(folder / f"mask.{MODEL}", weights_only=True)
    assert [len(mask) for mask in found] == [len(mask) for mask in published] == [32] * 10
    pairs = [
        (mine, theirs)
        for mask, reference in zip(found, published, strict=True)
        for mine, theirs in zip(mask, reference, strict=True)
    ]
    assert sum(len(theirs) for _, theirs in pairs) == 6307
    assert all(mine.dtype == theirs.dtype and mine.equal(theirs) for mine, theirs in pairs)


def test_one_row_a_neuron_of_the_published_model(released):
    neurons = read_table(released.neurons, NEURONS)
    assert len(neurons) == 32 * 14336 == 458_752
    position = neurons["layer"] * 14336 + neurons["neuron"]
    assert (position == np.arange(458_752)).all()
    probabilities = read_table(released.probabilities, probabilities_schema(LANGUAGES))
    assert len(probabilities) == 458_752


def test_probabilities_equal_the_division_of_the_release(released):
    # The release divides float32 tensors; ours divides in float64 and rounds once.
    counts = read_counts(released.counts, LANGUAGES)
    theirs = torch.from_numpy(counts.active.sum(axis=1)).float()
    theirs /= torch.from_numpy(counts.tokens.sum(axis=1)).float()[:, None, None]
    found = read_probabilities(released.probabilities, LANGUAGES)
    np.testing.assert_array_equal(np.moveaxis(found, -1, 0), theirs.numpy())


def test_phases_of_the_published_model(released):
    phases = read_phases(released.phases)
    assert phases["first_layer"].tolist() == [0, 4, 20, 31]
    assert phases["last_layer"].tolist() == [3, 19, 30, 31]
    checks = read_table(released.expectations, EXPECTATIONS)
    assert checks["holds"].all()
    support = read_table(released.support, SUPPORT).set_index("segments")["squared_error"]
    assert support.is_monotonic_decreasing


def test_order_of_languages_leaves_the_published_selection(released):
    p = read_probabilities(released.probabilities, LANGUAGES)
    found, expected = select(p[..., ::-1]), select(p)
    np.testing.assert_array_equal(found.score, expected.score)
    np.testing.assert_array_equal(found.selected, expected.selected)


@pytest.mark.parametrize(
    ("languages", "largest"),
    # Doubled once, halved eight times from 0.2 to 0.4: 0.2 + i · 0.2 / 256.
    [
        (("en", "de", "zh"), 0.2 + 80 * 0.2 / 256),
        (("en", "es", "fr"), 0.2 + 26 * 0.2 / 256),
        (("bn", "th", "sw"), 0.2 + 73 * 0.2 / 256),
    ],
)
def test_three_languages_bear_a_larger_lambda_than_the_release_tries(released, languages, largest):
    p = read_probabilities(released.probabilities, languages)
    found = select(p)
    assert found.parameters["lambda"] == pytest.approx(largest, abs=1e-12)
    assert found.parameters["lambda_holds"]
    assert found.parameters["lambda_unbounded"] is False
    assert not select(p, lambda_=found.parameters["lambda"] + 1e-3).parameters["lambda_holds"]


def test_twelve_probabilities_above_one_are_kept_and_named(released, tmp_path, caplog):
    write_probabilities(released.counts, tmp_path / "p.parquet", LANGUAGES)
    assert (
        "counts.parquet: 12 of 4587520 activation probabilities are above 1, up to 1.001031, the "
        "first in layer 10, neuron 13422, th: "
    ) in caplog.text
    assert read_provenance(tmp_path / "p.parquet")["above_one"] == 12
    found = read_probabilities(tmp_path / "p.parquet", LANGUAGES)
    layers, neurons, _ = np.nonzero(found > 1)
    # Half of the twelve are neuron 6236 of layer 28, in as many languages.
    assert layers.tolist() == [10, 12, 17, 19, *[28] * 6, 31, 31]
    assert neurons.tolist() == [13422, 10256, 14133, 1481, *[6236] * 6, 5577, 5577]
    # Its largest, in de: 336,099 of 335,753 tokens.
    assert found[28, 6236, LANGUAGES.index("de")] == np.float32(336_099 / 335_753) == found.max()


def test_probabilities_above_one_are_where_prompts_alone_were_inactive_more_often(released):
    counts = read_counts(released.counts, LANGUAGES)
    folder = shared("released") / "activations" / "mgsm"
    for language, active, tokens in zip(LANGUAGES, counts.active, counts.tokens, strict=True):
        full, prefix = (
            torch.load(folder / f"{part}activation.{language}.{MODEL}.pt", weights_only=True)
            for part in ("", "prefix.")
        )
        inactive, inactive_prefix = (
            part["total_tokens"] - part["over_zero"].long() for part in (full, prefix)
        )
        above = (inactive < inactive_prefix).numpy()
        np.testing.assert_array_equal(active[0] > tokens[0], above)


def test_published_numbers_under_other_settings(released):
    p = read_probabilities(released.probabilities, LANGUAGES)
    settings = experiment().settings("vary_settings")(selection())  # the released, by default
    wanted = {"top_rate": 0.01, "threshold_quantile": 0.95, "lambda_": None}
    assert settings["parameters"] == wanted
    of = ("method", "parameters", "values", "multiples")
    found = sensitivity(p, **{name: settings[name] for name in of}).set_index(
        ["parameter", "value"]
    )
    numbers = found[["specific", "related", "general"]]
    assert numbers.loc["top_rate"].T.to_dict("list") == {
        0.005: [1014, 810, 7797], 0.01: [1866, 1353, 7797], 0.02: [3193, 2199, 7797],
    }  # fmt: skip
    assert numbers.loc["threshold_quantile", "general"].to_dict() == {
        0.9: 15_740, 0.95: 7797, 0.97: 4822,
    }  # fmt: skip
    # λ = 0, half of 0.109375, and auto.
    assert numbers.loc["lambda"].to_numpy().tolist() == [
        [473, 91, 7797], [1248, 419, 7797], [1866, 1353, 7797],
    ]  # fmt: skip
    assert found.loc["lambda", "belonging"].tolist() == [564, 1667, 3219]
    assert found.loc["top_rate", "selected"].tolist() == [2294, 4588, 9175]


def test_published_numbers_under_other_settings_search_lambda_anew(released):
    p = read_probabilities(released.probabilities, LANGUAGES)
    # With the λ of top_rate 0.01 there would be 918 and 392, not the published 1014 and 810.
    held, _ = identify(p, "ternary", {"top_rate": 0.005, "lambda_": 0.109375})
    assert np.bincount(held.kind.reshape(-1))[:2].tolist() == [918, 392]
    anew, selection = identify(p, "ternary", {"top_rate": 0.005})
    assert selection.parameters["lambda"] == pytest.approx(0.1625, abs=1e-12)
    assert np.bincount(anew.kind.reshape(-1))[:2].tolist() == [1014, 810]


def test_lape_selects_no_neuron_of_all_languages(released):
    p = read_probabilities(released.probabilities, LANGUAGES)
    neurons, _ = identify(p, "lape", {})
    by_n = np.bincount(neurons.n_languages[neurons.selected], minlength=11)
    assert by_n.tolist() == [0, 3406, 820, 225, 74, 50, 10, 2, 1, 0, 0]
    assert np.bincount(neurons.kind.reshape(-1)).tolist() == [4588, 0, 7797, 446_367]


def test_activation_difference_selects_neurons_of_few_languages(released):
    p = read_probabilities(released.probabilities, LANGUAGES)
    neurons, _ = identify(p, "activation_difference", {})
    by_n = np.bincount(neurons.n_languages[neurons.selected], minlength=11)
    assert by_n.tolist() == [51, 3318, 845, 274, 65, 33, 2, 0, 0, 0, 0]
    # Related are 845 + 274 + 65 + 33 + 2.
    assert np.bincount(neurons.kind.reshape(-1)).tolist() == [3318, 1219, 7797, 446_418]
