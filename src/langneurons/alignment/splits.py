"""Which problems are trained on, and which are held out from training."""

import numpy as np
import pandas as pd

SPLITS = ("train", "dev")


def split(problems: pd.Series, dev_share: float, seed: int) -> list[str]:
    """Return the split of each row: a random ``dev_share`` of the problems forms the dev split."""
    names = np.sort(problems.unique())
    chance = np.random.default_rng(seed)
    dev = set(chance.permutation(names)[: round(dev_share * len(names))])
    return [SPLITS[problem in dev] for problem in problems]
