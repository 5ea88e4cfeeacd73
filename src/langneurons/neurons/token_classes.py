"""Whether neurons keep their type where a language's own letters are read or written (METHOD 10).

A neuron that is active for Bengali alone may be one of its digits, its punctuation, or the bytes
that a tokenizer cuts its letters into. All neurons are typed anew over those tokens alone that are
letters of each language's own script, and set against the types over all tokens.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from langneurons.activations.class_counts import (
    CLASSES,
    LATIN_LETTERS,
    PLACES,
    POSITIONS,
    SCRIPT_LETTERS,
    ClassCounts,
    read_class_counts,
)
from langneurons.activations.counts import Counts
from langneurons.artifacts.tables import artefact, write_table
from langneurons.corpora.scripts import LATIN, scripts_of
from langneurons.neurons.table import read_neurons
from langneurons.neurons.types import RELATED, SPECIFIC, TYPES, Neurons, identify

#: One row per position × type, of all languages (``language`` null) and of each language that the
#: neurons belong to. ``before``: neurons of the type over all tokens, ``after``: over the letters,
#: ``kept``: over both. ``kept_at_random``: the same where as many random tokens of each language
#: are in the place of its letters. ``specific`` to ``other``: which types those of ``before`` have
#: over the letters. All but ``before`` are null where ``reason`` says why nothing is typed.
TOKEN_CLASSES = artefact(
    "token_classes",
    "position string, type string, language string?, scripts [string]?, tokens int64, "
    "share float64, before int64, after int64?, kept int64?, kept_at_random int64?, "
    f"{', '.join(f'{kind} int64?' for kind in TYPES)}, reason string?",
)
#: One row per language × position × class: response tokens, and their share of the language's.
TOKEN_SHARES = artefact(
    "token_shares", "language string, position string, class string, tokens int64, share float64"
)
#: Fewer letters of some language, and nothing is typed.
FEWEST_TOKENS = 100


def write_token_classes(
    neurons_path: str | Path,
    counts_path: str | Path,
    output: str | Path,
    shares: str | Path,
    method: str,
    parameters: Mapping[str, Any],
    languages: Sequence[str],
    seed: int,
) -> None:
    """Type neurons anew on letters of each language's script; see `typed_on_letters`.

    Writes `TOKEN_CLASSES` to ``output`` and `TOKEN_SHARES` to ``shares``.

    Parameters
    ----------
    neurons_path, counts_path
        The neurons over all tokens, and the counts by class of token, of the same model and texts.
    method, parameters
        As for `identify`.
    seed
        Of the random tokens.
    """
    neurons = read_neurons(neurons_path, languages)
    counts = read_class_counts(counts_path, languages)
    facts = {
        "inputs": [str(neurons_path), str(counts_path)],
        "method": method,
        "parameters": dict(parameters),
        "seed": seed,
    }
    table = pd.concat(
        [
            typed_on_letters(position, neurons, counts, method, parameters, seed)
            for position in POSITIONS
        ],
        ignore_index=True,
    )
    write_table(table, output, TOKEN_CLASSES, facts)
    write_table(_shares(counts), shares, TOKEN_SHARES, facts)


def typed_on_letters(
    position: str,
    neurons: Neurons,
    counts: ClassCounts,
    method: str,
    parameters: Mapping[str, Any],
    seed: int,
) -> pd.DataFrame:
    """Type neurons on tokens that are letters of each language's own script.

    The letters are Latin ones, or those of any other script, whichever the language is written in.
    τ, λ and the selection are found anew. Fewer tokens move types by themselves: the control types
    neurons on as many random tokens of each language, drawn once.

    Parameters
    ----------
    position
        Whether the ``input`` token is a letter, or the ``next``.
    neurons
        Types over all tokens.
    counts
        Counts of the same neurons.

    Returns
    -------
    DataFrame
        The columns of `TOKEN_CLASSES`.
    """
    languages = counts.languages
    K, every = len(languages), slice(len(CLASSES))  # each token is in one class of inputs
    scripts = {language: scripts_of(language) for language in languages}
    letters = [LATIN_LETTERS if LATIN in one else SCRIPT_LETTERS for one in scripts.values()]
    own = (np.arange(K), [PLACES.index((position, name)) for name in letters])
    tokens, totals = counts.tokens[own], counts.tokens[:, every].sum(axis=1)
    reason = _reason(tokens, languages)
    found = at_random = None
    if reason is None:
        active = counts.active[:, every].sum(axis=1)
        silent = totals[:, None, None] - active
        generator = np.random.default_rng([seed, POSITIONS.index(position)])
        drawn = generator.hypergeometric(active, silent, tokens[:, None, None])
        found, at_random = (
            identify(_probabilities(one, tokens, languages), method, parameters)[0]
            for one in (counts.active[own], drawn)
        )
    groups: list[tuple[int, int | None]] = [(kind, None) for kind in range(len(TYPES))]
    groups += [(kind, k) for k in range(K) for kind in (SPECIFIC, RELATED)]
    rows = [
        {
            "type": TYPES[kind],
            "language": None if k is None else languages[k],
            "scripts": None if k is None else list(scripts[languages[k]]),
            "tokens": tokens.sum() if k is None else tokens[k],
            "share": tokens.sum() / totals.sum() if k is None else tokens[k] / totals[k],
            "before": _members(neurons, kind, k).sum(),
            **_kept(kind, k, neurons, found, at_random),
        }
        for kind, k in groups
    ]
    table = pd.DataFrame(rows, columns=TOKEN_CLASSES.names)
    return table.assign(position=position, reason=reason)


def _kept(
    kind: int, k: int | None, neurons: Neurons, found: Neurons | None, at_random: Neurons | None
) -> dict[str, int]:
    """Count what becomes of the neurons of a type, of one language or of all."""
    if found is None or at_random is None:
        return {}
    before, after = _members(neurons, kind, k), _members(found, kind, k)
    return {
        "after": after.sum(),
        "kept": (before & after).sum(),
        "kept_at_random": (before & _members(at_random, kind, k)).sum(),
        **{name: (before & (found.kind == place)).sum() for place, name in enumerate(TYPES)},
    }


def _members(neurons: Neurons, kind: int, k: int | None) -> np.ndarray:
    """Tell which neurons are of a type and, given a language, active for it, boolean (L, D)."""
    of_kind = neurons.kind == kind
    return of_kind if k is None else of_kind & neurons.active[..., k]


def _probabilities(active: np.ndarray, tokens: np.ndarray, languages: Sequence[str]) -> np.ndarray:
    """Return probabilities (L, D, K) of counts (K, L, D) out of tokens (K,)."""
    return Counts(active[:, None], tokens[:, None], tuple(languages)).probabilities()


def _reason(tokens: np.ndarray, languages: Sequence[str]) -> str | None:
    """Say which languages have too few letters to type neurons on; None if none has."""
    few = [
        f"{language} {n:,}"
        for language, n in zip(languages, tokens.tolist(), strict=True)
        if n < FEWEST_TOKENS
    ]
    if not few:
        return None
    return f"fewer than {FEWEST_TOKENS} tokens are letters of the own script: {', '.join(few)}"


def _shares(counts: ClassCounts) -> pd.DataFrame:
    K, P = counts.tokens.shape
    totals = counts.tokens[:, : len(CLASSES)].sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "language": np.repeat(counts.languages, P),
            "position": [position for position, _ in PLACES] * K,
            "class": [name for _, name in PLACES] * K,
            "tokens": counts.tokens.reshape(-1),
            "share": (counts.tokens / totals).reshape(-1),
        }
    )
