r"""Langevin samplers: uphill, with noise.

    ULA    x' = x + e grad log p(x) + sqrt(2 e) z,    z ~ N(0, I)
    MALA   the same as a proposal, accepted with the Hastings ratio

ULA discretises dX = grad log p dt + sqrt(2) dW and keeps the error: on N(0, s^2) it settles at
variance s^2 / (1 - e / (2 s^2)), and leaves for infinity from e = 2 s^2. MALA's refusals remove it.

References:
    Exponential convergence of Langevin distributions and their discrete approximations
    (Roberts & Tweedie, 1996) https://doi.org/10.2307/3318418
"""

from typing import NamedTuple

import numpy as np

from dgmlib.samplers.chain import accept, check_positive, check_start
from dgmlib.targets.target import Target


class State(NamedTuple):
    x: np.ndarray  # (C, d)
    log_p: np.ndarray  # (C,)
    grad: np.ndarray  # (C, d): of log p at x


class Info(NamedTuple):
    proposal: np.ndarray  # (C, d)
    accept_prob: np.ndarray  # (C,); 1 for ULA
    accepted: np.ndarray  # (C,), bool


def init(x: np.ndarray, target: Target) -> State:
    """Starts a chain at every row of x (C, d)."""
    x = np.asarray(x, dtype=float)
    log_p = target.log_prob(x)
    return State(check_start(x, log_p), log_p, target.need_grad()(x))


def ula(
    state: State, target: Target, *, step_size: float, rng: np.random.Generator
) -> tuple[State, Info]:
    """Moves every chain once; nothing is refused, so the answer is biased by the step."""
    check_positive("step_size", step_size)
    to = _propose(state, step_size, rng)
    yes = np.ones(len(to), dtype=bool)
    new = State(to, target.log_prob(to), target.need_grad()(to))
    return new, Info(to, yes.astype(float), yes)


def mala(
    state: State, target: Target, *, step_size: float, rng: np.random.Generator
) -> tuple[State, Info]:
    """Moves every chain once, or refuses to."""
    check_positive("step_size", step_size)
    to = _propose(state, step_size, rng)
    log_p, grad = target.log_prob(to), target.need_grad()(to)
    with np.errstate(invalid="ignore"):  # inf - inf where the density is 0: refused
        log_ratio = (
            log_p
            - state.log_p
            + _log_q(state.x, to, grad, step_size)
            - _log_q(to, state.x, state.grad, step_size)
        )
    prob, accepted = accept(log_ratio, rng=rng)
    yes = accepted[:, None]
    new = State(
        np.where(yes, to, state.x),
        np.where(accepted, log_p, state.log_p),
        np.where(yes, grad, state.grad),
    )
    return new, Info(to, prob, accepted)


def ula_variance(variance: float, step_size: float) -> float:
    """Where ULA settles on a Gaussian of this variance; inf when it never does."""
    check_positive("variance", variance)
    share = 1 - step_size / (2 * variance)
    return variance / share if share > 0 else np.inf


def _propose(state: State, step_size: float, rng: np.random.Generator) -> np.ndarray:
    noise = rng.standard_normal(state.x.shape)
    return state.x + step_size * state.grad + np.sqrt(2 * step_size) * noise


def _log_q(to: np.ndarray, start: np.ndarray, grad: np.ndarray, step_size: float) -> np.ndarray:
    """log q(to | start) up to a constant that is the same both ways."""
    away = to - start - step_size * grad
    return -(away * away).sum(-1) / (4 * step_size)
