"""Problems on which the neurons of two models are active, with known properties.

Each problem has texts in all languages, the same for both models, and its own probability of each
neuron: how often a neuron is active varies more between problems than between tokens.
"""

from collections.abc import Iterator

import numpy as np

from langneurons.activations.counts import Counts

LAYERS, WIDTH, LANGUAGES = 4, 300, ("en", "fr", "de", "zh", "sw")
TRAINED = ("zh", "sw")
PROBLEMS, FOLDS = 100, 25
#: Data sets draw their problems from so many, with replacement: the problems of a data set are
#: independent of one another, and what is expected is an average over all of these.
POPULATION = 4000
#: A problem's probability is beta-distributed around the neuron's as after so many observations.
CONCENTRATION = 8
#: Share of this variation that both models have in common.
CORRELATION = 0.8
#: Standard deviation, in logits, of what the topics of a problem do to all neurons together.
TOPICS = 0.3


def true_logits(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Logits of the activation probabilities (K, L, D) before and after.

    A mixture, other in each layer, of neurons that are silent, active for one language, for some,
    and for all.
    """
    K = len(LANGUAGES)
    mixture = [[0.45, 0.22, 0.18, 0.15], [0.55, 0.08, 0.12, 0.25]]
    mixture += [[0.50, 0.12, 0.13, 0.25], [0.45, 0.25, 0.20, 0.10]]
    kind = np.stack([random.choice(4, WIDTH, p=shares) for shares in mixture])  # (L, D)
    number = np.choose(kind, [0, 1, random.integers(2, K, kind.shape), K])
    place = random.permuted(np.broadcast_to(np.arange(K)[:, None, None], (K, *kind.shape)), axis=0)
    quiet, loud = random.normal(-3.5, 0.8, place.shape), random.normal(0.5, 1, kind.shape)
    loud = loud + random.normal(0, 0.5, place.shape)
    before = np.where(place < number, loud, quiet)
    moved = random.normal(0, 0.3, place.shape) + random.normal(0, 0.6, kind.shape)
    moved[[LANGUAGES.index(name) for name in TRAINED]] += 0.3
    return before, before + moved


class Population:
    """Problems, with the tokens of each language and how often both models' neurons are active."""

    def __init__(
        self,
        random: np.random.Generator,
        before: np.ndarray,
        after: np.ndarray,
        correlation: float = CORRELATION,
    ) -> None:
        K, L, D = before.shape
        tokens = 10 + random.gamma(2.5, 20, (POPULATION, K))
        self.tokens = np.minimum(tokens, 250).astype(np.uint8)  # (M, K)
        self.active = np.empty((2, POPULATION, K, L, D), dtype=np.uint8)
        loadings = random.normal(0, TOPICS / 2, (4, K * L * D))
        for start in range(0, POPULATION, 100):  # a few at a time, for memory's sake
            some = slice(start, start + 100)
            n = self.tokens[some, :, None, None]
            topics = (random.normal(size=(len(n), 4)) @ loadings).reshape(-1, K, L, D)
            p = _alike(random, _sigmoid(before + topics), _sigmoid(after + topics), correlation)
            for active, probabilities in zip(self.active[:, some], p, strict=True):
                active[:] = random.binomial(n, probabilities)

    def data_set(self, random: np.random.Generator, null: bool = False) -> tuple[Counts, Counts]:
        """Draw the problems of a data set and count by fold, before and after.

        ``null`` has a coin decide, problem by problem, which model is which.
        """
        problems = random.integers(POPULATION, size=PROBLEMS)
        which = random.integers(2, size=PROBLEMS) if null else np.zeros(PROBLEMS, dtype=int)
        tokens = _by_fold(self.tokens[problems])
        first, second = (
            Counts(_by_fold(self.active[model, problems]), tokens, LANGUAGES)
            for model in (which, 1 - which)
        )
        return first, second


def _by_fold(of_problem: np.ndarray) -> np.ndarray:
    """Sums (K, F, …) of what problems (P, K, …) have."""
    shape = (FOLDS, PROBLEMS // FOLDS, *of_problem.shape[1:])
    return np.moveaxis(of_problem.reshape(shape).sum(axis=1, dtype=np.int32), 0, 1)


def _alike(
    random: np.random.Generator, before: np.ndarray, after: np.ndarray, correlation: float
) -> Iterator[np.ndarray]:
    """Beta variates around both means that share so much of the gamma variates they are made of."""
    parts: list[list[np.ndarray]] = [[], []]
    for means in ((before, after), (1 - before, 1 - after)):
        shared = correlation * CONCENTRATION * np.minimum(*means)
        common = random.standard_gamma(shared)
        for part, mean in zip(parts, means, strict=True):
            part.append(common + random.standard_gamma(CONCENTRATION * mean - shared))
    for success, failure in parts:
        yield success / (success + failure)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))
