"""Notes which code of the package a workflow's jobs execute, and which of its files they read.

When a module is imported, each of its functions gets one more statement at its beginning. A
profiler would slow down all other code.
"""

import ast
import json
import marshal
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

PACKAGE = f"{os.sep}src{os.sep}langneurons{os.sep}"


class Trace:
    """What was called and read."""

    def __init__(self) -> None:
        self.functions: set[tuple[str, int]] = set()
        """File and line of each function, but for those that are only called by imports."""
        self.files: set[str] = set()
        self.imports = 0
        """How many modules of the package are being imported."""

    def called(self, path: str, line: int) -> None:
        """Note a call of a function."""
        if not self.imports:
            self.functions.add((path, line))

    def opened(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note a file that is read; an audit hook."""
        if event == "open" and isinstance(arguments[0], str | os.PathLike):
            path = os.path.abspath(arguments[0])
            if PACKAGE in path and not path.endswith((".py", ".pyc")) and "__pycache__" not in path:
                self.files.add(path)

    def write(self) -> None:
        """Write what was noted, and of which job."""
        job = sys.modules["__main__"].snakemake  # type: ignore[attr-defined]
        facts = {
            "rule": job.rule,
            "wildcards": dict(job.wildcards.items()),
            "inputs": [os.path.abspath(path) for path in job.input],
            "functions": sorted(self.functions),
            "files": sorted(self.files),
        }
        path = Path(os.environ["LANGNEURONS_TRACES"]) / f"{job.rule}.{os.getpid()}.json"
        path.write_text(json.dumps(facts), encoding="utf-8")


TRACE = Trace()


class Noting(ast.NodeTransformer):
    """Adds a call of `Trace.called` to functions and lambdas."""

    def __init__(self, path: str) -> None:
        self._path = path

    def _call(self, line: int) -> ast.Call:
        text = f"__import__('tracing').TRACE.called({self._path!r}, {line})"
        return ast.parse(text, mode="eval").body  # type: ignore[return-value]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Add a statement at the beginning of a function."""
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(self._call(node.lineno)))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Let a lambda note its call and return what it did."""
        self.generic_visit(node)
        both = ast.Tuple([self._call(node.lineno), node.body], ast.Load())
        node.body = ast.Subscript(both, ast.Constant(1), ast.Load())
        return node


class Loader(SourceFileLoader):
    """Loads a module of the package with its functions noting their calls."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source, or take what an earlier job compiled."""
        path = self.get_filename(fullname)
        kept = Path(os.environ["LANGNEURONS_TRACES"]).with_name("traced_code") / f"{fullname}.code"
        if kept.is_file():
            return marshal.loads(kept.read_bytes())  # type: ignore[no-any-return]
        tree = Noting(path).visit(ast.parse(self.get_data(path)))
        code = compile(ast.fix_missing_locations(tree), path, "exec")
        kept.parent.mkdir(exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}")
        partial.write_bytes(marshal.dumps(code))
        partial.rename(kept)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Run the module; functions that it calls meanwhile are not noted."""
        TRACE.imports += 1
        super().exec_module(module)
        TRACE.imports -= 1


class Finder:
    """Finds the modules of the package."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a module's spec with our loader."""
        if name.partition(".")[0] != "langneurons":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = Loader(name, spec.origin)
        return spec


def start() -> None:
    """Note from now on what is executed and read."""
    sys.meta_path.insert(0, Finder())  # type: ignore[arg-type]
    sys.addaudithook(TRACE.opened)
