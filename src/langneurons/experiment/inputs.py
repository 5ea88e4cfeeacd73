"""What each rule reads depending on the configuration: argument → path or paths.

What a rule always reads is listed in the rule itself.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import langneurons
from langneurons.activations.files import counts_files
from langneurons.experiment import intervention_inputs, paths
from langneurons.experiment.claims import about_alignment, about_model
from langneurons.experiment.datasets import DemoDataset, on_hub
from langneurons.experiment.instances import drawn_at
from langneurons.experiment.intervention_inputs import Reads, own_tokens
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.per import family_of
from langneurons.experiment.statistics import (
    halved_methods,
    of_component,
    quotients_of,
    sums_of,
)

_TEMPLATES = Path(langneurons.__file__).parent / "corpora/templates"


def _corpus(experiment: Inventory, wildcards: Any) -> Reads:
    """The local files or folders that a data set is read from."""
    dataset = experiment.dataset(wildcards.dataset)
    if isinstance(dataset, DemoDataset):
        return {"data": demo_templates()}
    if on_hub(dataset):
        return {}
    files = [
        dataset.path.replace("{language}", language)
        for language in experiment.languages_of(wildcards.dataset)
    ]
    return {"data": list(dict.fromkeys(files))}


def _facts(experiment: Inventory, wildcards: Any) -> Reads:
    """The file of your own facts; or tables of countries, and phrasings in all languages."""
    dataset = experiment.fact_set(wildcards.dataset)
    if dataset.path is not None:
        return {"data": dataset.path}
    names = ["territories.csv", "currencies.csv", *(f"{one}.yaml" for one in experiment.languages)]
    return {"data": [f"{dataset.folder}/{name}" for name in names]}


def demo_templates() -> list[str]:
    """Return the sentences of the demo's problems, a file for each language."""
    # Relative to the working directory, so that a copy of the project elsewhere reruns nothing.
    return sorted(os.path.relpath(path) for path in _TEMPLATES.glob("*.yaml"))


def _checkpoint(experiment: Inventory, model: str) -> Reads:
    """The files of a local checkpoint, so that a new one at the same place is noticed."""
    settings = experiment.models[model]
    if settings.made or settings.gguf:
        return {"checkpoint": settings.spec["path"]}
    return {"checkpoint": _files(settings.spec["path"])}


def _gguf(experiment: Inventory, wildcards: Any) -> Reads:
    """The local GGUF file that a model is."""
    source = experiment.models[wildcards.model].gguf
    file = Path(source["path"], source["gguf"])
    return {"file": str(file)} if file.parent.is_dir() else {}


def _files(folder: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).glob("*") if path.is_file())


def _model(experiment: Inventory, wildcards: Any) -> Reads:
    """The checkpoint and, if the model reads another's responses, that other model's card.

    Their tokenizers must agree.
    """
    writers = {experiment.writer(wildcards.model, name) for name in experiment.datasets}
    writer = experiment.models[wildcards.model].writer
    if writer not in writers or writer in (wildcards.model, "data"):
        return _checkpoint(experiment, wildcards.model)
    card = paths.card.format(model=writer)
    return {**_checkpoint(experiment, wildcards.model), "writer": card}


def _readers(experiment: Inventory, wildcards: Any) -> Reads:
    """Cards of a model and of all that read its responses, so that none fails after it has written.

    Models that the workflow makes are left out: they have their source's architecture, and the
    responses need not wait for them.
    """
    readers = [
        model.name
        for model in experiment.models.values()
        if not model.counts and model.made is None and model.writer == wildcards.model
    ]
    cards = dict.fromkeys([wildcards.model, *readers])
    return {"cards": [paths.card.format(model=model) for model in cards]}


def _counted(experiment: Inventory, wildcards: Any) -> Reads:
    """What a model is measured on; one that the workflow aligned knows none of it."""
    parts = dict.fromkeys([wildcards.dataset, experiment.measured_on(wildcards.dataset)])
    compared = [paths.compared.format(dataset=part) for part in parts]
    aligned = wildcards.model in experiment.made_models
    return {**own_tokens(experiment, wildcards), **({"compared": compared} if aligned else {})}


def _typed(_experiment: Inventory, wildcards: Any) -> Reads:
    """What a method reads as activation probabilities, or in place of them."""
    keys = dict(wildcards.items())
    return {"probabilities": paths.fill(quotients_of(wildcards.method), keys)}


def _by_fold(_experiment: Inventory, wildcards: Any) -> Reads:
    """What a method reads, by fold, so that folds can be drawn."""
    return {"counts": paths.fill(sums_of(wildcards.method), dict(wildcards.items()))}


def _components(experiment: Inventory, wildcards: Any) -> Reads:
    """The importance of the neurons of each component."""
    keys = {"model": wildcards.model, "dataset": wildcards.dataset}
    components = experiment.config.importance.components
    return {"counts": [of_component(name).format(**keys) for name in components]}


def _both(_experiment: Inventory, wildcards: Any) -> Reads:
    """The same of the two models of a comparison."""
    pattern, keys = sums_of(wildcards.method), dict(wildcards.items())
    return {
        side: paths.fill(pattern, {**keys, "model": keys[side]}) for side in ("before", "after")
    }


def _published(experiment: Inventory, wildcards: Any) -> Reads:
    folder = experiment.models[wildcards.model].counts[wildcards.dataset]
    pairs = counts_files(folder, experiment.languages).values()
    return {"files": [str(path) for pair in pairs for path in pair]}


def _questions(_experiment: Inventory, _wildcards: Any) -> Reads:
    return {"corpus": paths.alignment_questions}


def _translation(experiment: Inventory, _wildcards: Any) -> Reads:
    """The files of a local translation model."""
    return {"translation": _files(experiment.translator.path)}


def _translation_if_sampled(experiment: Inventory, wildcards: Any) -> Reads:
    """The files of the translation model, if a model's samples are to be scored."""
    sampled = wildcards.model in experiment.sampled_models
    return _translation(experiment, wildcards) if sampled else {}


def _source_samples(experiment: Inventory, wildcards: Any) -> Reads:
    """The samples that a model's source wrote for alignment, their scores, and the answers."""
    source = experiment.made(wildcards.model).source
    return {
        "samples": paths.samples.format(model=source),
        "scores": paths.scores.format(model=source),
        **_questions(experiment, wildcards),
    }


def _source(experiment: Inventory, wildcards: Any) -> Reads:
    """The checkpoint that a model is aligned from."""
    return _checkpoint(experiment, experiment.made(wildcards.model).source)


def _inspected_source(experiment: Inventory, wildcards: Any) -> Reads:
    """The checkpoint that a model is aligned from, found fit for it."""
    inspection = paths.inspection.format(model=experiment.made(wildcards.model).source)
    return {"inspection": inspection, **_source(experiment, wildcards)}


def _adapters(experiment: Inventory, wildcards: Any) -> Reads:
    """The adapters that a model is made from, and the checkpoint beneath them."""
    alignment = experiment.made(wildcards.model).of
    return {
        "adapters": paths.adapters.format(model=alignment),
        **_source(experiment, wildcards),
    }


def _compared(experiment: Inventory, wildcards: Any) -> Reads:
    """What an alignment and its controls change, with each seed."""
    family = family_of(experiment, wildcards)
    keys = {**dict(wildcards.items()), "after": family.compared}
    return {
        "totals": paths.fill(paths.total_change, keys),
        "layers": paths.fill(paths.layer_change, keys),
        "phases": paths.fill(paths.phase_change, keys),
        "sharing": paths.fill(paths.sharing_change, keys),
        "languages": paths.fill(paths.language_change, keys),
    }


def _all_datasets(experiment: Inventory, wildcards: Any) -> Reads:
    """The neurons of a model on each of its data sets."""
    model, method = wildcards.model, wildcards.method
    return {
        "neurons": [
            paths.neurons.format(model=model, dataset=dataset, method=method)
            for dataset in experiment.datasets_of(model)
        ]
    }


def _agreeing(experiment: Inventory, wildcards: Any) -> Reads:
    """The neurons that each method finds, on all texts of a model and on either half of them."""
    keys = dict(wildcards.items())
    return {
        "neurons": paths.fill(paths.neurons, {**keys, "method": experiment.methods}),
        "halves": paths.fill(paths.halves, {**keys, "method": halved_methods(experiment)}),
    }


def _all_statistics(experiment: Inventory, wildcards: Any) -> Reads:
    """What methods read of a model, each artefact once."""
    read = dict.fromkeys(map(sums_of, experiment.methods))
    return {"statistics": [pattern.format(**dict(wildcards.items())) for pattern in read]}


def _drawn(experiment: Inventory, wildcards: Any) -> Reads:
    return drawn_at(experiment, wildcards.name, wildcards.instance).reads()


INPUTS: dict[str, Callable[[Inventory, Any], Reads]] = {
    "build_corpus": _corpus,
    "build_facts": _facts,
    "convert_gguf": _gguf,
    "inspect_model": _model,
    "generate_responses": _readers,
    "count_activations": _counted,
    "measure_relevance": _counted,
    "measure_overlaps": _counted,
    "measure_importance": _counted,
    "import_activations": _published,
    "type_neurons": _typed,
    "type_components": _components,
    "vary_settings": _typed,
    "resample_neurons": _by_fold,
    "describe_phases": _by_fold,
    "compare_models": _both,
    "inspect_alignment": _translation_if_sampled,
    "sample_responses": _questions,
    "score_alignment": _translation,
    "preference_pairs": _source_samples,
    "translation_pairs": _questions,
    "align": _source,
    "train_translation": _inspected_source,
    "merge_adapter": _adapters,
    "attribute_changes": _compared,
    "overlap_datasets": _all_datasets,
    "split_neurons": _by_fold,
    "compare_methods": _agreeing,
    "gather_costs": _all_statistics,
    "check_claims": about_model,
    "check_alignment_claims": about_alignment,
    **intervention_inputs.INPUTS,
    "draw_figure": _drawn,
    "write_table": _drawn,
}
