"""Wrong steps, with the signatures of the right ones.

Each differs from the sampler of the same first name in ``dgmlib.samplers`` by the line that
``BUGS`` of :mod:`dgmlib.wrong_on_purpose.bugs` names. Most of them mix well.
"""

from collections.abc import Sequence

import numpy as np

from dgmlib.samplers import gibbs, hmc
from dgmlib.samplers.chain import LogProb, accept
from dgmlib.samplers.gibbs import Conditional
from dgmlib.samplers.hastings import Proposal
from dgmlib.samplers.langevin import State as GradientState
from dgmlib.samplers.metropolis import Info, State
from dgmlib.targets.target import Target


def metropolis_root(
    state: State, log_prob: LogProb, *, scale: float, rng: np.random.Generator
) -> tuple[State, Info]:
    """Accepts with the root of the ratio: settles at p^(1/2), normalised."""
    proposal = state.x + scale * rng.standard_normal(state.x.shape)
    log_p = log_prob(proposal)
    prob, accepted = accept(0.5 * (log_p - state.log_p), rng=rng)
    x = np.where(accepted[:, None], proposal, state.x)
    return State(x, np.where(accepted, log_p, state.log_p)), Info(proposal, prob, accepted)


def metropolis_stale(
    state: State, log_prob: LogProb, *, scale: float, rng: np.random.Generator
) -> tuple[State, Info]:
    """Keeps the proposal's log-density after a refusal."""
    proposal = state.x + scale * rng.standard_normal(state.x.shape)
    log_p = log_prob(proposal)
    prob, accepted = accept(log_p - state.log_p, rng=rng)
    x = np.where(accepted[:, None], proposal, state.x)
    return State(x, log_p), Info(proposal, prob, accepted)


def metropolis_dropped(
    state: State, log_prob: LogProb, *, scale: float, rng: np.random.Generator
) -> tuple[State, Info]:
    """Tries again until a proposal is accepted: refusals leave no trace in the chain."""
    x, log_p = state.x.copy(), state.log_p.copy()
    waiting = np.ones(len(x), dtype=bool)
    while waiting.any():
        proposal = x + scale * rng.standard_normal(x.shape)
        new = log_prob(proposal)
        _, yes = accept(new - log_p, rng=rng)
        yes &= waiting
        x, log_p = np.where(yes[:, None], proposal, x), np.where(yes, new, log_p)
        waiting &= ~yes
    return State(x, log_p), Info(x, np.ones(len(x)), np.ones(len(x), dtype=bool))


def hastings_one_way(
    state: State, log_prob: LogProb, *, proposal: Proposal, rng: np.random.Generator
) -> tuple[State, Info]:
    """Leaves Hastings' factor out."""
    to = proposal.draw(state.x, rng)
    log_p = log_prob(to)
    log_ratio = log_p - state.log_p
    prob, accepted = accept(log_ratio, rng=rng)
    x = np.where(accepted[:, None], to, state.x)
    return State(x, np.where(accepted, log_p, state.log_p)), Info(to, prob, accepted)


def mala_one_way(
    state: GradientState, target: Target, *, step_size: float, rng: np.random.Generator
) -> tuple[GradientState, Info]:
    """Leaves the proposal's density out of the ratio."""
    noise = rng.standard_normal(state.x.shape)
    to = state.x + step_size * state.grad + np.sqrt(2 * step_size) * noise
    log_p, grad = target.log_prob(to), target.need_grad()(to)
    log_ratio = log_p - state.log_p
    return _moved(state, to, log_p, grad, log_ratio, rng)


def hmc_full_kicks(
    state: GradientState, target: Target, *, step_size: float, n_leapfrog: int,
    rng: np.random.Generator,
) -> tuple[GradientState, Info]:  # fmt: skip
    """A whole kick before every move, no half steps: the path back is another path."""
    v = rng.standard_normal(state.x.shape)
    before = -state.log_p + 0.5 * (v * v).sum(-1)
    x, grad = state.x, state.grad
    for _ in range(n_leapfrog):
        v = v + step_size * grad
        x = x + step_size * v
        grad = target.need_grad()(x)
    log_p = target.log_prob(x)
    after = -log_p + 0.5 * (v * v).sum(-1)
    return _moved(state, x, log_p, grad, before - after, rng)


def hmc_without_kinetic(
    state: GradientState, target: Target, *, step_size: float, n_leapfrog: int,
    rng: np.random.Generator,
) -> tuple[GradientState, Info]:  # fmt: skip
    """Compares the densities and forgets the kinetic energies."""
    x, v, grad = state.x, rng.standard_normal(state.x.shape), state.grad
    for _ in range(n_leapfrog):
        x, v, grad = hmc.leapfrog(x, v, grad, target, step_size)
    log_p = target.log_prob(x)
    error = state.log_p - log_p
    return _moved(state, x, log_p, grad, -error, rng)


def gibbs_old(
    state: gibbs.State, conditionals: Sequence[Conditional], *, rng: np.random.Generator
) -> tuple[gibbs.State, gibbs.Info]:
    """Draws every coordinate given the old others, all at once."""
    x = state.x.copy()
    path = np.empty((x.shape[1], *x.shape))
    for j, conditional in enumerate(conditionals):
        x[:, j] = conditional(state.x, rng)
        path[j] = x
    return gibbs.State(x), gibbs.Info(path)


def gaussian_variance(mean: np.ndarray, cov: np.ndarray) -> list[Conditional]:
    """Conditionals of N(mean, cov) that take the variance for the standard deviation."""
    precision = np.linalg.inv(cov)

    def of(j: int) -> Conditional:
        pull = precision[j] / precision[j, j]
        pull[j] = 0.0
        std = precision[j, j] ** -1.0
        return lambda x, rng: mean[j] - (x - mean) @ pull + std * rng.standard_normal(len(x))

    return [of(j) for j in range(len(mean))]


def _moved(
    state: GradientState, to: np.ndarray, log_p: np.ndarray, grad: np.ndarray,
    log_ratio: np.ndarray, rng: np.random.Generator,
) -> tuple[GradientState, Info]:  # fmt: skip
    """Takes or refuses proposals, as it should be."""
    prob, accepted = accept(log_ratio, rng=rng)
    yes = accepted[:, None]
    new = GradientState(
        np.where(yes, to, state.x),
        np.where(accepted, log_p, state.log_p),
        np.where(yes, grad, state.grad),
    )
    return new, Info(to, prob, accepted)
