r"""Metropolis on a line of cells: the algorithm, and its transition matrix without any noise.

    cells x_1, ..., x_n of width h,   p_i ~ p(x_i)
    q(k) ~ exp(-(k h)^2 / 2 s^2),  k = 0, 1, -1, 2, ...      how many cells the proposal moves
    P_ij = q(j - i) min(1, p_j / p_i)  for j != i,           P_ii = 1 - the rest of the row

A proposal off the line is refused, so it stays in P_ii; q(k) = q(-k) makes P reversible for p. On
a circle of cells with p flat and q(1) = q(-1) = 1/2 nothing is ever refused: an even number of
cells then has period 2, pi_t does not converge, and the lazy chain (I + P) / 2 does.

    TV(pi_t, p) <= sqrt((1 - p_i) / p_i) |lambda_2|^t / 2    from cell i, for a reversible P

References:
    Markov Chains and Mixing Times, chapters 3 and 12 (Levin, Peres & Wilmer, 2009)
    https://pages.uoregon.edu/dlevin/MARKOV/markovmixing.pdf
    Geometric Bounds for Eigenvalues of Markov Chains (Diaconis & Stroock, 1991): the bound from
    one state, https://doi.org/10.1214/aoap/1177005980
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import binom

from dgmlib.markov import chain
from dgmlib.samplers.chain import accept, check_positive

SHAPES = ("two hills", "one hill", "flat circle")
CELLS = 60  # an even number: the circle has period 2
HALF = 3.0  # the line goes from -3 to 3


class Discrete(NamedTuple):
    """A target on cells, and a symmetric proposal: how far, and how likely."""

    x: np.ndarray  # (n,): the middle of each cell
    p: np.ndarray  # (n,): sums to 1
    offset: np.ndarray  # (K,), ints
    q: np.ndarray  # (K,): sums to 1
    circle: bool
    lazy: bool  # half of the time, stay and do not even propose


class Watched(NamedTuple):
    """The exact distribution at every time beside many running chains."""

    cells: Discrete
    P: np.ndarray  # (n, n)
    pi: np.ndarray  # (T + 1, n): exact
    seen: np.ndarray  # (T + 1, n): the share of the chains in each cell
    distance: np.ndarray  # (T + 1,): TV(pi_t, p)
    distance_seen: np.ndarray  # (T + 1,): TV of the chains' shares from p
    noise: np.ndarray  # (T + 1,): TV(seen, pi_t) on average, exactly
    bound: np.ndarray  # (T + 1,)
    second: float  # |lambda_2|
    period: int
    chains: int


def cells(shape: str, step: float, gap: float = 3.0, lazy: bool = False) -> Discrete:
    """The target called ``shape`` and a proposal of standard deviation ``step``.

    Args:
        gap: between the two hills, which have standard deviation 0.5 and weights 0.3 and 0.7.
    """
    check_positive("step", step)
    h = 2 * HALF / CELLS
    x = -HALF + h * (np.arange(CELLS) + 0.5)
    if shape == "flat circle":
        return Discrete(x, np.full(CELLS, 1 / CELLS), np.array([-1, 1]), np.array([0.5, 0.5]),
                        True, lazy)  # fmt: skip
    if shape == "two hills":
        p = 0.3 * np.exp(-2 * (x + gap / 2) ** 2) + 0.7 * np.exp(-2 * (x - gap / 2) ** 2)
    elif shape == "one hill":
        p = np.exp(-0.5 * x**2)
    else:
        raise ValueError(f"no target is called {shape!r}; choose one of {', '.join(SHAPES)}")
    far = int(np.ceil(6 * step / h)) + 1  # beyond 6 deviations: less than 1e-8
    k = np.arange(-far, far + 1)
    q = np.exp(-0.5 * (k * h / step) ** 2)
    return Discrete(x, p / p.sum(), k, q / q.sum(), False, lazy)


def matrix(d: Discrete) -> np.ndarray:
    """P (n, n) of the Metropolis chain, exactly."""
    n = len(d.x)
    P = np.zeros((n, n))
    i = np.arange(n)
    for k, q in zip(d.offset, d.q, strict=True):
        if k != 0:
            j = i + k
            inside = (j >= 0) & (j < n) | d.circle
            a, b = i[inside], j[inside] % n
            P[a, b] = q * np.minimum(1, d.p[b] / d.p[a])
    np.fill_diagonal(P, np.maximum(0, 1 - P.sum(1)))
    return (P + np.eye(n)) / 2 if d.lazy else P


def run(d: Discrete, start: np.ndarray, n_steps: int, *, rng: np.random.Generator) -> np.ndarray:
    """The algorithm itself, for many chains: cells (n_steps + 1, C) from ``start`` (C,)."""
    n, now = len(d.x), np.asarray(start, dtype=int)
    if (now < 0).any() or (now >= n).any():
        raise ValueError(f"starts are cells from 0 to {n - 1}, got {start}")
    log_p, path, cdf = np.log(d.p), [now], np.cumsum(d.q)
    for _ in range(n_steps):
        which = np.minimum(np.searchsorted(cdf, rng.random(now.shape), side="right"), len(cdf) - 1)
        to = now + d.offset[which]
        inside = (to >= 0) & (to < n) | d.circle
        to = to % n
        _, yes = accept(np.where(inside, log_p[to] - log_p[now], -np.inf), rng=rng)
        if d.lazy:
            yes &= rng.random(now.shape) < 0.5
        now = np.where(yes, to, now)
        path.append(now)
    return np.stack(path)


def watch(
    d: Discrete, *, start: float, n_steps: int, chains: int, rng: np.random.Generator
) -> Watched:
    """pi_t, and the shares of ``chains`` chains that all begin in the cell at ``start``."""
    n = len(d.x)
    at = int(np.argmin(np.abs(d.x - start)))
    P = matrix(d)
    pi = chain.evolve(np.eye(n)[at], P, n_steps)
    path = run(d, np.full(chains, at), n_steps, rng=rng)
    time = np.repeat(np.arange(n_steps + 1), chains) * n
    seen = np.bincount(time + path.ravel(), minlength=(n_steps + 1) * n).reshape(-1, n) / chains
    # de Moivre: E|X - C p| = 2 m (1 - p) P(X = m) for X ~ Binomial(C, p), m the next above C p
    m = np.minimum(np.floor(chains * pi) + 1, chains)
    noise = (m * (1 - pi) * binom.pmf(m, chains, pi)).sum(1) / chains
    second, period = second_eigenvalue(P, d.p), chain.classes(P)[0].period
    bound = 0.5 * np.sqrt((1 - d.p[at]) / d.p[at]) * second ** np.arange(n_steps + 1)
    return Watched(d, P, pi, seen, chain.distance(pi, d.p), chain.distance(seen, d.p), noise, bound,
                   second, period, chains)  # fmt: skip


def second_eigenvalue(P: np.ndarray, p: np.ndarray) -> float:
    """The second largest modulus of an eigenvalue of P, which is reversible for p > 0."""
    root = np.sqrt(p)
    values = np.linalg.eigvalsh(root[:, None] * P / root)  # reversible: this is symmetric
    return float(np.sort(np.abs(values))[-2])
