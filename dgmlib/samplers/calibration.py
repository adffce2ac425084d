r"""Simulation-based calibration: is a sampler right, where no answer is known?

    theta ~ p(theta),   y ~ p(y | theta),   theta_1, ..., theta_L ~ the sampler, given y
    rank = how many f(theta_l) are below f(theta):   uniform on 0, ..., L   if the sampler is right

because theta is then one more draw of p(theta | y). It needs no known posterior, only many data
sets; draws must be thinned until they are nearly independent. The model here has its posterior in
closed form all the same: N(0, I) observed with noise N(0, S),

    p(theta | y) = N(V S^-1 y, V),   V = (I + S^-1)^-1

References:
    Validating Bayesian Inference Algorithms with Simulation-Based Calibration
    (Talts, Betancourt, Simpson, Vehtari & Gelman, 2018) https://arxiv.org/abs/1804.06788
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from dgmlib.samplers import gibbs
from dgmlib.samplers.gibbs import Conditional
from dgmlib.targets.target import Target

NOISE = np.array([[2.125, 1.875], [1.875, 2.125]])  # gives V = ((0.5, 0.3), (0.3, 0.5))


class Simulated(NamedTuple):
    """One data set in each row, and the exact posterior of each."""

    theta: np.ndarray  # (C, d): the truth
    y: np.ndarray  # (C, d)
    mean: np.ndarray  # (C, d): of the posterior
    cov: np.ndarray  # (d, d): the same for all y


def simulate(n: int, noise: np.ndarray = NOISE, *, rng: np.random.Generator) -> Simulated:
    """``n`` draws of the truth and of its data."""
    d = len(noise)
    theta = rng.standard_normal((n, d))
    y = theta + rng.standard_normal((n, d)) @ np.linalg.cholesky(noise).T
    precision = np.linalg.inv(noise)
    cov = np.linalg.inv(np.eye(d) + precision)
    return Simulated(theta, y, y @ precision @ cov, cov)


def posterior(s: Simulated) -> Target:
    """Row c of x is judged by the posterior of data set c: a chain for every data set."""
    precision = np.linalg.inv(s.cov)
    root = np.linalg.cholesky(s.cov)

    def log_prob(x: np.ndarray) -> np.ndarray:
        away = x - s.mean
        return -0.5 * ((away @ precision) * away).sum(-1)

    d = len(s.cov)
    log_z = 0.5 * d * float(np.log(2 * np.pi)) + float(np.log(np.diagonal(root)).sum())
    reach = tuple((-8.0, 8.0) for _ in range(d))
    return Target(
        "posterior of every data set", d, log_prob, lambda x: (s.mean - x) @ precision, log_z,
        s.mean, s.cov, lambda n, rng: s.mean[:n] + rng.standard_normal((n, d)) @ root.T, reach,
    )  # fmt: skip


def conditionals(s: Simulated, centred: list[Conditional] | None = None) -> list[Conditional]:
    """For Gibbs: those of N(0, V), given or not, moved to the mean of each row's posterior."""
    d = len(s.cov)
    at_zero = gibbs.gaussian(np.zeros(d), s.cov) if centred is None else centred
    return [
        lambda x, rng, j=j, draw=draw: s.mean[:, j] + draw(x - s.mean, rng)
        for j, draw in enumerate(at_zero)
    ]


def ranks(truth: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """How many of the draws (L, C) are below the truth (C,): ints 0, ..., L."""
    return (draws < truth).sum(0)


def chi_squared(rank: np.ndarray, L: int) -> tuple[np.ndarray, float, float]:
    """Counts (L + 1,) of ranks, chi-squared against equal counts, and its p-value."""
    rank = np.asarray(rank)
    if rank.min() < 0 or rank.max() > L:
        raise ValueError(f"ranks go from 0 to L = {L}, got {rank.min()} to {rank.max()}")
    if len(rank) < 5 * (L + 1):
        raise ValueError(f"{len(rank)} ranks are too few for {L + 1} counts; simulate at least "
                         f"{5 * (L + 1)} data sets, or keep fewer draws")  # fmt: skip
    counts = np.bincount(rank, minlength=L + 1)
    expected = len(rank) / (L + 1)
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return counts, statistic, float(chi2.sf(statistic, L))
