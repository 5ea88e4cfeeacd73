"""Load encoder–decoder checkpoints, for translation, with the checks for decoder-only ones."""

from transformers import AutoModelForSeq2SeqLM, PreTrainedConfig, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES

from langneurons.errors import InputError
from langneurons.models.loading import architecture, load_weights, read_config
from langneurons.models.spec import ModelSpec


def load_seq2seq_config(spec: ModelSpec) -> PreTrainedConfig:
    """Load the configuration of an encoder–decoder.

    Raises
    ------
    InputError
        If there is no such checkpoint, or it is not a text encoder–decoder with an
        architecture known here.
    """
    config = read_config(spec, "AutoModelForSeq2SeqLM")
    kind = config.model_type
    known = kind in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES or kind not in CONFIG_MAPPING_NAMES
    # Transformers also lists some decoder-only models that read speech here.
    if not known or not getattr(config, "is_encoder_decoder", False):
        raise InputError(
            f"{spec.path}: {architecture(config)} is no encoder–decoder; expected a translation "
            "model, any that AutoModelForSeq2SeqLM loads"
        )
    return config


def load_seq2seq_model(spec: ModelSpec) -> PreTrainedModel:
    """Load an encoder–decoder with its weights, for inference.

    Raises
    ------
    InputError
        As `load_seq2seq_config` and, for weights, `langneurons.models.loading.load_model`.
    """
    return load_weights(spec, load_seq2seq_config(spec), AutoModelForSeq2SeqLM)
