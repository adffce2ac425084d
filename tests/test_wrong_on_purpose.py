"""Every wrong sampler fails a law that every right one passes; the lines shown are the lines."""

import inspect
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare, multivariate_normal

from dgmlib.experiments import spot_the_bug as spot
from dgmlib.experiments import suspects
from dgmlib.samplers import calibration, gibbs, hastings, hmc, langevin, metropolis
from dgmlib.wrong_on_purpose import bugs, steps

BY_NAME = {bug.name: bug for bug in bugs.BUGS}
RIGHT = {"random walk": metropolis.step, "drift": hastings.step, "MALA": langevin.mala, "HMC": hmc,
         "Gibbs": gibbs}  # fmt: skip
WRONG = dict(zip(BY_NAME, [
    steps.metropolis_root, steps.metropolis_stale, steps.metropolis_dropped,
    steps.hastings_one_way, steps.mala_one_way, steps.hmc_full_kicks, steps.hmc_without_kinetic,
    steps.gibbs_old, steps.gaussian_variance,
], strict=True))  # fmt: skip
# 1,280 data sets hardly see the small widening that dropped refusals make in this quantity.
SEEN = [name for name in BY_NAME if name != "refusals are dropped"]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def scores(kind: str, bug: bugs.Bug | None) -> np.ndarray:
    """z of the five averages over 64 independent chains that start at the target."""
    each = spot.quantities(suspects.run(kind, bug, 400, rng=rng(5))).mean(0)  # (64, 5)
    return (each.mean(0) - spot.EXACT) / (each.std(0, ddof=1) / 8)


@pytest.mark.parametrize("kind", suspects.KINDS)
def test_every_right_sampler_passes(kind: str) -> None:
    """Mutant: any bug wired in where none was asked for. |t| with 63 degrees > 5: 5e-6."""
    assert (np.abs(scores(kind, None)) < 5).all()
    assert calibration.chi_squared(suspects.calibrate(kind, None, rng=rng(6)), spot.KEPT)[2] > 1e-3


@pytest.mark.parametrize("name", list(BY_NAME))
def test_every_bug_is_caught(name: str) -> None:
    """Mutant: a wrong sampler that is right after all (its wrong line replaced by the right)."""
    bug = BY_NAME[name]
    assert np.abs(scores(bug.kind, bug)).max() > 8


@pytest.mark.parametrize("name", SEEN)
def test_calibration_sees_it_too(name: str) -> None:
    """Without any known answer. Mutants: ranks among the draws of another data set; <= for <
    would not matter; draws that are not thinned are correlated and fail for the right ones."""
    bug = BY_NAME[name]
    ranks = suspects.calibrate(bug.kind, bug, rng=rng(7))
    assert calibration.chi_squared(ranks, spot.KEPT)[2] < 1e-3


def test_one_bug_leaves_every_single_coordinate_right() -> None:
    """What the page says of Gibbs with all coordinates at once: only the covariance is off."""
    z = np.abs(scores("Gibbs", BY_NAME["all coordinates at once"]))
    assert (z[:4] < 5).all()
    assert z[4] > 30


def test_what_is_said_of_the_effects_is_so() -> None:
    """Mutants: "too wide" of one that is too narrow; twice the variance where it is not."""
    for name, bug in BY_NAME.items():
        x = suspects.run(bug.kind, bug, 400, rng=rng(8))
        variance = x[..., 0].var()
        if "too wide" in bug.effect:
            assert variance > 0.55, name
        if "too narrow" in bug.effect:
            assert variance < 0.45, name
    x = suspects.run("random walk", BY_NAME["the root of the ratio"], 400, rng=rng(9))
    each = spot.quantities(x)[..., 2].mean(0)
    assert abs(each.mean() - 2 * spot.EXACT[2]) < 5 * each.std(ddof=1) / 8


def plain(source: str) -> str:
    """Without spaces and trailing commas: how a line is broken says nothing."""
    return "".join(source.split()).replace(",)", ")")


@pytest.mark.parametrize("name", list(BY_NAME))
def test_lines_are_real(name: str) -> None:
    """Mutants: a "wrong line" that the wrong sampler does not have, or goes on after it is cut
    off; a right line from memory."""
    bug, wrong = BY_NAME[name], inspect.getsource(WRONG[name])
    _, found, after = plain(wrong).partition(plain(bug.wrong))
    assert found
    assert after[:1] not in "+-*/.("
    assert plain(bug.right) not in plain(wrong)
    right = inspect.getsource(RIGHT[bug.kind])
    assert plain(bug.right) in plain(right)
    assert plain(bug.wrong) not in plain(right).replace(plain(bug.right), "")


def test_every_bug_is_wired() -> None:
    """Mutants: a bug that begins the right sampler, or another bug's."""
    target = calibration.posterior(calibration.simulate(3, rng=rng()))
    for name, bug in BY_NAME.items():
        made = []

        def conditionals(make, made=made):
            made.append(make)
            return []

        _, go = suspects.begin(bug.kind, bug, target, conditionals, np.zeros((3, 2)), rng=rng())
        used = {go.func, *made}  # type: ignore[attr-defined]
        assert WRONG[name] in used
        _, go = suspects.begin(bug.kind, None, target, conditionals, np.zeros((3, 2)), rng=rng())
        assert go.func.__module__.startswith("dgmlib.samplers.")  # type: ignore[attr-defined]


def test_puzzles_hide_every_bug_and_every_letter() -> None:
    """Mutant: the wrong one is always the same letter."""
    cases = [suspects.case(i) for i in range(1, suspects.CASES + 1)]
    assert {c.wrong for c in cases} == set(range(5))
    assert len({c.bug.name for c in cases}) >= 7
    for c in cases:
        assert sorted(c.kinds) == sorted(suspects.KINDS)
        assert c.kinds[c.wrong] == c.bug.kind


def test_the_posterior_of_the_calibration_is_the_posterior() -> None:
    """By quadrature of prior times likelihood. Mutants: S for S^-1; the mean without V."""
    s = calibration.simulate(3, rng=rng(1))
    axis = np.linspace(-7, 7, 281)
    grid = np.stack(np.meshgrid(axis, axis), -1)
    prior = multivariate_normal.pdf(grid, np.zeros(2))
    noise: Any = calibration.NOISE
    cov_: Any = s.cov
    for c in range(3):
        p = prior * multivariate_normal.pdf(grid, s.y[c], noise)
        p /= p.sum()
        mean = np.tensordot(p, grid, 2)
        cov = np.einsum("ij,ijk,ijl->kl", p, grid - mean, grid - mean)
        np.testing.assert_allclose(mean, s.mean[c], atol=1e-8)  # smooth: the sum is exact
        np.testing.assert_allclose(cov, s.cov, atol=1e-8)
    t = calibration.posterior(s)
    exact = [multivariate_normal.logpdf(x, m, cov_) for m, x in zip(s.mean, s.theta, strict=True)]
    np.testing.assert_allclose(t.log_prob(s.theta) - t.log_z, exact, rtol=1e-12)
    h = 1e-6
    for e in np.eye(2):
        slope = (t.log_prob(s.theta + h * e) - t.log_prob(s.theta - h * e)) / (2 * h)
        np.testing.assert_allclose(t.need_grad()(s.theta) @ e, slope, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(suspects.COV, s.cov, atol=1e-12)


def test_ranks_of_exact_draws_are_uniform() -> None:
    """Mutants: the rank counts the truth itself; L + 2 bins; draws of the prior."""
    s, g = calibration.simulate(4000, rng=rng(2)), rng(3)
    root = np.linalg.cholesky(s.cov)
    draws = s.mean + g.standard_normal((7, 4000, 2)) @ root.T
    rank = calibration.ranks(s.theta[:, 0], draws[..., 0])
    counts, statistic, p = calibration.chi_squared(rank, 7)
    assert (rank.min(), rank.max()) == (0, 7)
    assert p > 1e-3
    theirs = chisquare(counts)
    assert statistic == pytest.approx(theirs.statistic)
    assert p == pytest.approx(theirs.pvalue)
    narrow = s.mean + 0.8 * g.standard_normal((7, 4000, 2)) @ root.T
    assert calibration.chi_squared(calibration.ranks(s.theta[:, 0], narrow[..., 0]), 7)[2] < 1e-9
    assert calibration.ranks(np.array([0.5]), np.array([[0.0], [1.0], [0.2]])).tolist() == [2]
    with pytest.raises(ValueError, match="too few"):
        calibration.chi_squared(rank[:20], 7)
    with pytest.raises(ValueError, match="ranks go from 0"):
        calibration.chi_squared(rank, 6)
