r"""Exact optimal transport between two weighted clouds of points, in any dimension.

    W_p^p = min_{P >= 0} sum_ij P_ij |x_i - y_j|^p,    P 1 = a, P^T 1 = b
          = max sum_i a_i f_i + sum_j b_j g_j,         f_i + g_j <= |x_i - y_j|^p

A linear program: POT's network simplex solves it, and its dual potentials bound from below what no
plan can beat, so the answer comes with its own error. A basic plan has at most n + m - 1 pairs. On
the line the cheapest plan keeps the order of the points: sort, and walk along both.

References:
    Computational Optimal Transport, sections 2.3, 2.6 and 3 (Peyre, Cuturi, 2019)
    https://arxiv.org/abs/1803.00567
    POT: Python Optimal Transport (Flamary et al., 2021) https://jmlr.org/papers/v22/20-451.html
"""

import os
import sys
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from dgmlib.divergences.quadrature import EPS


class Transport(NamedTuple):
    """A distance and the cheapest plan as pairs: ``mass`` goes from ``source`` to ``target``."""

    value: float  # W_p, in units of x
    error: float  # the distance lies between value - error and value
    source: np.ndarray  # (k,), rows of x
    target: np.ndarray  # (k,), rows of y
    mass: np.ndarray  # (k,), positive, sums to 1


def wasserstein(
    x: ArrayLike,
    y: ArrayLike,
    *,
    order: int = 1,
    x_weight: ArrayLike | None = None,
    y_weight: ArrayLike | None = None,
) -> Transport:
    """W_1 or W_2 between ``x`` (n, d) and ``y`` (m, d); weights are divided by their sum.

    Example:
        >>> wasserstein([[0, 0], [1, 0]], [[1, 0], [0, 3]], order=1).value
        1.5
    """
    x, y = clouds(x, y)
    a, b = weights(x_weight, len(x), "x_weight"), weights(y_weight, len(y), "y_weight")
    check_order(order)
    if x.shape[1] == 1:
        return _on_the_line(x[:, 0], y[:, 0], a, b, order)
    used_x, used_y = np.flatnonzero(a), np.flatnonzero(b)
    x, y, a, b = x[used_x], y[used_y], a[used_x], b[used_y]
    scale = max(float(np.ptp(np.concatenate([x, y]), axis=0).max()), np.finfo(float).tiny)
    cost = ground_cost(x / scale, y / scale, order)  # the simplex has tolerances of order 1
    plan, log = _pot().emd(a, b, cost, numItermax=10_000_000, log=True)
    i, j = np.nonzero(plan)
    mass = plan[i, j]
    primal = float(mass @ cost[i, j])
    # The largest f that goes with g: then the dual value is a bound, whatever was found.
    f = (cost - log["v"]).min(1)
    dual = float(a @ f + b @ (cost - f[:, None]).min(0))
    value, least = (scale * max(c, 0.0) ** (1 / order) for c in (primal, dual))
    return Transport(value, max(value - least, 0.0) + 8 * EPS * value, used_x[i], used_y[j], mass)


def line(
    x: ArrayLike,
    y: ArrayLike,
    *,
    order: int = 1,
    x_weight: ArrayLike | None = None,
    y_weight: ArrayLike | None = None,
) -> float:
    """The distance alone between points on the line, ``(n,)`` and ``(m,)``: the fast way."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(f"points on the line are (n,) and (m,), got {x.shape} and {y.shape}")
    _check_finite(x, y)
    check_order(order)
    a = None if x_weight is None else weights(x_weight, len(x), "x_weight")
    b = None if y_weight is None else weights(y_weight, len(y), "y_weight")
    return float(rows(x[None], y[None], order, a, b)[0] ** (1 / order))


def rows(
    x: np.ndarray, y: np.ndarray, order: int, a: np.ndarray | None, b: np.ndarray | None
) -> np.ndarray:
    """``W_p^p`` on the line of every row of ``x`` (L, n) and ``y`` (L, m), as ``(L,)``."""
    n, m = x.shape[1], y.shape[1]
    if a is None and b is None:
        x, y = np.sort(x, axis=1), np.sort(y, axis=1)
        if n == m:
            return _power(x - y, order).mean(1)
        i, j, mass = increasing(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)  # exact
        return _power(x[:, i] - y[:, j], order) @ (mass / (n * m))
    a = np.full(n, 1 / n) if a is None else a
    b = np.full(m, 1 / m) if b is None else b
    one = _area if order == 1 else _square
    return np.array([one(each, other, a, b) for each, other in zip(x, y, strict=True)])


def increasing(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The plan that keeps the order, from cumulative weights ``u`` (n,) and ``v`` (m,).

    Both fill the same mass from the left; every level of either ends one shipment. Gives ranks in x
    and in y and the mass of each of the n + m shipments, some of them empty.
    """
    n, m = len(u), len(v)
    levels = np.concatenate([u, v])
    order = levels.argsort(kind="stable")  # two sorted runs: merged, not sorted
    of_x = order < n
    passed = np.cumsum(of_x) - of_x  # levels of x below this one
    i, j = np.minimum(passed, n - 1), np.minimum(np.arange(n + m) - passed, m - 1)
    mass = levels[order]
    mass[1:] -= mass[:-1].copy()
    return i, j, mass


def ground_cost(x: np.ndarray, y: np.ndarray, order: int) -> np.ndarray:
    """``|x_i - y_j|^order``, Euclidean, ``(n, m)``."""
    return cdist(x, y, "euclidean" if order == 1 else "sqeuclidean")


def clouds(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Checked points, ``(n, d)`` and ``(m, d)``."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1:] != y.shape[1:] or 0 in (*x.shape, *y.shape):
        raise ValueError(
            f"clouds are (n, d) and (m, d) with n, m, d >= 1, got {x.shape} and {y.shape}; "
            "write points on the line as a column, x[:, None]"
        )
    _check_finite(x, y)
    return x, y


def weights(w: ArrayLike | None, n: int, name: str) -> np.ndarray:
    """Checked and divided by their sum, ``(n,)``; equal where there are none."""
    w = np.ones(n) if w is None else np.asarray(w, dtype=float)
    if w.shape != (n,) or not np.all(w >= 0) or not 0 < w.sum() < np.inf:
        raise ValueError(f"{name} must be {n} finite weights >= 0, not all 0, got shape {w.shape}")
    return w / w.sum()


def check_order(order: int) -> None:
    if order not in (1, 2):
        raise ValueError(f"order must be 1 or 2, got {order}")


def _on_the_line(
    x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray, order: int
) -> Transport:
    at_x, at_y = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    i, j, mass = increasing(np.cumsum(a[at_x]), np.cumsum(b[at_y]))
    used = mass > 8 * EPS  # levels that are equal but for rounding end no shipment
    source, target, mass = at_x[i[used]], at_y[j[used]], mass[used]
    value = float((mass @ _power(x[source] - y[target], order)) ** (1 / order))
    return Transport(value, 4 * len(mass) * EPS * value, source, target, mass)


def _area(x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """``W_1 = int |F - G|``: one sort of all points, weights of y counted negative."""
    at, weight = np.concatenate([x, y]), np.concatenate([a, -b])
    order = at.argsort()
    at, gap = at[order], weight[order].cumsum()[:-1]
    return float(np.abs(gap) @ (at[1:] - at[:-1]))


def _square(x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """``W_2^2`` by the plan itself."""
    at_x, at_y = x.argsort(), y.argsort()
    i, j, mass = increasing(a[at_x].cumsum(), b[at_y].cumsum())
    return float(mass @ _power(x[at_x[i]] - y[at_y[j]], 2))


def _power(gap: np.ndarray, order: int) -> np.ndarray:
    return np.abs(gap) if order == 1 else gap * gap


def _check_finite(x: np.ndarray, y: np.ndarray) -> None:
    if 0 in (x.size, y.size) or not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        raise ValueError("points must be finite and at least one on each side; drop the others")


def _pot() -> ModuleType:
    """POT, which imports torch and jax if it finds them: not for a distance between arrays."""
    names = {"torch": "POT_BACKEND_DISABLE_PYTORCH", "jax": "POT_BACKEND_DISABLE_JAX"}
    off = [v for k, v in names.items() if k not in sys.modules and v not in os.environ]
    os.environ.update(dict.fromkeys(off, "1"))
    try:
        import ot
    finally:
        for name in off:
            os.environ.pop(name, None)
    return ot
