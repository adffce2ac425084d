"""A whole run of EM, from where it begins to where it ends, or to where it collapses.

The likelihood of a Gaussian mixture has no maximum: on the way up a component may shrink onto
one point. ``climb`` keeps what was seen until then, with the collapse in words and numbers.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from dgmlib.mixtures import trace
from dgmlib.mixtures.collapse import CollapseError
from dgmlib.mixtures.gmm import Params
from dgmlib.mixtures.prior import Prior
from dgmlib.mixtures.starts import from_means, start


class Run(NamedTuple):
    """A trace, and why it stopped early if it did."""

    trace: trace.Trace
    collapse: str = ""  # in words; "" when nothing collapsed
    component: int = -1  # the one that collapsed
    eigenvalue: float = np.nan  # the smallest of the covariance it would have got
    count: float = np.nan  # how many points it held


def begin(
    x: np.ndarray,
    K: int,
    *,
    kind: str = "++",
    means: np.ndarray | None = None,
    covariance: str = "full",
    rng: np.random.Generator,
) -> Params:
    """A start: ``"++"``, ``"random"``, or ``"dragged"`` to ``means`` (m, d).

    Means beyond the K-th are left out; missing ones are placed as by ``"++"``.
    """
    if kind != "dragged":
        return start(x, K, kind=kind, covariance=covariance, rng=rng)
    mean = start(x, K, kind="++", covariance=covariance, rng=rng).mean
    given = np.empty((0, x.shape[1])) if means is None else means[:K]
    return from_means(x, np.concatenate([given, mean[len(given) :]]), covariance=covariance)


def climb(
    x: np.ndarray,
    params: Params,
    *,
    covariance: str = "full",
    temperature: float = 1.0,
    prior: Prior | None = None,
    n_steps: int = 160,
    tol: float = 1e-8,
) -> Run:
    """``trace.fit``, and when a component collapses the half-steps before it did."""
    fit = partial(
        trace.fit, x, params, covariance=covariance, temperature=temperature, prior=prior, tol=tol
    )
    try:
        return Run(fit(n_steps=n_steps))
    except CollapseError as e:
        before = fit(n_steps=2 * (e.iteration or 1) - 1)
        return Run(before, str(e), e.component, e.eigenvalue, e.count)
