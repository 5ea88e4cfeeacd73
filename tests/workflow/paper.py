"""The paper's experiment, which can be planned here but not run."""

from pathlib import Path

import yaml
from project import Project
from shared_data import shared


def paper_project(folder: Path) -> Project:
    """Return a project whose ``config/paper.yaml`` finds its data; skip the test without them."""
    project = Project(folder)
    path = project.folder / "config/paper.yaml"
    config = yaml.safe_load(path.read_text())
    for name, dataset in config["datasets"].items():
        dataset["path"] = str(shared(name))
    questions = project.folder / "numglue"
    questions.mkdir()
    for language in config["languages"]:
        (questions / f"{language}.jsonl").touch()
    config["alignment"]["questions"]["path"] = str(questions / "{language}.jsonl")
    path.write_text(yaml.safe_dump(config))
    return project
