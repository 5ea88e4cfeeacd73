"""One run of everything: the artefacts' columns and values, and what a second run does."""

import numpy as np
import pandas as pd
import pytest
from project import LANGUAGES, WHOLE_CONFIG

from langneurons.activations.class_counts import ACTIVATIONS_BY_CLASS, CLASSES, read_class_counts
from langneurons.activations.counts import (
    ACTIVATIONS,
    probabilities_schema,
    read_counts,
    read_probabilities,
)
from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.comparison import changes, positions
from langneurons.comparison.accuracy import ACCURACY_CHANGE
from langneurons.corpora.schema import CORPUS
from langneurons.neurons import stability, token_classes
from langneurons.neurons import table as neuron_table
from langneurons.neurons.sensitivity import SENSITIVITY
from langneurons.phases import expectations, segmentation
from langneurons.phases.table import PHASES
from langneurons.responses.accuracy import ACCURACY
from langneurons.responses.schemas import GRADES, RESPONSES, TOKENS

L, D, K, F = 12, 512, 3, 4
PAIR = "comparison/base-vs-aligned/sums/ternary"


@pytest.mark.parametrize(
    ("path", "schema", "rows"),
    [
        ("corpora/sums", CORPUS, 8 * K),
        ("responses/base/sums", RESPONSES, 8 * K),
        ("activations/base/sums", ACTIVATIONS, K * F * L),
        ("activations/aligned/sums", ACTIVATIONS, K * F * L),
        # The input's class: 5; the next one's: 5, or the end.
        ("activations/base/sums.classes", ACTIVATIONS_BY_CLASS, K * (5 + 6) * L),
        ("probabilities/base/sums", probabilities_schema(LANGUAGES), L * D),
        ("neurons/base/sums/ternary", neuron_table.NEURONS, L * D),
        ("neurons/aligned/sums/lape", neuron_table.NEURONS, L * D),
        ("neurons/base/sums/ternary.summary", neuron_table.SUMMARY, 1),
        ("stability/base/sums/ternary", stability.STABILITY, L * D),
        # τ, λ, cut-off; totals; layers; N, all and selected; languages × specific, related.
        (
            "stability/base/sums/ternary.certainty",
            stability.CERTAINTY,
            3 + 4 + 4 * L + 2 * (K + 1) + 2 * K,
        ),
        ("stability/base/sums/ternary.draws", stability.DRAWS, 20),
        # top_rate 0.005, 0.01, 0.02 and 0.05; three quantiles; λ: 0, a half, auto.
        ("sensitivity/base/sums/ternary", SENSITIVITY, 4 + 3 + 3),
        ("sensitivity/base/sums/lape", SENSITIVITY, 4 + 3),
        # 4 types of all languages, 2 of each; read and next.
        ("token_classes/base/sums/ternary", token_classes.TOKEN_CLASSES, 2 * (4 + 2 * K)),
        ("token_classes/aligned/sums/lape.tokens", token_classes.TOKEN_SHARES, K * (5 + 6)),
        ("grades/base/sums", GRADES, 8 * K),
        ("phases/base/sums/ternary", PHASES, 4),
        ("phases/base/sums/ternary.segments", segmentation.SEGMENTS, 4),
        ("phases/base/sums/ternary.layers", segmentation.LAYERS, L),
        ("phases/base/sums/ternary.support", segmentation.SUPPORT, 4),
        ("phases/base/sums/ternary.expectations", expectations.EXPECTATIONS, 6),
        (f"{PAIR}/totals", changes.TOTALS, 4),
        (f"{PAIR}/layers", changes.LAYERS, L * 4),
        (f"{PAIR}/sharing", changes.SHARING, 2 * (K + 1)),
        (f"{PAIR}/phases", changes.PHASES, 4 * 4),
        (f"{PAIR}/languages", changes.LANGUAGES, K * 2),
        (f"{PAIR}/language_draws", changes.LANGUAGE_DRAWS, 20),
        (f"{PAIR}/groups", changes.GROUPS, 4 * 2),
        (f"{PAIR}/overlap", positions.OVERLAP, 4),
        (f"{PAIR}/transitions", positions.TRANSITIONS, 4 * 4),
        ("comparison/base-vs-aligned/sums/accuracy", ACCURACY_CHANGE, K + 3),  # and 3 groups
        ("accuracy/base/sums", ACCURACY, K),
        ("accuracy/aligned/sums", ACCURACY, K),
    ],
)
def test_artefacts_have_their_columns_and_rows(finished, path, schema, rows):
    table = read_table(finished.folder / f"results/{path}.parquet", schema)
    assert len(table) == rows
    assert read_provenance(finished.folder / f"results/{path}.parquet")["versions"]["pandas"]


def test_counts_are_those_of_the_response_tokens(finished):
    results = finished.folder / "results"
    tokens = read_table(results / "tokens/base/base/sums.parquet", TOKENS)
    lengths = tokens["response_tokens"].map(len)
    expected = lengths.groupby(tokens["language"]).sum().reindex(LANGUAGES)
    counts = read_counts(results / "activations/base/sums.parquet", LANGUAGES)
    assert counts.tokens.sum(axis=1).tolist() == expected.tolist()
    assert counts.active.shape == (K, F, L, D)
    assert (counts.active <= counts.tokens[:, :, None, None]).all()
    assert 0.2 < counts.active.sum() / (counts.tokens.sum() * L * D) < 0.8
    by_class = read_class_counts(results / "activations/base/sums.classes.parquet", LANGUAGES)
    inputs = by_class.active[:, : len(CLASSES)].sum(axis=1)
    np.testing.assert_array_equal(inputs, counts.active.sum(axis=1))


def test_both_models_were_measured_on_the_texts_of_base(finished):
    results = finished.folder / "results"
    base = read_table(results / "tokens/base/base/sums.parquet", TOKENS)
    aligned = read_table(results / "tokens/aligned/base/sums.parquet", TOKENS)
    pd.testing.assert_frame_equal(base, aligned)


def test_neurons_follow_from_probabilities_by_definition(finished):
    results = finished.folder / "results"
    p = read_probabilities(results / "probabilities/base/sums.parquet", LANGUAGES)
    neurons = read_table(results / "neurons/base/sums/ternary.parquet", neuron_table.NEURONS)
    tau = np.sort(p.reshape(-1))[round(0.95 * p.size) - 1]
    N = (p.reshape(-1, K) > tau).sum(axis=1)
    assert neurons["n_languages"].tolist() == N.tolist()
    assert neurons["selected"].sum() == round(
        WHOLE_CONFIG["neurons"]["ternary"]["top_rate"] * L * D
    )
    assert (neurons["type"] == "general").tolist() == (N == K).tolist()


def test_masks_are_in_the_format_of_the_release(finished):
    import torch

    masks = torch.load(finished.folder / "results/masks/base/sums/ternary.pt", weights_only=True)
    summary = neuron_table.read_summary(
        finished.folder / "results/neurons/base/sums/ternary.summary.parquet"
    )
    assert len(masks) == K
    assert all(len(mask) == L for mask in masks)
    assert [sum(map(len, mask)) for mask in masks] == list(summary["mask_sizes"])


def test_the_run_said_at_its_start_what_it_would_do(finished):
    logs = [path.read_text() for path in (finished.folder / ".snakemake/log").glob("*.log")]
    # 8 problems, 3 languages, 12 tokens; 8 questions, 2 languages, 4 samples, 48 tokens.
    expected = (
        "base              writes up to 288 tokens (24 responses) · "
        "samples up to 3,072 tokens (64 responses) · scoring up to 32 responses · "
    )
    assert any(
        expected in log and "Select jobs to execute" in log.split(expected)[1] for log in logs
    )
