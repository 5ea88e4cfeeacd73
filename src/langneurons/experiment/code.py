"""Which code each rule's results depend on, so that an edit reruns just what it can change."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import langneurons
from langneurons.artifacts.code import Package, Reached
from langneurons.experiment.instances import drawn_at
from langneurons.experiment.inventory import Inventory

#: Beside Snakemake's own records, where a run has its folder.
_KEPT = Path(".snakemake/langneurons")
_PACKAGE = Package(Path(langneurons.__file__).parent, _KEPT)
_SCRIPTS = Path(langneurons.__file__).parents[2] / "workflow/scripts"
#: Rules whose script is named after another rule.
_SCRIPT_OF = {"sample_responses": "generate_responses", "merge_samples": "merge_responses"}
#: Modules that a rule's script reaches by a name known at run time only. ``{module}`` is the module
#: of the figure or table that is made.
_BY_NAME = {
    "type_neurons": "neurons.methods.{method}",
    "type_components": "neurons.methods.{method}",
    "resample_neurons": "neurons.methods.{method}",
    "vary_settings": "neurons.methods.{method}",
    "type_by_token_class": "neurons.methods.{method}",
    "describe_phases": "neurons.methods.{method}",
    "compare_models": "neurons.methods.{method}",
    "split_neurons": "neurons.methods.{method}",
    "check_claims": "neurons.methods.{method}",
    "draw_figure": "figures.{module}",
    "write_table": "tables.{module}",
}


def digests_of(experiment: Inventory, rule: str, wildcards: Mapping[str, str]) -> Mapping[str, str]:
    """Return digests of the code that a job's results depend on, by file."""
    return _digests(_script(rule), _by_name(experiment, rule, wildcards))


def reached_by(experiment: Inventory, rule: str, wildcards: Mapping[str, str]) -> Reached:
    """Return the definitions in the package that `digests_of` a job covers."""
    return _PACKAGE.reached(_by_name(experiment, rule, wildcards), [_script(rule)])


@cache
def _digests(script: Path, modules: tuple[str, ...]) -> Mapping[str, str]:
    return _PACKAGE.digests(modules, [script])


def _script(rule: str) -> Path:
    return _SCRIPTS / f"{_SCRIPT_OF.get(rule, rule)}.py"


def _by_name(experiment: Inventory, rule: str, wildcards: Mapping[str, str]) -> tuple[str, ...]:
    if rule not in _BY_NAME:
        return ()
    keys = dict(wildcards)
    if "instance" in keys:
        keys["module"] = drawn_at(experiment, keys["name"], keys["instance"]).module
    return (_BY_NAME[rule].format(**keys),)
