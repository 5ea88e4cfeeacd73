"""The design effect of counts by fold, and what intervals over tokens make of it (METHOD 10).

    python benchmarks/design_effect.py [--counts FILE] [--published FOLDER] [--replicates N]

FILE holds counts by fold, as the pipeline writes them. How much more does p vary between folds than
it would if tokens were independent of one another? Then the folds are added up, as those of
published counts are, and tokens are drawn: how does the spread of the numbers of neurons compare
with that in draws of the folds? With FOLDER, published counts, their numbers are drawn with several
design effects. Progress goes to stderr.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from langneurons.activations.counts import Counts, read_counts
from langneurons.activations.published import import_counts
from langneurons.activations.resampled import draw_texts
from langneurons.neurons.stability import in_draws, names_of_numbers
from langneurons.neurons.types import TYPES

LANGUAGES = ("en", "ru", "es", "fr", "de", "zh", "ja", "bn", "th", "sw")
COUNTS = Path(__file__).parents[1] / "results/activations/gemma/passages.parquet"
METHODS: Mapping[str, Mapping[str, Any]] = {"ternary": {"lambda_": None}, "lape": {}}
EFFECTS = (1, 2, 3, 5, 8)
PUBLISHED_EFFECTS = (3, 10, 30, 80)
#: Neurons that are neither silent nor always active have an effect; fewer neurons of a kind have
#: no spread to speak of.
MIDDLE, ENOUGH = (0.01, 0.99), 20


def effects(counts: Counts) -> list[np.ndarray]:
    """Return the design effects of each language's neurons: a ratio of two variances of p."""
    found = []
    for active, tokens in zip(counts.active, counts.tokens, strict=True):  # (F, L, D), (F,)
        folds, total = len(tokens), tokens.sum()
        p = active.sum(axis=0) / total
        # p is a ratio of sums over folds: its variance is that of what each fold adds to it.
        residuals = active - p * tokens[:, None, None]
        variance = folds / (folds - 1) * (residuals**2).sum(axis=0) / total**2
        kept = (p > MIDDLE[0]) & (p < MIDDLE[1])
        found.append(variance[kept] / (p * (1 - p) / total)[kept])
    return found


def numbers(counts: Counts, method: str, replicates: int, effect: float) -> np.ndarray:
    """Return a model's numbers in draws of its texts, (R, rows)."""
    draws = draw_texts(counts, replicates=replicates, seed=0, design_effect=effect)
    return in_draws(counts, draws, method, METHODS[method])[1]


def in_one_fold(counts: Counts) -> Counts:
    """Add the folds up."""
    active, tokens = (
        array.sum(axis=1, keepdims=True, dtype=np.int64) for array in (counts.active, counts.tokens)
    )
    return Counts(active, tokens, counts.languages)


def against_folds(counts: Counts, replicates: int) -> pd.DataFrame:
    """The sd of each kind of number in draws of tokens, by that in draws of folds; medians."""
    rows = []
    for method in METHODS:
        folds = numbers(counts, method, replicates, 1)
        names = names_of_numbers(counts.active.shape[2], counts.languages)
        spread = folds.std(axis=0, ddof=1)
        kept = (spread > 0) & ((folds.mean(axis=0) >= ENOUGH) | names["type"].isna())
        for effect in EFFECTS:
            tokens = numbers(in_one_fold(counts), method, replicates, effect)
            ratio = pd.Series(tokens.std(axis=0, ddof=1) / spread)[kept]
            by = ratio.groupby(names["quantity"][kept], sort=False).median()
            rows.append({"method": method, "effect": effect, **by})
    return pd.DataFrame(rows)


def of_published(folder: Path, replicates: int) -> pd.DataFrame:
    """The sd of published totals in draws of tokens, and the mean of the draws."""
    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "counts.parquet"
        import_counts(folder, LANGUAGES, path)
        counts = read_counts(path, LANGUAGES)
    names = names_of_numbers(counts.active.shape[2], counts.languages)
    totals = (names["quantity"] == "total").to_numpy()
    rows = []
    for method in METHODS:
        for effect in PUBLISHED_EFFECTS:
            drawn = numbers(counts, method, replicates, effect)[:, totals]
            spread, mean = drawn.std(axis=0, ddof=1), drawn.mean(axis=0)
            of_types = dict(zip(TYPES, zip(spread, mean, strict=True), strict=True))
            shown = {kind: f"{sd:.1f} ({at:,.0f})" for kind, (sd, at) in of_types.items()}
            rows.append({"method": method, "effect": effect, **shown})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=Path, default=COUNTS)
    parser.add_argument("--published", type=Path)
    parser.add_argument("--replicates", type=int, default=200)
    options = parser.parse_args()
    counts = read_counts(options.counts, LANGUAGES)
    print("language, tokens, mean and median design effect\n")
    found = effects(counts)
    for language, tokens, values in zip(LANGUAGES, counts.tokens.sum(axis=1), found, strict=True):
        print(f"{language}  {tokens:6,}  {values.mean():.2f}  {np.median(values):.2f}")
    mean, median = (
        np.mean([reduce(values) for values in found]) for reduce in (np.mean, np.median)
    )
    print(f"mean of the languages: {mean:.2f} {median:.2f}\n")
    print(against_folds(counts, options.replicates).round(2).to_string(index=False))
    if options.published:
        print("\nsd of totals, in brackets the mean of the draws\n")
        print(of_published(options.published, options.replicates).to_string(index=False))


if __name__ == "__main__":
    main()
