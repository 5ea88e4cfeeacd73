"""What a figure or table is made once for: each model, comparison, alignment …"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

from langneurons.experiment.claims import judged
from langneurons.experiment.declared import methods
from langneurons.experiment.families import Family
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.per_facts import cloze, cloze_comparisons, knowledge, with_controls
from langneurons.experiment.statistics import activation_methods, component_methods, drawn_methods

Keys = Mapping[str, Any]
#: Returns some of an experiment's methods.
MethodsOf = Callable[[Inventory], list[str]]


def _selections(experiment: Inventory, methods_of: MethodsOf, run: bool = False) -> Sequence[Keys]:
    return [
        {"model": model, "dataset": dataset, "method": method}
        for model in (experiment.text_models if run else experiment.models)
        for dataset in experiment.datasets_of(model)
        for method in methods_of(experiment)
    ]


def _varied_methods(experiment: Inventory) -> list[str]:
    return [name for name in drawn_methods(experiment) if methods()[name].varied]


def _comparisons(experiment: Inventory) -> Sequence[Keys]:
    return [
        {
            **pair,
            "models": list(pair.values()),
            "controls": experiment.controls(pair),
            "dataset": dataset,
            "method": method,
            # Table 4 also compares a model's own data sets, where it has several.
            "compared": [pair["before"]] if len(experiment.datasets_of(pair["before"])) > 1 else [],
        }
        for pair in experiment.comparisons
        for dataset in experiment.datasets_of_pair(pair)
        for method in drawn_methods(experiment)
    ]


def _families(experiment: Inventory) -> Sequence[Keys]:
    return [
        {"before": family.before, "family": family.name, "dataset": dataset, "method": method}
        for family in experiment.families
        for dataset in experiment.datasets_of_all(family.before, *family.compared)
        for method in drawn_methods(experiment)
    ]


def family_of(experiment: Inventory, keys: Any) -> Family:
    """Return the alignment and its controls that ``keys.before`` and ``keys.family`` name."""
    sought = (keys.before, keys.family)
    return next(one for one in experiment.families if (one.before, one.name) == sought)


def _comparisons_together(experiment: Inventory) -> Sequence[Keys]:
    found = []
    for dataset in experiment.all_datasets:
        pairs = [p for p in experiment.comparisons if dataset in experiment.datasets_of_pair(p)]
        if len(pairs) > 1:
            sides = _sides(pairs)
            found += [{**sides, "dataset": dataset, "method": m} for m in drawn_methods(experiment)]
    return found


def _datasets(experiment: Inventory) -> Sequence[Keys]:
    run = experiment.text_models
    pairs = [pair for pair in experiment.comparisons if set(pair.values()) <= set(run)]
    return [
        {"dataset": dataset, "models": run, **_sides(pairs)}
        for dataset in experiment.datasets
        if experiment.grades(dataset)
    ]


def _several(experiment: Inventory) -> Sequence[Keys]:
    """Models with several data sets, so that the same neurons can be looked for on all."""
    return [
        {"model": model, "method": method}
        for model in experiment.models
        if len(experiment.datasets_of(model)) > 1
        for method in experiment.methods
    ]


def _methods_together(experiment: Inventory) -> Sequence[Keys]:
    """Models and data sets on which several methods select neurons; no checkpoints."""
    if len(experiment.methods) < 2:
        return []
    return [
        {"model": name, "dataset": dataset, "methods": experiment.methods}
        for name, model in experiment.models.items()
        if not model.is_checkpoint
        for dataset in experiment.datasets_of(name)
    ]


def _doses(experiment: Inventory) -> Sequence[Keys]:
    """Models and data sets on which first neurons are switched off, of all methods together."""
    stage = experiment.stage_keys("doses")
    found = [{"model": keys["model"], "dataset": keys["dataset"]} for keys in stage]
    return [keys for index, keys in enumerate(found) if keys not in found[:index]]


def _by_component(experiment: Inventory) -> Sequence[Keys]:
    methods_of = component_methods(experiment)
    found = experiment.stage_keys("component_deactivation")
    return [keys for keys in found if keys["method"] in methods_of]


def _alignments(experiment: Inventory) -> Sequence[Keys]:
    return [{"model": model} for model in experiment.aligned_models]


def _courses(experiment: Inventory) -> Sequence[Keys]:
    """Alignments with checkpoints: the base compared with each checkpoint and with the result."""
    found = []
    for model in experiment.aligned_models:
        made = experiment.made(model)
        if not made.checkpoints:
            continue
        steps = {step: f"{model}@{step}" for step in made.checkpoints} | {made.step: model}
        course = {
            "model": model,
            "before": made.source,
            "after": list(steps.values()),
            "models": [made.source, *steps.values()],
            "steps": [0, *steps],
        }
        found += [
            {**course, "dataset": dataset, "method": method}
            for dataset in experiment.datasets
            for method in drawn_methods(experiment)
        ]
    return found


def _alignments_compared(experiment: Inventory) -> Sequence[Keys]:
    """Alignments and controls that are compared with the model before, all together."""
    found = []
    for dataset in experiment.datasets:
        pairs = [pair for pair in experiment.comparisons if pair["after"] in experiment.made_models]
        if pairs:
            sides = _sides(pairs)
            found += [{**sides, "dataset": dataset, "method": m} for m in drawn_methods(experiment)]
    return found


def _alignment_checks(experiment: Inventory) -> Sequence[Keys]:
    """Comparisons of models that look for partners, each with its controls."""
    found = with_controls(experiment, experiment.retrieving_models)
    return [{**keys, "dataset": dataset} for keys in found for dataset in experiment.datasets]


def _deactivations(experiment: Inventory) -> Sequence[Keys]:
    return experiment.stage_keys("deactivation")


def _deactivations_with_accuracy(experiment: Inventory) -> Sequence[Keys]:
    graded = [keys for keys in _deactivations(experiment) if experiment.grades(keys["dataset"])]
    return graded if graded and experiment.deactivation.accuracy else []


def _deactivations_with_facts(experiment: Inventory) -> Sequence[Keys]:
    found = _deactivations(experiment)
    return found if found and experiment.deactivation.facts else []


def _deactivations_by_phase(experiment: Inventory) -> Sequence[Keys]:
    typed = [keys for keys in _deactivations(experiment) if keys["method"] != "mask"]
    return typed if typed and experiment.deactivation.phases else []


def _steerings_at_doses(experiment: Inventory) -> Sequence[Keys]:
    found = experiment.stage_keys("steering")
    return found if found and experiment.steering.doses > 1 else []


def _sharing(experiment: Inventory) -> Sequence[Keys]:
    """Models whose shared neurons are looked for, with all their data sets side by side."""
    models = experiment.models_of("sharing") if experiment.datasets else []
    return [{"model": model, "dataset": experiment.datasets} for model in models]


def _sharing_by_dataset(experiment: Inventory) -> Sequence[Keys]:
    return [
        {"model": keys["model"], "dataset": dataset}
        for keys in _sharing(experiment)
        for dataset in keys["dataset"]
    ]


def _sharing_deactivated(experiment: Inventory) -> Sequence[Keys]:
    stage = experiment.config.sharing
    return _sharing_by_dataset(experiment) if stage and stage.deactivated_problems else []


def _sides(pairs: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    return {side: [pair[side] for pair in pairs] for side in ("before", "after")}


@dataclass(frozen=True)
class Per:
    """The kind of instance that a figure or table is made once for."""

    place: str
    """Where an instance is stored, filled in from its keys."""
    title: str
    """What an instance shows, unless its declaration has a title."""
    keys_of: Callable[[Inventory], Sequence[Keys]]
    """Returns the keys of all instances in an experiment."""


_SELECTION, _ON = "{model}/{dataset}/{method}", "{model} on {dataset}"
_METHOD_TOO = "{model} on {dataset} ({method})"
_SIDES, _FAMILY = "{before} → {after} on {dataset}", "{before} → {family} on {dataset}"
#: Name in declarations → what it stands for.
PER = {
    "selection": Per(_SELECTION, _ON, partial(_selections, methods_of=attrgetter("methods"))),
    "comparison": Per("{before}-vs-{after}/{dataset}/{method}", _SIDES, _comparisons),
    # By methods that type neurons anew in draws of the texts.
    "drawn selection": Per(_SELECTION, _ON, partial(_selections, methods_of=drawn_methods)),
    # By methods that read activation probabilities.
    "selection by activations": Per(
        _SELECTION, _ON, partial(_selections, methods_of=activation_methods)
    ),
    "varied selection": Per(_SELECTION, _ON, partial(_selections, methods_of=_varied_methods)),
    # By token class there are activations alone.
    "run selection": Per(
        _SELECTION, _ON, partial(_selections, methods_of=activation_methods, run=True)
    ),
    # By methods that select neurons of attention too.
    "components": Per(
        _SELECTION, _ON, partial(_selections, methods_of=component_methods, run=True)
    ),
    "alignment and controls": Per("{before}-vs-{family}/{dataset}/{method}", _FAMILY, _families),
    "claims": Per("{subject}/{dataset}/{method}", "{shown} on {dataset} ({method})", judged),
    "comparisons": Per("{dataset}/{method}", "{dataset}", _comparisons_together),
    "dataset": Per("{dataset}", "{dataset}", _datasets),
    "several data sets": Per("{model}/{method}", "{model}, method {method}", _several),
    "methods": Per("{model}/{dataset}", _ON, _methods_together),
    "doses": Per("{model}/{dataset}", _ON, _doses),
    "component_deactivation": Per(_SELECTION, _METHOD_TOO, _by_component),
    "enhancement": Per(_SELECTION, _METHOD_TOO, partial(Inventory.stage_keys, stage="enhancement")),
    "alignment": Per("{model}", "{model}", _alignments),
    "alignments compared": Per("{dataset}/{method}", "{dataset} ({method})", _alignments_compared),
    "alignment check": Per("{pair}/{dataset}", "{shown} on {dataset}", _alignment_checks),
    "cloze": Per("{dataset}", "{dataset}", cloze),
    "cloze comparison": Per("{pair}/{dataset}", "{shown} on {dataset}", cloze_comparisons),
    "course": Per(_SELECTION, _ON, _courses),
    "deactivation": Per(_SELECTION, _METHOD_TOO, _deactivations),
    "deactivation with accuracy": Per(_SELECTION, _METHOD_TOO, _deactivations_with_accuracy),
    "deactivation with facts": Per(_SELECTION, _METHOD_TOO, _deactivations_with_facts),
    "deactivation by phase": Per(_SELECTION, _METHOD_TOO, _deactivations_by_phase),
    "sharing": Per("{model}", "{model}", _sharing),
    "sharing by data set": Per("{model}/{dataset}", _ON, _sharing_by_dataset),
    "sharing deactivated": Per("{model}/{dataset}", _ON, _sharing_deactivated),
    "knowledge": Per("{model}/{dataset}", _ON, knowledge),
    "steering": Per(_SELECTION, _METHOD_TOO, partial(Inventory.stage_keys, stage="steering")),
    "steering doses": Per(_SELECTION, _METHOD_TOO, _steerings_at_doses),
}
