"""What the sections of a configuration have in common: strict types, named values, known keys."""

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

#: Keys, of any section, that decide no result: where a model runs, and how much it is given, or
#: memory used, at a time.
PLACEMENT = (
    *("device", "device_map", "batch_size", "batch_tokens"),
    *("backward_batch_tokens", "histogram_memory"),
)


class Section(BaseModel):
    """A part of the configuration. The docstring below a key is its documentation.

    ``RERUNS`` is the first stage that a change reruns; ``RERUNS_OF`` overrides it for single keys.
    A change of a key in `PLACEMENT` reruns nothing.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        regex_engine="python-re",
        use_attribute_docstrings=True,
    )
    RERUNS: ClassVar[str] = ""
    RERUNS_OF: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_and_empty_keys(cls, values: Any) -> Any:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = [key for key in values if key not in known] if isinstance(values, dict) else []
        if unknown:
            close = difflib.get_close_matches(str(unknown[0]), known, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            text = f"unknown key {unknown[0]!r}; {hint}known keys: {', '.join(known)}"
            raise PydanticCustomError("unknown_key", "{text}", {"text": text})
        empty = [key for key in values if values[key] is None] if isinstance(values, dict) else []
        if empty:
            text = f"key {empty[0]!r} has no value; leave it out, or write {{}} for a section"
            raise PydanticCustomError("no_value", "{text}", {"text": text})
        return values

    def settings(self, *keys: str) -> dict[str, Any]:
        """Return the section, or some of its keys, as plain values; absent keys are left out."""
        values = self.model_dump(by_alias=True, exclude_none=True)
        return {key: values[key] for key in keys if key in values} if keys else values


def _distinct(entries: list[Any]) -> list[Any]:
    if len(set(entries)) != len(entries):
        raise PydanticCustomError("distinct", "no repeated entry")
    return entries


#: For a list: no entry twice.
Distinct = (AfterValidator(_distinct), Field(json_schema_extra={"uniqueItems": True}))

#: Names become folders and wildcards; "-vs-" joins two of them, "own" and "data" are reserved.
Name = Annotated[str, Field(pattern=r"^(?!.*-vs-)(?!(own|data)$)[A-Za-z0-9][A-Za-z0-9_.@+-]*$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Names = Annotated[list[str], *Distinct]
Languages = Annotated[list[str], Field(min_length=1), *Distinct]
Steps = Annotated[list[Count], *Distinct]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]
