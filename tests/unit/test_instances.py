"""What figures and tables are made for, what they read, and the targets that name them."""

import pytest
from experiment_cases import CONFIG, Wildcards, experiment

from langneurons.experiment import paths
from langneurons.experiment.declared import figures, methods, tables
from langneurons.experiment.per import PER

PLAIN = {"comparisons": [], "alignment": None, "deactivation": None, "steering": None}


def places(one, name):
    return [place for drawn, place in one.drawn if drawn == name]


def test_patterns_are_filled_with_one_value_or_several():
    assert paths.fill("{a}/{b}.x", {"a": "1", "b": "2", "c": "3"}) == "1/2.x"
    assert paths.fill("{a}/{b}.x", {"a": "1", "b": ["2", "3"]}) == ["1/2.x", "1/3.x"]
    # Several wildcards with several values go together one by one.
    assert paths.fill("{a}-{b}", {"a": ["1", "2"], "b": ["3", "4"]}) == ["1-3", "2-4"]
    assert paths.fill("{a}-{b}", {"a": "1", "b": []}) == []
    with pytest.raises(KeyError, match="b"):
        paths.fill("{a}{b}", {"a": "1"})


def test_logs_benchmarks_and_shares_lie_beside_their_artefact():
    pattern = "results/neurons/{model}/{method}.parquet"
    assert paths.log(pattern) == "results/logs/neurons/{model}/{method}.log"
    assert paths.benchmark(pattern) == "results/benchmarks/neurons/{model}/{method}.tsv"
    assert paths.share(pattern) == "results/neurons/{model}/{method}/{scatteritem}.parquet"
    assert paths.gathered(pattern) == ("results/neurons/{{model}}/{{method}}/{scatteritem}.parquet")
    assert paths.other_format("a/b.c/d.png", ".pdf") == "a/b.c/d.pdf"


def test_a_selection_is_made_for_each_model_data_set_and_method():
    one = experiment()
    found = places(one, "layer_distribution")
    assert len(found) == 6 * 2 * 2
    assert "aligned@10/tales/lape" in found
    assert one.drawn["layer_distribution", "base/sums/lape"].reads() == {
        "phases": "results/phases/base/sums/lape.parquet",
        "layers": "results/phases/base/sums/lape.layers.parquet",
        "certainty": "results/stability/base/sums/lape.certainty.parquet",
        "summary": "results/neurons/base/sums/lape.summary.parquet",
    }


def test_a_comparison_reads_both_models():
    one = experiment()
    assert len(places(one, "layer_change")) == 2 * 2 * 2
    drawn = one.drawn["layer_change", "base-vs-other/sums/ternary"]
    assert drawn.title == "base → other on sums"
    assert drawn.reads() == {
        "layers": "results/comparison/base-vs-other/sums/ternary/layers.parquet",
        "controls": [],
        "phases": "results/phases/base/sums/ternary.parquet",
        "summaries": [
            "results/neurons/base/sums/ternary.summary.parquet",
            "results/neurons/other/sums/ternary.summary.parquet",
        ],
    }


def test_an_accuracy_needs_models_that_are_run():
    one = experiment()
    assert places(one, "accuracy") == ["sums", "tales"]
    reads = one.drawn["accuracy", "sums"].reads()
    assert reads["accuracies"] == [
        f"results/accuracy/{model}/sums.parquet" for model in one.text_models
    ]
    changes = one.drawn["table5", "sums"].reads()["changes"]
    assert changes == [
        "results/comparison/base-vs-other/sums/accuracy.parquet",
        "results/comparison/base-vs-aligned/sums/accuracy.parquet",
    ]
    assert places(experiment(models={"base": {"path": "a/b"}}, **PLAIN), "table5") == []


def test_a_course_sets_the_source_against_each_checkpoint():
    one = experiment()
    assert places(one, "layer_dynamics") == [
        f"aligned/{dataset}/{method}"
        for dataset in ("sums", "tales")
        for method in ("ternary", "lape")
    ]
    drawn = one.drawn["layer_dynamics", "aligned/sums/lape"]
    assert drawn.values == {"steps": [0, 10, 20, 40]}
    later = ["aligned@10", "aligned@20", "aligned"]
    reads = drawn.reads()
    assert reads["changes"] == [
        f"results/comparison/base-vs-{name}/sums/lape/layers.parquet" for name in later
    ]
    assert reads["summaries"] == [
        f"results/neurons/{name}/sums/lape.summary.parquet" for name in ["base", *later]
    ]
    assert reads["phases"] == "results/phases/base/sums/lape.parquet"
    without = {"align": {"from": "base"}}
    one = experiment(models={**CONFIG["models"], "aligned": without})
    assert places(one, "layer_dynamics") == []
    assert places(one, "alignment_training") == ["aligned"]


def test_table_2_is_written_for_each_comparison_and_for_several_together():
    one = experiment()
    assert places(one, "table2")[-4:] == [
        f"{dataset}/{method}" for dataset in ("sums", "tales") for method in ("ternary", "lape")
    ]
    together = one.drawn["table2", "sums/lape"].reads()["groups"]
    assert together == [
        f"results/comparison/base-vs-{after}/sums/lape/groups.parquet"
        for after in ("other", "aligned")
    ]
    alone = experiment(comparisons=CONFIG["comparisons"][:1])
    assert "sums/lape" not in places(alone, "table2")


def test_table_4_sets_data_sets_against_each_other_where_there_are_several():
    name, place = "table4", "base-vs-other/sums/lape"
    overlap = "results/comparison/base-vs-other/sums/lape/overlap.parquet"
    across = "results/dataset_overlap/base/lape.parquet"
    assert experiment().drawn[name, place].reads() == {"overlap": overlap, "datasets": [across]}
    one = experiment(datasets={"sums": CONFIG["datasets"]["sums"]})
    assert one.drawn[name, place].reads() == {"overlap": overlap, "datasets": []}


def test_a_model_with_several_data_sets_sets_them_against_each_other():
    across = "results/dataset_overlap/base/lape.parquet"
    drawn = experiment(comparisons=[]).drawn
    assert drawn["dataset_overlap", "base/lape"].reads() == {"positions": across}
    one = experiment(datasets={"sums": CONFIG["datasets"]["sums"]})
    assert places(one, "dataset_overlap") == []


def test_interventions_are_drawn_as_far_as_they_are_measured(tmp_path):
    one = experiment()
    assert places(one, "deactivation_change") == ["base/sums/ternary", "base/tales/ternary"]
    assert places(one, "deactivation_accuracy") == places(one, "deactivation_change")
    assert places(one, "deactivation_phases") == places(one, "deactivation_change")
    assert places(one, "steering") == ["base/sums/ternary", "base/tales/ternary"]
    mask = tmp_path / "mask.pt"
    mask.touch()
    asked = {"accuracy": False, "phases": True, "masks": {"base": {"sums": str(mask)}}}
    one = experiment(deactivation={**asked, "models": []})
    assert places(one, "deactivation_change") == ["base/sums/mask"]
    assert places(one, "deactivation_accuracy") == []
    assert places(one, "deactivation_phases") == []  # published masks come without phases


def test_targets_are_stages_figures_tables_and_numbers_in_the_paper():
    targets = experiment().targets
    for number, name in {
        "figure1": "probability_profiles",
        "figure2": "deactivation_accuracy",
        "figure3": "layer_distribution",
        "figure4": "layer_change",
        "figure5": "sharing_change",
        "figure10": "deactivation_change",
        "figure15": "sharing_counts",
        "figure17": "layer_dynamics",
        "figure18": "sharing_dynamics",
        "figure19": "type_dynamics",
    }.items():
        assert targets[number] == targets[name] != []
    stages = ("corpora", "responses", "alignment", "tokens", "activations", "neurons", "masks",
              "stability", "sensitivity", "token_classes", "phases", "comparison", "claims",
              "deactivation", "steering", "figures", "tables")  # fmt: skip
    for stage in stages:
        assert targets[stage], stage
    assert targets["responses"] == [  # each writer once
        f"results/responses/{writer}/{dataset}.parquet"
        for writer in ("base", "data")
        for dataset in ("sums", "tales")
    ]
    assert "results/checkpoints/aligned@10" in targets["alignment"]
    assert "results/dataset_overlap/base/lape.parquet" in targets["comparison"]
    names = [*(f"table{number}" for number in range(1, 6)), "dataset_overlap", "alignment_changes",
             "sensitivity_of_counts", "types_by_token_class", "verdicts", "methods_overlap",
             "methods_cost"]  # fmt: skip
    assert set(targets["tables"]) == {file for name in names for file in targets[name]}


def test_figures_of_optional_stages_are_asked_for_with_their_stage():
    targets = experiment().targets
    assert set(targets["deactivation_change"]) <= set(targets["deactivation"])
    assert not set(targets["deactivation_change"]) & set(targets["figures"])
    assert "results/figures/steering/base/sums/ternary.png" in targets["steering"]
    assert "results/tables/steering_answers/base/sums/ternary.csv" in targets["steering"]
    assert "results/tables/deactivation_dominance/base/sums/ternary.csv" in targets["all"]
    assert not targets["steering_dose"]  # one mode at one factor
    off = experiment(deactivation=None, steering=None).targets
    assert off["deactivation"] == off["steering"] == off["figure2"] == []


@pytest.mark.parametrize("several", [{"mode": ["set", "add"]}, {"factor": [1, 2.5]}])
def test_doses_are_drawn_where_there_are_several(several):
    steered = {"models": ["base"], "methods": ["ternary"], **several}
    one = experiment(steering=steered)
    assert places(one, "steering_dose") == ["base/sums/ternary", "base/tales/ternary"]
    assert one.drawn["steering_dose", "base/sums/ternary"].reads() == {
        "doses": "results/steering/base/sums/ternary.doses.parquet"
    }


def test_declarations_name_what_there_is():
    declared = [*figures().values(), *tables().values()]
    assert len(declared) == 36 + 22
    for declaration in declared:
        assert declaration.per in PER
        for artefact in declaration.reads.values():
            assert hasattr(paths, artefact.partition(" of ")[0]), artefact
    assert list(methods()) == [
        "ternary",
        "activation_difference",
        "dln",
        "lape",
        "plnd",
        "relevance",
    ]


def test_a_declaration_that_is_no_literal_is_refused_by_place(tmp_path, monkeypatch):
    from langneurons.experiment import declared

    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/toy.py").write_text(
        "HEADING = 'x'\n\nFIGURE = Declaration(heading=HEADING, per='dataset', reads={})\n"
    )
    monkeypatch.setattr(declared, "_PACKAGE", tmp_path)
    with pytest.raises(ValueError, match=r"toy\.py:3: .* expected a literal, found HEADING"):
        declared._declared("figures", "FIGURE")


def test_a_figure_that_is_not_made_is_refused_with_those_that_are():
    from langneurons.errors import InputError

    reads = experiment().reads("draw_figure")
    with pytest.raises(
        InputError,
        match=r"layer_change: the experiment has none for base-vs-othr"
        r"/sums/lape; did you mean base-vs-other/sums/lape\? there are: base-vs-other",
    ):
        reads(Wildcards(name="layer_change", instance="base-vs-othr/sums/lape"))
    plain = experiment(models={"base": {"path": "a/b"}}, **PLAIN)
    with pytest.raises(InputError, match=r"layer_change: .* there are: none"):
        plain.settings("draw_figure")(Wildcards(name="layer_change", instance="a-vs-b/sums/lape"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"per": "modell"}, "toy: declared per 'modell', expected one of selection, comparison"),
        ({"reads": {"a": "sumary of models"}}, "toy: reads 'sumary of models', which is no"),
        ({"reads": {"a": "fill"}}, "toy: reads 'fill', which is no artefact"),
    ],
)
def test_a_slip_in_a_declaration_names_its_module(monkeypatch, change, words):
    from langneurons.experiment import instances
    from langneurons.figures.declaration import Declaration

    declared = {"heading": "Toy", "per": "selection", "reads": {"a": "summary"}, **change}
    monkeypatch.setattr(instances, "figures", lambda: {"toy": Declaration(**declared)})
    with pytest.raises(ValueError, match=words):
        instances.drawn(experiment())
