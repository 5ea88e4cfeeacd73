"""A new figure is one file; a new method is one file; the workflow is a module of another one."""

import pandas as pd
import yaml
from project import WHOLE_CONFIG, Project

FIGURE = '''
"""A toy: neurons of each type of one model."""

from pathlib import Path

from langneurons.figures.declaration import Declaration
from langneurons.figures.frame import Page
from langneurons.neurons.table import read_summary

FIGURE = Declaration(
    heading="Toy",
    per="selection",
    reads={"summary": "summary"},
    paper="figure99",
)


def draw(page: Page, summary: Path) -> None:
    """Draw a bar for each type."""
    facts = read_summary(summary)
    page.note(f"n = {facts['specific']} specific neurons.")
    axes = page.panels(3.5, 2)
    axes.bar(["specific", "related"], [facts["specific"], facts["related"]])
'''
METHOD = '''
"""A toy: the neurons of the highest peak probability."""

import numpy as np

from langneurons.neurons.methods.declaration import Method, Parameter
from langneurons.neurons.methods.selection import Selection, activity_threshold, lowest

METHOD = Method(
    about="A toy",
    related=True,
    parameters={"top_rate": Parameter(0.2, "share that is selected", above=0, below=1)},
)


def select(probabilities: np.ndarray, top_rate: float) -> Selection:
    score = -probabilities.max(axis=-1)
    number = round(top_rate * score.size)
    threshold = activity_threshold(probabilities, 0.9)
    facts = {"top_rate": top_rate, "threshold_quantile": 0.9}
    return Selection(score, lowest(score, number), threshold, facts)
'''


def test_a_figure_in_one_file_gets_its_target_and_pictures(finished: Project):
    path = finished.folder / "src/langneurons/figures/toy.py"
    path.write_text(FIGURE)
    try:
        assert finished.drawn() == {"toy": 10}, "5 models × 2 methods, and nothing else again"
        assert finished.drawn("figure99") == {"toy": 10}
        place = "results/figures/toy/base/sums/ternary"
        finished.run(f"{place}.png")
        for suffix in (".png", ".pdf"):
            assert (finished.folder / f"{place}{suffix}").stat().st_size > 1000
    finally:
        path.unlink()


def test_a_method_in_one_file_types_neurons(finished: Project):
    path = finished.folder / "src/langneurons/neurons/methods/toy.py"
    path.write_text(METHOD)
    neurons = {**WHOLE_CONFIG["neurons"], "toy": {"top_rate": 0.1}}
    finished.write_config({**WHOLE_CONFIG, "neurons": neurons})
    try:
        neurons_of_base = "results/neurons/base/sums/toy.parquet"
        assert finished.planned("neurons") == {"type_neurons": 5}
        finished.run(neurons_of_base)
        table = pd.read_parquet(finished.folder / neurons_of_base)
        assert table["selected"].sum() == round(0.1 * len(table))
        neurons["toy"] = {"top_rate": 2}
        finished.write_config({**WHOLE_CONFIG, "neurons": neurons})
        output = finished.run("--dry-run", fails=True)
        assert "neurons.toy.top_rate: found 2, expected a number below 1" in output
    finally:
        path.unlink()
        finished.write_config(WHOLE_CONFIG)


def test_the_workflow_is_a_module_of_another_one(finished: Project, tmp_path):
    """From another working directory, under other names of its rules."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({**WHOLE_CONFIG, "figures": {"dpi": 61}}))
    for name in ("data", "resources"):
        (tmp_path / name).symlink_to(finished.folder / name)
    snakefile = finished.folder / "workflow/Snakefile"
    (tmp_path / "Snakefile").write_text(f'''
configfile: "config.yaml"

module langneurons:
    snakefile: "{snakefile}"
    config: config

use rule * from langneurons as langneurons_*

rule mine:
    default_target: True
    input: rules.langneurons_all.input
''')
    planned = finished.planned("--directory", str(tmp_path), "--snakefile",
                               str(tmp_path / "Snakefile"))  # fmt: skip
    assert planned["langneurons_type_neurons"] == 5 * 2
    assert planned["langneurons_draw_figure"] > 30
    planned = finished.planned("--directory", str(tmp_path), "--snakefile",
                               str(tmp_path / "Snakefile"), "langneurons_figure3")  # fmt: skip
    assert planned["langneurons_draw_figure"] == 5 * 2
    assert not (tmp_path / "results").exists()
