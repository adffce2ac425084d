r"""Gradients of KL(q||p) with respect to the mean and log std of q = N(m, s^2), exact and noisy.

    KL(q||p) = E_q[f],   f(x) = log q(x) - log p(x),   x = m + s z,  z ~ N(0, 1)
    score          f(x) d log q(x),              d log q = (z / s, z^2 - 1)
    baseline       (f(x) - b) d log q(x),        b the mean of f over the other draws
    reparam        (0, -1) - log p'(x) (1, s z)
    path           (log q'(x) - log p'(x)) (1, s z)     vanishes draw by draw where q = p

All four have the same expectation. If p is known up to a constant, log p = log p~ - log Z, the ELBO
is ``log Z - KL(q||p)`` and its gradient the negative of these. Nats per unit of (m, log s).

References:
    Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning
    (Williams, 1992) https://doi.org/10.1007/BF00992696
    Auto-Encoding Variational Bayes (Kingma, Welling, 2014) https://arxiv.org/abs/1312.6114
    Sticking the Landing: Simple, Lower-Variance Gradient Estimators for Variational Inference
    (Roeder, Wu, Duvenaud, 2017) https://arxiv.org/abs/1703.09194
"""

from typing import Literal, NamedTuple

import numpy as np

from dgmlib.divergences import adaptive
from dgmlib.divergences.mixture1d import Mixture1D, gaussian, log_prob, moments, score
from dgmlib.divergences.quadrature import Estimate

Estimator = Literal["score", "baseline", "reparam", "path"]
ESTIMATORS: tuple[Estimator, ...] = ("score", "baseline", "reparam", "path")


class Cloud(NamedTuple):
    """``n_rep`` independent estimates of one gradient, beside the truth."""

    gradient: np.ndarray  # (n_rep, 2): by m, by log s
    exact: np.ndarray  # (2,)
    mean: np.ndarray  # (2,), over repeats
    error: np.ndarray  # (2,), standard error of that mean
    variance: np.ndarray  # (2,), of one estimate


def cloud(
    p: Mixture1D,
    mean: float,
    std: float,
    *,
    estimator: Estimator,
    n: int = 10,
    n_rep: int = 1000,
    rng: np.random.Generator,
) -> Cloud:
    """``n_rep`` estimates of the gradient of ``KL(q||p)``, each from ``n`` draws of q.

    The same ``rng`` state gives every estimator the same draws.
    """
    if estimator == "baseline" and n < 2:
        raise ValueError(f"the baseline is the mean of the other draws: n >= 2, got {n}")
    z = rng.standard_normal((n_rep, n))
    g = per_draw(p, mean, std, z, estimator=estimator).mean(1)  # (n_rep, 2)
    variance = g.var(0, ddof=1)
    return Cloud(
        g, np.asarray(exact(p, mean, std).value), g.mean(0), np.sqrt(variance / n_rep), variance
    )


def per_draw(
    p: Mixture1D, mean: float, std: float, z: np.ndarray, *, estimator: Estimator
) -> np.ndarray:
    """One estimate per standard normal draw ``z``, ``(..., n) -> (..., n, 2)``."""
    _check(std)
    x = mean + std * z
    if estimator in ("score", "baseline"):
        f = -0.5 * z**2 - np.log(std * np.sqrt(2 * np.pi)) - log_prob(p, x)
        if estimator == "baseline":
            n = z.shape[-1]
            # f minus the mean of the others is n / (n - 1) times f minus the mean of all.
            f = (f - f.mean(-1, keepdims=True)) * (n / (n - 1))
        return f[..., None] * np.stack([z / std, z**2 - 1], -1)
    slope = -score(p, x)
    if estimator == "path":
        slope = slope - z / std
    elif estimator != "reparam":
        raise ValueError(f"no estimator {estimator!r}; choose one of {ESTIMATORS}")
    entropy = np.array([0.0, 1.0 if estimator == "reparam" else 0.0])
    return np.stack([slope, slope * std * z], -1) - entropy


def exact(p: Mixture1D, mean: float, std: float) -> Estimate:
    """Gradient of ``KL(q||p)`` by quadrature, ``value`` and ``error`` of shape ``(2,)``."""
    _check(std)

    def f(x: np.ndarray) -> np.ndarray:
        return per_draw(p, mean, std, (x - mean) / std, estimator="path").T

    return adaptive.expectation(f, gaussian(mean, std), p)


def variance(p: Mixture1D, mean: float, std: float, *, estimator: Estimator) -> np.ndarray:
    """Exact variance of one draw's estimate, ``(2,)``; the mean of n draws has 1 / n of it.

    For ``baseline`` the limit of many draws, where b = KL(q||p).
    """
    q = gaussian(mean, std)
    kl = adaptive.kl(q, p).value if estimator == "baseline" else 0.0
    kind: Estimator = "score" if estimator == "baseline" else estimator

    def f(x: np.ndarray) -> np.ndarray:
        z = (x - mean) / std
        g = per_draw(p, mean, std, z, estimator=kind)
        g = g - kl * np.stack([z / std, z**2 - 1], -1)
        return np.concatenate([g, g**2], -1).T

    first, square = np.split(np.asarray(adaptive.expectation(f, q, p).value), 2)
    return np.maximum(square - first**2, 0.0)


def forward(p: Mixture1D, mean: float, std: float) -> np.ndarray:
    """Gradient of ``KL(p||q)``, exact from the moments of p: zero where q has them. ``(2,)``"""
    _check(std)
    m, v = moments(p)
    return np.array([(mean - m) / std**2, 1 - (v + (mean - m) ** 2) / std**2])


def _check(std: float) -> None:
    if not (std > 0 and np.isfinite(std)):
        raise ValueError(f"a standard deviation is positive and finite, got {std}")
