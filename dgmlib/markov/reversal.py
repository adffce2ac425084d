r"""A chain, its film run backwards, and all that lies between.

    f_ij = pi_i P_ij                      flow;  net flow f_ij - f_ji, 0 for a reversible chain
    P*_ij = pi_j P_ji / pi_i              the reversed chain: the flow f_ji
    P_s = (1 - s) P + s P*                the same pi for every s; s = 1/2 is reversible
    sigma = sum_ij f_ij log(f_ij / f_ji)  entropy production, nats a step: the KL divergence between
                                          a step and its film backwards; infinite where a step is
                                          never undone

Kolmogorov: a chain is reversible exactly when the probabilities along every cycle multiply to the
same number both ways round. No pi is needed.

Reference:
    Reversibility and Stochastic Networks, chapter 1 (F. P. Kelly, 1979)
    https://www.statslab.cam.ac.uk/~frank/BOOKS/kelly_book.html
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from dgmlib.markov import chain, named, settle
from dgmlib.markov.named import Named

SAME = 1e-9  # of logarithms of products that count as equal


class Cycle(NamedTuple):
    """A round trip that tells forwards from backwards."""

    states: tuple[int, ...]  # first state once
    forward: float
    backward: float


class Turned(NamedTuple):
    chain: Named
    start: str
    unique: bool  # one stationary distribution; else pi is where the start leads
    pi: np.ndarray  # (n,)
    s: np.ndarray  # (F,) 0 the chain, 1/2 reversible, 1 backwards
    flow: np.ndarray  # (F, n, n)
    entropy: np.ndarray  # (F,) nats a step; inf where a step is never undone
    cycle: Cycle | None  # None for a reversible chain


def turned(which: Named, *, start: str, frames: int = 41) -> Turned:
    """The chain and its reversal mixed in all proportions."""
    P = which.P
    pi = settle.long_run(P, named.start(start, len(P)))
    s = np.linspace(0, 1, frames)
    mixed = (1 - s)[:, None, None] * P + s[:, None, None] * reverse(P, pi)
    flow = pi[:, None] * mixed
    entropy = np.array([entropy_production(Q, pi) for Q in mixed])
    inside = np.flatnonzero(pi > 0)
    cycle = one_way_cycle(P[np.ix_(inside, inside)])
    if cycle is not None:
        cycle = cycle._replace(states=tuple(int(inside[i]) for i in cycle.states))
    unique = len(chain.stationary(P)) == 1
    return Turned(which, start, unique, pi, s, flow, entropy, cycle)


def reverse(P: ArrayLike, pi: ArrayLike) -> np.ndarray:
    """The chain that shows the stationary film backwards. Where pi is 0 a row stays as it is."""
    P, pi = chain.check(P).copy(), np.asarray(pi, dtype=float)
    on = pi > 0
    f = chain.flow(P, pi)
    P[on] = f.T[on] / f.T[on].sum(1, keepdims=True)
    return P


def entropy_production(P: ArrayLike, pi: ArrayLike) -> float:
    """Nats a step in the stationary chain; 0 exactly for a reversible one."""
    f = chain.flow(P, pi)
    if ((f > 0) & (f.T == 0)).any():
        return np.inf
    at = f > 0
    return float(max(0.0, (f[at] * np.log(f[at] / f.T[at])).sum()))


def one_way_cycle(P: ArrayLike) -> Cycle | None:
    """A shortest cycle found that breaks Kolmogorov's criterion; None if there is none.

    P may have several classes, all of them recurrent.
    """
    P = chain.check(P)
    found = []
    for i, j in np.argwhere((P > 0) & (P.T == 0)):  # never undone, and yet j leads back
        found.append(_cycle(P, (int(i), *_way(P, int(j), int(i))[:-1])))
    if not found:
        found = [c for c in _cycles_of_a_tree(P) if abs(np.log(c.forward / c.backward)) > SAME]
    return min(found, key=lambda c: len(c.states), default=None)


def _cycles_of_a_tree(P: np.ndarray) -> list[Cycle]:
    """One cycle for each arrow outside a spanning tree; they generate all others."""
    found, todo = [], set(range(len(P)))
    while todo:
        order, before = breadth_first_order(csr_array(P > 0), min(todo))
        todo -= set(order.tolist())
        roots = {int(order[0]): [int(order[0])]}
        for i in order[1:].tolist():
            roots[i] = [*roots[int(before[i])], i]
        for i, j in np.argwhere(np.triu(P, 1) > 0).tolist():
            if i in roots and before[i] != j and before[j] != i:
                a, b = roots[i], roots[j]
                k = sum(x == y for x, y in zip(a, b, strict=False))  # shared stem, apex is a[k - 1]
                found.append(_cycle(P, (*a[k - 1 :], *b[k:][::-1])))
    return found


def _cycle(P: np.ndarray, states: tuple[int, ...]) -> Cycle:
    here, there = np.array(states), np.roll(states, -1)
    return Cycle(states, float(P[here, there].prod()), float(P[there, here].prod()))


def _way(P: np.ndarray, i: int, j: int) -> tuple[int, ...]:
    """A shortest way from i to j."""
    _, before = breadth_first_order(csr_array(P > 0), i)
    way = [j]
    while way[0] != i:
        way.insert(0, int(before[way[0]]))
    return tuple(way)
