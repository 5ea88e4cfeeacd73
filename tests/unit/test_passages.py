"""The passages that belong to the repository: parallel, clean, and as their README counts them."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "resources/passages"
LANGUAGES = ["en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw"]
#: Letters of the scripts of languages that are not written in Latin letters.
SCRIPTS = {
    "ru": r"[Ѐ-ӿ]", "zh": r"[一-鿿]", "ja": r"[぀-ヿ一-鿿]",
    "bn": r"[ঀ-৿]", "th": r"[฀-๿]",
}  # fmt: skip


def passages(language: str) -> list[str]:
    return (FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_file_has_150_clean_and_different_passages(language):
    lines = passages(language)
    assert len(lines) == len(set(lines)) == 150
    assert all(line == " ".join(line.split()) and len(line) > 20 for line in lines)
    assert sum(bool(re.search(r"\d", line)) for line in lines) <= 5


@pytest.mark.parametrize("language", SCRIPTS)
def test_other_scripts_hold_no_latin_letters(language):
    text = "".join(passages(language))
    assert not re.findall(r"[A-Za-z]", text)
    letters = len(re.findall(r"\w", text))
    assert len(re.findall(SCRIPTS[language], text)) > 0.95 * letters


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_readme_counts_them(language):
    row = re.search(rf"`{language}\.txt` .*", (FOLDER / "README.md").read_text()).group()
    _, _, words, characters, _ = [cell.strip() for cell in row.strip("|").split("|")]
    lines = passages(language)
    assert characters == f"{sum(map(len, lines)):,}"
    assert words in ("–", f"{sum(len(line.split()) for line in lines):,}")


def parallel(language: str) -> list[str]:
    path = FOLDER.parent / f"parallel/{language}.txt"
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("language", ["en", "zh", "sw"])
def test_the_texts_to_align_by_are_clean_and_none_of_the_passages(language):
    lines = parallel(language)
    assert len(lines) == len(set(lines)) == 192
    assert all(line == " ".join(line.split()) and len(line) > 10 for line in lines)
    assert not set(lines) & set(passages(language))
    assert language != "zh" or not re.findall(r"[A-Za-z]", "".join(lines))


@pytest.mark.parametrize("language", ["en", "zh", "sw"])
def test_their_readme_counts_them(language):
    readme = (FOLDER.parent / "parallel/README.md").read_text()
    row = re.search(rf"`{language}\.txt` .*", readme).group()
    _, _, words, characters = [cell.strip() for cell in row.strip("|").split("|")]
    lines = parallel(language)
    assert characters == f"{sum(map(len, lines)):,}"
    assert words in ("–", f"{sum(len(line.split()) for line in lines):,}")
