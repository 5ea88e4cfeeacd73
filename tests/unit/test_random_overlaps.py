"""What random sets have in common, against all sets that there are."""

from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from scipy.stats import hypergeom

from langneurons.uncertainty.overlaps import mean_overlap, overlap_interval


def chances(first, second, D):
    """The chance of each number in common, by listing all sets of the second's sizes."""
    layers = []
    for a, b in zip(first, second, strict=True):
        inside = set(range(a))
        found = [len(inside & set(one)) for one in combinations(range(D), b)]
        layers.append([found.count(k) / comb(D, b) for k in range(a + 1)])
    total = np.zeros(sum(first) + 1)
    for numbers in product(*(range(a + 1) for a in first)):
        chance = np.prod([layer[k] for layer, k in zip(layers, numbers, strict=True)])
        total[sum(numbers)] += chance
    return total


@pytest.mark.parametrize(
    ("first", "second"), [((2, 3), (4, 1)), ((0, 5), (3, 6)), ((6, 1, 2), (6, 5, 4)), ((0,), (2,))]
)
def test_mean_and_interval_are_those_of_all_sets(first, second):
    D = 6
    chance = chances(first, second, D)
    numbers = np.arange(len(chance))
    first, second = np.array(first), np.array(second)
    assert mean_overlap(first, second, D) == pytest.approx(chance @ numbers)
    cumulative = np.cumsum(chance)
    low = numbers[cumulative >= 0.025 - 1e-12][0]
    high = numbers[cumulative >= 0.975 - 1e-12][0]
    assert overlap_interval(first, second, D) == (low, high)


def test_one_layer_of_a_large_model_is_hypergeometric():
    found = overlap_interval(np.array([110]), np.array([300]), 14336)
    assert found == tuple(hypergeom(14336, 110, 300).ppf([0.025, 0.975]))


def test_several_sets_at_once():
    first, second = np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]])  # layer × set
    # (1·5 + 3·7) / 10 and (2·6 + 4·8) / 10.
    np.testing.assert_allclose(mean_overlap(first, second, 10), [2.6, 4.4])
