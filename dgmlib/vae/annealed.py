r"""Annealed importance sampling: log p(x) without a proposal that fits.

    f_b(z) = p(z) p(x|z)^b,    0 = b_0 < b_1 < ... < b_T = 1
    z ~ p(z);  for t = 1..T:  log w += (b_t - b_{t-1}) log p(x|z);  then z moves, keeping f_{b_t}

E[w] = p(x) exactly, for any ladder and any moves that keep their density, however badly they mix:
the weight is taken before the move. Poor moves only cost variance, which makes the log of the mean
weight too low on average. The standard error is that of the independent chains.

References:
    Annealed importance sampling (Neal, 2001) https://arxiv.org/abs/physics/9803008
    On the quantitative analysis of decoder-based generative models (Wu, Burda, Salakhutdinov &
    Grosse, 2017) https://arxiv.org/abs/1611.04273
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dgmlib.samplers import hmc, importance, metropolis
from dgmlib.targets.target import Target

Function = Callable[[np.ndarray], np.ndarray]


class LogEstimate(NamedTuple):
    """log of a mean of weights. Its standard error is the mean's relative one (delta method)."""

    value: float
    error: float


class Start(NamedTuple):
    """A normalised density to begin from: the prior, or an encoder's q(z|x)."""

    log_prob: Function  # (C, d) -> (C,)
    grad: Function | None  # (C, d) -> (C, d); None: Metropolis moves only
    draw: Callable[[int, np.random.Generator], np.ndarray]  # n -> (n, d)


class Annealed(NamedTuple):
    log_p: LogEstimate
    log_w: np.ndarray  # (C,)
    accepted: np.ndarray  # (T,) share of accepted moves at each temperature
    ess: float  # of the C weights


def anneal(
    log_joint: Function,
    start: Start,
    *,
    betas: np.ndarray,
    n_chains: int,
    step_size: float | np.ndarray,
    rng: np.random.Generator,
    n_leapfrog: int = 5,
    grad: Function | None = None,
) -> Annealed:
    """log of the integral of exp(log_joint), from ``n_chains`` independent chains.

    Args:
        log_joint: log p(x, z) as a function of z, (C, d) -> (C,).
        grad: its gradient, (C, d) -> (C, d), for Hamiltonian moves; without it, random walks.
        betas: (T + 1,) from 0 to 1; ``rising`` makes a usual ladder.
        step_size: of the moves: a number, or one for each of the ``betas``.
    """
    betas = check_betas(betas)
    if n_chains < 2:
        raise ValueError(f"a standard error needs at least 2 chains, got {n_chains}")
    if (grad is None) != (start.grad is None):
        raise ValueError("Hamiltonian moves need the gradient of the joint and of the start: "
                         "give both, or neither for random walks")  # fmt: skip
    steps = np.broadcast_to(np.asarray(step_size, dtype=float), betas.shape)
    z = start.draw(n_chains, rng)
    log_w, accepted = np.zeros(n_chains), []
    for t in range(1, len(betas)):
        log_w = log_w + (betas[t] - betas[t - 1]) * (log_joint(z) - start.log_prob(z))
        if t == len(betas) - 1:
            break  # what happens to z after the last weight does not matter
        target = _between(betas[t], log_joint, start, grad, z.shape[1])
        z, share = _move(z, target, steps[t], n_leapfrog, rng)
        accepted.append(share)
    return Annealed(log_mean(log_w), log_w, np.array(accepted), importance.ess(log_w))


def from_standard_normal(
    log_likelihood: Function, grad: Function | None, d: int, **options
) -> Annealed:
    """log p(x) for the prior N(0, I): ``options`` are those of :func:`anneal`."""
    start = Start(
        lambda z: -0.5 * (z**2 + np.log(2 * np.pi)).sum(-1),
        None if grad is None else lambda z: -z,
        lambda n, rng: rng.standard_normal((n, d)),
    )
    joint_grad = None if grad is None else lambda z: grad(z) - z
    return anneal(
        lambda z: log_likelihood(z) + start.log_prob(z), start, grad=joint_grad, **options
    )


def log_mean(log_w: np.ndarray) -> LogEstimate:
    """log of the mean weight, from independent log-weights (n,): annealed or large-K importance."""
    log_w = np.asarray(log_w, dtype=float)
    if log_w.ndim != 1 or len(log_w) < 2:
        raise ValueError(f"a standard error needs a row of at least 2 log-weights, got shape "
                         f"{log_w.shape}")  # fmt: skip
    top = float(log_w.max())
    if not np.isfinite(top):
        raise ValueError(f"the largest log-weight is {top}; start where the joint is positive")
    mean, error = importance.normaliser(log_w - top)
    return LogEstimate(top + float(np.log(mean)), error / mean)


def rising(n_rungs: int, *, sharpness: float = 1.0) -> np.ndarray:
    """A ladder (n_rungs + 1,) from 0 to 1, even in log(1 + sharpness b): dense where b is small.

    With ``sharpness`` the precision of p(x|z), each rung narrows f_b by the same factor.
    """
    if n_rungs < 1 or not sharpness > 0:
        raise ValueError(f"a ladder needs at least 1 rung and a positive sharpness, got {n_rungs} "
                         f"and {sharpness}")  # fmt: skip
    b = np.expm1(np.log1p(sharpness) * np.linspace(0, 1, n_rungs + 1)) / sharpness
    b[-1] = 1.0
    return b


def check_betas(betas: np.ndarray) -> np.ndarray:
    b = np.asarray(betas, dtype=float)
    if b.ndim != 1 or len(b) < 2 or b[0] != 0 or b[-1] != 1 or not (np.diff(b) > 0).all():
        raise ValueError(f"betas must rise from 0 to 1, got {betas}")
    return b


def _between(b: float, log_joint: Function, start: Start, grad: Function | None, d: int) -> Target:
    """f_b as a target of moves; nothing is known of its moments."""
    slope = start.grad

    def mixed(z: np.ndarray) -> np.ndarray:
        assert grad is not None
        assert slope is not None
        return (1 - b) * slope(z) + b * grad(z)

    return Target(
        f"f at b = {b}", d, lambda z: (1 - b) * start.log_prob(z) + b * log_joint(z),
        None if grad is None else mixed, 0.0, np.full(d, np.nan), np.full((d, d), np.nan), None, (),
    )  # fmt: skip


def _move(
    z: np.ndarray, target: Target, step: float, n_leapfrog: int, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    if target.grad is None:
        walked, seen = metropolis.step(
            metropolis.init(z, target.log_prob), target.log_prob, scale=step, rng=rng
        )
        return walked.x, float(seen.accepted.mean())
    moved, info = hmc.step(
        hmc.init(z, target), target, step_size=step, n_leapfrog=n_leapfrog, rng=rng
    )
    return moved.x, float(info.accepted.mean())
