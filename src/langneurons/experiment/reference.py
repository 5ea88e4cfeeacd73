"""The JSON schema of configurations and the tables of their keys, generated from the types.

``make reference`` regenerates both.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic.json_schema import GenerateJsonSchema

from langneurons.experiment.configuration import Configuration
from langneurons.experiment.sections import PLACEMENT, Section

_ROOT = Path(__file__).parents[3]
SCHEMA = _ROOT / "workflow/schemas/config.schema.yaml"
KEYS = _ROOT / "docs/keys.md"
_MARKS = ("<!-- keys: begin -->", "<!-- keys: end -->")


def json_schema() -> str:
    """Return the JSON schema of configurations, for editors and other programs."""
    schema = Configuration.model_json_schema(by_alias=True, schema_generator=_JsonSchema)
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    text = yaml.safe_dump({**draft, **schema}, sort_keys=False, allow_unicode=True, width=100)
    return f"# Written from the types in src/langneurons/experiment: make reference\n{text}"


def key_tables() -> str:
    """Return Markdown tables of all keys: the configuration's, a data set's, a model's."""
    parts = [_table("key", _rows(Configuration))]
    for key, title in (("datasets", "data set"), ("models", "model")):
        kinds = _alternatives(key)
        rows: dict[tuple[str, str, str, str], list[str]] = {}
        cells: list[tuple[str, ...]] = []
        for kind in kinds:
            for row in _rows(kind):
                rows.setdefault(row, []).append(_label(kind))
        for row, labels in rows.items():
            of = "all" if len(labels) == len(kinds) else ", ".join(labels)
            cells.append((of, *row))
        parts.append(f"## Keys of a {title}\n\n{_table('of | key', cells)}")
    return "\n\n".join(parts)


def with_key_tables(text: str) -> str:
    """Return a document with the tables of keys between its two marks."""
    before, _, rest = text.partition(_MARKS[0])
    _, _, after = rest.partition(_MARKS[1])
    return f"{before}{_MARKS[0]}\n{key_tables()}\n{_MARKS[1]}{after}"


def _alternatives(key: str) -> list[type[Section]]:
    """Return the kinds of section that an entry of ``datasets`` or ``models`` may be."""
    return list(dict.fromkeys(_sections(Configuration.model_fields[key].annotation)))


def _sections(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections(argument)


class _JsonSchema(GenerateJsonSchema):
    """A schema as people write them: no titles, no nulls and no null defaults."""

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        written = super().default_schema(schema)
        return {key: value for key, value in written.items() if (key, value) != ("default", None)}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _label(section: type[Section]) -> str:
    """Return what a kind of data set or model is called: its formats, or its docstring's start."""
    if "format" in section.model_fields:
        return ", ".join(
            f"`{name}`" for name in get_args(section.model_fields["format"].annotation)
        )
    return _summary(section)


def _summary(section: type[Section]) -> str:
    return (section.__doc__ or "").split("\n")[0].rstrip(".")


def _table(first: str, rows: Iterable[tuple[str, ...]]) -> str:
    head = f"| {first} | default | meaning, and when to change it | reruns |"
    rule = "|---" * (head.count("|") - 1) + "|"
    return "\n".join([head, rule, *(f"| {' | '.join(row)} |" for row in rows)])


def _rows(
    section: type[Section], prefix: str = "", given: Section | None = None
) -> Iterator[tuple[str, str, str, str]]:
    """Yield key, default, meaning and the first stage that reruns, descending into sections.

    Parameters
    ----------
    given
        The section's default.
    """
    for name, field in section.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        meaning = " ".join((field.description or "").split())
        inner = list(_sections(field.annotation))
        if not inner or len(inner) > 1 or _is_collection(field.annotation):
            reruns = section.RERUNS_OF.get(name, inner[0].RERUNS if inner else section.RERUNS)
            reruns = "nothing" if name in PLACEMENT else reruns
            yield f"`{key}`", _default(field), meaning, reruns
            continue
        if not field.is_required() and field.default is None:  # it may be left out
            state = "off" if getattr(given, name, None) is None else "on, unless others are named"
            yield f"`{key}`", state, meaning or _summary(inner[0]), inner[0].RERUNS
        yield from _rows(inner[0], f"{key}.", field.default)


def _is_collection(annotation: Any) -> bool:
    """Whether a key holds a list, or entries that the user names."""
    if get_origin(annotation) in (dict, list):
        return True
    union = get_origin(annotation) in (Union, UnionType)
    return union and any(_is_collection(one) for one in get_args(annotation))


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    if field.default is None or field.default in ([], {}):
        return ""
    return f"`{json.dumps(field.default, ensure_ascii=False)}`".replace('`"', "`").replace(
        '"`', "`"
    )


if __name__ == "__main__":
    SCHEMA.write_text(json_schema(), encoding="utf-8")
    KEYS.write_text(with_key_tables(KEYS.read_text(encoding="utf-8")), encoding="utf-8")
