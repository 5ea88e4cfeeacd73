"""What planning costs: the paper's configuration against an empty Snakefile.

Every cluster job plans the workflow again. The two dry runs are measured in turn, as processor
seconds of whole processes, so that the ratio means something on any machine.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import yaml

ROOT = Path(__file__).parents[1]
EMPTY = "rule all:\n    input: []\n"


def processor_seconds(folder: Path, *arguments: str) -> float:
    """Processor seconds of one dry run in a folder."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "--cores", "1"]
    subprocess.run([*command, *arguments], cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def paper_configuration(folder: Path, data: Path) -> Path:
    """The paper's configuration with its data sets as found in ``data``, NumGLUE as empty files."""
    config = yaml.safe_load((ROOT / "config/paper.yaml").read_text(encoding="utf-8"))
    for name, dataset in config["datasets"].items():
        dataset["path"] = str((data / name).resolve())
    for language in config["languages"]:
        (folder / f"{language}.jsonl").touch()
    config["alignment"]["questions"]["path"] = str(folder / "{language}.jsonl")
    path = folder / "paper.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Snakefile").write_text(EMPTY, encoding="utf-8")
        config = paper_configuration(folder, arguments.data)
        snakefile = str(ROOT / "workflow/Snakefile")
        planning = ("--snakefile", snakefile, "--configfile", str(config))
        pairs = [
            (processor_seconds(folder), processor_seconds(folder, *planning))
            for _ in range(arguments.rounds)
        ]
    empty, paper = (median(times) for times in zip(*pairs, strict=True))
    ratio = median(paper / empty for empty, paper in pairs)
    print(f"empty Snakefile       {empty:.2f} processor seconds")
    print(f"config/paper.yaml     {paper:.2f} processor seconds")
    print(f"ratio                 {ratio:.2f}")


if __name__ == "__main__":
    main()
