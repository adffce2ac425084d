r"""The score of a Gaussian mixture, its Jacobian, and both after noise was added.

    grad log p(x)   = s(x) = sum_k r_k(x) g_k(x),    g_k(x) = S_k^-1 (m_k - x)
    grad^2 log p(x) = sum_k r_k [(g_k - s)(g_k - s)^T - S_k^-1]
    p_sigma = p * N(0, sigma^2 I):    S_k + sigma^2 I in place of S_k, the means stay
    E[x | x~] = x~ + sigma^2 grad log p_sigma(x~)

with r_k(x) the posterior of the component. This noise only adds ("variance exploding"); the noise
of :mod:`dgmlib.diffusion` shrinks x too: x_t = sqrt(a) x~ with a = 1 / (1 + sigma^2).

References:
    A connection between score matching and denoising autoencoders (Vincent, 2011)
    https://doi.org/10.1162/NECO_a_00142
    Generative modeling by estimating gradients of the data distribution (Song & Ermon, 2019)
    https://arxiv.org/abs/1907.05600
    Tweedie's formula and selection bias (Efron, 2011) https://doi.org/10.1198/jasa.2011.tm11181
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.mixtures import gmm

Score = Callable[[np.ndarray], np.ndarray]  # (n, d) -> (n, d)


class Slopes(NamedTuple):
    """First and second derivatives of log p at n points."""

    score: np.ndarray  # (n, d)
    jacobian: np.ndarray  # (n, d, d), symmetric


def score(p: gmm.Params, x: np.ndarray) -> np.ndarray:
    """grad log p, (n, d) -> (n, d)."""
    r, pull = pulls(p, x)
    return (r[..., None] * pull).sum(0)


def slopes(p: gmm.Params, x: np.ndarray) -> Slopes:
    """grad log p and its Jacobian at x (n, d)."""
    r, pull = pulls(p, x)
    s = (r[..., None] * pull).sum(0)
    away = pull - s
    bend = away[..., :, None] * away[..., None, :] - np.linalg.inv(p.cov)[:, None]
    return Slopes(s, (r[..., None, None] * bend).sum(0))


def smoothed(p: gmm.Params, sigma: float) -> gmm.Params:
    """The density of x + sigma e for x from p."""
    check_sigma(sigma, 0.0)
    return p._replace(cov=p.cov + sigma**2 * np.eye(p.mean.shape[-1]))


def points(x: ArrayLike, sigma: float) -> gmm.Params:
    """The density of data that are these points (n, d) and nothing else, after noise sigma > 0."""
    mean = np.asarray(x, dtype=float)
    if mean.ndim != 2 or len(mean) == 0 or not np.isfinite(mean).all():
        raise ValueError(f"one or more finite points (n, d), got shape {mean.shape}")
    n, d = mean.shape
    cov = np.tile(check_sigma(sigma) ** 2 * np.eye(d), (n, 1, 1))
    return gmm.Params(np.full(n, 1 / n), mean, cov)


def round_mixture(weight: ArrayLike, mean: ArrayLike, std: ArrayLike) -> gmm.Params:
    """Round components: weights (K,), means (K, d) or (K,) on the line, deviations (K,)."""
    w, m, s = (np.asarray(a, dtype=float) for a in (weight, mean, std))
    m = m[:, None] if m.ndim == 1 else m
    if s.shape != w.shape or not (s > 0).all():
        raise ValueError(f"a standard deviation above 0 for each weight, got {s.tolist()}")
    return gmm.check_params(gmm.Params(w, m, s[:, None, None] ** 2 * np.eye(m.shape[-1])))


def check_sigma(sigma: float, least: float | None = None) -> float:
    """The noise, above 0 (or at least ``least``)."""
    if not np.isfinite(sigma) or (sigma <= 0 if least is None else sigma < least):
        raise ValueError(f"the noise sigma must be positive, got {sigma}")
    return sigma


def pulls(p: gmm.Params, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The posterior r (K, n) and the score of each component g (K, n, d) at x (n, d)."""
    return gmm.responsibilities(p, x).T, (p.mean[:, None] - x) @ np.linalg.inv(p.cov)
