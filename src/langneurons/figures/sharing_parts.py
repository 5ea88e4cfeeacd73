"""What the figures and the table of shared neurons have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

from langneurons.sharing.classes import ALL_SHARED, NON_ACTIVATED, PARTIAL_SHARED, SPECIFIC
from langneurons.sharing.schemas import PROMPT

#: Class → the type of neurons whose colour, dashes and marker it has.
KINDS = {
    ALL_SHARED: "general",
    PARTIAL_SHARED: "related",
    SPECIFIC: "specific",
    NON_ACTIVATED: "other",
}


def where_read(facts: Sequence[Mapping[str, Any]]) -> str:
    """Say at which token neurons were looked at, from the provenance of several data sets."""
    read = {fact["parameters"]["read"] for fact in facts}
    if read == {PROMPT}:
        return "at the last token of the prompt"
    if PROMPT in read:
        return "at the last token of the prompt or, where there is none, of the text"
    return "at the last token of the text"
