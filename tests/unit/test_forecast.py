"""What a run says at its start that it will do."""

import logging
from types import SimpleNamespace

import pytest
from experiment_cases import CONFIG, LANGUAGES, experiment
from forecast_cases import (
    COUNT,
    DEACTIVATE,
    GENERATE,
    QUESTION,
    STEER,
    corpus,
    job,
    plain,
    put,
    said,
    tokens,
    vars_of,
)

from langneurons.experiment import paths
from langneurons.experiment.forecast.overview import overview
from langneurons.experiment.forecast.work import ABOUT, EXACT, UP_TO, Work, stated, total
from langneurons.responses.schemas import RESPONSES


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """An empty folder to run in, without a GPU."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("langneurons.experiment.forecast.duration._on_cpu", lambda _: True)
    return tmp_path


def test_generation_writes_as_many_tokens_as_responses_may_have():
    corpus()
    # 2 problems × 3 languages, at most 512 tokens each.
    assert said(plain(), GENERATE) == "writes up to 3,072 tokens (6 responses)"
    settings = {"samples": 2, "temperature": 1.0, "max_new_tokens": 10}
    assert said(plain(generation=settings), GENERATE) == "writes up to 120 tokens (12 responses)"


def test_only_the_shares_that_run_are_counted():
    corpus()
    first, second = (
        job("generate_responses", dataset="sums", scatteritem=f"{index}-of-2") for index in (1, 2)
    )
    assert said(plain(), first) == "writes up to 1,536 tokens (3 responses)"
    assert said(plain(), first, second) == "writes up to 3,072 tokens (6 responses)"
    # 46 cells: the second of three shares has the 2nd, 5th, …, 44th.
    part = said(plain(), job(**vars_of(DEACTIVATE), scatteritem="2-of-3"))
    assert part.startswith("deactivation 15 cells, ")


def test_alignment_samples_in_its_languages_scores_all_but_the_pivot_and_trains():
    # 8 questions (of the demo, made on the spot) in en and sw, 20 samples of at most 512 tokens.
    one, align = experiment(), job("align", "aligned")
    assert said(one, job("sample_responses")) == "samples up to 163,840 tokens (320 responses)"
    assert said(one, job("score_alignment")) == "scoring up to 160 responses"
    assert said(one, align) == "training 40 steps of 16 pairs"
    assert said(one, align, job("generate_responses", "aligned", dataset="sums")).startswith(
        "writes up to 18,432 tokens (36 responses) · training"
    )


def test_what_is_counted_is_known_better_the_more_is_there():
    one = plain()
    corpus()
    # 6 rows: about 10 tokens of the prompt and at most 512 of the response.
    assert said(one, COUNT) == "counts up to about 3,100 tokens"
    rows = [(f"p{n}", "en", 0, QUESTION, QUESTION) for n in range(3)]
    put(paths.responses, rows, RESPONSES, model="base", dataset="sums")
    assert said(one, COUNT) == "counts about 60 tokens"
    file = tokens(5, 7)
    assert said(one, COUNT) == "counts 72 tokens"
    assert said(one, COUNT, job("tokenize", output=file)) == "counts about 60 tokens"


def test_a_row_without_response_tokens_is_not_read():
    tokens(5, 0)
    assert said(plain(), COUNT) == "counts 0 tokens"


def test_responses_that_come_with_the_data_are_read_with_their_prompts():
    corpus(responses=["a" * 20, "b" * 60])
    counted = job("count_activations", "reader", dataset="sums")
    # 6 rows × (2 × 10 tokens of the prompt, and 5 + 15 of the responses).
    assert said(plain(), counted) == "counts about 240 tokens"


def test_cells_of_deactivation_score_texts_and_answer():
    corpus(answers=[1.0, None])
    # none, and 3 languages × (the set and its 4 phases) × (itself and 2 controls): 46 cells. Each
    # scores 6 prompts of about 10 tokens and answers the 3 with an answer.
    assert said(plain(), DEACTIVATE) == (
        "deactivation 46 cells, reads about 2,800 tokens, writes up to 70,656 tokens"
    )
    section = {"sets": ["specific"], "control_seeds": 0, "problems": 1}
    # 4 cells, 3 prompts.
    one = plain(accuracy=None, deactivation=section)
    assert said(one, DEACTIVATE) == "deactivation 4 cells, reads about 120 tokens"
    # none, and 3 languages × (2 sets × (itself and 2 controls), and 2 × random beside specific).
    two = {"sets": ["specific", "specific+related"], "control_seeds": 2, "problems": 1}
    one = plain(accuracy=None, deactivation=two)
    assert said(one, DEACTIVATE).startswith("deactivation 25 cells, ")
    tokens(5, 7)
    one = plain(accuracy=None, deactivation={**section, "texts": "responses"})
    assert said(one, DEACTIVATE) == "deactivation 4 cells, reads 144 tokens"


def test_cells_of_steering_answer_in_one_language_each():
    corpus()
    # Of 2 languages: 2 cells without an intervention, and 2 pairs with a control each. A cell
    # answers 2 questions; the texts of the 2 languages are read once, 4 × (10 + 512) tokens.
    assert said(plain(), STEER) == (
        "steering 6 cells, reads up to about 2,100 tokens, writes up to 6,144 tokens"
    )
    tokens(5, 7)
    one = plain(steering={**CONFIG["steering"], "problems": 1, "max_new_tokens": 10})
    assert said(one, STEER) == "steering 6 cells, reads 48 tokens, writes up to 60 tokens"
    # 2 cells without an intervention, and 4 at each factor.
    one = plain(steering={**CONFIG["steering"], "factor": [1.0, 2.0]})
    assert said(one, STEER).startswith("steering 10 cells, ")
    one = plain(steering={**CONFIG["steering"], "factor": [1.0, 2.0], "mode": ["add", "scale"]})
    assert said(one, STEER).startswith("steering 18 cells, reads ")
    # Nothing is read where neurons are only multiplied.
    one = plain(steering={**CONFIG["steering"], "factor": [1.0, 2.0], "mode": "scale"})
    assert said(one, STEER).startswith("steering 10 cells, reads 0 tokens, ")


def tales(folder, lines=4, **keys):
    """An experiment on texts in files, of 40 bytes each."""
    for language in LANGUAGES:
        (folder / f"{language}.txt").write_text(f"{QUESTION}\n" * lines)
    data = {"tales": {"format": "texts", "path": f"{folder}/{{language}}.txt", **keys}}
    section = {"models": ["base"], "sets": ["specific"], "control_seeds": 0}
    folds = {"folds": 1}
    return plain(datasets=data, accuracy=None, deactivation=section, steering=None,
                 uncertainty=folds)  # fmt: skip


def test_texts_are_read_from_their_files_and_those_held_out_measured_on(machine):
    one = tales(machine, held_out=1)
    count = job("count_activations", dataset="tales")
    deactivate = job("deactivate", dataset="tales", method="ternary")
    # 3 of 4 texts × 3 languages × 10 tokens; 4 cells × 1 text × 3 languages × 10 tokens.
    assert said(one, count, deactivate) == (
        "counts about 90 tokens · deactivation 4 cells, reads about 120 tokens"
    )
    corpus("tales", problems=5)
    corpus("tales.held_out", problems=2)
    assert said(one, count, deactivate) == (
        "counts about 150 tokens · deactivation 4 cells, reads about 240 tokens"
    )


def test_of_a_plain_corpus_as_much_is_read_as_is_asked_for(machine, monkeypatch):
    monkeypatch.setattr("langneurons.experiment.forecast.material._LARGEST", 100)
    one = tales(machine, length=8, tokens=1000)
    deactivate = job("deactivate", dataset="tales", method="ternary")
    assert said(one, job("count_activations", dataset="tales"), deactivate) == (
        "counts about 3,000 tokens · deactivation 4 cells, reads an unknown number of tokens"
    )


def test_what_is_not_read_from_the_hub_yet_is_unknown():
    one = plain()
    jobs = [
        job(rule, dataset="tales", method="ternary")
        for rule in ("generate_responses", "count_activations", "deactivate", "steer")
    ]
    line, last = overview(one, jobs, 2)
    assert line == (
        "base  writes an unknown number of tokens (an unknown number of responses) · "
        "counts an unknown number of tokens · "
        "deactivation 46 cells, reads an unknown number of tokens, "
        "writes an unknown number of tokens · "
        "steering 6 cells, reads an unknown number of tokens, writes an unknown number of tokens"
    )
    assert last == "how long is not known yet"
    corpus("tales")
    assert said(one, jobs[0]) == "writes up to 3,072 tokens (6 responses)"


def test_models_have_a_line_each_in_their_order_and_other_jobs_none():
    corpus()
    jobs = [
        job("generate_responses", "aligned", dataset="sums"),
        job("build_corpus", dataset="questions"),
        GENERATE,
    ]
    assert [line.split()[0] for line in overview(plain(), jobs, 2)[:2]] == ["base", "aligned"]
    first, second, _ = overview(plain(), jobs, 2)
    assert first.index("writes") == second.index("writes")
    assert overview(plain(), [job("build_corpus", dataset="sums"), job("tokenize")], 2) == []


def test_kept_work_is_mentioned(machine):
    corpus()
    deactivate = job(**vars_of(DEACTIVATE), output="results/deactivation/1-of-1.parquet")
    cells = machine / "results/deactivation/cells"
    assert not overview(plain(), [deactivate], 2)[-1].endswith("part of it")
    cells.mkdir(parents=True)
    (cells / "a.parquet").touch()
    assert overview(plain(), [deactivate], 2)[-1].endswith(
        "; an earlier run may have done a part of it"
    )


def test_amounts_add_up_and_are_as_certain_as_the_least():
    assert total([Work(read=1, certainty=ABOUT), Work(read=2, cells=3)]) == Work(
        read=3, certainty=ABOUT, cells=3
    )
    assert stated(45_187) == "45,187"
    assert stated(45_187, ABOUT) == "about 45,000"
    assert stated(3_921_000, UP_TO) == "up to 3.9 million"
    assert stated(float("nan"), EXACT) == "an unknown number of"


# In a run.


def run_of(*jobs, touch=False, local=True):
    """Snakemake's workflow, as far as it is asked."""
    logger = logging.getLogger("run")
    return SimpleNamespace(
        dag=SimpleNamespace(needrun_jobs=lambda: iter(jobs)),
        touch=touch,
        cores=2,
        local_exec=local,
        logger_manager=SimpleNamespace(logger=logger),
    )


def test_a_run_logs_the_overview(caplog):
    caplog.set_level("INFO")
    corpus()
    plain().announce(run_of(GENERATE))
    assert caplog.messages == [
        "base  writes up to 3,072 tokens (6 responses)", "how long is not known yet"
    ]  # fmt: skip
    caplog.clear()
    plain().announce(run_of(GENERATE, local=False))
    assert caplog.messages[-1] == "how long depends on the machines that run the jobs"


def test_a_run_without_model_work_says_nothing(caplog):
    caplog.set_level("INFO")
    corpus()
    plain().announce(run_of(job("build_corpus", dataset="sums")))
    plain().announce(run_of(GENERATE, touch=True))
    assert caplog.messages == []


def test_a_run_goes_on_if_nothing_can_be_told(caplog, machine):
    caplog.set_level("INFO")
    plain().announce(SimpleNamespace())
    file = machine / corpus()
    file.write_bytes(b"no table")
    plain().announce(run_of(GENERATE))
    assert caplog.messages == []
