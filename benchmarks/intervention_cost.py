"""Cost of a mask: the same forward passes with and without neurons switched off, in turn.

One random model with Llama's architecture; the texts' likelihood is measured as in a cell of the
deactivation stage, and answers are generated with a cache, alternating between no mask and masks of
growing size. Processor seconds on a CPU (other work on the machine does not count), wall seconds on
a GPU.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import numpy as np
import pandas as pd
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from langneurons.models.edits import intervening, zeroing
from langneurons.models.likelihood import Likelihood
from langneurons.models.mlps import Mlp, find_mlps

VOCABULARY = 8000


def random_model(layers: int, hidden: int, device: str) -> LlamaForCausalLM:
    """A model whose MLPs are about as wide as Llama's, 2.7 times the hidden size."""
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        intermediate_size=hidden * 11 // 4,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config).eval().requires_grad_(False)
    return model.to(device, torch.float32 if device == "cpu" else torch.bfloat16)


def texts(rows: int, length: int) -> pd.DataFrame:
    """Token rows of equal length."""
    generator = np.random.default_rng(0)
    tokens = generator.integers(3, VOCABULARY, (rows, length))
    return pd.DataFrame(
        {"prompt_tokens": list(tokens[:, :1]), "response_tokens": list(tokens[:, 1:])}
    )


def seconds(work: Callable[[], object], device: str) -> float:
    """Time of one pass over all texts, or of one answer to each."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    start = clock()
    work()
    if device != "cpu":
        torch.cuda.synchronize()
    return clock() - start


def answering(
    model: LlamaForCausalLM, rows: int, length: int, new_tokens: int
) -> Callable[[], object]:
    """A function that generates ``new_tokens`` tokens after each of ``rows`` prompts."""
    ids = torch.randint(3, VOCABULARY, (rows, length), device=model.device)
    settings = {"max_new_tokens": new_tokens, "min_new_tokens": new_tokens, "do_sample": False}

    @torch.inference_mode()
    def generate() -> torch.Tensor:
        return model.generate(
            ids, attention_mask=torch.ones_like(ids), pad_token_id=0, use_cache=True, **settings
        )

    return generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    model = random_model(arguments.layers, arguments.hidden, arguments.device)
    mlps = find_mlps(model)
    batch_tokens = arguments.rows * arguments.length
    likelihood = Likelihood(model, texts(arguments.rows, arguments.length), batch_tokens)
    generator = np.random.default_rng(0)
    shape = (len(mlps), mlps[0].width)
    masks = {share: generator.random(shape) < share for share in (0.01, 0.05, 0.25)}
    works = {
        "forward": likelihood.mean_nll,
        "generate": answering(model, arguments.rows, arguments.length // 2, arguments.new_tokens),
    }
    print(
        f"{shape[0]} layers of {shape[1]} neurons, {batch_tokens} tokens a pass, "
        f"{arguments.rows} × {arguments.new_tokens} tokens generated, {arguments.device}, median "
        f"of {arguments.rounds} rounds\n"
    )
    print("| | neurons off | seconds without | with / without |\n|---|---:|---:|---:|")
    for name, work in works.items():
        plain, ratios = rounds(work, mlps, masks, arguments.rounds, arguments.device)
        for share, found in ratios.items():
            off = f"{masks[share].sum():,} ({share:.0%})"
            print(f"| {name} | {off} | {median(plain):.3f} | {median(found):.3f} |")


def rounds(
    work: Callable[[], object],
    mlps: Sequence[Mlp],
    masks: Mapping[float, np.ndarray],
    number: int,
    device: str,
) -> tuple[list[float], dict[float, list[float]]]:
    """Seconds without a mask, and for each mask its ratios to the pass right before it."""
    plain: list[float] = []
    ratios: dict[float, list[float]] = {share: [] for share in masks}
    seconds(work, device)  # the first pass allocates
    for _ in range(number):
        for share, mask in masks.items():
            plain.append(seconds(work, device))
            with intervening(mlps, zeroing(mask)):
                ratios[share].append(seconds(work, device) / plain[-1])
    return plain, ratios


if __name__ == "__main__":
    main()
