r"""Seven samplers by name, with one step length s for all of them.

    random walk     x' = x + s z                        drift   x' = x + s b + s z,  b = (0.7, 0)
    ULA, MALA       x' = x + s^2/2 grad log p(x) + s z
    HMC             leapfrog steps of length s; with a single one it proposes what MALA does
    tempering       s at temperature 1, longer above    Gibbs   has no step length

With the same z, generators that begin alike differ in the algorithm and in nothing else: all but
Gibbs and tempering draw d normals and one uniform at every step.

What a step costs is counted in evaluations of log p, or of its gradient together with log p; a
draw from a conditional in closed form counts as one. A conditional without a formula is tabulated
far beyond the picture: what lies outside the table would never be drawn.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from dgmlib.experiments.arena import Arena
from dgmlib.samplers import gibbs, hastings, hmc, langevin, metropolis, tempering
from dgmlib.targets.target import Target

NAMES = ("random walk", "drift", "Gibbs", "ULA", "MALA", "HMC", "tempering")
GRADIENTS = ("ULA", "MALA", "HMC")
DRIFT = np.array([0.7, 0.0])
BETAS = np.array([1.0, 0.4, 0.15, 0.05])
GRID = 256  # points along a coordinate for a conditional that has no formula
WIDER = 1.6  # than the picture: 4 deviations become 6.4; the box's cliffs are edges of cells


class Sampler(NamedTuple):
    """A chain that is ready to go."""

    state: Any
    step: Callable[[Any], tuple[Any, Any]]
    evaluations: int  # of one step
    gradients: int  # how many of them are gradients


def begin(
    name: str,
    arena: Arena,
    x: np.ndarray,
    *,
    step: float,
    n_leapfrog: int,
    rng: np.random.Generator,
) -> Sampler:
    """The sampler called ``name``, with a chain at every row of x (C, 2)."""
    t = arena.target
    if name in GRADIENTS and t.grad is None:
        raise ValueError(
            f"the {t.name} is flat between its cliffs and has no gradient for {name}: choose "
            "random walk, drift, Gibbs or tempering, or another density"
        )
    if name == "random walk":
        go = partial(metropolis.step, log_prob=t.log_prob, scale=step, rng=rng)
        return Sampler(metropolis.init(x, t.log_prob), go, 1, 0)
    if name == "drift":
        how = hastings.drift(step * DRIFT, step)
        go = partial(hastings.step, log_prob=t.log_prob, proposal=how, rng=rng)
        return Sampler(hastings.init(x, t.log_prob), go, 1, 0)
    if name == "Gibbs":
        draw, cost = _conditionals(arena)
        return Sampler(gibbs.init(x, t.log_prob), partial(gibbs.step, conditionals=draw, rng=rng),
                       cost, 0)  # fmt: skip
    if name in ("ULA", "MALA"):
        move = _ula if name == "ULA" else langevin.mala
        go = partial(move, target=t, step_size=step**2 / 2, rng=rng)
        return Sampler(langevin.init(x, t), go, 1, 1)
    if name == "HMC":
        go = partial(hmc.step, target=t, step_size=step, n_leapfrog=n_leapfrog, rng=rng)
        return Sampler(hmc.init(x, t), go, n_leapfrog, n_leapfrog)
    if name == "tempering":
        go = partial(tempering.step, log_prob=t.log_prob, betas=BETAS, scale=step, rng=rng)
        return Sampler(tempering.init(x, t.log_prob, betas=BETAS), go, len(BETAS), 0)
    raise ValueError(f"no sampler is called {name!r}; choose one of {', '.join(NAMES)}")


def _conditionals(arena: Arena) -> tuple[list[gibbs.Conditional], int]:
    """One for each coordinate, in closed form where there is one, and what a sweep costs."""
    t, given = arena.target, arena.given
    if arena.gaussian:
        return gibbs.gaussian(t.mean, t.cov), t.dim
    wide = [((1 + WIDER) / 2 * a + (1 - WIDER) / 2 * b, (1 - WIDER) / 2 * a + (1 + WIDER) / 2 * b)
            for a, b in t.extent]  # fmt: skip
    if given is None:
        return gibbs.numerical(t.log_prob, wide, n=GRID), t.dim * GRID

    def normal(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        mean, sd = given(x[:, 0])
        return mean + sd * rng.standard_normal(len(x))

    return [*gibbs.numerical(t.log_prob, wide[:1], n=GRID), normal], GRID + 1


def _ula(
    state: langevin.State, target: Target, *, step_size: float, rng: np.random.Generator
) -> tuple[langevin.State, langevin.Info]:
    """ULA, and the uniform that it does not need: so it keeps in step with MALA."""
    found = langevin.ula(state, target, step_size=step_size, rng=rng)
    rng.random(len(state.x))
    return found
