"""The house rules that a command can check: style, lint, size, versions."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def pins(path: Path) -> dict[str, str]:
    """Package (lower case) → version, from the lines ``package==version`` of a file."""
    found = re.findall(r"(?m)^[\s-]*([A-Za-z0-9_.-]+)==(\S+)$", path.read_text())
    return {name.lower(): version for name, version in found}


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("snakefmt", "--check", "--line-length", "100", "Snakefile", "workflow"),
        ("snakemake", "--lint", "--configfile", "config/tiny.yaml"),
        ("mypy",),
    ],
    ids=lambda command: " ".join(command[:3]),
)
def test_style(command):
    name, *arguments = command
    result = subprocess.run(
        [BIN / name, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", ["analysis", "torch"])
def test_conda_environments_have_the_versions_of_the_lock(name):
    lock = pins(ROOT / "requirements.lock")
    environment = pins(ROOT / f"envs/{name}.yaml")
    assert environment
    assert environment == {package: lock[package] for package in environment}


def test_the_lock_has_every_direct_dependency():
    text = (ROOT / "pyproject.toml").read_text()
    names = re.search(r"dependencies = \[(.*?)\]", text, re.DOTALL).group(1)
    direct = set(re.findall(r'"([a-z-]+)"', names))
    locked = {name.replace("_", "-") for name in pins(ROOT / "requirements.lock")}
    assert direct
    assert direct <= locked


def test_pre_commit_uses_the_locked_versions():
    lock = pins(ROOT / "requirements-test.lock")
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    found = {hook["repo"].rsplit("/", 1)[1]: hook["rev"].removeprefix("v") for hook in hooks}
    assert found == {"ruff-pre-commit": lock["ruff"], "snakefmt": lock["snakefmt"]}


def test_the_snakefiles_stay_contents_pages():
    for name in ("Snakefile", "workflow/Snakefile"):
        assert len((ROOT / name).read_text().splitlines()) <= 60


def test_scripts_stay_thin():
    scripts = list((ROOT / "workflow/scripts").glob("*.py"))
    assert len(scripts) > 20
    assert [path.name for path in scripts if len(path.read_text().splitlines()) > 25] == []


def test_files_stay_small():
    files = [
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "workflow").rglob("*.smk"),
        *(ROOT / "docs").glob("*.md"),
    ]
    assert len(files) > 100
    assert [str(path) for path in files if len(path.read_text().splitlines()) > 300] == []
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130


def test_rule_files_hold_rules_only():
    rules = [*(ROOT / "workflow/rules").glob("*.smk")]
    assert rules
    for path in rules:
        text = path.read_text()
        assert not re.search(r"(?m)^\s*(def|class|import|from) |\blambda\b", text), path.name
        # Paths are in langneurons.experiment.paths.
        assert "results/" not in text, path.name


def test_every_script_is_run_by_a_rule_of_its_name():
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = set(re.findall(r"(?m)^rule (\w+):", text))
    scripts = {path.stem for path in (ROOT / "workflow/scripts").glob("*.py")}
    assert set(re.findall(r"scripts/(\w+)\.py", text)) == scripts
    # Samples are responses: they share the scripts of these.
    assert rules - scripts == {"sample_responses", "merge_samples"}
    assert scripts <= rules


#: Room → the rooms that it may import; arrows run one way, along the DAG. The modules of the
#: package's root, errors and job, are open to all.
ROOMS = {
    "artifacts": "",
    "uncertainty": "",
    "corpora": "artifacts",
    "models": "artifacts",
    "responses": "artifacts corpora models uncertainty",
    "activations": "artifacts models responses uncertainty",
    "importance": "activations artifacts models responses",
    "neurons": "artifacts activations corpora uncertainty",
    "phases": "artifacts activations neurons uncertainty",
    "comparison": "activations artifacts neurons phases responses uncertainty",
    "alignment": "artifacts corpora models responses",
    "retrieval": "artifacts corpora models responses uncertainty",
    "facts": "artifacts corpora models responses uncertainty",
    "interventions": "artifacts activations corpora facts models neurons responses uncertainty",
    "sharing": "artifacts interventions models neurons responses uncertainty",
    "components": "artifacts interventions models neurons responses",
    "knowledge": "artifacts corpora models neurons responses uncertainty",
    "demo": "alignment artifacts corpora models responses uncertainty",
    "claims": "artifacts comparison components interventions neurons phases retrieval sharing "
    "uncertainty",
    "figures": "activations alignment artifacts claims comparison components corpora facts "
    "importance interventions knowledge neurons phases responses retrieval sharing",
    "tables": "activations artifacts claims comparison components corpora facts figures "
    "interventions knowledge models neurons phases responses retrieval sharing",
    # Declarations and names only, see tests/unit/test_experiment.py: planning is light. But for
    # the forecast of a run.
    "experiment": "activations artifacts corpora figures importance models neurons responses",
}
ROOT_MODULES = {"errors", "job", "preloaded"}


def imported_rooms(path: Path) -> set[str]:
    """Rooms and modules of the package's root that a file imports from."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "langneurons":
            names |= {f"langneurons.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    parts = [name.split(".") for name in names]
    return {part[1] for part in parts if part[0] == "langneurons" and len(part) > 1}


def test_arrows_run_one_way():
    package = ROOT / "src/langneurons"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    assert rooms == set(ROOMS)
    assert {path.stem for path in package.glob("*.py")} == {"__init__", *ROOT_MODULES}
    order = list(ROOMS)
    for room, allowed in ROOMS.items():
        assert all(order.index(other) < order.index(room) for other in allowed.split()), room
        found = set()
        for path in (package / room).rglob("*.py"):
            found |= imported_rooms(path)
        assert found - ROOT_MODULES - {room} <= set(allowed.split()), room


def test_every_allowed_arrow_is_there():
    package = ROOT / "src/langneurons"
    for room, allowed in ROOMS.items():
        found = set().union(*(imported_rooms(path) for path in (package / room).rglob("*.py")))
        assert set(allowed.split()) <= found, room


def test_every_room_says_what_comes_in_and_what_goes_out():
    for room in ROOMS:
        path = ROOT / f"src/langneurons/{room}/__init__.py"
        module = ast.parse(path.read_text())
        assert len(ast.get_docstring(module) or "") > 80, room
        assert len(module.body) == 1, f"{room}: a room's __init__ is its docstring"
        text = " ".join(ast.get_docstring(module).split())
        assert re.search(r" In: .+ Out: .+ Uses .+\.$", text), room
        uses = text.rpartition("Uses ")[2].replace(" no other room", "")
        assert set(re.findall(r"\w+", uses)) & set(ROOMS) == set(ROOMS[room].split()), room


def test_the_package_imports_no_snakemake_and_rules_no_torch():
    sources = {
        "snakemake": (ROOT / "src").rglob("*.py"),
        "torch": (ROOT / "workflow").rglob("*.smk"),
        "transformers": (ROOT / "workflow").rglob("*.smk"),
    }
    for module, paths in sources.items():
        pattern = re.compile(rf"(?m)^\s*(import|from) {module}\b")
        assert [str(path) for path in paths if pattern.search(path.read_text())] == []


def test_every_dependency_is_imported():
    text = (ROOT / "pyproject.toml").read_text()
    names = re.search(r"dependencies = \[(.*?)\]", text, re.DOTALL).group(1)
    direct = set(re.findall(r'"([a-z-]+)"', names))
    modules = {"pyyaml": "yaml", "lingua-language-detector": "lingua"}
    # Loaded by others, by name: by Snakemake, and by transformers for some checkpoints.
    unseen = {"snakemake", "snakemake-executor-plugin-slurm", "accelerate", "sentencepiece"}
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    missing = {
        name
        for name in direct - unseen
        if not re.search(rf"(?m)^\s*(import|from) {modules.get(name, name)}\b", source)
    }
    assert missing == set()
