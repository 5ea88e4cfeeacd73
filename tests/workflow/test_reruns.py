"""What a change makes again, and what it leaves alone."""

from copy import deepcopy

import pytest
from project import TINY_CONFIG, Project

# Rules that run a model; a run of them is what caching is to spare.
MODEL_RULES = {"generate_responses", "count_activations", "inspect_model", "tokenize"}


@pytest.fixture
def edited(finished):
    """The finished project, to be put back as it was after the test."""
    paths = [
        path
        for folder in ("config", "src/langneurons")
        for path in (finished.folder / folder).rglob("*.*")
        if path.suffix in (".py", ".yaml")
    ]
    before = {path: path.read_bytes() for path in paths}
    yield finished
    for path, content in before.items():
        path.write_bytes(content)


def append(project: Project, module: str) -> None:
    with (project.folder / f"src/langneurons/{module}.py").open("a") as file:
        file.write("\n_EDITED = True\n")


def with_config(project: Project, section: str, key: str, value: object) -> None:
    config = deepcopy(TINY_CONFIG)
    config.setdefault(section, {})[key] = value
    project.write_config(config)


def test_a_colour_redraws_figures_and_nothing_else(edited):
    with_config(edited, "figures", "colours", {"specific": "#CC79A7"})
    assert edited.planned().keys() == {"draw_figure", "write_table"}
    selections, comparisons = 2 * 2, 1 * 2  # models, pairs of them × methods
    assert edited.drawn() == {
        "probability_profiles": selections,
        "layer_distribution": selections,
        "language_sharing": selections,
        "layer_change": comparisons,
        "sharing_change": comparisons,
        "sharing_counts": comparisons,
        "transitions": comparisons,
        "accuracy": 1,
        "table1": 1,
        "table2": comparisons,
        "table3": comparisons,
        "table4": comparisons,
        "table5": 1,
    }


def test_top_rate_types_anew_without_a_model_job(edited):
    config = deepcopy(TINY_CONFIG)
    config["neurons"]["ternary"]["top_rate"] = 0.1
    edited.write_config(config)
    planned = edited.planned("neurons")
    assert planned == {"type_neurons": 2}  # base and aligned, not lape


def test_generation_settings_reach_back_to_the_responses(edited):
    with_config(edited, "generation", "max_new_tokens", 5)
    assert edited.planned("responses") == {"generate_responses": 1, "merge_responses": 1}


@pytest.mark.parametrize(
    ("module", "target", "rules"),
    [
        ("phases/segmentation", "phases", {"segment_phases"}),
        ("neurons/masks", "masks", {"export_masks"}),
        ("neurons/methods/lape", "neurons", {"type_neurons"}),
        ("figures/transitions", "figures", {"draw_figure"}),
        ("tables/pivot_language", "tables", {"write_table"}),
        ("activations/collection", "activations", {"count_activations"}),
    ],
)
def test_an_edited_module_reruns_the_rules_that_list_it(edited, module, target, rules):
    append(edited, module)
    planned = edited.planned(target)
    # What follows from the artefacts of these rules may come with them; the roots are these.
    first = set(planned) & (rules | MODEL_RULES)
    assert first == rules
    assert not {"build_corpus", "generate_responses"} & planned.keys()


def test_an_edited_figure_or_table_is_the_only_one_drawn_again(edited):
    append(edited, "figures/transitions")
    assert edited.drawn() == {"transitions": 2}
    append(edited, "tables/pivot_language")
    assert edited.drawn() == {"transitions": 2, "table3": 2}


def test_an_edited_method_types_its_own_neurons_only(edited):
    append(edited, "neurons/methods/lape")
    jobs = edited.planned_jobs("neurons", "phases")
    assert {wildcards["method"] for _, wildcards in jobs} == {"lape"}


def test_an_edit_of_the_plumbing_reruns_nothing(edited):
    append(edited, "artifacts/tables")
    append(edited, "artifacts/atomic")
    append(edited, "job")
    assert edited.planned() == {}


def test_one_figure_by_name_and_by_number(finished):
    assert finished.planned("figure3") == finished.planned("layer_distribution") == {}
    drawn = finished.drawn("figure3", "--forcerun", "draw_figure")
    assert drawn == {"layer_distribution": 4}  # 2 models × 2 methods
    assert finished.planned("figure3", "--forcerun", "draw_figure") == {"draw_figure": 4}


def test_scattering_over_more_jobs_counts_the_same(finished, fresh):
    from langneurons.activations.counts import read_counts

    fresh.run("activations", "--set-scatter", "shards=3")
    for model in ("base", "aligned"):
        path = f"results/activations/{model}/sums.parquet"
        one = read_counts(finished.folder / path, ["en", "de", "sw"])
        three = read_counts(fresh.folder / path, ["en", "de", "sw"])
        assert (one.tokens == three.tokens).all()
        # Batches differ, so a pre-activation within rounding of 0 may change its sign.
        assert abs(one.active - three.active).max() <= 1
