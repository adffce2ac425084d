"""Simulated paths of a finite chain, to hold beside the exact distributions."""

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.markov.chain import check


def walk(P: ArrayLike, start: ArrayLike, n_steps: int, *, rng: np.random.Generator) -> np.ndarray:
    """States of every walker at every time: (n_steps + 1, W), ints.

    Args:
        start: the states (W,) where the walkers begin.
    """
    P, state = check(P), np.asarray(start, dtype=int)
    if state.ndim != 1 or (state < 0).any() or (state >= len(P)).any():
        raise ValueError(f"starts are states from 0 to {len(P) - 1}, got {start}")
    cdf = np.cumsum(P, axis=1)
    cdf[:, -1] = 1.0
    last = len(P) - 1 - np.argmax(P[:, ::-1] > 0, axis=1)  # rounding must not reach a state of 0
    path = [state]
    for _ in range(n_steps):
        u = rng.random(len(state))
        state = np.minimum((cdf[state] <= u[:, None]).sum(1), last[state])
        path.append(state)
    return np.stack(path)


def frequencies(path: np.ndarray, n_states: int) -> np.ndarray:
    """The share of walkers in every state at every time: (T, n)."""
    return np.stack([np.bincount(now, minlength=n_states) for now in path]) / path.shape[1]
