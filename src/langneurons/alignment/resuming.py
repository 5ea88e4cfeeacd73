"""What an interrupted training run leaves behind, and where it can be resumed."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from langneurons.job import CONSOLE

logger = logging.getLogger(__name__)

_COMPLETE = "complete"  # marks a checkpoint that was written completely
_LOGGING_STEPS_SAVED = 10  # training can be resumed from every tenth logging step


def keep_only(folder: Path, facts: Mapping[str, Any]) -> None:
    """Remove what an earlier training run left behind, unless it had the same ``facts``."""
    text = json.dumps(facts, sort_keys=True, default=str)
    note = folder / "training.json"
    if not (note.is_file() and note.read_text(encoding="utf-8") == text):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        note.write_text(text, encoding="utf-8")


def last_saved(folder: Path, logging_steps: int) -> str | None:
    """Return the last checkpoint from which training can be resumed, or None.

    The loss accumulated since the last logging step is lost with the process, so only checkpoints
    at a logging step give the same log.
    """
    steps = [int(path.parent.name.rpartition("-")[2]) for path in folder.glob(f"*/{_COMPLETE}")]
    steps = [step for step in steps if step % logging_steps == 0]
    if not steps:
        return None
    logger.info("going on from step %d of an interrupted training", max(steps), extra=CONSOLE)
    return str(folder / f"checkpoint-{max(steps)}")


class Saving(TrainerCallback):
    """Save the named steps and some to resume from; mark complete checkpoints."""

    def __init__(self, steps: Sequence[int], logging_steps: int) -> None:
        self._steps = set(steps)
        self._every = logging_steps * _LOGGING_STEPS_SAVED

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if state.global_step in self._steps or state.global_step % self._every == 0:
            control.should_save = True

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        assert args.output_dir is not None  # the training sets it
        (Path(args.output_dir) / f"checkpoint-{state.global_step}" / _COMPLETE).touch()
