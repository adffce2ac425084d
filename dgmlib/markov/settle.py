r"""Where a chain ends: absorption, the long run from a start, and times of return, exactly.

    h_c(i) = P(end in class c | start in i):   h_c = P h_c,  1 on c and 0 on other classes
    k(i) = E[steps until a recurrent class]:   k = 1 + P k on the transient states, 0 elsewhere
    E[time of return to i] = 1 / pi_i  inside its class (Kac)

Solved by watching the chain only while it is outside a state k: P_ij grows by P_ik P_kj over the
sum of P_kl, l != k, and nothing is ever subtracted, so that small probabilities keep all their
digits. With all transient states but i left out, row i reads: back in i, or ended in which class.

The average over time, lim (pi_0 + ... + pi_{t-1}) / t = sum_c h_c(pi_0) pi_c, exists for every
finite chain, periodic or not, and is stationary; which one, the start decides.

Reference:
    Markov Chains, sections 1.3, 1.5 and 1.7 (J. R. Norris, 1997)
    https://www.statslab.cam.ac.uk/~james/Markov/
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.markov import chain
from dgmlib.markov.chain import Class

LATE = 170  # 2^170 steps: longer than six states with probabilities from 1e-9 take to settle


class Ends(NamedTuple):
    """What becomes of a chain that is started in each of its n states; r recurrent classes."""

    classes: tuple[Class, ...]
    label: np.ndarray  # (n,) the number of each state's class
    stationary: np.ndarray  # (r, n) one distribution for each recurrent class
    absorbed: np.ndarray  # (n, r) P(end in it); rows sum to 1
    steps: np.ndarray  # (n,) expected steps until a recurrent class; 0 inside
    returns: np.ndarray  # (n,) probability of ever coming back
    return_time: np.ndarray  # (n,) its expectation; inf where a return is not certain


def ends(P: ArrayLike) -> Ends:
    P = chain.check(P)
    n, found = len(P), chain.classes(P)
    label = np.zeros(n, dtype=int)
    for k, c in enumerate(found):
        label[list(c.states)] = k
    recurrent = [k for k, c in enumerate(found) if c.recurrent]
    absorbed = (label[:, None] == np.array(recurrent)[None]).astype(float)  # (n, r)
    out = [i for i in range(n) if not found[label[i]].recurrent]  # transient states
    inside = absorbed.copy()
    steps, returns = np.zeros(n), np.ones(n)
    for i in out:
        row, time = _watched(P, i, [k for k in out if k != i])
        leave = np.delete(row, i).sum()
        absorbed[i] = row @ inside / leave
        steps[i] = time / leave
        returns[i] = row[i]
    pis = chain.stationary(P)
    share = pis.sum(0)  # the classes do not overlap
    return_time = np.where(share > 0, 1 / np.where(share > 0, share, 1), np.inf)
    return Ends(tuple(found), label, pis, absorbed, steps, returns, return_time)


def _watched(P: np.ndarray, i: int, away: list[int]) -> tuple[np.ndarray, float]:
    """Row i of the chain watched only outside of ``away``, and the expected steps it stands for."""
    P, time = P.copy(), np.ones(len(P))
    for k in away:
        to_k = P[:, k] / np.delete(P[k], k).sum()
        P[:, k], P[k, k] = 0.0, 0.0
        P, time = P + np.outer(to_k, P[k]), time + to_k * time[k]
    return P[i], float(time[i])


def long_run(P: ArrayLike, pi: ArrayLike) -> np.ndarray:
    """The average over all times of the distribution that starts as ``pi``: (n,)."""
    e = ends(P)
    return np.asarray(pi, dtype=float) @ e.absorbed @ e.stationary


def settles(P: ArrayLike, pi: ArrayLike) -> bool:
    """Does pi P^t itself converge, and not only its average?

    It does where every class that can be reached has period 1, or where the start is shared out
    evenly among the phases of the cycle.
    """
    pi, late = np.asarray(pi, dtype=float), chain.check(P)
    for _ in range(LATE):  # a distribution that is stationary once stays so
        late = late @ late
        late /= late.sum(1, keepdims=True)  # rounding must not double each time
    return bool(chain.distance(pi @ late, long_run(P, pi)) < 1e-9)
