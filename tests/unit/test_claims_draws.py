"""Claims from counts of both models: the draws of a comparison, and whole tables of claims."""

import numpy as np
import pytest

from langneurons.activations.counts import Counts, write_counts, write_probabilities
from langneurons.artifacts.tables import read_table
from langneurons.claims.changes import (
    like_change_findings,
)
from langneurons.claims.table import write_alignment_claims, write_claims
from langneurons.claims.verdicts import (
    CLAIMS,
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTED,
    SUPPORTED,
    judge,
)
from langneurons.comparison.changes import by_language, change_table, difference
from langneurons.comparison.scale import Drawn, typed_pair
from langneurons.comparison.tables import write_comparison
from langneurons.neurons.stability import draw_rows, write_stability
from langneurons.neurons.table import write_neurons
from langneurons.phases.segmentation import write_segments
from langneurons.phases.table import write_phases

LANGUAGES = ("en", "de", "sw", "th")
METHOD = "ternary"
PARAMETERS = {"top_rate": 0.1, "threshold_quantile": 0.8, "lambda_": None}
UNCERTAINTY = {"replicates": 40, "seed": 0}
DRAWING = {**UNCERTAINTY, "design_effect": 2}


def counts_of(seed=0, folds=12, added=()):
    """Counts of 6 layers; the languages in ``added`` are active more often in 30 neurons."""
    random = np.random.default_rng(seed)
    p = random.beta(0.4, 1.5, size=(4, 1, 6, 50)) * 0.9
    for language in added:
        p[LANGUAGES.index(language), 0, :, :30] = 0.95
    active = random.binomial(200, np.broadcast_to(p, (4, folds, 6, 50)))
    return Counts(active.astype(np.int32), np.full((4, folds), 200), LANGUAGES)


def alike(after, before=None, groups=(["de"], ["sw", "th"])):
    """The claims that languages change alike, from the comparison's own draws."""
    before = before or counts_of()
    pair = before.probabilities(), after.probabilities()
    counted = by_language(LANGUAGES, "en", groups[0])
    typed = typed_pair(*pair, METHOD, PARAMETERS, "common")
    drawn = Drawn(before, after, **DRAWING)
    draws = [difference(counted, *one) for one in drawn.typed(METHOD, PARAMETERS, "common")]
    rows = len(counted.keys["type"])
    table = change_table(
        counted, *typed, np.zeros(rows, int), np.empty((0, rows)), drawn.draws.units
    )
    draws = draw_rows("changes", np.array(draws))
    findings = like_change_findings(table, draws, groups, drawn.draws.units, 0.05, True)
    return judge(findings).set_index("claim")


def test_languages_change_alike_or_do_not():
    same = alike(counts_of())
    assert same["estimate"].tolist() == [0, 0]
    assert same["verdict"].tolist() == [SUPPORTED, SUPPORTED]
    # 30 neurons of each layer become active for German alone, or for no language but German.
    changed = alike(counts_of(added=["de"]))
    assert changed.loc["related_change_alike", "verdict"] == CONTRADICTED
    assert changed.loc["related_change_alike", "estimate"] > changed["margin"].max()


def test_languages_cannot_be_set_against_nobody_or_in_one_fold():
    nobody = alike(counts_of(), groups=(["de", "sw", "th"], []))
    assert (nobody["verdict"] == NOT_TESTED).all()
    one = alike(counts_of(folds=1), before=counts_of(folds=1))
    assert one["estimate"].tolist() == [0, 0]
    assert one["reason"].str.startswith("one fold: the interval is over tokens only").all()
    assert (one["verdict"] == INCONCLUSIVE).all()


def written(folder, name, counts):
    """Write a model's counts, neurons and phases; return their paths."""
    names = ("counts", "probabilities", "neurons", "summary", "segments", "layers", "support",
             "phases", "expectations")  # fmt: skip
    paths = {one: folder / f"{name}.{one}" for one in names}
    write_counts(counts, paths["counts"], {})
    write_probabilities(paths["counts"], paths["probabilities"], LANGUAGES)
    typing = (METHOD, PARAMETERS)
    write_neurons(paths["probabilities"], paths["neurons"], paths["summary"], *typing, LANGUAGES)
    write_segments(paths["neurons"], paths["summary"], paths, 4)
    write_phases(
        *(paths[one] for one in ("segments", "summary", "counts")), paths, *typing,
        replicates=0, seed=0, design_effect=2,
    )  # fmt: skip
    return paths


COMPARED = {
    "languages": LANGUAGES,
    "pivot": "en",
    "trained": ["de"],
    "names": ("base", "aligned"),
    "method": METHOD,
    "parameters": PARAMETERS,
    "scale": "common",
    "uncertainty": DRAWING,
}


def alignment_claims(folder, before, after):
    first, second = written(folder, "before", before), written(folder, "after", after)
    names = ("totals", "layers", "sharing", "phases", "languages", "language_draws", "groups",
             "overlap", "transitions")  # fmt: skip
    outputs = {name: str(folder / name) for name in names}
    write_comparison(first["counts"], second["counts"], first["phases"], outputs, **COMPARED)
    read = ("totals", "phases", "languages", "language_draws", "overlap")
    paths = {name: outputs[name] for name in read}
    about = {name: COMPARED[name] for name in ("languages", "pivot", "trained")}
    write_alignment_claims(paths, folder / "claims", **about, margin=0.05, related=True, others=[])
    return read_table(folder / "claims", CLAIMS).set_index("claim")


def test_another_methods_totals_are_read(tmp_path):
    counts = counts_of()
    alignment_claims(tmp_path, counts, counts)
    read = ("totals", "phases", "languages", "language_draws", "overlap")
    paths = {**{name: tmp_path / name for name in read}, "lape_totals": tmp_path / "totals"}
    about = {name: COMPARED[name] for name in ("languages", "pivot", "trained")}
    output = tmp_path / "claims"
    write_alignment_claims(paths, output, **about, margin=0.05, related=True, others=["lape"])
    row = read_table(output, CLAIMS).set_index("claim").loc["specific_changed_in_total_by_lape"]
    assert (row["estimate"], row["low"], row["verdict"]) == (0, 0, CONTRADICTED)


def test_a_model_against_itself_supports_no_change(tmp_path):
    counts = counts_of()
    table = alignment_claims(tmp_path, counts, counts)
    changed = table[table["group"] == "changed"]
    assert len(changed) == 15
    assert (changed["estimate"] == 0).all()
    assert not (changed["verdict"] == SUPPORTED).any()
    # What is said to stay the same does.
    kept = table[table["group"].isin(["positions", "languages"])]
    assert (kept["verdict"] == SUPPORTED).all()


@pytest.mark.parametrize("after", [counts_of(folds=1), counts_of(folds=1, added=["de"])])
def test_published_counts_are_never_supported_nor_contradicted(tmp_path, after):
    table = alignment_claims(tmp_path, counts_of(folds=1), after)
    assert set(table["verdict"]) == {INCONCLUSIVE, NOT_TESTED}
    # What folds would judge has an interval all the same, and a reason; no p for Holm.
    judged = table[table["group"].isin(["changed", "languages"])]
    assert (judged["verdict"] == INCONCLUSIVE).all()
    assert judged[["low", "high"]].notna().all(axis=None)
    assert judged["reason"].str.startswith("one fold").all()
    assert judged["p"].isna().all()


@pytest.mark.parametrize("folds", [1, 12])
def test_the_claims_about_one_model(tmp_path, folds):
    paths = written(tmp_path, "base", counts_of(folds=folds))
    inputs = {name: tmp_path / name for name in ("stability", "certainty", "draws")}
    write_stability(paths["counts"], inputs, METHOD, PARAMETERS, LANGUAGES, **DRAWING)
    inputs["segments"] = paths["segments"]
    # The method itself stands in for another one.
    inputs |= {f"lape_{name}": inputs[name] for name in ("certainty", "draws")}
    # So does it for relevance, of which nothing was switched off.
    inputs |= {f"relevance_{name}": inputs[name] for name in ("certainty", "draws")}
    settings = {"languages": LANGUAGES, "pivot": "en", "others": ["lape", "relevance"]}
    write_claims(inputs, tmp_path / "claims", "sums", **settings, **UNCERTAINTY, margin=0.05)
    table = read_table(tmp_path / "claims", CLAIMS)
    assert table["group"].unique().tolist() == [
        "layers", "languages", "positions", "shared space", "interventions", "shared neurons",
        "steering", "other methods",
    ]  # fmt: skip
    assert table["claim"].is_unique
    assert table["claim"].iloc[-1] == f"relevance_more_selective_than_{METHOD}"
    tested = table[table["verdict"] != NOT_TESTED]
    assert set(tested["group"]) == {"layers", "languages", "other methods"}
    if folds == 1:
        assert (tested["verdict"] == INCONCLUSIVE).all()
        assert tested["reason"].str.startswith("one fold").all()
        # But for the order of the layers, each has an interval.
        assert tested["low"].isna().sum() == 1
    assert table["reason"].str.len().min() > 5
