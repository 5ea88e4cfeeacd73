"""What the jobs of each rule ask of the machine, unless a profile says otherwise."""

from typing import Any, NamedTuple

from langneurons import preloaded


class Request(NamedTuple):
    """What one job asks for."""

    threads: int = 1
    """At most; of jobs that take the GPU, see `threads_of`."""
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
    "measure_relevance": _MODEL,
    "measure_overlaps": _MODEL,
    "measure_importance": _MODEL,
    "measure_retrieval": _MODEL,
    "measure_cloze": _MODEL,
    "measure_sharing": _MODEL,
    "deactivate_classes": _MODEL,
    "attribute_facts": _MODEL,
    "edit_facts": _MODEL,
    "deactivate": _MODEL,
    "measure_doses": _MODEL,
    "deactivate_components": _MODEL,
    "enhance": _MODEL,
    "steer": _MODEL,
    "train_demo": Request(threads=2),
    # One thread is nearly as fast on matrices this small, and does not stall on busy cores.
    "train_demo_translation": Request(threads=1),
}


#: Rules whose jobs take no GPU, but load torch or transformers.
_LOOKING_AT_MODELS = {"inspect_model", "inspect_alignment", "tokenize", "export_masks"}
# From how many jobs on a process that has loaded their libraries is worth its own start.
_SMALL_JOBS, _LOOKING_JOBS = 4, 3


def preload_libraries(workflow: Any) -> None:
    """Start the process that small jobs are copies of, if the run has enough of them.

    On one machine only: elsewhere nothing could reach it. See `langneurons.preloaded`.

    Parameters
    ----------
    workflow
        Snakemake's, once it knows the jobs.
    """
    rules = [job.rule.name for job in workflow.dag.needrun_jobs()]
    small = [rule for rule in rules if not request_of(rule).gpu]
    # With --touch, jobs only get a new time.
    if workflow.touch or not workflow.local_exec or len(small) < _SMALL_JOBS:
        return
    looking = sum(rule in _LOOKING_AT_MODELS for rule in small)
    more = preloaded.MODEL_LIBRARIES if looking >= _LOOKING_JOBS else ()
    preloaded.start([*preloaded.LIBRARIES, *more])


def request_of(rule: str) -> Request:
    """Return what a rule's jobs ask for."""
    return REQUESTS.get(rule, Request())


def threads_of(rule: str, workflow: Any) -> int:
    """Return how many threads a job of a rule asks for.

    Jobs that take the GPU share the cores with as many others as may run at once: with
    ``--cores 8 --resources gpu=4`` four of them run, with two threads each.

    Parameters
    ----------
    workflow
        Snakemake's.
    """
    asked = request_of(rule)
    limit = getattr(workflow.global_resources.get("gpu"), "value", None)
    # `workflow.cores` refuses commands that run nothing and need no --cores, such as --unlock.
    cores = workflow.resource_settings.cores
    # On a cluster, neither cores nor GPUs are those of one machine.
    if not asked.gpu or limit is None or cores is None or not workflow.local_exec:
        return asked.threads
    return max(1, min(asked.threads, cores // int(limit)))


def let_scheduler_sleep(workflow: Any) -> None:
    """Keep Snakemake's scheduler from waking while nothing has happened, on one machine.

    Its limit of jobs a second makes it look for new ones a second after each look, and every
    finished job begins one more such chain: after 200 jobs it looks 200 times a second, on a core
    that a model could have. Where jobs are submitted to a cluster, the limit stays.

    Parameters
    ----------
    workflow
        Snakemake's, once its scheduler is there.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
