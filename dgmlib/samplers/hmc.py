r"""Hamiltonian Monte Carlo.

    H(x, v) = -log p(x) + |v|^2 / 2,    v ~ N(0, I) at every step
    leapfrog, L times:  v += e/2 grad log p(x);  x += e v;  v += e/2 grad log p(x)
    accept with probability min(1, e^(H - H')), else stay

Leapfrog is reversible and keeps volume, so no proposal density appears; its energy error falls
with e^2 and stays bounded. Where it does not stay bounded, the step is too long for the
curvature there: a divergence, reported.

References:
    Hybrid Monte Carlo (Duane, Kennedy, Pendleton & Roweth, 1987)
    https://doi.org/10.1016/0370-2693(87)91197-X
    MCMC using Hamiltonian dynamics (Neal, 2011) https://arxiv.org/abs/1206.1901
"""

from typing import NamedTuple

import numpy as np

from dgmlib.samplers.chain import accept, check_positive
from dgmlib.samplers.langevin import State, init
from dgmlib.targets.target import Target

DIVERGED = 1000.0  # nats of energy error, as in Stan


class Info(NamedTuple):
    proposal: np.ndarray  # (C, d)
    accept_prob: np.ndarray  # (C,)
    accepted: np.ndarray  # (C,), bool
    energy_error: np.ndarray  # (C,): H' - H
    diverged: np.ndarray  # (C,), bool


class Path(NamedTuple):
    """A trajectory, time first."""

    x: np.ndarray  # (L + 1, C, d)
    velocity: np.ndarray  # (L + 1, C, d)
    energy: np.ndarray  # (L + 1, C): H


def step(
    state: State,
    target: Target,
    *,
    step_size: float,
    n_leapfrog: int,
    rng: np.random.Generator,
) -> tuple[State, Info]:
    """Moves every chain once, by ``n_leapfrog`` steps of length ``step_size``."""
    check(step_size, n_leapfrog)
    velocity = rng.standard_normal(state.x.shape)
    before = _energy(state.log_p, velocity)
    x, v, grad = state.x, velocity, state.grad
    with np.errstate(over="ignore", invalid="ignore"):  # a diverging path is refused below
        for _ in range(n_leapfrog):
            x, v, grad = leapfrog(x, v, grad, target, step_size)
        log_p = target.log_prob(x)
        error = _energy(log_p, v) - before
    prob, accepted = accept(-error, rng=rng)
    yes = accepted[:, None]
    new = State(
        np.where(yes, x, state.x),
        np.where(accepted, log_p, state.log_p),
        np.where(yes, grad, state.grad),
    )
    return new, Info(x, prob, accepted, error, ~(error < DIVERGED))


def leapfrog(
    x: np.ndarray, v: np.ndarray, grad: np.ndarray, target: Target, step_size: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One step of the integrator: position, velocity and gradient (C, d) after it."""
    half = v + 0.5 * step_size * grad
    x = x + step_size * half
    grad = target.need_grad()(x)
    return x, half + 0.5 * step_size * grad, grad


def path(
    x: np.ndarray, velocity: np.ndarray, target: Target, *, step_size: float, n_leapfrog: int
) -> Path:
    """The trajectory from x (C, d) with this velocity, to look at."""
    check(step_size, n_leapfrog)
    xs, vs, grad = [np.asarray(x, dtype=float)], [np.asarray(velocity, dtype=float)], None
    grad = target.need_grad()(xs[0])
    for _ in range(n_leapfrog):
        x, velocity, grad = leapfrog(xs[-1], vs[-1], grad, target, step_size)
        xs.append(x)
        vs.append(velocity)
    at, v = np.stack(xs), np.stack(vs)
    return Path(at, v, _energy(target.log_prob(at), v))


def check(step_size: float, n_leapfrog: int) -> None:
    check_positive("step_size", step_size)
    if n_leapfrog < 1:
        raise ValueError(f"n_leapfrog must be at least 1, got {n_leapfrog}")


def _energy(log_p: np.ndarray, v: np.ndarray) -> np.ndarray:
    return -log_p + 0.5 * (v * v).sum(-1)


__all__ = ["DIVERGED", "Info", "Path", "State", "init", "leapfrog", "path", "step"]
