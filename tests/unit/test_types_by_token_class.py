"""Types on letters alone: worked by hand, planned, laid out, drawn."""

import pytest
from experiment_cases import CONFIG, experiment, selection
from figure_cases import draw
from token_class_cases import PARAMETERS, THREE, class_counts, write_token_class_case

from langneurons.artifacts.tables import read_provenance, read_table
from langneurons.corpora.languages import ENGLISH_NAMES
from langneurons.corpora.scripts import scripts_of, shared_scripts
from langneurons.neurons.token_classes import TOKEN_CLASSES, TOKEN_SHARES
from langneurons.tables import types_by_token_class

CHANGES = ["before", "after", "kept", "kept_at_random", "specific", "related", "general", "other"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_token_class_case(tmp_path_factory.mktemp("case"), class_counts())


def rows_at(table, position):
    """Type, language and the numbers of a position's rows."""
    rows = table[table["position"] == position]
    names = rows[["type", "language"]].to_numpy(na_value=None).tolist()
    return dict(zip(map(tuple, names), rows[CHANGES].to_numpy().tolist(), strict=True))


def test_a_neuron_of_bengali_bytes_is_none_of_bengali_letters(files):
    # Of letters its p are 0, 0, 0: H = ln 3, and N = 0, so that it is other though selected. Of 200
    # random tokens of bn about 100 are its own: it stays specific.
    assert rows_at(read_table(files["types"], TOKEN_CLASSES), "input") == {
        ("specific", None): [3, 2, 2, 3, 2, 0, 0, 1],
        ("related", None): [1, 1, 1, 1, 0, 1, 0, 0],
        ("general", None): [1, 1, 1, 1, 0, 0, 1, 0],
        ("other", None): [1, 2, 1, 1, 0, 0, 0, 1],
        ("specific", "bn"): [2, 1, 1, 2, 1, 0, 0, 1],
        ("related", "bn"): [0] * 8,
        ("specific", "en"): [1, 1, 1, 1, 1, 0, 0, 0],
        ("related", "en"): [1, 1, 1, 1, 0, 1, 0, 0],
        ("specific", "sw"): [0] * 8,
        ("related", "sw"): [1, 1, 1, 1, 0, 1, 0, 0],
    }


def test_it_is_one_of_bengali_letters_to_come(files):
    found = rows_at(read_table(files["types"], TOKEN_CLASSES), "next")
    assert found["specific", None] == [3, 3, 3, 3, 3, 0, 0, 0]
    assert found["specific", "bn"] == [2, 2, 2, 2, 2, 0, 0, 0]


def test_rows_say_how_many_tokens_they_rest_on_and_in_which_script(files):
    table = read_table(files["types"], TOKEN_CLASSES)
    assert table["reason"].isna().all()
    by_language = table.drop_duplicates(["position", "language"])
    names = ["position", "language", "tokens", "share"]
    assert by_language[names].to_numpy(na_value=None).tolist() == [
        ["input", None, 200 + 400 + 400, 1000 / 1200],
        ["input", "bn", 200, 0.5],
        ["input", "en", 400, 1],
        ["input", "sw", 400, 1],
        ["next", None, 150 + 399 + 399, 948 / 1200],
        ["next", "bn", 150, 0.375],
        ["next", "en", 399, 0.9975],
        ["next", "sw", 399, 0.9975],
    ]
    scripts = [None if one is None else list(one) for one in by_language["scripts"]]
    assert scripts == [None, ["Bangla"], ["Latin"], ["Latin"]] * 2
    facts = read_provenance(files["types"])
    assert (facts["method"], facts["parameters"], facts["seed"]) == ("ternary", PARAMETERS, 0)


def test_too_few_letters_of_one_language_type_nothing(tmp_path):
    files = write_token_class_case(tmp_path, class_counts(letters=99))
    table = read_table(files["types"], TOKEN_CLASSES)
    first, second = (table[table["position"] == position] for position in ("input", "next"))
    assert set(first["reason"]) == {"fewer than 100 tokens are letters of the own script: bn 99"}
    assert first[CHANGES[1:]].isna().all(axis=None)
    assert first["before"].tolist()[:4] == [3, 1, 1, 1]
    assert first["tokens"].tolist()[:4] == [99 + 400 + 400] * 4
    assert second["reason"].isna().all()
    assert second["kept"].notna().all()


def test_a_seed_draws_the_same_tokens_again(tmp_path, files):
    again = write_token_class_case(tmp_path, class_counts())
    first, second = (read_table(one["types"], TOKEN_CLASSES) for one in (files, again))
    assert first.equals(second)


def test_shares_of_tokens_by_class(files):
    table = read_table(files["tokens"], TOKEN_SHARES)
    assert len(table) == len(THREE) * 11
    bn = table[(table["language"] == "bn") & (table["tokens"] > 0)]
    assert bn[["position", "class", "tokens", "share"]].to_numpy().tolist() == [
        ["input", "script letters", 200, 0.5],
        ["input", "byte fragments", 200, 0.5],
        ["next", "script letters", 150, 0.375],
        ["next", "byte fragments", 249, 0.6225],
        ["next", "end", 1, 0.0025],
    ]


# --- Planned, drawn, laid out ---


def test_models_that_are_run_have_the_artefact_the_figure_and_the_table():
    one = experiment()
    assert one.count_models == []
    targets = one.targets
    place = "aligned@10/sums/lape"
    assert f"results/token_classes/{place}.parquet" in targets["token_classes"]
    assert f"results/figures/token_classes/{place}.png" in targets["token_classes"]
    assert f"results/tables/types_by_token_class/{place}.csv" in targets["tables"]
    assert set(targets["token_classes"]) <= set(targets["all"])


def test_published_counts_have_none(tmp_path):
    for name in ("activation", "prefix.activation"):
        for language in CONFIG["languages"]:
            (tmp_path / f"{name}.{language}.M.pt").touch()
    models = {**CONFIG["models"], "published": {"counts": {"mgsm": str(tmp_path)}}}
    targets = experiment(models=models).targets
    assert "results/neurons/published/mgsm/lape.parquet" in targets["neurons"]
    assert not any("published" in file for file in targets["token_classes"])
    assert targets["token_classes"]


def test_the_rule_gets_the_method_and_the_seed():
    found = experiment().settings("type_by_token_class")(selection(method="lape"))
    assert found == {
        "method": "lape",
        "parameters": {"top_rate": 0.01, "threshold_quantile": 0.95},
        "languages": ["en", "de", "sw"],
        "seed": 0,
    }


def drawn(files):
    names = {"shares": "tokens", "types": "types", "summary": "summary"}
    return draw("token_classes", {name: files[file] for name, file in names.items()})


def test_the_figure_stacks_classes_and_shows_who_keeps_the_type(files):
    figure = drawn(files)
    _, _, classes, kept = figure.axes
    heights = [bar.get_height() for bar in classes.patches]
    # A class after the other, over bn, en and sw.
    assert heights == [0.5, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0.5, 0, 0]
    assert [bar.get_y() for bar in classes.patches][-3:] == [0.5, 1, 1]
    # specific, related and general: by the token read, then by the next one.
    assert [bar.get_height() for bar in kept.patches[:6]] == [2 / 3, 1, 1, 1, 1, 1]
    names = [label.get_text() for label in kept.get_xticklabels()]
    assert names == [f"{kind}\n(n\u00a0=\u00a0{n})" for kind, n in
                     (("specific", 3), ("related", 1), ("general", 1))]  # fmt: skip
    at_random = [line.get_segments() for line in kept.collections]
    assert [[segment[0][1] for segment in one] for one in at_random] == [[1, 1, 1], [1, 1, 1]]
    notes = figure.get_supxlabel().replace("\n", " ")
    assert notes.startswith("n = 400 response tokens a language, each by the class of the token")


def test_the_figure_says_why_nothing_is_typed(tmp_path):
    figure = drawn(write_token_class_case(tmp_path, class_counts(letters=99)))
    kept = figure.axes[3]
    assert [bar.get_height() for bar in kept.patches[:6]] == [0, 0, 0, 1, 1, 1]
    assert [len(line.get_segments()) for line in kept.collections] == [0, 3]
    notes = figure.get_supxlabel().replace("\n", " ")
    reason = "fewer than 100 tokens are letters of the own script: bn 99"
    assert f"No bars for the token read: {reason}." in notes


def test_the_table_has_both_positions_side_by_side(files):
    table = types_by_token_class.make(files["types"])
    assert table.columns.tolist() == TOKEN_CLASSES.names
    assert set(table["scripts"].dropna()) == {"Bangla", "Latin"}
    layout = types_by_token_class.lay_out(table, files["types"])
    rows = layout.cells.to_numpy().tolist()
    assert rows[0] == ["all languages", "specific", "3", "83.3%", "2", "66.7%", "100.0%",
                       "79.0%", "3", "100.0%", "100.0%"]  # fmt: skip
    assert rows[5] == ["Bengali (bn)", "related", "0", "50.0%", "0", "–", "–",
                       "37.5%", "0", "–", "–"]  # fmt: skip
    assert layout.notes[0].startswith("Method ternary. n: neurons that have the type")
    assert layout.notes[1:] == [
        "bn: each alone in its script; script and language cannot be told apart. en sw share Latin."
    ]


def test_the_table_says_why_nothing_is_typed(tmp_path):
    files = write_token_class_case(tmp_path, class_counts(letters=99))
    layout = types_by_token_class.lay_out(types_by_token_class.make(files["types"]), files["types"])
    assert layout.cells.to_numpy().tolist()[0][2:7] == ["3", "74.9%", "–", "–", "–"]
    assert layout.notes[2] == (
        "Read: nothing is typed, fewer than 100 tokens are letters of the own script: bn 99."
    )


# --- Scripts ---


def test_every_known_language_has_a_script():
    found = {language: scripts_of(language) for language in ENGLISH_NAMES}
    assert all(found.values())
    assert found["zh"] == ("Han",)
    assert found["ja"] == ("Han", "Hiragana", "Katakana")
    assert found["ko"] == ("Hangul", "Han")
    assert found["sh"] == found["tw"] == ("Latin",)  # known by other codes
    assert found["sr"] == ("Cyrillic",)  # the likelier of two


def test_who_shares_a_script_is_said():
    scripts = {name: scripts_of(name) for name in ("th", "zh", "bn", "ja", "en", "sw", "ru")}
    assert shared_scripts(scripts) == (
        "th bn ru: each alone in its script; script and language cannot be told apart. "
        "zh ja share Han. en sw share Latin."
    )
    assert shared_scripts({"en": ["Latin"], "sw": ["Latin"]}) == "en sw share Latin."
    assert shared_scripts({"zh": ["Han"], "en": ["Latin"]}).startswith("zh en: each alone")
