"""Facts to be completed: of countries, and of one's own."""

import re
import shutil
from itertools import pairwise

import numpy as np
import pytest
from babel.numbers import get_currency_name
from fact_cases import COUNTRIES, FOLDER, ROWS, TEN, of_countries, own_facts

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.countries import Fact, begin_alike
from langneurons.corpora.facts import draw_candidates, write_facts
from langneurons.corpora.files import read_separated_rows
from langneurons.corpora.schema import FACTS
from langneurons.errors import InputError


@pytest.fixture(scope="module")
def world():
    return of_countries()


def cell(facts, name, language):
    rows = facts[(facts["id"] == name) & (facts["language"] == language)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_facts_of_countries_are_many_and_parallel(world):
    facts, _ = world
    assert list(facts.columns) == FACTS.names
    named = facts.drop_duplicates("fact")
    assert named["relation"].value_counts().to_dict() == {"capital": 110, "currency": 77}
    assert named["fact"].str.split("-").str[1].nunique() == 131
    by_id = facts.groupby("id", sort=False)
    assert len(by_id) == 3 * len(named)
    assert (by_id["language"].agg(list).map(lambda one: one == TEN)).all()
    assert facts["question"].is_unique


def test_known_facts(world):
    facts, _ = world
    japan = cell(facts, "capital-JP-2", "ja")
    assert japan["question"] == "質問：日本の首都はどこですか。答え："
    assert japan["answer"] == japan["candidates"][0] == "東京"
    assert cell(facts, "capital-RU-3", "ru")["question"] == "Вот страна: Россия. Её столица —"
    assert cell(facts, "capital-RU-3", "ru")["answer"] == "Москва"
    assert cell(facts, "currency-PL-1", "sw")["question"] == "Nchi: Poland. Sarafu:"
    assert cell(facts, "currency-PL-1", "th")["answer"] == "ซลอตี"
    # The CLDR writes soft hyphens.
    assert cell(facts, "capital-IS-1", "de")["answer"] == "Reykjavík"
    # In English the zone's first name is the old one, the city's name is not.
    assert cell(facts, "capital-UA-1", "en")["answer"] == "Kyiv"


def test_candidates_are_the_same_facts_in_all_languages(world):
    facts, _ = world
    names = {
        (row.language, row.relation, row.answer): row.fact
        for row in facts.drop_duplicates(["language", "relation", "answer"]).itertuples()
    }
    english = facts[facts["language"] == "en"].set_index("id")
    for row in facts[facts["language"] == "fr"].itertuples():
        assert len(row.candidates) == 10
        assert row.candidates[0] == row.answer
        others = zip(row.candidates, english.loc[row.id, "candidates"], strict=True)
        if row.relation == "capital":  # several countries have the same currency
            for own, other in others:
                fact = names["fr", "capital", own]
                assert fact == names["en", "capital", other]


def test_no_candidate_begins_with_another(world):
    facts, _ = world
    for row in facts.itertuples():
        texts = sorted(row.candidates)
        # Of sorted texts, one that begins with another follows it at once or after such ones.
        assert not any(b.startswith(a) for a, b in pairwise(texts)), row


def test_no_answer_is_named_in_its_question(world):
    facts, left_out = world
    for row in facts.itertuples():
        assert row.answer.casefold() not in row.question.casefold()
    assert left_out["capital-MX"] == "'Mexico City' and 'Mexico' contain one another (en)"
    assert left_out["capital-LY"] == "'Tripoli (Libye)' has a bracket (fr)"
    assert set(left_out) == {f"capital-{code}" for code in ("MX", "LY", "TN", "DZ", "CL")}


def test_other_scripts_have_names_of_their_own(world):
    facts, _ = world
    other = facts[facts["language"].isin(["ru", "zh", "ja", "bn", "th"])]
    latin = re.compile("[A-Za-z]")
    assert not other["candidates"].map(lambda one: any(map(latin.search, one))).any()
    assert not other["question"].str.contains(latin).any()


def test_what_a_language_does_not_name_is_left_out():
    # The CLDR has no cities in Uyghur, which is not written in Latin letters.
    kept, left_out = of_countries_with_phrasings("ug")
    assert left_out["capital-FR"] == "no name in ug"
    assert "currency-BD" in {fact.name for fact in kept}
    # In Yiddish it lacks the names of some countries and currencies.
    assert of_countries_with_phrasings("yi")[1]["currency-KR"] == "no name in yi"


def of_countries_with_phrasings(language, relations=("currency", "capital"), folder=FOLDER):
    from langneurons.corpora.countries import facts_of_countries

    return facts_of_countries(folder, relations, ["en", language])


def test_a_language_without_short_names_has_the_whole_ones():
    kept, left_out = of_countries_with_phrasings("it", ["currency"])
    answers = {fact.name: fact.answers["it"] for fact in kept}
    assert answers["currency-FR"] == "euro"
    assert answers["currency-PL"] == "zloty polacco"
    assert not set(left_out) & set(answers)


def test_short_names_of_currencies_are_parts_of_the_whole_ones():
    rows = [row for _, row in read_separated_rows(FOLDER / "currencies.csv", ",")]
    assert len(rows) > 60
    for row in rows:
        for language in TEN:
            whole = get_currency_name(row["currency"], 1, locale=language)
            assert row[language].casefold() in whole.casefold(), row


def test_flags():
    facts, _ = of_countries(["en", "zh"], limit=8)
    assert facts.groupby("relation")["fact"].nunique().to_dict() == {"capital": 8, "currency": 8}
    assert facts.loc[facts["cue"] & (facts["language"] == "zh"), "fact"].unique().tolist() == [
        "currency-JP", "currency-GB", "currency-KR",
    ]  # fmt: skip
    assert not facts["same"].any()
    latin, _ = of_countries(["en", "fr"], limit=3, relations=["capital"])
    assert latin.drop_duplicates("fact")["same"].tolist() == [True, True, False]
    assert begin_alike("Tunis", "Tunesien")
    assert not begin_alike("Bern", "Belgien")


def test_the_draw_depends_on_the_seed_and_the_fact_alone():
    names = ["a", "ab", "b", "c", "d"]
    facts = [Fact(name, "capital", {"en": "x"}, {"en": name}) for name in names]
    drawn = draw_candidates(facts[0], facts, 4, seed=0)
    assert drawn[0].name == "a"
    assert {one.name for one in drawn} == {"a", "b", "c", "d"}  # "ab" begins with "a"
    assert draw_candidates(facts[0], facts[::-1], 4, seed=0) == drawn
    orders = {tuple(f.name for f in draw_candidates(facts[2], facts, 4, s)) for s in range(9)}
    assert len(orders) > 1
    with pytest.raises(InputError, match=r"a: found 4 candidates of which none .* expected 5"):
        draw_candidates(facts[0], facts, 5, seed=0)


def test_facts_are_written_with_what_is_left_out(tmp_path, caplog):
    output = tmp_path / "facts.parquet"
    write_facts("world", {**COUNTRIES, "limit": 2}, ["en", "fr"], output)
    facts = read_table(output, FACTS)
    assert facts["id"].tolist()[:3] == ["capital-JP-1"] * 2 + ["capital-JP-2"]
    assert isinstance(facts["candidates"][0], np.ndarray)
    assert read_provenance(output)["facts"] == {"capital": 2, "currency": 2}
    assert "capital-MX is left out" in caplog.text
    assert "written alike in all languages: capital-JP capital-FR" in caplog.text


def test_own_facts_keep_their_candidates_and_relation(tmp_path):
    facts = own_facts(tmp_path)
    assert facts["id"].tolist()[::2] == ["sky-1", "sky-2", "grass-1", "grass-2"]
    assert facts["candidates"][0] == ["blue", "red", "x y"]
    assert facts["relation"].unique().tolist() == ["fact"]
    assert facts["cue"].isna().all()
    rows = [{**row, "relation": row["fact"]} for row in ROWS]
    facts = own_facts(tmp_path, rows, limit=1)
    assert facts["fact"].unique().tolist() == ["sky", "grass"]  # one of each relation
    assert own_facts(tmp_path, limit=1)["fact"].unique().tolist() == ["sky"]


def test_own_facts_in_csv(tmp_path):
    path = tmp_path / "facts.csv"
    path.write_text(
        "fact,language,phrasing,prompt,answer,candidates\n"
        "sky,English,1,the sky is,blue,red|blue\n"
        "sky,de,1,der Himmel ist,blau,rot|blau\n"
        "sky,fr,1,le ciel est,bleu,rouge|bleu\n"
    )
    output = tmp_path / "facts.parquet"
    write_facts("mine", {"format": "facts", "path": str(path)}, ["de", "en"], output)
    facts = read_table(output, FACTS)
    assert facts["language"].tolist() == ["de", "en"]
    assert list(facts["candidates"][1]) == ["red", "blue"]


@pytest.mark.parametrize(
    ("row", "changes", "message"),
    [
        (1, None, r"fact 'sky', phrasing 1, en: not found in zh, expected each phrasing of a fact"),
        (2, {"phrasing": 1}, r":3: fact 'sky', phrasing 1, en: found already at .*:1, expected"),
        (0, {"answer": "grey"}, r":1: fact 'sky'.*: the answer 'grey' is not among the candidates"),
        (0, {"candidates": ["blue", "blue sea"]}, r"of the candidates 'blue' and 'blue sea' one"),
        (0, {"candidates": ["blue", "blue"]}, "of the candidates 'blue' and 'blue' one begins"),
        (0, {"candidates": ["blue"]}, "found 1 candidate, expected at least 2"),
        (0, {"candidates": ["blue", "red"]}, "zh: found 3 candidates, expected 2 as in en"),
        (0, {"candidates": 3}, "'candidates' is 3, expected texts, as a list or with '|'"),
        (0, {"prompt": "the sky is "}, "the prompt ends in white space, expected none"),
        (0, {"prompt": " "}, "'prompt' is ' ', expected a text"),
        (0, {"phrasing": "one"}, "'phrasing' is 'one', expected a number"),
        (0, {"fact": None}, "the field 'fact' is null"),
    ],
)
def test_bad_facts_are_named(tmp_path, row, changes, message):
    rows = [dict(one) for one in ROWS]
    if changes is None:
        del rows[row]
    else:
        rows[row].update(changes)
    with pytest.raises(InputError, match=message) as error:
        own_facts(tmp_path, rows)
    assert str(error.value).startswith("dataset 'mine': ")


def test_a_language_without_rows_is_named(tmp_path):
    with pytest.raises(InputError, match="no rows in de; the languages found are en, zh"):
        own_facts(tmp_path, languages=["en", "de"])


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "territories.csv",
            "territory,zone,currency\nXQ,,EUR\n",
            "territory 'XQ' is unknown, expected a c",
        ),
        ("territories.csv", "territory,zone,currency\nCN,Asia/Tokyo,\n", "is in JP, expected a zo"),
        ("territories.csv", "territory,zone,currency\nCN,Asia/Tokio,\n", "is unknown, expected a"),
        ("territories.csv", "territory,zone,currency\nCN,,CNQ\n", "currency 'CNQ' is unknown"),
        ("territories.csv", "territory,zone,currency\nCN,,CNY\nCN,,CNY\n", "'CN' again, expected"),
        ("currencies.csv", "currency,en\nEUR,mark\n", "EUR is called 'mark' in en, expected a pa"),
        ("en.yaml", "capital: ['{country}:']\n", "capital: found 1 phrasings, expected at least 3"),
        ("en.yaml", "capital: [a, b, c]\n", r"capital: found 'a', expected a text with \{country"),
        ("en.yaml", "capital: ['{country}a','{country}a','{country}']\n", "found a phrasing twice"),
        ("en.yaml", "capital: [\n", "en.yaml: malformed YAML"),
        ("en.yaml", None, "en.yaml: no such file, expected the phrasings in 'en'"),
    ],
)
def test_bad_tables_are_named(tmp_path, file, text, message):
    folder = shutil.copytree(FOLDER, tmp_path / "facts")
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text)
    with pytest.raises(InputError, match=message):
        of_countries(["en"], folder=str(folder))
