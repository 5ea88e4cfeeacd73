"""Declarations of figures, tables and methods, read from their modules without running them.

A module that draws or computes imports matplotlib, pandas or numpy. Every cluster job plans the
workflow again, so planning reads only the one literal in which a module declares itself.
"""

import ast
from functools import cache
from pathlib import Path
from typing import Any

import langneurons
from langneurons.figures.declaration import Declaration
from langneurons.neurons.methods import declaration
from langneurons.neurons.methods.declaration import Method, Parameter

_PACKAGE = Path(langneurons.__file__).parent
#: Names that a declaration may use.
_NAMES = {name: one for name, one in vars(declaration).items() if isinstance(one, Parameter)}
_TYPES = {kind.__name__: kind for kind in (Declaration, Method, Parameter)}


@cache
def figures() -> dict[str, Declaration]:
    """Return the declaration of each figure, by module."""
    return _declared("figures", "FIGURE")


@cache
def tables() -> dict[str, Declaration]:
    """Return the declaration of each table, by module."""
    return _declared("tables", "TABLE")


@cache
def methods() -> dict[str, Method]:
    """Return the declaration of each method, by name, the paper's first."""
    found = _declared("neurons/methods", "METHOD")
    return dict(sorted(found.items(), key=lambda item: item[0] != "ternary"))


def _declared(folder: str, variable: str) -> dict[str, Any]:
    declarations = {}
    for path in sorted((_PACKAGE / folder).glob("*.py")):
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == variable:
                declarations[path.stem] = _value(node.value, path)
    return declarations


def _value(node: ast.expr, path: Path) -> Any:
    """Return the value of a literal that may contain declarations."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TYPES:
        arguments = [_value(argument, path) for argument in node.args]
        keywords = {word.arg or "**": _value(word.value, path) for word in node.keywords}
        return _TYPES[node.func.id](*arguments, **keywords)
    if isinstance(node, ast.Dict):
        keys = [_value(key, path) for key in node.keys if key is not None]
        return dict(zip(keys, (_value(value, path) for value in node.values), strict=True))
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(
            f"{path}:{node.lineno}: a declaration is read without running its module; expected a "
            f"literal, found {ast.unparse(node)}"
        ) from None
