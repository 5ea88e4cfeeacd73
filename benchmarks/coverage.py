"""How often the 95 % intervals of a comparison cover what they are to cover (METHOD 10).

    python benchmarks/coverage.py [--figure FILE] [--data-sets N] [--replicates N]

Problems are simulated for a model before and one after an alignment, and data sets drawn from them.
On each data set the package's own comparison gives intervals; what these are to cover is the mean
over many other data sets of the same size. In a second simulation nothing changes at all: how often
is a change found?
"""

import argparse
import time
from contextlib import redirect_stderr
from io import StringIO
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from coverage_report import draw, markdown
from scipy.special import stdtrit
from simulated_problems import (
    CORRELATION,
    FOLDS,
    LANGUAGES,
    LAYERS,
    PROBLEMS,
    TRAINED,
    WIDTH,
    Population,
    true_logits,
)

from langneurons.activations.counts import Counts
from langneurons.activations.resampled import Draws, draw_texts, resampled_probabilities
from langneurons.artifacts.progress import Progress
from langneurons.comparison import changes, positions
from langneurons.comparison.scale import COMMON, OWN, SCALES, Drawn, typed_pair
from langneurons.neurons.stability import in_draws
from langneurons.neurons.types import TYPES
from langneurons.uncertainty.resampling import FOLDS as OF_FOLDS
from langneurons.uncertainty.resampling import Units

PIVOT = "en"
PHASES = pd.DataFrame({"phase": [1, 2], "name": ["first", "second"], "first_layer": [0, 2]})
#: Of 1,200 neurons, the shares that are usual for half a million would leave a dozen.
PARAMETERS = {"top_rate": 0.3, "threshold_quantile": 0.8}
METHODS = ("ternary", "lape")

#: Rows with fewer neurons on average are left out: most are 0 in most data sets.
ENOUGH = 20
ONE, OVERLAP, NAMES = "one model", "overlap", ("before", "after")
SCALARS = ("τ", "λ", "cut-off")
PANELS = tuple(product(METHODS, SCALES))

#: Method, scale and table.
Key = tuple[str, str, str]


WAYS = {
    "totals": changes.in_total(),
    "layers": changes.by_layer(LAYERS),
    "phases": changes.by_phase(PHASES),
    "languages": changes.by_language(LANGUAGES, PIVOT, TRAINED),
    "groups": changes.by_group(LANGUAGES, PIVOT, TRAINED),
    "sharing": changes.by_sharing(len(LANGUAGES)),
}
T = stdtrit(FOLDS - 1, 0.975)


def numbers(before: Counts, after: Counts) -> dict[Key, np.ndarray]:
    """Each table's numbers (2, rows) of the model before and of the one after."""
    found = {}
    probabilities = before.probabilities(), after.probabilities()
    for method, scale in PANELS:
        pair = typed_pair(*probabilities, method, PARAMETERS, scale)
        for name, counted in WAYS.items():
            rows = [counted.numbers(side).reshape(-1) for side in pair]
            found[method, scale, name] = np.stack(rows)
        kept = positions.overlap(*pair, NAMES)["overlap"].to_numpy()
        found[method, scale, OVERLAP] = np.stack([np.zeros_like(kept), kept])
    once = Draws(np.ones((1, FOLDS), dtype=np.int64), Units(FOLDS, OF_FOLDS))
    for method in METHODS:
        row = _of_one_model(before, once, method)[0]
        found[method, ONE, "totals"] = np.stack([np.zeros_like(row), row])
    return found


def intervals(before: Counts, after: Counts, replicates: int, seed: int) -> dict[Key, np.ndarray]:
    """Bounds of each table's intervals and whether there is a change, (3, rows)."""
    found = {}
    probabilities = before.probabilities(), after.probabilities()
    drawn = Drawn(before, after, replicates, seed, design_effect=1)
    units = drawn.draws.units
    for method in METHODS:
        typed = {scale: typed_pair(*probabilities, method, PARAMETERS, scale) for scale in SCALES}
        for scale in SCALES:
            pairs = list(drawn.typed(method, PARAMETERS, scale))
            for name, counted in WAYS.items():
                draws = np.array([changes.difference(counted, *pair) for pair in pairs])
                refitting = changes.difference(counted, typed[COMMON][1], typed[OWN][1])
                table = changes.change_table(counted, *typed[scale], refitting, draws, units)
                columns = ["change_low", "change_high", "changed"]
                found[method, scale, name] = table[columns].to_numpy(dtype=float).T
            crossings = np.array([positions.transition_counts(*pair) for pair in pairs])
            table = positions.overlap(*typed[scale], NAMES, crossings, units)
            columns = ["overlap_low", "overlap_high"]
            found[method, scale, OVERLAP] = _without_change(table[columns].to_numpy().T)
    return found


def intervals_of_one(counts: Counts, replicates: int, seed: int) -> dict[Key, np.ndarray]:
    """The same for the numbers of one model; no change."""
    found = {}
    drawn = draw_texts(counts, replicates=replicates, seed=seed, design_effect=1)
    # The first is no draw: all folds count once.
    weights = np.concatenate([np.ones_like(drawn.weights[:1]), drawn.weights])
    for method in METHODS:
        rows = _of_one_model(counts, Draws(weights, drawn.units), method)
        found[method, ONE, "totals"] = _without_change(drawn.units.interval(rows[0], rows[1:]))
    return found


def _without_change(bounds: tuple[np.ndarray, np.ndarray] | np.ndarray) -> np.ndarray:
    """Stack bounds, (2, rows), of numbers that say nothing about a change: (3, rows)."""
    low, high = bounds
    return np.stack([low, high, np.full(len(low), np.nan)])


def _of_one_model(counts: Counts, draws: Draws, method: str) -> np.ndarray:
    """Return τ, λ, the cut-off and the number of neurons of each type in each draw (R, 7)."""
    with redirect_stderr(StringIO()):  # a bar for each data set
        numbers_of_draws = in_draws(counts, draws, method, PARAMETERS)[1]
    return numbers_of_draws[:, : len(SCALARS) + len(TYPES)]


def summary(points: dict[Key, np.ndarray], found: dict[Key, np.ndarray]) -> pd.DataFrame:
    """Tabulate how often the intervals cover, a line per row of each table.

    Parameters
    ----------
    points, found
        Per table, of many data sets (S, 2, rows) and of others (S', 3, rows).
    """
    tables = []
    for (method, scale, name), ends in found.items():
        before, after = points[method, scale, name].swapaxes(0, 1)
        change, (low, high, changed) = after - before, ends.swapaxes(0, 1)
        expected, spread = change.mean(axis=0), change.std(axis=0)
        row = pd.DataFrame({"type": _labels(scale, name)})
        row.insert(0, "table", f"{ONE}: {name}" if scale == ONE else name)
        row.insert(0, "scale", scale)
        row.insert(0, "method", method)
        row["neurons"] = after.mean(axis=0)
        # The width of an interval whose bootstrap knew the spread of the estimate is 2 t spread.
        row["width"] = (high - low).mean(axis=0) / np.where(spread > 0, 2 * T * spread, np.nan)
        row["coverage"] = ((low <= expected) & (expected <= high)).mean(axis=0)
        row["changed"] = changed.mean(axis=0)
        # Neither the scalars nor the overlap are numbers of neurons; each type has many in total.
        enough = (row["neurons"] >= ENOUGH) | row["type"].isin(SCALARS) | (name == OVERLAP)
        tables.append(row[enough & (spread > 0)])
    return pd.concat(tables, ignore_index=True)


def _labels(scale: str, name: str) -> list[str]:
    if scale == ONE:
        return [*SCALARS, *TYPES]
    if name == OVERLAP:
        return list(TYPES)
    keys = WAYS[name].keys
    return list(keys["type"] if "type" in keys else keys["population"])


def time_shares(before: Counts, after: Counts, replicates: int) -> pd.DataFrame:
    """Processor milliseconds of a draw: of the probabilities, of typing, and of counting."""
    rows = []
    drawn = Drawn(before, after, replicates, 0, design_effect=1)
    for method, scale in PANELS:
        clock = [time.process_time()]
        for counts in (before, after):
            for _ in resampled_probabilities(counts, drawn.draws):
                pass
        clock.append(time.process_time())
        pairs = list(drawn.typed(method, PARAMETERS, scale))
        clock.append(time.process_time())
        for pair in pairs:
            for counted in WAYS.values():
                changes.difference(counted, *pair)
        clock.append(time.process_time())
        drawing, both, counting = np.diff(clock) / replicates * 1e3
        rows.append((method, scale, drawing, both - drawing, counting))
    return pd.DataFrame(rows, columns=["method", "scale", "drawing", "typing", "counting"])


def expectations(
    population: Population, data_sets: int, seed: int, null: bool = False
) -> dict[Key, np.ndarray]:
    """Numbers of both models in data sets, per table (S, 2, rows)."""
    random, found = np.random.default_rng([seed, 1]), []
    with Progress(data_sets, "data set", "expectations") as progress:
        for _ in range(data_sets):
            found.append(numbers(*population.data_set(random, null)))
            progress.update()
    return _stacked(found)


def simulate(
    population: Population, data_sets: int, replicates: int, seed: int, null: bool = False
) -> dict[Key, np.ndarray]:
    """Intervals on data sets, per table (S, 3, rows)."""
    random, found = np.random.default_rng([seed, 2]), []
    with Progress(data_sets, "data set", "intervals") as progress:
        for number in range(data_sets):
            before, after = population.data_set(random, null)
            one = intervals(before, after, replicates, number)
            found.append(one if null else one | intervals_of_one(before, replicates, number))
            progress.update()
    return _stacked(found)


def _stacked(found: list[dict[Key, np.ndarray]]) -> dict[Key, np.ndarray]:
    return {key: np.stack([one[key] for one in found]) for key in found[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-sets", type=int, default=200)
    parser.add_argument("--expected-from", type=int, default=2000, metavar="DATA_SETS")
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--correlation", type=float, default=CORRELATION)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--figure", type=Path, help="a PNG to draw")
    options = parser.parse_args()
    size, seed = (options.data_sets, options.replicates, options.seed), options.seed

    random = np.random.default_rng(seed)
    before, after = true_logits(random)
    population = Population(random, before, after, options.correlation)
    expected = expectations(population, options.expected_from, seed)
    table = summary(expected, simulate(population, *size))
    times = time_shares(*population.data_set(random), options.replicates)
    # The same probabilities on the same problems; only the tokens are drawn anew.
    population = Population(random, before, before, correlation=1)
    expected = expectations(population, options.expected_from // 4, seed, null=True)
    unchanged = summary(expected, simulate(population, *size, null=True))
    unchanged = unchanged.dropna(subset="changed")  # overlap has no change

    each = 100 * np.sqrt(0.95 * 0.05 / options.data_sets)
    print(f"Coverage in %, mean (lowest–highest row); by chance, sd {each:.1f} for one row\n")
    print(markdown(table, "coverage", ["table", "type"]))
    print("\nMean width of the intervals, in % of the one that would be right\n")
    print(markdown(table, "width", ["table", "type"]))
    print("\nNo change: rows called changed, in %\n")
    print(markdown(unchanged, "changed", ["table", "type"]))
    print("\nProcessor milliseconds a draw\n")
    print(times.round(3).to_string(index=False))
    print(f"\n{time.process_time() / 60:.1f} processor minutes in all")
    if options.figure:
        totals = unchanged.loc[unchanged["table"] == "totals", "changed"]
        notes = [
            f"{options.data_sets:,} data sets of {PROBLEMS} problems in {FOLDS} folds, "
            f"{options.replicates:,} draws each; expected: the mean of "
            f"{options.expected_from:,} other data sets. {LAYERS} layers × {WIDTH} neurons × "
            f"{len(LANGUAGES)} languages; rows with ≥\u00a0{ENOUGH} neurons.",
            f"By chance, the coverage of one row varies with a standard deviation of {each:.1f} %.",
            f"Where nothing changes, {totals.mean():.1%} of the rows of totals are called changed.",
        ]
        draw(table, notes, options.figure)


if __name__ == "__main__":
    main()
