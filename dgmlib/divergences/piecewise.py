r"""Piecewise-constant densities: uniforms and histograms, with holes and disjoint supports.

    p(x) = P_i / (e_{i+1} - e_i)  on  [e_i, e_{i+1}),    0 outside

Cut at the edges of both, p and q are probability vectors on the same cells: the f-divergences of
the densities are exactly those of the tables. Wasserstein-1 alone sees how far apart the cells are.

References:
    Wasserstein GAN, example 1 (Arjovsky, Chintala, Bottou, 2017)
    https://arxiv.org/abs/1701.07875
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Piecewise(NamedTuple):
    """Edges and the probability of each cell."""

    edges: np.ndarray  # (n + 1,), increasing
    prob: np.ndarray  # (n,), >= 0, sums to 1


def piecewise(edges: ArrayLike, prob: ArrayLike) -> Piecewise:
    """A checked density; a cell of probability 0 is a hole."""
    e, p = np.array(edges, dtype=float), np.array(prob, dtype=float)
    if e.ndim != 1 or p.shape != (len(e) - 1,) or len(p) == 0:
        raise ValueError(f"n + 1 edges and n probabilities expected, got {e.shape} and {p.shape}")
    if not np.all(np.isfinite(e)) or np.any(np.diff(e) <= 0):
        raise ValueError(f"edges must be finite and increasing, got {e.tolist()}")
    if np.any(p < 0) or not abs(p.sum() - 1) <= 1e-9:
        raise ValueError(f"prob must be at least 0 and sum to 1, got {p.tolist()}")
    return Piecewise(e, p / p.sum())


def uniform(low: float, high: float) -> Piecewise:
    """U(low, high)."""
    return piecewise([low, high], [1.0])


def log_prob(p: Piecewise, x: ArrayLike) -> np.ndarray:
    """``log p(x)``, minus infinity outside the support."""
    x = np.asarray(x, dtype=float)
    i = np.searchsorted(p.edges, x, side="right") - 1
    inside = (i >= 0) & (i < len(p.prob))
    density = np.where(inside, (p.prob / np.diff(p.edges))[np.clip(i, 0, len(p.prob) - 1)], 0)
    return np.log(density, where=density > 0, out=np.full(x.shape, -np.inf))


def cdf(p: Piecewise, x: ArrayLike) -> np.ndarray:
    """Linear between the edges."""
    return np.interp(np.asarray(x, dtype=float), p.edges, np.r_[0, np.cumsum(p.prob)[:-1], 1])


def sample(p: Piecewise, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """``n`` draws, ``(n,)``: a cell, then a place in it."""
    i = rng.choice(len(p.prob), size=n, p=p.prob)
    return p.edges[i] + np.diff(p.edges)[i] * rng.random(n)


def on_common_cells(p: Piecewise, q: Piecewise) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The union of edges ``(n + 1,)`` and both probability vectors ``(n,)``, for :mod:`.tables`.

    Example:
        >>> from dgmlib.divergences import tables
        >>> _, a, b = on_common_cells(uniform(0, 1), uniform(5, 6))
        >>> round(float(tables.js(a, b) / np.log(2)), 12)
        1.0
    """
    edges = np.union1d(p.edges, q.edges)
    return edges, _refined(p, edges), _refined(q, edges)


def w1(p: Piecewise, q: Piecewise) -> float:
    """``int |F - G|``, exact: the difference is linear on every common cell."""
    edges = np.union1d(p.edges, q.edges)
    gap = cdf(p, edges) - cdf(q, edges)
    a, b = np.abs(gap[:-1]), np.abs(gap[1:])
    crossing = gap[:-1] * gap[1:] < 0
    total = np.where(crossing, a + b, 1.0)
    area = np.where(crossing, 0.5 * (a * a + b * b) / total, 0.5 * (a + b))
    return float(area @ np.diff(edges))


def _refined(p: Piecewise, edges: np.ndarray) -> np.ndarray:
    """Each cell's probability shared out by width, so that a hole stays exactly 0."""
    middle = 0.5 * (edges[:-1] + edges[1:])
    i = np.searchsorted(p.edges, middle) - 1
    inside = (i >= 0) & (i < len(p.prob))
    density = np.where(inside, (p.prob / np.diff(p.edges))[np.clip(i, 0, len(p.prob) - 1)], 0)
    prob = density * np.diff(edges)
    return prob / prob.sum()
