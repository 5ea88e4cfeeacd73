"""Cost of a mask: the same forward passes with neurons switched off and without, in turn.

One random model of Llama's architecture; the texts' likelihood is measured as in a cell of the
deactivation stage, alternating between no mask and masks of growing size. Processor seconds on a
CPU (other work on the machine does not count), wall seconds on a GPU.
"""

import argparse
import time
from statistics import median

import numpy as np
import pandas as pd
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from langneurons.evaluation.perplexity import Likelihood
from langneurons.interventions import intervening, zeroing
from langneurons.models.mlps import find_mlps

VOCABULARY = 8000


def random_model(layers: int, hidden: int, device: str) -> LlamaForCausalLM:
    """A model whose MLPs are about as wide as Llama's, 2.7 times its states."""
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


def seconds(likelihood: Likelihood, device: str) -> float:
    """Time of one pass over all texts."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    start = clock()
    likelihood.mean_nll()
    return clock() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--length", type=int, default=128)
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
    # Round by round each mask is set against a pass of its own without one.
    ratios: dict[float, list[float]] = {share: [] for share in masks}
    plain = []
    seconds(likelihood, arguments.device)  # the first pass allocates
    for _ in range(arguments.rounds):
        for share, mask in masks.items():
            plain.append(seconds(likelihood, arguments.device))
            with intervening(mlps, zeroing(mask)):
                ratios[share].append(seconds(likelihood, arguments.device) / plain[-1])

    print(
        f"{shape[0]} layers of {shape[1]} neurons, {batch_tokens} tokens a pass, "
        f"{arguments.device}, median of {arguments.rounds} rounds\n"
    )
    print("| neurons off | seconds without | with / without |\n|---:|---:|---:|")
    for share, found in ratios.items():
        print(
            f"| {masks[share].sum():,} ({share:.0%}) | {median(plain):.3f} | {median(found):.3f} |"
        )


if __name__ == "__main__":
    main()
