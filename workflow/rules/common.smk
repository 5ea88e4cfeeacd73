"""Functions that the rules share; no rule, and nothing that computes a result."""

import ast
import hashlib
import os
import re
import sys
from functools import cache
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

SOURCE = Path(workflow.basedir) / "src"
# The package works from the source tree, so that a rule's conda environment need not install it.
sys.path.insert(0, str(SOURCE))
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [str(SOURCE), os.getenv("PYTHONPATH")])))

from langneurons.config import checked, comparison_datasets, datasets_of, method_parameters
from langneurons.errors import InputError

# Modules that carry results without shaping them: an edit there reruns nothing.
PLUMBING = {"artifacts", "errors", "job"}


def checked_config(config):
    """Check the configuration and fill in its defaults; stop at the first mistake."""
    schema = Path(workflow.basedir) / "workflow/schemas/config.schema.yaml"
    try:
        return checked(config, yaml.safe_load(schema.read_text(encoding="utf-8")))
    except InputError as error:
        raise WorkflowError(str(error)) from None


def one_of(names):
    """Wildcard constraint: exactly one of these names."""
    return "|".join(map(re.escape, names)) or "none"


@cache
def code(module):
    """Digests of the source files that ``module`` of the package is made of.

    Those are the module itself and all that it imports from the package. A rule lists them as a
    parameter, so that an edit reruns the rules whose results it can change, and only those.
    """
    digests, queue = {}, [module]
    while queue:
        name = queue.pop()
        path = _module_path(name)
        if path is None or str(path.relative_to(SOURCE)) in digests or name in PLUMBING:
            continue
        text = path.read_text(encoding="utf-8")
        digests[str(path.relative_to(SOURCE))] = hashlib.sha256(text.encode()).hexdigest()[:12]
        package = name.rpartition(".")[0]
        queue += [package] if package else []
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("langneurons"):
                parent = node.module.removeprefix("langneurons").lstrip(".")
                queue += [parent, *(f"{parent}.{a.name}".lstrip(".") for a in node.names)]
    return dict(sorted(digests.items()))


def _module_path(name):
    if not name:
        return None
    path = SOURCE / "langneurons" / name.replace(".", "/")
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def all_datasets():
    """Names of all datasets: those with texts, and those of published counts."""
    named = [name for model in config["models"] for name in datasets_of(config, model)]
    return list(dict.fromkeys([*config["datasets"], *named]))


def text_models():
    """Models that are run, as against those known by published counts."""
    return [name for name, settings in config["models"].items() if "counts" not in settings]


def count_models():
    """Models known by published counts."""
    return [name for name in config["models"] if name not in text_models()]


def writer(model):
    """The name under which the responses of a model's analysis are filed."""
    source = config["models"][model]["responses_from"]
    return model if source == "own" else source


def model_spec(wildcards):
    """What says which checkpoint to load, and how."""
    settings = config["models"][wildcards.model]
    return {key: value for key, value in settings.items() if key != "responses_from"}


def parameters(wildcards):
    """Keyword arguments of the selection method."""
    return method_parameters(config, wildcards.method)


def per_model(pattern):
    """``pattern`` filled in for every model, dataset and method of the configuration."""
    return [
        pattern.format(model=model, dataset=dataset, method=method)
        for model in config["models"]
        for dataset in datasets_of(config, model)
        for method in config["neurons"]
    ]


def per_comparison(pattern):
    """``pattern`` filled in for every comparison, dataset and method of the configuration."""
    return [
        pattern.format(
            before=comparison["before"], after=comparison["after"], dataset=dataset, method=method
        )
        for comparison in config["comparisons"]
        for dataset in comparison_datasets(config, comparison)
        for method in config["neurons"]
    ]


def trained(wildcards):
    """Languages that the alignment of a comparison trained on: all but the pivot by default."""
    for comparison in config["comparisons"]:
        if (comparison["before"], comparison["after"]) == (wildcards.before, wildcards.after):
            others = [name for name in config["languages"] if name != config["pivot"]]
            return comparison.get("trained", others)


def corpus_files(wildcards):
    """The local files or folders that a dataset is read from."""
    settings = config["datasets"][wildcards.dataset]
    if settings["format"] == "demo":
        templates = SOURCE.glob("langneurons/demo/templates/*.yaml")
        return sorted(os.path.relpath(path) for path in templates)
    if settings["format"] == "hub":
        return []
    paths = [settings["path"].replace("{language}", name) for name in config["languages"]]
    return list(dict.fromkeys(paths))


def checkpoint_files(wildcards):
    """The files of a local checkpoint, so that a new one at the same path is noticed."""
    folder = Path(config["models"][wildcards.model]["path"])
    return sorted(str(path) for path in folder.glob("*") if path.is_file())


def counts_files_of(wildcards):
    """The torch files that published counts are imported from."""
    from langneurons.released import counts_files

    folder = config["models"][wildcards.model]["counts"][wildcards.dataset]
    return [
        str(path) for pair in counts_files(folder, config["languages"]).values() for path in pair
    ]


def _card(model):
    return f"results/models/{model}.parquet"


def writer_card(wildcards):
    """The card of the model whose responses a model reads: their tokenizers must agree."""
    source = writer(wildcards.model)
    return _card(source) if source not in (wildcards.model, "data") else []


def reader_cards(wildcards):
    """Cards of a model and of all that read its responses: none may fail after it has written."""
    readers = [model for model in text_models() if writer(model) == wildcards.model]
    return [_card(model) for model in dict.fromkeys([wildcards.model, *readers])]


def both_summaries(wildcards):
    """Summaries of the neurons before and after, in that order."""
    return [
        f"results/neurons/{model}/{wildcards.dataset}/{wildcards.method}.summary.parquet"
        for model in (wildcards.before, wildcards.after)
    ]


def table_artefacts(wildcards):
    """What a paper table is made of; table 4 also compares the datasets, where there are some."""
    w = wildcards
    folder = f"results/comparison/{w.before}-vs-{w.after}/{w.dataset}/{w.method}"
    if w.table != "table4":
        return [f"{folder}/languages.parquet"]
    several = len(datasets_of(config, w.before)) > 1
    across = [f"results/dataset_overlap/{w.before}/{w.method}.parquet"] if several else []
    return [f"{folder}/overlap.parquet", *across]


def deactivation_methods():
    """What neurons to switch off come from: methods, or ``mask``, a published file."""
    settings = config.get("deactivation")
    if settings is None:
        return []
    return [*settings["methods"], *(["mask"] if settings["masks"] else [])]


def deactivation_parameters():
    """What decides the numbers of a deactivation, beside its neurons."""
    settings = config.get("deactivation", {})
    batch_tokens = config["collection"]["batch_tokens"]
    answers = {key: config["generation"][key] for key in ("max_new_tokens", "batch_size")}
    left_out = ("methods", "masks")
    return {
        "batch_tokens": batch_tokens,
        **answers,
        **{key: value for key, value in settings.items() if key not in left_out},
    }


def deactivation_tables():
    """The deactivation artefacts of the configuration; none where the stage is off."""
    settings = config.get("deactivation")
    if settings is None:
        return []
    sources = [
        (model, dataset, method)
        for model in text_models()
        for dataset in config["datasets"]
        for method in settings["methods"]
    ]
    sources += [
        (model, dataset, "mask") for model, masks in settings["masks"].items() for dataset in masks
    ]
    return ["results/deactivation/{}/{}/{}.parquet".format(*source) for source in sources]


def deactivated_sets(wildcards):
    """Names of the sets of neurons, in order."""
    return ["mask"] if wildcards.method == "mask" else config["deactivation"]["sets"]


def deactivated_neurons(wildcards):
    """The neurons table that sets are made of, or the published mask."""
    w = wildcards
    if w.method == "mask":
        return {"mask": config["deactivation"]["masks"][w.model][w.dataset]}
    return {"neurons": f"results/neurons/{w.model}/{w.dataset}/{w.method}.parquet"}


def likelihood_texts(wildcards):
    """The tokens of the responses, where their likelihood is asked for, not the prompts'."""
    if config["deactivation"]["texts"] == "prompt":
        return {}
    w = wildcards
    return {"tokens": f"results/tokens/{w.model}/{writer(w.model)}/{w.dataset}.parquet"}
