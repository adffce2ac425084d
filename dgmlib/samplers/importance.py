r"""Importance sampling: draws of q, weighted to count as draws of p.

    w_i = p(x_i) / q(x_i)
    Z ~ mean(w)
    E_p[f] ~ mean(w f) / Z  (plain, Z known)   or   sum(w f) / sum(w)  (self-normalised)
    ESS = (sum w)^2 / sum w^2

A mean of weights looks settled until the draw that carries it arrives. How heavy the tail of the
weights is shows in the shape k of a generalised Pareto fitted to the largest: below 1/2 the
variance is finite, above 0.7 the estimate cannot be relied on at any affordable n.

References:
    Pareto Smoothed Importance Sampling (Vehtari, Simpson, Gelman, Yao & Gabry, 2024)
    https://arxiv.org/abs/1507.02646
    A New and Efficient Estimation Method for the Generalized Pareto Distribution
    (Zhang & Stephens, 2009) https://doi.org/10.1198/tech.2009.08017
"""

from typing import NamedTuple

import numpy as np

from dgmlib.samplers.chain import LogProb
from dgmlib.samplers.rejection import Draw

RELIABLE = 0.7  # Pareto k above which an estimate is not to be trusted


class Weighted(NamedTuple):
    x: np.ndarray  # (n, d)
    log_w: np.ndarray  # (n,): log p - log q; -inf where p is 0


class Estimate(NamedTuple):
    value: float
    error: float  # standard error


def sample(
    n: int, log_prob: LogProb, log_q: LogProb, draw: Draw, *, rng: np.random.Generator
) -> Weighted:
    """``n`` draws of q with their log-weights."""
    if n < 2:
        raise ValueError(f"a standard error needs at least 2 draws, got {n}")
    x = draw(n, rng)
    log_w = log_prob(x) - log_q(x)
    if not (log_w < np.inf).all():
        i = int(np.flatnonzero(~(log_w < np.inf))[0])
        raise ValueError(f"the weight at x = {x[i].tolist()} is not finite: log p - log q = "
                         f"{log_w[i]}; q must be positive wherever it draws")  # fmt: skip
    return Weighted(x, log_w)


def normaliser(log_w: np.ndarray) -> Estimate:
    """Z, the integral of the unnormalised p, from log-weights (n,)."""
    top = _top(log_w)
    w = np.exp(log_w - top)
    scale = float(np.exp(top))
    return Estimate(scale * float(w.mean()), scale * float(w.std(ddof=1) / np.sqrt(len(w))))


def plain(f: np.ndarray, log_w: np.ndarray, *, log_z: float) -> Estimate:
    """E_p[f] from f at the draws (n,), when Z is known. Unbiased."""
    each = np.exp(log_w - log_z) * f
    return Estimate(float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each))))


def self_normalised(f: np.ndarray, log_w: np.ndarray) -> Estimate:
    """E_p[f] without Z; biased by about 1/n. The error is that of a ratio (delta method)."""
    share = shares(log_w)
    value = float(share @ f)
    return Estimate(value, float(np.sqrt((share**2) @ (f - value) ** 2)))


def shares(log_w: np.ndarray) -> np.ndarray:
    """The weights, divided by their sum: (n,)."""
    w = np.exp(log_w - _top(log_w))
    return w / w.sum()


def ess(log_w: np.ndarray) -> float:
    """How many equally weighted draws vary as little: between 1 and n."""
    return float(1 / (shares(log_w) ** 2).sum())


def pareto_k(log_w: np.ndarray) -> float:
    """The shape of the weights' tail; inf with fewer than 5 different large weights.

    The tail is the largest min(n / 5, 3 sqrt(n)) weights; the estimate is shrunk towards 1/2 as
    if 10 more had said so.
    """
    n = len(log_w)
    m = int(min(n // 5, 3 * np.sqrt(n)))
    if m < 5:
        return np.inf
    w = np.exp(np.sort(log_w - _top(log_w))[-m - 1 :])
    tail = w[1:] - w[0]
    if tail[-1] <= 0 or w[0] == w[-1]:
        return np.inf if tail[-1] <= 0 and w[-1] == 0 else -np.inf  # all equal: no tail at all
    tail = tail[tail > 0]
    if len(tail) < 5:
        return np.inf
    k, _ = fit_pareto(tail)
    return float((m * k + 10 * 0.5) / (m + 10))


def fit_pareto(excess: np.ndarray) -> tuple[float, float]:
    """Shape k and scale of a generalised Pareto distribution, from draws (m,) > 0.

    Zhang & Stephens: the mean of theta = -k / scale under its profile likelihood on a fixed grid.
    """
    x = np.sort(np.asarray(excess, dtype=float))
    n = len(x)
    if n < 5 or not (x[0] > 0 and np.isfinite(x[-1])):
        raise ValueError(f"a tail needs at least 5 positive finite numbers, got {n}")
    grid = 30 + int(np.sqrt(n))
    theta = 1 / x[-1] + (1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (
        3 * x[int(n / 4 + 0.5) - 1]
    )
    k = np.log1p(-theta[:, None] * x).mean(1)
    profile = n * (np.log(-theta / k) - k - 1)
    weight = np.exp(profile - profile.max())
    best = float(weight @ theta / weight.sum())
    shape = float(np.log1p(-best * x).mean())
    return shape, -shape / best


def _top(log_w: np.ndarray) -> float:
    top = float(np.max(log_w))
    if not np.isfinite(top):
        raise ValueError("every weight is 0: the proposal never draws where the target is positive")
    return top
