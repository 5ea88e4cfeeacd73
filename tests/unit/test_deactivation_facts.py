"""Facts that a model is asked for while neurons are off: as of edited weights, and as changes."""

import numpy as np
import pandas as pd
import pytest
from deactivation_cases import LANGUAGES, D, L, row_of, run, tiny_case
from fact_cases import own_facts
from figure_cases import draw

from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.schema import FACTS
from langneurons.errors import InputError
from langneurons.facts.measuring import ranked
from langneurons.interventions.deactivation import deactivate
from langneurons.interventions.deactivation_changes import CHANGES, DOMINANCE, write_changes
from langneurons.models.candidates import CandidateLikelihood
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.mlps import find_mlps
from langneurons.neurons.sets import SETS, SPECIFIC_RANDOM, sets_of_table
from langneurons.responses.cloze import cloze_tokens

pytestmark = pytest.mark.usefixtures("one_thread")
ROWS = [
    {
        "fact": f"f{number}",
        "language": language,
        "phrasing": phrasing,
        "prompt": f"{prompt} {number} {phrasing}:",
        "answer": answers[number % 6],
        "candidates": list(answers),
    }
    for number in range(12)
    for phrasing in (1, 2)
    for language, prompt, answers in (
        # Of the same letters, so that little decides between them.
        ("en", "the colour is", ("blue", "bleu", "lube", "elbu", "uble", "ulbe")),
        ("de", "die Farbe ist", ("rote", "tore", "oret", "erot", "tero", "orte")),
    )
]
NAME = "specific+related+general"


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A tiny case, its facts, and what is measured of it."""
    folder = tmp_path_factory.mktemp("facts")
    case, facts = tiny_case(folder), own_facts(folder, ROWS, LANGUAGES)
    write_table(facts, folder / "facts.parquet", FACTS)
    means, problems = run(case, folder, facts_path=folder / "facts.parquet")
    return case, facts, folder, means, problems


def known_of_edited_weights(case, facts, mask):
    """The share known by fact and language, of a model without these columns."""
    model, tokenizer = load_model(case["spec"]), load_tokenizer(case["spec"])
    for mlp, row in zip(find_mlps(model), mask, strict=True):
        mlp.down.weight[:, np.flatnonzero(row)] = 0
    tokens = cloze_tokens(facts, tokenizer, None)
    table = ranked(facts, tokens, CandidateLikelihood(model, tokens, 1000).log_probabilities())
    return table.groupby(["fact", "language"])["known"].mean()


def test_known_facts_are_those_of_edited_weights(asked):
    case, facts, _, means, problems = asked
    mask = sets_of_table(case["neurons_path"], [NAME], (L, D), LANGUAGES)[NAME][0]
    found = problems[problems["is_fact"]]
    own = (found["set"] == NAME) & found["control_seed"].isna() & (found["deactivated"] == "en")
    for rows, neurons in [(found["set"] == "none", np.zeros((L, D), dtype=bool)), (own, mask)]:
        known = found[rows].set_index(["problem", "target"])["known"]
        expected = known_of_edited_weights(case, facts, neurons)
        assert len(known) == 24
        for key, share in known.items():
            assert share == expected[key]
        name = "none" if neurons.sum() == 0 else NAME
        row = row_of(means, name, None, "en" if neurons.any() else None, "de")
        assert row["knowledge"] == pytest.approx(expected.loc[:, "de"].mean())
        assert row["facts"] == 12
    shares = found.dropna(subset="known").groupby(["problem", "target"])["known"].nunique()
    assert shares.max() > 1  # some set changes something


def test_problems_stay_as_they_are(asked, deactivation_tables):
    _, _, _, means, problems = asked
    bare_means, bare_problems = deactivation_tables
    assert not bare_problems["is_fact"].any()
    assert (bare_means["facts"] == 0).all()
    same = problems[~problems["is_fact"]].reset_index(drop=True)
    columns = [name for name in bare_problems.columns if name != "known"]
    pd.testing.assert_frame_equal(same[columns], bare_problems[columns], check_dtype=False)
    assert same["known"].isna().all()
    facts = problems[problems["is_fact"]]
    assert facts[["nll", "right", "unfinished"]].isna().all(axis=None)
    pd.testing.assert_series_equal(means["n"], bare_means["n"])
    empty = facts[(facts["set"] == "specific") & (facts["deactivated"] == "de")]
    assert len(empty)
    assert empty["known"].isna().all()


def test_changes_are_over_facts(asked):
    _, _, folder, means, _ = asked
    outputs = {name: folder / name for name in ("changes", "dominance", "csv")}
    sets = [*SETS, SPECIFIC_RANDOM]
    write_changes(folder / "problems", outputs, LANGUAGES, sets, {"replicates": 20, "seed": 0})
    changes = read_table(outputs["changes"], CHANGES)
    assert set(changes["measure"]) == {"log_perplexity", "knowledge"}
    cell = changes.query(
        "measure == 'knowledge' and set == @NAME and not control and deactivated == 'en' "
        "and target == 'de'"
    ).iloc[0]
    none = row_of(means, "none", None, None, "de")["knowledge"]
    assert cell["change"] == pytest.approx(
        row_of(means, NAME, None, "en", "de")["knowledge"] - none
    )
    # Twelve facts are enough for a test, three problems are not.
    tested = changes[~changes["control"] & changes["p"].notna()]
    assert set(tested["measure"]) == {"knowledge"}
    dominance = read_table(outputs["dominance"], DOMINANCE)
    numbers = dominance.groupby("measure")["problems"].first()
    assert numbers.to_dict() == {"knowledge": 12, "log_perplexity": 3}
    figure = draw(
        "deactivation_knowledge", {"deactivation": folder / "means", "changes": outputs["changes"]}
    )
    notes = figure.get_supxlabel().replace("\n", " ").replace("\u00a0", " ")
    assert "interval over facts contains 0." in notes
    assert "n = 12 facts a language." in notes
    figure = draw("deactivation_dominance", {"dominance": outputs["dominance"]})
    assert "n = 3 problems and 12 facts a language." in figure.get_supxlabel().replace("\n", " ")


def test_facts_beyond_the_context_are_named(asked, tmp_path):
    case, *_ = asked
    rows = [{**row, "prompt": row["prompt"] * 9} for row in ROWS]
    write_table(own_facts(tmp_path, rows, LANGUAGES), tmp_path / "facts.parquet", FACTS)
    from deactivation_cases import PARAMETERS

    with pytest.raises(InputError, match=r"facts.parquet: problem 'f0-1', language en.* at most"):
        deactivate(
            output=tmp_path / "x", parameters=PARAMETERS, facts_path=tmp_path / "facts.parquet",
            **case,
        )  # fmt: skip
