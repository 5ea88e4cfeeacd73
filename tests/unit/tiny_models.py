"""Tiny random checkpoints of many architectures, saved like real ones, tokenizer included."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

LAYERS = 2
HIDDEN = 16
SPECIAL_TOKENS = ("<unk>", "<s>", "</s>")

_LLAMA_LIKE = {
    "hidden_size": HIDDEN,
    "intermediate_size": 24,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}

#: Configuration of each architecture: its model_type and what makes it tiny. Plain MLPs that do
#: not set their width have 4 · HIDDEN = 64 neurons a layer.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "llama": _LLAMA_LIKE,
    "mistral": {**_LLAMA_LIKE, "sliding_window": 8},
    "qwen2": _LLAMA_LIKE,
    "gemma2": {**_LLAMA_LIKE, "head_dim": 4, "sliding_window": 8, "query_pre_attn_scalar": 4},
    "gemma3_text": {
        **_LLAMA_LIKE,
        "head_dim": 4,
        "sliding_window": 8,
        "query_pre_attn_scalar": 4,
        "layer_types": ["sliding_attention", "full_attention"],
    },
    "phi3": {**_LLAMA_LIKE, "pad_token_id": 0},
    "gpt_neox": {
        "hidden_size": HIDDEN,
        "intermediate_size": 24,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "max_position_embeddings": 128,
    },
    "bloom": {"hidden_size": HIDDEN, "n_layer": LAYERS, "n_head": 4},
    "opt": {
        "hidden_size": HIDDEN,
        "word_embed_proj_dim": HIDDEN,
        "ffn_dim": 24,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "max_position_embeddings": 128,
    },
    "gpt2": {"n_embd": HIDDEN, "n_layer": LAYERS, "n_head": 4, "n_positions": 128},
}


def tiny_tokenizer(byte_order: int = 1) -> PreTrainedTokenizerFast:
    """Make a tokenizer of single bytes, which takes any text: 256 tokens and three special ones.

    ``byte_order`` −1 numbers the bytes backwards: another vocabulary of the same size.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())[::byte_order]
    vocabulary = {token: index for index, token in enumerate([*SPECIAL_TOKENS, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def tiny_config(architecture: str, **changes: Any) -> PreTrainedConfig:
    """Return the configuration of a tiny model of an architecture in `ARCHITECTURES`."""
    special = {"bos_token_id": 1, "eos_token_id": 2}
    settings = {"vocab_size": 259, **special, **ARCHITECTURES[architecture], **changes}
    return AutoConfig.for_model(architecture, **settings)


def tiny_model(config: PreTrainedConfig, seed: int = 0) -> PreTrainedModel:
    """Build a model with random weights that give pre-activations of both signs, of order 1."""
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Biases and norms too: at their initial zeros and ones a mistake would not show.
            spread = parameter.shape[-1] ** -0.5 if parameter.ndim > 1 else 0.3
            parameter.add_(torch.randn_like(parameter) * spread)
    return model.requires_grad_(False)


def save_tiny_model(
    folder: Path, architecture: str, seed: int = 0, **changes: Mapping[str, Any]
) -> Path:
    """Save a tiny random checkpoint with its tokenizer and return its folder.

    The same architecture, seed and changes of the configuration give the same weights.
    """
    tiny_model(tiny_config(architecture, **changes), seed).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder
