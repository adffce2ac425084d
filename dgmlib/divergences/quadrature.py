r"""Adaptive Gauss-Legendre quadrature that says how wrong it can be.

    int_a^b f(x) dx  ~  sum_i w_i f(x_i),    exact for polynomials up to degree 2 n - 1

Every panel is compared with its two halves. Their sum is the answer, the difference the error: it
is the error of the *coarser* rule, so it overstates. Panels that miss the tolerance are halved
again, and all live panels are evaluated in one call of ``f``.

References:
    Methods of Numerical Integration, chapter 6 (Davis, Rabinowitz, 1984)
    https://doi.org/10.1016/C2013-0-10566-1
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

ORDER = 16
NODES, WEIGHTS = np.polynomial.legendre.leggauss(ORDER)
EPS = float(np.finfo(float).eps)


class Estimate(NamedTuple):
    """A number and a bound on its numerical error (``value = inf, error = 0`` is exactly infinite).

    Both are floats, or arrays of the same shape for a vector of integrals.
    """

    value: float
    error: float


def integrate(
    f: Callable[[np.ndarray], np.ndarray],
    breaks: ArrayLike,
    *,
    rtol: float = 1e-12,
    atol: float = 0.0,
    noise: float = 16.0,
    max_panels: int = 100_000,
) -> Estimate:
    """The integral of ``f`` from the first to the last of ``breaks``.

    Args:
        f: Vectorised, ``(n,) -> (n,)``, or ``(n,) -> (m, n)`` for ``m`` integrals on one grid.
        breaks: Points between panels, in any order. Put them where ``f`` changes scale: no rule
            finds a spike that none of its nodes touches.
        rtol, atol: Wanted error relative to ``int |f|``, and absolute; the larger counts. The
            reported error is what was reached.
        noise: Rounding error of one value of ``f``, in units of machine epsilon times ``|f|``.

    Example:
        >>> value, error = integrate(np.exp, [0, 1])
        >>> abs(value - (np.e - 1)) <= error < 1e-14
        True
    """
    edges = np.unique(np.asarray(breaks, dtype=float))
    if len(edges) < 2 or not np.all(np.isfinite(edges)):
        raise ValueError(f"breaks must be finite with at least two different, got {edges.tolist()}")
    a, b = edges[:-1], edges[1:]
    coarse, size = _panels(f, a, b)
    scale = size.sum(-1)  # of |f|, per integral
    value, error = np.zeros_like(scale), np.zeros_like(scale)
    n_panels = len(a)
    while len(a):
        middle = 0.5 * (a + b)
        halves, size = _panels(f, np.r_[a, middle], np.r_[middle, b])
        left, right = np.split(halves, 2, axis=-1)
        fine, size = left + right, sum(np.split(size, 2, axis=-1))
        gap = np.abs(fine - coarse)
        # A panel is done when it uses no more than its share, or cannot be told from rounding.
        share = np.maximum(rtol * scale, atol) / n_panels
        done = gap <= np.maximum(share[..., None], 0.5 * noise * EPS * size)
        done = done.reshape(-1, len(a)).all(0)
        n_panels += int(np.sum(~done))
        if n_panels > max_panels or np.all(b - a <= 4 * EPS * np.maximum(np.abs(a), np.abs(b))):
            done = np.ones(
                len(a), dtype=bool
            )  # out of panels or of floating-point numbers: the error says so
        value = value + fine[..., done].sum(-1)
        error = error + (gap + noise * EPS * size)[..., done].sum(-1)
        live = ~done
        a, middle, b = a[live], middle[live], b[live]
        coarse = np.concatenate([left[..., live], right[..., live]], axis=-1)
        a, b = np.r_[a, middle], np.r_[middle, b]
    if value.ndim == 0:
        return Estimate(float(value), float(error))
    return Estimate(value, error)  # type: ignore[arg-type]


def nodes(edges: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Composite rule on sorted ``edges`` ``(*batch, m + 1)``: points, weights ``(*batch, m n)``.

    Example:
        >>> x, w = nodes(np.array([0.0, 0.5, 1.0]), 4)
        >>> float(round(w @ x**3, 12))
        0.25
    """
    z, w = _rule(order)
    half = 0.5 * np.diff(edges)[..., None]  # (*batch, m, 1)
    x = 0.5 * (edges[..., 1:] + edges[..., :-1])[..., None] + half * z
    shape = (*edges.shape[:-1], -1)
    return x.reshape(shape), (half * w).reshape(shape)


@lru_cache(maxsize=32)
def _rule(order: int) -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(order)


def _panels(
    f: Callable[[np.ndarray], np.ndarray], a: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """``int f`` and ``int |f|`` on each panel, ``(*m, panels)``."""
    half = 0.5 * (b - a)
    x = 0.5 * (a + b) + half * NODES[:, None]  # (order, panels)
    y = f(x.ravel())
    y = y.reshape(*y.shape[:-1], ORDER, len(a))
    w = half * WEIGHTS[:, None]
    return (w * y).sum(-2), (w * np.abs(y)).sum(-2)
