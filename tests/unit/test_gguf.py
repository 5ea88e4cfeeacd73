"""GGUF files become plain checkpoints, or are refused before anything is written."""

import hashlib
import json
import re
import struct
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from tiny_gguf import QUANTISED, gguf_source, write_tiny_gguf
from tiny_models import tiny_tokenizer

from langneurons.errors import InputError
from langneurons.models import gguf as converting
from langneurons.models.gguf import convert_gguf
from langneurons.models.gguf_header import read_header
from langneurons.models.inspection import inspect_model, tokenizer_digest
from langneurons.models.loading import load_model, load_tokenizer
from langneurons.models.spec import ModelSpec

pytestmark = pytest.mark.usefixtures("one_thread")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_tiny_gguf(tmp_path_factory.mktemp("whole") / "tiny.gguf")


@pytest.fixture(scope="module")
def converted(whole, tmp_path_factory):
    folder = tmp_path_factory.mktemp("converted") / "checkpoint"
    convert_gguf(str(whole.parent), whole.name, folder, sha256=digest(whole).upper())
    return folder


def refused(file, words, **arguments):
    """Check that a file is refused by name, and that nothing is left where it would be written."""
    with pytest.raises(InputError, match=words) as raised:
        convert_gguf(str(file.parent), file.name, file.parent / "out", **arguments)
    assert str(raised.value).startswith(str(file.parent))
    assert not list(file.parent.glob("*out*"))


# --- What comes out ---


def test_the_checkpoint_is_the_model_in_bfloat16(converted):
    model = load_model(ModelSpec(str(converted), device="cpu"))
    expected = {key: value.bfloat16().float() for key, value in gguf_source().state_dict().items()}
    found = model.state_dict()
    quantised = "model.layers.0.mlp.down_proj.weight"
    assert found.keys() == expected.keys()
    for name in expected.keys() - {quantised}:
        assert torch.equal(found[name], expected[name]), name
    # A block of 32 numbers has 127 steps up to its largest one, and bfloat16 8 bits.
    error = (found[quantised] - expected[quantised]).abs().max()
    largest = expected[quantised].abs().max()
    assert 0 < error < largest / 127


def test_quantised_weights_are_unpacked(converted, whole):
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(whole).tensors}
    unpacked = gguf.dequantize(tensors[QUANTISED].data, tensors[QUANTISED].tensor_type)
    found = load_model(ModelSpec(str(converted), device="cpu")).state_dict()
    expected = torch.from_numpy(unpacked).bfloat16().float()
    assert torch.equal(found["model.layers.0.mlp.down_proj.weight"], expected)


def test_the_model_answers_as_its_source(converted):
    tokens = torch.arange(3, 63).reshape(2, 30)
    found = load_model(ModelSpec(str(converted), device="cpu"))(tokens).logits
    expected = gguf_source()(tokens).logits
    other = gguf_source(seed=1)(tokens).logits
    # Weights are off by at most 2⁻⁸ of their size, and two layers make little more of it.
    assert (found - expected).norm() < 0.02 * expected.norm()
    assert (other - expected).norm() > expected.norm()


def test_the_tokenizer_is_that_of_the_file(converted):
    found, expected = load_tokenizer(ModelSpec(str(converted))), tiny_tokenizer()
    for text in ("Hello, world", " два\n\n", "三 + 4", "สิบ<s>", ""):
        assert found(text).input_ids == expected(text).input_ids
    assert (found.bos_token, found.eos_token, found.unk_token) == ("<s>", "</s>", "<unk>")


def test_a_chat_template_is_kept(tmp_path):
    template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    file = write_tiny_gguf(tmp_path / "tiny.gguf", tokenizer__chat_template=template)
    convert_gguf(str(tmp_path), file.name, tmp_path / "out")
    assert load_tokenizer(ModelSpec(str(tmp_path / "out"))).chat_template == template


def test_the_checkpoint_passes_inspection(converted):
    card = inspect_model(ModelSpec(str(converted))).iloc[0]
    assert (card["layers"], card["neurons_per_layer"], card["checkpoint_dtype"]) == (
        2, 32, "bfloat16",
    )  # fmt: skip


def test_the_configuration_says_where_it_comes_from(converted, whole):
    config = json.loads((converted / "config.json").read_text())
    assert config["langneurons_source"] == {"file": "tiny.gguf", "sha256": digest(whole)}
    assert "quantization_config" not in config


def test_files_beside_it_are_no_part_of_it(whole, converted, tmp_path):
    (tmp_path / "tiny.gguf").write_bytes(whole.read_bytes())
    tiny_tokenizer(byte_order=-1).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    convert_gguf(str(tmp_path), "tiny.gguf", tmp_path / "new")
    found, expected = (
        load_tokenizer(ModelSpec(str(path))) for path in (tmp_path / "new", converted)
    )
    assert tokenizer_digest(found) == tokenizer_digest(expected)


def test_a_second_conversion_takes_the_place_of_the_first(converted, tmp_path):
    file = write_tiny_gguf(tmp_path / "other.gguf", seed=1)
    (tmp_path / "old").mkdir()
    (tmp_path / "old/stale.txt").touch()
    convert_gguf(str(tmp_path), file.name, tmp_path / "old")
    assert {path.name for path in (tmp_path / "old").iterdir()} == {
        path.name for path in converted.iterdir()
    }


def test_a_file_on_the_hub_is_fetched_at_its_revision(whole, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        converting, "cached_file", lambda *place, **more: asked.append((place, more)) or str(whole)
    )
    convert_gguf("owner/model", "tiny.gguf", tmp_path / "out", revision="abc")
    assert asked == [(("owner/model", "tiny.gguf"), {"revision": "abc"})]
    assert (tmp_path / "out/model.safetensors").is_file()


# --- What is refused ---


def test_a_file_that_is_not_there(tmp_path):
    write_tiny_gguf(tmp_path / "b.gguf")
    (tmp_path / "a.gguf").touch()
    (tmp_path / "readme.md").touch()
    refused(tmp_path / "c.gguf", r"no file 'c.gguf'; .gguf files there: a.gguf, b.gguf$")


def test_a_file_that_is_not_on_the_hub(tmp_path, monkeypatch):
    def absent(*_place, **_more):
        raise OSError("no connection.\nmore lines")

    monkeypatch.setattr(converting, "cached_file", absent)
    with pytest.raises(
        InputError, match=r"^owner/m: no such .*'x.gguf' is found .*no connection\)$"
    ):
        convert_gguf("owner/m", "x.gguf", tmp_path / "out")


def test_another_digest(tmp_path):
    file = write_tiny_gguf(tmp_path / "tiny.gguf")
    refused(file, f"found the sha256 digest {digest(file)}, expected {'0' * 64}", sha256="0" * 64)


@pytest.mark.parametrize("content", [b"", b"GGU", b"PK\x03\x04 and more"])
def test_a_file_of_another_kind(tmp_path, content):
    (tmp_path / "tiny.gguf").write_bytes(content)
    found = re.escape(repr(content[:4]))
    refused(tmp_path / "tiny.gguf", f"starts with {found}, expected b'GGUF'")


def test_a_version_that_is_not_known(tmp_path, whole):
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF" + struct.pack("<I", 1) + whole.read_bytes()[8:])
    refused(tmp_path / "tiny.gguf", r"version 1, expected one of \(2, 3\)")


def test_a_file_that_lacks_its_end(tmp_path, whole):
    content = whole.read_bytes()
    (tmp_path / "tiny.gguf").write_bytes(content[:-1])
    refused(tmp_path / "tiny.gguf", f"found {len(content) - 1:,} bytes, expected {len(content):,}")


def test_a_header_that_is_cut_anywhere(tmp_path, whole):
    content = whole.read_bytes()
    start = read_header(whole).size - sum(t.n_bytes for t in gguf.GGUFReader(whole).tensors)
    file = tmp_path / "tiny.gguf"
    for length in range(4, start, 7):
        file.write_bytes(content[:length])
        with pytest.raises(InputError, match="truncated"):
            read_header(file)


def test_a_damaged_header_is_refused_or_read(tmp_path, whole):
    content, file = whole.read_bytes(), tmp_path / "tiny.gguf"
    random = np.random.default_rng(0)
    outcomes = set()
    for _ in range(200):
        damaged = bytearray(content)
        at = int(random.integers(8, 1200))
        damaged[at : at + 8] = random.bytes(8)  # the size of a length or an offset
        file.write_bytes(damaged)
        try:
            read_header(file)
            outcomes.add("read")
        except InputError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_an_architecture_that_transformers_does_not_read(tmp_path):
    file = write_tiny_gguf(tmp_path / "tiny.gguf", architecture="plamo")
    refused(file, "no GGUF file of architecture 'plamo' ")


def test_a_model_that_is_not_decoder_only(tmp_path):
    refused(write_tiny_gguf(tmp_path / "tiny.gguf", architecture="t5"), "an encoder–decoder")


def test_a_file_that_names_no_architecture(tmp_path, whole):
    content = whole.read_bytes().replace(b"general.architecture", b"general.architectur_", 1)
    (tmp_path / "tiny.gguf").write_bytes(content)
    refused(tmp_path / "tiny.gguf", "the header has no key general.architecture")


def test_a_tokenizer_that_transformers_does_not_read(tmp_path):
    file = write_tiny_gguf(tmp_path / "tiny.gguf", tokenizer="rwkv")
    refused(file, "no tokenizer can be made of it: .*'rwkv'")


def test_weights_that_are_missing(tmp_path):
    file = write_tiny_gguf(tmp_path / "tiny.gguf", left_out=["blk.1.ffn_up.weight"])
    refused(file, r"lacks model.layers.1.mlp.up_proj.weight of LlamaForCausalLM")


def test_one_of_several_parts(tmp_path):
    refused(write_tiny_gguf(tmp_path / "tiny.gguf", split__count=3), "found one of 3 parts")


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"llama__rope__scaling__type": "yarn"}, "yarn"),
        ({"rope_freqs__weight": np.ones(2, np.float32)}, "rope_freqs.weight"),
    ],
)
def test_positions_that_are_scaled(tmp_path, more, found):
    """transformers would load the model with plain ones, and say nothing."""
    file = write_tiny_gguf(tmp_path / "tiny.gguf", **more)
    refused(file, rf"positions that are scaled \({found}\)")


def test_positions_that_say_they_are_not_scaled(tmp_path):
    file = write_tiny_gguf(tmp_path / "tiny.gguf", llama__rope__scaling__type="none")
    convert_gguf(str(tmp_path), file.name, tmp_path / "out")


def test_a_conversion_that_fails_leaves_what_was_there(converted, tmp_path, monkeypatch):
    file = write_tiny_gguf(tmp_path / "tiny.gguf")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/model.txt").touch()

    def fails(*_arguments, **_more):
        raise RuntimeError("half way")

    monkeypatch.setattr("transformers.PreTrainedTokenizerFast.save_pretrained", fails)
    with pytest.raises(RuntimeError, match="half way"):
        convert_gguf(str(tmp_path), file.name, tmp_path / "kept")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "tiny.gguf"]
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["model.txt"]
