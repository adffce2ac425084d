"""Long runs against exact cell probabilities, for every sampler on every target.

The targets are images of independent standard normals, so sixteen cells of equal probability are
known exactly. Neighbouring draws of a chain are correlated, which breaks the ordinary chi-squared;
the shares of a cell in independent chains are not. With f_c the shares of chain c,

    T^2 = C (mean f - p)^T S^-1 (mean f - p),    S = covariance of the f_c

is Hotelling's chi-squared of the whole run with its autocorrelation accounted for, and
T^2 (C - r) / (r (C - 1)) ~ F(r, C - r) for r = 15 free cells.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, norm
from scipy.stats import f as fisher

from dgmlib.samplers import chain, gibbs, hastings, hmc, langevin, metropolis, tempering
from dgmlib.samplers.chain import accept
from dgmlib.targets import closed
from dgmlib.targets.target import Target

CHAINS, STEPS = 256, 400
COV = np.array([[2.0, 1.2], [1.2, 1.0]])
TARGETS = {
    "round": closed.gaussian((0.0,), ((1.0,),)),
    "tilted": closed.gaussian((1.0, -1.0), COV),
    "banana": closed.banana(1.0, 0.5),
    "funnel": closed.funnel(1.0),
}
SAMPLERS = ("metropolis", "hastings", "mala", "hmc", "gibbs", "tempering")


def normals(name: str, x: np.ndarray) -> np.ndarray:
    """The independent standard normals that x (..., d) is made of."""
    if name == "round":
        return x
    if name == "tilted":
        return (x - TARGETS[name].mean) @ np.linalg.inv(np.linalg.cholesky(COV)).T
    a, b = x[..., 0], x[..., 1]
    return np.stack([a, b - 0.5 * (a**2 - 1) if name == "banana" else b * np.exp(-a / 2)], -1)


def cells(name: str, x: np.ndarray) -> np.ndarray:
    """One of sixteen cells of probability 1/16 for every x (..., d)."""
    z = normals(name, x)
    side = 16 if z.shape[-1] == 1 else 4
    k = np.minimum((norm.cdf(z) * side).astype(int), side - 1)
    return k[..., 0] if side == 16 else 4 * k[..., 0] + k[..., 1]


def p_value(name: str, x: np.ndarray) -> float:
    """Of Hotelling's test on the draws (T, C, d)."""
    k = cells(name, x)
    share = np.stack([(k == j).mean(0) for j in range(16)], 1)[:, :15] - 1 / 16  # (C, 15)
    C, r = share.shape
    mean = share.mean(0)
    t2 = C * mean @ np.linalg.solve(np.cov(share.T), mean)
    return float(fisher.sf(t2 * (C - r) / (r * (C - 1)), r, C - r))


def start(t: Target, rng: np.random.Generator) -> np.ndarray:
    assert t.sample is not None
    return t.sample(CHAINS, rng)


def kernel(
    name: str, t: Target, x: np.ndarray, rng: np.random.Generator
) -> tuple[Any, Callable[[Any], Any]]:
    """A sampler that moves about: its state at x (C, d) and its step."""
    f = t.log_prob
    reach = [(m - 8 * v**0.5, m + 8 * v**0.5) for m, v in zip(t.mean, np.diag(t.cov), strict=True)]
    betas = np.array([1.0, 0.5, 0.2])
    drift = hastings.drift(np.full(t.dim, 0.4), 1.0)
    state, step = {
        "metropolis": lambda: (
            metropolis.init(x, f), partial(metropolis.step, log_prob=f, scale=1.5)),
        "hastings": lambda: (
            hastings.init(x, f), partial(hastings.step, log_prob=f, proposal=drift)),
        "mala": lambda: (langevin.init(x, t), partial(langevin.mala, target=t, step_size=0.25)),
        "hmc": lambda: (
            hmc.init(x, t), partial(hmc.step, target=t, step_size=0.5, n_leapfrog=5)),
        "gibbs": lambda: (
            gibbs.init(x, f),
            partial(gibbs.step, conditionals=gibbs.numerical(f, reach, n=256))),
        "tempering": lambda: (
            tempering.init(x, f, betas=betas),
            partial(tempering.step, log_prob=f, betas=betas, scale=1.5)),
    }[name]()  # fmt: skip
    return state, partial(step, rng=rng)


def run(name: str, t: Target, rng: np.random.Generator) -> np.ndarray:
    """Draws (T, C, d) from exact draws."""
    state, step = kernel(name, t, start(t, rng), rng)
    steps = STEPS // 5 if name == "gibbs" else STEPS  # each of its steps moves far, and costs
    return chain.run(step, state, steps).x[1:]


@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_long_run_fills_every_cell_as_it_should(name: str, target: str) -> None:
    """Mutants: the Hastings ratio or a proposal density left out, sqrt of the acceptance, a stale
    log-density, refused proposals dropped, a half step of leapfrog left out. 24 cases are seen:
    a right sampler fails one of them with probability 0.0024, and the seeds are fixed."""
    t = TARGETS[target]
    assert p_value(target, run(name, t, np.random.default_rng(8))) > 1e-4


@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("name", ["metropolis", "hastings", "mala", "hmc"])
def test_as_much_flows_from_cell_to_cell_as_back(name: str, target: str) -> None:
    """Detailed balance on the target cut into cells, pair by pair.

    Bowker's test: with N_ij moves from cell i to j in one step from exact draws, the sum of
    (N_ij - N_ji)^2 / (N_ij + N_ji) over pairs is chi-squared. (Gibbs in a fixed order and tempering
    keep the target without detailed balance.)

    Mutants: the Hastings ratio or MALA's densities left out, sqrt of the acceptance, no half kick.
    """
    t, rng = TARGETS[target], np.random.default_rng(10)
    assert t.sample is not None
    x = t.sample(200_000, rng)
    state, step = kernel(name, t, x, rng)
    moves = np.bincount(16 * cells(target, x) + cells(target, step(state)[0].x), minlength=256)
    n = moves.reshape(16, 16)
    there, back = n[np.triu_indices(16, 1)], n.T[np.triu_indices(16, 1)]
    seen = there + back >= 10  # a pair that hardly ever happens has no chi-squared
    statistic = ((there - back)[seen] ** 2 / (there + back)[seen]).sum()
    assert seen.sum() > 20
    assert chi2.sf(statistic, seen.sum()) > 1e-4


def test_the_test_sees_a_wrong_sampler() -> None:
    """It must not pass because it looks at nothing: a blunted acceptance fails."""
    t, rng = TARGETS["banana"], np.random.default_rng(9)
    exact = np.stack([start(t, rng) for _ in range(60)])
    assert p_value("banana", exact) > 1e-4
    x = start(t, rng)
    draws = []
    for _ in range(STEPS):
        to = x + 1.5 * rng.standard_normal(x.shape)
        _, yes = accept(0.8 * (t.log_prob(to) - t.log_prob(x)), rng=rng)
        x = np.where(yes[:, None], to, x)
        draws.append(x)
    assert p_value("banana", np.stack(draws)) < 1e-9
