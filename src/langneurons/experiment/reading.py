"""From a configuration as written to a checked one, or to one sentence that says what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from langneurons.errors import InputError
from langneurons.experiment.checks import check
from langneurons.experiment.configuration import Configuration
from langneurons.experiment.seeds import with_seeds

#: pydantic's error type → what was expected; the error fills in the braces.
_EXPECTED = {
    "list_type": "a value of type array",
    "dict_type": "a value of type object",
    "model_type": "a value of type object",
    "model_attributes_type": "a value of type object",
    "string_type": "a value of type string",
    "int_type": "a value of type integer",
    "int_from_float": "a value of type integer",
    "float_type": "a value of type number",
    "bool_type": "a value of type boolean",
    "literal_error": "one of {expected}",
    "union_tag_invalid": "one of {expected_tags}",
    "string_pattern_mismatch": "a text like {pattern}",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of at least {ge:g}",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number of at most {le:g}",
    "distinct": "no repeated entry",
}
#: Messages that are whole sentences already.
_SENTENCES = ("unknown_key", "no_value")


def read_configuration(config: Mapping[str, Any]) -> Configuration:
    """Return a configuration with its defaults filled in, and a model of each seed.

    Parameters
    ----------
    config
        As read from YAML.

    Raises
    ------
    InputError
        At the first mistake: the key, what was found, what was expected.
    """
    try:
        configuration = Configuration.model_validate(dict(config))
    except ValidationError as error:
        raise InputError(_explain(error.errors(include_url=False), config)) from None
    configuration = with_seeds(configuration)
    check(configuration)
    return configuration


def _explain(errors: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> str:
    # A misspelt key says more than the missing one that results from it.
    first = next((error for error in errors if error["type"] in _SENTENCES), errors[0])
    where = _key(first["loc"], config)
    place = ".".join(map(str, where)) or "top level"
    if first["type"] in _SENTENCES:
        return f"config: {place}: {first['msg']}"
    if first["type"] in ("missing", "union_tag_not_found"):
        key = "format" if first["type"] == "union_tag_not_found" else first["loc"][-1]
        return f"config: {place}: missing key {str(key)!r}"
    # Every alternative has failed: any of them is expected.
    same = [error for error in errors if _key(error["loc"], config) == where]
    expected = " or ".join(dict.fromkeys(map(_expected, same)))
    if first["type"] == "union_tag_invalid":
        return f"config: {place}.format: found {first['ctx']['tag']!r}, expected {expected}"
    found = where[-1] if first["loc"][-1] == "[key]" else first["input"]
    return f"config: {place}: found {found!r}, expected {expected}"


def _key(location: Sequence[str | int], config: Any) -> tuple[str | int, ...]:
    """Return the part of an error's location that is in the configuration as written.

    pydantic adds the names of alternatives to a location.
    """
    key, place = [], config
    for part in location:
        listed = isinstance(place, list) and isinstance(part, int) and part < len(place)
        if listed or (isinstance(place, Mapping) and part in place):
            place = place[part]
            key.append(part)
    return tuple(key)


def _expected(error: Mapping[str, Any]) -> str:
    context = error.get("ctx", {})
    if error["type"] == "too_short":
        entries = "entry" if context["min_length"] == 1 else "entries"
        return f"at least {context['min_length']} {entries}"
    if error["type"] in _EXPECTED:
        return _EXPECTED[error["type"]].format(**context)
    return error["msg"]
