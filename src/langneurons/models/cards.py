"""Model cards: what later stages need to know about a model without loading it."""

from pathlib import Path

from langneurons.artifacts.tables import write_table
from langneurons.errors import InputError
from langneurons.models.chat import check_chat
from langneurons.models.inspection import inspect_model
from langneurons.models.schema import MODEL, read_card
from langneurons.models.spec import ModelSpec


def write_card(
    spec: ModelSpec,
    output: str | Path,
    writer_card: str | Path | None = None,
    chat: bool = False,
) -> None:
    """Inspect a model and write its one-row card.

    Parameters
    ----------
    writer_card
        Card of the model whose responses this one reads, if they are not its own.
    chat
        Whether the model will be asked by the chat template of its tokenizer.

    Raises
    ------
    InputError
        If the model cannot be analysed (see `inspect_model`), it has no chat template to be asked
        by (see `check_chat`), or its tokenizer differs from the writer's, so that the two would not
        be measured on the same tokens.
    """
    if chat:  # first: to inspect a model is to read all of its weights
        check_chat(spec)
    card = inspect_model(spec)
    if writer_card is not None:
        writer = read_card(writer_card)
        if card.iloc[0]["tokenizer_digest"] != writer["tokenizer_digest"]:
            raise InputError(
                f"{spec.path}: its tokenizer differs from that of {writer['model']}, whose "
                "responses it is to read; set responses_from: own, or tokenizer: to the writer's"
            )
    write_table(card, output, MODEL)
