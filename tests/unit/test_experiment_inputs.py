"""What rules read where the configuration decides."""

from copy import deepcopy

import pytest
from experiment_cases import CONFIG, LANGUAGES, Wildcards, experiment, selection

from langneurons.experiment.inputs import INPUTS


def reads(rule, wildcards, **sections):
    return experiment(**sections).reads(rule)(wildcards)


def test_a_corpus_is_read_from_the_files_of_its_data_set(tmp_path):
    assert reads("build_corpus", Wildcards(dataset="tales")) == {}  # from the hub
    templates = reads("build_corpus", Wildcards(dataset="sums"))["data"]
    assert len(templates) == 10
    assert templates[0].endswith("corpora/templates/bn.yaml")
    table = {"format": "table", "columns": {"question": "q"}}
    for language in LANGUAGES:
        (tmp_path / f"{language}.csv").touch()
    datasets = {
        "by_language": {**table, "path": f"{tmp_path}/{{language}}.csv"},
        "one_file": {**table, "path": f"{tmp_path}/en.csv"},
        "folder": {"format": "mgsm", "path": str(tmp_path)},
    }
    for name, files in {
        "by_language": [f"{tmp_path}/{language}.csv" for language in LANGUAGES],
        "one_file": [f"{tmp_path}/en.csv"],
        "folder": [str(tmp_path)],
    }.items():
        assert reads("build_corpus", Wildcards(dataset=name), datasets=datasets) == {"data": files}


def test_a_local_checkpoint_is_noticed_by_its_files(tmp_path):
    for name in ("model.safetensors", "config.json"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    models = {"base": {"path": str(tmp_path)}}
    plain = {"comparisons": [], "alignment": None, "deactivation": None, "steering": None}
    assert reads("inspect_model", selection(), models=models, **plain) == {
        "checkpoint": [f"{tmp_path}/config.json", f"{tmp_path}/model.safetensors"]
    }


def test_a_model_is_inspected_with_the_card_of_the_writer_of_its_texts():
    assert reads("inspect_model", selection("base")) == {"checkpoint": []}
    assert reads("inspect_model", selection("reader")) == {"checkpoint": []}  # reads the data's
    assert reads("inspect_model", selection("other"))["writer"] == "results/models/base.parquet"
    assert reads("inspect_model", selection("aligned@10")) == {
        "checkpoint": "results/checkpoints/aligned@10",
        "writer": "results/models/base.parquet",
    }


def test_a_model_writes_once_all_its_readers_have_passed_inspection():
    # The aligned model reads base too, but is made later: base need not wait for it.
    assert reads("generate_responses", selection("base")) == {
        "cards": ["results/models/base.parquet", "results/models/other.parquet"]
    }
    assert reads("generate_responses", selection("aligned")) == {
        "cards": ["results/models/aligned.parquet"]
    }


@pytest.mark.parametrize("rule", ["count_activations", "steer"])
def test_a_model_is_measured_on_the_tokens_of_its_writer(rule):
    def read(model):
        return reads(rule, selection(model))["tokens"]

    assert read("base") == "results/tokens/base/base/sums.parquet"
    assert read("other") == "results/tokens/other/base/sums.parquet"
    assert read("reader") == "results/tokens/reader/data/sums.parquet"


def test_published_counts_are_read_from_two_files_a_language(tmp_path):
    for language in LANGUAGES:
        for name in ("activation", "prefix.activation"):
            (tmp_path / f"{name}.{language}.M.pt").touch()
    models = {**CONFIG["models"], "published": {"counts": {"mgsm": str(tmp_path)}}}
    found = reads("import_activations", selection("published", "mgsm"), models=models)["files"]
    assert len(found) == 6
    assert found[:2] == [f"{tmp_path}/activation.en.M.pt", f"{tmp_path}/prefix.activation.en.M.pt"]


def test_an_alignment_reads_what_its_source_wrote():
    assert reads("sample_responses", selection()) == {
        "corpus": "results/corpora/alignment_questions.parquet"
    }
    assert reads("preference_pairs", selection("aligned")) == {
        "samples": "results/alignment/base/samples.parquet",
        "scores": "results/alignment/base/scores.parquet",
        "corpus": "results/corpora/alignment_questions.parquet",
    }
    assert reads("align", selection("aligned")) == {"checkpoint": []}  # base is a hub model
    assert reads("merge_adapter", selection("aligned@10")) == {
        "adapters": "results/alignment/aligned/adapters",
        "checkpoint": [],
    }


def test_an_alignment_of_an_aligned_model_reads_its_checkpoint():
    models = {**CONFIG["models"], "further": {"align": {"from": "aligned@10"}}}
    assert reads("align", selection("further"), models=models) == {
        "checkpoint": "results/checkpoints/aligned@10"
    }


def test_the_translation_model_is_noticed_by_its_files(tmp_path):
    (tmp_path / "config.json").touch()
    translation = {**CONFIG["alignment"]["translation"], "path": str(tmp_path)}
    alignment = {**CONFIG["alignment"], "translation": translation}
    for rule in ("inspect_alignment", "score_alignment"):
        found = reads(rule, selection(), alignment=alignment)
        assert found["translation"] == [f"{tmp_path}/config.json"]


def test_questions_to_align_by_are_needed_in_few_languages(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for language in ("en", "sw"):  # the pivot, and the language that is aligned; none in de
        (tmp_path / f"{language}.txt").write_text("One.\nTwo.\n")
    questions = {"format": "texts", "path": "{language}.txt"}
    models = deepcopy(CONFIG["models"])
    models["aligned"]["align"] |= {"method": "translation"}
    given = {"models": models, "alignment": {"questions": questions}}
    wildcards = Wildcards(dataset="alignment_questions")
    assert reads("build_corpus", wildcards, **given) == {"data": ["en.txt", "sw.txt"]}
    built = experiment(**given).settings("build_corpus")(wildcards)
    assert built["languages"] == ["en", "sw"]


def test_an_aligned_model_is_counted_on_no_question_that_it_was_aligned_by():
    datasets = deepcopy(CONFIG["datasets"])
    datasets["sums"]["held_out"] = 1
    found = reads("count_activations", selection("aligned"), datasets=datasets)
    assert found["compared"] == [
        "results/corpora/sums.compared.parquet", "results/corpora/sums.held_out.compared.parquet",
    ]  # fmt: skip
    assert "compared" not in reads("count_activations", selection(), datasets=datasets)


def test_a_model_of_which_no_sample_is_drawn_needs_no_translation_model():
    models = deepcopy(CONFIG["models"])
    models["aligned"]["align"] |= {"method": "translation"}
    alignment = {key: value for key, value in CONFIG["alignment"].items() if key != "translation"}
    found = reads("inspect_alignment", selection(), models=models, alignment=alignment)
    assert found == {}


def test_data_sets_overlap_in_the_order_of_the_configuration():
    assert reads("overlap_datasets", Wildcards(model="base", method="lape")) == {
        "neurons": [f"results/neurons/base/{name}/lape.parquet" for name in ("sums", "tales")]
    }


def test_deactivation_reads_neurons_phases_and_texts_as_asked_for(tmp_path):
    place = "base/sums/ternary.parquet"
    corpus = {"corpus": "results/corpora/sums.parquet"}
    neurons = {**corpus, "neurons": f"results/neurons/{place}"}
    phases = {"phases": "results/phases/base/sums/ternary.segments.parquet"}
    tokens = {"tokens": "results/tokens/base/base/sums.parquet"}
    assert reads("deactivate", selection()) == {**neurons, **phases}
    assert reads("deactivate", selection(), deactivation={}) == neurons
    asked = {"texts": "responses"}
    assert reads("deactivate", selection(), deactivation=asked) == {**neurons, **tokens}
    mask = tmp_path / "mask.pt"
    mask.touch()
    asked = {"phases": True, "masks": {"base": {"sums": str(mask)}}}
    found = reads("deactivate", selection(method="mask"), deactivation=asked)
    assert found == {**corpus, "mask": str(mask)}
    # Controls matched by activity need the probabilities, for a mask too.
    asked["control"] = "activity"
    probabilities = {"probabilities": "results/probabilities/base/sums.parquet"}
    found = reads("deactivate", selection(method="mask"), deactivation=asked)
    assert found == {**corpus, "mask": str(mask), **probabilities}
    plain = reads("steer", selection())
    assert reads("steer", selection(), steering={"control": "activity"}) == plain | probabilities


def test_every_rule_that_unpacks_inputs_has_them_and_no_other():
    from pathlib import Path

    rules = Path(__file__).parents[2] / "workflow/rules"
    text = "\n".join(path.read_text() for path in rules.glob("*.smk"))
    for name in INPUTS:
        assert f'unpack(experiment.reads("{name}"))' in text
    assert text.count("unpack(experiment.reads(") == len(INPUTS)
