"""What the jobs of each rule ask of the machine, unless a profile says otherwise."""

from typing import NamedTuple


class Request(NamedTuple):
    """What one job asks for."""

    threads: int = 1
    gpu: int = 0
    """Jobs that take the GPU run one at a time in the default profile, even without a GPU: each
    uses all cores and holds a model in memory."""


_MODEL = Request(threads=8, gpu=1)
#: Rule → its request; rules that are not named ask for one thread.
REQUESTS = {
    "convert_gguf": Request(gpu=1),
    "generate_responses": _MODEL,
    "sample_responses": _MODEL,
    "score_alignment": _MODEL,
    "align": _MODEL,
    "train_translation": _MODEL,
    "merge_adapter": Request(gpu=1),
    "count_activations": _MODEL,
    "measure_retrieval": _MODEL,
    "deactivate": _MODEL,
    "steer": _MODEL,
    "train_demo": Request(threads=2),
    # One thread is nearly as fast on matrices this small, and does not stall on busy cores.
    "train_demo_translation": Request(threads=1),
}
