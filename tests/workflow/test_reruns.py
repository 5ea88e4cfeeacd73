"""What a change makes again, and what it leaves alone: dry runs over finished results."""

import ast
import shutil
from copy import deepcopy
from pathlib import Path

import pytest
from project import TREE, WHOLE_CONFIG, Project, whole_project

from langneurons.artifacts.code import PLUMBING

# Rules that load a model's weights: what reruns here costs GPU days on a 7B model.
MODEL_RULES = {
    "generate_responses", "sample_responses", "score_alignment", "align", "train_translation",
    "merge_adapter", "count_activations", "measure_retrieval", "measure_cloze", "measure_sharing",
    "deactivate_classes", "deactivate", "measure_doses", "steer", "measure_relevance",
    "measure_overlaps", "measure_importance", "deactivate_components", "enhance",
    "attribute_facts", "edit_facts",
}  # fmt: skip
DRAWING = {"draw_figure", "write_table"}
#: Rules, figures and tables that are of all methods of a model.
TOGETHER = {
    "compare_methods", "measure_doses", "merge_doses", "summarise_doses", "methods_agreement",
    "method_profiles", "methods_overlap", "dose_curves", "dose_effects",
}  # fmt: skip


@pytest.fixture
def edited(finished):
    """The finished project, to be put back as it was after the test."""
    paths = [
        path
        for folder in ("config", "src/langneurons", "workflow")
        for path in (finished.folder / folder).rglob("*.*")
        if path.suffix in (".py", ".yaml", ".smk")
    ]
    before = {path: path.read_bytes() for path in paths}
    yield finished
    for path, content in before.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


def edit(project: Project, module: str, old: str, new: str) -> None:
    """Replace a piece of a module's code."""
    path = project.folder / f"src/langneurons/{module}.py"
    text = path.read_text()
    assert text.count(old) == 1, f"{module}: {old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new))


def configure(project: Project, keys: str, value: object) -> None:
    """Set one key of the configuration, ``generation.batch_size``."""
    config = deepcopy(WHOLE_CONFIG)
    section = config
    *parents, last = keys.split(".")
    for key in parents:
        section = section.setdefault(key, {})
    section[last] = value
    project.write_config(config)


def test_nothing_to_do_without_a_change(finished):
    assert "Nothing to be done" in finished.run()


def test_comments_and_docstrings_rerun_nothing(edited):
    """Anywhere in the package and in the scripts."""
    for path in [*(edited.folder / "src").rglob("*.py"), *edited.folder.glob("workflow/scripts/*")]:
        lines = path.read_text().splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                first = node.body[0].lineno - 1
                lines[first] = lines[first].replace('"""', '"""Edited: ', 1)
        path.write_text("\n".join(["# A comment.", *lines, "", "# Another one."]) + "\n")
    assert edited.planned() == {}


@pytest.mark.parametrize(
    ("module", "old", "new", "first", "never"),
    [
        # Number grading: grading and what follows. It decides which samples are right, so models
        # aligned by them are trained again, but nothing is generated or counted for the base.
        ("responses/numbers", "maxlen=1)", "maxlen=2)",
         {"grade_responses", "grade_deactivation", "preference_pairs"},
         {"sample_responses", "score_alignment", "deactivate", "steer"}),
        ("responses/language", 'sub(" ", text)', 'sub("", text)',
         {"grade_responses", "grade_deactivation", "summarise_steering"},
         MODEL_RULES | {"tokenize"}),
        ("neurons/masks", "def write_masks(", "def write_masks(*, edited=1, ",
         {"export_masks"}, MODEL_RULES | DRAWING),
        ("phases/segmentation", "def write_segments(", "def write_segments(*, edited=1, ",
         {"segment_layers", "deactivate"}, MODEL_RULES - {"deactivate"}),
        ("comparison/methods", "def agreement(", "def agreement(*, edited=1, ",
         {"compare_methods"}, MODEL_RULES | {"split_neurons"}),
        ("phases/table", "def write_phases(", "def write_phases(*, edited=1, ",
         {"describe_phases"}, MODEL_RULES | {"segment_layers"}),
        ("activations/collection", "def count_active(", "def count_active(*, edited=1, ",
         {"count_activations"}, {"generate_responses", "sample_responses", "align", "tokenize"}),
        ("figures/transitions", "def draw(", "def draw(*, edited=1, ", {"draw_figure"},
         MODEL_RULES | {"write_table"}),
        ("tables/pivot_language", "def make(", "def make(*, edited=1, ", {"write_table"},
         MODEL_RULES | {"draw_figure"}),
        ("uncertainty/resampling", "def draw_weights(", "def draw_weights(*, edited=1, ",
         {"resample_neurons", "describe_phases", "compare_models", "check_claims",
          "compare_accuracy", "compare_deactivation", "compare_retrieval", "summarise_sharing",
          "compare_class_deactivation"},
         MODEL_RULES),
    ],
)  # fmt: skip
def test_an_edit_reruns_what_it_can_change(edited, module, old, new, first, never):
    edit(edited, module, old, new)
    planned = edited.planned_jobs()
    rules = {rule for rule, _ in planned}
    assert first <= rules
    assert not never & rules
    if module == "responses/numbers":
        # A model that is not made by the workflow neither writes nor is counted again.
        models = {w["model"] for rule, w in planned if rule in MODEL_RULES and "model" in w}
        assert models <= {"aligned", "aligned@2"}


def test_an_edited_method_types_its_own_neurons_only(edited):
    edit(edited, "neurons/methods/lape", "def select(", "def select(*, edited=1, ")
    jobs = edited.planned_jobs()
    rules = {rule for rule, _ in jobs}
    assert {"type_neurons", "segment_layers", "export_masks", "steer"} <= rules
    # Steering is by lape, doses are by all methods, deactivation is by ternary.
    assert MODEL_RULES & rules == {"steer", "measure_doses"}
    for rule, wildcards in jobs:
        of = wildcards.get("method") or wildcards.get("instance", "")
        # Claims by one method say whether another's neurons show the same.
        claims = rule.endswith("claims") or wildcards.get("name") in ("claims", "verdicts")
        together = rule in TOGETHER or wildcards.get("name") in TOGETHER
        assert of.endswith("lape") or claims or together, (rule, wildcards)


def test_an_edited_figure_or_table_is_the_only_one_drawn_again(edited):
    edit(edited, "figures/transitions", "def draw(", "def draw(*, edited=1, ")
    drawn = edited.drawn()
    assert drawn.keys() == {"transitions"}
    edit(edited, "tables/pivot_language", "def make(", "def make(*, edited=1, ")
    assert edited.drawn().keys() == {"transitions", "table3"}


def test_an_edit_of_the_plumbing_reruns_nothing(edited):
    for module in PLUMBING:
        with (edited.folder / f"src/langneurons/{module.replace('.', '/')}.py").open("a") as file:
            file.write("\n_EDITED = True\n")
    assert edited.planned() == {}


def test_an_edited_script_reruns_its_rule(edited):
    script = edited.folder / "workflow/scripts/export_masks.py"
    script.write_text(script.read_text() + "\nEDITED = True\n")
    assert edited.planned().keys() == {"export_masks"}


def test_placement_reruns_nothing(edited):
    config = deepcopy(WHOLE_CONFIG)
    config["models"]["base"] |= {"device": "cpu", "device_map": "auto"}
    for section in ("generation", "deactivation", "steering"):
        config[section]["batch_size"] = 3
    config["alignment"]["sampling"]["batch_size"] = 3
    config["alignment"]["translation"] |= {"device": "cpu", "batch_tokens": 99}
    config["collection"]["batch_tokens"] = 99
    edited.write_config(config)
    assert edited.planned("--cores", "7", "--set-threads", "align=5", "steer=3") == {}


@pytest.mark.parametrize(
    ("key", "value", "rules"),
    [
        ("figures.colours", {"specific": "#CC79A7"}, DRAWING),
        ("figures.dpi", 70, DRAWING),
        ("uncertainty.replicates", 30,
         {"resample_neurons", "describe_phases", "compare_models", "check_claims",
          "compare_accuracy", "compare_deactivation", "compare_retrieval", "summarise_steering",
          "summarise_sharing", "compare_class_deactivation"}),
        ("uncertainty.design_effect", 2,
         {"resample_neurons", "describe_phases", "compare_models"}),
        ("comparison.scale", "own", {"compare_models"}),
        ("comparison.margin", 0.1, {"attribute_changes"}),
        ("retrieval.loss_problems", 3, {"measure_retrieval"}),
        ("sharing.control_seeds", 2, {"deactivate_classes"}),
        ("sharing.problems", 3, {"measure_sharing"}),
        ("generation.max_new_tokens", 13, {"generate_responses", "deactivate", "steer"}),
        ("alignment.training.beta", 0.2, {"align"}),
        ("alignment.question_translation.learning_rate", 0.002, {"train_translation"}),
        ("deactivation.models", ["base", "aligned"], {"deactivate"}),
        ("steering.max_repetition", 0.3, {"summarise_steering"}),
        ("doses.margin", 0.1, {"summarise_doses"}),
        ("doses.sizes", [2, 4], {"measure_doses"}),
        ("steering.mode", ["set", "add"], {"steer", "draw_figure"}),
        ("neurons.ternary.top_rate", 0.06,
         {"type_neurons", "vary_settings", "type_by_token_class"}),
    ],
)  # fmt: skip
def test_a_changed_key_reruns_the_rules_that_read_it(edited, key, value, rules):
    configure(edited, key, value)
    jobs = edited.planned_jobs()
    planned = {rule for rule, _ in jobs}
    if key == "generation.max_new_tokens":  # interventions have their own
        rules = rules - {"deactivate", "steer"}
    assert rules <= planned
    if key.startswith("figures."):
        assert planned == DRAWING
    if key == "steering.mode":
        assert planned & MODEL_RULES == {"steer"}
        assert ("draw_figure", "steering_dose") in {(rule, w.get("name")) for rule, w in jobs}
    if key.startswith(("uncertainty.", "steering.max_repetition", "doses.margin", "comparison.")):
        assert not planned & MODEL_RULES
    if key == "sharing.control_seeds":
        assert planned & MODEL_RULES == {"deactivate_classes"}
    if key == "alignment.training.beta":
        assert "merge_adapter" in planned
        assert not {"sample_responses", "score_alignment", "preference_pairs"} & planned
    if key.startswith("alignment.question_translation"):
        assert not {"align", "translation_pairs"} & planned
    if key == "deactivation.models":
        assert {w["model"] for rule, w in jobs if rule == "deactivate"} == {"aligned"}
    if key.startswith("neurons."):
        assert planned & MODEL_RULES <= {"deactivate", "measure_doses"}
        assert all(w["method"] == "ternary" for rule, w in jobs if rule == "type_neurons")


def test_one_figure_by_name_and_by_number(finished):
    assert finished.planned("figure3") == finished.planned("layer_distribution") == {}
    drawn = finished.drawn("figure3", "--forcerun", "draw_figure")
    assert drawn == {"layer_distribution": 10}  # 5 models × 2 methods
    assert finished.planned("figure3", "--forcerun", "draw_figure") == {"draw_figure": 10}


def test_a_fresh_checkout_beside_old_results_reruns_nothing(finished, tmp_path):
    """Its files are all newer than the results."""
    checkout = whole_project(tmp_path / "checkout")
    for name in ("results", ".snakemake/metadata"):
        shutil.copytree(finished.folder / name, checkout.folder / name)
    for name in (*TREE, "data", "resources"):
        for path in [checkout.folder / name, *(checkout.folder / name).rglob("*")]:
            path.touch()
    newest = max(path.stat().st_mtime for path in Path(checkout.folder / "results").rglob("*"))
    assert (checkout.folder / "data/en.jsonl").stat().st_mtime > newest
    assert checkout.planned() == {}
