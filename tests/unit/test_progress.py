"""Lines about how far a loop is: when there are any, what they say, and what they leave out."""

import pandas as pd
import pytest
from transformers import TrainerState

from langneurons.alignment.progress import ProgressBars
from langneurons.artifacts import progress
from langneurons.artifacts.cells import Measurement, measure_cells
from langneurons.artifacts.progress import Progress, amount, tokens_in
from langneurons.artifacts.tables import artefact, read_table

CELLS = artefact("cells", "number int32")


class Clock:
    """A time that passes when it is told to."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("tqdm.std.time", clock)
    return clock


@pytest.fixture
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(progress, "tell", found.append)
    return found


def run(clock, seconds, total, unit="token", each=1, **keys):
    """A loop that has ``each`` units done at the end of every one of so many seconds."""
    with Progress(total, unit, **keys) as bar:
        for _ in range(seconds):
            clock.now += 1
            bar.update(each)


def test_a_line_after_ten_seconds_then_every_thirty_and_at_the_end(clock, lines):
    run(clock, 63, 63_000, each=1000)
    assert lines == [
        "10,000 of 63,000 tokens (15 %), about 50 s left",
        "40,000 of 63,000 tokens (63 %), about 20 s left",
        "63,000 of 63,000 tokens (100 %), done in about 1 min",
    ]


def test_a_loop_of_less_than_ten_seconds_leaves_no_line(clock, lines):
    run(clock, 9, 9)
    assert lines == []


def test_a_loop_that_ends_with_its_tenth_second_leaves_no_line(clock, lines):
    run(clock, 10, 10)
    assert lines == []


def test_a_loop_that_fails_has_no_last_line(clock, lines):
    def fail():
        with Progress(20, "cell") as bar:
            clock.now += 12
            bar.update()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert lines == ["1 of 20 cells (5 %), about 4 min left"]


def test_nothing_is_shown_if_nothing_is_asked_for(clock, lines, capsys):
    run(clock, 63, 63, show=False)
    assert lines == []
    assert capsys.readouterr() == ("", "")


def test_a_loop_says_what_it_does_and_what_it_notes_is_in_its_bar(clock, lines, capsys):
    with Progress(3, "step", "training") as bar:
        for loss in ("0.5", "0.25", "0.125"):
            clock.now += 15
            bar.update(note=f"loss={loss}")
    assert lines[0] == "training: 1 of 3 steps (33 %), about 30 s left"
    bars = capsys.readouterr().err
    assert "training: 100%" in bars
    assert "loss=0.125" in bars


def test_what_was_done_before_is_no_measure_of_what_is_left(clock, lines):
    with Progress(61, "cell", done=12) as bar:
        clock.now += 10
        bar.update()
    # 48 cells of 10 s each: 8 min. At 13 cells in 10 s, 37 s would be left.
    assert lines[0] == "13 of 61 cells (21 %), about 8 min left"


def test_the_time_left_follows_the_recent_rate(clock, lines):
    with Progress(1000, "cell") as bar:
        for seconds in [1] * 100 + [10] * 100:
            clock.now += seconds
            bar.update()
    # After 200 cells: 800 of 10 s each are 133 min. The mean of all, 5.5 s, would give 73 min.
    [line] = [line for line in lines if line.startswith("199 of")]
    assert line.endswith("about 2 h 10 min left")


def test_a_loop_within_a_loop_leaves_no_codes_of_terminals(clock, lines, capsys):
    with Progress(2, "cell") as outer:
        for _ in range(2):
            run(clock, 12, 12)
            outer.update()
    assert "\x1b" not in capsys.readouterr().err
    assert not any(set("\x1b\r\n") & set(line) for line in lines)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"), (4.4, "4 s"), (9.6, "10 s"), (44, "40 s"), (54, "50 s"), (56, "1 min"),
        (95, "2 min"), (3560, "59 min"), (3580, "1 h"), (7800, "2 h 10 min"), (10700, "3 h"),
        (35900, "10 h"), (112_800, "31 h"),
    ],
)  # fmt: skip
def test_durations_are_rounded_as_one_says_them(clock, lines, seconds, text):
    with Progress(10_001, "cell") as bar:
        clock.now += seconds * 10_000
        bar.update(10_000)
    assert lines[0].endswith(f", about {text} left")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (63_120, "63,120"), (999_999, "999,999"), (3_934_000, "3.9 million"),
     (2_000_000_000, "2.0 billion")],
)  # fmt: skip
def test_amounts(number, text):
    assert amount(number) == text


def test_tokens_of_prompts_and_responses_are_counted():
    rows = pd.DataFrame({"prompt_tokens": [[1, 2], [3]], "response_tokens": [[4], []]})
    assert tokens_in(rows) == 4
    assert tokens_in(rows[:0]) == 0


def test_cells_of_an_earlier_run_are_counted_but_not_timed(clock, lines, tmp_path, caplog):
    measured = []

    def rows(cell):
        clock.now += 60
        measured.append(cell)
        return pd.DataFrame({"number": [cell]})

    def measure(cells):
        measurement = Measurement(rows, lambda cell: [cell], lambda _: [], {})
        measure_cells(cells, measurement, tmp_path / "all", CELLS, {}, "measuring")
        return read_table(tmp_path / "all", CELLS)["number"].to_list()

    caplog.set_level("INFO")
    assert measure([3, 1]) == [3, 1]
    assert not caplog.records
    lines.clear()
    assert measure([0, 1, 2, 3]) == [0, 1, 2, 3]
    assert measured == [3, 1, 0, 2]
    [record] = caplog.records
    assert record.getMessage() == "2 of 4 cells were finished before"
    assert record.console
    assert lines == [
        "measuring: 3 of 4 cells (75 %), about 1 min left",
        "measuring: 4 of 4 cells (100 %), done in about 2 min",
    ]


def test_a_training_that_goes_on_is_timed_from_where_it_does(clock, lines):
    bars, state = ProgressBars(), TrainerState(max_steps=100, global_step=40)
    bars.on_train_begin(None, state, None)
    for _ in range(60):
        for _ in range(2):
            clock.now += 1
            bars.on_prediction_step(None, state, None, eval_dataloader=range(2))
        bars.on_evaluate(None, state, None)
        bars.on_step_end(None, state, None)
    bars.on_train_end(None, state, None)
    assert lines[0] == "training: 45 of 100 steps (45 %), about 2 min left"
    assert lines[-1] == "training: 100 of 100 steps (100 %), done in about 2 min"
