r"""Three ways to look at five samplers of which one is wrong.

mixing       R-hat and effective draws of four chains: do they agree with each other?
known        averages over 64 independent chains beside the exact answers, as z-scores
calibration  ranks of the truth among posterior draws, over many simulated data sets

The averages are of   x_1,  x_2,  (x_1 - mu_1)^2,  (x_2 - mu_2)^2,  (x_1 - mu_1)(x_2 - mu_2):  the
scatter of the chains' own averages is an honest standard error, and z = (average - exact) / error
follows a t distribution with 63 degrees if the sampler is right.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import binom, norm

from dgmlib.experiments import suspects
from dgmlib.experiments.suspects import CASES, COV, DATA_SETS, KEPT, MEAN, Case
from dgmlib.samplers import calibration
from dgmlib.samplers import diagnostics as dg

__all__ = ["CASES", "TOOLS", "riddle"]
TOOLS = ("R-hat and ESS", "known answers", "calibration")
QUANTITIES = ("mean of x₁", "mean of x₂", "variance of x₁", "variance of x₂", "covariance")
STEPS = 400
LENGTHS = np.unique(np.geomspace(40, STEPS, 12).round().astype(int))
FEW = 4  # chains whose mixing is judged
EDGES = np.linspace(MEAN[0] - 3.2, MEAN[0] + 3.2, 33)  # of the histogram of x_1
EXACT = np.array([*MEAN, COV[0, 0], COV[1, 1], COV[0, 1]])


class Mixing(NamedTuple):
    case: Case
    lengths: np.ndarray  # (F,)
    y: np.ndarray  # (5, STEPS): x_1 of one chain
    rhat: np.ndarray  # (F, 5): the worse of the two coordinates, rank-normalised
    ess: np.ndarray  # (F, 5): bulk, of all four chains; the worse of the two coordinates


class Known(NamedTuple):
    case: Case
    lengths: np.ndarray  # (F,)
    estimate: np.ndarray  # (F, 5, Q)
    error: np.ndarray  # (F, 5, Q)
    z: np.ndarray  # (F, 5, Q)
    histogram: np.ndarray  # (F, 5, B): density of x_1
    density: np.ndarray  # (B,): the exact share of each bin over its width
    rhat: np.ndarray  # (5,): of four of the chains, whole


class Calibrated(NamedTuple):
    case: Case
    data_sets: np.ndarray  # (F,): how many so far
    counts: np.ndarray  # (F, 5, KEPT + 1): of the ranks of 2 theta_1 - theta_2
    band: np.ndarray  # (F, 2): of one count, 95 %: exact, binomial
    chi_squared: np.ndarray  # (F, 5)
    p_value: np.ndarray  # (F, 5)


class Riddle(NamedTuple):
    """What one tool shows, and what the reader says."""

    shown: Mixing | Known | Calibrated
    guess: str  # a letter, or "" for none yet
    reveal: bool


def riddle(
    number: int, *, tool: str, guess: str = "", reveal: bool = False, rng: np.random.Generator
) -> Riddle:
    """Puzzle ``number`` seen with one of TOOLS."""
    if tool not in TOOLS:
        raise ValueError(f"no tool is called {tool!r}; choose one of {', '.join(TOOLS)}")
    case = suspects.case(number)
    if tool == "calibration":
        return Riddle(_calibrated(case, rng), guess, reveal)
    x = np.stack([suspects.run(kind, bug, STEPS, rng=rng) for kind, bug in who(case)])
    shown = _mixing(case, x) if tool == TOOLS[0] else known(case, x)
    return Riddle(shown, guess, reveal)


def who(case: Case) -> list[tuple]:
    """The kind of A to E, each with its bug or None."""
    return [(kind, case.bug if i == case.wrong else None) for i, kind in enumerate(case.kinds)]


def quantities(x: np.ndarray) -> np.ndarray:
    """What is averaged: x (..., 2) to (..., Q)."""
    u, v = x[..., 0] - MEAN[0], x[..., 1] - MEAN[1]
    return np.stack([x[..., 0], x[..., 1], u * u, v * v, u * v], -1)


def known(case: Case, x: np.ndarray) -> Known:
    """x (5, STEPS, C, 2): draws of A to E."""
    C = x.shape[2]
    sums = np.add.reduceat(quantities(x), np.array([0, *LENGTHS[:-1]]), axis=1).cumsum(1)
    each = sums / LENGTHS[:, None, None]  # (5, F, C, Q): the averages of every chain so far
    estimate = each.mean(2).swapaxes(0, 1)
    error = (each.std(2, ddof=1) / np.sqrt(C)).swapaxes(0, 1)
    bin_ = np.clip(np.searchsorted(EDGES, x[..., 0]) - 1, -1, len(EDGES) - 1)
    inside = (bin_ >= 0) & (bin_ < len(EDGES) - 1)
    frame = np.searchsorted(LENGTHS, np.arange(1, STEPS + 1))  # in which a draw first counts
    F, B = len(LENGTHS), len(EDGES) - 1
    code = (frame[:, None] * 5 + np.arange(5)[:, None, None]) * B + bin_  # (5, STEPS, C)
    counts = np.bincount(code[inside], minlength=F * 5 * B).reshape(F, 5, B).cumsum(0)
    width = EDGES[1] - EDGES[0]
    histogram = counts / (LENGTHS[:, None, None] * C * width)
    density = np.diff(norm.cdf(EDGES, MEAN[0], np.sqrt(COV[0, 0]))) / width
    rhat = np.array([dg.rhat(one[:, :FEW]).max() for one in x])
    return Known(case, LENGTHS, estimate, error, (estimate - EXACT) / error, histogram, density,
                 rhat)  # fmt: skip


def _mixing(case: Case, x: np.ndarray) -> Mixing:
    few = x[:, :, :FEW].transpose(1, 2, 0, 3).reshape(STEPS, FEW, -1)  # (STEPS, FEW, 5 * 2)
    rhat = np.stack([dg.rhat(few[:n]).reshape(5, 2).max(1) for n in LENGTHS])
    ess = np.stack([dg.ess_bulk(few[:n]).reshape(5, 2).min(1) for n in LENGTHS])
    return Mixing(case, LENGTHS, x[:, :, 0, 0], rhat, ess)


def _calibrated(case: Case, rng: np.random.Generator) -> Calibrated:
    at = np.linspace(0, DATA_SETS, 9).astype(int)[1:]
    ranks = [suspects.calibrate(kind, bug, rng=rng) for kind, bug in who(case)]
    found = [[calibration.chi_squared(r[:n], KEPT) for r in ranks] for n in at]
    counts = np.array([[f[0] for f in row] for row in found])
    statistic, p = (np.array([[f[i] for f in row] for row in found]) for i in (1, 2))
    band = np.stack([binom.ppf([0.025, 0.975], n, 1 / (KEPT + 1)) for n in at])
    return Calibrated(case, at, counts, band, statistic, p)
