r"""Wasserstein distances on the line: between mixtures with an error, between samples exactly.

    W_1 = int |F(x) - G(x)| dx,    W_2^2 = int_0^1 (F^-1(u) - G^-1(u))^2 du = E_p[(x - T(x))^2]

T = G^-1 o F carries p to q in increasing order, which on the line is the cheapest plan. The second
form of W_2 has the smooth weight p where the first has poles at u = 0 and 1. For samples, F^-1 and
G^-1 are steps: sort, walk along both, exact.

References:
    Computational Optimal Transport, section 2.6 (Peyre, Cuturi, 2019)
    https://arxiv.org/abs/1803.00567
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from dgmlib.divergences import adaptive, crossings
from dgmlib.divergences.mixture1d import Mixture1D, cdf, quantile, sf, tails
from dgmlib.divergences.quadrature import EPS, Estimate, integrate


def transport(p: Mixture1D, q: Mixture1D, x: ArrayLike) -> np.ndarray:
    """``T(x) = G^-1(F(x))``: where the increasing plan takes ``x``; taken from the smaller tail."""
    x = np.asarray(x, dtype=float)
    if q.mean.shape[-1] == 1:
        low, high = tails(p, x)
        z = np.where(low < high, 1.0, -1.0) * ndtri(np.minimum(low, high))
        return q.mean + q.std * z
    if p.mean.ndim > 1 or q.mean.ndim > 1:
        low, high = tails(p, x)
        return np.where(low > 0.5, quantile(q, high, upper=True), quantile(q, low))
    flat = x.ravel()
    high = cdf(p, flat) > 0.5
    out = np.empty_like(flat)
    out[~high] = quantile(q, cdf(p, flat[~high]))
    out[high] = quantile(q, sf(p, flat[high]), upper=True)
    return out.reshape(x.shape)


def w1(p: Mixture1D, q: Mixture1D) -> Estimate:
    """Wasserstein-1 in units of x: the area between the two distribution functions.

    Example:
        >>> from dgmlib.divergences.mixture1d import gaussian
        >>> round(w1(gaussian(0, 1), gaussian(3, 1)).value, 12)
        3.0
    """
    edges = adaptive.with_kinks(lambda x: crossings.cdf_gap(p, q, x), adaptive.breaks(p, q))
    rounding = adaptive.noise(p, q) * EPS
    value, error = integrate(lambda x: np.abs(crossings.cdf_gap(p, q, x)), edges, atol=1e-16)
    return Estimate(value, error + rounding * float(max(p.std.max(), q.std.max())))


def w2(p: Mixture1D, q: Mixture1D) -> Estimate:
    """Wasserstein-2 in units of x (not squared)."""
    # T bends where p does, and where its value passes a bend of q.
    back = transport(q, p, adaptive.breaks(q))
    edges = np.union1d(adaptive.breaks(p), back[np.isfinite(back)])
    edges = edges[(edges >= adaptive.breaks(p)[0]) & (edges <= adaptive.breaks(p)[-1])]

    def cost(x: np.ndarray) -> np.ndarray:
        density = np.exp(adaptive.log_prob(p, x))
        return np.where(density > 0, density * (x - _finite(transport(p, q, x), x)) ** 2, 0.0)

    # A quantile is good to 1e-12 of the scale, so no smaller cost can be told from none.
    scale = float(max(p.std.max(), q.std.max(), np.ptp(np.r_[p.mean, q.mean])))
    square, error = integrate(cost, edges, rtol=1e-11, atol=1e-14 * scale**2)
    floor = 1e-12 * scale + adaptive.noise(p, q) * EPS * float(q.std.max())
    value = float(np.sqrt(square))
    low = float(np.sqrt(max(square - error, 0.0)))
    return Estimate(value, max(value - low, float(np.sqrt(square + error)) - value) + floor)


def w_samples(
    x: ArrayLike,
    y: ArrayLike,
    *,
    order: float = 1,
    x_weight: ArrayLike | None = None,
    y_weight: ArrayLike | None = None,
) -> float:
    """Exact Wasserstein distance of ``order`` >= 1 between weighted points ``(n,)`` and ``(m,)``.

    Example:
        >>> w_samples([0, 1, 3], [5, 6, 8])
        5.0
    """
    if not order >= 1:
        raise ValueError(f"the order of a Wasserstein distance is at least 1, got {order}")
    (x, u), (y, v) = _sorted(x, x_weight, "x"), _sorted(y, y_weight, "y")
    levels = np.sort(np.concatenate([u, v]))  # where either quantile function jumps
    mass = np.diff(levels, prepend=0.0)
    # Just below a level: the point whose cumulative weight first reaches it.
    i = np.minimum(np.searchsorted(u, levels), len(x) - 1)
    j = np.minimum(np.searchsorted(v, levels), len(y) - 1)
    return float((mass @ np.abs(x[i] - y[j]) ** order) ** (1 / order))


def _sorted(x: ArrayLike, weight: ArrayLike | None, name: str) -> tuple[np.ndarray, np.ndarray]:
    x = np.asarray(x, dtype=float)
    w = np.ones(x.shape) if weight is None else np.asarray(weight, dtype=float)
    if x.ndim != 1 or len(x) == 0 or not np.all(np.isfinite(x)):
        raise ValueError(f"{name} must be a non-empty list of finite numbers, got shape {x.shape}")
    if w.shape != x.shape or np.any(w < 0) or not 0 < w.sum() < np.inf:
        raise ValueError(f"{name}_weight must be {len(x)} weights >= 0, not all 0")
    order = np.argsort(x, kind="stable")
    cumulative = np.cumsum(w[order])
    return x[order], cumulative / cumulative[-1]


def _finite(t: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(t), t, x)
