"""Tables 2 to 4 on small cases worked by hand."""

import pandas as pd
import pytest
from matplotlib.image import imread

from langneurons.artifacts import write_table
from langneurons.comparison.changes import LANGUAGES
from langneurons.comparison.positions import OVERLAP
from langneurons.errors import InputError
from langneurons.paper_tables import table2, table3, table4, write_paper_table

MODELS = {"before": "base", "after": "aligned"}


def languages_table(path, trained):
    """Three languages; specific and related neurons before and after."""
    numbers = {"en": (2, 1, 8, 10), "de": (10, 7, 20, 26), "zh": (20, 12, 30, 32)}
    rows = []
    for language, (before, after, related_before, related_after) in numbers.items():
        flags = (language, language == "en", language in trained)
        rows.append((*flags, "specific", before, after, after - before))
        rows.append(
            (*flags, "related", related_before, related_after, related_after - related_before)
        )
    write_table(pd.DataFrame(rows, columns=LANGUAGES.names), path, LANGUAGES, MODELS)
    return path


def overlap_table(path, first, second):
    rows = [
        (first, second, "specific", 10, 8, 4, 0.4, 4 / 14),
        (first, second, "related", 0, 3, 0, None, 0.0),
        (first, second, "general", 5, 5, 5, 1.0, 1.0),
        (first, second, "other", 85, 84, 80, 80 / 85, 80 / 89),
    ]
    write_table(pd.DataFrame(rows, columns=OVERLAP.names), path, OVERLAP, MODELS)
    return path


def rows_of(table):
    return [tuple(row) for row in table.itertuples(index=False)]


def test_table2_takes_means_over_trained_and_over_other_languages(tmp_path):
    table = table2(languages_table(tmp_path / "languages", trained=["de", "zh"]))
    # Trained: (10 + 20) / 2 = 15 and (7 + 12) / 2 = 9.5; (20 + 30) / 2 = 25, (26 + 32) / 2 = 29.
    assert rows_of(table) == [
        ("trained", 2, "de zh", "specific", 15, 9.5, -5.5),
        ("trained", 2, "de zh", "related", 25, 29, 4),
        ("other", 1, "en", "specific", 2, 1, -1),
        ("other", 1, "en", "related", 8, 10, 2),
    ]


@pytest.mark.parametrize(("trained", "group"), [([], "other"), (["en", "de", "zh"], "trained")])
def test_table2_has_no_row_for_a_group_without_a_language(trained, group, tmp_path):
    table = table2(languages_table(tmp_path / "languages", trained))
    assert table["group"].tolist() == [group, group]
    assert table["n_languages"].tolist() == [3, 3]
    assert table["before"].tolist() == pytest.approx([32 / 3, 58 / 3])


def test_table3_sets_the_pivot_against_the_rest(tmp_path):
    table = table3(languages_table(tmp_path / "languages", trained=["zh"]))
    assert rows_of(table) == [
        ("pivot", 1, "en", "specific", 2, 1, -1),
        ("pivot", 1, "en", "related", 8, 10, 2),
        ("rest", 2, "de zh", "specific", 15, 9.5, -5.5),
        ("rest", 2, "de zh", "related", 25, 29, 4),
    ]


def test_table4_joins_artefacts_and_leaves_out_the_untyped(tmp_path):
    paths = [
        overlap_table(tmp_path / "models", "base", "aligned"),
        overlap_table(tmp_path / "datasets", "mgsm", "msvamp"),
    ]
    table = table4(paths)
    assert table.columns.tolist() == OVERLAP.names
    assert table["first"].tolist() == ["base"] * 3 + ["mgsm"] * 3
    assert table["type"].tolist() == ["specific", "related", "general"] * 2
    assert table["overlap"][0] == 0.4
    assert pd.isna(table["overlap"][1])


@pytest.mark.parametrize("name", ["table2", "table4"])
def test_a_table_is_written_as_equal_csvs_and_a_figure(name, tmp_path):
    if name == "table2":
        path = languages_table(tmp_path / "languages", trained=[])
    else:
        path = overlap_table(tmp_path / "overlap", "base", "a-model-with-a-name-" * 5)
    runs = []
    for run in ("one", "two"):
        kinds = {"csv": "table.csv", "figure_csv": "copy.csv", "png": "f.png", "pdf": "f.pdf"}
        outputs = {kind: tmp_path / run / file for kind, file in kinds.items()}
        write_paper_table(name, [path], outputs, "Tiny on MGSM", {"dpi": 60})
        runs.append({kind: output.read_bytes() for kind, output in outputs.items()})
    assert runs[0] == runs[1]
    assert runs[0]["csv"] == runs[0]["figure_csv"]
    assert runs[0]["pdf"].startswith(b"%PDF-")
    assert imread(tmp_path / "one" / "f.png").std() > 0.01
    lines = runs[0]["csv"].decode().splitlines()
    if name == "table2":
        assert lines[0] == "group,n_languages,languages,type,before,after,change"
        assert len(lines) == 3
        # The absent group is said to be absent.
        assert b"Trained: no language" in description(tmp_path / "one" / "f.png")
    else:
        assert lines[0] == "first,second,type,n_first,n_second,n_both,overlap,jaccard"
        assert lines[2].endswith("related,0,3,0,,0.0")


def description(path):
    from PIL import Image

    with Image.open(path) as image:
        return image.text["Description"].encode()


def test_nothing_is_written_for_a_bad_colour(tmp_path):
    path = languages_table(tmp_path / "languages", trained=["zh"])
    outputs = {"csv": tmp_path / "out" / "t.csv"}
    with pytest.raises(InputError, match=r"^figures\.colours\.general: "):
        write_paper_table("table2", [path], outputs, "Tiny", {"colours": {"general": "grene"}})
    assert not (tmp_path / "out").exists()
