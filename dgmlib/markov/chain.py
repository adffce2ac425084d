r"""A finite Markov chain and what its matrix says of the long run.

    P_ij = probability of j after i;   pi_{t+1} = pi_t P;   stationary: pi P = pi
    irreducible: every state leads to every other;  period: gcd of the lengths of returns
    recurrent: in a class that is never left;  transient: all others
    reversible: pi_i P_ij = pi_j P_ji
    max_i TV(delta_i P^t, pi) <= sqrt((1 - min pi) / min pi) |lambda_2|^t / 2    (reversible)

An irreducible chain has one stationary distribution, periodic or not; only an aperiodic one also
converges to it from every start.

References:
    Markov Chains and Mixing Times, chapters 1, 4 and 12 (Levin, Peres & Wilmer, 2009)
    https://pages.uoregon.edu/dlevin/MARKOV/markovmixing.pdf
"""

from math import gcd
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

ROUNDING = 1e-9  # how far a row of probabilities may be from 1


class Class(NamedTuple):
    """States that lead to one another."""

    states: tuple[int, ...]
    recurrent: bool  # never left once entered
    period: int  # of returns; 0 where there is no return


def check(P: ArrayLike) -> np.ndarray:
    """The matrix (n, n) as floats; ValueError names the first row that is no distribution."""
    P = np.asarray(P, dtype=float)
    if P.ndim != 2 or P.shape[0] != P.shape[1] or not P.size:
        raise ValueError(f"a transition matrix is square, got shape {P.shape}")
    for i, row in enumerate(P):
        if not np.isfinite(row).all() or (row < 0).any() or abs(row.sum() - 1) > ROUNDING:
            raise ValueError(f"row {i} must hold probabilities that sum to 1, got {row.tolist()} "
                             f"with sum {row.sum():.6g}")  # fmt: skip
    return P


def classes(P: ArrayLike) -> list[Class]:
    """The communicating classes, by their smallest state."""
    P = check(P)
    _, label = connected_components(csr_array(P > 0), connection="strong")
    found = []
    for k in dict.fromkeys(label.tolist()):
        inside = np.flatnonzero(label == k)
        left = P[np.ix_(inside, np.flatnonzero(label != k))].sum()
        found.append(Class(tuple(int(i) for i in inside), not left > 0, _period(P, inside)))
    return found


def is_irreducible(P: ArrayLike) -> bool:
    return len(classes(P)) == 1


def stationary(P: ArrayLike) -> np.ndarray:
    """Every extreme stationary distribution, one row for each recurrent class: (r, n).

    All others are their mixtures; an irreducible chain has exactly one.
    """
    P = check(P)
    rows = []
    for c in classes(P):
        if not c.recurrent:
            continue
        at = list(c.states)
        n = len(at)
        # pi (I - P) = 0 and sum pi = 1, by GTH elimination: no subtraction, so no cancellation.
        A = P[np.ix_(at, at)].copy()
        for k in range(n - 1, 0, -1):
            A[:k, k] /= A[k, :k].sum()
            A[:k, :k] += np.outer(A[:k, k], A[k, :k])
        pi = np.ones(n)
        for k in range(1, n):
            pi[k] = pi[:k] @ A[:k, k]
        row = np.zeros(len(P))
        row[at] = pi / pi.sum()
        rows.append(row)
    return np.array(rows)


def is_reversible(P: ArrayLike, pi: ArrayLike, *, atol: float = 1e-12) -> bool:
    """Detailed balance: as much flows from i to j as back."""
    return bool(np.abs(net_flow(P, pi)).max() <= atol)


def flow(P: ArrayLike, pi: ArrayLike) -> np.ndarray:
    """pi_i P_ij: how much moves from i to j in one step (n, n)."""
    return np.asarray(pi, dtype=float)[:, None] * check(P)


def net_flow(P: ArrayLike, pi: ArrayLike) -> np.ndarray:
    """Flow from i to j less the flow back; 0 everywhere for a reversible chain."""
    f = flow(P, pi)
    return f - f.T


def evolve(pi: ArrayLike, P: ArrayLike, n_steps: int) -> np.ndarray:
    """pi_0, pi_1, ..., pi_n exactly: (n + 1, states)."""
    P, pi = check(P), np.asarray(pi, dtype=float)
    if pi.shape != (len(P),) or (pi < 0).any() or abs(pi.sum() - 1) > ROUNDING:
        raise ValueError(f"a start is {len(P)} probabilities that sum to 1, got {pi.tolist()}")
    if n_steps < 0:
        raise ValueError(f"n_steps must be at least 0, got {n_steps}")
    path = [pi]
    for _ in range(n_steps):
        path.append(path[-1] @ P)
    return np.stack(path)


def distance(pi: ArrayLike, other: ArrayLike) -> np.ndarray:
    """Total variation between rows of probabilities: half the sum of differences."""
    return 0.5 * np.abs(np.asarray(pi) - np.asarray(other)).sum(-1)


def eigenvalues(P: ArrayLike) -> np.ndarray:
    """Complex (n,), the largest modulus first; the first is 1."""
    values = np.linalg.eigvals(check(P))
    return values[np.lexsort((-values.real, -np.abs(values).round(12)))]


def spectral_gap(P: ArrayLike) -> float:
    """1 - the second largest modulus of an eigenvalue: 0 for periodic or reducible chains."""
    values = np.abs(eigenvalues(P))
    return float(max(0.0, 1 - values[1])) if len(values) > 1 else 1.0


def spectral_bound(P: ArrayLike, pi: ArrayLike, n_steps: int) -> np.ndarray:
    """A bound on the distance to pi after 0, ..., n steps from the worst start: (n + 1,).

    Raises:
        ValueError: the chain is not reversible with respect to pi, where this bound is not one.
    """
    if not is_reversible(P, pi):
        raise ValueError("the spectral bound holds for reversible chains; this one is not")
    low = float(np.min(pi))
    if not low > 0:
        raise ValueError("every state must have a positive stationary probability")
    second = 1 - spectral_gap(P)
    return 0.5 * np.sqrt((1 - low) / low) * second ** np.arange(n_steps + 1)


def _period(P: np.ndarray, inside: np.ndarray) -> int:
    """gcd of level(i) + 1 - level(j) over the edges i -> j of a class."""
    step = P[np.ix_(inside, inside)] > 0
    if not step.any():
        return 0
    order, before = breadth_first_order(csr_array(step), 0)
    level = np.zeros(len(inside), dtype=int)
    for i in order[1:]:
        level[i] = level[before[i]] + 1
    i, j = np.nonzero(step)
    return gcd(*np.abs(level[i] + 1 - level[j]).tolist())
