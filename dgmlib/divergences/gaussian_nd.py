r"""Divergences between two Gaussians in d dimensions, in closed form.

    KL(p||q)   = (1/2) [tr(S_q^-1 S_p) - d + D^T S_q^-1 D + log(|S_q| / |S_p|)],    D = m_p - m_q
    R_a(p||q)  = (a/2) D^T S_a^-1 D - log(|S_a| / (|S_p|^(1-a) |S_q|^a)) / (2 (a - 1)),
                 S_a = a S_q + (1 - a) S_p
    W_2^2(p,q) = |D|^2 + tr(S_p + S_q - 2 (S_p^1/2 S_q S_p^1/2)^1/2)                     (Bures)

Everything but W_2 needs only the eigenvalues of S_p relative to S_q: one Cholesky factor whitens q.
Means are ``(d,)``, covariances ``(d, d)``; nats, W_2 in units of x.

References:
    Renyi divergence measures for commonly used univariate continuous distributions
    (Gil, Alajaji, Linder, 2013) https://doi.org/10.1016/j.ins.2013.06.018
    Computational Optimal Transport, remark 2.31 (Peyre, Cuturi, 2019)
    https://arxiv.org/abs/1803.00567
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular


class Gaussian(NamedTuple):
    """N(mean, cov)."""

    mean: np.ndarray  # (d,)
    cov: np.ndarray  # (d, d), symmetric positive definite


def gaussian(mean: ArrayLike, cov: ArrayLike) -> Gaussian:
    """A checked Gaussian; a one-dimensional ``cov`` is read as a diagonal of variances."""
    m, s = np.array(mean, dtype=float), np.array(cov, dtype=float)
    s = np.diag(s) if s.ndim == 1 else s
    if m.ndim != 1 or s.shape != (len(m), len(m)):
        raise ValueError(f"mean (d,) and cov (d, d) expected, got {m.shape} and {s.shape}")
    if not (np.all(np.isfinite(m)) and np.all(np.isfinite(s))):
        raise ValueError("mean and cov must be finite")
    if not np.allclose(s, s.T, rtol=1e-10, atol=0):
        raise ValueError("cov must be symmetric; use (cov + cov.T) / 2")
    smallest = float(np.linalg.eigvalsh(s)[0])
    if not smallest > 0:
        raise ValueError(f"cov must be positive definite, its smallest eigenvalue is {smallest}")
    return Gaussian(m, s)


def log_prob(p: Gaussian, x: ArrayLike) -> np.ndarray:
    """``(..., d) -> (...,)`` in nats."""
    root = np.linalg.cholesky(p.cov)
    d = np.asarray(x, dtype=float) - p.mean
    z = solve_triangular(root, d.reshape(-1, len(p.mean)).T, lower=True)
    log_norm = 0.5 * len(p.mean) * np.log(2 * np.pi) + np.log(np.diag(root)).sum()
    return (-0.5 * (z**2).sum(0) - log_norm).reshape(d.shape[:-1])


def entropy(p: Gaussian) -> float:
    """``log |2 pi e S| / 2``."""
    return float(0.5 * np.linalg.slogdet(2 * np.pi * np.e * p.cov)[1])


def kl(p: Gaussian, q: Gaussian) -> float:
    """``KL(p||q)``.

    Example:
        >>> kl(gaussian([0, 0], [1, 1]), gaussian([3, 4], [1, 1]))
        12.5
    """
    gap, t = _relative(p, q)
    return float(0.5 * (gap @ gap + np.sum(t - np.log1p(t))))


def jeffreys(p: Gaussian, q: Gaussian) -> float:
    """``KL(p||q) + KL(q||p)``."""
    return kl(p, q) + kl(q, p)


def log_affinity(p: Gaussian, q: Gaussian, order: float) -> float:
    """``log int p^a q^(1-a)``; inf unless ``a S_q + (1 - a) S_p`` is positive definite."""
    if order < 0.5:  # the same integral, in the form that keeps its digits near order 0
        return _log_affinity(q, p, 1 - order, order)
    return _log_affinity(p, q, order, 1 - order)


def _log_affinity(p: Gaussian, q: Gaussian, a: float, b: float) -> float:
    """``log int p^a q^b`` with a + b = 1; every term is of the order of b, however small."""
    gap, t = _relative(p, q)
    v = 1 + b * t  # eigenvalues of S_a relative to S_q
    if not np.all(v > 0):
        return np.inf
    return float(-0.5 * np.sum(np.log1p(b * t) - b * np.log1p(t) + a * b * gap**2 / v))


def renyi(p: Gaussian, q: Gaussian, order: float) -> float:
    """Renyi's divergence of ``order`` a > 0; KL(p||q) at 1."""
    if not order > 0:
        raise ValueError(f"the order of a Renyi divergence is positive, got {order}; see alpha()")
    return kl(p, q) if order == 1 else log_affinity(p, q, order) / (order - 1)


def alpha(p: Gaussian, q: Gaussian, order: float) -> float:
    """``(1 - int p^a q^(1-a)) / (a (1 - a))`` for any real a; KL(p||q) at 1, KL(q||p) at 0."""
    if order == 1 or 1 - order == 1:  # the latter also where a is below one epsilon
        return kl(p, q) if order == 1 else kl(q, p)
    with np.errstate(over="ignore"):
        return float(np.expm1(log_affinity(p, q, order)) / (order * (order - 1)))


def bhattacharyya(p: Gaussian, q: Gaussian) -> float:
    """``-log int sqrt(p q)``."""
    return -log_affinity(p, q, 0.5)


def hellinger2(p: Gaussian, q: Gaussian) -> float:
    """``1 - int sqrt(p q)``, in [0, 1]."""
    return float(-np.expm1(log_affinity(p, q, 0.5)))


def w2(p: Gaussian, q: Gaussian) -> float:
    """Wasserstein-2, not squared, by the root of ``S_p^1/2 S_q S_p^1/2``."""
    root = _sqrt(p.cov)
    cross = _sqrt(root @ q.cov @ root)
    square = np.sum((p.mean - q.mean) ** 2) + np.trace(p.cov + q.cov - 2 * cross)
    return float(np.sqrt(max(square, 0.0)))  # rounding may leave -1e-16 between equal ones


def _relative(p: Gaussian, q: Gaussian) -> tuple[np.ndarray, np.ndarray]:
    """p where q is white and p's axes are the axes: mean gap, and variances minus 1. ``(d,)``"""
    root = np.linalg.cholesky(q.cov)
    # Whitening the difference, not S_p, keeps the digits of nearly equal covariances.
    half = solve_triangular(root, p.cov - q.cov, lower=True)
    t, axes = np.linalg.eigh(solve_triangular(root, half.T, lower=True))
    return axes.T @ solve_triangular(root, p.mean - q.mean, lower=True), t


def _sqrt(s: np.ndarray) -> np.ndarray:
    value, axes = np.linalg.eigh(0.5 * (s + s.T))
    return (axes * np.sqrt(np.maximum(value, 0))) @ axes.T
