r"""Densities on the line of which everything is known: the shape, its integral, F and F^-1.

    p(x) = p~(x) / Z,    Z = int p~,    F(x) = int_{-inf}^x p

A sampler is given the shape p~ alone, scaled so that its highest point is 1. Z, the mean, the
variance and the quantiles are what its estimates are held against.

    mixture    sum_k w_k N(m_k, s_k^2)                     Gaussian tails
    skewed     (x - a) e^{-(x - a)} for x > a: Gamma(2)    an exponential tail

References:
    Continuous Univariate Distributions, vol. 1, chapter 17 (Johnson, Kotz & Balakrishnan, 1994)
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

Map = Callable[[np.ndarray], np.ndarray]  # (...) -> (...)
LOG_2PI = float(np.log(2 * np.pi))


class Line(NamedTuple):
    """A density on the line."""

    name: str
    log_shape: Map  # log p~; -inf where the density is 0
    log_z: float
    mean: float
    variance: float
    cdf: Map
    quantile: Map
    breaks: tuple[float, ...]  # where p~ has a kink or its support an end
    extent: tuple[float, float]  # holds all of the mass but less than 1e-8

    def shape(self, x: np.ndarray) -> np.ndarray:
        return np.exp(self.log_shape(x))

    def pdf(self, x: np.ndarray) -> np.ndarray:
        return np.exp(self.log_shape(x) - self.log_z)


def mixture(name: str, weight: ArrayLike, mean: ArrayLike, std: ArrayLike) -> Line:
    """Gaussians in a row: weights, means and standard deviations (K,)."""
    w, m, s = (np.asarray(a, dtype=float) for a in (weight, mean, std))
    if not (w.ndim == 1 and w.shape == m.shape == s.shape):
        raise ValueError(f"weights, means and stds, K of each; got {w.shape, m.shape, s.shape}")
    if (w <= 0).any() or (s <= 0).any():
        raise ValueError(f"weights and stds must be positive, got {w.tolist()} and {s.tolist()}")
    w = w / w.sum()
    constant = np.log(w / s) - 0.5 * LOG_2PI
    half = 0.5 / s**2

    def log_pdf(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=float)
        each = [c - h * (x - a) ** 2 for c, h, a in zip(constant, half, m, strict=True)]
        total = each[0]
        for more in each[1:]:
            total = np.logaddexp(total, more)
        return total

    def cdf(x: np.ndarray) -> np.ndarray:
        parts = zip(w, m, s, strict=True)
        return sum((v * ndtr((np.asarray(x) - a) / b) for v, a, b in parts), np.zeros(()))

    low, high = float((m - 8 * s).min()), float((m + 8 * s).max())
    top = _highest(log_pdf, np.linspace(m.min(), m.max(), 401))
    centre = float(w @ m)
    return Line(
        name, lambda x: log_pdf(x) - top, -top, centre, float(w @ (s**2 + (m - centre) ** 2)),
        cdf, invert(cdf, lambda x: np.exp(log_pdf(x)), low, high), (), (low, high),
    )  # fmt: skip


def skewed(start: float = -3.0) -> Line:
    """Gamma(2) from ``start`` on: mean start + 2, variance 2."""

    def log_shape(x: np.ndarray) -> np.ndarray:
        y = np.asarray(x, dtype=float) - start
        out = np.full(y.shape, -np.inf)
        np.log(y, where=y > 0, out=out)
        return out - y + 1

    def cdf(x: np.ndarray) -> np.ndarray:
        y = np.maximum(np.asarray(x, dtype=float) - start, 0.0)
        return -np.expm1(-y) - y * np.exp(-y)

    return Line(
        "skewed", log_shape, 1.0, start + 2.0, 2.0, cdf,
        invert(cdf, lambda x: np.exp(log_shape(x) - 1), start, start + 40), (start,),
        (start, start + 22),
    )  # fmt: skip


def invert(cdf: Map, pdf: Map, low: float, high: float, *, cells: int = 2048) -> Map:
    """F^-1 between ``low`` and ``high``: a table, then Newton steps that stay within its cell."""
    x = np.linspace(low, high, cells + 1)
    table = cdf(x)

    def quantile(u: np.ndarray) -> np.ndarray:
        u = np.asarray(u, dtype=float)
        flat = u.ravel()
        i = np.clip(np.searchsorted(table, flat) - 1, 0, cells - 1)
        rise = table[i + 1] - table[i]
        share = np.divide(flat - table[i], rise, out=np.full(flat.shape, 0.5), where=rise > 0)
        found = x[i] + np.clip(share, 0, 1) * (x[1] - x[0])
        left, right = x[i], x[i + 1]
        todo = np.arange(len(flat))
        for _ in range(50):
            at = found[todo]
            miss = cdf(at) - flat[todo]
            left[todo] = np.where(miss < 0, at, left[todo])
            right[todo] = np.where(miss > 0, at, right[todo])
            slope = pdf(at)
            step = np.divide(miss, slope, out=np.full(at.shape, np.inf), where=slope > 0)
            to = at - step
            outside = (to < left[todo]) | (to > right[todo])
            found[todo] = np.where(outside, 0.5 * (left[todo] + right[todo]), to)
            todo = todo[np.abs(found[todo] - at) > 1e-7]  # the error is about the square of it
            if not len(todo):
                break
        return found.reshape(u.shape)

    return quantile


def _highest(log_p: Map, x: np.ndarray) -> float:
    """The maximum of log p, polished from the best of the points x."""
    i = int(np.argmax(log_p(x)))
    ends = x[max(i - 1, 0)], x[min(i + 1, len(x) - 1)]
    if ends[0] == ends[1]:
        return float(log_p(x[i]))
    found: Any = minimize_scalar(
        lambda t: -float(log_p(np.asarray(t))),
        bounds=ends,
        method="bounded",
        options={"xatol": 1e-10},
    )
    return max(float(log_p(x[i])), -float(found.fun))
