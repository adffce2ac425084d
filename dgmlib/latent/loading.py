r"""A factor model with one unknown loading: the smallest EM with a continuous latent.

    z ~ N(0, 1),    x | z ~ N(w z, sigma^2 I),    w = (theta, 1)
    z | x ~ N(w^T x / (|w|^2 + sigma^2), sigma^2 / (|w|^2 + sigma^2))
    M:  theta = sum_n x_n1 E[z_n] / sum_n E[z_n^2]

It is probabilistic PCA in the plane with all but one number known (see ``vae.ppca``).

References:
    Probabilistic Principal Component Analysis (Tipping & Bishop, 1999)
    https://doi.org/10.1111/1467-9868.00196
"""

from typing import NamedTuple

import numpy as np

from dgmlib.latent.line import LOG_2PI

NOISE = 0.6  # sigma
TRUE = 1.4  # theta that draws the data
CERTAIN = 0.1  # the deviation of a q that has to be nearly certain


class Q(NamedTuple):
    mean: np.ndarray  # (n,)
    var: float


def draw(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Points (n, 2) of the model itself."""
    z = rng.standard_normal(n)
    return np.outer(z, [TRUE, 1.0]) + NOISE * rng.standard_normal((n, 2))


def posterior(x: np.ndarray, theta: float) -> Q:
    total = theta * theta + 1 + NOISE**2
    return Q((theta * x[:, 0] + x[:, 1]) / total, NOISE**2 / total)


def log_p(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """sum_n log N(x_n; 0, w w^T + sigma^2 I): the shape of theta."""
    theta = np.asarray(theta, dtype=float)
    n, v, ww = len(x), NOISE**2, theta**2 + 1
    s11, s12, s22 = (x[:, 0] ** 2).sum(), (x[:, 0] * x[:, 1]).sum(), (x[:, 1] ** 2).sum()
    along = theta**2 * s11 + 2 * theta * s12 + s22  # sum of (w^T x_n)^2
    squared = (s11 + s22 - along / (ww + v)) / v
    return -0.5 * (n * (2 * LOG_2PI + np.log(v) + np.log(ww + v)) + squared)


def bound(x: np.ndarray, q: Q, theta: np.ndarray) -> np.ndarray:
    """E_q[log p(x, z)] + H(q), summed over the points: a parabola in theta."""
    theta = np.asarray(theta, dtype=float)
    n, v = len(x), NOISE**2
    second = (q.mean**2).sum() + n * q.var  # sum of E[z^2]
    cross = theta * (x[:, 0] * q.mean).sum() + (x[:, 1] * q.mean).sum()
    squared = (x * x).sum() - 2 * cross + (theta**2 + 1) * second
    joint = -0.5 * (2 * n * (LOG_2PI + np.log(v)) + squared / v + n * LOG_2PI + second)
    return joint + 0.5 * n * (LOG_2PI + 1 + np.log(q.var))


def gap(x: np.ndarray, q: Q, theta: float) -> float:
    """sum_n KL(q_n || p(z | x_n))."""
    p = posterior(x, theta)
    away = ((q.mean - p.mean) ** 2).sum() / p.var
    ratio = q.var / p.var
    return float(0.5 * (away + len(x) * (ratio - 1 - np.log(ratio))))


def m_step(x: np.ndarray, q: Q) -> float:
    """The theta at the top of the parabola."""
    return float((x[:, 0] * q.mean).sum() / ((q.mean**2).sum() + len(x) * q.var))


def toward(q: Q, p: Q, share: float) -> Q:
    """Part of the way from q to p in natural parameters (mean / var, 1 / var)."""
    precision = (1 - share) / q.var + share / p.var
    return Q(((1 - share) * q.mean / q.var + share * p.mean / p.var) / precision, 1 / precision)
