"""Which claims are judged, and from what: findings about models, and about alignments."""

from typing import Any

from langneurons.experiment import paths
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.statistics import component_methods, drawn_methods, of_component
from langneurons.importance.components import FFN

Reads = dict[str, str | list[str]]


def judged(experiment: Inventory) -> list[dict[str, Any]]:
    """Return the subject, data set and method of each claims artefact.

    A subject is a model, but no checkpoint of an alignment, or a comparison, but with no control:
    the claims are about alignments.
    """
    models = {
        name: (name, experiment.datasets_of(name))
        for name, model in experiment.models.items()
        if not model.is_checkpoint
    }
    controls = [name for pair in experiment.comparisons for name in experiment.controls(pair)]
    pairs = {
        "{before}-vs-{after}".format(**pair): (
            "{before} → {after}".format(**pair),
            experiment.datasets_of_pair(pair),
        )
        for pair in experiment.comparisons
        if pair["after"] not in controls
    }
    return [
        {"subject": subject, "shown": shown, "dataset": dataset, "method": method}
        for subject, (shown, datasets) in {**models, **pairs}.items()
        for dataset in datasets
        for method in drawn_methods(experiment)
    ]


def others(experiment: Inventory, method: str) -> list[str]:
    """Return the other methods of selection: claims ask whether these show the same."""
    return [name for name in drawn_methods(experiment) if name != method]


def about_model(experiment: Inventory, wildcards: Any) -> Reads:
    """Return what other stages measured of a model."""
    keys, model = dict(wildcards.items()), wildcards.model
    found: Reads = {}
    for other in others(experiment, wildcards.method):
        of_other = {**keys, "method": other}
        found[f"{other}_certainty"] = paths.fill(paths.certainty, of_other)
        found[f"{other}_draws"] = paths.fill(paths.stability_draws, of_other)
    if len(experiment.datasets_of(model)) > 1:
        found["datasets"] = paths.fill(paths.dataset_overlap, keys)
    if model in experiment.retrieving_models and wildcards.dataset in experiment.datasets:
        found["retrieval"] = paths.fill(paths.retrieval, keys)
    section = experiment.config.sharing
    if model in experiment.models_of("sharing") and wildcards.dataset in experiment.datasets:
        found["sharing"] = paths.fill(paths.sharing, keys)
        if section and section.deactivated_problems:
            found["class_deactivation"] = paths.fill(paths.class_deactivation, keys)
    if wildcards.method in component_methods(experiment):
        for name in experiment.config.importance.components:
            if name != FFN:
                found[f"attention_{name}"] = paths.fill(of_component(name), keys)
        if keys in experiment.stage_keys("component_deactivation"):
            found["component_deactivation"] = paths.fill(paths.component_problems, keys)
    if keys in experiment.stage_keys("deactivation"):
        found["deactivation"] = paths.fill(paths.deactivation_problems, keys)
    if keys in experiment.stage_keys("steering"):
        found["steering"] = paths.fill(paths.steering_problems, keys)
    subject = {"model": model, "dataset": wildcards.dataset}
    if any(subject.items() <= of.items() for of in experiment.stage_keys("doses")):
        found["doses"] = paths.fill(paths.dose_problems, keys)
    return found


def about_alignment(experiment: Inventory, wildcards: Any) -> Reads:
    """Return what else was measured of the two models of a comparison."""
    keys = dict(wildcards.items())
    pair, dataset = {"before": keys["before"], "after": keys["after"]}, keys["dataset"]
    found: Reads = {
        f"{other}_totals": paths.fill(paths.total_change, {**keys, "method": other})
        for other in others(experiment, wildcards.method)
    }
    for family in experiment.families:
        measured = experiment.datasets_of_all(family.before, *family.compared)
        own = family.before == pair["before"] and pair["after"] in family.after
        if own and dataset in measured:
            found["attribution"] = paths.fill(paths.attribution, {**keys, "family": family.name})
    if dataset not in experiment.datasets:  # of published counts
        return found
    if pair in experiment.retrieving_pairs:
        found["retrieval"] = paths.fill(paths.retrieval_change, keys)
    if experiment.grades(dataset) and set(pair.values()) <= set(experiment.text_models):
        found["accuracy"] = paths.fill(paths.accuracy_change, keys)
    return found
