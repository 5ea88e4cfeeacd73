"""A copy of the workflow in a folder of its own, in which tests run Snakemake for real."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml
from loaded_snakemake import snakemake

ROOT = Path(__file__).parents[2]
TREE = ("Snakefile", "workflow", "src", "profiles", "config", "envs")
LANGUAGES = ["en", "de", "sw"]

#: Two tiny random models on a handful of problems: every stage runs, in seconds.
TINY_CONFIG = {
    "languages": LANGUAGES,
    "datasets": {
        "sums": {
            "format": "table",
            "path": "data/{language}.jsonl",
            "columns": {"problem": "id", "question": "text", "answer": "label"},
        }
    },
    "prompt": "{query}\n",
    "models": {
        "base": {"path": "models/base"},
        "aligned": {"path": "models/aligned", "responses_from": "base"},
    },
    "comparisons": [{"before": "base", "after": "aligned", "trained": ["de"]}],
    "generation": {"max_new_tokens": 12, "batch_size": 8},
    "accuracy": {},
    "collection": {"empty_responses": "drop"},
    "neurons": {"ternary": {"top_rate": 0.2}, "lape": {"top_rate": 0.2}},
    "uncertainty": {"folds": 4, "replicates": 20},
    "figures": {"dpi": 60},
}
DEMO = Path("resources/demo")
#: Every stage at its smallest. The models are the demo's, since a random one gives no correct
#: response, and so nothing to align by.
WHOLE_CONFIG = {
    **TINY_CONFIG,
    "prompt": "### Instruction:\n{query}\n\n### Response:\n",
    "models": {
        "base": {"path": str(DEMO / "base")},
        "aligned": {
            "align": {"from": "base", "languages": ["de"], "checkpoints": [2]},
            "responses_from": "base",
        },
        "translated": {
            "align": {"from": "base", "method": "translation", "languages": ["de"], "seeds": [1]},
            "responses_from": "base",
        },
        "shuffled": {
            "align": {
                "from": "base", "method": "translation", "languages": ["de"], "seeds": [1],
                "control": "shuffled",
            },
            "responses_from": "base",
        },
    },
    "comparisons": [
        {"before": "base", "after": "aligned"},
        {"before": "base", "after": "translated", "control": "shuffled"},
    ],
    "alignment": {
        "questions": {"format": "demo", "split": "training", "problems": 8, "seed": 7},
        "sampling": {"samples": 4, "temperature": 1.5, "max_new_tokens": 48, "batch_size": 36},
        "translation": {
            "path": str(DEMO / "translation"),
            "codes": {"en": "eng_Latn", "de": "deu_Latn", "sw": "swh_Latn"},
        },
        "pairs": {"dev_share": 0.2},
        "training": {
            "rank": 4,
            "alpha": 8,
            "learning_rate": 1e-3,
            "batch": 4,
            "micro_batch": 4,
            "steps": 4,
            "logging_steps": 2,
            "evaluation_steps": 2,
            "gradient_checkpointing": False,
        },
        "question_translation": {
            "learning_rate": 1e-3, "batch": 4, "micro_batch": 2, "steps": 2, "logging_steps": 1,
            "evaluation_steps": 1, "dev_share": 0.2, "gradient_checkpointing": False,
        },
    },
    "neurons": {"ternary": {"top_rate": 0.05}, "lape": {"top_rate": 0.05}},
    "retrieval": {"loss_problems": 2, "directions": ["to_pivot", "from_pivot"]},
    "sharing": {
        "models": ["base"], "problems": 4, "deactivated_problems": 2, "control_seeds": 1,
    },
    "deactivation": {
        "models": ["base"], "sets": ["specific+related"], "phases": True,
        "problems": 2, "control_seeds": 1, "max_new_tokens": 4,
    },
    "doses": {"models": ["base"], "languages": ["sw"], "sizes": [2, 1000], "problems": 2},
    "steering": {
        "methods": ["lape"], "models": ["base"], "set": "specific", "languages": ["sw", "en"],
        "raise_to": 0.9, "factor": 2, "problems": 2, "max_new_tokens": 4,
    },
}  # fmt: skip
#: The rules that `WHOLE_CONFIG` leaves out: given responses, several data sets, published counts, a
#: GGUF file, facts.
REST_CONFIG = {
    **TINY_CONFIG,
    "datasets": {
        "tales": {"format": "demo", "problems": 4},
        "world": {
            "format": "facts",
            "folder": str(ROOT / "resources/facts"),
            "limit": 3,
            "candidates": 2,
        },
    },
    "models": {
        "reader": {"path": str(ROOT / DEMO / "base"), "responses_from": "data"},
        "published": {"counts": {"mgsm": "counts", "msvamp": "counts"}},
        "packed": {"path": "weights", "gguf": "tiny.gguf"},
    },
    "comparisons": [{"before": "reader", "after": "packed"}],
    "neurons": {"ternary": {"top_rate": 0.2}},
    "cloze": {},
    "knowledge": {"models": ["reader"], "steps": 2, "threshold": 0.05, "control_seeds": 1},
}
REST_TARGETS = (
    "results/responses/data/tales.parquet",
    "results/dataset_overlap/published/ternary.parquet",
    "results/models/packed.parquet",
    "results/cloze/reader/world.accuracy.parquet",
    "results/comparison/reader-vs-packed/world/cloze.parquet",
    "results/knowledge/reader/world.effects.parquet",
)
#: Methods that read other statistics than activations, beside each other.
METHODS_CONFIG = {
    **TINY_CONFIG,
    "datasets": {"tales": {"format": "demo", "problems": 14, "held_out": 2}},
    "models": {"reader": {"path": str(ROOT / DEMO / "base"), "responses_from": "data"}},
    "comparisons": [],
    "importance": {"texts": 3},
    "neurons": {name: {} for name in ("ternary", "relevance", "dln", "plnd")},
    "component_deactivation": {"components": ["all", "v"], "languages": ["sw"], "problems": 2},
    "enhancement": {"languages": ["sw"], "texts": 2, "steps": 1, "batch": 2, "problems": 2},
    "uncertainty": {"folds": 12, "replicates": 20},
}
METHODS_TARGETS = (
    *("neurons", "components", "methods_agreement", "methods_cost"),
    *("component_deactivation", "component_effects", "enhancement", "enhancement_effects"),
    "results/claims/reader/tales/plnd.parquet",
)
_QUESTIONS = {
    "en": "Anna has {a} apples and buys {b} more. How many has she?",
    "de": "Anna hat {a} Äpfel und kauft {b} weitere. Wie viele hat sie?",
    "sw": "Ana ana matufaha {a} na ananunua {b} zaidi. Ana mangapi?",
}


class Project:
    """The workflow's files in ``folder``, and what it takes to run them."""

    def __init__(self, folder: Path, made: bool = False):
        self.folder = folder
        self.environment: dict[str, str] = {}
        self.cores = 2
        if made:  # by another process of the tests
            return
        folder.mkdir(exist_ok=True)
        for name in TREE:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name)

    def write_config(self, config: dict) -> None:
        """Make ``config`` the default configuration."""
        (self.folder / "config/config.yaml").write_text(yaml.safe_dump(config))

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start Snakemake as users do; stdout and stderr come as one text."""
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *self._with_cores(arguments)],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, fails: bool = False) -> str:
        """Run Snakemake to its end, check that it went as expected, return what it printed."""
        environment = {**os.environ, **self.environment}
        code, output = snakemake(self._with_cores(arguments), self.folder, environment)
        assert (code != 0) is fails, output
        return output

    def _with_cores(self, arguments: Sequence[str]) -> list[str]:
        cores = () if "--unlock" in arguments else ("--cores", str(self.cores))
        return [*cores, *arguments]

    def planned(self, *arguments: str) -> dict[str, int]:
        """Rules that a dry run would execute, and how many jobs of each."""
        return dict(Counter(rule for rule, _ in self.planned_jobs(*arguments)))

    def drawn(self, *arguments: str) -> dict[str, int]:
        """Figures and tables that a dry run would draw, and how many of each."""
        return dict(
            Counter(
                wildcards["name"]
                for rule, wildcards in self.planned_jobs(*arguments)
                if rule in ("draw_figure", "write_table")
            )
        )

    def planned_jobs(self, *arguments: str) -> list[tuple[str, dict[str, str]]]:
        """Rule and wildcards of each job that a dry run would execute.

        Targets have no job of their own: they collect the instances of a stage or a figure.
        """
        output = self.run("--dry-run", *arguments)
        blocks = re.split(r"(?m)^(?:local)?rule (\w+):$", output)[1:]
        jobs = []
        for rule, block in zip(blocks[::2], blocks[1::2], strict=True):
            facts = dict(re.findall(r"(?m)^    (\w+): (.*)$", block.split("\n\n")[0]))
            if "output" in facts:
                pairs = [pair.split("=", 1) for pair in facts.get("wildcards", "").split(", ")]
                jobs.append((rule, dict(pair for pair in pairs if len(pair) == 2)))
        return jobs


def write_problems(folder: Path, problems: int = 8) -> None:
    """Write a parallel dataset of additions: one JSON-lines file a language."""
    folder.mkdir(exist_ok=True)
    for language, question in _QUESTIONS.items():
        rows = [
            {"id": f"p{i}", "text": question.format(a=i + 2, b=i + 5), "label": 2 * i + 7}
            for i in range(problems)
        ]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{language}.jsonl").write_text(text, encoding="utf-8")


def write_counts(folder: Path) -> None:
    """Write published activation counts of a model with four layers of five neurons."""
    import torch

    folder.mkdir()
    for language in LANGUAGES:
        for name, tokens in (("activation", 9), ("prefix.activation", 4)):
            # Neuron i of a layer is active at i tokens more of the whole than of the prompt.
            active = torch.arange(5).expand(4, -1).clone() if tokens > 4 else torch.zeros(4, 5)
            counts = {"total_tokens": tokens, "over_zero": active.to(torch.int64)}
            torch.save(counts, folder / f"{name}.{language}.M.pt")


def shrink_demo_training(path: Path) -> None:
    """Cut the recipe of the demo's models down to a few steps of tiny models."""
    recipe = yaml.safe_load(path.read_text())
    recipe["model"] |= {"layers": 2, "hidden": 32, "intermediate": 48}
    recipe["base"] |= {"steps": 2, "batch": 4}
    translation = recipe["translation"]
    translation["model"] |= {"layers": 1, "hidden": 32, "intermediate": 48}
    translation["schedule"] |= {"steps": 2, "batch": 4}
    translation["problems"] = 40
    for part in (recipe, translation):
        part["evaluation"]["problems"] = 24  # two of each template
        part["tokenizer"] |= {"entries": 700, "problems": 60}
    path.write_text(yaml.safe_dump(recipe))


def whole_project(folder: Path) -> Project:
    """A project of `WHOLE_CONFIG` with its data, nothing run yet."""
    project = Project(folder)
    shutil.copytree(ROOT / DEMO, folder / DEMO)
    project.write_config(WHOLE_CONFIG)
    write_problems(folder / "data")
    return project


def tiny_project(folder: Path) -> Project:
    """A project of `TINY_CONFIG` with its models and data, nothing run yet."""
    from tiny_models import save_tiny_model

    project = Project(folder)
    project.write_config(TINY_CONFIG)
    write_problems(folder / "data")
    for seed, name in enumerate(("base", "aligned")):
        save_tiny_model(
            folder / "models" / name, "mistral", seed, num_hidden_layers=6, intermediate_size=40
        )
    return project
