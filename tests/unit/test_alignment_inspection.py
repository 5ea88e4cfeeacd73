"""What an alignment is refused for before any work: questions that are analysed too."""

import logging
from pathlib import Path

import pandas as pd
import pytest
import yaml
from tiny_models import save_tiny_model

from langneurons.alignment.inspection import INSPECTION, inspect_alignment
from langneurons.alignment.questions import COMPARED, check_questions
from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.assembly import write_corpus
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.models.spec import ModelSpec

ROOT = Path(__file__).parents[2]


def corpus(path, *questions):
    """A corpus of questions (problem, language, text)."""
    table = pd.DataFrame(questions, columns=["problem", "language", "question"])
    write_table(table.assign(answer=5.0, responses=[[]] * len(table)), path, CORPUS)
    return path


@pytest.fixture
def asked(tmp_path):
    return corpus(
        tmp_path / "alignment_questions.parquet",
        ("a1", "en", "How much is 2 + 3?"),
        ("a1", "ja", "2 + 3 はいくつですか。"),
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "How much is 2 + 3?"),
        ("en", "  how much\nis 2 + 3? "),
        # In another Unicode form, without spaces, under another language.
        ("zh", "２＋３はいくつですか。"),
    ],
)
def test_a_question_to_align_by_is_not_analysed(tmp_path, asked, language, text):
    other = corpus(tmp_path / "other.parquet", ("p", "en", "How much is 2 + 4?"))
    rows = ("m1", "en", "How much is 4 + 3?"), ("m2", language, text)
    held_out = corpus(tmp_path / "mgsm.held_out.parquet", *rows)
    check_questions(asked, other, tmp_path / "compared")
    assert read_table(tmp_path / "compared", COMPARED).iloc[0].tolist() == [1, 2]
    message = (
        rf"mgsm\.held_out\.parquet: problem 'm2', language {language}: .* is among the questions "
        r"to align by \(.*alignment_questions\.parquet: problem 'a1', language (en|ja)\), as 1 of "
        "2 texts are; expected none, .* out of alignment.questions or of the data set"
    )
    with pytest.raises(InputError, match=message):
        check_questions(asked, held_out, tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


@pytest.fixture
def inspected(tmp_path):
    """A function that inspects an alignment and returns what the console is told."""
    spec = ModelSpec(str(save_tiny_model(tmp_path / "base", "llama")))
    output = tmp_path / "inspection.parquet"

    def inspect(modules, caplog):
        caplog.set_level(logging.INFO)
        inspect_alignment(spec, ["en", "de"], {"key": modules}, output)
        assert read_table(output, INSPECTION)["key"].tolist() == ["key"]
        return [record.getMessage() for record in caplog.records if hasattr(record, "console")]

    return inspect


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        ("all-linear", "key: all-linear trains matrices of the MLPs"),
        (["q_proj", "up_proj", "down_proj"], "key: up_proj down_proj trains matrices of the MLPs"),
        (["q_proj", "v_proj", "o_proj"], None),
    ],
)
def test_whoever_trains_the_neurons_under_study_is_told(inspected, caplog, modules, said):
    told = inspected(modules, caplog)
    assert len(told) == (said is not None)
    assert all(message.startswith(said) for message in told)


def test_the_tiny_demo_is_not_evaluated_on_what_it_is_aligned_by(tmp_path):
    config = yaml.safe_load((ROOT / "config/tiny.yaml").read_text())
    parts = {"questions": config["alignment"]["questions"], **config["datasets"]}
    files = {name: tmp_path / f"{name}.parquet" for name in parts}
    for name, dataset in parts.items():
        write_corpus(name, dataset, config["languages"], files[name])
    check_questions(files["questions"], files["demo"], tmp_path / "compared")
    assert (tmp_path / "compared").exists()
