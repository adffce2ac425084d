r"""What one evaluation is worth: the exact spread of every estimate of a mean, by quadrature.

    exact draws              sd(x) / sqrt(n)
    rejection                sd(x) sqrt(E[1 / M | M > 0]),   M ~ Binomial(n, Z / k) are accepted
    importance, own sum      sqrt(int (p / q) p (x - mu)^2 dx) / sqrt(n)        for large n
    importance, Z known      sqrt(int (p / q) p x^2 dx - mu^2) / sqrt(n)        for every n
    effective sample size    n / int (p / q) p dx

Since p / q <= k / Z wherever an envelope k q >= p~ exists, self-normalised importance sampling is
asymptotically never worse than rejection from the same proposals. The integrals are infinite when
p^2 / q does not vanish fast enough: with Student tails never, for the targets here; with a Gaussian
of width s against a Gaussian tail of width t exactly when s^2 <= t^2 / 2.

References:
    Monte Carlo theory, methods and examples, chapters 4 and 9 (Owen, 2013)
    https://artowen.su.domains/mc/
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from dgmlib.experiments.line_proposal import Proposal
from dgmlib.targets.line import Line

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
PANELS = 320  # of the integrals
LARGEST = 300 * float(np.log(10))  # of the log of an integrand: larger integrals are given as 1e300
GONE = 40.0  # nats below its top where the integrand counts no more


class Spread(NamedTuple):
    """Integrals of p^2 / q for a normalised p; infinite where they do not converge."""

    second: float  # int p^2 / q: E w^2 of weights with mean 1
    own: float  # int p^2 / q (x - mu)^2: variance of one term of the self-normalised mean
    plain: float  # int p^2 / q x^2 - mu^2: variance of one term of the plain mean


def spread(p: Line, q: Proposal) -> Spread:
    """The second moments of the weights, to about ten digits."""

    def log_density(x: np.ndarray) -> np.ndarray:
        return 2 * (p.log_shape(x) - p.log_z) - q.log_q(x)

    middle, half = 0.5 * sum(p.extent), 0.5 * (p.extent[1] - p.extent[0])
    out = half * np.geomspace(1.0, 1e3, 600)
    look = np.sort(np.concatenate([np.linspace(*p.extent, 801), middle - out, middle + out]))
    value = log_density(look) + 2 * np.log1p(np.abs(look - middle))
    near = np.flatnonzero(value > value.max() - GONE)
    first, last = max(int(near[0]) - 1, 0), int(near[-1]) + 1
    if near[0] == 0 or last == len(look):
        return Spread(np.inf, np.inf, np.inf)
    edges = np.linspace(look[first], look[last], PANELS + 1)
    inside = [b for b in p.breaks if edges[0] < b < edges[-1]]
    x, weight = panels(np.sort(np.concatenate([edges, inside])))
    log_mass = log_density(x)
    top = float(log_mass.max())
    mass = weight * np.exp(log_mass - top + min(top, LARGEST))
    away = x - p.mean
    return Spread(
        float(mass.sum()), float((mass * away**2).sum()), float((mass * x**2).sum()) - p.mean**2
    )


def panels(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (P, 8) of Gauss and Legendre between P + 1 rising edges."""
    wide = 0.5 * np.diff(edges)[:, None]
    return 0.5 * (edges[1:] + edges[:-1])[:, None] + wide * NODES, wide * WEIGHTS


def exact_rmse(p: Line, n: np.ndarray) -> np.ndarray:
    """Of the mean of n exact draws."""
    return np.sqrt(p.variance / n)


def rejection_rmse(p: Line, n: np.ndarray, share: float) -> np.ndarray:
    """Of the mean of what n proposals leave, given that they leave something. (n,)"""
    return np.sqrt(p.variance * np.array([_one_over(int(m), share) for m in n]))


def _one_over(n: int, share: float) -> float:
    """E[1 / M | M > 0] of M ~ Binomial(n, share)."""
    m = np.arange(1, n + 1)
    log_choose = gammaln(n + 1) - gammaln(m + 1) - gammaln(n - m + 1)
    if share >= 1:
        return 1 / n
    log_prob = log_choose + m * np.log(share) + (n - m) * np.log1p(-share)
    return float((np.exp(log_prob) / m).sum() / -np.expm1(n * np.log1p(-share)))
