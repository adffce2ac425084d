r"""Divergences between two Gaussians on the line, in closed form.

    KL(p||q) = log(s_q / s_p) + (s_p^2 + (m_p - m_q)^2) / (2 s_q^2) - 1/2
    log int p^a q^(1-a) = -(1/2) [log(v / s_q^2) - (1 - a) log(s_p^2 / s_q^2)
                                  + a (1 - a) (m_p - m_q)^2 / v],    v = a s_q^2 + (1 - a) s_p^2

The second line gives alpha, Renyi, Bhattacharyya and Hellinger; it is finite exactly where v > 0.
All arguments broadcast; results are nats unless said otherwise. Jensen-Shannon has no closed form.

References:
    Renyi divergence measures for commonly used univariate continuous distributions
    (Gil, Alajaji, Linder, 2013) https://doi.org/10.1016/j.ins.2013.06.018
    Divergence Measures and Message Passing (Minka, 2005)
    https://www.microsoft.com/en-us/research/publication/divergence-measures-and-message-passing/
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, ndtr


def entropy(s: ArrayLike) -> np.ndarray:
    """``log(2 pi e s^2) / 2`` of N(m, s^2)."""
    return 0.5 * np.log(2 * np.pi * np.e) + np.log(_positive(s))


def kl(m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike) -> np.ndarray:
    """``KL(p||q)``.

    Example:
        >>> float(kl(0, 1, 2, 1))
        2.0
    """
    gap, t, log_ratio = _standard(m_p, s_p, m_q, s_q)
    return 0.5 * (gap**2 + t - log_ratio)


def jeffreys(m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike) -> np.ndarray:
    """``KL(p||q) + KL(q||p)``."""
    return kl(m_p, s_p, m_q, s_q) + kl(m_q, s_q, m_p, s_p)


def log_affinity(
    m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike, order: float
) -> np.ndarray:
    """``log int p^a q^(1-a)``, any real ``order`` a; inf where ``a s_q^2 + (1 - a) s_p^2 <= 0``."""
    if order < 0.5:  # the same integral, in the form that keeps its digits near order 0
        return _log_affinity(m_q, s_q, m_p, s_p, 1 - order, order)
    return _log_affinity(m_p, s_p, m_q, s_q, order, 1 - order)


def _log_affinity(
    m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike, a: float, b: float
) -> np.ndarray:
    """``log int p^a q^b`` with a + b = 1; every term is of the order of b, however small."""
    gap, t, log_ratio = _standard(m_p, s_p, m_q, s_q)
    v = a + b * np.exp(log_ratio)  # in units of s_q^2; also 1 + b t
    with np.errstate(divide="ignore", invalid="ignore"):
        log_v = np.where(np.abs(b * t) < 0.5, np.log1p(b * t), np.log(v))
        value = -0.5 * (log_v - b * log_ratio + a * b * gap**2 / v)
    return np.where(v > 0, value, np.inf)


def renyi(
    m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike, order: float
) -> np.ndarray:
    """``log int p^a q^(1-a) / (a - 1)`` for a > 0; KL(p||q) at a = 1."""
    if not order > 0:
        raise ValueError(f"the order of a Renyi divergence is positive, got {order}; see alpha()")
    if order == 1:
        return kl(m_p, s_p, m_q, s_q)
    return log_affinity(m_p, s_p, m_q, s_q, order) / (order - 1)


def alpha(
    m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike, order: float
) -> np.ndarray:
    """``(1 - int p^a q^(1-a)) / (a (1 - a))``, any real a; KL(p||q) at 1, KL(q||p) at 0.

    Amari's order is ``2 a - 1``, with the same values.
    """
    if 1 - order == 1:  # also where a is below one epsilon
        return kl(m_q, s_q, m_p, s_p)
    if order == 1:
        return kl(m_p, s_p, m_q, s_q)
    with np.errstate(over="ignore"):  # finite but beyond the largest float: inf
        tilted = np.expm1(log_affinity(m_p, s_p, m_q, s_q, order))
    return tilted / (order * (order - 1))


def bhattacharyya(m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike) -> np.ndarray:
    """``-log int sqrt(p q)``: half of Renyi's divergence of order 1/2."""
    return -log_affinity(m_p, s_p, m_q, s_q, 0.5)


def hellinger2(m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike) -> np.ndarray:
    """``1 - int sqrt(p q)``, in [0, 1]; a quarter of :func:`alpha` at 1/2."""
    return -np.expm1(log_affinity(m_p, s_p, m_q, s_q, 0.5))


def tv(m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike) -> np.ndarray:
    """``int |p - q| / 2``, in [0, 1], from the one or two points where the densities cross.

    With x measured from m_q in units of s_q they cross where
    ``(x - gap)^2 / (1 + t) + log(1 + t) = x^2``. Equal stds give ``erf(|gap| / (2 sqrt 2))``.
    """
    gap, t, log_ratio = np.broadcast_arrays(*_standard(m_p, s_p, m_q, s_q))
    r = np.exp(0.5 * log_ratio)
    # Roots of t x^2 + 2 gap x - (gap^2 + (1 + t) log(1 + t)) = 0, by the form without cancellation.
    c = gap**2 + r**2 * log_ratio
    root = r * np.sqrt(gap**2 + t * log_ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        large = -(gap + np.copysign(root, gap))
        x = np.stack([large / t, -c / large])
        gaps = ndtr((x - gap) / r) - ndtr(x)  # F - G at the crossings
    return np.where(np.abs(t) < 1e-12, erf(np.abs(gap) / np.sqrt(8)), np.abs(gaps[0] - gaps[1]))


def w1(m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike) -> np.ndarray:
    """Wasserstein-1, in units of x: ``E|d + e Z|`` with d and e the differences of mean and std."""
    d, e = _differences(m_p, s_p, m_q, s_q)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(d) / np.abs(e)
        folded = np.abs(e) * np.sqrt(2 / np.pi) * np.exp(-0.5 * z**2) + np.abs(d) * erf(z / 2**0.5)
    return np.where(e == 0, np.abs(d), folded)


def w2(m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike) -> np.ndarray:
    """Wasserstein-2, in units of x: the Euclidean distance of (mean, std)."""
    return np.hypot(*_differences(m_p, s_p, m_q, s_q))


def _standard(
    m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p as q sees it: ``(m_p - m_q) / s_q``, ``s_p^2 / s_q^2 - 1``, and the log of that ratio."""
    d, e = _differences(m_p, s_p, m_q, s_q)
    s_p, s_q = np.asarray(s_p, dtype=float), np.asarray(s_q, dtype=float)
    e = e / s_q  # nearly equal stds keep the digits of their difference
    log_ratio = 2 * np.where(np.abs(e) < 0.5, np.log1p(e), np.log(s_p / s_q))
    return d / s_q, e * (2 + e), log_ratio


def _differences(
    m_p: ArrayLike, s_p: ArrayLike, m_q: ArrayLike, s_q: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    m_p, m_q = np.asarray(m_p, dtype=float), np.asarray(m_q, dtype=float)
    return m_p - m_q, _positive(s_p) - _positive(s_q)


def _positive(s: ArrayLike) -> np.ndarray:
    s = np.asarray(s, dtype=float)
    if not np.all((s > 0) & np.isfinite(s)):
        raise ValueError(f"a standard deviation is positive and finite, got {s.tolist()}")
    return s
