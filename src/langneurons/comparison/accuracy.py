"""Change of accuracy from one model to another on the same problems (METHOD 6)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from langneurons.artifacts.tables import artefact, read_table, write_table
from langneurons.errors import InputError
from langneurons.responses.accuracy import assess
from langneurons.responses.schemas import GRADES
from langneurons.uncertainty.resampling import draw_weights, percentile_interval

#: One row per language, and one per group of languages, with null as ``language``. ``group`` is
#: trained, other (languages not trained on) or all; ``n`` counts problems × languages.
#: ``low`` to ``high`` is the 95 % interval of ``change``. Shares are null if n is 0.
ACCURACY_CHANGE = artefact(
    "accuracy_change",
    "group string, language string?, n int64, before float64?, after float64?, change float64?, "
    "low float64?, high float64?",
)
_KEYS = ["problem", "language"]


def accuracy_change(
    before: pd.DataFrame,
    after: pd.DataFrame,
    languages: Sequence[str],
    trained: Sequence[str],
    replicates: int,
    seed: int,
) -> pd.DataFrame:
    """Compare the accuracies of two models that answered the same problems.

    Parameters
    ----------
    before, after
        The columns of `GRADES`. Problems without an answer to compare with are left out; several
        samples per problem and language count as their mean.
    languages
        The languages, in the order of the rows.
    trained
        Languages that the alignment trained on; the others, including the pivot, are ``other``.
    replicates, seed
        Of the bootstrap. It draws problems, each with all its languages and both models'
        responses, so that the interval is for a paired comparison; without replicates it is null.

    Returns
    -------
    pandas.DataFrame
        The columns of `ACCURACY_CHANGE`: the languages, then the groups trained, other and all. A
        group without a language has no row.

    Raises
    ------
    InputError
        If the two models did not answer the same problems, or a language has no response.
    """
    first, second = _shares(before), _shares(after)
    if not first.index.equals(second.index):
        problem, language = first.index.symmetric_difference(second.index)[0]
        raise InputError(
            f"the responses before and after are to different problems: {problem!r} in {language} "
            "is answered, or has an answer to compare with, in one of them only"
        )
    missing = [name for name in languages if name not in set(before["language"])]
    if missing:
        raise InputError(f"no responses in {' '.join(missing)}")
    problems = first.index.unique("problem")
    cells = pd.MultiIndex.from_product([problems, languages], names=_KEYS)
    # (2, P, K): before and after; NaN where a problem lacks a language or an answer.
    shares = np.stack([first.reindex(cells), second.reindex(cells)])
    shares = shares.reshape(2, len(problems), len(languages))
    rows = [
        {
            "group": group,
            "language": language,
            **_paired(shares[:, :, members], replicates, seed),
        }
        for group, language, members in _rows(languages, trained)
    ]
    return pd.DataFrame(rows, columns=ACCURACY_CHANGE.names)


def write_accuracy_change(
    before_path: str | Path,
    after_path: str | Path,
    languages: Sequence[str],
    trained: Sequence[str],
    names: tuple[str, str],
    uncertainty: Mapping[str, int],
    output: str | Path,
    control: str | None = None,
) -> None:
    """Write the change of accuracy between two grades artefacts.

    Parameters
    ----------
    names
        The models' names, before first.
    uncertainty
        ``replicates`` and ``seed`` of the bootstrap.
    control
        Which control of an alignment the model after is, if it is one.

    Raises
    ------
    InputError
        As `accuracy_change`, naming the files.
    """
    before, after = (read_table(path, GRADES) for path in (before_path, after_path))
    bootstrap = {key: uncertainty[key] for key in ("replicates", "seed")}
    try:
        table = accuracy_change(before, after, languages, trained, **bootstrap)
    except InputError as error:
        raise InputError(f"{before_path}, {after_path}: {error}") from None
    provenance = {
        "inputs": [str(before_path), str(after_path)],
        "before": names[0],
        "after": names[1],
        "trained": list(trained),
        "control": control,
        **bootstrap,
    }
    write_table(table, output, ACCURACY_CHANGE, provenance)


def _shares(responses: pd.DataFrame) -> pd.Series:
    """Share of right responses to each answered problem in each language, sorted by both."""
    assessed = assess(responses)
    right = responses[_KEYS].assign(right=assessed["both"].astype(float))
    return right[assessed["answered"]].groupby(_KEYS)["right"].mean()


def _rows(
    languages: Sequence[str], trained: Sequence[str]
) -> Iterator[tuple[str, str | None, list[int]]]:
    """Yield each row's group, language and columns."""
    groups = {name: "trained" if name in trained else "other" for name in languages}
    for k, (name, group) in enumerate(groups.items()):
        yield group, name, [k]
    for group in ("trained", "other"):
        members = [k for k, member in enumerate(groups.values()) if member == group]
        if members:
            yield group, None, members
    yield "all", None, list(range(len(languages)))


def _paired(shares: np.ndarray, replicates: int, seed: int) -> dict[str, float]:
    """Means, and their change, of an array (2, P, k) over problems × languages."""
    n = (~np.isnan(shares[0])).sum(axis=1)  # (P,)
    if not n.sum():
        return {"n": 0, **dict.fromkeys(ACCURACY_CHANGE.names[3:], np.nan)}
    before, after = np.nansum(shares, axis=2)  # (P,) each
    low, high = _interval(after - before, n, replicates, seed)
    return {
        "n": int(n.sum()),
        "before": before.sum() / n.sum(),
        "after": after.sum() / n.sum(),
        "change": (after - before).sum() / n.sum(),
        "low": low,
        "high": high,
    }


def _interval(
    changes: np.ndarray, n: np.ndarray, replicates: int, seed: int
) -> tuple[float, float]:
    """Percentile bootstrap over problems of Σ changes / Σ n, both (P,)."""
    # Problems without a response in these languages would only dilute the replicates.
    changes, n = changes[n > 0], n[n > 0]
    draws = draw_weights(np.ones(len(n), dtype=bool), replicates, seed)  # (R, P)
    low, high = percentile_interval((draws @ changes) / (draws @ n))
    return float(low), float(high)
