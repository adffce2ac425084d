r"""Entropies and mutual information of a finite joint table, and InfoGAN's bound on the latter.

    H(X|Y)  = E_Y[H(X | Y = y)] = H(X,Y) - H(Y)             (not E_Y[H(X,Y)], which is H(X,Y))
    I(X;Y)  = H(X) - H(X|Y) = H(Y) - H(Y|X) = H(X) + H(Y) - H(X,Y) = KL(p(x,y) || p(x) p(y))
    L(q)    = E_{c,x}[log q(c|x)] + H(c) = I(c;x) - E_x[KL(p(c|x) || q(c|x))] <= I(c;x) <= H(c)

Conditional entropies are computed from the conditional distributions, row by row, so that the four
forms of I are four computations and not one. Rows of a table are X, columns Y; nats; 0 log 0 = 0.

References:
    Elements of Information Theory, chapter 2 (Cover, Thomas, 2006)
    https://doi.org/10.1002/047174882X
    InfoGAN: Interpretable Representation Learning by Information Maximizing Generative
    Adversarial Nets (Chen, Duan, Houthooft, Schulman, Sutskever, Abbeel, 2016)
    https://arxiv.org/abs/1606.03657
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.divergences import tables


class Information(NamedTuple):
    """Of one table or a batch of them, in nats."""

    x: np.ndarray  # (...), H(X)
    y: np.ndarray  # (...), H(Y)
    joint: np.ndarray  # (...), H(X,Y)
    x_given_y: np.ndarray  # (...), H(X|Y) as the mean over y of H(X | Y = y)
    y_given_x: np.ndarray  # (...), H(Y|X)
    mutual: np.ndarray  # (..., 4), I(X;Y) in the four forms and the order of the docstring


class Bound(NamedTuple):
    """InfoGAN's bound for one q, in nats: ``value + gap = mutual <= entropy``."""

    value: np.ndarray  # (...), L = E[log q(c|x)] + H(c); minus infinity where q rules out a truth
    gap: np.ndarray  # (...), E_x[KL(p(c|x) || q(c|x))]
    mutual: np.ndarray  # (...), I(c;x)
    entropy: np.ndarray  # (...), H(c)


def information(joint: ArrayLike) -> Information:
    """All of it from ``p(x, y)``, shape ``(..., n, m)`` with X along rows.

    Example:
        >>> i = information([[0.5, 0.0], [0.0, 0.5]])  # a fair coin and its copy
        >>> (i.mutual / np.log(2)).tolist(), float(i.x_given_y)
        ([1.0, 1.0, 1.0, 1.0], 0.0)
    """
    p = _table(joint)
    p_x, p_y = p.sum(-1), p.sum(-2)  # (..., n), (..., m)
    h_x, h_y = tables.entropy(p_x), tables.entropy(p_y)
    h_xy = tables.entropy(_flat(p))
    h_x_given_y = _expected(p_y, tables.entropy(conditional(np.swapaxes(p, -1, -2))))
    h_y_given_x = _expected(p_x, tables.entropy(conditional(p)))
    apart = tables.kl(_flat(p), _flat(p_x[..., :, None] * p_y[..., None, :]))
    mutual = np.stack([h_x - h_x_given_y, h_y - h_y_given_x, h_x + h_y - h_xy, apart], -1)
    return Information(h_x, h_y, h_xy, h_x_given_y, h_y_given_x, mutual)


def conditional(joint: ArrayLike) -> np.ndarray:
    """``p(y|x)``, rows that sum to 1, ``(..., n, m)``; uniform where ``p(x) = 0``."""
    p = _table(joint)
    total = p.sum(-1, keepdims=True)
    return np.where(total > 0, p / np.where(total > 0, total, 1), 1 / p.shape[-1])


def infogan_bound(joint: ArrayLike, q: ArrayLike) -> Bound:
    """The bound for a guess ``q(c|x)`` of the code, rows as in ``joint``: ``p(x, c)``, (..., n, m).

    Tight exactly at the posterior, ``q = conditional(joint)``.
    """
    p, q = _table(joint), np.asarray(q, dtype=float)
    if q.shape[-2:] != p.shape[-2:]:
        raise ValueError(f"q(c|x) has a row per x: shape {p.shape[-2:]} expected, got {q.shape}")
    p_x, h_c = p.sum(-1), tables.entropy(p.sum(-2))
    posterior = conditional(p)
    value = h_c - _expected(p_x, tables.cross_entropy(posterior, q))
    gap = _expected(p_x, tables.kl(posterior, q))
    mutual = h_c - _expected(p_x, tables.entropy(posterior))
    return Bound(value, gap, *(np.broadcast_to(a, value.shape) for a in (mutual, h_c)))


def _expected(p: np.ndarray, f: np.ndarray) -> np.ndarray:
    """``E_p[f]`` over the last axis; an infinite ``f`` of probability 0 counts for nothing."""
    return np.sum(p * np.where(p > 0, f, 0.0), -1)


def _table(joint: ArrayLike) -> np.ndarray:
    p = np.asarray(joint, dtype=float)
    if p.ndim < 2 or p.size == 0:
        raise ValueError(f"a joint table has two axes, (..., n, m), got shape {p.shape}")
    if not np.all(np.isfinite(p)) or np.any(p < 0):
        raise ValueError(f"probabilities are finite and not negative, got {p.tolist()}")
    total = p.sum((-1, -2))
    if np.any(np.abs(total - 1) > 1e-9):
        raise ValueError(f"a joint table must sum to 1, got {total}; divide it by its sum")
    return p


def _flat(p: np.ndarray) -> np.ndarray:
    return p.reshape(*p.shape[:-2], -1)
