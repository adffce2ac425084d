r"""Metropolis-Hastings with any proposal q(x' | x).

    accept with probability min(1, r),    r = p(x') q(x | x') / (p(x) q(x' | x))

The second factor is Hastings' correction: a proposal that prefers one direction would otherwise
carry the chain there however improbable it is.

References:
    Monte Carlo sampling methods using Markov chains and their applications (Hastings, 1970)
    https://doi.org/10.1093/biomet/57.1.97
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dgmlib.samplers.chain import LogProb, accept, check_positive
from dgmlib.samplers.metropolis import Info, State, init

__all__ = ["Info", "Proposal", "State", "drift", "init", "log_normal", "step"]


class Proposal(NamedTuple):
    """How to move, and how likely that was."""

    draw: Callable[[np.ndarray, np.random.Generator], np.ndarray]  # x (C, d) -> (C, d)
    log_q: Callable[[np.ndarray, np.ndarray], np.ndarray]  # log q(to | from), (C, d) twice -> (C,)


def step(
    state: State, log_prob: LogProb, *, proposal: Proposal, rng: np.random.Generator
) -> tuple[State, Info]:
    """Moves every chain once."""
    to = proposal.draw(state.x, rng)
    log_p = log_prob(to)
    log_ratio = log_p - state.log_p + proposal.log_q(state.x, to) - proposal.log_q(to, state.x)
    prob, accepted = accept(log_ratio, rng=rng)
    x = np.where(accepted[:, None], to, state.x)
    return State(x, np.where(accepted, log_p, state.log_p)), Info(to, prob, accepted)


def drift(by: np.ndarray, scale: float) -> Proposal:
    """x' ~ N(x + by, scale^2 I): a walk with a preferred direction ``by`` (d,)."""
    check_positive("scale", scale)
    by = np.asarray(by, dtype=float)

    def log_q(to: np.ndarray, start: np.ndarray) -> np.ndarray:
        z = (to - start - by) / scale
        return -0.5 * (z * z).sum(-1) - to.shape[-1] * np.log(scale * np.sqrt(2 * np.pi))

    return Proposal(lambda x, rng: x + by + scale * rng.standard_normal(x.shape), log_q)


def log_normal(scale: float) -> Proposal:
    """x' = x e^(scale z) for each coordinate: steps in proportion to x > 0."""
    check_positive("scale", scale)

    def log_q(to: np.ndarray, start: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.log(to / start) / scale
            each = -0.5 * z * z - np.log(scale * np.sqrt(2 * np.pi)) - np.log(to)
        return each.sum(-1)

    return Proposal(lambda x, rng: x * np.exp(scale * rng.standard_normal(x.shape)), log_q)
