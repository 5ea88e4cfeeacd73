"""What switching one neuron off does, done slowly with the model's own code."""

import importlib
from collections.abc import Callable
from contextlib import contextmanager
from unittest import mock

import torch
from tiny_models import tiny_config, tiny_model
from torch import Tensor, nn

from langneurons.importance.measuring import Importance
from langneurons.models.probing import decoder_layers, decoder_of

#: Where a decoder layer keeps the last projection of its sub-layers.
OUTPUTS = {
    "llama": ("self_attn.o_proj", "mlp.down_proj"),
    "mistral": ("self_attn.o_proj", "mlp.down_proj"),
    "gemma2": ("self_attn.o_proj", "mlp.down_proj"),
    "gemma3_text": ("self_attn.o_proj", "mlp.down_proj"),
    "phi3": ("self_attn.o_proj", "mlp.down_proj"),
    "gpt_neox": ("attention.dense", "mlp.dense_4h_to_h"),
    "bloom": ("self_attention.dense", "mlp.dense_4h_to_h"),
    "opt": ("self_attn.out_proj", "fc2"),
    "gpt2": ("attn.c_proj", "mlp.c_proj"),
}
#: Heads, heads of keys, dimensions of a head.
SHAPES = {
    name: (4, 4 if name in ("gpt_neox", "bloom", "opt", "gpt2") else 2, 4) for name in OUTPUTS
}

Edit = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]


def double_model(architecture: str, **changes: object) -> nn.Module:
    """A tiny model in float64 that attends as eager attention does."""
    model = tiny_model(tiny_config(architecture, **changes)).double()
    decoder_of(model).set_attn_implementation("eager")
    return model


@contextmanager
def exact_softmax():
    """Eager attention computes its softmax in float32: here, in the dtype of the scores."""
    softmax = nn.functional.softmax
    with mock.patch("torch.nn.functional.softmax", lambda scores, dim, **_: softmax(scores, dim)):
        yield


@contextmanager
def edited_heads(model: nn.Module, attention: nn.Module, edit: Edit):
    """Let one attention work with edited queries, keys and values, in the model's own code."""
    if type(attention).__name__ == "BloomAttention":
        reshape = attention._reshape
        with mock.patch.object(attention, "_reshape", lambda fused: edit(*reshape(fused))):
            yield
        return
    home = importlib.import_module(type(attention).__module__)
    own = home.eager_attention_forward

    def forward(module, query, key, value, *arguments, **options):
        if module is attention:
            query, key, value = edit(query, key, value)
        return own(module, query, key, value, *arguments, **options)

    with mock.patch.object(home, "eager_attention_forward", forward):
        yield


def output_of(model: nn.Module, module: nn.Module, ids: Tensor) -> Tensor:
    """What a module gives for one text, (S, hidden)."""
    outputs: list[Tensor] = []
    hook = module.register_forward_hook(lambda _, __, output: outputs.append(output))
    with exact_softmax():
        decoder_of(model)(input_ids=ids[None], use_cache=False)
    hook.remove()
    return outputs[0].reshape(len(ids), -1)


def without(component: str, head: int, dimension: int) -> Edit:
    """Zero one dimension of one head of queries, keys or values."""

    def edit(*tensors: Tensor) -> tuple[Tensor, ...]:
        position = "qkv".index(component)
        changed = tensors[position].clone()
        changed[:, head, :, dimension] = 0
        return *tensors[:position], changed, *tensors[position + 1 :]

    return edit


def switched_off(model: nn.Module, architecture: str, ids: Tensor, layer: int) -> dict[str, Tensor]:
    """The change of the sub-layer's output by component and neuron, one neuron at a time."""
    block = decoder_layers(model)[layer]
    out, down = (block.get_submodule(name) for name in OUTPUTS[architecture])
    attention = block.get_submodule(OUTPUTS[architecture][0].rpartition(".")[0])
    heads, groups, width = SHAPES[architecture]
    before = output_of(model, out, ids)
    found = {}
    for component, of in (("q", heads), ("k", groups), ("v", groups)):
        changes = []
        for head in range(of):
            for dimension in range(width):
                with edited_heads(model, attention, without(component, head, dimension)):
                    changes.append((output_of(model, out, ids) - before).norm())
        found[component] = torch.stack(changes)
    before, changes = output_of(model, down, ids), []
    neurons = down.weight.shape[0 if architecture == "gpt2" else 1]
    for neuron in range(neurons):
        hook = down.register_forward_pre_hook(
            lambda _, arguments, neuron=neuron: (
                arguments[0] * (torch.arange(arguments[0].shape[-1]) != neuron)
            )
        )
        changes.append((output_of(model, down, ids) - before).norm())
        hook.remove()
    return {"ffn": torch.stack(changes), **found}


def measured(
    model: nn.Module,
    texts: list[Tensor],
    components: tuple[str, ...] = ("ffn", "q", "k", "v"),
    released: bool = False,
) -> dict[tuple[str, int, int], Tensor]:
    """Importances by component, layer and text, of texts that run in one padded batch."""
    found: dict[tuple[str, int, int], Tensor] = {}

    def take(component: str, layer: int, row: int, values: Tensor) -> None:
        assert (component, layer, row) not in found
        found[component, layer, row] = values

    importance = Importance(model, components, released, take)
    importance.lengths = [len(text) for text in texts]
    ids = nn.utils.rnn.pad_sequence(texts, batch_first=True)
    with importance.running(), torch.no_grad():
        decoder_of(model)(input_ids=ids, use_cache=False)
    for (component, _, _), values in found.items():
        assert values.shape == (importance.widths[component],)
    return found
