"""Questions and their translations, to train a model to translate, and controls of that training.

METHOD 11: a control has the texts of its alignment without what aligns.
"""

import logging
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.alignment.splits import split
from langneurons.artifacts.tables import artefact, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.prompts import ask_to_translate
from langneurons.responses.schemas import row_name

logger = logging.getLogger(__name__)

#: One row per pair of texts and direction. ``split`` is one of train and dev, the same for all
#: pairs of a problem. ``language`` is the one that is not the pivot, ``target_language`` that of
#: ``target``. In the train split of a control, ``source`` is another problem's text, or empty.
TRANSLATIONS = artefact(
    "translations",
    "split string, problem string, language string, target_language string, source string, "
    "target string, prompt string",
)

#: Direction → whether the pivot is the source, one value for each kind of pair.
DIRECTIONS = {"to_pivot": (False,), "from_pivot": (True,), "both": (False, True)}
#: Controls: sources of other problems; no sources.
SHUFFLED, TARGET_ONLY = "shuffled", "target_only"


def write_translations(
    corpus_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    pivot: str,
    direction: str,
    prompt: str,
    dev_share: float,
    seed: int,
    control: str | None = None,
    control_seed: int = 0,
) -> None:
    """Write pairs of a corpus's questions, or of its texts, and their translations.

    Parameters
    ----------
    corpus_path
        A corpus artefact. A problem without a question counts with its only response.
    output
        A table of `TRANSLATIONS`, sorted by language (as in ``languages``), direction and problem.
    languages, pivot
        The languages that are paired with the pivot, and the pivot.
    direction
        A key of `DIRECTIONS`.
    prompt
        The text before a translation, see `langneurons.responses.prompts.ask_to_translate`.
    dev_share, seed
        Share of the problems whose pairs are held out from training, and the seed of that choice.
    control
        What is changed in the train split, if anything. The dev split holds true pairs: its loss is
        that of translation.

        ``shuffled``: within a language and direction, each source goes to another problem, and as
        far as possible to one with another text. Sources, targets and their numbers stay the same.

        ``target_only``: all sources are empty.
    control_seed
        Seed of the control.

    Raises
    ------
    InputError
        If a language has no text, a text is empty or lacks its partner in the pivot's language, or
        fewer than two problems are to be shuffled.
    """
    try:
        texts = _texts(read_table(corpus_path, CORPUS), languages, pivot)
        parts = [
            _pairs(texts, pivot, language, from_pivot)
            for language in languages
            for from_pivot in DIRECTIONS[direction]
        ]
        for pairs in parts:
            # All parts have the same problems, and so the same split.
            pairs["split"] = split(pairs["problem"], dev_share, seed)
            train = pairs["split"] == "train"
            if control == SHUFFLED:
                pairs.loc[train, "source"] = _shuffled(pairs[train], control_seed)
            elif control == TARGET_ONLY:
                pairs.loc[train, "source"] = ""
    except InputError as error:
        raise InputError(f"{corpus_path}: {error}") from None
    table = pd.concat(parts, ignore_index=True)
    columns = ("source", "source_language", "target_language")
    table["prompt"] = [
        ask_to_translate(prompt, *row) for row in zip(*map(table.get, columns), strict=True)
    ]
    counts = table.groupby(["language", "target_language", "split"], sort=False).size()
    logger.info("%s: pairs by language, target and split\n%s", output, counts.to_string())
    provenance = {
        "inputs": [str(corpus_path)],
        "languages": list(languages),
        "pivot": pivot,
        "direction": direction,
        "prompt": prompt,
        "dev_share": dev_share,
        "seed": seed,
        "control": control,
        **({"control_seed": control_seed} if control == SHUFFLED else {}),
    }
    write_table(table[TRANSLATIONS.names], output, TRANSLATIONS, provenance)


def _texts(corpus: pd.DataFrame, languages: Sequence[str], pivot: str) -> dict[str, pd.Series]:
    """Return the texts of each language by problem, which are the same problems in all."""
    texts = {}
    for language in (pivot, *languages):
        rows = corpus[corpus["language"] == language].sort_values("problem")
        if rows.empty:
            held = " ".join(corpus["language"].unique())
            raise InputError(f"no text in {language}; expected one of the languages {held}")
        texts[language] = pd.Series([_text(row) for _, row in rows.iterrows()], rows["problem"])
        lone = texts[language].index.symmetric_difference(texts[pivot].index)
        if len(lone):
            lacking = language if lone[0] in texts[pivot] else pivot
            raise InputError(
                f"{len(texts[pivot])} texts in {pivot} and {len(texts[language])} in {language}: "
                f"problem {lone[0]!r} has none in {lacking}; expected pairs of texts"
            )
    return texts


def _text(row: pd.Series) -> str:
    """Return a problem's question or, without one, its only response."""
    text = row["question"]
    if not text.strip() and len(row["responses"]) == 1:
        text = row["responses"][0]
    if not text.strip():
        raise InputError(
            f"{row_name(row)}: the text is empty ({len(row['responses'])} responses); expected a "
            "question, or one response, to translate"
        )
    return str(text)


def _pairs(
    texts: dict[str, pd.Series], pivot: str, language: str, from_pivot: bool
) -> pd.DataFrame:
    """Return the pairs of one language in one direction, and the language of the source."""
    source, target = (pivot, language) if from_pivot else (language, pivot)
    pairs = pd.DataFrame({"source": texts[source], "target": texts[target]}).reset_index()
    return pairs.assign(language=language, source_language=source, target_language=target)


def _shuffled(rows: pd.DataFrame, seed: int) -> np.ndarray:
    """Return the sources of rows so that none stays, by one direction's pairs of a language.

    In random order, but rows with a text in common side by side, each row takes the source that is
    as far ahead as the largest group of such rows is long: a row of another group wherever there
    are enough of them.
    """
    if len(rows) < 2:
        raise InputError(
            f"{len(rows)} of the problems to train on, expected at least 2 to exchange for "
            f"control: {SHUFFLED}; a smaller alignment.question_translation.dev_share or more "
            "questions may help"
        )
    kind = " ".join(rows[["language", "target_language"]].iloc[0])
    chance = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    groups = _alike(rows)
    place, rank = chance.permutation(len(rows)), chance.permutation(len(rows))
    order = np.lexsort([place, rank[groups]])
    longest = int(np.bincount(groups).max())
    giver = np.empty(len(rows), dtype=np.int64)
    giver[order] = np.roll(order, -(longest if longest < len(rows) else 1))
    kept = int((groups == groups[giver]).sum())
    if kept:
        logger.warning("%s: %d of %d pairs have equal texts and stay", kind, kept, len(rows))
    return rows["source"].to_numpy()[giver]


def _alike(rows: pd.DataFrame) -> np.ndarray:
    """Number rows by group: those of a group are linked by equal sources or equal targets."""
    groups = pd.Series(range(len(rows)), index=rows.index)
    while True:
        joined = groups
        for side in ("source", "target"):
            joined = joined.groupby(rows[side]).transform("min")
        if joined.equals(groups):
            return groups.to_numpy()
        groups = joined
