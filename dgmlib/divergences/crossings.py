r"""Where two densities cross: the kinks of |p - q| and |F - G|.

Between the roots of g the integral of |g| is a difference of the antiderivative G,

    int |g| dx = sum_i |G(r_{i+1}) - G(r_i)|,

so total variation (g = (p - q) / 2, G = (F - G) / 2) and Wasserstein-1 (g = F - G) of mixtures need
roots and no quadrature. G is flat at a root, so an error e in a root costs only e^2. Between two
roots of p - q the difference F - G is monotone: the roots of one give brackets for the other.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from dgmlib.divergences.mixture1d import Mixture1D, log_prob, tails
from dgmlib.divergences.quadrature import EPS

PARTS = np.linspace(0, 1, 33)
NATS = np.array([-36.0, -12.0, -4.0, 0.0, 4.0, 12.0, 36.0])


def density_gap(p: Mixture1D, q: Mixture1D, x: np.ndarray) -> np.ndarray:
    """Of the sign of ``p - q``, and of order 1 where both are tiny."""
    return log_prob(p, x) - log_prob(q, x)


def cdf_gap(p: Mixture1D, q: Mixture1D, x: np.ndarray) -> np.ndarray:
    """``F - G``, from the smaller tail on each side."""
    (low_p, high_p), (low_q, high_q) = tails(p, x), tails(q, x)
    return np.where(low_p + low_q < high_p + high_q, low_p - low_q, high_q - high_p)


def handovers(p: Mixture1D) -> np.ndarray:
    """Where one component of ``p`` takes over from another, and 4, 12 and 36 nats to either side.

    There ``log p`` turns from one parabola to the next within 1 / (difference of slopes), and what
    is left of the turn falls by e with every nat. Shape ``(*batch, 7 K (K - 1))``; a pair that
    never meets repeats its mean. Of a single mixture, only those where both components count.
    """
    i, j = np.triu_indices(p.mean.shape[-1], 1)
    a = 0.5 / p.std[..., j] ** 2 - 0.5 / p.std[..., i] ** 2
    gap = p.mean[..., j] - p.mean[..., i]  # with x measured from the mean of i
    b = -gap / p.std[..., j] ** 2
    c = 0.5 * (gap / p.std[..., j]) ** 2 + np.log(
        p.weight[..., i] * p.std[..., j] / (p.weight[..., j] * p.std[..., i])
    )
    inside = b * b - 4 * a * c
    root = -0.5 * (b + np.copysign(np.sqrt(np.maximum(inside, 0)), b))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        x = np.stack([root / a, c / root], -1)  # (..., pairs, 2)
        width = NATS / np.sqrt(np.maximum(inside, 0))[..., None, None]
        x = x[..., None] + width  # (..., pairs, 2, 7)
    met = np.isfinite(x).all(-1) & (inside > 0)[..., None]
    x = p.mean[..., i, None, None] + np.where(met[..., None], x, 0.0)
    if p.mean.ndim > 1:
        return x.reshape(*p.mean.shape[:-1], -1)
    at = x[..., len(NATS) // 2]
    own = _log_component(p, i, at)
    return x[met & (own > log_prob(p, at) - 40)].ravel()


def roots(g: Callable[[np.ndarray], np.ndarray], x: np.ndarray, *, steps: int = 60) -> np.ndarray:
    """The roots of ``g`` between neighbours of the sorted ``x`` (n,) where its sign changes."""
    y = np.sign(g(x))
    at = np.flatnonzero(y[:-1] * y[1:] < 0)
    low, high, sign = x[at], x[at + 1], y[at]
    for _ in range(steps if len(at) else 0):
        middle = 0.5 * (low + high)
        left = np.sign(g(middle)) == sign
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return np.unique(np.r_[0.5 * (low + high), x[y == 0]])


class Cells(NamedTuple):
    """Cells of many pairs, one after the other; within one the sign of ``p - q`` is constant."""

    row: np.ndarray  # (c,) the pair
    left: np.ndarray  # (c,)
    right: np.ndarray  # (c,)
    doubt: np.ndarray  # (c,) change of F - G over the bracket of the root at ``left``


def cells(p: Mixture1D, q: Mixture1D, x: np.ndarray, gap: np.ndarray, floor: np.ndarray) -> Cells:
    """Cuts every row of the sorted ``x`` (B, n) at the roots of ``gap``, the density gap there.

    A gap within its rounding ``floor`` (B, n) counts as a root. A gap that dips towards 0 and turns
    between nodes is followed to its turn, so that two roots between nodes are found as well.
    """
    sign = np.where(np.abs(gap) <= floor, 0.0, np.sign(gap))
    row, at = np.nonzero(sign[:, :-1] * sign[:, 1:] < 0)
    low, high = x[row, at], x[row, at + 1]
    turning, start, middle, end = _dips(p, q, x, gap, sign)
    row = np.r_[row, turning, turning]
    low, high = narrow(density_gap, p, q, row, np.r_[low, start, middle], np.r_[high, middle, end])
    edge = np.pad(sign, ((0, 0), (1, 1)))  # ends of a run of zeros, and of the row
    zero, at = np.nonzero((sign == 0) & ((edge[:, :-2] != 0) | (edge[:, 2:] != 0)))
    first = np.arange(len(x))
    row = np.r_[row, zero, first, first]
    low, high = (
        np.r_[low, x[zero, at], x[:, 0], x[:, -1]],
        np.r_[high, x[zero, at], x[:, 0], x[:, -1]],
    )
    order = np.lexsort((low, row))
    row, low, high = row[order], low[order], high[order]
    same = np.flatnonzero(row[1:] == row[:-1])
    ps, qs = _rows(p, row), _rows(q, row)
    doubt = np.abs(np.diff(cdf_gap(ps, qs, np.stack([low, high], 1))))[:, 0]
    at = 0.5 * (low + high)
    return Cells(row[same], at[same], at[same + 1], doubt[same])


def narrow(
    gap: Callable[[Mixture1D, Mixture1D, np.ndarray], np.ndarray],
    p: Mixture1D, q: Mixture1D, row: np.ndarray, low: np.ndarray, high: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """A root of ``gap`` in each ``[low, high]`` (r,) of pair ``row``, to 1e-9 of its width.

    Thirty-two parts at a time: for few roots one call costs what one halving would.
    """
    if len(row) == 0:
        return low, high
    ps, qs, i = _rows(p, row), _rows(q, row), np.arange(len(row))
    for _ in range(6):
        x = low[:, None] + (high - low)[:, None] * PARTS  # (r, 33)
        x[:, -1] = high
        y = np.sign(gap(ps, qs, x))
        other = y != y[:, :1]
        other[:, -1] = True
        k = np.argmax(other, axis=1)
        low, high = x[i, k - 1], x[i, k]
    return low, high


def variation(p: Mixture1D, q: Mixture1D, c: Cells, n_pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """``int |p - q| / 2`` and its error, ``(B,)``: the sign is in doubt inside a bracket only."""
    ends = cdf_gap(_rows(p, c.row), _rows(q, c.row), np.stack([c.left, c.right], 1))
    value = np.bincount(c.row, 0.5 * np.abs(np.diff(ends))[:, 0], n_pairs)
    return value, np.bincount(c.row, c.doubt, n_pairs)


def area(p: Mixture1D, q: Mixture1D, c: Cells, n_pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """``int |F - G|`` and its error, ``(B,)``: in a cell F - G is monotone, with a root or none.

    The error: the root's own uncertainty, and the digits lost in differences of the antiderivative.
    """
    ps, qs = _rows(p, c.row), _rows(q, c.row)
    ends = np.stack([c.left, c.right], 1)
    at = np.prod(np.sign(cdf_gap(ps, qs, ends)), axis=1) < 0
    low, high = narrow(cdf_gap, p, q, c.row[at], c.left[at], c.right[at])
    turn = c.left.copy()  # a cell without a root: its first half is empty
    turn[at] = 0.5 * (low + high)
    p_at, q_at = _rows(p, c.row[at]), _rows(q, c.row[at])
    near = np.abs(cdf_gap(p_at, q_at, np.stack([low, high], 1)))
    x = np.stack([c.left, turn, c.right], 1)
    above, below = _hinge(ps, x), _hinge(qs, x)
    value = np.bincount(c.row, np.abs(np.diff(above - below)).sum(1), n_pairs)
    error = np.bincount(c.row, 4 * EPS * (above + below).sum(1), n_pairs)
    return value, error + np.bincount(c.row[at], (high - low) * near.sum(1), n_pairs)


def _dips(
    p: Mixture1D, q: Mixture1D, x: np.ndarray, gap: np.ndarray, sign: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Row, start, middle and end of unseen pairs of roots: the sign in the middle is the other."""
    size, h = np.abs(gap), np.maximum(np.diff(x), 1e-300)  # empty panels repeat their node
    slope = np.diff(size) / h
    # Smallest at the middle of three; straight on from either side, 0 would be passed.
    low = (slope[:, :-1] <= 0) & (slope[:, 1:] >= 0) & (sign[:, 1:-1] != 0)
    low &= (sign[:, :-2] == sign[:, 1:-1]) & (sign[:, 2:] == sign[:, 1:-1])
    reach = np.maximum(-slope[:, :-1] * h[:, 1:], slope[:, 1:] * h[:, :-1])
    row, at = np.nonzero(low & (size[:, 1:-1] <= reach))
    start, end, was = x[row, at], x[row, at + 2], sign[row, at]
    a, b, middle = start, end, start
    ps, qs, i = _rows(p, row), _rows(q, row), np.arange(len(row))
    for _ in range(4 if len(row) else 0):
        at = a[:, None] + (b - a)[:, None] * PARTS
        y = was[:, None] * density_gap(ps, qs, at)
        k = np.argmin(y, axis=1)
        middle, lowest = at[i, k], y[i, k]
        k = np.clip(k, 1, len(PARTS) - 2)
        a, b = at[i, k - 1], at[i, k + 1]
    found = lowest < 0 if len(row) else np.zeros(0, dtype=bool)
    return row[found], start[found], middle[found], end[found]


def _rows(p: Mixture1D, row: np.ndarray) -> Mixture1D:
    """The mixture of each listed row, ``(len(row), K)``."""
    if p.mean.ndim == 1:
        return Mixture1D(*(np.broadcast_to(a, (len(row), len(a))) for a in p))
    return Mixture1D(*(a[row] for a in p))


def _hinge(p: Mixture1D, x: np.ndarray) -> np.ndarray:
    """``int_{-inf}^x F``: each component gives ``s (z Phi(z) + phi(z))``."""
    w, m, s = (a.T[..., None] for a in p)  # (K, c, 1)
    z = (x - m) / s
    return (w * s * (z * ndtr(z) + np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))).sum(0)


def _log_component(p: Mixture1D, k: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``log(w_k N(x; m_k, s_k^2))`` for the components ``k`` (r,) at ``x`` (r, n)."""
    z = (x - p.mean[k, None]) / p.std[k, None]
    return np.log(p.weight[k] / p.std[k])[:, None] - 0.5 * z * z - 0.5 * np.log(2 * np.pi)
