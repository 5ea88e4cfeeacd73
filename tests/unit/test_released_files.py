"""Files of published activation counts: how they are found and read, and what is refused."""

import os

import pytest
import torch

from langneurons.activations.counts import (
    read_counts,
)
from langneurons.activations.files import counts_files
from langneurons.activations.published import import_counts
from langneurons.errors import InputError


def names_of(language: str, model: str = "M") -> tuple[str, str]:
    return f"activation.{language}.{model}.pt", f"prefix.activation.{language}.{model}.pt"


def content(over_zero, total_tokens=10) -> dict:
    if isinstance(over_zero, list):
        over_zero = torch.tensor(over_zero)
    return {"total_tokens": total_tokens, "over_zero": over_zero}


@pytest.fixture
def folder(tmp_path):
    """A good folder of two languages, one layer, two neurons."""
    folder = tmp_path / "activations"
    folder.mkdir()
    for language, full, prefix in [("en", [7, 2], [3, 2]), ("sw", [9, 1], [1, 2])]:
        torch.save(content([full]), folder / names_of(language)[0])
        torch.save(content([prefix], 4), folder / names_of(language)[1])
    return folder


def refused(folder, languages=("en", "sw")) -> str:
    """The message with which a folder is refused; nothing may be written."""
    output = folder.parent / "counts.parquet"
    with pytest.raises(InputError) as caught:
        import_counts(folder, languages, output)
    assert not output.exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_counts_over_the_response_by_hand(folder, tmp_path):
    import_counts(folder, ("en", "sw"), tmp_path / "counts.parquet")
    counts = read_counts(tmp_path / "counts.parquet", ("en", "sw"))
    # Full − prefix: 7 − 3 and 2 − 2; 9 − 1, and 1 − 2 clamped to 0. Tokens 10 − 4.
    assert counts.active.tolist() == [[[[4, 0]]], [[[8, 0]]]]
    assert counts.tokens.tolist() == [[6], [6]]


def test_files_are_found_by_language(folder):
    files = counts_files(folder, ("sw",))
    assert {key: [path.name for path in pair] for key, pair in files.items()} == {
        "sw": list(names_of("sw"))
    }


def test_model_names_with_dots(folder):
    for path in list(folder.iterdir()):
        path.rename(path.with_name(path.name.replace(".M.", ".Llama-3.1.v2.")))
    assert counts_files(folder, ("en",))["en"][0].name == "activation.en.Llama-3.1.v2.pt"


def test_missing_folder(tmp_path):
    assert refused(tmp_path / "absent") == (
        f"{tmp_path / 'absent'}: no such folder of activation counts"
    )


def test_language_with_no_file(folder):
    assert refused(folder, ("en", "th")) == (
        f"{folder}: expected exactly one file activation.th.*.pt for language 'th', found none"
    )


def test_language_without_its_prefix_file(folder):
    (folder / names_of("sw")[1]).unlink()
    assert refused(folder) == (
        f"{folder}: expected exactly one file prefix.activation.sw.*.pt for language 'sw', "
        "found none"
    )


def test_two_models_with_all_their_files(folder):
    for name in names_of("en", "Other"):
        torch.save(content([[1, 1]]), folder / name)
    assert refused(folder) == (
        f"{folder}: expected exactly one file activation.en.*.pt for language 'en', "
        "found activation.en.M.pt, activation.en.Other.pt"
    )


@pytest.mark.parametrize("position", [0, 1], ids=["full", "prefix"])
def test_two_models_one_file_each(folder, position):
    name, other = names_of("sw")[position], names_of("sw", "Other")[position]
    (folder / name).rename(folder / other)
    assert refused(folder) == (
        f"{folder}: expected the files of one model, found M (activation.en.M.pt), Other ({other})"
    )


NOT_TENSORS = "expected tensors saved by torch.save, found"


def test_truncated_file(folder):
    path = folder / names_of("sw")[0]
    whole = path.read_bytes()
    for size in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert refused(folder) == f"{path}: {NOT_TENSORS} a truncated or foreign file"


def test_truncated_file_of_the_old_format(folder):
    path = folder / names_of("sw")[0]
    torch.save(content([[9, 1]]), path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    for size in range(1, len(whole), 23):
        path.write_bytes(whole[:size])
        assert refused(folder).startswith(f"{path}: {NOT_TENSORS} ")


@pytest.mark.parametrize(
    "text",
    ["hello world\n", '{"total_tokens": 3}', "version https://git-lfs.github.com/spec/v1\n"],
    ids=["text", "json", "git-lfs pointer"],
)
def test_file_that_torch_never_wrote(folder, text):
    path = folder / names_of("en")[1]
    path.write_text(text)
    assert refused(folder) == f"{path}: {NOT_TENSORS} a truncated or foreign file"


def test_file_that_cannot_be_read(folder):
    path = folder / names_of("en")[0]
    path.unlink()
    path.mkdir()
    assert refused(folder).startswith(f"{path}: cannot be read: ")


class Payload:
    """Pickled, it becomes a call that leaves a folder behind when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("new_format", [True, False])
def test_pickled_code_is_not_run(folder, tmp_path, new_format):
    trace, path = tmp_path / "trace", folder / names_of("sw")[0]
    harmful = content(Payload(trace))
    torch.save(harmful, path, _use_new_zipfile_serialization=new_format)
    assert refused(folder) == f"{path}: {NOT_TENSORS} pickled code (posix.mkdir), not run"
    assert not trace.exists()
    # The payload is a live one: loaded without the precaution, it does run.
    torch.load(path, weights_only=False)
    assert trace.exists()


@pytest.mark.parametrize(
    ("foreign", "found"),
    [
        ([1, 2], "list"),
        (torch.ones(2, 2), "Tensor"),
        ({"model.weight": torch.ones(1), 0: 1}, "a dict with ['0', 'model.weight']"),
        ({"over_zero": torch.ones(1, 2).int()}, "a dict with ['over_zero']"),
    ],
    ids=["list", "tensor", "state dict", "half"],
)
def test_torch_file_of_another_kind(folder, foreign, found):
    path = folder / names_of("en")[0]
    torch.save(foreign, path)
    assert refused(folder) == (
        f"{path}: expected a dict with ['over_zero', 'total_tokens'], found {found}"
    )


@pytest.mark.parametrize(
    ("over_zero", "found"),
    [
        ([[7.0, 2.0]], "torch.float32 of shape (1, 2), torch.strided"),
        ([[True, False]], "torch.bool of shape (1, 2), torch.strided"),
        ([7, 2], "torch.int64 of shape (2,), torch.strided"),
        (torch.tensor([[7, 2]]).to_sparse(), "torch.int64 of shape (1, 2), torch.sparse_coo"),
        ("7 2", "str"),
    ],
    ids=["float", "bool", "one axis", "sparse", "no tensor"],
)
def test_over_zero_that_is_no_matrix_of_counts(folder, over_zero, found):
    path = folder / names_of("en")[0]
    torch.save(content(over_zero), path)
    assert refused(folder) == (
        f"{path}: expected over_zero to be a dense integer tensor layers × neurons, found {found}"
    )


@pytest.mark.parametrize("total", [10.5, "10", None, [10]])
def test_total_tokens_that_is_no_integer(folder, total):
    path = folder / names_of("en")[0]
    torch.save(content([[7, 2]], total), path)
    assert refused(folder) == f"{path}: expected an integer as total_tokens, found {total!r}"


@pytest.mark.parametrize(("over_zero", "found"), [([[11, 2]], 11), ([[7, -1]], -1)])
def test_count_outside_zero_and_total_tokens(folder, over_zero, found):
    path = folder / names_of("en")[0]
    torch.save(content(over_zero), path)
    assert refused(folder) == (
        f"{path}: expected over_zero within 0 and total_tokens = 10, found {found}"
    )


def test_count_above_total_tokens_in_a_prefix_file(folder):
    path = folder / names_of("sw")[1]
    torch.save(content([[5, 0]], 4), path)
    assert refused(folder) == (f"{path}: expected over_zero within 0 and total_tokens = 4, found 5")


def test_shapes_that_differ_between_full_and_prefix(folder):
    full, prefix = (folder / name for name in names_of("sw"))
    torch.save(content([[1, 2, 3]], 4), prefix)
    assert refused(folder) == (
        f"{prefix}: over_zero has shape (1, 3), expected (1, 2) as in {full.name}"
    )


def test_shapes_that_differ_between_languages(folder):
    full, prefix = (folder / name for name in names_of("sw"))
    torch.save(content([[9, 1], [0, 0]]), full)
    torch.save(content([[1, 1], [0, 0]], 4), prefix)
    assert refused(folder) == (f"{full}: over_zero has shape (2, 2), expected (1, 2) as for en")


@pytest.mark.parametrize("tokens", [10, 11])
def test_prefix_with_as_many_tokens_as_the_full_text(folder, tokens):
    full, prefix = (folder / name for name in names_of("en"))
    torch.save(content([[3, 2]], tokens), prefix)
    assert refused(folder) == (
        f"{full}: total_tokens 10 is not above its prefix file's {tokens}, "
        "so there is no response token"
    )
