"""Preference pairs for alignment: which response is better, by its score (METHOD 5)."""

import logging
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.alignment.references import cleaned
from langneurons.alignment.scoring import SCORES
from langneurons.alignment.splits import split
from langneurons.artifacts.tables import artefact, read_table, write_table
from langneurons.corpora.schema import CORPUS
from langneurons.errors import InputError
from langneurons.responses.grading import grade_numbers
from langneurons.responses.schemas import RESPONSES

logger = logging.getLogger(__name__)

#: The control of preference pairs (METHOD 11): which response of a pair is chosen, at random.
RANDOM_LABELS = "random_labels"
_KEYS = ["problem", "language", "sample"]

#: One row per pair of responses to one prompt. ``split`` is train or dev, the same for all pairs of
#: a problem. The samples are those of the responses artefact.
PAIRS = artefact(
    "pairs",
    "split string, problem string, language string, chosen_sample int32, rejected_sample int32, "
    "prompt string, chosen string, rejected string, chosen_score float64, rejected_score float64, "
    "chosen_correct bool, rejected_correct bool",
)


def preference_pairs(
    responses: pd.DataFrame,
    scores: pd.DataFrame,
    languages: Sequence[str],
    cap: int,
    dev_share: float,
    seed: int,
) -> pd.DataFrame:
    """Pair each correct response with every response to the same prompt that scores lower.

    As in the released code, scores and texts are compared as the translation model reads them,
    `cleaned`; the number is that of the whole response, which the pair holds as it was written: a
    model trained on less would no longer state its final answer.

    Parameters
    ----------
    responses
        The columns of `RESPONSES` and ``correct``, several samples per problem and language.
    scores
        The columns of `langneurons.alignment.scoring.SCORES`; responses without a score are in no
        pair.
    languages
        The languages to align, in the order of the result.
    cap
        Maximum number of pairs per language; of more, a random choice is kept.
    dev_share
        Share of the problems whose pairs are held out from training.
    seed
        Seed of that choice and of the split.

    Returns
    -------
    pandas.DataFrame
        The columns of ``PAIRS``, sorted by language, problem and samples. The n responses to a
        prompt give at most n (n − 1) / 2 pairs: those with equal texts or equal scores are left
        out. A language without a pair is reported in the log.

    Raises
    ------
    InputError
        If no language has a pair; the reason is given for each.
    """
    scored = responses.merge(scores[[*_KEYS, "score"]], on=_KEYS, validate="one_to_one")
    scored["correct"] = scored["correct"].astype("boolean").fillna(False).astype(bool)
    tables, reasons = [], {}
    for language in languages:
        rows = scored[scored["language"] == language]
        pairs = _pairs_of(rows)
        if pairs.empty:
            reasons[language] = _reason(rows)
        elif len(pairs) > cap:
            chance = np.random.default_rng([seed, zlib.crc32(language.encode())])
            pairs = pairs.iloc[np.sort(chance.choice(len(pairs), cap, replace=False))]
        tables.append(pairs)
    if len(reasons) == len(languages):
        found = "; ".join(f"{language}: {reason}" for language, reason in reasons.items())
        raise InputError(
            f"no preference pair in any language ({found}); more samples or a higher temperature "
            "may help"
        )
    for language, reason in reasons.items():
        logger.warning("%s: no preference pair (%s)", language, reason)
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "split", split(table["problem"], dev_share, seed))
    return table[PAIRS.names]


def randomly_labelled(pairs: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the same pairs, of which a random half of those to train on have their sides swapped.

    ``chosen`` is then what is trained as chosen. Dev pairs keep their labels, so that the measures
    on them are comparable.

    Parameters
    ----------
    pairs
        The columns of `PAIRS`.
    seed
        Seed of the swaps, each with probability 1/2.
    """
    swapped = np.random.default_rng(seed).random(len(pairs)) < 0.5
    swapped &= (pairs["split"] == "train").to_numpy()
    chosen = [name for name in PAIRS.names if name.startswith("chosen")]
    rejected = [name.replace("chosen", "rejected") for name in chosen]
    partners = zip(chosen + rejected, rejected + chosen, strict=True)
    return pairs.assign(
        **{one: pairs[one].where(~swapped, pairs[other]) for one, other in partners}
    )


def write_pairs(
    responses_path: str | Path,
    scores_path: str | Path,
    corpus_path: str | Path,
    output: str | Path,
    languages: Sequence[str],
    cap: int,
    dev_share: float,
    seed: int,
    control: str | None = None,
    control_seed: int = 0,
) -> None:
    """Write the preference pairs of a responses artefact and its scores; see `preference_pairs`.

    The responses are graded by the answers of ``corpus_path``, a corpus artefact. ``control`` is
    `RANDOM_LABELS` if the pairs are to be `randomly_labelled` with the seed ``control_seed``.
    """
    if control not in (None, RANDOM_LABELS):
        raise InputError(f"control: found {control!r}, expected {RANDOM_LABELS}")
    responses, scores = read_table(responses_path, RESPONSES), read_table(scores_path, SCORES)
    corpus = read_table(corpus_path, CORPUS)
    try:
        responses = grade_numbers(responses, corpus)
        pairs = preference_pairs(responses, scores, languages, cap, dev_share, seed)
    except InputError as error:
        raise InputError(f"{responses_path}: {error}") from None
    if control:
        pairs = randomly_labelled(pairs, control_seed)
    counts = pairs.groupby(["language", "split"], sort=False).size()
    logger.info("%s: pairs by language and split\n%s", output, counts.to_string())
    provenance = {
        "inputs": [str(path) for path in (responses_path, scores_path, corpus_path)],
        "languages": list(languages),
        "cap": cap,
        "dev_share": dev_share,
        "seed": seed,
        **({"control": control, "control_seed": control_seed} if control else {}),
    }
    write_table(pairs, output, PAIRS, provenance)


def _pairs_of(rows: pd.DataFrame) -> pd.DataFrame:
    """All pairs of one language."""
    rows = rows.sort_values(_KEYS).rename(columns={"response": "text"})
    rows["cleaned"] = rows["text"].map(cleaned)
    chosen, rejected = (
        rows[["text", "cleaned", "sample", "score", "correct"]].add_prefix(f"{side}_")
        for side in ("chosen", "rejected")
    )
    prompts = rows[["problem", "language", "prompt"]]
    pairs = prompts.join(chosen).merge(prompts.join(rejected), on=list(prompts.columns))
    better = pairs["chosen_correct"] & (pairs["chosen_score"] > pairs["rejected_score"])
    pairs = pairs[better & (pairs["chosen_cleaned"] != pairs["rejected_cleaned"])]
    names = {"chosen_text": "chosen", "rejected_text": "rejected"}
    return pairs.rename(columns=names).reset_index(drop=True)


def _reason(rows: pd.DataFrame) -> str:
    """Return why a language has no pair."""
    if rows.empty:
        return "no responses"
    if not rows["correct"].any():
        return f"none of {len(rows)} responses is correct"
    if rows["response"].map(cleaned).groupby(rows["problem"]).nunique().max() == 1:
        return "all responses to a question are identical"
    if rows["score"].notna().sum() == 0:
        return "no response has a score"
    return "no correct response scores higher than another to the same question"
