"""What an experiment consists of: models, data sets, methods, comparisons."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from langneurons.experiment.alignment import PREFERENCE
from langneurons.experiment.datasets import (
    HELD_OUT,
    AnyDataset,
    Facts,
    facts_of,
    holds_texts,
    without_facts,
)
from langneurons.experiment.families import Family, families_of
from langneurons.experiment.made import Made
from langneurons.experiment.models import (
    QUESTIONS,
    Model,
    datasets_of,
    languages_to_align,
    resolved_models,
)
from langneurons.experiment.reading import read_configuration
from langneurons.experiment.seeds import controls_of
from langneurons.experiment.stages import Sections
from langneurons.responses.prompts import CHAT

#: Stages that change neurons.
_INTERVENTIONS = ("deactivation", "steering", "doses", "component_deactivation", "enhancement")


class Inventory(Sections):
    """What there is in an experiment.

    Parameters
    ----------
    config
        A configuration as read from YAML.

    Attributes
    ----------
    config : Configuration
        The configuration as types, with its defaults.
    models : dict
        All models by name, including checkpoints of alignments.

    Raises
    ------
    InputError
        If the configuration has a mistake: the key, what was found, what was expected.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = read_configuration(config)
        self.models: dict[str, Model] = resolved_models(self.config)

    @property
    def languages(self) -> list[str]:
        """The K languages, in the order of all tables."""
        return self.config.languages

    @property
    def datasets(self) -> list[str]:
        """Data sets with texts that are analysed."""
        return list(without_facts(self.config.datasets))

    @property
    def facts(self) -> list[str]:
        """Data sets of facts, which only the stages read that ask for them."""
        return list(facts_of(self.config.datasets))

    @cached_property
    def all_datasets(self) -> list[str]:
        """All data sets: analysed, held out, with published counts, to align by, and facts."""
        named = [name for model in self.models for name in self.datasets_of(model)]
        questions = [QUESTIONS] if self.config.alignment else []
        measured = map(self.measured_on, self.datasets)
        return list(dict.fromkeys([*self.datasets, *measured, *named, *questions, *self.facts]))

    @cached_property
    def methods(self) -> list[str]:
        """Methods that select neurons."""
        return list(self.config.neurons.settings())

    @property
    def text_models(self) -> list[str]:
        """Models that are run, unlike those known by published counts."""
        return [name for name, model in self.models.items() if not model.counts]

    @property
    def count_models(self) -> list[str]:
        """Models known by published counts."""
        return [name for name, model in self.models.items() if model.counts]

    @property
    def made_models(self) -> list[str]:
        """Models that the workflow aligns, and their checkpoints."""
        return [name for name, model in self.models.items() if model.made]

    @property
    def converted_models(self) -> list[str]:
        """Models that are GGUF files, of which the workflow makes checkpoints."""
        return [name for name, model in self.models.items() if model.gguf]

    @property
    def aligned_models(self) -> list[str]:
        """Models that the workflow aligns, without their checkpoints."""
        return [name for name in self.made_models if not self.models[name].is_checkpoint]

    @property
    def alignment_sources(self) -> list[str]:
        """Models that others are aligned from."""
        return list(dict.fromkeys(self.made(name).source for name in self.aligned_models))

    @property
    def sampled_models(self) -> list[str]:
        """Models that samples are drawn from, for others to be aligned from them by preference."""
        made = [self.made(name) for name in self.aligned_by(PREFERENCE)]
        return list(dict.fromkeys(one.source for one in made))

    def aligned_by(self, method: str) -> list[str]:
        """Return the models that the workflow aligns by a method, without their checkpoints."""
        return [name for name in self.aligned_models if self.made(name).method == method]

    @cached_property
    def comparisons(self) -> list[dict[str, str]]:
        """Pairs of models under the keys before and after: each alignment, then its controls."""
        found = [
            {"before": pair.before, "after": after}
            for pair in self.config.comparisons
            for after in (pair.after, *controls_of(pair))
        ]
        return [pair for index, pair in enumerate(found) if pair not in found[:index]]

    @property
    def families(self) -> list[Family]:
        """Comparisons that name controls, with all of their seeds."""
        return families_of(self.config.comparisons, self.models)

    def controls(self, pair: Mapping[str, str]) -> list[str]:
        """Return the controls of a comparison; a control has none itself."""
        return [
            control
            for one in self.config.comparisons
            if (one.before, one.after) == (pair["before"], pair["after"])
            for control in controls_of(one)
        ]

    # Data sets: what they hold, and what models do with them.

    def dataset(self, name: str) -> AnyDataset:
        """Return the settings of a data set, of a held-out part, or of an alignment's questions."""
        if name == QUESTIONS:
            return self.alignment.questions
        return without_facts(self.config.datasets)[name.removesuffix(HELD_OUT)]

    def fact_set(self, name: str) -> Facts:
        """Return the settings of a data set of facts."""
        return facts_of(self.config.datasets)[name]

    def languages_of(self, dataset: str) -> list[str]:
        """Return the languages that a data set is read in."""
        if dataset == QUESTIONS:
            return languages_to_align(self.config, self.models)
        return self.languages

    def holds_texts(self, dataset: str) -> bool:
        """Tell whether models read a data set's texts as they are, and answer no question."""
        return holds_texts(self.dataset(dataset))

    def measured_on(self, dataset: str) -> str:
        """Return what a data set holds out, to measure neurons chosen on it, or else itself."""
        return f"{dataset}{HELD_OUT}" if self.dataset(dataset).held_out else dataset

    def writer(self, model: str, dataset: str) -> str:
        """Return whose responses a model is measured on: a model's name, or ``data``."""
        return "data" if self.holds_texts(dataset) else self.models[model].writer

    def grades(self, dataset: str) -> bool:
        """Tell whether answers to the questions of a data set are graded."""
        return self.config.accuracy is not None and not self.holds_texts(dataset)

    def chats(self, dataset: str) -> bool:
        """Tell whether the questions of a data set are asked by models' chat templates."""
        return self.config.prompt == CHAT and not self.holds_texts(dataset)

    def needs_chat(self, model: str) -> bool:
        """Tell whether a model is asked by a chat template of its own.

        It is not if all that it does is to read what another model was asked and responded.
        """
        asked = [name for name in self.datasets if self.chats(name)]
        stages = [keys for stage in _INTERVENTIONS for keys in self.stage_keys(stage)]
        return (
            any(self.grades(name) or self.writer(model, name) == "data" for name in asked)
            or any(
                self.writer(other, name) == model for other in self.text_models for name in asked
            )
            or any(keys["model"] == model and keys["dataset"] in asked for keys in stages)
            or (model in self.sampled_models and self.chats(QUESTIONS))
        )

    # What only some experiments have: see also `Sections`.

    def made(self, model: str) -> Made:
        """Return how the workflow makes one of `made_models`."""
        made = self.models[model].made
        assert made is not None
        return made

    @property
    def retrieving_models(self) -> list[str]:
        """Models whose texts look for their partners."""
        return self.models_of("retrieval")

    @property
    def retrieving_pairs(self) -> list[dict[str, str]]:
        """Comparisons of two models whose texts look for their partners."""
        models = set(self.retrieving_models)
        return [pair for pair in self.comparisons if set(pair.values()) <= models]

    @property
    def asked_pairs(self) -> list[dict[str, str]]:
        """Comparisons of two models that are asked for facts."""
        models = set(self.models_of("cloze"))
        return [pair for pair in self.comparisons if set(pair.values()) <= models]

    @property
    def responses(self) -> list[str]:
        """Where responses may come from: models that are run, or ``data``."""
        return [*self.text_models, "data"]

    @property
    def deactivation_methods(self) -> list[str]:
        """Where neurons to switch off come from: methods, or ``mask``, a published file."""
        stage = self.config.deactivation
        return [*stage.methods, *(["mask"] if stage.masks else [])] if stage else []

    def datasets_of(self, model: str) -> list[str]:
        """Return the data sets that a model is analysed on."""
        return datasets_of(self.config, model)

    def datasets_of_pair(self, pair: Mapping[str, str]) -> list[str]:
        """Return the data sets that both models of a comparison are analysed on."""
        return self.datasets_of_all(pair["before"], pair["after"])

    def datasets_of_all(self, first: str, *others: str) -> list[str]:
        """Return the data sets that all of some models are analysed on."""
        shared = [set(self.datasets_of(model)) for model in others]
        return [name for name in self.datasets_of(first) if all(name in one for one in shared)]

    def trained(self, before: str, after: str) -> list[str]:
        """Return the languages that the alignment of a comparison trained on.

        They are those that the comparison names, else those that the workflow aligned, else all
        but the pivot.
        """
        for pair in self.config.comparisons:
            sides = (pair.after, *controls_of(pair))
            if pair.before == before and after in sides and pair.trained is not None:
                return pair.trained
        made = self.models[after].made
        others = [name for name in self.languages if name != self.config.pivot]
        return made.languages if made else others

    def models_of(self, stage: str) -> list[str]:
        """Return the models that an optional stage measures; none if it is off."""
        section = getattr(self.config, stage)
        if section is None:
            return []
        whole = [name for name in self.text_models if not self.models[name].is_checkpoint]
        return whole if section.models is None else section.models

    def stage_keys(self, stage: str) -> list[dict[str, str]]:
        """Return model, dataset and method of all neurons that one of `_INTERVENTIONS` changes."""
        section = getattr(self.config, stage)
        if section is None:
            return []
        named = getattr(section, "methods", None)
        found = [
            {"model": model, "dataset": dataset, "method": method}
            for model in self.models_of(stage)
            for dataset in self.datasets
            for method in (self.methods if named is None else named)
        ]
        masks = section.masks if stage == "deactivation" else {}
        return found + [
            {"model": model, "dataset": dataset, "method": "mask"}
            for model, files in masks.items()
            for dataset in files
        ]
