"""What can be asked for by name: stages, figures, tables, and their numbers in the paper."""

from collections.abc import Mapping

from langneurons.experiment import paths
from langneurons.experiment.declared import figures, tables
from langneurons.experiment.instances import Instance, drawn, names_of
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.per import PER
from langneurons.experiment.statistics import of_component
from langneurons.figures.declaration import Declaration

#: What a run makes if nothing is asked for.
_ALL = (
    *("neurons", "masks", "stability", "sensitivity", "token_classes", "phases"),
    *("comparison", "retrieval", "cloze", "sharing", "knowledge", "deactivation", "steering"),
    *("doses", "component_deactivation", "enhancement", "claims", "figures", "tables"),
)
#: Stages that are off by default; their figures belong to them, not to ``figures``.
_OPTIONAL = (
    *("deactivation", "steering", "doses", "sharing", "cloze", "knowledge"),
    *("component_deactivation", "enhancement"),
)
#: What the stage `knowledge` makes beside figures.
_KNOWLEDGE = (
    *(paths.fact_neurons, paths.agnostic, paths.agnostic_overall),
    *(paths.fact_layers, paths.fact_effects),
)


def targets_of(experiment: Inventory) -> dict[str, list[str]]:
    """Return the files of each target by its name; ``all`` is what a run makes by default."""
    figure_files = _files(figures(), drawn(experiment), paths.figure)
    table_files = _files(tables(), drawn(experiment), paths.table)
    targets = _stages(experiment)
    for name, files in [*figure_files.items(), *table_files.items()]:
        targets[name] = targets.get(name, []) + files
    targets |= {"figures": [], "tables": [file for files in table_files.values() for file in files]}
    for module, declaration in figures().items():
        stage = declaration.per.split()[0]
        group = stage if stage in _OPTIONAL else "figures"
        targets[group] = targets[group] + targets[declaration.name or module]
    for module, declaration in [*figures().items(), *tables().items()]:
        if declaration.paper:
            targets[declaration.paper] = targets[declaration.name or module]
    targets["all"] = [file for name in _ALL for file in targets[name]]
    return {name: list(dict.fromkeys(files)) for name, files in targets.items()}


def _files(
    declarations: Mapping[str, Declaration],
    instances: Mapping[tuple[str, str], Instance],
    pattern: str,
) -> dict[str, list[str]]:
    """Return the files of each figure or table by name; one that is not made has none."""
    return {
        name: [
            pattern.format(name=name, instance=place) for other, place in instances if other == name
        ]
        for name in names_of(declarations)
    }


def _stages(experiment: Inventory) -> dict[str, list[str]]:
    read = [
        {"model": model, "responses": experiment.writer(model, dataset), "dataset": dataset}
        for model in experiment.text_models
        for dataset in experiment.datasets
    ]
    selections = PER["selection"].keys_of(experiment)
    drawn_anew = PER["drawn selection"].keys_of(experiment)
    by_component = PER["components"].keys_of(experiment)
    compared = PER["comparison"].keys_of(experiment)
    attributed = PER["alignment and controls"].keys_of(experiment)
    deactivated = experiment.stage_keys("deactivation")
    steered = experiment.stage_keys("steering")
    return {
        "corpora": [paths.corpus.format(dataset=name) for name in experiment.datasets]
        + [paths.facts.format(dataset=name) for name in experiment.facts],
        "responses": [paths.of("{responses}", paths.responses).format(**keys) for keys in read],
        "grades": [
            paths.of("{responses}", paths.grades).format(**keys)
            for keys in read
            if experiment.grades(keys["dataset"])
        ],
        "alignment": [paths.training.format(model=name) for name in experiment.aligned_models]
        + [paths.checkpoint.format(model=name) for name in experiment.made_models],
        "tokens": [paths.tokens.format(**keys) for keys in read],
        "activations": [paths.activations.format(**keys) for keys in selections],
        "importance": [
            of_component(name).format(model=keys["model"], dataset=keys["dataset"])
            for keys in by_component
            for name in experiment.config.importance.components
        ],
        "neurons": [paths.neurons.format(**keys) for keys in selections]
        + [paths.components.format(**keys) for keys in by_component],
        "masks": [paths.masks.format(**keys) for keys in selections],
        "stability": [paths.stability.format(**keys) for keys in drawn_anew],
        "sensitivity": [
            paths.sensitivity.format(**keys) for keys in PER["varied selection"].keys_of(experiment)
        ],
        "token_classes": [
            paths.token_classes.format(**keys) for keys in PER["run selection"].keys_of(experiment)
        ],
        "phases": [paths.phases.format(**keys) for keys in drawn_anew],
        "comparison": [paths.layer_change.format(**keys) for keys in compared]
        + [paths.attribution.format(**keys) for keys in attributed]
        + [
            paths.dataset_overlap.format(**keys)
            for keys in PER["several data sets"].keys_of(experiment)
        ]
        + [paths.methods_agreement.format(**keys) for keys in PER["methods"].keys_of(experiment)],
        "retrieval": [
            paths.retrieval.format(model=model, dataset=dataset)
            for model in experiment.retrieving_models
            for dataset in experiment.datasets
        ]
        + [
            paths.retrieval_change.format(**pair, dataset=dataset)
            for pair in experiment.retrieving_pairs
            for dataset in experiment.datasets
        ],
        "cloze": [
            paths.knowledge_accuracy.format(model=model, dataset=dataset)
            for model in experiment.models_of("cloze")
            for dataset in experiment.facts
        ]
        + [
            paths.knowledge_change.format(**pair, dataset=dataset)
            for pair in experiment.asked_pairs
            for dataset in experiment.facts
        ],
        "sharing": [
            pattern.format(**keys)
            for keys in PER["sharing by data set"].keys_of(experiment)
            for pattern in (paths.sharing_layers, paths.sharing_neurons)
        ]
        + [
            paths.class_changes.format(**keys)
            for keys in PER["sharing deactivated"].keys_of(experiment)
        ],
        "knowledge": [
            pattern.format(**keys)
            for pattern in _KNOWLEDGE
            for keys in PER["knowledge"].keys_of(experiment)
        ],
        "claims": [paths.claims.format(**keys) for keys in PER["claims"].keys_of(experiment)],
        "deactivation": [paths.deactivation.format(**keys) for keys in deactivated],
        "deactivation_dominance": [paths.deactivation_csv.format(**keys) for keys in deactivated],
        "doses": [paths.doses.format(**keys) for keys in PER["doses"].keys_of(experiment)],
        "component_deactivation": [
            paths.component_effects.format(**keys)
            for keys in PER["component_deactivation"].keys_of(experiment)
        ],
        "enhancement": [
            paths.enhancement.format(**keys) for keys in PER["enhancement"].keys_of(experiment)
        ],
        "steering": [
            pattern.format(**keys)
            for pattern in (paths.steering, paths.steering_answers_csv)
            for keys in steered
        ],
    }
