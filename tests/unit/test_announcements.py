"""What a job that runs a model says on the console before it loads one; numbers by hand."""

import numpy as np
import pandas as pd
import pytest
from deactivation_cases import LANGUAGES, PARAMETERS, tiny_case
from small_corpus import small_corpus, write_and_read
from tiny_models import save_tiny_model, tiny_config, tiny_model
from tiny_translators import tiny_seq2seq

from langneurons.activations.collection import collect_activations
from langneurons.alignment.forced_decoding import ForcedDecoder
from langneurons.alignment.pairs import PAIRS
from langneurons.alignment.training import align
from langneurons.artifacts.tables import write_table
from langneurons.demo.training import Schedule, train
from langneurons.errors import InputError
from langneurons.interventions.deactivation import deactivate
from langneurons.interventions.steering import steer
from langneurons.models.spec import ModelSpec
from langneurons.responses.schemas import TOKENS

STEERING = {
    "languages": LANGUAGES, "set": "specific+related+general", "raise_to": "mean",
    "modes": ["set"], "factors": [2.0], "problems": 2, "control": "layer", "control_seeds": 1,
    "max_new_tokens": 4,
}  # fmt: skip


@pytest.fixture
def said(caplog):
    """What was said on the console so far."""
    caplog.set_level("INFO")
    return lambda: [record.getMessage() for record in caplog.records if hasattr(record, "console")]


@pytest.fixture
def spec(tmp_path):
    """A model without weights; its tokens are the bytes of a text."""
    (save_tiny_model(tmp_path / "model", "llama") / "model.safetensors").unlink()
    return ModelSpec(str(tmp_path / "model"), device="cpu")


@pytest.fixture
def case(tmp_path):
    """Arguments of `deactivate` but for the parameters."""
    case = tiny_case(tmp_path)
    (tmp_path / "model/model.safetensors").unlink()
    return {**case, "output": tmp_path / "output"}


def tokens_path(folder):
    rows = pd.DataFrame({"problem": ["p0", "p0", "p1"], "language": [*LANGUAGES, "en"]})
    rows["sample"], rows["prompt_tokens"] = 0, [[1, 40], [1, 41], [1, 42]]
    rows["response_tokens"] = [[60, 61, 62], [70, 71], []]
    write_table(rows, folder / "tokens", TOKENS)
    return folder / "tokens"


def test_counting(spec, tmp_path, said):
    outputs = tmp_path / "a", tmp_path / "classes"
    with pytest.raises(InputError):
        collect_activations(spec, tokens_path(tmp_path), *outputs, LANGUAGES, 2)
    # An empty response is not read: 2 + 3 and 2 + 2.
    assert said() == ["reads 9 tokens of 2 texts in 2 languages"]


def test_generation(spec, tmp_path, said):
    generation = {"max_new_tokens": 300, "samples": 2, "temperature": 1.0}
    with pytest.raises(InputError, match="expected at most"):
        write_and_read(small_corpus(), tmp_path, spec=spec, generation=generation)
    assert said() == []
    generation["max_new_tokens"] = 90
    with pytest.raises(InputError):
        write_and_read(small_corpus(), tmp_path, spec=spec, generation=generation)
    assert said() == ["writes up to 1,080 tokens: 12 responses of at most 90"]


@pytest.mark.parametrize(("accuracy", "answers"), [(False, ""), (True, ", writes up to 72")])
def test_deactivation(case, said, accuracy, answers):
    parameters = {**PARAMETERS, "sets": ["specific"], "accuracy": accuracy}
    with pytest.raises(InputError):
        deactivate(parameters=parameters, **case)
    # Of the cells none, en, de and two controls, German has no specific neurons. The prompts have
    # 55 and 53 bytes in all; 3 cells × 6 answers of 4 tokens are 72.
    assert said() == [f"3 cells × 6 texts: reads 324 tokens{answers}"]


def test_steering(case, tmp_path, said):
    with pytest.raises(InputError):
        steer(parameters=STEERING, tokens_path=tokens_path(tmp_path), **case)
    # Two plain cells, two pairs and their controls; 6 × 2 answers of 4 tokens.
    text = "6 cells × 2 questions: reads 9 tokens of responses, writes up to 48"
    assert said() == [text]
    # The second of six shares is the plain cell in German.
    with pytest.raises(InputError):
        steer(parameters=STEERING, tokens_path=tokens_path(tmp_path), share=(2, 6), **case)
    text = "1 cells × 2 questions: reads 0 tokens of responses, writes up to 8"
    assert said()[1:] == [text]
    # Two plain cells and, at each of two factors, two pairs and their controls.
    several = {**STEERING, "factors": [1.0, 2.0]}
    with pytest.raises(InputError):
        steer(parameters=several, tokens_path=tokens_path(tmp_path), **case)
    text = "10 cells × 2 questions: reads 9 tokens of responses, writes up to 80"
    assert said()[2:] == [text]


def train_on_pairs(folder, spec, **changes):
    """Two pairs to train on, and one of the dev split."""
    pairs = pd.DataFrame({"problem": ["a", "b", "c"], "language": ["de", "sw", "de"]}).assign(
        split=["train", "train", "dev"], prompt="2+3?", chosen="5", rejected="6", chosen_sample=0,
        rejected_sample=1, chosen_score=1.0, rejected_score=0.5, chosen_correct=True,
        rejected_correct=False,
    )  # fmt: skip
    write_table(pairs, folder / "pairs", PAIRS)
    settings = {
        "beta": 0.5, "rank": 4, "alpha": 8, "dropout": 0.0, "target_modules": "all-linear",
        "learning_rate": 1e-2, "schedule": "linear", "warmup_steps": 0, "batch": 1,
        "micro_batch": 1, "steps": 2, "checkpoints": [1], "logging_steps": 1,
        "evaluation_steps": 1, "gradient_checkpointing": False, "seed": 0,
    }  # fmt: skip
    align(folder / "pairs", folder / "adapters", folder / "log", spec, {**settings, **changes})


def test_training(spec, tmp_path, said):
    with pytest.raises(InputError):
        train_on_pairs(tmp_path, spec, steps=1500, batch=16)
    assert said() == ["trains 1,500 steps of 16 pairs, out of 2 pairs in 2 languages"]


def test_training_shows_its_steps_and_evaluations_and_no_losses(tmp_path, capsys):
    save_tiny_model(tmp_path / "model", "llama")
    train_on_pairs(tmp_path, ModelSpec(str(tmp_path / "model"), device="cpu"))
    output, log = capsys.readouterr()
    assert "training: 100%" in log
    assert log.count("evaluation: 100%") == 2
    assert "loss" not in output + log


@pytest.fixture
def whole(tmp_path):
    """Arguments of `deactivate` and `steer`, with weights, but for the output and parameters."""
    return {**tiny_case(tmp_path), "output": tmp_path / "output", "progress": True}


def test_counting_shows_its_tokens(tmp_path, capsys):
    spec = ModelSpec(str(save_tiny_model(tmp_path / "model", "llama")), device="cpu")
    outputs = tmp_path / "a", tmp_path / "classes"
    collect_activations(spec, tokens_path(tmp_path), *outputs, LANGUAGES, 2)
    assert "| 9/9 [" in capsys.readouterr().err


def test_deactivation_shows_its_cells(whole, capsys):
    deactivate(parameters={**PARAMETERS, "sets": ["specific"]}, **whole)
    assert "deactivating: 100%" in capsys.readouterr().err


def test_steering_shows_its_cells_and_the_tokens_read_for_activations(whole, tmp_path, capsys):
    steer(parameters=STEERING, tokens_path=tokens_path(tmp_path), **whole)
    log = capsys.readouterr().err
    assert "steering: 100%" in log
    for tokens in (5, 4):  # those of English, 2 + 3, and of German, 2 + 2
        assert f"| {tokens}/{tokens} [" in log


def test_scoring_shows_its_pairs(tmp_path, capsys):
    decoder = ForcedDecoder(tiny_seq2seq("m2m_100", 40))
    capsys.readouterr()
    decoder.cross_entropies([[5, 2]], [[6, 2], [7, 8, 2]], np.array([[0, 0], [0, 1]]), 8)
    assert "| 2/2 [" in capsys.readouterr().err


def test_training_of_the_demo(said, capsys):
    model = tiny_model(tiny_config("llama")).requires_grad_(True)

    def loss(batch):
        return sum(weight.square().sum() for weight in model.parameters())

    schedule = Schedule(steps=2, batch=3, learning_rate=1e-3, warm_up=0.5, cool_down=0.5)
    losses = train(model, iter([[], []]), schedule, loss)
    assert said() == ["trains 2 steps of 3 problems"]
    bar = capsys.readouterr().err
    assert "training: 100%" in bar
    assert f"loss={sum(losses) / 2:.4f}" in bar
