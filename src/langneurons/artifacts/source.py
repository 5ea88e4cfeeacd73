"""One Python file as definitions: what each one computes, and which other names it uses.

Only what can change a result counts. Comments, docstrings, formatting, annotations of functions,
log messages and the texts of errors do not.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Fields of the syntax tree that are left out of the normal form.
_LEFT_OUT: dict[type[ast.AST], set[str]] = {
    **{kind: {"returns", "type_comment", "type_params"} for kind in _FUNCTIONS},
    ast.arg: {"annotation", "type_comment"},
    ast.Assign: {"type_comment"},
    ast.Constant: {"kind"},
    ast.Raise: {"cause"},
}


@dataclass(frozen=True)
class Import:
    """What a name stands for that was imported from the package."""

    module: str
    """Dotted name within the package; empty for the package itself."""
    name: str
    """What was imported from the module."""


class Source:
    """The definitions of one file.

    Parameters
    ----------
    path
        A Python file.
    package
        Name of the package whose imports are told apart from others.
    """

    def __init__(self, path: Path, package: str) -> None:
        self._package = package
        self.imports: dict[str, set[Import]] = {}
        """Names that the file imports from the package, anywhere: several where functions import
        different things under one name."""
        self.definitions: dict[str, list[ast.stmt]] = {}
        """Name → the statements at the top of the file that define it."""
        self.always: list[ast.stmt] = []
        """Statements that run whenever the file is imported."""
        tree = ast.parse(path.read_bytes(), str(path))
        for node in _statements(tree):
            for name, imported in _imported(node, package):
                self.imports.setdefault(name, set()).add(imported)
        for statement in tree.body:
            self._add(statement)

    def _add(self, statement: ast.stmt) -> None:
        if _is_docstring(statement) or _is_type_checking(statement):
            return
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._add_imported(statement)
            return
        names = set(_bound(statement))
        for name in names:
            self.definitions.setdefault(name, []).append(statement)
        if not names:
            self.always.append(statement)

    def _add_imported(self, statement: ast.Import | ast.ImportFrom) -> None:
        """Add what is imported from elsewhere, name by name."""
        for alias in statement.names:
            name = alias.asname or alias.name.partition(".")[0]
            if name not in self.imports:
                fields = {**dict(ast.iter_fields(statement)), "names": [alias]}
                self.definitions.setdefault(name, []).append(type(statement)(**fields))

    def uses(self, statement: ast.stmt) -> set[tuple[str, str | None]]:
        """Return the names of the file that a statement uses, each with an attribute or None.

        ``paths.corpus`` is ``("paths", "corpus")``. Annotations count here: a function's
        parameters are of the classes that they name. Strings that name something in the package,
        as ``import_module`` takes, are returned as they are.
        """
        found: set[tuple[str, str | None]] = set()
        for node, inside in _walk(statement):
            match node:
                case ast.Attribute(value=ast.Name(id=name)):
                    found.add((name, node.attr))
                case ast.Name(id=name) if not isinstance(inside, ast.Attribute):
                    found.add((name, None))
                case ast.Constant(value=str(text)) if text.startswith(f"{self._package}."):
                    found.add((text, None))
            found |= {(name, None) for name in _quoted_annotations(node)}
        known = self.imports.keys() | self.definitions.keys()
        return {use for use in found if use[0] in known or "." in use[0]}


def normal_form(node: ast.AST, in_class: bool = False) -> str:
    """Return what a statement computes, written the same way whatever its comments and layout.

    It does not depend on the version of Python: empty fields are left out. What is annotated in a
    class is a field of it; elsewhere annotations are left out.
    """
    match node:
        case ast.Raise(exc=ast.Call(func=raised)):
            return f"Raise({normal_form(raised)})"
        case ast.AnnAssign(target=target, value=ast.expr() as value) if not in_class:
            node = ast.Assign(targets=[target], value=value)
    left_out = _LEFT_OUT.get(type(node), set())
    parts = []
    for field, value in ast.iter_fields(node):
        if value is None or value == [] or field in left_out:
            continue
        if isinstance(value, list):
            kept = [one for one in value if not _says_only(one)]
            parts.append(f"{field}=[{','.join(_item(one, node) for one in kept)}]")
        else:
            parts.append(f"{field}={_item(value, node)}")
    return f"{type(node).__name__}({','.join(parts)})"


def _item(value: object, parent: ast.AST) -> str:
    if isinstance(value, ast.AST):
        return normal_form(value, in_class=isinstance(parent, ast.ClassDef))
    return repr(value)


def _says_only(node: object) -> bool:
    """Whether a statement is a docstring or writes to the log."""
    if not isinstance(node, ast.Expr):  # nearly all are not, and patterns take their time
        return False
    if _is_docstring(node):
        return True
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="logger")))):
            return True
    return False


def _is_docstring(node: object) -> bool:
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _is_type_checking(node: ast.stmt) -> bool:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
    return False


def _walk(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST | None]]:
    """Yield all nodes that count, in any order, each with the node that it is in."""
    waiting: list[tuple[ast.AST, ast.AST | None]] = [(node, None)]
    while waiting:
        node, inside = waiting.pop()
        if _says_only(node):
            continue
        yield node, inside
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            waiting.append((node.exc.func, node))
        else:
            waiting += [(child, node) for child in ast.iter_child_nodes(node)]


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield all statements in a node, however deep."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, ast.expr):  # an expression has none
            yield from _statements(child)


def _quoted_annotations(node: ast.AST) -> Iterator[str]:
    """Yield the names in a node's annotations that are written as strings."""
    for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
        for part in ast.walk(annotation) if annotation is not None else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield from re.findall(r"[^\W\d]\w*", part.value)


def _bound(statement: ast.AST) -> Iterator[str]:
    """Yield the names that a statement at the top of a file binds there, but for imports."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (name for target in targets for name in _stored(target))
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            yield from _stored(target)
        case ast.stmt():  # a block, such as `if` or `for`
            yield from _stored(statement)
            for child in ast.iter_child_nodes(statement):
                yield from _bound(child)


def _stored(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


def _imported(node: ast.AST, package: str) -> Iterator[tuple[str, Import]]:
    """Yield the names that a statement imports from the package, and what they stand for.

    ``import package.a.b`` binds the package's own name, which then stands for that module.
    """
    match node:
        case ast.ImportFrom(module=str(place), names=names, level=0):
            root, _, module = place.partition(".")
            if root == package:
                for alias in names:
                    yield alias.asname or alias.name, Import(module, alias.name)
        case ast.Import(names=names):
            for alias in names:
                root, _, place = alias.name.partition(".")
                if root == package and place:
                    module, _, member = place.rpartition(".")
                    yield alias.asname or root, Import(module, member)
