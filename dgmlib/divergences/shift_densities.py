r"""Divergences of p and a moved q, with their slopes, where both are densities on the line.

    p_t(x) = q(x - t),    d p_t / dt = -p_t s_q,    s the score, the derivative of the log-density

    d KL(p||q) = E_p[s_q]                     d TV  = int sign(p - q) q' dx / 2
    d KL(q||p) = -E_q[s_p]                    d W_1 = int sign(F - G) q dx
    d JS = E_q[s_q log(1 + p / q)] / 2        d W_2 = (m_q - m_p) / W_2

All are exact derivatives, by quadrature or from the roots of p - q and F - G; none is a difference
quotient. A shift changes W_2^2 only by the square of the gap of the means. Jensen-Shannon's slope
falls like the overlap: between N(0, 1) and N(20, 1) it is below 1e-20. Where a mode of q comes to
lie on an equal one of p, TV turns like |t| within a millionth of a deviation or less: a corner,
and its slope counts as undefined.

References:
    Towards Principled Methods for Training Generative Adversarial Networks
    (Arjovsky, Bottou, 2017) https://arxiv.org/abs/1701.04862
    Computational Optimal Transport, remark 2.19 (Peyre, Cuturi, 2019)
    https://arxiv.org/abs/1803.00567
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

from dgmlib.divergences import crossings, f_divergence, gaussian, grid, wasserstein
from dgmlib.divergences.grid import Bounded
from dgmlib.divergences.mixture1d import Mixture1D, log_prob, mixture, moments, score, tails
from dgmlib.divergences.mixture1d import gaussian as normal
from dgmlib.divergences.quadrature import EPS
from dgmlib.divergences.shift import Measures, Sweep, thetas

CORNER = 1e-6  # p and q that agree to this around a mode: so small a shift changes sign p - q there


class Pair(NamedTuple):
    """p and the moved q as rows of one batch."""

    p: Mixture1D  # (T, K)
    q: Mixture1D  # (T, L)


def gaussians(theta: ArrayLike, *, std_p: float = 1.0, std_q: float = 1.0) -> Sweep:
    """N(0, std_p^2) and N(theta, std_q^2): closed forms, but for JS and the slope of TV."""
    sweep = mixtures(normal(0, std_p), normal(0, std_q), theta)
    t, wider = sweep.theta, abs(std_p - std_q)
    here, there = (0.0, std_p), (t, std_q)
    value = sweep.value._replace(
        forward=gaussian.kl(*here, *there),
        reverse=gaussian.kl(*there, *here),
        tv=gaussian.tv(*here, *there),
        w1=gaussian.w1(*here, *there),
        w2=gaussian.w2(*here, *there),
    )
    with np.errstate(invalid="ignore"):  # 0 / 0 is the kink of |t|
        w1 = erf(t / (wider * np.sqrt(2))) if wider > 0 else t / np.abs(t)
        w2 = t / value.w2
    slope = sweep.slope._replace(forward=t / std_q**2, reverse=t / std_p**2, w1=w1, w2=w2)
    of_value, of_slope = (
        Measures(*(8 * EPS * (1 + np.nan_to_num(np.abs(a))) for a in m)) for m in (value, slope)
    )
    of_value = of_value._replace(js=sweep.value_error.js)
    of_slope = of_slope._replace(js=sweep.slope_error.js, tv=sweep.slope_error.tv)
    return Sweep(t, value, slope, of_value, of_slope)


def mixtures(p: Mixture1D, q: Mixture1D, theta: ArrayLike) -> Sweep:
    """``p`` and ``q`` moved by each theta; a slope is nan at a corner: of TV, W_1, W_2 at 0, of TV
    where one mode covers another (but for CORNER of it)."""
    if p.mean.ndim != 1 or q.mean.ndim != 1:
        raise ValueError("p and q are single mixtures here; theta makes the batch")
    t = thetas(theta)
    ones = np.ones((len(t), 1))
    at_rest = wasserstein.w2(p, Mixture1D(q.weight, q.mean + moments(p)[0] - moments(q)[0], q.std))
    p = Mixture1D(*(a * ones for a in p))
    q = mixture(q.weight * ones, q.mean + t[:, None], q.std * ones)
    g = grid.grid(p, q, grid.panels(p, q))
    cells = _cells(p, q, g)
    rounding = g.units * EPS
    tv, tv_error = crossings.variation(p, q, cells, len(t))
    w1, w1_error = crossings.area(p, q, cells, len(t))
    gap = moments(q).mean - moments(p).mean
    w2 = np.hypot(gap, at_rest.value)
    value = (
        grid.divergence(g, f_divergence.kl(g.log_p, g.log_q)),
        grid.divergence(g, f_divergence.kl(g.log_q, g.log_p)),
        grid.divergence(g, f_divergence.js(g.log_p, g.log_q)),
        Bounded(tv, tv_error + rounding),
        Bounded(w1, w1_error + rounding * np.maximum(p.std.max(-1), q.std.max(-1))),
        Bounded(w2, at_rest.error + 4 * EPS * w2),
    )
    on_p, on_q = np.exp(g.log_p), np.exp(g.log_q)
    s_p, s_q = score(p, g.x), score(q, g.x)
    with np.errstate(invalid="ignore"):
        along = gap / w2
    slope = (
        _integral(g, on_p * s_q),
        _integral(g, -on_q * s_p),
        _integral(g, 0.5 * on_q * s_q * np.logaddexp(0, g.log_p - g.log_q)),
        _tv_slope(Pair(p, q), cells, rounding),
        _w1_slope(Pair(p, q), cells, rounding),
        Bounded(along, (at_rest.error / np.maximum(w2, EPS) + 4 * EPS) * np.abs(along)),
    )
    # Where a distance cannot be told from 0 its slope is that of a kink: undefined.
    flat = [k > 2 and v.value <= v.error for k, v in enumerate(value)]
    flat[3] |= _corner(Pair(p, q))
    slope = [
        Bounded(np.where(no, np.nan, s.value), np.where(no, 0.0, s.error))
        for no, s in zip(flat, slope, strict=True)
    ]
    return Sweep(
        t,
        Measures(*(v.value for v in value)),
        Measures(*(s.value for s in slope)),
        Measures(*(v.error for v in value)),
        Measures(*(s.error for s in slope)),
    )


def _integral(g: grid.Grid, f: np.ndarray) -> Bounded:
    """The integral of ``f`` (T, n), of either sign, and its error with rounding."""
    value, error = grid.sums(f * g.dx)
    return Bounded(value, error + 2 * EPS * g.units * grid.sums(np.abs(f) * g.dx).value)


def _cells(p: Mixture1D, q: Mixture1D, g: grid.Grid) -> crossings.Cells:
    """Stretches in which p - q keeps its sign, their ends made as exact as floats allow."""
    n = g.x.shape[1] * grid.FINE // (grid.FINE + grid.COARSE)
    floor = EPS * (g.units[:, None] + np.abs(g.log_p[:, :n]))
    c = crossings.cells(p, q, g.x[:, :n], (g.log_p - g.log_q)[:, :n], floor)
    ps, qs = _rows(p, c.row), _rows(q, c.row)
    ends = np.stack([c.left, c.right], 1)
    miss = crossings.density_gap(ps, qs, ends)
    # A value is flat at a root, a slope is not: one step of Newton's method, at roots only.
    with np.errstate(divide="ignore", invalid="ignore"):
        newton = -miss / (score(ps, ends) - score(qs, ends))
    small = np.abs(newton) <= 1e-6 * np.maximum(ps.std.max(1), qs.std.max(1))[:, None]
    ends = ends + np.where((np.abs(miss) < 1e-6) & small, newton, 0.0)
    return c._replace(left=ends[:, 0], right=ends[:, 1])


def _tv_slope(pair: Pair, c: crossings.Cells, rounding: np.ndarray) -> Bounded:
    """``int sign(p - q) q' dx / 2``: differences of q between the crossings, outside to infinity.

    Error: a root is known to the rounding of log p - log q over the difference of the scores, a
    sign not at all where the gap is within its rounding; and a root beyond the outermost ends would
    move the value by less than the density there.
    """
    ps, qs = (_rows(m, c.row) for m in pair)
    middle = 0.5 * (c.left + c.right)[:, None]
    log_p, log_q = log_prob(ps, middle)[:, 0], log_prob(qs, middle)[:, 0]
    density = np.exp(log_prob(qs, np.stack([c.left, c.right], 1)))
    outer = np.stack([np.diff(c.row, prepend=-1) != 0, np.diff(c.row, append=-1) != 0], 1)
    beyond, density = np.where(outer, density, 0.0).sum(1), np.where(outer, 0.0, density)
    rise = np.diff(density)[:, 0]
    value = np.bincount(c.row, 0.5 * np.sign(log_p - log_q) * rise, len(rounding))
    lost = np.abs(log_p - log_q) <= rounding[c.row] + EPS * np.abs(log_p)
    left = c.left[:, None]
    s_p, s_q = score(ps, left)[:, 0], score(qs, left)[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        loose = np.abs(s_q) * rounding[c.row] / np.abs(s_p - s_q)
    loose = density[:, 0] * np.minimum(np.nan_to_num(loose, nan=0.0), 1.0)
    doubt = loose + 4 * rounding[c.row] * density[:, 0] + lost * np.abs(rise) + beyond
    return Bounded(value, np.bincount(c.row, doubt, len(value)))


def _corner(pair: Pair) -> np.ndarray:
    """Whether p and q agree within one deviation of the mean of a component of q, ``(T,)``."""
    p, q = pair
    x = q.mean[..., None] + q.std[..., None] * np.array([-1.0, 0.0, 1.0])  # (T, L, 3)
    gap = crossings.density_gap(p, q, x.reshape(len(x), -1))
    return np.abs(gap).reshape(x.shape).max(-1).min(-1) < CORNER


def _w1_slope(pair: Pair, c: crossings.Cells, rounding: np.ndarray) -> Bounded:
    """``int sign(F - G) q dx``: F - G is monotone in a cell, with one root or none."""
    ps, qs = (_rows(m, c.row) for m in pair)
    ends = crossings.cdf_gap(ps, qs, np.stack([c.left, c.right], 1))
    at = np.flatnonzero(ends[:, 0] * ends[:, 1] < 0)
    low, high = crossings.narrow(crossings.cdf_gap, *pair, c.row[at], c.left[at], c.right[at])
    low, high = crossings.narrow(crossings.cdf_gap, *pair, c.row[at], low, high)
    turn = c.left.copy()  # a cell without a root: its first half is empty
    turn[at] = 0.5 * (low + high)
    x = np.stack([c.left, turn, c.right], 1)
    sign = np.sign(crossings.cdf_gap(ps, qs, 0.5 * (x[:, 1:] + x[:, :-1])))
    below, above = tails(qs, x)
    mass = np.where(below[:, 1:] < 0.5, np.diff(below), -np.diff(above))
    value = np.bincount(c.row, (sign * mass).sum(1), len(rounding))
    p_at, q_at = _rows(ps, at), _rows(qs, at)
    height, other = (np.exp(log_prob(m, turn[at][:, None]))[:, 0] for m in (q_at, p_at))
    with np.errstate(divide="ignore", invalid="ignore"):
        loose = np.nan_to_num(2 * height * rounding[c.row[at]] / np.abs(other - height), nan=0.0)
    return Bounded(value, 8 * rounding + np.bincount(c.row[at], np.minimum(loose, 1.0), len(value)))


def _rows(m: Mixture1D, row: np.ndarray) -> Mixture1D:
    return Mixture1D(*(a[row] for a in m))
