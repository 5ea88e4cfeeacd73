"""The paper's tables on small cases worked by hand."""

import pandas as pd
import pytest
from matplotlib.image import imread

from langneurons.artifacts.tables import write_table
from langneurons.comparison.accuracy import ACCURACY_CHANGE
from langneurons.comparison.changes import GROUPS
from langneurons.comparison.positions import OVERLAP
from langneurons.errors import InputError
from langneurons.responses.accuracy import ACCURACY
from langneurons.tables import (
    accuracy,
    accuracy_change,
    overlap,
    pivot_language,
    trained_languages,
    trained_languages_together,
)
from langneurons.tables.frame import write_paper_table

MODELS = {"before": "base", "after": "aligned"}


#: Language → specific and related neurons before and after.
NUMBERS = {"en": (2, 1, 8, 10), "de": (10, 7, 20, 26), "zh": (20, 12, 30, 32)}


def groups_table(path, trained, models=MODELS):
    """The groups of three languages, with English as the pivot; intervals are ±3 a group."""
    groups = {
        "pivot": ["en"],
        "rest": ["de", "zh"],
        "trained": [name for name in NUMBERS if name in trained],
        "other": [name for name in NUMBERS if name not in trained],
    }
    rows = []
    for group, members in groups.items():
        sums = [sum(NUMBERS[name][i] for name in members) for i in range(4)] if members else []
        for kind, pair in (("specific", sums[:2]), ("related", sums[2:])):
            if members:
                before, after = pair
                change = after - before
                ends = (change - 3, change + 3)
                facts = (group, len(members), members, kind, before, after, change, *ends)
                rows.append((*facts, abs(change) > 3, 0))
    write_table(pd.DataFrame(rows, columns=GROUPS.names), path, GROUPS, models)
    return path


def overlap_table(path, first, second):
    rows = [
        (first, second, "specific", 10, 8, 4, 0.4, 0.25, 0.55, 4 / 14, 0.08, 0.5),
        (first, second, "related", 0, 3, 0, None, None, None, 0.0, None, None),
        (first, second, "general", 5, 5, 5, 1.0, 0.9, 1.1, 1.0, 0.05, 0.8),
        (first, second, "other", 85, 84, 80, 80 / 85, None, None, 80 / 89, 0.84, 0.9),
    ]
    write_table(pd.DataFrame(rows, columns=OVERLAP.names), path, OVERLAP, MODELS)
    return path


def accuracy_table(path, model, counts):
    """``counts``: language → responses, number right, language right, without words, both."""
    rows = [
        (language, *numbers, numbers[4] / numbers[0] if numbers[0] else None, None, None)
        for language, numbers in counts.items()
    ]
    write_table(pd.DataFrame(rows, columns=ACCURACY.names), path, ACCURACY, {"model": model})
    return path


def change_table(path, after, rows):
    table = pd.DataFrame(rows, columns=ACCURACY_CHANGE.names)
    write_table(table, path, ACCURACY_CHANGE, {"control": None, **MODELS, "after": after})
    return path


def rows_of(table):
    return [tuple(row) for row in table.itertuples(index=False)]


def test_table2_takes_means_over_trained_and_over_other_languages(tmp_path):
    table = trained_languages.make(groups_table(tmp_path / "groups", trained=["de", "zh"]))
    # Trained: (10 + 20) / 2 = 15 and (7 + 12) / 2 = 9.5; (20 + 30) / 2 = 25, (26 + 32) / 2 = 29.
    # The interval of the sum, −11 ± 3, is halved too.
    assert rows_of(table) == [
        ("trained", 2, "de zh", "specific", 15, 9.5, -5.5, -7, -4, True),
        ("trained", 2, "de zh", "related", 25, 29, 4, 2.5, 5.5, True),
        ("other", 1, "en", "specific", 2, 1, -1, -4, 2, False),
        ("other", 1, "en", "related", 8, 10, 2, -1, 5, False),
    ]


@pytest.mark.parametrize(("trained", "group"), [([], "other"), (["en", "de", "zh"], "trained")])
def test_table2_has_no_row_for_a_group_without_a_language(trained, group, tmp_path):
    table = trained_languages.make(groups_table(tmp_path / "groups", trained))
    assert table["group"].tolist() == [group, group]
    assert table["n_languages"].tolist() == [3, 3]
    assert table["before"].tolist() == pytest.approx([32 / 3, 58 / 3])


def test_table2_of_several_comparisons_names_each(tmp_path):
    paths = [
        groups_table(tmp_path / after, trained, {"before": "base", "after": after})
        for after, trained in {"de-zh": ["de", "zh"], "zh": ["zh"]}.items()
    ]
    table = trained_languages_together.make(paths)
    assert table.columns[:4].tolist() == ["before_model", "after_model", "group", "n_languages"]
    assert rows_of(table)[0] == ("base", "de-zh", "trained", 2, "de zh", "specific", 15, 9.5, -5.5,
                                  -7, -4, True)  # fmt: skip
    # Trained on Chinese only, the others are English and German: (2 + 10) / 2 and (1 + 7) / 2.
    assert rows_of(table)[4] == ("base", "zh", "trained", 1, "zh", "specific", 20, 12, -8,
                                  -11, -5, True)  # fmt: skip
    assert rows_of(table)[6] == ("base", "zh", "other", 2, "en de", "specific", 6, 4, -2,
                                  -3.5, -0.5, True)  # fmt: skip
    layout = trained_languages_together.lay_out(table, groups=paths)
    assert layout.cells["models"].tolist() == ["base → de-zh"] * 4 + ["base → zh"] * 4
    assert layout.notes[1:] == [
        "de-zh was trained on German, Chinese.",
        "zh was trained on Chinese.",
    ]


def test_table3_sets_the_pivot_against_the_rest(tmp_path):
    table = pivot_language.make(groups_table(tmp_path / "groups", trained=["zh"]))
    assert rows_of(table) == [
        ("pivot", 1, "en", "specific", 2, 1, -1, -4, 2, False),
        ("pivot", 1, "en", "related", 8, 10, 2, -1, 5, False),
        ("rest", 2, "de zh", "specific", 15, 9.5, -5.5, -7, -4, True),
        ("rest", 2, "de zh", "related", 25, 29, 4, 2.5, 5.5, True),
    ]


def test_table4_joins_artefacts_and_leaves_out_the_untyped(tmp_path):
    paths = [
        overlap_table(tmp_path / "models", "base", "aligned"),
        overlap_table(tmp_path / "datasets", "mgsm", "msvamp"),
    ]
    table = overlap.make(*paths)
    assert table.columns.tolist() == OVERLAP.names
    assert table["first"].tolist() == ["base"] * 3 + ["mgsm"] * 3
    assert table["type"].tolist() == ["specific", "related", "general"] * 2
    assert table["overlap"][0] == 0.4
    assert pd.isna(table["overlap"][1])


def test_table4_sets_overlap_beside_chance_and_beside_halves_of_the_texts(tmp_path):
    table = overlap.make(overlap_table(tmp_path / "models", "base", "aligned"))
    layout = overlap.lay_out(table)
    assert layout.cells.columns[6:].tolist() == [
        "|A∩B| / |A|", "95 %", "by chance", "Jaccard", "A, halves",
    ]  # fmt: skip
    assert rows_of(layout.cells)[0][6:] == ("40.0%", "25.0%–55.0%", "8.0%", "28.6%", "50.0%")
    assert rows_of(layout.cells)[1][6:] == ("–", "", "–", "0.0%", "–")
    # Between data sets there are no halves.
    bare = overlap.lay_out(table.assign(ceiling=None))
    assert "A, halves" not in bare.cells
    assert not any("halves" in note for note in bare.notes)


@pytest.mark.parametrize("datasets", [None, []])
def test_table4_of_a_model_with_one_dataset_is_of_the_comparison_alone(datasets, tmp_path):
    table = overlap.make(overlap_table(tmp_path / "models", "base", "aligned"), datasets)
    assert table["first"].tolist() == ["base"] * 3


def test_table1_has_every_model_by_language_and_the_mean_of_the_languages(tmp_path):
    paths = [
        accuracy_table(tmp_path / "1", "base", {"en": (10, 9, 10, 0, 9), "zh": (20, 6, 10, 5, 4)}),
        accuracy_table(tmp_path / "2", "new", {"en": (10, 8, 10, 0, 8), "zh": (0, 0, 0, 0, 0)}),
    ]
    table = accuracy.make(paths)
    assert table.columns.tolist() == ["model", *ACCURACY.names]
    assert rows_of(table[table.columns[:7]]) == [
        ("base", "en", 10, 9, 10, 0, 9),
        ("base", "zh", 20, 6, 10, 5, 4),
        ("base", "mean", 30, 15, 20, 5, 13),
        ("new", "en", 10, 8, 10, 0, 8),
        ("new", "zh", 0, 0, 0, 0, 0),
        ("new", "mean", 10, 8, 10, 0, 8),
    ]
    # The mean is over languages, not over responses: (9 / 10 + 4 / 20) / 2.
    assert table["accuracy"].tolist()[:4] == pytest.approx([0.9, 0.2, 0.55, 0.8])
    layout = accuracy.lay_out(table, accuracies=paths)
    # Number right: (9 / 10 + 6 / 20) / 2; language right: (10 / 10 + 10 / 20) / 2; no words:
    # (0 / 10 + 5 / 20) / 2.
    assert layout.cells.to_dict("records") == [
        {
            "model": "base", "English": "90.0", "Chinese": "20.0", "mean": "55.0",
            "number right": "60.0", "language right": "75.0", "no words": "12.5",
        },
        {
            "model": "new", "English": "80.0", "Chinese": "–", "mean": "80.0",
            "number right": "80.0", "language right": "100.0", "no words": "0.0",
        },
    ]  # fmt: skip
    assert layout.notes[-1] == "n = 0–20 responses a model and language."


def spontaneous(folder):
    """Two alignments of one base: on Chinese, and on English and Chinese, which leaves none."""
    zh = [
        ("other", "en", 4, 0.75, 0.5, -0.25, -0.5, 0.0),
        ("trained", "zh", 4, 0.25, 0.75, 0.5, 0.25, 0.75),
        ("trained", None, 4, 0.25, 0.75, 0.5, 0.25, 0.75),
        ("other", None, 4, 0.75, 0.5, -0.25, -0.5, 0.0),
        ("all", None, 8, 0.5, 0.625, 0.125, -0.125, 0.375),
    ]
    both = [
        ("trained", "en", 4, 0.75, 1.0, 0.25, None, None),
        ("trained", "zh", 4, 0.25, 0.25, 0.0, None, None),
        ("trained", None, 8, 0.5, 0.625, 0.125, None, None),
        ("all", None, 8, 0.5, 0.625, 0.125, None, None),
    ]
    alignments = {"zh": zh, "both": both}
    return [change_table(folder / after, after, rows) for after, rows in alignments.items()]


def test_table5_sets_each_alignment_under_its_base_and_marks_what_it_trained_on(tmp_path):
    paths = spontaneous(tmp_path)
    table = accuracy_change.make(paths)
    assert table.columns.tolist() == [
        "before_model",
        "after_model",
        "control",
        *ACCURACY_CHANGE.names,
    ]
    assert table["after_model"].tolist() == ["zh"] * 5 + ["both"] * 4
    layout = accuracy_change.lay_out(table, changes=paths)
    columns = ["model", "", "English", "Chinese", "trained", "other", "all"]
    assert layout.cells.columns.tolist() == columns
    assert rows_of(layout.cells) == [
        ("base", "accuracy", "75.0", "25.0", "", "", "50.0"),
        ("zh", "accuracy", "50.0", "• 75.0", "75.0", "50.0", "62.5"),
        ("zh", "change", "−25.0", "+50.0", "+50.0", "−25.0", "+12.5"),
        ("zh", "95 % interval", "−50.0, 0.0", "+25.0, +75.0", "+25.0, +75.0", "−50.0, 0.0",
         "−12.5, +37.5"),
        ("both", "accuracy", "• 100.0", "• 25.0", "62.5", "–", "62.5"),
        ("both", "change", "+25.0", "0.0", "+12.5", "–", "+12.5"),
        ("both", "95 % interval", "–", "–", "–", "–", "–"),
    ]  # fmt: skip
    assert layout.notes[-1] == "n = 4 problems a language."


def test_table5_is_written(tmp_path):
    outputs = {kind: tmp_path / f"out.{kind}" for kind in ("csv", "png", "pdf")}
    inputs = {"changes": spontaneous(tmp_path)}
    write_paper_table("accuracy_change", inputs, outputs, "Tiny on MGSM", {"dpi": 60})
    lines = outputs["csv"].read_text().splitlines()
    assert lines[2] == "base,zh,,trained,zh,4,0.25,0.75,0.5,0.25,0.75"
    assert lines[3] == "base,zh,,trained,,4,0.25,0.75,0.5,0.25,0.75"
    assert b"Alignment and accuracy: Tiny on MGSM." in description(outputs["png"])


@pytest.mark.parametrize("name", ["trained_languages", "overlap"])
def test_a_table_is_written_as_equal_csvs_and_a_figure(name, tmp_path):
    if name == "trained_languages":
        inputs = {"groups": groups_table(tmp_path / "groups", trained=[])}
    else:
        models = ("base", "a-model-with-a-name-" * 5)
        inputs = {"overlap": overlap_table(tmp_path / "overlap", *models), "datasets": []}
    runs = []
    for run in ("one", "two"):
        kinds = {"csv": "table.csv", "figure_csv": "copy.csv", "png": "f.png", "pdf": "f.pdf"}
        outputs = {kind: tmp_path / run / file for kind, file in kinds.items()}
        write_paper_table(name, inputs, outputs, "Tiny on MGSM", {"dpi": 60})
        runs.append({kind: output.read_bytes() for kind, output in outputs.items()})
    assert runs[0] == runs[1]
    assert runs[0]["csv"] == runs[0]["figure_csv"]
    assert runs[0]["pdf"].startswith(b"%PDF-")
    assert imread(tmp_path / "one" / "f.png").std() > 0.01
    lines = runs[0]["csv"].decode().splitlines()
    if name == "trained_languages":
        assert (
            lines[0]
            == "group,n_languages,languages,type,before,after,change,change_low,change_high,changed"
        )
        assert len(lines) == 3
        # The absent group is said to be absent.
        assert b"Trained: no language" in description(tmp_path / "one" / "f.png")
    else:
        assert lines[0] == ",".join(OVERLAP.names)
        assert lines[2].endswith("related,0,3,0,,,,0.0,,")


def description(path):
    from PIL import Image

    with Image.open(path) as image:
        return image.text["Description"].encode()


def test_nothing_is_written_for_a_bad_colour(tmp_path):
    inputs = {"groups": groups_table(tmp_path / "groups", trained=["zh"])}
    outputs = {"csv": tmp_path / "out" / "t.csv"}
    style = {"colours": {"general": "grene"}}
    with pytest.raises(InputError, match=r"^figures\.colours\.general: "):
        write_paper_table("trained_languages", inputs, outputs, "Tiny", style)
    assert not (tmp_path / "out").exists()
