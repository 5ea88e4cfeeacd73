"""Texts that models read as they are: reading, holding out, windows, and what follows from them."""

import json

import numpy as np
import pandas as pd
import pytest
from experiment_cases import CONFIG, Wildcards, experiment, selection

from langneurons.artifacts.tables import read_table, write_table
from langneurons.corpora.assembly import apart, build_corpus
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.given import given_texts, write_given_responses
from langneurons.responses.schemas import RESPONSES
from langneurons.responses.windows import cut

LANGUAGES = ["en", "de"]
TEXTS = {
    "en": ["One goat.", "Two goats.", "Rain."],
    "de": ["Eine Ziege.", "Zwei Ziegen.", "Regen."],
}


@pytest.fixture
def folder(tmp_path):
    for language, lines in TEXTS.items():
        (tmp_path / f"{language}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        rows = [{"text": line, "id": f"p{n}"} for n, line in enumerate(lines)]
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (tmp_path / f"{language}.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "columns", "problem"), [("txt", {}, "0002"), ("jsonl", {"problem": "id"}, "p1")]
)
def test_parallel_texts_are_read_from_a_file_a_language(folder, name, columns, problem):
    dataset = {"format": "texts", "path": f"{folder}/{{language}}.{name}", "columns": columns}
    corpus, facts = build_corpus("tales", dataset, LANGUAGES)
    assert facts["problems"] == 3
    row = corpus[(corpus["problem"] == problem) & (corpus["language"] == "de")].iloc[0]
    assert row["question"] == "Zwei Ziegen."
    assert corpus["answer"].isna().all()


def test_texts_of_one_table_name_their_language(folder):
    rows = [(language, text) for language, lines in TEXTS.items() for text in lines]
    pd.DataFrame(rows, columns=["lang", "passage"]).to_csv(folder / "all.csv", index=False)
    columns = {"text": "passage", "language": "lang"}
    dataset = {"format": "texts", "path": f"{folder}/all.csv", "columns": columns}
    corpus, _ = build_corpus("tales", dataset, LANGUAGES)
    assert corpus.groupby("language")["question"].apply(list).to_dict() == TEXTS


def test_a_blank_line_is_named(folder):
    (folder / "de.txt").write_text("Eine Ziege.\n\nRegen.\n", encoding="utf-8")
    dataset = {"format": "texts", "path": f"{folder}/{{language}}.txt"}
    with pytest.raises(InputError, match=r"de\.txt:2: the line is blank, expected a text a line"):
        build_corpus("tales", dataset, LANGUAGES)


def test_one_text_file_for_all_languages_is_refused(folder):
    dataset = {"format": "texts", "path": f"{folder}/en.txt"}
    with pytest.raises(InputError, match=r"no \{language\} in the path, expected a file for each"):
        build_corpus("tales", dataset, LANGUAGES)


@pytest.mark.parametrize("number", [0, 1, 3, 5, 9])
def test_held_out_problems_are_spread_and_part_the_data(number):
    problems = [f"{n:04d}" for n in range(10)]
    rest, held_out = apart(problems, number)
    assert len(held_out) == number
    assert sorted([*rest, *held_out]) == problems
    if number > 1:
        gaps = np.diff([int(name) for name in held_out])
        assert gaps.max() - gaps.min() <= 1


def test_all_problems_cannot_be_held_out():
    with pytest.raises(InputError, match=r"'held_out' is 3, expected less than .* problems, 3"):
        apart(["a", "b", "c"], 3)


def test_the_two_parts_of_a_data_set_share_no_problem(folder):
    dataset = {"format": "texts", "path": f"{folder}/{{language}}.txt", "held_out": 1}
    chosen, _ = build_corpus("tales", dataset, LANGUAGES)
    measured, facts = build_corpus("tales", dataset, LANGUAGES, held_out=True)
    assert facts["problems"] == 1
    assert set(measured["problem"]) == {"0002"}  # the middle one
    assert set(chosen["problem"]) == {"0001", "0003"}


def test_a_text_is_a_response_to_nothing(folder):
    dataset = {"format": "texts", "path": f"{folder}/{{language}}.txt"}
    corpus, _ = build_corpus("tales", dataset, LANGUAGES)
    rows = given_texts(corpus, LANGUAGES)
    assert (rows["prompt"] == "").all()
    assert list(rows["response"]) == list(corpus["question"])
    write_table(corpus, folder / "corpus.parquet", CORPUS, {})
    out = folder / "responses.parquet"
    write_given_responses(folder / "corpus.parquet", out, None, LANGUAGES)
    pd.testing.assert_frame_equal(read_table(out, RESPONSES), rows, check_dtype=False)


def _documents(lengths):
    rows = [
        (f"{n:04d}", language, 0, np.array([1], np.int32), np.arange(length, dtype=np.int32))
        for language, sizes in lengths.items()
        for n, length in enumerate(sizes, start=1)
    ]
    columns = ["problem", "language", "sample", "prompt_tokens", "response_tokens"]
    return pd.DataFrame(rows, columns=columns)


def test_documents_are_cut_into_windows_until_a_language_has_its_tokens():
    windows = cut(_documents({"en": [7, 2, 9], "de": [30]}), length=4, tokens=12)
    english = windows[windows["language"] == "en"]
    assert list(english["problem"]) == ["0001", "0001", "0002", "0003"]
    assert list(english["sample"]) == [0, 1, 0, 0]
    assert [list(ids) for ids in english["response_tokens"]] == [
        [0, 1, 2, 3], [4, 5, 6], [0, 1], [0, 1, 2],
    ]  # fmt: skip
    german = windows[windows["language"] == "de"]
    assert [len(ids) for ids in german["response_tokens"]] == [4, 4, 4]
    assert all(list(ids) == [1] for ids in windows["prompt_tokens"])


def test_a_language_with_too_few_tokens_is_named():
    with pytest.raises(InputError, match="documents in de have 30 tokens, expected at least 31"):
        cut(_documents({"en": [31], "de": [30]}), length=4, tokens=31)


TALES = {"format": "texts", "path": "owner/tales", "split": "train", "held_out": 4}


def texts_experiment(**sections):
    return experiment(
        **{
            "datasets": {**CONFIG["datasets"], "tales": TALES},
            **sections,
        }
    )


def test_all_models_read_texts_and_none_writes_to_them():
    found = texts_experiment(steering=None)
    for model in ("base", "other", "reader", "aligned"):
        reads = found.reads("count_activations")(selection(model, "tales"))
        assert reads["tokens"] == f"results/tokens/{model}/data/tales.parquet"
        assert list(reads) == ["tokens", *(["compared"] if model == "aligned" else [])]
    made = [path for files in found.targets.values() for path in files if "tales" in path]
    assert "results/responses/data/tales.parquet" in made
    assert not [path for path in made if "/responses/base/" in path]
    assert not [path for path in made if "grades" in path or "table1" in path or "accuracy" in path]


def test_interventions_measure_the_part_that_neurons_are_not_chosen_on():
    found = texts_experiment()
    held_out = "results/corpora/tales.held_out.parquet"
    reads = found.reads("deactivate")(selection("base", "tales"))
    assert reads["corpus"] == held_out
    assert reads["tokens"] == "results/tokens/base/data/tales.held_out.parquet"
    assert reads["neurons"] == "results/neurons/base/tales/ternary.parquet"
    assert found.reads("grade_deactivation")(selection("base", "tales")) == {"corpus": held_out}
    reads = found.reads("steer")(selection("base", "tales"))
    assert reads["corpus"] == held_out
    # The values that neurons are raised to are those of the texts that they are chosen on.
    assert reads["tokens"] == "results/tokens/base/data/tales.parquet"


def test_settings_of_texts():
    found = texts_experiment()
    corpus = found.settings("build_corpus")
    assert not corpus(Wildcards(dataset="tales"))["held_out"]
    assert corpus(Wildcards(dataset="tales.held_out"))["held_out"]
    assert found.settings("given_responses")(Wildcards(dataset="tales"))["template"] is None
    assert found.settings("given_responses")(Wildcards(dataset="sums"))["template"]
    settings = found.settings("deactivate")(selection("base", "tales"))
    assert settings["template"] == "{query}"
    assert settings["parameters"]["texts"] == "texts"
    assert settings["parameters"]["accuracy"] is False
    assert found.settings("deactivate")(selection("base", "sums"))["parameters"]["accuracy"] is True


def test_questions_can_be_texts():
    found = experiment(
        datasets={
            **CONFIG["datasets"],
            "tales": {**CONFIG["datasets"]["tales"], "questions_as_texts": True},
        }
    )
    assert found.writer("base", "tales") == "data"
    assert found.writer("base", "sums") == "base"
    assert not found.grades("tales")
    settings = found.settings("build_corpus")(Wildcards(dataset="tales"))
    assert "questions_as_texts" not in settings["dataset"]


def test_windows_rerun_tokens_not_the_corpus():
    plain = {"format": "texts", "path": "owner/wiki", "split": "train"}
    short, long = (
        experiment(datasets={"wiki": {**plain, "length": n, "tokens": 1000}}, steering=None)
        for n in (8, 16)
    )
    tokens = Wildcards(model="base", responses="data", dataset="wiki")
    assert short.settings("tokenize")(tokens)["windows"] == {"length": 8, "tokens": 1000}
    corpora = [one.settings("build_corpus")(Wildcards(dataset="wiki")) for one in (short, long)]
    assert corpora[0] == corpora[1]
    assert corpora[0]["dataset"]["parallel"] is False


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ({**TALES, "length": 8}, "tales: found the key 'length' without 'tokens'; expected both"),
        ({**TALES, "tokens": 8}, "tales: found the key 'tokens' without 'length'; expected both"),
        ({"format": "texts", "path": "data/{language}.txt"}, "no such file or folder data/en.txt"),
    ],
)
def test_mistakes_are_named_before_any_work(dataset, message):
    with pytest.raises(InputError, match=message):
        experiment(datasets={"tales": dataset})


def test_the_names_of_held_out_parts_are_kept():
    with pytest.raises(InputError, match=r"datasets\.a\.held_out: names that end with"):
        experiment(datasets={"a.held_out": TALES})


def test_texts_are_no_questions_to_align_by():
    alignment = {**CONFIG["alignment"], "questions": TALES}
    with pytest.raises(InputError, match=r"alignment\.questions: found texts, expected questions"):
        experiment(alignment=alignment)


def test_without_the_section_nothing_is_generated_for_accuracy():
    found = experiment(accuracy=None, steering=None)
    # `reader` reads what came with the data, so that no job asks for its own responses.
    made = {path for files in found.targets.values() for path in files}
    assert "results/responses/data/sums.parquet" in made
    assert not [path for path in made if "grades" in path or "accuracy" in path or "table1" in path]
    for instance in found.drawn.values():
        for read in instance.reads().values():
            assert "accuracy" not in str(read)
    assert found.targets["table1"] == found.targets["table5"] == []


def test_a_language_that_cannot_be_identified_stops_only_what_identifies_it():
    languages = ["en", "am"]
    sections = {"languages": languages, "models": {"base": {"path": "owner/base"}}}
    none = {"comparisons": [], "alignment": None, "steering": None, "accuracy": None}
    experiment(**sections, **none)
    with pytest.raises(InputError, match=r"config: accuracy: .*identifier lacks am"):
        experiment(**sections, **{**none, "accuracy": {}})
    with pytest.raises(InputError, match=r"config: steering: .*identifier lacks am"):
        experiment(**sections, **{**none, "steering": {}})


def test_a_language_need_not_be_identified_where_all_data_sets_hold_texts():
    sections = {
        "languages": ["en", "am"],
        "models": {"base": {"path": "owner/base"}},
        **{"comparisons": [], "alignment": None, "steering": None, "accuracy": {}},
    }
    experiment(**sections, datasets={"tales": TALES})
    with pytest.raises(InputError, match=r"config: accuracy: .*identifier lacks am"):
        experiment(**sections, datasets={**CONFIG["datasets"], "tales": TALES})
    with pytest.raises(InputError, match=r"config: steering: .*identifier lacks am"):
        experiment(**{**sections, "steering": {}}, datasets={"tales": TALES})
