r"""Mixtures of Gaussians on the line: density, score, distribution function, quantile, samples.

    p(x) = sum_k w_k N(x; m_k, s_k^2),    F(x) = sum_k w_k Phi((x - m_k) / s_k)

A Gaussian is the case K = 1. Every function but ``sample`` also takes a batch of mixtures:
parameters ``(*batch, K)`` and points ``(*batch, n)``. One mixture, ``(K,)``, takes points of any
shape.

References:
    Pattern Recognition and Machine Learning, section 2.3.9 (Bishop, 2006)
    https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr, ndtri

_LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)


class Mixture1D(NamedTuple):
    """Component weights, means and standard deviations, float64."""

    weight: np.ndarray  # (*batch, K), positive, sums to 1
    mean: np.ndarray  # (*batch, K)
    std: np.ndarray  # (*batch, K), positive


class Moments(NamedTuple):
    """``E[x]`` and ``E[(x - E[x])^2]``."""

    mean: np.ndarray  # (*batch,)
    var: np.ndarray  # (*batch,)


def mixture(weight: ArrayLike, mean: ArrayLike, std: ArrayLike) -> Mixture1D:
    """A checked mixture. The three arguments broadcast; weights must already sum to 1.

    Raises:
        ValueError: a value is not finite, a weight or std not positive, or weights not normalised.

    Example:
        >>> p = mixture([0.5, 0.5], [-2, 2], 0.6)
        >>> p.std
        array([0.6, 0.6])
    """
    arrays = [np.atleast_1d(np.asarray(a, dtype=float)) for a in (weight, mean, std)]
    for name, a in zip(("weight", "mean", "std"), arrays, strict=True):
        if not np.all(np.isfinite(a)):
            raise ValueError(f"{name} must be finite, got {a.tolist()}")
        if name != "mean" and np.any(a <= 0):
            raise ValueError(f"{name} must be positive, got {a.tolist()}; drop the component")
    w, m, s = (np.array(a) for a in np.broadcast_arrays(*arrays))
    total = w.sum(-1)
    if np.any(np.abs(total - 1) > 1e-9):  # room for weights typed with nine digits
        raise ValueError(f"weights must sum to 1, got {total.tolist()}; divide by their sum")
    return Mixture1D(w / total[..., None], m, s)


def gaussian(mean: ArrayLike, std: ArrayLike) -> Mixture1D:
    """N(mean, std^2) as a mixture of one; arrays ``(*batch,)`` give a batch of Gaussians."""
    m, s = np.broadcast_arrays(np.asarray(mean, dtype=float), np.asarray(std, dtype=float))
    return mixture(np.ones((*m.shape, 1)), m[..., None], s[..., None])


def log_prob(p: Mixture1D, x: ArrayLike) -> np.ndarray:
    """``log p(x)`` in nats, finite even where ``p(x)`` underflows."""
    terms, _ = _log_terms(p, x)
    if len(terms) == 1:
        return terms[0]
    top = terms.max(0)
    return top + np.log(np.exp(terms - top).sum(0))


def responsibilities(p: Mixture1D, x: ArrayLike) -> np.ndarray:
    """``p(k | x)``, the points' shape with a last axis ``K``."""
    terms, _ = _log_terms(p, x)
    r = np.exp(terms - terms.max(0))
    return np.moveaxis(r / r.sum(0), 0, -1)


def score(p: Mixture1D, x: ArrayLike) -> np.ndarray:
    """``d log p(x) / dx = sum_k p(k | x) (m_k - x) / s_k^2``."""
    terms, z = _log_terms(p, x)
    r = np.exp(terms - terms.max(0))
    return -(r * z / _first(p.std, z.ndim)).sum(0) / r.sum(0)


def log_prob_and_score(p: Mixture1D, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both of many points for little more than one of them; one mixture only.

    Component after component, so that no array is larger than ``x``.
    """
    z = [(x - m) / s for m, s in zip(p.mean, p.std, strict=True)]
    log_w = np.log(p.weight / p.std) - _LOG_SQRT_2PI
    terms = [c - 0.5 * (each * each) for c, each in zip(log_w, z, strict=True)]
    if len(z) == 1:
        return terms[0], -z[0] / p.std[0]
    top = terms[0]
    for term in terms[1:]:
        top = np.maximum(top, term)
    total, pull = np.zeros_like(top), np.zeros_like(top)
    for each, term, s in zip(z, terms, p.std, strict=True):
        term -= top  # in place: top is an array of its own
        np.exp(term, out=term)
        total += term
        each *= term
        each /= -s
        pull += each
    return top + np.log(total), pull / total


def cdf(p: Mixture1D, x: ArrayLike) -> np.ndarray:
    """``F(x) = P(X <= x)``."""
    z = _z(p, x)
    return (_first(p.weight, z.ndim) * ndtr(z)).sum(0)


def sf(p: Mixture1D, x: ArrayLike) -> np.ndarray:
    """``1 - F(x)``, accurate in the upper tail."""
    z = _z(p, x)
    return (_first(p.weight, z.ndim) * ndtr(-z)).sum(0)


def tails(p: Mixture1D, x: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """:func:`cdf` and :func:`sf`."""
    z = _z(p, x)
    w = _first(p.weight, z.ndim)
    return (w * ndtr(z)).sum(0), (w * ndtr(-z)).sum(0)


def quantile(p: Mixture1D, u: ArrayLike, *, upper: bool = False) -> np.ndarray:
    """The ``x`` with ``F(x) = u`` (with ``upper``: ``1 - F(x) = u``); -inf and inf at the ends.

    The root lies between the smallest and largest component quantile at the same ``u``. Newton's
    method on ``log F`` (nearly straight in the tail), replaced by bisection when it leaves the
    bracket; it ends when a step is below 1e-14 of ``|x|`` plus the smallest std.
    """
    u = np.asarray(u, dtype=float)
    if not np.all((u >= 0) & (u <= 1)):
        raise ValueError(f"a probability lies in [0, 1], got {u[~((u >= 0) & (u <= 1))][:3]}")
    z = ndtri(u)[..., None] * (-1 if upper else 1)
    each = _like(p, p.mean) + _like(p, p.std) * z  # (..., K)
    shape = each.shape[:-1]
    low, high = each.min(-1).ravel(), each.max(-1).ravel()
    log_w, mean, std = (
        np.broadcast_to(_like(p, a), each.shape).reshape(-1, each.shape[-1])
        for a in (np.log(p.weight), p.mean, p.std)
    )
    # Solve in whichever tail is smaller, where the probability is known to full precision.
    u = np.broadcast_to(u, shape).ravel()
    sign = np.where((u <= 0.5) != upper, 1.0, -1.0)
    x = low.copy()  # right at the infinite ends, and where the bracket is a point
    live = np.flatnonzero(high > low)
    x[live] = 0.5 * (low[live] + high[live])
    for _ in range(200):
        if len(live) == 0:
            break
        at, s = x[live], sign[live]
        log_u = np.log(np.minimum(u[live], 1 - u[live]))
        z = (at[:, None] - mean[live]) / std[live]
        log_tail = np.logaddexp.reduce(log_w[live] + log_ndtr(s[:, None] * z), -1)
        log_pdf = log_w[live] - 0.5 * z**2 - _LOG_SQRT_2PI - np.log(std[live])
        gap = s * (log_tail - log_u)  # > 0: above the root
        low[live] = np.where(gap <= 0, at, low[live])
        high[live] = np.where(gap >= 0, at, high[live])
        slope = np.exp(log_pdf - log_tail[:, None]).sum(-1)
        new = at - gap / np.maximum(slope, 1e-300)
        inside = (new > low[live]) & (new < high[live])
        x[live] = np.where(inside, new, 0.5 * (low[live] + high[live]))
        live = live[np.abs(x[live] - at) > 1e-14 * (np.abs(at) + std[live].min(-1))]
    return x.reshape(shape)


def sample(p: Mixture1D, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """``n`` independent draws, shape ``(n,)``; one mixture only, no batch."""
    if p.mean.ndim != 1:
        raise ValueError(f"sample takes one mixture, got a batch of shape {p.mean.shape[:-1]}")
    k = rng.choice(len(p.weight), size=n, p=p.weight)
    return p.mean[k] + p.std[k] * rng.standard_normal(n)


def moments(p: Mixture1D) -> Moments:
    """Mean and variance: within components plus between them."""
    mean = (p.weight * p.mean).sum(-1)
    var = (p.weight * (p.std**2 + (p.mean - mean[..., None]) ** 2)).sum(-1)
    return Moments(mean, var)


def _like(p: Mixture1D, a: np.ndarray) -> np.ndarray:
    """Parameters ``(*batch, K)`` placed beside points ``(*batch, n)``; ``(K,)`` as it is."""
    return a if a.ndim == 1 else a[..., None, :]


def _first(a: np.ndarray, ndim: int) -> np.ndarray:
    """Parameters with the components first, to go with points ``(K, *batch, n)`` of ``ndim`` axes.

    Long axes last: loops over two or three components are slow.
    """
    if a.ndim == 1:
        return a.reshape(-1, *(1,) * (ndim - 1))
    return a.transpose(-1, *range(a.ndim - 1))[..., None]


def _z(p: Mixture1D, x: ArrayLike) -> np.ndarray:
    """The standardised ``x``, components first."""
    x = np.asarray(x, dtype=float)
    return (x - _first(p.mean, x.ndim + 1)) / _first(p.std, x.ndim + 1)


def _log_terms(p: Mixture1D, x: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """``log(w_k N(x; m_k, s_k^2))`` and the standardised ``x``, both ``(K, ...)``."""
    z = _z(p, x)
    constant = np.log(p.weight / p.std) - _LOG_SQRT_2PI
    return _first(constant, z.ndim) - 0.5 * z * z, z
