"""Models that are GGUF files: what follows from a configuration that names one."""

import pytest
from experiment_cases import experiment, selection

from langneurons.errors import InputError

DIGEST = "0123456789abcdef" * 4
PLAIN = {"comparisons": [], "alignment": None, "deactivation": None, "steering": None}
CHECKPOINT = "results/checkpoints/base"


def with_gguf(path="owner/base", gguf="tiny.gguf", models=(), **more):
    """The experiment whose model ``base`` is a GGUF file."""
    sections = {} if models else PLAIN
    base = {"path": str(path), "gguf": gguf, **more}
    return experiment(models={"base": base, **dict(models)}, **sections)


@pytest.fixture
def weights(tmp_path):
    """A folder with a GGUF file, which is empty."""
    (tmp_path / "tiny.gguf").touch()
    return tmp_path


def test_the_model_is_its_checkpoint():
    one = with_gguf(sha256=DIGEST, revision="abc", tokenizer="owner/other", dtype="float16")
    model = one.models["base"]
    # Its own keys but for those that say where the file is.
    assert model.spec == {"path": CHECKPOINT, "tokenizer": "owner/other", "dtype": "float16"}
    assert model.made is None
    assert one.converted_models == ["base"]
    assert one.made_models == []
    assert one.settings("inspect_model")(selection())["spec"] == model.spec


def test_other_models_are_not_converted():
    assert experiment().converted_models == []


def test_the_rule_is_given_where_the_file_is_and_its_digest(weights):
    hub = {"path": "owner/base", "gguf": "tiny.gguf", "sha256": DIGEST, "revision": "abc"}
    given = with_gguf(sha256=DIGEST, revision="abc", dtype="float16", tokenizer="owner/other")
    assert given.settings("convert_gguf")(selection()) == hub
    assert with_gguf(weights).settings("convert_gguf")(selection()) == {
        "path": str(weights), "gguf": "tiny.gguf",
    }  # fmt: skip


def test_a_new_local_file_is_noticed(weights):
    read = with_gguf(weights).reads("convert_gguf")
    assert read(selection()) == {"file": f"{weights}/tiny.gguf"}
    assert with_gguf().reads("convert_gguf")(selection()) == {}  # from the hub


def test_its_readers_wait_for_the_checkpoint(weights):
    found = with_gguf(weights).reads("inspect_model")(selection())
    assert found == {"checkpoint": CHECKPOINT}


def test_conversions_run_one_at_a_time():
    """Each holds a model in memory."""
    assert with_gguf().resources("convert_gguf") == {"gpu": 1}


def test_a_model_can_be_aligned_from_it(weights):
    models = {
        "other": {"path": "owner/other"},
        "reader": {"path": "owner/reader"},
        "aligned": {"align": {"from": "base", "languages": ["sw"]}},
    }
    one = with_gguf(weights, models=models, dtype="float32", sha256=DIGEST)
    assert one.models["aligned"].spec == {"path": "results/checkpoints/aligned", "dtype": "float32"}
    for rule in ("align", "merge_adapter"):
        assert one.reads(rule)(selection("aligned"))["checkpoint"] == CHECKPOINT
        spec = one.settings(rule)(selection("aligned"))["spec"]
        assert spec == {"path": CHECKPOINT, "dtype": "float32"}


def refused(words, **model):
    with pytest.raises(InputError, match=words):
        with_gguf(**model)


def test_a_local_file_must_be_there(weights):
    where = f"config: models.base.gguf: {weights}: no file 'x.gguf'; .gguf files there: tiny.gguf"
    refused(where, path=weights, gguf="x.gguf")


@pytest.mark.parametrize("name", ["tiny.bin", "gguf", ".gguf", "folder/tiny.gguf", "..\\a.gguf"])
def test_a_file_is_named_by_its_bare_name(name):
    refused("models.base.gguf: found .*expected a text like", gguf=name)


@pytest.mark.parametrize("digest", [DIGEST[1:], DIGEST + "0", "g" * 64, ""])
def test_a_digest_has_64_hexadecimal_digits(digest):
    refused("models.base.sha256: found .*expected a text like", sha256=digest)


def test_a_digest_may_have_capitals():
    assert with_gguf(sha256=DIGEST.upper()).converted_models == ["base"]


def test_a_digest_needs_a_file():
    with pytest.raises(InputError, match=r"models\.base\.sha256: .*expected the key gguf"):
        experiment(models={"base": {"path": "owner/base", "sha256": DIGEST}}, **PLAIN)


def test_an_aligned_model_is_no_file():
    aligned = {"align": {"from": "base"}, "gguf": "tiny.gguf"}
    with pytest.raises(InputError, match=r"models\.aligned: unknown key 'gguf'"):
        with_gguf(models={"aligned": aligned})
