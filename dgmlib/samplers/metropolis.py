r"""Random-walk Metropolis.

    x' = x + s z,    z ~ N(0, I);    accept with probability min(1, p(x') / p(x)), else stay

The proposal is as likely back as forth, so its density cancels and p is needed only up to a
constant. In many dimensions s = 2.38 / sqrt(d) deviations of p, where about 0.234 are accepted,
moves fastest.

References:
    Equation of State Calculations by Fast Computing Machines (Metropolis, Rosenbluth, Rosenbluth,
    Teller & Teller, 1953) https://doi.org/10.1063/1.1699114
    Weak convergence and optimal scaling of random walk Metropolis algorithms
    (Roberts, Gelman & Gilks, 1997) https://doi.org/10.1214/aoap/1034625254
"""

from typing import NamedTuple

import numpy as np

from dgmlib.samplers.chain import LogProb, accept, check_positive, check_start


class State(NamedTuple):
    """Where the chains are. ``log_p`` is carried so that no density is evaluated twice."""

    x: np.ndarray  # (C, d)
    log_p: np.ndarray  # (C,)


class Info(NamedTuple):
    proposal: np.ndarray  # (C, d)
    accept_prob: np.ndarray  # (C,)
    accepted: np.ndarray  # (C,), bool


def init(x: np.ndarray, log_prob: LogProb) -> State:
    """Starts a chain at every row of x (C, d)."""
    log_p = log_prob(np.asarray(x, dtype=float))
    return State(check_start(x, log_p), log_p)


def step(
    state: State, log_prob: LogProb, *, scale: float | np.ndarray, rng: np.random.Generator
) -> tuple[State, Info]:
    """Moves every chain once.

    Args:
        scale: standard deviation of the proposal: a number, or (d,) one for each coordinate.
    """
    check_positive("scale", scale)
    proposal = state.x + scale * rng.standard_normal(state.x.shape)
    log_p = log_prob(proposal)
    prob, accepted = accept(log_p - state.log_p, rng=rng)
    x = np.where(accepted[:, None], proposal, state.x)
    return State(x, np.where(accepted, log_p, state.log_p)), Info(proposal, prob, accepted)
