"""Digests of code: what counts as an edit, and which files a module or a script reaches."""

import textwrap
from pathlib import Path

import pytest

from langneurons.artifacts.code import Package

FUNCTION = '''
"""Adds."""
import logging

logger = logging.getLogger(__name__)


def add(a, b):
    """Add."""
    if b is None:
        raise ValueError(f"found {a}")
    logger.info("adding %s", a)
    total = a + b  # the sum
    return total
'''


def package(folder: Path, **files: str) -> Package:
    """A package ``pack`` of modules; two underscores in a name are a folder."""
    for name, text in files.items():
        path = folder / "pack" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(textwrap.dedent(text))
    return Package(folder / "pack")


def digest(folder: Path, text: str) -> str:
    return package(folder, module=text).digests(["module"])["pack/module.py"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Add."""', '"""Add two numbers."""'),
        ('"""Adds."""', ""),
        ("  # the sum", "  # their sum"),
        ("total = a + b", "total = (a\n             + b)"),
        ('found {a}"', 'found {a}, expected a number"'),
        ('"adding %s", a', '"adding %s to %s", a, b'),
        ('    logger.info("adding %s", a)\n', ""),
        ("def add(a, b):", "def add(a: int, b: int) -> int:"),
        ("total = a + b", "total: int = a + b"),
    ],
)
def test_what_is_said_is_no_edit(tmp_path, old, new):
    assert old in FUNCTION
    assert digest(tmp_path / "a", FUNCTION) == digest(tmp_path / "b", FUNCTION.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a + b", "b + a"),
        ("a + b", "a - b"),
        ("def add(a, b)", "def add(a, b=1)"),
        ("def add(a, b)", "@cache\ndef add(a, b)"),
        ("b is None", "b is not None"),
        ("raise ValueError", "raise TypeError"),
        ("return total", "return total\nEDITED = True"),
    ],
)
def test_what_is_computed_is_an_edit(tmp_path, old, new):
    assert old in FUNCTION
    assert digest(tmp_path / "a", FUNCTION) != digest(tmp_path / "b", FUNCTION.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = 0", "x = ''"),
        ("x = 0", "x = False"),
        ("x = None", "x = []"),
        ("def f(*, a=1): pass", "def f(*, a=2): pass"),
        ("def f(*, a, b=1): pass", "def f(*, a=1, b): pass"),
        ("A = 1\nA += 1", "A = 1\nA += 2"),
        ("import math as m\nA = m.pi", "import cmath as m\nA = m.pi"),
    ],
)
def test_all_that_a_file_defines_counts(tmp_path, old, new):
    assert digest(tmp_path / "a", old) != digest(tmp_path / "b", new)


def test_what_is_annotated_in_a_class_is_a_field(tmp_path):
    first = digest(tmp_path / "a", "class A:\n    x: int = 1\n")
    assert digest(tmp_path / "b", "class A:\n    x: float = 1\n") != first
    assert digest(tmp_path / "c", "class A:\n    x = 1\n") != first


def test_the_order_of_definitions_does_not_count(tmp_path):
    first = digest(tmp_path / "a", "def f(): return 1\ndef g(): return 2\n")
    assert digest(tmp_path / "b", "def g(): return 2\ndef f(): return 1\n") == first


def names(found: dict[Path, set[str]]) -> dict[str, set[str]]:
    """What was reached: module → names, without what always runs."""
    return {path.stem: defined - {""} for path, defined in found.items() if defined - {""}}


def reached(folder: Path, script: str, **files: str) -> dict[str, set[str]]:
    path = folder / "script.py"
    folder.mkdir(exist_ok=True)
    path.write_text(script)
    found = names(package(folder, **files).reached([], [path]))
    return {module: defined for module, defined in found.items() if module != "script"}


def test_names_are_followed_from_function_to_function(tmp_path):
    found = reached(
        tmp_path,
        "from pack.a import first\nfirst()",
        a="from pack.b import second\ndef first(): return second()\ndef unused(): return other()",
        b="LIMIT = 3\ndef second(): return LIMIT\ndef other(): pass",
    )
    assert found == {"a": {"first"}, "b": {"second", "LIMIT"}}


def test_attributes_of_modules_are_followed(tmp_path):
    found = reached(
        tmp_path,
        "from pack import a\na.first()",
        a="from pack.sub import b\ndef first(): return b.second()\ndef unused(): pass",
        sub__b="def second(): pass\ndef other(): pass",
    )
    assert found == {"a": {"first"}, "b": {"second"}}


def test_a_module_used_as_a_value_counts_as_a_whole(tmp_path):
    found = reached(tmp_path, "from pack import a\nvars(a)", a="def f(): pass\ndef g(): pass")
    assert found == {"a": {"f", "g"}}


def test_a_class_counts_as_a_whole_with_its_bases(tmp_path):
    found = reached(
        tmp_path,
        "from pack.a import Child\nChild()",
        a="""
        from pack.b import helper
        class Parent:
            def method(self): return helper()
        class Child(Parent): pass
        """,
        b="def helper(): pass",
    )
    assert found == {"a": {"Parent", "Child"}, "b": {"helper"}}


@pytest.mark.parametrize("annotation", ["Thing", '"Thing"', '"list[Thing]"'])
def test_parameters_are_of_the_classes_that_annotations_name(tmp_path, annotation):
    found = reached(
        tmp_path,
        "from pack.a import use\nuse(thing)",
        a=f"""
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from pack.b import Thing
        def use(thing: {annotation}): return thing.act()
        """,
        b="class Thing:\n    def act(self): pass",
    )
    assert found["b"] == {"Thing"}


def test_imports_within_functions_and_names_in_strings_are_followed(tmp_path):
    found = reached(
        tmp_path,
        'run("pack.a.first")',
        a="""
        def first():
            from pack.b import second
            return second()
        def unused(): pass
        """,
        b="def second(): pass",
    )
    assert found == {"a": {"first"}, "b": {"second"}}


def test_names_handed_on_by_another_module_are_followed(tmp_path):
    found = reached(
        tmp_path,
        "from pack.a import f\nf()",
        a="from pack.b import f",
        b="def f(): pass",
    )
    assert found == {"b": {"f"}}


def test_functions_may_import_different_things_under_one_name(tmp_path):
    found = reached(
        tmp_path,
        "from pack.a import first, second\nfirst()\nsecond()",
        a="""
        def first():
            from pack.b import load
            return load()
        def second():
            from pack.c import load
            return load()
        """,
        b="def load(): pass",
        c="def load(): pass",
    )
    assert found == {"a": {"first", "second"}, "b": {"load"}, "c": {"load"}}


@pytest.mark.parametrize(
    "script", ["import pack.sub.a\npack.sub.a.first()", "import pack.sub.a as a\na.first()"]
)
def test_imported_modules_are_followed(tmp_path, script):
    found = reached(tmp_path, script, sub__a="def first(): pass")
    assert found == {"a": {"first"}}


def test_tables_of_functions_and_constants_of_several_names_are_followed(tmp_path):
    found = reached(
        tmp_path,
        "from pack.a import RUN\nRUN[0]()",
        a="""
        def f(): return ONE
        ONE, TWO = 1, 2
        if TWO:
            THREE = f
            def four(): return 4
        RUN = {0: f, 1: THREE, 2: four}
        """,
    )
    assert found == {"a": {"RUN", "f", "ONE", "TWO", "THREE", "four"}}


def test_what_always_runs_in_a_file_counts(tmp_path):
    script = "from pack.a import f\nf()"
    (tmp_path / "script.py").write_text(script)

    def found(folder, text):
        return package(folder, a=text).digests([], [tmp_path / "script.py"])["pack/a.py"]

    first = found(tmp_path / "1", "import os\nos.environ.update(A='1')\ndef f(): pass")
    assert found(tmp_path / "2", "import os\nos.environ.update(A='2')\ndef f(): pass") != first


def test_what_always_runs_in_a_file_is_followed(tmp_path):
    found = reached(
        tmp_path,
        "from pack.a import f\nf()",
        a="from pack.b import prepare\nprepare()\ndef f(): pass",
        b="def prepare(): pass\ndef other(): pass",
    )
    assert found == {"a": {"f"}, "b": {"prepare"}}


def test_what_errors_and_the_log_say_is_not_followed(tmp_path):
    found = reached(
        tmp_path,
        "from pack.a import f\nf()",
        a="""
        import logging
        logger = logging.getLogger(__name__)
        def words(): return "no"
        def f():
            logger.info(words())
            raise ValueError(words())
        """,
    )
    assert found == {"a": {"f"}}


def test_plumbing_is_not_followed(tmp_path):
    found = reached(
        tmp_path,
        "from pack.job import run\nfrom pack.a import f\nrun(f)",
        a="from pack.errors import InputError\ndef f(): raise InputError('no')",
        job="def run(): pass",
        errors="class InputError(Exception): pass",
    )
    assert found == {"a": {"f"}}


def test_an_unknown_module_is_an_error(tmp_path):
    with pytest.raises(KeyError, match="no module 'b'"):
        package(tmp_path, a="").digests(["b"])
