"""A crowd of walkers beside the distribution that they are drawn from.

pi_t = pi_0 P^t exactly; the share of n independent walkers in state i has mean pi_t(i) and standard
deviation sqrt(pi_t(i) (1 - pi_t(i)) / n). Where they settle on average is ``settle.long_run``.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.markov import chain, named, settle
from dgmlib.markov.named import Named
from dgmlib.markov.walkers import frequencies, walk


class Walked(NamedTuple):
    chain: Named
    start: str
    exact: np.ndarray  # (T + 1, n)
    seen: np.ndarray  # (T + 1, n) shares of the walkers
    error: np.ndarray  # (T + 1, n) standard deviation of a share
    path: np.ndarray  # (T + 1, W) states
    long_run: np.ndarray  # (n,)
    distance: np.ndarray  # (T + 1,) total variation from exact to long_run
    unique: bool  # one stationary distribution, whatever the start
    settles: bool  # exact converges, and not only its average over time


def walked(
    which: Named, *, start: str, n_walkers: int, n_steps: int, rng: np.random.Generator
) -> Walked:
    """``n_walkers`` paths of ``n_steps`` from ``start``, "A", "B", ... or "uniform"."""
    P = which.P
    pi = named.start(start, len(P))
    if n_walkers < 1:
        raise ValueError(f"n_walkers must be at least 1, got {n_walkers}")
    exact = chain.evolve(pi, P, n_steps)
    path = walk(P, rng.choice(len(P), size=n_walkers, p=pi), n_steps, rng=rng)
    limit = settle.long_run(P, pi)
    return Walked(
        which, start, exact, frequencies(path, len(P)),
        np.sqrt(np.clip(exact * (1 - exact), 0, None) / n_walkers), path, limit,
        chain.distance(exact, limit), len(settle.ends(P).stationary) == 1, settle.settles(P, pi),
    )  # fmt: skip
