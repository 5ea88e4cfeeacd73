"""Plain checkpoints of aligned models: adapters merged into the weights they were trained on."""

from pathlib import Path

from peft import PeftModel

from langneurons.artifacts.atomic import atomic_folder
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.spec import ModelSpec


def merge_adapter(spec: ModelSpec, adapters: str | Path, step: int, output: str | Path) -> None:
    """Write a model with an adapter merged into it, which loads like any other checkpoint.

    Parameters
    ----------
    spec
        The model that the adapter was trained on. The checkpoint has the dtype in which the model
        loads: at lower precision, rounding could erase the small changes of an alignment.
    adapters, step
        Folder of an alignment's adapters, and the training step of the adapter to merge.
    output
        Folder of the checkpoint: weights in safetensors, configuration and tokenizer. It appears
        once everything is written.
    """
    adapted = PeftModel.from_pretrained(load_model(spec), f"{adapters}/step-{step}")
    model = adapted.merge_and_unload()
    with atomic_folder(output) as folder:
        model.save_pretrained(folder)
        load_tokenizer(spec).save_pretrained(folder)
