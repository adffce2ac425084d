r"""A density painted by hand: straight between knots, so that every integral is exact.

    p~(x) = h_i + (h_{i+1} - h_i) t,    t = (x - x_i) / d,    x_i <= x <= x_{i+1},  else 0
    Z     = sum_i d (h_i + h_{i+1}) / 2

F is a parabola between two knots, so F^-1 is the root of a quadratic. It is written in the form
that subtracts nothing, a = 2 c / (h_i + sqrt(h_i^2 + 2 s c)) with the slope s and the area c still
to go: the usual form loses every digit where the slope is nearly 0.
"""

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.targets.line import Line


def polyline(knots: ArrayLike, height: ArrayLike) -> Line:
    """A painted density: ``knots`` (m,) rising, ``height`` (m,) >= 0.

    Raises:
        ValueError: fewer than two knots, or no area at all.
    """
    x, h = np.asarray(knots, dtype=float), np.asarray(height, dtype=float)
    if x.ndim != 1 or x.shape != h.shape or len(x) < 2 or not (np.diff(x) > 0).all():
        raise ValueError(f"two or more rising knots, each with a height; got {x.shape}, {h.shape}")
    if not np.isfinite(h).all() or (h < 0).any() or not h.any():
        raise ValueError("a painted density needs heights >= 0, at least one of them above 0")
    d = np.diff(x)
    area = 0.5 * d * (h[1:] + h[:-1])
    below = np.concatenate([[0.0], np.cumsum(area)])  # the area left of each knot
    z = float(below[-1])
    slope = np.diff(h) / d

    def log_shape(at: np.ndarray) -> np.ndarray:
        y = np.interp(np.asarray(at, dtype=float), x, h, left=0.0, right=0.0)
        return np.log(y, where=y > 0, out=np.full(y.shape, -np.inf))

    def cdf(at: np.ndarray) -> np.ndarray:
        at = np.clip(np.asarray(at, dtype=float), x[0], x[-1])
        i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(d) - 1)
        t = at - x[i]
        return (below[i] + t * (h[i] + 0.5 * slope[i] * t)) / z

    def quantile(u: np.ndarray) -> np.ndarray:
        c = np.asarray(u, dtype=float) * z
        i = np.clip(np.searchsorted(below, c, side="left") - 1, 0, len(d) - 1)
        c = np.maximum(c - below[i], 0.0)
        root = h[i] + np.sqrt(np.maximum(h[i] ** 2 + 2 * slope[i] * c, 0.0))
        t = np.divide(2 * c, root, out=np.zeros(root.shape), where=root > 0)
        return x[i] + np.minimum(t, d[i])

    # of a piece, about its left knot: int t^n (h + s t) dt = d^{n+1} (h / (n + 1) + s d / (n + 2))
    first = d**2 * (h[:-1] / 2 + slope * d / 3)
    second = d**3 * (h[:-1] / 3 + slope * d / 4)
    mean = float((x[:-1] * area + first).sum()) / z
    away = x[:-1] - mean
    variance = float((away**2 * area + 2 * away * first + second).sum()) / z
    used = np.flatnonzero(area > 0)
    ends = float(x[used[0]]), float(x[used[-1] + 1])
    return Line(
        "painted", log_shape, float(np.log(z)), mean, variance, cdf, quantile,
        tuple(x.tolist()), ends,
    )  # fmt: skip
