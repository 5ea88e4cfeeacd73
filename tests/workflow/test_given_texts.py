"""Texts that a model reads as they are: nothing is generated but what is asked for."""

import pandas as pd
import pytest
from project import LANGUAGES, TINY_CONFIG

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.claims.verdicts import CLAIMS
from langneurons.corpora.schema import CORPUS
from langneurons.interventions.schemas import DEACTIVATION, STEERING
from langneurons.responses.schemas import TOKENS

TEXTS = {
    "format": "texts",
    "path": "data/{language}.jsonl",
    "columns": {"text": "text", "problem": "id"},
}


@pytest.fixture
def texts(fresh):
    """The tiny project with one model and its questions as texts, three of eight held out."""
    fresh.write_config(
        {
            **{key: TINY_CONFIG[key] for key in ("languages", "neurons", "figures")},
            "datasets": {
                "lines": {**TEXTS, "held_out": 3},
                "windows": {**TEXTS, "length": 16, "tokens": 250},
            },
            "models": {"base": TINY_CONFIG["models"]["base"]},
            "uncertainty": {"folds": 4, "replicates": 20},
            "deactivation": {
                "sets": ["specific", "specific+related"],
                "problems": 2,
                "control_seeds": 1,
                "control": "activity",
            },
            "steering": {
                "languages": ["en", "sw"],
                "problems": 1,
                "max_new_tokens": 4,
                "control": "activity",
            },
        }
    )
    return fresh


def test_texts_are_counted_and_measured_and_nothing_is_generated(texts):
    planned = texts.planned()
    assert not planned.keys() & {"generate_responses", "grade_responses", "evaluate_accuracy"}
    texts.run(
        "results/deactivation/base/lines/ternary.parquet",
        "results/steering/base/lines/ternary.parquet",
        "results/activations/base/windows.parquet",
        "results/claims/base/lines/ternary.parquet",
        "results/tables/deactivation_dominance/base/lines/ternary.csv",
    )
    results = texts.folder / "results"
    assert not (results / "responses/base").exists()
    tokens = read_table(results / "tokens/base/data/lines.parquet", TOKENS)
    held_out = read_table(results / "corpora/lines.held_out.parquet", CORPUS)
    assert tokens["problem"].nunique() == 5
    assert set(held_out["problem"]) == {"p1", "p4", "p6"}
    windows = read_table(results / "tokens/base/data/windows.parquet", TOKENS)
    read = windows["response_tokens"].map(len).groupby(windows["language"]).sum()
    assert read.to_dict() == dict.fromkeys(LANGUAGES, 250)
    table = read_table(results / "deactivation/base/lines/ternary.parquet", DEACTIVATION)
    assert table["accuracy"].isna().all()
    assert table.loc[table["set"] == "none", "nll"].between(0.1, 20).all()
    # The specific neurons with random ones in place of the related, by which these are judged.
    beside = table[table["set"] == "specific+random"]
    assert beside["control_seed"].tolist() == [0] * len(LANGUAGES) ** 2
    assert beside["nll"].notna().any()
    claims = read_table(results / "claims/base/lines/ternary.parquet", CLAIMS).set_index("claim")
    assert claims.loc["related_matter_beyond_specific", "reason"].startswith("2 problems")
    for stage in ("deactivation", "steering"):
        path = results / f"{stage}/base/lines/ternary.parquet"
        controls = pd.DataFrame(read_provenance(path)["controls"])
        assert controls[["peak_probability", "down_norm"]].notna().all(axis=None)
    steered = read_table(results / "steering/base/lines/ternary.parquet", STEERING)
    assert (steered["n"] == 1).any()
