"""More folds than problems: refused before any model runs, and without making anything again."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
from experiment_cases import CONFIG, Wildcards, experiment

from langneurons import job as jobs
from langneurons.activations.reading import folds_of
from langneurons.corpora.assembly import write_corpus
from langneurons.errors import InputError
from langneurons.experiment.models import QUESTIONS


def refused(most, key, dataset, folds=10):
    message = (
        rf"^config: uncertainty\.folds: found {folds}, expected at most {most}, the number of "
        rf"problems in dataset 'sums' \(datasets\.sums\.{key}\)$"
    )
    with pytest.raises(InputError, match=message):
        experiment(datasets={"sums": dataset}, uncertainty={"folds": folds})


def test_where_the_configuration_says_how_many_problems_there_are():
    refused(9, "problems", {"format": "demo", "problems": 9})
    refused(9, "limit", {"format": "demo", "problems": 12, "limit": 9})
    refused(9, "problems less held_out", {"format": "demo", "problems": 12, "held_out": 3})
    hub = {"format": "hub", "path": "owner/tales", "columns": {"question": "text"}}
    refused(3, "limit", {**hub, "limit": 3}, folds=4)
    experiment(datasets={"sums": {**hub, "limit": 4}}, uncertainty={"folds": 4})


def test_without_the_key_no_data_set_is_too_small():
    experiment(datasets={"sums": {"format": "demo", "problems": 3}})
    assert demanded("tales") is None
    # There are as many folds as problems, up to 25.
    assert folds_of(["b", "9", "b", "10", "a"], None).tolist() == [3, 1, 3, 0, 2]
    many = folds_of([f"{i:03}" for i in range(60)], None)
    assert np.bincount(many).tolist() == [3] * 10 + [2] * 15


def test_questions_of_an_alignment_need_no_folds():
    assert CONFIG["alignment"]["questions"]["problems"] == 8
    assert demanded(QUESTIONS, uncertainty={"folds": 10}) is None


def test_data_sets_on_which_nothing_is_counted_need_no_folds(tmp_path):
    for language in CONFIG["languages"]:
        for start in ("", "prefix."):
            (tmp_path / f"{start}activation.{language}.M.pt").touch()
    sections = {"models": {"base": {"counts": {"sums": str(tmp_path)}}}, "comparisons": []}
    sections |= dict.fromkeys(["alignment", "deactivation", "steering"])
    sections["uncertainty"] = {"folds": 10}
    few = {"sums": {"format": "demo", "problems": 2}}
    assert demanded("sums", **sections, datasets=few) is None


def demanded(dataset, **sections):
    """The number of folds that a corpus must have problems for."""
    return experiment(**sections).resources("build_corpus")["folds"](Wildcards(dataset=dataset))


def test_a_change_of_folds_makes_no_corpus_again():
    sections = {"uncertainty": {"folds": 12}}
    assert [demanded("tales"), demanded("tales", **sections)] == [None, 12]
    before, after = (
        experiment(**some).settings("build_corpus")(Wildcards(dataset="tales"))
        for some in ({}, sections)
    )
    assert before == after


@pytest.fixture
def problems(tmp_path):
    """Three problems, one of which is not in German."""
    rows = {"en": ["k,q", "a,A?", "b,B?", "c,C?"], "de": ["k,q", "a,A!", "b,B!"]}
    for language, lines in rows.items():
        (tmp_path / f"{language}.csv").write_text("\n".join(lines))
    columns = {"question": "q", "problem": "k"}
    return {"format": "table", "path": str(tmp_path / "{language}.csv"), "columns": columns}


def test_where_only_the_data_say_it(problems, tmp_path):
    output = tmp_path / "corpus.parquet"
    message = (
        r"^config: uncertainty\.folds: found 3, expected at most 2, the number of problems in "
        "dataset 'mine'$"
    )
    with pytest.raises(InputError, match=message):
        write_corpus("mine", problems, ["en", "de"], output, folds=3)
    assert not output.exists()
    write_corpus("mine", problems, ["en", "de"], output, folds=2)
    assert output.exists()
    # Neurons are counted on what is not held out.
    message = "found 2, expected at most 1"
    with pytest.raises(InputError, match=message):
        write_corpus("mine", {**problems, "held_out": 1}, ["en", "de"], output, folds=2)
    # Nothing is asked of a data set on which nothing is counted.
    write_corpus("mine", problems, ["en", "de"], output, folds=None)


def test_the_job_that_makes_a_corpus_is_told(monkeypatch, tmp_path):
    found = {}
    monkeypatch.setattr(
        "langneurons.corpora.assembly.write_corpus", lambda **arguments: found.update(arguments)
    )
    snakemake = SimpleNamespace(
        rule="build_corpus",
        wildcards={"dataset": "mine"},
        log=[tmp_path / "log"],
        threads=1,
        params=SimpleNamespace(settings={"languages": ["en"]}),
        resources={"folds": 10, "mem_mb": 100},
    )
    monkeypatch.setattr(jobs, "job", lambda *_: nullcontext())
    jobs.entry("langneurons.corpora.assembly.write_corpus", snakemake)(name="mine")
    assert found == {"name": "mine", "languages": ["en"], "folds": 10}
