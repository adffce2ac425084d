r"""The fast way: many divergences of many pairs on one grid, each with a bound on its error.

    D = sum_i dx_i f(log p(x_i), log q(x_i))

Composite Gauss-Legendre, one row per pair. Panels end at the scales of every component of p and q,
and where one component takes over from another (log p bends there). Each panel is summed with 12
points and with 8: the first is the value, the difference, panel by panel, the error. It is the
error of the *coarser* rule, so it overstates; rounding is added. Total variation and Wasserstein-1
come from crossings instead (see :mod:`.crossings`). Outside the panels p and q have mass 1e-18.

References:
    Methods of Numerical Integration, chapter 6 (Davis, Rabinowitz, 1984)
    https://doi.org/10.1016/C2013-0-10566-1
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences import crossings, f_divergence, quadrature, wasserstein
from dgmlib.divergences.mixture1d import Mixture1D, log_prob, tails
from dgmlib.divergences.quadrature import EPS

OFFSETS = np.array([0.0, 1.2, 2.4, 4.0, 6.0, 9.0])
FURTHER = np.array([14.0, 22.0, 40.0])  # p^a is wider than p: beside a wide q its foot counts
FINE, COARSE = 12, 8  # points on a panel


class Grid(NamedTuple):
    """Points, weights and both log-densities of B pairs on m panels."""

    x: np.ndarray  # (B, m * 20): the fine rule, then the coarse one
    dx: np.ndarray  # (B, m * 20)
    log_p: np.ndarray  # (B, m * 20), nats
    log_q: np.ndarray  # (B, m * 20), nats
    units: np.ndarray  # (B,) rounding of a log-density, in epsilons


class Bounded(NamedTuple):
    """One divergence of every pair, and a bound on its numerical error."""

    value: np.ndarray  # (B,)
    error: np.ndarray  # (B,)


class Table(NamedTuple):
    """In nats, except tv and hellinger2 (between 0 and 1), w1 and w2 (units of x)."""

    forward: Bounded  # KL(p||q)
    reverse: Bounded  # KL(q||p)
    jeffreys: Bounded
    js: Bounded
    alpha: Bounded
    hellinger2: Bounded
    tv: Bounded
    w1: Bounded
    w2: Bounded


def panels(p: Mixture1D, q: Mixture1D) -> np.ndarray:
    """Edges ``(B, m + 1)``; ``p`` and ``q`` are single or batches ``(B, K)``, two single: B = 1."""
    near = _rows([_around(m, OFFSETS) for m in (p, q)])
    more = [_around(m, FURTHER) for m in (p, q)] + [crossings.handovers(m) for m in (p, q)]
    first, last = near.min(-1, keepdims=True), near.max(-1, keepdims=True)
    edges = np.sort(_rows([near, np.clip(_rows(more), first, last)]))
    return edges[:, np.append(np.any(np.diff(edges) > 0, axis=0), True)]


def grid(p: Mixture1D, q: Mixture1D, edges: np.ndarray) -> Grid:
    """Both rules on the panels between ``edges``."""
    fine, coarse = quadrature.nodes(edges, FINE), quadrature.nodes(edges, COARSE)
    x, dx = (np.concatenate(a, axis=-1) for a in zip(fine, coarse, strict=True))
    units = 30.0 + np.maximum(*(np.max(np.abs(m.mean) / m.std, axis=-1) for m in (p, q)))
    return Grid(x, dx, log_prob(p, x), log_prob(q, x), np.broadcast_to(units, (len(x),)))


def table(p: Mixture1D, q: Mixture1D, *, alpha: float = 0.5) -> Table:
    """Every divergence of every pair. ``alpha`` lies in [0, 1], where it is always finite."""
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha lies in [0, 1] here, got {alpha}; elsewhere use tilted.alpha")
    edges = panels(p, q)
    g = grid(p, q, edges)
    forward = divergence(g, f_divergence.kl(g.log_p, g.log_q))
    reverse = divergence(g, f_divergence.kl(g.log_q, g.log_p))
    # The exponent of p^a q^(1-a) is a difference of numbers this large: see tilted.alpha.
    near = _rows([p.mean, q.mean])
    size = alpha * np.abs(log_prob(p, near)) + (1 - alpha) * np.abs(log_prob(q, near))
    tilted = g._replace(units=2 * g.units + 2 * size.max(-1))
    tv, w1 = crossing(p, q, g)
    return Table(
        forward,
        reverse,
        Bounded(forward.value + reverse.value, forward.error + reverse.error),
        divergence(g, f_divergence.js(g.log_p, g.log_q)),
        divergence(tilted, f_divergence.alpha(g.log_p, g.log_q, alpha)),
        divergence(tilted, f_divergence.hellinger2(g.log_p, g.log_q)),
        tv,
        w1,
        w2(p, q, g, edges),
    )


def divergence(g: Grid, f: np.ndarray) -> Bounded:
    """The integral of ``f`` (B, n) >= 0, one of :mod:`.f_divergence`.

    As in :func:`adaptive.divergence`, a rounding error d of a log-density moves a divergence D by
    about ``d sqrt(2 D) + d^2``.
    """
    value, error = sums(f * g.dx)
    d = g.units * EPS
    return Bounded(value, error + d * (value + np.sqrt(2 * value) + d))


def sums(y: np.ndarray) -> Bounded:
    """The fine sum of ``y`` (B, n) over all panels, and by how much the coarse one misses it."""
    m = y.shape[-1] // (FINE + COARSE)
    fine, coarse = (a.reshape(len(y), m, -1).sum(-1) for a in np.split(y, [m * FINE], axis=-1))
    return Bounded(fine.sum(-1), np.abs(fine - coarse).sum(-1))


def crossing(p: Mixture1D, q: Mixture1D, g: Grid) -> tuple[Bounded, Bounded]:
    """Total variation and Wasserstein-1, exact but for roots and rounding."""
    n = g.x.shape[-1] * FINE // (FINE + COARSE)
    gap = (g.log_p - g.log_q)[:, :n]
    floor = EPS * (g.units[:, None] + np.abs(g.log_p[:, :n]))
    cells = crossings.cells(p, q, g.x[:, :n], gap, floor)
    d = g.units * EPS
    tv, tv_error = crossings.variation(p, q, cells, len(gap))
    w1, w1_error = crossings.area(p, q, cells, len(gap))
    return Bounded(tv, tv_error + d), Bounded(w1, w1_error + d * _widest(p, q))


def w2(p: Mixture1D, q: Mixture1D, g: Grid, edges: np.ndarray) -> Bounded:
    """Wasserstein-2, integrated against the one with more components."""
    if p.mean.shape[-1] < q.mean.shape[-1]:
        p, q, g = q, p, g._replace(log_p=g.log_q, log_q=g.log_p)
    between = q.mean.shape[-1] > 1
    if between:  # T jumps: panels also end where its value passes an edge
        back = np.clip(wasserstein.transport(q, p, edges), edges[:, :1], edges[:, -1:])
        g = grid(p, q, np.sort(_rows([edges, back])))
    to = wasserstein.transport(p, q, g.x)
    to = np.where(np.isfinite(to), to, g.x)  # beyond the last float of the tail
    density = np.exp(g.log_p) * g.dx
    square, error = sums(density * (to - g.x) ** 2)
    value = np.sqrt(square)
    # sqrt(square +- error): where square is the smaller, its lower end is 0.
    spread = np.sqrt(square + error) - value, value - np.sqrt(np.maximum(square - error, 0))
    rounding = g.units * EPS * _widest(p, q)
    if between:
        # Where q has next to no mass a quantile is as uncertain as F over its density there, and
        # anywhere Newton's method stops within 1e-14.
        slip = 32 * EPS * np.minimum(*tails(p, g.x)) / np.exp(np.maximum(log_prob(q, to), -700))
        slip = np.minimum(slip, np.ptp(edges, axis=-1)[:, None])
        slip += 1e-14 * (np.abs(to) + q.std.max())
        rounding = rounding + np.sqrt(sums(density * slip**2).value)
    return Bounded(value, np.maximum(*spread) + rounding)


def _around(m: Mixture1D, offsets: np.ndarray) -> np.ndarray:
    """``mean +- offset * std`` of every component, ``(*batch, 2 K n)``."""
    both = np.concatenate([-offsets, offsets])
    return (m.mean[..., None] + m.std[..., None] * both).reshape(*m.mean.shape[:-1], -1)


def _widest(p: Mixture1D, q: Mixture1D) -> np.ndarray:
    return np.maximum(p.std.max(-1), q.std.max(-1))


def _rows(parts: list[np.ndarray]) -> np.ndarray:
    """Puts ``(B, n)`` or ``(n,)`` side by side: ``(B, sum n)``, B = 1 if all are single."""
    B = max(len(a) if a.ndim == 2 else 1 for a in parts)
    return np.concatenate([np.broadcast_to(a, (B, a.shape[-1])) for a in parts], -1)
