"""Probe a decoder: run a few tokens through it and record how its modules are called."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from transformers import PreTrainedModel

from langneurons.errors import InputError
from langneurons.models.memory import SMALLER_MODEL, exhausted

PROBE_SHAPE = (2, 3)  # rows × tokens; 6 tokens in all


@dataclass(frozen=True)
class Call:
    """Shapes of one module call in the probe: one tensor in, one out."""

    shape: tuple[int, ...]
    same_shape: bool


def decoder_of(model: PreTrainedModel) -> PreTrainedModel:
    """Return the text decoder of a model, without the language modelling head."""
    decoder = model.get_decoder()
    if isinstance(decoder, PreTrainedModel):
        return decoder
    # ModernBERT's head is also called decoder. transformers types any base as a plain module.
    return cast(PreTrainedModel, model.base_model)


def decoder_layers(model: PreTrainedModel) -> nn.ModuleList:
    """Return the list of decoder layers: the outermost of length ``num_hidden_layers``.

    Raises
    ------
    InputError
        If there is not exactly one such list.
    """
    decoder = decoder_of(model)
    count = getattr(decoder.config, "num_hidden_layers", None)
    found = {
        name: module
        for name, module in decoder.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == count
    }
    outermost = [name for name in found if not any(name.startswith(f"{other}.") for other in found)]
    if len(outermost) != 1:
        raise InputError(
            f"{type(model).__name__}: expected one list of {count} decoder layers, "
            f"found {outermost or 'none'}"
        )
    return found[outermost[0]]


def probe(model: PreTrainedModel, layers: nn.ModuleList) -> dict[nn.Module, list[Call]]:
    """Run six tokens and record each call with one tensor of each module without submodules."""
    calls: dict[nn.Module, list[Call]] = defaultdict(list)

    def record(module: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        if len(arguments) == 1 and isinstance(output, Tensor) and isinstance(arguments[0], Tensor):
            shape = tuple(arguments[0].shape)
            calls[module].append(Call(shape, same_shape=tuple(output.shape) == shape))

    leaves = [module for module in layers.modules() if not list(module.children())]
    hooks = [leaf.register_forward_hook(record) for leaf in leaves]
    try:
        forward(model)
    except (RuntimeError, NotImplementedError, TypeError, ValueError, AttributeError) as error:
        if where := exhausted(error):
            raise InputError(
                f"{type(model).__name__}: loaded, but {where} has no memory left to run it; "
                f"{SMALLER_MODEL}"
            ) from error
        raise InputError(
            f"{type(model).__name__}: a forward pass over a few tokens "
            f"fails, so its MLPs cannot be verified: {error}"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    return calls


def is_activation(module: nn.Module, calls: list[Call] | None) -> bool:
    """Return whether a module is elementwise and not the identity."""
    if not calls or not all(call.same_shape for call in calls):
        return False
    parameters = [*module.parameters(), *module.buffers()]
    # Projections and norms have parameters per unit; learnt activation functions have single ones.
    if any(parameter.numel() > 1 for parameter in parameters):
        return False
    if any(parameter.is_meta for parameter in parameters):
        return True
    device = parameters[0].device if parameters else "cpu"
    numbers = torch.linspace(-4, 4, calls[0].shape[-1], device=device)[None]
    disturbed = numbers.clone()
    disturbed[0, 0] = 7.0
    with torch.no_grad():
        output, disturbed_output = module(numbers), module(disturbed)
    elementwise = torch.equal(output[0, 1:], disturbed_output[0, 1:])  # a norm or softmax is not
    return elementwise and not torch.equal(output, numbers)  # inactive dropout is the identity


def forward(model: PreTrainedModel) -> None:
    """Run the probe's tokens through the decoder."""
    ids = torch.arange(PROBE_SHAPE[0] * PROBE_SHAPE[1], device=input_device(model))
    # Fake tensors let models ask for values (which mask to build, say) that do not exist.
    values = FakeTensorMode(allow_non_fake_inputs=True) if is_meta(model) else nullcontext()
    with torch.no_grad(), values:
        decoder_of(model)(input_ids=ids.view(PROBE_SHAPE), use_cache=False)


def is_meta(model: PreTrainedModel) -> bool:
    """Return whether a model has no weights."""
    return any(parameter.is_meta for parameter in model.parameters())


def input_device(model: PreTrainedModel) -> torch.device:
    """Return the device on which a model expects its tokens."""
    return input_embeddings(model).weight.device


def input_embeddings(model: PreTrainedModel) -> nn.Embedding:
    """Return the embeddings of a model's tokens."""
    # transformers types them as a plain module.
    return cast(nn.Embedding, model.get_input_embeddings())


@contextmanager
def evaluating(model: PreTrainedModel) -> Iterator[None]:
    """Switch dropout off temporarily, so that it looks like the identity."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
