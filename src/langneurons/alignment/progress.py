"""How far a training is, see `langneurons.artifacts.progress`."""

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from langneurons.artifacts.progress import Progress


class ProgressBars(TrainerCallback):
    """Shows how far the training is, and each evaluation; losses are in the artefact only."""

    _training: Progress
    _evaluation: Progress | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._training = Progress(state.max_steps, "step", "training", done=state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._training.update()

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._training.close()

    def on_prediction_step(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        eval_dataloader: Any = None,
        **_: Any,
    ) -> None:
        if self._evaluation is None:
            self._evaluation = Progress(len(eval_dataloader), "step", "evaluation")
        self._evaluation.update()

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if self._evaluation is not None:
            self._evaluation.close()
        self._evaluation = None
