r"""Divergences between probability vectors: the definitions, with 0 log 0 = 0.

    KL(p||q) = sum_i p_i log(p_i / q_i)

Infinite as soon as q is 0 somewhere that p is not. Jensen-Shannon is not: it compares both with
their mean, and disjoint supports give log 2. Vectors are the last axis, others broadcast; nats.

References:
    Elements of Information Theory, chapter 2 (Cover, Thomas, 2006)
    https://doi.org/10.1002/047174882X
"""

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.divergences import f_divergence


def bits(nats: ArrayLike) -> np.ndarray:
    """Nats as bits: divided by log 2."""
    return np.asarray(nats, dtype=float) / np.log(2)


def entropy(p: ArrayLike) -> np.ndarray:
    """``-sum p log p``."""
    p = _checked(p)
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), -1)


def cross_entropy(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    """``-sum p log q``: what the code made for q costs on draws of p."""
    p, q = _checked(p), _checked(q)
    cost = -_log(q)
    return np.sum(np.where(p > 0, p, 0) * np.where(p > 0, cost, 0), -1)


def kl(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    """``KL(p||q)``.

    Example:
        >>> float(kl([1, 0], [0.5, 0.5]) / np.log(2)), float(kl([0.5, 0.5], [1, 0]))
        (1.0, inf)
    """
    return f_divergence.kl(_log(_checked(p)), _log(_checked(q))).sum(-1)


def jeffreys(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    """``KL(p||q) + KL(q||p)``."""
    return kl(p, q) + kl(q, p)


def js(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    """Jensen-Shannon with weights 1/2, at most log 2."""
    return f_divergence.js(_log(_checked(p)), _log(_checked(q))).sum(-1)


def alpha(p: ArrayLike, q: ArrayLike, order: float) -> np.ndarray:
    """``(1 - sum p^a q^(1-a)) / (a (1 - a))``; KL(p||q) at 1, KL(q||p) at 0."""
    return f_divergence.alpha(_log(_checked(p)), _log(_checked(q)), order).sum(-1)


def renyi(p: ArrayLike, q: ArrayLike, order: float) -> np.ndarray:
    """``log sum p^a q^(1-a) / (a - 1)`` for a > 0; KL(p||q) at 1, infinite between disjoint."""
    if not order > 0:
        raise ValueError(f"the order of a Renyi divergence is positive, got {order}; see alpha()")
    if order == 1:
        return kl(p, q)
    log_p, log_q = _log(_checked(p)), _log(_checked(q))
    terms = np.where(log_p == -np.inf, -np.inf, f_divergence.log_tilted(log_p, log_q, order))
    with np.errstate(divide="ignore"):
        return np.logaddexp.reduce(terms, -1) / (order - 1)


def tv(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    """``sum |p - q| / 2``, in [0, 1]."""
    return 0.5 * np.abs(_checked(p) - _checked(q)).sum(-1)


def hellinger2(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    """``sum (sqrt p - sqrt q)^2 / 2``, in [0, 1]."""
    return 0.5 * ((np.sqrt(_checked(p)) - np.sqrt(_checked(q))) ** 2).sum(-1)


def _checked(p: ArrayLike) -> np.ndarray:
    p = np.asarray(p, dtype=float)
    if p.ndim == 0 or not np.all(np.isfinite(p)) or np.any(p < 0):
        raise ValueError(f"probabilities are finite and not negative, got {p.tolist()}")
    if np.any(np.abs(p.sum(-1) - 1) > 1e-9):
        raise ValueError(f"probabilities must sum to 1, got {p.sum(-1)}; divide by their sum")
    return p


def _log(p: np.ndarray) -> np.ndarray:
    return np.log(p, where=p > 0, out=np.full(p.shape, -np.inf))
