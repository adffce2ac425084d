r"""How fast a chain forgets where it started, exactly, with bounds, and what laziness does to it.

    TV(p, q) = 1/2 sum_i |p_i - q_i|
    d(t)  = max_i TV(P^t(i, .), pi)              where there is one stationary pi
    dd(t) = max_ij TV(P^t(i, .), P^t(j, .))      always;   d <= dd <= 2 d,  dd(s + t) <= dd(s) dd(t)
    dd(t) <= dd(k)^floor(t / k)                  Dobrushin, every chain; k = 1 is his coefficient
    t_mix = min {t : d(t) <= 1/4}
    P_a = (1 - a) P + a I                        lazy: eigenvalues (1 - a) lambda + a, same pi

Reference:
    Markov Chains and Mixing Times, chapters 4 and 12 (Levin, Peres & Wilmer, 2009)
    https://pages.uoregon.edu/dlevin/MARKOV/markovmixing.pdf
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.markov import chain
from dgmlib.markov.named import Named
from dgmlib.markov.reversal import one_way_cycle

MIXED = 0.25
DOUBLINGS = 170  # 2^170 steps: longer than six states with probabilities from 1e-9 can take


class Forgetting(NamedTuple):
    """Time along the last axis, laziness along the first."""

    chain: Named
    unique: bool  # one stationary distribution
    period: int  # the largest of a recurrent class, at laziness 0
    irreducible: bool
    reversible: bool  # and irreducible, so that the spectral bound holds
    lazy: np.ndarray  # (F,) a
    d: np.ndarray  # (F, T + 1); NaN without a unique pi
    dd: np.ndarray  # (F, T + 1)
    dobrushin: np.ndarray  # (F, T + 1) bound on dd, so on d
    block: np.ndarray  # (F,) its k; 0 where no k helps
    spectral: np.ndarray  # (F, T + 1) bound on d; NaN where it is none
    values: np.ndarray  # (F, n) complex eigenvalues, the 1 first
    gap: np.ndarray  # (F,) 1 - second largest modulus
    mixing: np.ndarray  # (F,) first t with d(t) <= 1/4; inf if never


def forgetting(which: Named, *, n_steps: int, frames: int = 39) -> Forgetting:
    """Distances and bounds for laziness a = 0, ..., 0.95."""
    P, lazy = which.P, np.linspace(0, 0.95, frames)
    found, pis = chain.classes(P), chain.stationary(P)
    Ps = lazily(P, lazy)
    powers = [np.broadcast_to(np.eye(len(P)), Ps.shape)]
    for _ in range(n_steps):
        powers.append(powers[-1] @ Ps)
    power = np.stack(powers, axis=1)  # (F, T + 1, n, n)
    dd = spread(power)
    unique = len(pis) == 1
    # nearly reversible is not reversible: the bound is a theorem only for what passes both tests
    reversible = len(found) == 1 and one_way_cycle(P) is None and chain.is_reversible(P, pis[0])
    shape = dd.shape
    d = chain.distance(power, pis[0]).max(-1) if unique else np.full(shape, np.nan)
    bounds = [chain.spectral_bound(Q, pis[0], n_steps) for Q in Ps] if reversible else []
    block = np.array([_first(row < 1 - 1e-12) for row in dd])
    values = (1 - lazy)[:, None] * chain.eigenvalues(P) + lazy[:, None]
    second = np.abs(values[:, 1:]).max(1, initial=0.0)
    return Forgetting(
        which, unique, max(c.period for c in found if c.recurrent), len(found) == 1, reversible,
        lazy, d, dd,
        np.array([dobrushin(row, k) for row, k in zip(dd, block, strict=True)]), block,
        np.array(bounds) if bounds else np.full(shape, np.nan),
        values, np.maximum(1 - second, 0.0),
        mixing_time(Ps, pis[0]) if unique else np.full(frames, np.inf),
    )  # fmt: skip


def lazily(P: ArrayLike, a: np.ndarray) -> np.ndarray:
    """(1 - a) P + a I for each a: (F, n, n)."""
    P, a = chain.check(P), a[:, None, None]
    return (1 - a) * P + a * np.eye(len(P))


def spread(P: np.ndarray) -> np.ndarray:
    """The largest total variation between two rows: (...,) of (..., n, n).

    Of a transition matrix it is Dobrushin's coefficient.
    """
    return chain.distance(P[..., :, None, :], P[..., None, :, :]).max((-2, -1))


def dobrushin(dd: np.ndarray, k: int) -> np.ndarray:
    """The bound dd(k)^floor(t / k) on dd(t), t = 0, 1, ...; 1 for k = 0."""
    return dd[k] ** (np.arange(len(dd)) // k) if k else np.ones(len(dd))


def mixing_time(P: np.ndarray, pi: np.ndarray, *, within: float = MIXED) -> np.ndarray:
    """First t with d(t) <= ``within``, for each chain of (F, n, n) with the same pi; inf if never.

    d never rises, so squares P^(2^k) bracket it and a bisection finds it.
    """
    squares = [P]
    for _ in range(DOUBLINGS):
        squares.append(_rows(squares[-1] @ squares[-1]))

    def far(power: np.ndarray) -> np.ndarray:
        return chain.distance(power, pi).max(-1) > within + 1e-12

    now = np.broadcast_to(np.eye(P.shape[-1]), P.shape)  # P^t with the largest t known to be far
    t = np.where(far(now), 0.0, -1.0)
    never = far(squares[-1])
    for k in range(len(squares) - 2, -1, -1):
        longer = _rows(now @ squares[k])
        still = far(longer) & (t >= 0)
        now = np.where(still[:, None, None], longer, now)
        t += np.where(still, 2.0**k, 0.0)
    return np.where(never, np.inf, t + 1)


def _rows(P: np.ndarray) -> np.ndarray:
    """Rounding must not double with every square."""
    return P / P.sum(-1, keepdims=True)


def _first(good: np.ndarray) -> int:
    return int(np.argmax(good)) if good.any() else 0
