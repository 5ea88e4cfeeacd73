"""Figures: their files come whole, equal on a second run, and captioned."""

import inspect
import os
import subprocess
import sys
import textwrap
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from figure_cases import LANGUAGES, accuracies
from matplotlib.figure import Figure
from matplotlib.image import imread
from phase_cases import write_phase_artefacts

from langneurons.activations.counts import Counts, write_counts, write_probabilities
from langneurons.alignment.schema import TRAINING
from langneurons.artifacts.tables import write_table
from langneurons.comparison.tables import write_comparison
from langneurons.errors import InputError
from langneurons.figures.frame import draw_figure, render
from langneurons.figures.style import read_style
from langneurons.neurons.sensitivity import write_sensitivity
from langneurons.neurons.stability import write_stability
from langneurons.neurons.table import write_neurons
from langneurons.responses.accuracy import ACCURACY

PARAMETERS = {"top_rate": 0.1, "threshold_quantile": 0.8, "lambda_": None}
STYLE = {"dpi": 60}


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory):
    """Artefacts of two random models of 5 layers × 40 neurons, over 3 languages."""
    folder = tmp_path_factory.mktemp("artefacts")
    random = np.random.default_rng(0)
    for name in ("before", "after"):
        active = random.integers(0, 50, (3, 1, 5, 40))
        paths = [folder / f"{name}.{part}" for part in ("counts", "probabilities", "neurons")]
        write_counts(Counts(active, np.full((3, 1), 50), tuple(LANGUAGES)), paths[0], {})
        write_probabilities(paths[0], paths[1], LANGUAGES)
        summary = folder / f"{name}.summary"
        write_neurons(paths[1], paths[2], summary, "ternary", PARAMETERS, LANGUAGES)
        varied = ({"top_rate": [0.2], "lambda_": [0.0]}, {"lambda_": [0.5]})
        output = folder / f"{name}.sensitivity"
        write_sensitivity(paths[1], output, "ternary", PARAMETERS, *varied, LANGUAGES)
    active = random.integers(0, 50, (3, 12, 5, 40))
    write_counts(Counts(active, np.full((3, 12), 50), tuple(LANGUAGES)), folder / "folds", {})
    outputs = {name: folder / f"before.{name}" for name in ("stability", "certainty", "draws")}
    write_stability(folder / "folds", outputs, "ternary", PARAMETERS, LANGUAGES, 20, 0, 1)
    before = [folder / f"before.{part}" for part in ("neurons", "summary", "counts")]
    outputs = write_phase_artefacts(folder, *before, 4, PARAMETERS)
    parts = ("totals", "layers", "sharing", "phases", "languages", "language_draws", "groups")
    for name, control in (("change", None), ("control", "shuffled")):
        write_comparison(
            folder / "before.counts",
            folder / "after.counts",
            outputs["phases"],
            {part: folder / f"{name}.{part}" for part in (*parts, "overlap", "transitions")},
            LANGUAGES,
            "en",
            ["de"],
            ("base", "aligned"),
            "ternary",
            PARAMETERS,
            "common",
            {"replicates": 20, "seed": 0, "design_effect": 1},
            control,
        )
    for model in ("base", "aligned"):
        write_table(accuracies(), folder / f"{model}.accuracy", ACCURACY, {"model": model})
    write_table(training(), folder / "training", TRAINING, {"train_pairs": 12, "dev_pairs": 3})
    return folder


def training():
    rows = [(0, "dev", 0.7, 0.0, None), (5, "train", 0.6, 0.1, 0.8), (9, "dev", 0.5, 0.2, 1.0)]
    return pd.DataFrame(rows, columns=TRAINING.names)


#: What figures read → the files of `artefacts`.
FILES = {
    "neurons": "before.neurons",
    "probabilities": "before.probabilities",
    "summary": "before.summary",
    "phases": "phases.parquet",
    "phases of before": "phases.parquet",
    "phase_layers": "layers.parquet",
    "layer_change": "change.layers",
    "sharing_change": "change.sharing",
    "layer_change of controls": ["control.layers"],
    "sharing_change of controls": ["control.sharing"],
    "language_change": "change.languages",
    "transitions": "change.transitions",
    "summary of models": ["before.summary", "after.summary"],
    "accuracy of models": ["base.accuracy", "aligned.accuracy"],
    "training": "training",
    "stability": "before.stability",
    "certainty": "before.certainty",
    "sensitivity": "before.sensitivity",
}


def declaration(name):
    return import_module(f"langneurons.figures.{name}").FIGURE


def inputs(name, folder):
    """The artefacts that a figure declares, of an alignment with one checkpoint."""
    figure, paths = declaration(name), {}
    for argument, artefact in figure.reads.items():
        files = FILES[artefact]
        if figure.per == "course" and artefact.endswith("_change"):
            files = [files]
        one = isinstance(files, str)
        paths[argument] = folder / files if one else [folder / file for file in files]
    return paths


def draw(name, folder, outputs, title="Tiny on MGSM", style=STYLE):
    """Draw a figure of the module's artefacts by its name."""
    values = {"steps": [0, 60]} if declaration(name).per == "course" else {}
    draw_figure(name, inputs(name, folder), outputs, title, style, values)


FIGURES = [
    "layer_distribution",
    "sensitivity",
    "layer_change",
    "sharing_change",
    "sharing_counts",
    "transitions",
    "language_sharing",
    "stability",
    "probability_profiles",
    "accuracy",
    "alignment_training",
    "layer_dynamics",
    "sharing_dynamics",
    "type_dynamics",
]
#: What the caption of a figure says that is not about neurons.
SAYS = {
    "accuracy": "n = 0–10 responses a model and language. 2 of all have numbers",
    "alignment_training": "n = 12 train and 3 dev pairs.",
}


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_drawn_from_what_it_declares(name):
    figure = declaration(name)
    arguments = inspect.signature(import_module(f"langneurons.figures.{name}").draw).parameters
    facts = {"steps"} if figure.per == "course" else set()
    assert set(arguments) == {"page", *figure.reads, *facts}
    assert set(vars(figure)["values"]) == facts


def test_the_title_stands_above_the_panels_and_the_notes_below(artefacts):
    page = render("transitions", inputs("transitions", artefacts), "Tiny on MGSM", STYLE)
    assert page.figure.get_suptitle() == "Types before and after: Tiny on MGSM"
    assert page.notes[0] == "Cells: neurons, and their share of the row's type before."
    assert page.figure.get_supxlabel().replace("\n", " ") == " ".join(page.notes)


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_a_captioned_png_and_pdf_of_equal_bytes_on_a_second_run(
    name, artefacts, tmp_path
):
    first, second = (
        {kind: tmp_path / f"{run}.{kind}" for kind in ("png", "pdf")} for run in ("one", "two")
    )
    draw(name, artefacts, first)
    draw(name, artefacts, second)

    assert imread(first["png"]).std() > 0.01  # it decodes, and is not one colour
    pdf = first["pdf"].read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert b"CreationDate" not in pdf
    for kind in ("png", "pdf"):
        assert first[kind].read_bytes() == second[kind].read_bytes()
    caption = png_description(first["png"])
    assert "Tiny on MGSM." in caption
    assert name in SAYS or "τ = 0." in caption
    assert SAYS.get(name, "n = 200 neurons") in caption
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "one.pdf",
        "one.png",
        "two.pdf",
        "two.png",
    ]


def png_description(path):
    from PIL import Image

    with Image.open(path) as image:
        return image.text["Description"]


def test_bytes_do_not_depend_on_the_process(artefacts, tmp_path):
    script = """
        import sys
        from langneurons.figures.frame import draw_figure
        folder, out = sys.argv[1:]
        files = {"phases": "phases.parquet", "layers": "layers.parquet"}
        files |= {"summary": "before.summary", "certainty": "before.certainty"}
        draw_figure(
            "layer_distribution",
            {name: f"{folder}/{file}" for name, file in files.items()},
            {"png": f"{out}.png", "pdf": f"{out}.pdf"},
            "Tiny on MGSM",
            {"dpi": 60},
        )
        assert "matplotlib.pyplot" not in sys.modules
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(artefacts), str(tmp_path / "other")],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": "1000000000"},
    )
    here = {kind: tmp_path / f"here.{kind}" for kind in ("png", "pdf")}
    draw("layer_distribution", artefacts, here)
    for kind, path in here.items():
        assert path.read_bytes() == (tmp_path / f"other.{kind}").read_bytes()


def test_nothing_is_left_where_drawing_fails_halfway(artefacts, tmp_path, monkeypatch):
    whole = Figure.savefig

    def savefig(self, path, **options):
        if str(path).endswith(".pdf"):
            raise OSError("No space left on device")
        whole(self, path, **options)

    monkeypatch.setattr(Figure, "savefig", savefig)
    with pytest.raises(OSError, match="No space left"):
        draw("transitions", artefacts, {kind: tmp_path / f"f.{kind}" for kind in ("png", "pdf")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("style", "key"),
    [
        ({"colours": {"specfic": "#0072B2"}}, "figures.colours.specfic"),
        ({"colours": {"related": "blu"}}, "figures.colours.related"),
        ({"dpi": 0}, "figures.dpi"),
        ({"dpi": "200"}, "figures.dpi"),
        ({"colors": {}}, "figures.colors"),
    ],
)
def test_a_wrong_style_is_refused_by_its_key_before_anything_is_drawn(
    style, key, artefacts, tmp_path
):
    with pytest.raises(InputError, match=f"^{key}: "):
        draw("transitions", artefacts, {"png": tmp_path / "f.png"}, style=style)


def test_configured_colours_replace_the_defaults():
    look = read_style({"colours": {"specific": "black"}, "dpi": 300})
    assert (look.colours["specific"], look.colours["general"]) == ("black", "#009E73")
    assert look.dpi == 300


def test_accuracy_of_no_model_is_refused():
    with pytest.raises(InputError, match="no model given"):
        render("accuracy", {"accuracies": []}, "MGSM", STYLE)


@pytest.mark.parametrize(("changes", "steps"), [(0, [0]), (1, [0]), (1, [0, 60, 90])])
def test_comparisons_summaries_and_steps_of_an_alignment_must_fit(changes, steps, artefacts):
    summaries = [artefacts / "before.summary", artefacts / "after.summary"][: changes + 1]
    paths = {"changes": [artefacts / "change.sharing"] * changes, "summaries": summaries}
    with pytest.raises(InputError, match=rf"{changes} comparisons, .* {len(steps)} steps"):
        render("sharing_dynamics", paths, "Tiny", STYLE, {"steps": steps})


def test_training_without_a_step_is_refused(tmp_path):
    write_table(TRAINING.empty_table(), tmp_path / "training", TRAINING)
    with pytest.raises(InputError, match="training: no row"):
        render("alignment_training", {"training": tmp_path / "training"}, "A", STYLE)
