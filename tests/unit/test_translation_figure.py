"""The figure of a training to translate: what is drawn and what is said."""

import pytest
from tiny_models import save_tiny_model
from translation_cases import train

from langneurons.figures.frame import render
from langneurons.models.spec import ModelSpec


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return ModelSpec(str(save_tiny_model(tmp_path_factory.mktemp("models") / "base", "llama")))


def draw(folder):
    return render("alignment_training", {"training": folder / "training.parquet"}, "A", {"dpi": 60})


def test_the_figure_has_one_panel_with_the_losses(tmp_path, spec):
    log = train(tmp_path, spec, dev=3, steps=4, evaluation_steps=2)
    page = draw(tmp_path)
    (axes,) = page.figure.axes
    assert axes.get_ylabel() == "loss (nats per token)"
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    splits = {split: list(rows["loss"]) for split, rows in log.groupby("split")}
    assert lines == splits, "and no line of a loss before training"
    assert page.heading == "Alignment training: A"
    text = " ".join(page.notes)
    assert "reward" not in text.casefold()
    assert "β" not in text
    assert text.endswith("n = 5 train and 3 dev pairs. Trained on: German.")


@pytest.mark.parametrize(
    ("control", "said"), [("shuffled", "not each other's trans"), ("target_only", "without their")]
)
def test_the_figure_of_a_control_says_so(tmp_path, spec, control, said):
    train(tmp_path, spec, steps=1, control=control)
    assert any(said in note for note in draw(tmp_path).notes)
