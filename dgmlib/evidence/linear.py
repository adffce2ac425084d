r"""Importance weights in the linear Gaussian model, in closed form.

    z ~ N(0, I),   x | z ~ N(z, sigma^2 I)      p(x) = N(x; 0, (1 + sigma^2) I)
    z | x ~ N(x / (1 + sigma^2), s^2 I),        s^2 = sigma^2 / (1 + sigma^2)

Measure z from the posterior mean in units of s. A proposal N(a, c^2) in every coordinate then has

    log w / p(x) = sum_j  (e_j^2 - (a + c e_j)^2) / 2 + log c,     e ~ N(0, I)
    E[w^2] / p(x)^2 = (c^2 / sqrt(2 c^2 - 1)  exp(a^2 / (2 c^2 - 1)))^d,   infinite for c^2 <= 1/2

The prior is such a proposal too, so averaging p(x|z) over it is importance sampling with a poor q.

References:
    Probabilistic principal component analysis (Tipping & Bishop, 1999)
    https://doi.org/10.1111/1467-9868.00196
    Monte Carlo theory, methods and examples, chapter 9 (Owen, 2013) https://artowen.su.domains/mc/
"""

from typing import NamedTuple

import numpy as np


class Proposal(NamedTuple):
    """The same in every coordinate, measured from the posterior in its deviations."""

    shift: float  # a
    width: float  # c


def evidence(x: np.ndarray, sigma: float) -> float:
    """log p(x), exact, for x of shape (d,)."""
    v = 1 + check_sigma(sigma) ** 2
    return float(-0.5 * (np.log(2 * np.pi * v) + np.asarray(x, dtype=float) ** 2 / v).sum())


def posterior(x: float, sigma: float) -> tuple[float, float]:
    """Mean and deviation of one coordinate of z given the same coordinate of x."""
    v = 1 + check_sigma(sigma) ** 2
    return x / v, sigma / np.sqrt(v)


def prior(x: float, sigma: float) -> Proposal:
    """The prior N(0, 1) as a proposal, seen from the posterior."""
    mean, std = posterior(x, sigma)
    return Proposal(-mean / std, 1 / std)


def log_weights(q: Proposal, total: np.ndarray, square: np.ndarray, d: int) -> np.ndarray:
    """log w / p(x) of draws with ``total`` = sum_j e_j and ``square`` = sum_j e_j^2."""
    a, c = check(q)
    return 0.5 * (1 - c * c) * square - a * c * total + d * (np.log(c) - 0.5 * a * a)


def log_second_moment(q: Proposal, d: int = 1) -> float:
    """log E[w^2] / p(x)^2: the log of how many draws of q are worth one of the posterior."""
    a, c = check(q)
    r = 2 * c * c - 1
    return d * (2 * np.log(c) - 0.5 * np.log(r) + a * a / r) if r > 0 else np.inf


def check(q: Proposal) -> Proposal:
    if not (np.isfinite(q.shift) and np.isfinite(q.width) and q.width > 0):
        raise ValueError(f"a proposal needs a finite shift and a positive width, got {q}")
    return q


def check_sigma(sigma: float) -> float:
    if not (np.isfinite(sigma) and sigma > 0):
        raise ValueError(f"the decoder's sigma must be positive and finite, got {sigma}")
    return sigma
