r"""Alpha and Renyi divergences between Gaussian mixtures on the line, by adaptive quadrature.

    D_a(p||q) = (1 - int p^a q^(1-a) dx) / (a (1 - a))
    R_a(p||q) = log(int p^a q^(1-a) dx) / (a - 1)

Both are functions of one integral, whose integrand is p tilted towards (or away from) q. Panels
start around every pair of components: the tilted Gaussian ``N_k^a N_j^(1-a)`` has precision
``a / s_k^2 + (1 - a) / s_j^2`` and may lie far outside both. For a > 1 it need not exist.

References:
    Renyi Divergence and Kullback-Leibler Divergence (van Erven, Harremoes, 2014)
    https://arxiv.org/abs/1206.2459
    Divergence Measures and Message Passing (Minka, 2005)
    https://www.microsoft.com/en-us/research/publication/divergence-measures-and-message-passing/
"""

import numpy as np

from dgmlib.divergences import f_divergence
from dgmlib.divergences.adaptive import OFFSETS, breaks, divergence, kl, noise
from dgmlib.divergences.mixture1d import Mixture1D, log_prob
from dgmlib.divergences.quadrature import EPS, Estimate, integrate


def is_finite(p: Mixture1D, q: Mixture1D, order: float) -> bool:
    """Whether ``int p^a q^(1-a)`` is: the widest component decides both tails, then its mean.

    For a > 1 it needs ``a / s_p^2 > (a - 1) / s_q^2`` with the largest standard deviations. At
    equality the tails are exponential and decay only if q's extreme means lie outside p's.
    """
    if 0 <= order <= 1:
        return True
    if order < 0:
        return is_finite(q, p, 1 - order)
    s_p, s_q = p.std.max(), q.std.max()
    rate = order * s_q**2 - (order - 1) * s_p**2
    if abs(rate) > 4 * EPS * order * s_q**2:
        return bool(rate > 0)
    at_p, at_q = p.mean[p.std == s_p], q.mean[q.std == s_q]
    return bool(at_p.max() < at_q.max() and at_p.min() > at_q.min())


def log_affinity(p: Mixture1D, q: Mixture1D, order: float) -> Estimate:
    """``log int p^a q^(1-a) dx`` for any real a; 0 at a = 0 and 1, inf where the integral is."""
    if order in (0, 1):
        return Estimate(0.0, 0.0)
    if not is_finite(p, q, order):
        return Estimate(np.inf, 0.0)
    edges = _tilted_breaks(p, q, order)

    def log_f(x: np.ndarray) -> np.ndarray:
        return f_divergence.log_tilted(log_prob(p, x), log_prob(q, x), order)

    # Scaling by the peak keeps exp() in range; the grid finds it well enough.
    grid = np.interp(np.linspace(0, len(edges) - 1, 16 * len(edges)), np.arange(len(edges)), edges)
    log_grid = log_f(grid)
    peak = log_grid.max()
    units = _units(p, q, order, grid[np.argmax(log_grid)])
    value, error = integrate(lambda x: np.exp(log_f(x) - peak), edges, noise=units)
    return Estimate(float(peak + np.log(value)), float(error / value + 2 * EPS * abs(peak)))


def alpha(p: Mixture1D, q: Mixture1D, order: float) -> Estimate:
    """Minka's alpha-divergence for any real ``order``; KL(p||q) at 1, KL(q||p) at 0.

    A finite value above the largest float is given as ``Estimate(inf, inf)``.
    """
    if not is_finite(p, q, order):
        return Estimate(np.inf, 0.0)
    if not 0 <= order <= 1 and log_affinity(p, q, order).value > 690:
        return Estimate(np.inf, np.inf)
    return divergence(
        lambda log_p, log_q: f_divergence.alpha(log_p, log_q, order),
        p,
        q,
        edges=_tilted_breaks(p, q, order),
        units=_units(p, q, order, np.r_[p.mean, q.mean]) / noise(p, q),
    )


def renyi(p: Mixture1D, q: Mixture1D, order: float) -> Estimate:
    """Renyi's divergence of ``order`` a > 0, in nats; KL(p||q) at 1, ``-2 log(1 - H^2)`` at 1/2."""
    if order <= 0:
        raise ValueError(f"the order of a Renyi divergence is positive, got {order}; see alpha()")
    if order == 1:
        return kl(p, q)
    value, error = log_affinity(p, q, order)
    if abs(value) > 0.5:
        return Estimate(value / (order - 1), error / abs(order - 1))
    # Near 0 the logarithm loses the digits that the alpha-divergence keeps.
    value, error = alpha(p, q, order)
    above = order * (order - 1) * value  # the integral of p^a q^(1-a), less 1
    return Estimate(float(np.log1p(above) / (order - 1)), order * error / (1 + above))


def _units(p: Mixture1D, q: Mixture1D, order: float, x: np.ndarray) -> float:
    """Rounding of ``p^a q^(1-a)`` in epsilons: its exponent is a difference of large numbers."""
    size = abs(order) * np.abs(log_prob(p, x)) + abs(1 - order) * np.abs(log_prob(q, x))
    return (1 + abs(order) + abs(1 - order)) * noise(p, q) + 2 * float(np.max(size))


def _tilted_breaks(p: Mixture1D, q: Mixture1D, order: float) -> np.ndarray:
    """Scales of ``p^a q^(1-a)``: every pair's tilted Gaussian, and the components themselves."""
    if order < 0:
        return _tilted_breaks(q, p, 1 - order)
    precision = order / p.std[:, None] ** 2 + (1 - order) / q.std**2  # (K, L)
    weighted = order * (p.mean / p.std**2)[:, None] + (1 - order) * q.mean / q.std**2
    proper = precision > 4 * EPS * (order / p.std[:, None] ** 2 + abs(1 - order) / q.std**2)
    mean, std = weighted[proper] / precision[proper], precision[proper] ** -0.5
    edges = np.union1d((mean + np.outer(OFFSETS, std)).ravel(), breaks(p, q))
    if np.all(proper[:, np.argmax(q.std)]):
        return edges
    # Exponential tails (see is_finite): go out until 80 nats have been paid.
    at_p, at_q = p.mean[p.std == p.std.max()], q.mean[q.std == q.std.max()]
    gap = min(at_q.max() - at_p.max(), at_p.min() - at_q.min())
    reach = 80 * q.std.max() ** 2 / ((order - 1) * gap)
    return np.union1d(edges, [edges[0] - reach, edges[-1] + reach])
