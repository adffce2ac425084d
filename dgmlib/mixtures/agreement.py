"""How well a clustering finds what made the data, when that is known."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from dgmlib.mixtures.gmm import Params, responsibilities


def agreement(
    found: np.ndarray, x: np.ndarray, truth: tuple[np.ndarray, np.ndarray, np.ndarray] | None
) -> float:
    """The share of points (n, d) given to the same component by what was ``found`` and by the
    posterior of the truth (weights, means, covariances), under the best matching of the
    components' names, which mean nothing. ``found`` is (n,) labels or (n, K) responsibilities.
    NaN without a truth.
    """
    if truth is None:
        return float("nan")
    mine = found.argmax(-1) if found.ndim == 2 else found
    theirs = responsibilities(Params(*truth), x).argmax(-1)
    K = max(int(mine.max()) + 1, len(truth[0]))
    table = np.zeros((K, K), dtype=int)
    np.add.at(table, (mine, theirs), 1)
    row, column = linear_sum_assignment(-table)
    return float(table[row, column].sum() / len(x))
