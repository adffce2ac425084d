r"""Parallel tempering: chains at several temperatures that offer each other their places.

    p_b(x) ~ p(x)^b,    1 = b_1 > b_2 > ... > b_K > 0
    every chain takes a Metropolis step under its own p_b, then neighbours swap with probability
    min(1, exp((b_i - b_j) (log p(x_j) - log p(x_i))))

Hot chains cross the valleys, swaps bring what they find down to b = 1.

References:
    Replica Monte Carlo Simulation of Spin-Glasses (Swendsen & Wang, 1986)
    https://doi.org/10.1103/PhysRevLett.57.2607
    Markov Chain Monte Carlo Maximum Likelihood (Geyer, 1991) https://hdl.handle.net/11299/58440
"""

from typing import NamedTuple

import numpy as np

from dgmlib.samplers.chain import LogProb, accept, check_positive, check_start


class State(NamedTuple):
    """``x[:, 0]`` is the chain at temperature 1. ``turn`` says which pairs swap next."""

    ladder: np.ndarray  # (C, K, d)
    log_p: np.ndarray  # (C, K): untempered
    turn: int

    @property
    def x(self) -> np.ndarray:
        """The cold chains (C, d)."""
        return self.ladder[:, 0]


class Info(NamedTuple):
    proposal: np.ndarray  # (C, K, d)
    accepted: np.ndarray  # (C, K), bool
    swapped: np.ndarray  # (C, K - 1), bool: rungs i and i + 1 changed places


def init(x: np.ndarray, log_prob: LogProb, *, betas: np.ndarray) -> State:
    """Every rung of every ladder starts at its row of x (C, d)."""
    x = np.asarray(x, dtype=float)
    log_p = log_prob(x)
    x, K = check_start(x, log_p), len(check_betas(betas))
    return State(np.repeat(x[:, None], K, axis=1), np.repeat(log_p[:, None], K, axis=1), 0)


def step(
    state: State,
    log_prob: LogProb,
    *,
    betas: np.ndarray,
    scale: float,
    rng: np.random.Generator,
) -> tuple[State, Info]:
    """A Metropolis step of every rung, then swaps of every second pair of neighbours.

    Args:
        scale: of the proposal at b = 1; hotter rungs take steps longer by 1 / sqrt(b).
    """
    betas = check_betas(betas)
    check_positive("scale", scale)
    x, log_p = state.ladder, state.log_p
    noise = rng.standard_normal(x.shape)
    proposal = x + (scale / np.sqrt(betas))[:, None] * noise
    log_new = log_prob(proposal)
    _, accepted = accept(betas * (log_new - log_p), rng=rng)
    x = np.where(accepted[..., None], proposal, x)
    log_p = np.where(accepted, log_new, log_p)

    swapped = np.zeros((len(x), len(betas) - 1), dtype=bool)
    low = np.arange(state.turn % 2, len(betas) - 1, 2)
    if len(low):
        gain = (betas[low] - betas[low + 1]) * (log_p[:, low + 1] - log_p[:, low])
        _, swapped[:, low] = accept(gain, rng=rng)
        order = np.broadcast_to(np.arange(len(betas)), log_p.shape).copy()  # who comes here
        order[:, low] += swapped[:, low]
        order[:, low + 1] -= swapped[:, low]
        x = np.take_along_axis(x, order[..., None], axis=1)
        log_p = np.take_along_axis(log_p, order, axis=1)
    return State(x, log_p, state.turn + 1), Info(proposal, accepted, swapped)


def check_betas(betas: np.ndarray) -> np.ndarray:
    """Inverse temperatures from 1 down, as floats (K,)."""
    b = np.asarray(betas, dtype=float)
    if b.ndim != 1 or len(b) < 1 or b[0] != 1 or not (np.diff(b) < 0).all() or b[-1] <= 0:
        raise ValueError(f"betas must fall from 1 and stay above 0, got {betas}")
    return b
