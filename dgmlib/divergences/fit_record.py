"""Five descents recorded from one start, each beside the best end there is."""

from itertools import islice
from typing import NamedTuple

import numpy as np

from dgmlib.divergences import fit, fit_global
from dgmlib.divergences.fit_global import Best
from dgmlib.divergences.mixture1d import Mixture1D

N_STEPS = 32


class Fits(NamedTuple):
    """Time first; the five columns are ``fit.DIVERGENCES``."""

    target: Mixture1D
    weight: np.ndarray  # (K,) relative weights as given: the height of the grips
    alpha: float
    mean: np.ndarray  # (F, 5)
    std: np.ndarray  # (F, 5)
    value: np.ndarray  # (F, 5) the column's own divergence: nats, W2 in units of x
    best: Best  # (5,) each


def record(
    p: Mixture1D, mean: float, std: float, *, alpha: float = 0.5, n_steps: int = N_STEPS,
    weight: np.ndarray | None = None,
) -> Fits:  # fmt: skip
    """Fits N(mean, std^2) to ``p`` under each divergence. ``weight``: p's, before normalising.

    Example:
        >>> from dgmlib.divergences.mixture1d import mixture
        >>> run = record(mixture([0.6, 0.4], [-2, 2], 0.6), 1.5, 1.0)
        >>> round(float(run.mean[-1, 0]), 3), round(float(run.mean[-1, 1]), 1)
        (-0.4, 2.0)
    """
    problem = fit.problem(p, alpha=alpha, reach=abs(mean) + 9 * std)
    states = list(islice(fit.descend(problem, mean, std), n_steps + 1))
    best = fit_global.best(p, problem, states[-1])
    return Fits(
        p,
        p.weight if weight is None else weight,
        alpha,
        np.array([s.mean for s in states]),
        np.array([s.std for s in states]),
        np.array([s.value for s in states]),
        best,
    )
