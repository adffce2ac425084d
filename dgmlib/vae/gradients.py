r"""Gradients of the ELBO and of the K-sample bound for q = N(m, s^2), by m and by log s.

With z = m + s e, e ~ N(0, I), log w = log p(x, z) - log q(z) and l(z) = d log p(x, z) / dz:

    reparameterised      (l(z),  s e l(z) + 1)
    score function       (log w - b) (e / s,  e^2 - 1)           any b that does not depend on z
    K samples            sum_i v_i (l_i,  s e_i l_i + 1),        v = w / sum w
    K, doubly reparam.   sum_i v_i^2 (h_i,  s e_i h_i),          h = l(z) + e / s

The first two have one expectation, where p(x, z) is smooth in z; the score function needs no slope.
The last two have one expectation; in the last, the part that is zero on average is taken away.

References:
    Simple statistical gradient-following algorithms (Williams, 1992)
    https://doi.org/10.1007/BF00992696
    Auto-encoding variational Bayes (Kingma & Welling, 2014) https://arxiv.org/abs/1312.6114
    Doubly reparameterized gradient estimators for Monte Carlo objectives (Tucker, Lawson, Gu &
    Maddison, 2019) https://arxiv.org/abs/1810.04152
"""

from typing import NamedTuple

import numpy as np

from dgmlib.vae.arrays import logsumexp

Number = float | np.ndarray


class Gradient(NamedTuple):
    """Of a bound to be raised. Both in the shape of ``noise``, without the samples of a bound."""

    mean: np.ndarray  # (..., d)
    log_std: np.ndarray  # (..., d)


def reparameterised(slope: np.ndarray, noise: np.ndarray, std: Number) -> Gradient:
    """Of the ELBO, from ``slope`` (..., d) = d log p(x, z) / dz at z = mean + std noise.

    Q's entropy is differentiated in closed form: the 1.
    """
    return Gradient(slope, slope * (std * noise) + 1)


def score_function(
    log_w: np.ndarray, noise: np.ndarray, std: Number, *, baseline: Number = 0.0
) -> Gradient:
    """Of the ELBO, from log weights (...) alone."""
    f = (log_w - baseline)[..., None]
    return Gradient(f * (noise / std), f * (noise**2 - 1))


def others(log_w: np.ndarray) -> np.ndarray:
    """A baseline for each of K draws (K, ...): the mean of the other K - 1."""
    k = len(log_w)
    if k < 2:
        raise ValueError(f"the mean of the other draws needs at least 2 draws, got {k}")
    return (log_w.sum(0) - log_w) / (k - 1)


def weighted(log_w: np.ndarray, each: np.ndarray) -> np.ndarray:
    """sum_i v_i each_i over the first axis, (K, ...) and (K, ..., d) -> (..., d).

    With ``each`` = d log p(x, z_i) / d theta: the gradient of the K-sample bound by the model.
    """
    return (shares(log_w)[..., None] * each).sum(0)


def k_samples(log_w: np.ndarray, slope: np.ndarray, noise: np.ndarray, std: Number) -> Gradient:
    """Of the K-sample bound, from K draws (K, ..., d) and their log weights (K, ...)."""
    one = reparameterised(slope, noise, std)
    return Gradient(weighted(log_w, one.mean), weighted(log_w, one.log_std))


def doubly_reparameterised(
    log_w: np.ndarray, slope: np.ndarray, noise: np.ndarray, std: Number
) -> Gradient:
    """The same expectation as :func:`k_samples`, without the score of q."""
    square = shares(log_w)[..., None] ** 2
    path = slope + noise / std  # d log w / dz with q held fixed
    return Gradient((square * path).sum(0), (square * path * (std * noise)).sum(0))


def shares(log_w: np.ndarray) -> np.ndarray:
    """w / sum w along the first axis."""
    return np.exp(log_w - logsumexp(log_w, 0))
