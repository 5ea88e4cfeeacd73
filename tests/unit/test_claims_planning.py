"""Which claims are judged, what their rules read, and what is drawn and written of them."""

import pandas as pd
import pytest
from experiment_cases import CONFIG, Wildcards, experiment, selection
from figure_cases import draw

from langneurons.artifacts.tables import write_table
from langneurons.claims.verdicts import CLAIMS, VERDICTS
from langneurons.tables import claims as claims_table

TRANSLATED = {"from": "base", "method": "translation", "seeds": [1, 2], "checkpoints": []}
SEEDED = {
    "models": {
        "base": {"path": "owner/base"},
        "aligned": {"align": TRANSLATED, "responses_from": "base"},
        "shuffled": {"align": {**TRANSLATED, "control": "shuffled"}, "responses_from": "base"},
    },
    "comparisons": [{"before": "base", "after": "aligned", "control": "shuffled"}],
    "retrieval": {},
}


def between(before="base", after="other", dataset="sums", method="ternary"):
    return Wildcards(before=before, after=after, dataset=dataset, method=method)


def places(one):
    return [place for name, place in one.drawn if name == "claims"]


def test_claims_are_about_models_and_alignments():
    one = experiment()
    # Four models without the two checkpoints, and two comparisons; data sets, methods.
    assert len(places(one)) == (4 + 2) * 2 * 2
    assert {"base/sums/lape", "base-vs-aligned/tales/ternary"} <= set(places(one))
    assert not any("@" in place for place in places(one))
    stage = [file for file in one.targets["claims"] if file.startswith("results/claims")]
    assert len(stage) == len(places(one))
    assert "results/tables/verdicts/base/sums/lape.csv" in one.targets["tables"]
    assert set(one.targets["claims"]) <= set(one.targets["all"])


def test_no_claim_is_about_what_a_control_changes():
    found = places(experiment(**SEEDED))
    assert "base-vs-aligned-seed2/sums/ternary" in found
    assert not any("vs-shuffled" in place for place in found)


def test_a_models_claims_read_what_was_measured_of_it():
    one = experiment(retrieval={"models": ["base"]})
    assert one.reads("check_claims")(selection("base")) == {
        "lape_certainty": "results/stability/base/sums/lape.certainty.parquet",
        "lape_draws": "results/stability/base/sums/lape.draws.parquet",
        "datasets": "results/dataset_overlap/base/ternary.parquet",
        "retrieval": "results/retrieval/base/sums.parquet",
        "deactivation": "results/deactivation/base/sums/ternary.problems.parquet",
        "steering": "results/steering/base/sums/ternary.problems.parquet",
    }
    # Lape's neurons are not switched off, and no other model's.
    assert one.reads("check_claims")(selection("base", method="lape")).keys() == {
        "ternary_certainty",
        "ternary_draws",
        "datasets",
        "retrieval",
    }
    doses = experiment(
        doses={"models": ["base"]},
        steering={"models": ["base"], "methods": ["lape"], "max_repetition": 0.3},
    )
    more = doses.reads("check_claims")(selection("base", method="lape"))
    assert more["doses"] == "results/doses/base/sums.problems.parquet"
    assert more["steering"] == "results/steering/base/sums/lape.problems.parquet"
    assert doses.settings("check_claims")(selection())["max_repetition"] == 0.3
    assert not {"doses", "steering"} & doses.reads("check_claims")(selection("other")).keys()
    alone = experiment(neurons={"ternary": {}}, deactivation=None, steering=None)
    assert alone.reads("check_claims")(selection("other")).keys() == {"datasets"}
    assert alone.settings("check_claims")(selection())["others"] == []


def test_claims_about_published_counts_read_the_counts(tmp_path):
    for language in CONFIG["languages"]:
        for name in ("activation", "prefix.activation"):
            (tmp_path / f"{name}.{language}.M.pt").touch()
    counts = {"counts": {"mgsm": str(tmp_path)}}
    one = experiment(
        models={"before": counts, "after": counts},
        comparisons=[{"before": "before", "after": "after"}],
        alignment=None, deactivation=None, steering=None, retrieval={},
    )  # fmt: skip
    reads = one.reads("check_claims")(selection("before", "mgsm"))
    assert reads.keys() == {"lape_certainty", "lape_draws"}
    reads = one.reads("check_alignment_claims")(between("before", "after", "mgsm"))
    assert reads.keys() == {"lape_totals"}
    assert "before-vs-after/mgsm/lape" in places(one)


def test_an_alignments_claims_read_its_control_retrieval_and_accuracy():
    reads = experiment().reads("check_alignment_claims")
    assert reads(between()) == {
        "lape_totals": "results/comparison/base-vs-other/sums/lape/totals.parquet",
        "accuracy": "results/comparison/base-vs-other/sums/accuracy.parquet",
    }
    one = experiment(**SEEDED)
    assert one.reads("check_alignment_claims")(between(after="aligned-seed2")) == {
        "lape_totals": "results/comparison/base-vs-aligned-seed2/sums/lape/totals.parquet",
        "attribution": "results/attribution/base-vs-aligned/sums/ternary.parquet",
        "retrieval": "results/comparison/base-vs-aligned-seed2/sums/retrieval.parquet",
        "accuracy": "results/comparison/base-vs-aligned-seed2/sums/accuracy.parquet",
    }
    without = experiment(**SEEDED, accuracy=None).reads("check_alignment_claims")
    assert "accuracy" not in without(between(after="aligned-seed2"))


def test_the_settings_type_no_neuron():
    one = experiment(comparison={"margin": 0.1})
    languages = {"languages": ["en", "de", "sw"], "pivot": "en"}
    found = one.settings("check_claims")(selection())
    bootstrap = {"replicates": 200, "seed": 0}
    assert found == {
        **languages, **bootstrap, "dataset": "sums", "margin": 0.1, "others": ["lape"],
        "max_repetition": 0.2,
    }  # fmt: skip
    found = one.settings("check_alignment_claims")(between(method="lape"))
    assert found == {
        **languages, "trained": ["de"], "related": False, "margin": 0.1, "others": ["ternary"],
    }  # fmt: skip


def claims():
    """Three claims of two groups and a fourth without a number, one for each verdict."""
    rows = [
        ("layers", "many", "There are many.", "figure 3", 36.0, 30.0, 42.0, 1.0, 0.01, 0.04),
        ("layers", "few", "There are few.", None, -250.4, -300.0, -200.8, 1.0, 0.001, 0.004),
        ("positions", "kept", "They keep it.", None, 0.02, -0.1, 0.14, 0.0, 0.7, 0.7),
        ("positions", "other", "Elsewhere too. " * 9, None, *[None] * 6),
    ]
    table = pd.DataFrame(rows, columns=CLAIMS.names[:-2])
    return table.assign(verdict=VERDICTS, reason=["strong", "below", "the interval holds 0", "-"])


@pytest.fixture
def path(tmp_path):
    write_table(claims(), tmp_path / "claims", CLAIMS)
    return tmp_path / "claims"


def test_the_figure_has_a_line_a_claim(path):
    figure = draw("claims", {"claims": path})
    axes = figure.axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert "There are many. (figure\u00a03)" in texts
    assert "There are few." in texts  # no figure of the paper shows it
    assert {"layers", "positions", *VERDICTS} <= set(texts)
    assert {"+36.0 [+30.0, +42.0]", "−250 [−300, −201]", "+0.020 [−0.100, +0.140]"} <= set(texts)
    assert "the interval holds 0" in texts
    assert "strong" not in texts  # what a supported claim's interval shows
    assert {"0.040", "0.004", "0.700"} <= set(texts)
    # No letter is too small to read, and a long statement takes several lines.
    assert min(text.get_fontsize() for text in axes.texts) >= 6
    assert sum("Elsewhere too." in text for text in texts) == 2
    # The longest end of each interval is as far from the middle: 42, 300 and 0.14.
    ends = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2]
    intervals = [x for x in ends if x[0] != x[1]]
    middle = next(x[0] for x in ends if x[0] == x[1])
    assert [max(abs(x - middle)) for x in intervals] == pytest.approx([0.38] * 3)
    markers = [line for line in axes.lines if line.get_marker() not in ("None", None)]
    assert len(markers) == 3 + 4  # estimates with an interval, and verdicts
    assert "n = 4 claims: 1 supported, 1 contradicted, 1 inconclusive, 1 not tested." in (
        figure.get_supxlabel().replace("\n", " ")
    )


def test_the_table_has_all_columns_and_lays_out_the_short_names(path):
    table = claims_table.make(path)
    assert table.columns.tolist() == CLAIMS.names
    cells = claims_table.lay_out(table).cells
    assert cells["claim"].tolist() == ["many", "few", "kept", "other"]
    assert cells["estimate [95 %]"].tolist()[2:] == ["+0.02 [−0.10, +0.14]", "–"]
    assert cells["verdict"].tolist() == list(VERDICTS)
