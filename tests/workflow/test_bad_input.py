"""Bad input through the whole workflow: one clear message, a failing exit, nothing half-written."""

import json
from copy import deepcopy

import pytest
import torch
from project import LANGUAGES, TINY_CONFIG, Project


def problems_of(project: Project, language: str) -> list[dict]:
    lines = (project.folder / f"data/{language}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def write_problems_of(project: Project, language: str, rows: list[dict]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (project.folder / f"data/{language}.jsonl").write_text(text)


def assert_clear(project: Project, output: str, *parts: str) -> None:
    """One message with all parts, and no traceback; no artefact but what came before."""
    messages = [line for line in output.splitlines() if line.startswith(("error: ", "config: "))]
    assert len(messages) == 1, output
    for part in parts:
        assert part in messages[0]
    assert "Traceback" not in output
    leftovers = [path.name for path in project.folder.rglob("results/**/.*")]
    assert [name for name in leftovers if name != ".snakemake_timestamp"] == []


def test_a_mistake_in_the_config_stops_before_any_job(fresh):
    config = deepcopy(TINY_CONFIG)
    config["comparisons"][0]["after"] = "alined"
    fresh.write_config(config)
    output = fresh.run(fails=True)
    assert_clear(fresh, output, "comparisons.0.after: unknown model 'alined'")
    assert not (fresh.folder / "results").exists()


def test_a_malformed_line_is_named_by_file_and_number(fresh):
    with (fresh.folder / "data/de.jsonl").open("a") as file:
        file.write('{"id": "p9", "text": \n')
    output = fresh.run("corpora", fails=True)
    assert_clear(fresh, output, "data/de.jsonl:9")
    assert not (fresh.folder / "results/corpora/sums.parquet").exists()


def test_a_problem_missing_in_one_language_is_kept_out_and_reported(fresh):
    from langneurons.artifacts.tables import read_provenance, read_table
    from langneurons.corpora.schema import CORPUS

    write_problems_of(fresh, "sw", problems_of(fresh, "sw")[:-1])
    fresh.run("corpora")
    path = fresh.folder / "results/corpora/sums.parquet"
    assert len(read_table(path, CORPUS)) == 7 * len(LANGUAGES)
    assert read_provenance(path)["n_incomplete"] == 1
    assert "p7" in (fresh.folder / "results/logs/corpora/sums.log").read_text()


def test_more_folds_than_problems_stop_before_any_model(fresh):
    fresh.write_config({**TINY_CONFIG, "uncertainty": {"folds": 9}})
    output = fresh.run("responses", fails=True)
    assert_clear(fresh, output, "uncertainty.folds: found 9, expected at most 8", "'sums'")
    assert not (fresh.folder / "results/corpora/sums.parquet").exists()
    assert not (fresh.folder / "results/responses").exists()


def test_a_prompt_longer_than_the_context_is_named(fresh):
    rows = problems_of(fresh, "en")
    rows[3]["text"] = "very long " * 30
    write_problems_of(fresh, "en", rows)
    output = fresh.run("responses", fails=True)
    assert_clear(fresh, output, "p3", "en", "128")
    assert not (fresh.folder / "results/responses/base/sums.parquet").exists()


def test_a_model_with_nan_weights_is_refused_before_any_generation(fresh):
    from safetensors.torch import load_file, save_file

    path = fresh.folder / "models/aligned/model.safetensors"
    tensors = load_file(path)
    name = "model.layers.2.mlp.gate_proj.weight"
    tensors[name][1, 1] = torch.nan
    save_file(tensors, path, metadata={"format": "pt"})
    output = fresh.run(fails=True)
    assert_clear(fresh, output, name, "models/aligned")
    assert not (fresh.folder / "results/responses").exists()


def test_a_tokenizer_that_differs_from_the_writers_is_refused(fresh):
    from tiny_models import tiny_tokenizer

    tiny_tokenizer(byte_order=-1).save_pretrained(fresh.folder / "models/aligned")
    output = fresh.run("tokens", fails=True)
    assert_clear(fresh, output, "tokenizer differs", "models/aligned", "models/base")
    assert not (fresh.folder / "results/responses").exists()


@pytest.mark.parametrize("damage", ["truncated", "pickled code"])
def test_counts_that_are_no_plain_tensors_are_refused(fresh, damage, tmp_path):
    folder = tmp_path / "counts"
    folder.mkdir()
    counts = {"total_tokens": 9, "over_zero": torch.ones(4, 5, dtype=torch.int64)}
    for language in LANGUAGES:
        torch.save({**counts, "total_tokens": 4}, folder / f"prefix.activation.{language}.M.pt")
        torch.save(counts, folder / f"activation.{language}.M.pt")
    bad = folder / "activation.de.M.pt"
    witness = tmp_path / "code-ran"
    if damage == "truncated":
        bad.write_bytes(bad.read_bytes()[:-200])
    else:
        torch.save({**counts, "code": _Touch(str(witness))}, bad)
    config = {
        "languages": LANGUAGES,
        "models": {"published": {"counts": {"mgsm": str(folder)}}},
    }
    fresh.write_config(config)
    output = fresh.run("neurons", fails=True)
    assert_clear(fresh, output, "activation.de.M.pt")
    assert not witness.exists()
    assert not (fresh.folder / "results/activations/published/mgsm.parquet").exists()


class _Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path: str):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_a_truncated_artefact_is_named_with_the_remedy(fresh):
    path = fresh.folder / "results/activations/base/sums.parquet"
    fresh.run(str(path.relative_to(fresh.folder)))
    path.write_bytes(path.read_bytes()[:-100])
    output = fresh.run("results/probabilities/base/sums.parquet", fails=True)
    assert_clear(fresh, output, "results/activations/base/sums.parquet", "delete it")
