"""The lines that a run begins with."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from langneurons.artifacts.cells import kept_cells
from langneurons.experiment.forecast.duration import duration
from langneurons.experiment.forecast.jobs import Forecast, Share
from langneurons.experiment.forecast.work import UP_TO, Work, stated, total
from langneurons.experiment.inventory import Inventory
from langneurons.job import share

_KEPT = "; an earlier run may have done a part of it"


class _Stage(NamedTuple):
    """How the jobs of a rule are forecast and spoken of."""

    work: Callable[[Forecast, Any, Share], Work]
    said: Callable[[Work], str]
    untimed: str = ""
    """Its name, if its time is not estimated."""


def announce(experiment: Inventory, workflow: Any) -> None:
    """Log the overview of the run that starts; nothing if no model is to run.

    Parameters
    ----------
    workflow
        Snakemake's, once it knows the jobs. Its logger writes to stderr and to the log of the run.
    """
    if workflow.touch:  # its jobs only get a new time
        return
    cores = workflow.cores if workflow.local_exec else None
    for line in overview(experiment, workflow.dag.needrun_jobs(), cores):
        workflow.logger_manager.logger.info(line)


def overview(experiment: Inventory, jobs: Iterable[Any], cores: int | None) -> list[str]:
    """Return a line for each model that is to run, and one that says how long that takes.

    Parameters
    ----------
    jobs
        All jobs that will run, as Snakemake's: with rule, wildcards and output.
    cores
        How many cores they have together; None if they run on other machines.
    """
    jobs = list(jobs)
    made = {str(file) for job in jobs for file in job.output}
    forecast = Forecast(experiment, lambda path: path not in made and Path(path).is_file())
    found: dict[str, dict[str, list[Work]]] = {}
    kept = False
    for job in jobs:
        if job.rule.name in _STAGES:
            part = share(getattr(job.wildcards, "scatteritem", "1-of-1"))
            work = _STAGES[job.rule.name].work(forecast, job.wildcards, part)
            found.setdefault(job.wildcards.model, {}).setdefault(job.rule.name, []).append(work)
            kept = kept or any(kept_cells(job.output[0]).glob("*.parquet"))
    if not found:
        return []
    models = [name for name in experiment.models if name in found]
    width = max(map(len, models))
    lines = []
    for model in models:
        own = found[model]
        parts = [stage.said(total(own[rule])) for rule, stage in _STAGES.items() if rule in own]
        lines.append(f"{model:<{width}}  {' · '.join(parts)}")
    untimed = [
        stage.untimed
        for rule, stage in _STAGES.items()
        if stage.untimed and any(rule in own for own in found.values())
    ]
    work = total(one for own in found.values() for works in own.values() for one in works)
    specs = [experiment.models[model].spec for model in models]
    return [*lines, duration(work, specs, cores, untimed) + _KEPT * kept]


def _written(verb: str) -> Callable[[Work], str]:
    def said(work: Work) -> str:
        return f"{verb} {stated(work.written, UP_TO)} tokens ({stated(work.texts)} responses)"

    return said


def _intervened(name: str) -> Callable[[Work], str]:
    def said(work: Work) -> str:
        read = f"{name} {work.cells:,} cells, reads {stated(work.read, work.certainty)} tokens"
        written = f", writes {stated(work.written, UP_TO)} tokens" if work.written else ""
        return read + written

    return said


_TRAINING = _Stage(
    Forecast.training,
    lambda work: f"training {work.cells:,} steps of {stated(work.texts)} pairs",
    untimed="training",
)
#: Rules that run a model, in the order of the DAG.
_STAGES = {
    "generate_responses": _Stage(Forecast.generation, _written("writes")),
    "sample_responses": _Stage(Forecast.sampling, _written("samples")),
    "score_alignment": _Stage(
        Forecast.scoring,
        lambda work: f"scoring {stated(work.texts, UP_TO)} responses",
        untimed="scoring",
    ),
    "align": _TRAINING,
    "train_translation": _TRAINING,
    "count_activations": _Stage(
        Forecast.counting, lambda work: f"counts {stated(work.read, work.certainty)} tokens"
    ),
    "measure_relevance": _Stage(
        Forecast.relevance,
        lambda work: f"relevance of {stated(work.read, work.certainty)} tokens",
    ),
    "measure_overlaps": _Stage(
        Forecast.counting,
        lambda work: f"histograms of {stated(work.read, work.certainty)} tokens",
        untimed="further passes for histograms",
    ),
    "measure_importance": _Stage(
        Forecast.importance,
        lambda work: f"importance in {stated(work.read, work.certainty)} tokens",
        untimed="the importance of attention",
    ),
    "measure_retrieval": _Stage(
        Forecast.retrieval,
        lambda work: f"retrieval reads {stated(work.read, work.certainty)} tokens",
    ),
    "measure_cloze": _Stage(
        Forecast.cloze,
        lambda work: f"cloze reads {stated(work.read, work.certainty)} tokens",
    ),
    "measure_sharing": _Stage(
        Forecast.sharing,
        lambda work: f"sharing reads {stated(work.read, work.certainty)} tokens",
    ),
    "deactivate_classes": _Stage(Forecast.class_deactivation, _intervened("deactivation by class")),
    "attribute_facts": _Stage(
        Forecast.knowledge,
        lambda work: f"attributes {stated(work.texts, UP_TO)} prompts",
        untimed="the attribution of facts",
    ),
    "deactivate": _Stage(Forecast.deactivation, _intervened("deactivation")),
    "measure_doses": _Stage(Forecast.doses, _intervened("doses")),
    "deactivate_components": _Stage(
        Forecast.component_deactivation, _intervened("deactivation by component")
    ),
    "enhance": _Stage(Forecast.enhancement, _intervened("enhancement")),
    "steer": _Stage(Forecast.steering, _intervened("steering")),
}
