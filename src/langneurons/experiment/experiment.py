"""One experiment: what it is made of, what each rule reads, and the settings it is given."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

from langneurons.experiment import paths
from langneurons.experiment.code import digests_of
from langneurons.experiment.declared import figures, tables
from langneurons.experiment.inputs import INPUTS, demo_templates
from langneurons.experiment.instances import Instance, drawn, names_of
from langneurons.experiment.inventory import Inventory
from langneurons.experiment.machine import (
    let_scheduler_sleep,
    preload_libraries,
    request_of,
    threads_of,
)
from langneurons.experiment.placement import placement_of
from langneurons.experiment.settings import SETTINGS
from langneurons.experiment.statistics import (
    activation_methods,
    component_methods,
    of_component,
    other_statistics,
    overlap_methods,
)
from langneurons.experiment.targets import targets_of
from langneurons.importance.components import COMPONENTS

#: What Snakemake hands to a callable: anything with the wildcards as attributes.
Wildcards = Any


class Experiment(Inventory):
    """Everything that follows from a configuration; the workflow builds one."""

    @property
    def wildcards(self) -> dict[str, str]:
        """What wildcards match, unless a rule says otherwise."""
        model = self.one_of(self.models)
        return {
            "dataset": self.one_of(self.all_datasets),
            "model": model,
            "before": model,
            "after": model,
            "family": self.one_of(family.name for family in self.families),
            "method": self.one_of(self.methods),
            "component": self.one_of(COMPONENTS),
            "statistic": self.one_of(other_statistics(self)),
        }

    @property
    def activation_methods(self) -> list[str]:
        """Methods that read activation probabilities."""
        return activation_methods(self)

    @property
    def overlap_methods(self) -> list[str]:
        """Methods that read overlaps of languages."""
        return overlap_methods(self)

    @property
    def quotient_methods(self) -> list[str]:
        """Methods that read a number p for each neuron and language."""
        return [name for name in self.methods if name not in self.overlap_methods]

    @property
    def component_methods(self) -> list[str]:
        """Methods that read the importance of neurons."""
        return component_methods(self)

    @property
    def importance_shares(self) -> list[str]:
        """Where a job that measures importance writes: a share for each component, ffn first."""
        return [paths.share(of_component(name)) for name in self.config.importance.components]

    # What is drawn and what can be asked for.

    @cached_property
    def drawn(self) -> dict[tuple[str, str], Instance]:
        """All figures and tables by name and place."""
        return drawn(self)

    @property
    def figure_names(self) -> list[str]:
        """Names of all figures, made or not."""
        return names_of(figures())

    @property
    def table_names(self) -> list[str]:
        """Names of all tables, made or not."""
        return names_of(tables())

    @property
    def demo_templates(self) -> list[str]:
        """The sentences of the demo's problems, a file for each language."""
        return demo_templates()

    @cached_property
    def targets(self) -> dict[str, list[str]]:
        """Everything that can be made by name: stages, figures, tables, numbers in the paper."""
        return targets_of(self)

    # What rules are given. Callables returned here are called by Snakemake with a job's wildcards.

    def reads(self, rule: str) -> Callable[[Wildcards], dict[str, str | list[str]]]:
        """Return what a rule reads besides its fixed inputs: argument → path or paths."""
        found = INPUTS[rule]
        return lambda wildcards: found(self, wildcards)

    def settings(self, rule: str) -> Callable[[Wildcards], dict[str, Any]]:
        """Return the settings that a rule's results depend on, and no others."""
        found = SETTINGS[rule]
        return lambda wildcards: found(self, wildcards)

    def threads(self, rule: str, workflow: Any) -> int:
        """Return how many threads a job of a rule asks for; ``workflow`` is Snakemake's."""
        return threads_of(rule, workflow)

    def resources(self, rule: str) -> dict[str, int | Callable[[Wildcards], Any]]:
        """Return what a job of a rule asks for besides threads, and where its model is placed."""
        gpu = request_of(rule).gpu
        return {**({"gpu": gpu} if gpu else {}), **dict(placement_of(self, rule))}

    def begin(self, workflow: Any) -> None:
        """Let a run start; ``workflow`` is Snakemake's, once scheduler and jobs are there."""
        let_scheduler_sleep(workflow)
        self.announce(workflow)
        preload_libraries(workflow)

    def announce(self, workflow: Any) -> None:
        """Say what a run is about to do; without a word if that cannot be told.

        ``workflow`` is Snakemake's. See `langneurons.experiment.forecast`.
        """
        with suppress(Exception):  # an overview is no reason to stop
            from langneurons.experiment.forecast.overview import announce

            announce(self, workflow)

    def code(self, rule: str) -> Callable[[Wildcards], Mapping[str, str]]:
        """Return digests of the code that a rule's results depend on, by file."""
        return lambda wildcards: digests_of(self, rule, dict(wildcards.items()))

    def one_of(self, *names: str | Iterable[str]) -> str:
        """Return the wildcard constraint "exactly one of these names"."""
        flat = [name for one in names for name in ([one] if isinstance(one, str) else one)]
        return "|".join(map(re.escape, flat)) or "none"
