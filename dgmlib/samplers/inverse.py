r"""Inverse transform: uniform heights, read across to the distribution function.

    u ~ U(0, 1),    x = F^-1(u) = inf {x: F(x) >= u}

References:
    Non-Uniform Random Variate Generation, section II.2 (Devroye, 1986)
    https://doi.org/10.1007/978-1-4613-8643-8
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike


def sample(
    n: int, quantile: Callable[[np.ndarray], np.ndarray], *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The heights u (n,) and the draws F^-1(u) (n,)."""
    u = rng.random(n)
    return u, quantile(u)


def histogram_quantile(edges: ArrayLike, weight: ArrayLike) -> Callable[[np.ndarray], np.ndarray]:
    """F^-1 of a density that is constant between ``edges`` (m + 1,), with weights (m,) >= 0."""
    e, w = np.asarray(edges, dtype=float), np.asarray(weight, dtype=float)
    if e.ndim != 1 or w.shape != (len(e) - 1,) or not (np.diff(e) > 0).all():
        raise ValueError(f"m + 1 increasing edges for m weights, got {e.shape} and {w.shape}")
    if not np.isfinite(w).all() or (w < 0).any() or not w.sum() > 0:
        raise ValueError("weights must be >= 0, some of them above 0")
    cdf = np.concatenate([[0.0], np.cumsum(w) / w.sum()])

    def quantile(u: np.ndarray) -> np.ndarray:
        i = np.clip(np.searchsorted(cdf, u, side="left") - 1, 0, len(w) - 1)
        return e[i] + (u - cdf[i]) / np.where(w[i] > 0, cdf[i + 1] - cdf[i], 1) * np.diff(e)[i]

    return quantile


def table_quantile(prob: ArrayLike) -> Callable[[np.ndarray], np.ndarray]:
    """F^-1 of a distribution over 0, 1, ..., given by its probabilities."""
    p = np.asarray(prob, dtype=float)
    if p.ndim != 1 or (p < 0).any() or not np.isclose(p.sum(), 1, rtol=0, atol=1e-9):
        raise ValueError(f"probabilities must be >= 0 and sum to 1, got {p}")
    cdf = np.cumsum(p)
    last = int(np.flatnonzero(p)[-1])  # rounding may leave the sum below 1
    return lambda u: np.minimum(np.searchsorted(cdf, u, side="right"), last)
