r"""A straight line with Gaussian noise: maximum likelihood, MAP and full Bayes, all exact.

    y_n = a + b t_n + eps,  eps ~ N(0, sigma^2),    (a, b) ~ N(0, I / alpha),    phi = (1, t)
    ML:    Phi^T Phi w = Phi^T y          (the normal equations, y on the right)
    MAP:   (Phi^T Phi + alpha sigma^2 I) w = Phi^T y
    Bayes: w | y ~ N(m, S),  S^{-1} = alpha I + Phi^T Phi / sigma^2,  m = S Phi^T y / sigma^2 = MAP
    predictive:  y* | t*, y ~ N(m^T phi*, sigma^2 + phi*^T S phi*)

The plug-in predictions of ML and MAP use one w and the variance sigma^2. The log-probabilities
that full Bayes gives to each next point add up to log p(y), the evidence.

References:
    Pattern Recognition and Machine Learning, section 3.3 (Bishop, 2006)
    https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
"""

from typing import NamedTuple

import numpy as np

from dgmlib.latent.line import LOG_2PI

TRUE = np.array([0.3, 0.8])  # the line behind sampled points
T = np.linspace(-3.0, 3.0, 121)
WAYS = ("maximum likelihood", "MAP", "full Bayes")
SAME = 1e-9  # two t closer than this count as one


class Belief(NamedTuple):
    """After n = 0, ..., N points: F = N + 1 frames. NaN where ML has no unique answer."""

    t: np.ndarray  # (N,)
    y: np.ndarray  # (N,)
    noise: float  # sigma
    alpha: float
    sampled: bool  # the points come from TRUE
    ml: np.ndarray  # (F, 2)
    mean: np.ndarray  # (F, 2) of the posterior; also MAP
    cov: np.ndarray  # (F, 2, 2) of the posterior
    line: np.ndarray  # (F, 3, T): mean predictions of WAYS
    sd: np.ndarray  # (F, 3, T): deviations of the predictions of WAYS
    score: np.ndarray  # (N, 3): log-probability of each point before it was seen
    log_evidence: np.ndarray  # (F,) log p(y_1, ..., y_n), by one multivariate Gaussian


def sample(n: int, noise: float, *, rng: np.random.Generator) -> np.ndarray:
    """Points (n, 2): t even over [-1, 1], y around the true line."""
    t = rng.uniform(-1.0, 1.0, n)
    y = features(t) @ TRUE + noise * rng.standard_normal(n)
    return np.stack([t, y], 1)


def features(t: np.ndarray) -> np.ndarray:
    """phi = (1, t): (..., 2)."""
    return np.stack([np.ones_like(t), t], -1)


def believe(points: np.ndarray, *, alpha: float, noise: float, sampled: bool = False) -> Belief:
    """What is believed after the first 0, 1, ..., N points (N, 2)."""
    if not (0 < alpha < np.inf and 0 < noise < np.inf):
        raise ValueError(f"alpha and the noise must be positive, got {alpha} and {noise}")
    t, y = points[:, 0], points[:, 1]
    phi, far = features(t), features(T)
    gram = np.concatenate([np.zeros((1, 2, 2)), (phi[:, :, None] * phi[:, None, :]).cumsum(0)])
    right = np.concatenate([np.zeros((1, 2)), (phi * y[:, None]).cumsum(0)])
    cov = np.linalg.inv(alpha * np.eye(2) + gram / noise**2)  # (F, 2, 2)
    mean = (cov @ right[:, :, None])[:, :, 0] / noise**2
    ml = np.full_like(mean, np.nan)
    for n in range(2, len(t) + 1):
        if np.ptp(t[:n]) > SAME:
            ml[n] = np.linalg.lstsq(phi[:n], y[:n], rcond=None)[0]
    weight = np.stack([ml, mean, mean], 1)  # (F, 3, 2)
    wide = np.einsum("ti,fij,tj->ft", far, cov, far)
    sd = np.empty((len(mean), 3, len(T)))
    sd[:, :2], sd[:, 2] = noise, np.sqrt(noise**2 + wide)
    sd[np.isnan(ml[:, 0]), 0] = np.nan
    own = np.einsum("ni,nij,nj->n", phi, cov[:-1], phi)  # variance of the line at the next t
    var = np.stack([np.full_like(own, noise**2)] * 2 + [noise**2 + own], 1)  # (N, 3)
    away = y[:, None] - np.einsum("nwi,ni->nw", weight[:-1], phi)
    score = -0.5 * (LOG_2PI + np.log(var) + away * away / var)
    log_p = np.array([evidence(points[:n], alpha, noise) for n in range(len(t) + 1)])
    return Belief(t, y, noise, alpha, sampled, ml, mean, cov, weight @ far.T, sd, score, log_p)


def evidence(points: np.ndarray, alpha: float, noise: float) -> float:
    """log p(y) with the line integrated out: y ~ N(0, sigma^2 I + Phi Phi^T / alpha)."""
    phi, y = features(points[:, 0]), points[:, 1]
    chol = np.linalg.cholesky(noise**2 * np.eye(len(y)) + phi @ phi.T / alpha)
    white = np.linalg.solve(chol, y)
    return float(-0.5 * (len(y) * LOG_2PI + white @ white) - np.log(np.diagonal(chol)).sum())
