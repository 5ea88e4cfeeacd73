"""The method plnd: hits counted over texts, neurons typed by how consistent they are."""

import numpy as np
import pandas as pd
import pytest
import torch
from figure_cases import draw, summaries
from importance_cases import double_model, measured
from tiny_models import save_tiny_model, tiny_config, tiny_model

from langneurons.activations.counts import Counts, merge_counts, read_counts, write_counts
from langneurons.activations.sums import write_quotients
from langneurons.artifacts.tables import read_provenance, read_table, write_table
from langneurons.errors import InputError
from langneurons.importance.collection import chosen_texts, count_hits, measure_importance
from langneurons.importance.components import COMPONENTS
from langneurons.models.spec import ModelSpec
from langneurons.neurons.components import COMPONENT_NEURONS, write_components
from langneurons.neurons.methods.plnd import select
from langneurons.neurons.stability import write_stability
from langneurons.neurons.table import read_summary, write_neurons
from langneurons.neurons.types import GENERAL, OTHER, RELATED, SPECIFIC, identify, identify_on_scale
from langneurons.phases.segmentation import write_segments
from langneurons.phases.table import write_phases
from langneurons.responses.schemas import TOKENS

LANGUAGES = ["sw", "en", "th"]


def token_table(problems: int = 4) -> pd.DataFrame:
    random = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "problem": f"p{problem}",
            "language": language,
            "sample": 0,
            "prompt_tokens": random.integers(0, 259, random.integers(0, 4)),
            "response_tokens": random.integers(0, 259, random.integers(2, 9)),
        }
        for problem in range(problems)
        for language in LANGUAGES
    )


def test_hits_are_the_top_of_each_layer_in_whole_texts():
    model = double_model("llama")
    table = chosen_texts(token_table(), texts=3, folds=2)
    counts, heads = count_hits(
        model, table, COMPONENTS, LANGUAGES, 2, top_rate=0.15, batch_tokens=20, progress=False
    )
    assert heads == {"q": 4, "k": 2, "v": 2}
    most = {"ffn": 4, "q": 2, "k": 1, "v": 1}  # 15 % of 24, 16, 8 and 8
    widths = {"ffn": 24, "q": 16, "k": 8, "v": 8}
    expected = {name: np.zeros((3, 2, 2, n)) for name, n in widths.items()}
    for row in table.itertuples():
        text = torch.tensor([*row.prompt_tokens, *row.response_tokens])
        for (component, layer, _), values in measured(model, [text]).items():
            top = np.argsort(-values.numpy())[: most[component]]
            place = LANGUAGES.index(row.language), row.fold, layer
            expected[component][place][top] += 1
    for component in COMPONENTS:
        np.testing.assert_array_equal(counts[component].active, expected[component])
        # Problems p0 and p2 are in fold 0, p1 in fold 1.
        assert counts[component].tokens.tolist() == [[2, 1]] * 3


def test_a_neuron_that_changes_nothing_is_no_hit():
    model = tiny_model(tiny_config("opt"))
    for layer in model.model.decoder.layers:
        layer.fc1.weight.zero_()
        layer.fc1.bias.fill_(-1)  # ReLU: off at all tokens
        layer.fc1.bias[5] = 1
    table = chosen_texts(token_table(), texts=1, folds=None)
    counts, _ = count_hits(
        model, table, ["ffn"], LANGUAGES, 1, top_rate=0.5, batch_tokens=50, progress=False
    )
    assert (np.flatnonzero(counts["ffn"].active.sum(axis=(0, 1, 2))) == [5]).all()


def test_the_first_texts_of_each_language_are_chosen():
    table = token_table(5)
    table.loc[[0], "response_tokens"] = pd.Series([[]])  # sw, p0: nothing to read
    chosen = chosen_texts(table, texts=2, folds=None)
    problems = chosen.groupby("language")["problem"].agg(list)
    assert problems.to_dict() == {"sw": ["p1", "p2"], "en": ["p0", "p1"], "th": ["p0", "p1"]}
    # Three problems are read, so that there are three folds and not 25.
    assert chosen.set_index("problem")["fold"].to_dict() == {"p0": 0, "p1": 1, "p2": 2}
    assert set(chosen_texts(table, texts=2, folds=2)["fold"]) == {0, 1}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A checkpoint, a table of tokens and the counts of two shares and of one."""
    folder = tmp_path_factory.mktemp("importance")
    save_tiny_model(folder / "model", "llama")
    tokens = folder / "tokens.parquet"
    write_table(token_table(), tokens, TOKENS)
    settings = {"variant": "paper", "top_rate": 0.15, "texts": 4, "components": list(COMPONENTS)}
    for share in ((1, 1), (1, 2), (2, 2)):
        measure_importance(
            ModelSpec(str(folder / "model")),
            tokens,
            [folder / f"{name}.{share[0]}-of-{share[1]}" for name in COMPONENTS],
            LANGUAGES,
            None,
            settings,
            share,
            progress=False,
        )
    return folder


def test_shares_add_up(files):
    for component in COMPONENTS:
        whole = read_counts(files / f"{component}.1-of-1", LANGUAGES)
        parts = [files / f"{component}.{index}-of-2" for index in (1, 2)]
        merge_counts(parts, files / component, LANGUAGES)
        merged = read_counts(files / component, LANGUAGES)
        np.testing.assert_array_equal(merged.active, whole.active)
        np.testing.assert_array_equal(merged.tokens, whole.tokens)
        assert all(read_counts(part, LANGUAGES).tokens.sum() == 6 for part in parts)
        facts = read_provenance(files / component)
        assert (facts["component"], facts["variant"], facts["texts"]) == (component, "paper", 4)
        assert facts["backward_tokens"] == 0 < facts["forward_tokens"]


def test_the_variants_differ(files):
    settings = {"variant": "released", "top_rate": 0.15, "texts": 4, "components": ["ffn", "q"]}
    outputs = [files / f"released.{name}" for name in ("ffn", "q")]
    measure_importance(
        ModelSpec(str(files / "model")),
        files / "tokens.parquet",
        outputs,
        LANGUAGES,
        None,
        settings,
        progress=False,
    )
    for path, name in zip(outputs, ("ffn", "q"), strict=True):
        found, paper = (
            read_counts(path, LANGUAGES),
            read_counts(files / f"{name}.1-of-1", LANGUAGES),
        )
        assert found.active.sum() == paper.active.sum()  # as many hits in each text
        assert (found.active != paper.active).any()


def test_numbers_that_are_not_finite_are_named():
    model = tiny_model(tiny_config("llama"))
    table = chosen_texts(token_table(), texts=1, folds=None)
    model.model.embed_tokens.weight[table["response_tokens"][1][0]] = torch.inf
    with pytest.raises(InputError, match="NaN or infinite importances of ffn in layer 0"):
        count_hits(model, table, ["ffn"], LANGUAGES, 1, progress=False)


#: Shares of 10 texts in which neurons of one layer are hits, in three languages.
SHARES = np.array(
    [[[1.0, 0, 0], [1.0, 0.9, 0], [1, 1, 1], [0.8, 0.9, 0.7], [1.0, 1.0, 0.1], [0, 0, 0]]],
    dtype=np.float32,
)


def test_neurons_belong_to_languages_in_all_of_whose_texts_they_are_hits():
    neurons, selection = identify(SHARES, "plnd", {"consistency": 1.0})
    assert neurons.kind.tolist() == [[SPECIFIC, SPECIFIC, GENERAL, OTHER, RELATED, OTHER]]
    assert neurons.selected.tolist() == [[True, True, True, False, True, False]]
    assert neurons.active[0, 4].tolist() == [True, True, False]
    # The fewer hits elsewhere, the more bound: (1 + 0 + 0) / 3 … (1 + 1 + 1) / 3.
    expected = [1 / 3, 1.9 / 3, 1, np.nan, 2.1 / 3, np.nan]
    np.testing.assert_allclose(selection.score[0], expected, rtol=1e-6)


def test_consistency_is_reached_where_it_is_equalled():
    neurons, _ = identify(SHARES, "plnd", {"consistency": 0.9})
    assert neurons.active[0, :4].tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
        [False, True, False],
    ]
    for texts in range(1, 60):
        for hits in range(1, texts + 1):
            share = np.array([[[hits / texts]]]).astype(np.float32)
            assert select(share, hits / texts).selected.all()
            assert select(share, (hits - 0.5) / texts).selected.all()
            assert not select(share, min((hits + 0.5) / texts, 1)).selected.any() or hits == texts


def test_on_a_common_scale_all_neurons_of_any_language_are_selected():
    _, selection = identify(SHARES[:, :2], "plnd", {"consistency": 1.0})
    other = np.array([[[1, 1, 1], [0.9, 0, 0]]], dtype=np.float32)
    assert identify_on_scale(other, "plnd", selection).selected.tolist() == [[True, False]]


def write_hits(folder, scale=1.0):
    """Counts of 10 texts in two layers, for each component."""
    random = np.random.default_rng(0)
    paths = []
    for component, heads in (("ffn", None), ("q", 2), ("k", 1), ("v", 1)):
        active = random.integers(0, 3, (3, 1, 2, 8))
        active[:, 0, 0, :4] = 10 * SHARES[0, :4].T
        counts = Counts((active * scale).astype(int), np.full((3, 1), 10), tuple(LANGUAGES))
        paths.append(folder / f"{component}.parquet")
        settings = {"top_rate": 0.01, "texts": 10, "variant": "paper"}
        write_counts(counts, paths[-1], {"heads": heads, "component": component, **settings})
    return paths


def test_neurons_of_all_components_are_in_one_table(tmp_path):
    output = tmp_path / "components.parquet"
    paths = write_hits(tmp_path)
    write_components(paths, output, COMPONENTS, "plnd", {"consistency": 1.0}, LANGUAGES)
    table = read_table(output, COMPONENT_NEURONS)
    assert table.groupby("component").size().to_dict() == dict.fromkeys(COMPONENTS, 16)
    rows = table[(table["component"] == "q") & (table["layer"] == 0)]
    assert rows["head"].tolist() == [0] * 4 + [1] * 4
    assert table[table["component"] == "ffn"]["head"].isna().all()
    assert rows["type"].tolist()[:4] == ["specific", "specific", "general", "other"]
    assert rows["languages"].map(list).tolist()[:2] == [["sw"], ["sw"]]
    facts = read_provenance(output)
    assert (facts["texts"], facts["variant"]) == (10, "paper")
    assert "component" not in facts


def test_that_no_neuron_is_left_is_a_result(tmp_path, caplog):
    output = tmp_path / "components.parquet"
    paths = write_hits(tmp_path, scale=0.9)
    write_components(paths, output, COMPONENTS, "plnd", {"consistency": 1.0}, LANGUAGES)
    table = read_table(output, COMPONENT_NEURONS)
    assert not table["selected"].any()
    assert set(table["type"]) == {"other"}
    assert "no neuron of ffn is left" in caplog.text
    assert "the highest share is 0.9" in caplog.text
    figure = draw("components", {"components": output, "summary": summaries(tmp_path, {})[0]})
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0] == "feed-forward: 8 a layer, none is left"


def test_the_figure_has_a_panel_for_each_component(tmp_path):
    output = tmp_path / "components.parquet"
    paths = write_hits(tmp_path)
    write_components(paths, output, COMPONENTS, "plnd", {"consistency": 1.0}, LANGUAGES)
    figure = draw("components", {"components": output, "summary": summaries(tmp_path, {})[0]})
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "feed-forward: 8 a layer, 3 selected",
        "queries: 8 a layer, 3 selected",
        "keys: 8 a layer, 3 selected",
        "values: 8 a layer, 3 selected",
    ]
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[1].lines}
    assert {kind: list(values) for kind, values in lines.items()} == {
        "specific": [2, 0], "related": [0, 0], "general": [1, 0],
    }  # fmt: skip


def test_where_no_neuron_is_left_all_that_follows_has_none(tmp_path):
    """Five texts in each of ten folds, a neuron is a hit in none or one of a fold."""
    hits = np.random.default_rng(0).integers(0, 2, (3, 10, 6, 16))
    counts = tmp_path / "counts"
    write_counts(Counts(hits, np.full((3, 10), 5), tuple(LANGUAGES)), counts, {})
    shares, neurons, summary = (tmp_path / name for name in ("shares", "neurons", "summary"))
    write_quotients(counts, shares, LANGUAGES)
    typing = {"method": "plnd", "parameters": {"consistency": 1.0}}
    write_neurons(shares, neurons, summary, **typing, languages=LANGUAGES)
    assert read_summary(summary)[["specific", "related", "general", "other"]].to_list() == [
        0, 0, 0, 96,
    ]  # fmt: skip
    draws = {"replicates": 20, "seed": 0, "design_effect": 3}
    outputs = {name: tmp_path / name for name in ("stability", "certainty", "draws")}
    write_stability(counts, outputs, **typing, languages=LANGUAGES, **draws)
    outputs = {name: tmp_path / name for name in ("segments", "layers", "support")}
    write_segments(neurons, summary, outputs, segments=4)
    described = {name: tmp_path / name for name in ("phases", "expectations")}
    write_phases(outputs["segments"], summary, counts, described, **typing, **draws)
    reads = {"phases": described["phases"], "layers": outputs["layers"], "summary": summary}
    figure = draw("layer_distribution", {**reads, "certainty": tmp_path / "certainty"})
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    assert not np.any([lines[kind] for kind in ("specific", "related", "general")])
    shared = draw("language_sharing", {"neurons": neurons, "summary": summary})
    assert shared.axes
