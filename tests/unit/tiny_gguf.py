"""A tiny random model of `tiny_models` in a GGUF file, tokenizer included."""

from collections.abc import Container
from pathlib import Path
from typing import Any

import gguf
from tiny_models import SPECIAL_TOKENS, tiny_config, tiny_model, tiny_tokenizer
from transformers import PreTrainedModel

ARCHITECTURE = "llama"
#: One of the tensors whose rows are long enough for blocks of 32 numbers.
QUANTISED = "blk.0.ffn_down.weight"


def gguf_source(seed: int = 0) -> PreTrainedModel:
    """Return the model that `write_tiny_gguf` writes."""
    return tiny_model(tiny_config(ARCHITECTURE, intermediate_size=32), seed)


def write_tiny_gguf(
    path: Path,
    seed: int = 0,
    *,
    architecture: str = ARCHITECTURE,
    left_out: Container[str] = (),
    tokenizer: str = "gpt2",
    **more: Any,
) -> Path:
    """Write the tiny model, as people convert models, and return the file.

    Parameters
    ----------
    left_out
        Tensors that the file lacks.
    tokenizer
        The name of the kind of its tokenizer, which is one of single bytes.
    more
        Other keys, with a double underscore for each dot: a number, a text, or a tensor (an array).
    """
    model = gguf_source(seed)
    config = model.config
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    _add_tokenizer(writer, tokenizer)
    for key, value in more.items():
        add = {int: writer.add_uint32, str: writer.add_string}.get(type(value), writer.add_tensor)
        add(key.replace("__", "."), value)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for full_name, tensor in model.state_dict().items():
        name = names.get_name(full_name, try_suffixes=(".weight",))
        weights = tensor.numpy()
        for part, heads in (("attn_q", 4), ("attn_k", 2)):
            if part in name:  # the file pairs neighbouring dimensions of a head, not its halves
                split = weights.reshape(heads, 2, -1, *weights.shape[1:])
                weights = split.swapaxes(1, 2).reshape(weights.shape)
        if name == QUANTISED:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quantize(weights, kind), raw_dtype=kind)
        elif name not in left_out:
            writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: gguf.GGUFWriter, kind: str) -> None:
    vocabulary = tiny_tokenizer().get_vocab()
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_tokenizer_model(kind)
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([control if token in SPECIAL_TOKENS else normal for token in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
