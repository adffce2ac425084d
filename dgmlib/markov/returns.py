r"""When a chain can be back: its powers, the times of return, and the period as their gcd.

    (P^t)_ij = P(X_t = j | X_0 = i)
    T(i) = {t >= 1 : (P^t)_ii > 0},   period d(i) = gcd T(i)

The period is no shortest return: loops of 4 and 6 steps have period 2 and no return in 2.
Whether (P^t)_ij > 0 is decided with truth values, so no small number is mistaken for 0.

Reference:
    Markov Chains and Mixing Times, section 1.3 (Levin, Peres & Wilmer, 2009)
    https://pages.uoregon.edu/dlevin/MARKOV/markovmixing.pdf
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.markov.chain import check
from dgmlib.markov.named import Named
from dgmlib.markov.settle import Ends, ends


class Returns(NamedTuple):
    chain: Named
    ends: Ends
    power: np.ndarray  # (T + 1, n, n): P^0, ..., P^T
    back: np.ndarray  # (T + 1, n) bool: a return at this time is possible; False at 0
    gcd: np.ndarray  # (T + 1, n) ints: of the times of return so far; 0 before the first


def powers(P: ArrayLike, n_steps: int) -> np.ndarray:
    """P^0, ..., P^T: (T + 1, n, n)."""
    P = check(P)
    found = [np.eye(len(P))]
    for _ in range(n_steps):
        found.append(found[-1] @ P)
    return np.stack(found)


def possible(P: ArrayLike, n_steps: int) -> np.ndarray:
    """Whether (P^t)_ij > 0, exactly: (T + 1, n, n) bool."""
    step = (check(P) > 0).astype(int)
    found = [np.eye(len(step), dtype=bool)]
    for _ in range(n_steps):
        found.append(found[-1].astype(int) @ step > 0)
    return np.stack(found)


def returns(chain: Named, *, n_steps: int) -> Returns:
    back = np.diagonal(possible(chain.P, n_steps), axis1=1, axis2=2).copy()  # (T + 1, n)
    back[0] = False
    times = np.where(back, np.arange(n_steps + 1)[:, None], 0)
    return Returns(chain, ends(chain.P), powers(chain.P, n_steps), back,
                   np.gcd.accumulate(times, axis=0))  # fmt: skip
