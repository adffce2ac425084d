r"""Five samplers of one posterior, one of them wrong: which?

The target is N(MEAN, COV), or for calibration the posterior of each of many data sets, with the
same covariance. Chains start from exact draws, so that a right sampler has nothing to arrive at.
No other module may import ``dgmlib.wrong_on_purpose``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from dgmlib.samplers import calibration, chain, gibbs, hastings, hmc, langevin, metropolis
from dgmlib.targets import closed
from dgmlib.targets.target import Target
from dgmlib.wrong_on_purpose import bugs, steps

KINDS = ("random walk", "drift", "Gibbs", "MALA", "HMC")
LETTERS = ("A", "B", "C", "D", "E")
CASES = 24
DRIFT = np.array([0.4, 0.0])
SCALE = 1.2
CHAINS = 64
MEAN = np.array([0.5, -0.5])
COV = np.array([[0.5, 0.3], [0.3, 0.5]])
RANKED = np.array([2.0, -1.0])  # sees means, variances and the covariance
DATA_SETS, KEPT, THIN = 1280, 7, 20  # of the calibration: draws kept, and every how many-th


class Case(NamedTuple):
    """Who is behind the letters."""

    kinds: tuple[str, ...]  # of A to E
    wrong: int  # which of them
    bug: bugs.Bug


def case(number: int) -> Case:
    """The shuffle of puzzle ``number``: who is wrong, how, and under which letter."""
    rng = np.random.default_rng([20180418, number])
    kinds = tuple(KINDS[i] for i in rng.permutation(len(KINDS)))
    bug = bugs.BUGS[int(rng.integers(len(bugs.BUGS)))]
    return Case(kinds, kinds.index(bug.kind), bug)


def begin(
    kind: str,
    bug: bugs.Bug | None,
    target: Target,
    conditionals: Callable[[Any], list],
    x: np.ndarray,
    *,
    rng: np.random.Generator,
) -> tuple[Any, Callable]:
    """The state of a sampler at x (C, 2), and its step; right when ``bug`` is None.

    Args:
        conditionals: makes those of Gibbs, from the function that makes those of a Gaussian.
    """
    name = "" if bug is None else bug.name
    if kind == "random walk":
        wrong = {
            "the root of the ratio": steps.metropolis_root,
            "a stale log-density": steps.metropolis_stale,
            "refusals are dropped": steps.metropolis_dropped,
        }
        move = wrong.get(name, metropolis.step)
        go = partial(move, log_prob=target.log_prob, scale=SCALE, rng=rng)
        return metropolis.init(x, target.log_prob), go
    if kind == "drift":
        move = steps.hastings_one_way if name else hastings.step
        how = hastings.drift(DRIFT, SCALE)
        go = partial(move, log_prob=target.log_prob, proposal=how, rng=rng)
        return hastings.init(x, target.log_prob), go
    if kind == "MALA":
        move = steps.mala_one_way if name else langevin.mala
        return langevin.init(x, target), partial(move, target=target, step_size=0.25, rng=rng)
    if kind == "HMC":
        move = {"no half steps": steps.hmc_full_kicks,
                "no kinetic energy": steps.hmc_without_kinetic}.get(name, hmc.step)  # fmt: skip
        go = partial(move, target=target, step_size=0.25, n_leapfrog=4, rng=rng)
        return langevin.init(x, target), go
    make = steps.gaussian_variance if "variance" in name else gibbs.gaussian
    move = steps.gibbs_old if "at once" in name else gibbs.step
    go = partial(move, conditionals=conditionals(make), rng=rng)
    return gibbs.init(x, target.log_prob), go


def run(kind: str, bug: bugs.Bug | None, n_steps: int, *, rng: np.random.Generator) -> np.ndarray:
    """Draws (n_steps, CHAINS, 2) of N(MEAN, COV), or of what the bug makes of it."""
    target = closed.gaussian(MEAN, COV)
    assert target.sample is not None
    x = target.sample(CHAINS, rng)
    state, go = begin(kind, bug, target, lambda make: make(MEAN, COV), x, rng=rng)
    return chain.run(go, state, n_steps).x[1:]


def calibrate(kind: str, bug: bugs.Bug | None, *, rng: np.random.Generator) -> np.ndarray:
    """Ranks (DATA_SETS,) of the true 2 theta_1 - theta_2 among KEPT thinned draws."""
    s = calibration.simulate(DATA_SETS, rng=rng)
    target = calibration.posterior(s)
    assert target.sample is not None
    x, zero = target.sample(DATA_SETS, rng), np.zeros(2)
    state, go = begin(
        kind, bug, target, lambda make: calibration.conditionals(s, make(zero, s.cov)), x, rng=rng
    )
    x = chain.run(go, state, KEPT * THIN).x[THIN::THIN]  # (KEPT, DATA_SETS, 2)
    return calibration.ranks(s.theta @ RANKED, x @ RANKED)
