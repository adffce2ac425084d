"""What the page of Langevin dynamics computes: shares step by step, settled laws, two forces."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import linear_sum_assignment
from scipy.stats import norm, wasserstein_distance

from dgmlib.data.points import encode
from dgmlib.diffusion import plane_choice, sets
from dgmlib.mixtures import gmm
from dgmlib.scores import (
    annealed,
    carry,
    energy,
    exact,
    forces,
    law,
    proportions,
    proportions_law,
    settle,
    settle_law,
    weights,
)
from dgmlib.scores.proportions import Proportions

SCHEDULE: dict[str, Any] = dict(first=6.0, last=0.5, levels=6, steps=4, rate=0.5, seed=0)


def made(weight: float = 0.2, distance: float = 4.0, **changes: Any) -> Proportions:
    return proportions.proportions(weight, distance, **(SCHEDULE | changes))


# ---------------------------------------------------------------- shares


def test_the_law_of_every_step() -> None:
    """v <- (1 - e_i / (1 + sigma_i^2))^2 v + 2 e_i by hand at all 12 steps of N(0, 1).

    Mutants: masses of the step before; the first step of a level with the size of the last level.
    """
    p, sigmas = exact.round_mixture([1.0], [0.0], [1.0]), annealed.geometric(4.0, 1.0, 3)
    sizes, v, seen = annealed.step_sizes(sigmas, 0.3), 5.0**2 / 3, 0
    score_at = partial(proportions_law.score_at, p)
    for i, (x, path) in enumerate(
        law.levels(score_at, sigmas, sizes, steps=4, reach=5, extent=8)
    ):  # fmt: skip
        for mass in path:
            v, seen = (1 - sizes[i] / (1 + sigmas[i] ** 2)) ** 2 * v + 2 * sizes[i], seen + 1
            assert mass @ x**2 == pytest.approx(v, rel=1e-4)  # of the start, in 800 cells
    assert seen == 12


def test_chains_follow_the_law() -> None:
    """Shares of 1600 chains (four seeds) within 4.5 standard errors at the end of every level, and
    the drawn densities hold these shares. Mutants: the share right of 0; the law of the step
    before; plain Langevin with the steps of the last level; levels from quiet to noisy."""
    runs = [made(seed=s) for s in range(4)]
    for which in ("plain", "annealed"):
        each = [getattr(r, which) for r in runs]
        share, right = np.mean([r.share for r in each], 0), each[0].exact
        error = np.sqrt(right * (1 - right) / (4 * proportions.N))
        assert (np.abs(share - right)[4::4] < 4.5 * error[4::4]).all()
        y, density = runs[0].y, each[0].law[1:]
        total = density.sum(1) * (y[1] - y[0])
        np.testing.assert_allclose(total[8:], 1.0, atol=0.01)  # the picture cuts the noisiest
        left = density[:, y < 0].sum(1) * (y[1] - y[0])
        np.testing.assert_allclose(left[8:], right[9:], atol=0.01)
        assert each[0].exact[0] == 0.5
    np.testing.assert_array_equal(runs[0].sigma[[0, 1, 4, 5, -1]], runs[0].sigmas[[0, 0, 0, 1, -1]])


@pytest.mark.parametrize(("distance", "rate"), [(2.0, 1.9), (4.0, 1.5), (6.0, 1.9), (6.0, 0.5)])
def test_the_grid_is_fine_enough(distance: float, rate: float) -> None:
    """Shares do not change on a grid of 40 cells in the noise of a step. Mutant: four cells at all
    steps, which miss the ridge between the modes by 0.06 with large ones."""
    r = made(distance=distance, rate=rate)
    p = weights.modes(0.2, distance)
    wide = proportions_law.swelling(rate)
    *_, (x, path) = law.levels(
        lambda sigma: proportions_law.score_at(p, sigma), np.zeros(1), np.array([rate]), steps=24,
        reach=distance + 4, extent=distance + 8 * wide, swell=wide, fine=40.0,
    )  # fmt: skip
    assert r.plain.exact[-1] == pytest.approx(weights.left(x, path[-1]), abs=3e-4)


def test_both_walk_on_the_same_noise() -> None:
    """Mutants: another start; another stream; plain Langevin on a smoothed density."""
    r = made()
    np.testing.assert_array_equal(r.plain.x[0], r.annealed.x[0])
    p = exact.round_mixture([0.2, 0.8], [-4.0, 4.0], [1.0, 1.0])
    noise = []
    for run, sigma, size in ((r.plain, 0.0, 0.5), (r.annealed, 6.0, 0.5 * 36)):
        x, to = run.x[0][:, None], run.x[1][:, None]
        noise.append((to - x - size * proportions_law.score_at(p, sigma)(x)) / (2 * size) ** 0.5)
    np.testing.assert_allclose(*noise, atol=1e-9)


def test_levels_are_judged_by_their_own_density() -> None:
    """What p_sigma has left of 0, by SciPy. Mutants: every level judged by p; the share after the
    first step of a level."""
    r = made(0.3, 2.0)
    s = np.sqrt(1 + r.sigmas**2)
    np.testing.assert_allclose(r.wanted, 0.3 * norm.cdf(2 / s) + 0.7 * norm.cdf(-2 / s))
    assert r.truth == pytest.approx(0.3 * norm.cdf(2) + 0.7 * norm.cdf(-2))
    np.testing.assert_array_equal(
        proportions.keeps(r), np.abs(r.annealed.exact[4::4] - r.wanted) <= proportions.GAP
    )
    assert proportions.repaired(made(steps=20))
    fast = made(levels=3)
    assert not proportions.repaired(fast)
    assert not proportions.keeps(fast)[-1]


def test_steps_from_two_variances_on_throw_chains_out() -> None:
    """Chains spread without bound where e_i > 2 (1 + sigma_i^2), and the law is not told.

    Mutants: 2 sigma_i^2; the law of a schedule that leaves its grid; a traceback.
    """
    wild, tame = made(rate=2.3, steps=40, levels=2), made(rate=1.9, steps=40, levels=2)
    np.testing.assert_allclose(wild.throw, 2.3 * wild.sigmas**2 / (1 + wild.sigmas**2))
    assert wild.throw[0] > 2 > tame.throw.max()
    assert np.abs(wild.annealed.x[40]).max() > 100 * np.abs(tame.annealed.x[40]).max()
    assert wild.annealed.law.shape == (0, len(wild.y))
    assert np.isnan(wild.annealed.exact).all()
    assert np.isnan(wild.plain.exact).all()
    np.testing.assert_array_equal(proportions.best_known(wild.annealed), wild.annealed.share)
    far = made(first=12.0, last=0.3, levels=2, rate=1.9)  # no grid is as wide and as fine
    assert np.isnan(far.annealed.exact).all()
    assert not np.isnan(far.plain.exact).any()


# ---------------------------------------------------------------- settled laws


@pytest.mark.parametrize("rate", [0.3, 1.0, 1.7])
def test_ula_settles_at_its_closed_form(rate: float) -> None:
    """Variance to rounding; TV and W_1 in closed form against quadrature, and against the law.

    Mutants: TV without its half; the deviations for the variances; W_1 of the squares.
    """
    v, tv, w1 = settle_law.gaussian(rate)
    c = (v * np.log(v) / (v - 1)) ** 0.5
    gap = quad(lambda x: abs(norm.pdf(x) - norm.pdf(x, 0, v**0.5)), -40, 40,
               points=[-c, 0, c], epsabs=1e-12)[0]  # fmt: skip
    assert tv == pytest.approx(gap / 2, rel=1e-8)
    moved = quad(lambda u: (v**0.5 - 1) * abs(norm.ppf(u)), 0, 1)[0]
    assert w1 == pytest.approx(moved, rel=1e-6)
    s = settle.settled("Gaussian", rate, seed=0)
    assert s.closed == (v, tv, w1)
    assert s.ula.var_settled == pytest.approx(v, rel=1e-9)
    assert s.ula.tv_settled == pytest.approx(tv, abs=1e-3)  # of cells
    assert s.ula.w1_settled == pytest.approx(w1, abs=1e-3)


def test_distances_of_masses() -> None:
    """Against SciPy. Mutant: W_1 without the cell."""
    rng = np.random.default_rng(0)
    x, (m, p) = np.linspace(0, 3, 40), rng.dirichlet(np.ones(40), 2)
    tv, w1 = settle_law.apart(m, p, float(x[1] - x[0]))
    assert w1 == pytest.approx(wasserstein_distance(x, x, m, p))
    assert tv == pytest.approx(np.maximum(m - p, 0).sum())


@pytest.mark.parametrize("target", list(settle_law.TARGETS))
def test_how_often_mala_accepts(target: str) -> None:
    """Against 40,000 draws of x and of its proposal, within 4.5 standard errors; and the chains.

    Mutants: what stays in its cell is refused; the ratio upside down; the whole run counted, with
    its way from the start.
    """
    s = settle.settled(target, 1.0, seed=0)
    rng = np.random.default_rng(1)
    x, _ = gmm.sample(s.p, 40_000, rng=rng)

    def to_from(to: np.ndarray, start: np.ndarray) -> np.ndarray:
        mean = start + s.size * exact.score(s.p, start)
        return norm.logpdf(to, mean, (2 * s.size) ** 0.5)[:, 0]

    y = x + s.size * exact.score(s.p, x) + (2 * s.size) ** 0.5 * rng.standard_normal(x.shape)
    ratio = gmm.log_prob(s.p, y) + to_from(x, y) - gmm.log_prob(s.p, x) - to_from(y, x)
    prob = np.exp(np.minimum(0.0, ratio))
    assert abs(prob.mean() - s.accepted) < 4.5 * prob.std() / 200
    assert abs(s.seen[0] - s.accepted) < 4.5 * s.seen[1]
    at = int(np.argmin(np.abs(settle_law.RATES - 1.0)))
    assert s.sweep.accepted[at] == pytest.approx(s.accepted, rel=1e-9)
    assert s.sweep.tv[at] == pytest.approx(s.ula.tv_settled, rel=1e-9)


def test_laws_of_the_frames() -> None:
    """The start by quadrature, MALA's end on the density, ULA's on its settled law, one step of
    ULA by quadrature. Mutants: laws of the step after; ULA and MALA exchanged."""
    s = settle.settled("two modes", 0.8, seed=0)

    def start(x: float) -> float:
        return float(norm.pdf(x, settle_law.START, settle_law.SPREAD))

    gap = quad(lambda x: abs(start(x) - np.exp(gmm.log_prob(s.p, np.array([[x]])))[0]), -6, 6,
               points=[-1.3, 1.3, 2.0, 3.0], limit=200)[0]  # fmt: skip
    assert s.ula.tv[0] == pytest.approx(gap / 2, abs=1e-3)
    assert s.mala.tv[0] == pytest.approx(gap / 2, abs=1e-3)
    assert s.mala.tv[-1] < 1e-3 < 0.05 < s.ula.tv[-1]
    assert s.ula.tv[-1] == pytest.approx(s.ula.tv_settled, abs=1e-4)
    np.testing.assert_allclose(s.mala.settled, s.density, atol=2e-3)
    y = 1.0
    once = quad(
        lambda x: (
            start(x)
            * norm.pdf(y, x + s.size * exact.score(s.p, np.array([[x]]))[0, 0], (2 * s.size) ** 0.5)
        ),
        0,
        6,
    )[0]
    assert np.interp(y, settle.Y, s.ula.law[1]) == pytest.approx(once, rel=1e-2)
    assert list(s.at[:4]) == [0, 1, 2, 3]
    assert s.at[-1] == settle_law.MOST


def test_a_wide_component_calls_chains_back() -> None:
    """Mutant: whether ULA settles is asked of the narrowest."""
    assert len(settle.settled("narrow and wide", 2.4, seed=0).ula.law)
    gone = settle.settled("Gaussian", 2.0, seed=0)
    assert gone.ula.law.shape == (0, len(settle.Y))
    assert np.isnan([gone.ula.tv_settled, *gone.closed]).all()
    with pytest.raises(ValueError, match="no density"):
        settle.settled("cauchy", 1.0, seed=0)


# ---------------------------------------------------------------- forces


@pytest.fixture(scope="module", params=list(forces.ENERGIES))
def four(request: pytest.FixtureRequest) -> forces.Forces:
    return forces.forces(request.param, 2, 5, step_size=0.1, seed=0)


def test_forces_move_the_energy(four: forces.Forces) -> None:
    """f after a step is f before plus lr (pull + push), for all four.

    Mutants: signs; the exact push for the one that is used; the energy after the step; the push
    without the features at x.
    """
    for r in four.learners.values():
        change = four.lr * (four.pull + r.push[:-1])
        np.testing.assert_allclose(np.diff(r.energy, axis=0), change, atol=1e-9)
    right = four.learners["exact"]
    np.testing.assert_array_equal(right.push, right.right_push)
    assert np.abs(right.push - four.learners["cd"].right_push)[1:].max() > 0.01


def test_densities_are_those_of_the_energies(four: forces.Forces) -> None:
    """exp(-f) / Z with Z anew by a sum; log-likelihood of the data by interpolation.

    Mutants: Z of the step before; likelihoods exchanged; the truth's in place of the best.
    """
    what, _, _ = forces.made(four.name)
    seen, f = energy.table(what), 17
    for r in four.learners.values():
        log_z = energy.log_z(seen, r.theta[f]).value
        np.testing.assert_allclose(r.density[f], np.exp(-r.energy[f] - log_z), rtol=1e-9)
        told = np.log(np.interp(four.data, four.x, r.density[f])).mean()
        assert r.log_likelihood[f] == pytest.approx(told, abs=0.01)
    truth = 0.3 * norm.pdf(four.data, -1.5, 0.5) + 0.7 * norm.pdf(four.data, 1.5, 0.5)
    assert four.best == pytest.approx(np.log(truth).mean(), rel=1e-9)
    np.testing.assert_allclose(four.mean, what.phi(four.data[:, None]).mean(0))


def test_means_are_over_the_chains_that_are_drawn(four: forces.Forces) -> None:
    """Mutants: chains of the step before; standard errors without their root."""
    what, _, _ = forces.made(four.name)
    for how in ("cd", "persistent", "long"):
        r = four.learners[how]
        phi = what.phi(r.chains[9][:, None])
        np.testing.assert_allclose(r.used[9], phi.mean(0))
        np.testing.assert_allclose(r.error[9], phi.std(0, ddof=1) / forces.CHAINS**0.5)
        assert r.k == (5 if how == "long" else 2)
    assert four.learners["exact"].chains.size == 0


def test_an_unknown_energy_is_refused() -> None:
    with pytest.raises(ValueError, match="no energy"):
        forces.made("spline")


# ---------------------------------------------------------------- in the plane


@pytest.mark.parametrize("name", ["two unequal", "two moons"])
def test_a_denoiser_is_a_score(name: str) -> None:
    """The score of the smoothed mixture, by :mod:`dgmlib.scores.exact`. Mutants: x not shrunk; a
    of another noise; divided by sigma^2; the sign."""
    s = plane_choice.chosen(name)
    x = np.random.default_rng(0).standard_normal((30, 2))
    for sigma in (0.03, 0.5, 3.0):
        right = exact.score(exact.smoothed(sets.mixture(s), sigma), x)
        np.testing.assert_allclose(carry.score(sets.eps(s), sigma)(x), right, rtol=1e-7, atol=1e-9)


@pytest.fixture(scope="module")
def carried() -> carry.Carried:
    return carry.carried("two unequal", "", "exact", levels=6, steps=16, rate=0.5, seed=0)


def test_distances_are_of_the_chains(carried: carry.Carried) -> None:
    """W_2 by SciPy's assignment. Mutants: of the frame before; of the other way; W_1."""
    c, m = carried, 5
    f = int(c.measured[m])
    for way in c.ways.values():
        cost = ((way.x[f][:, None] - c.cloud) ** 2).sum(-1)
        rows, columns = linear_sum_assignment(cost)
        assert way.w2[m] == pytest.approx(cost[rows, columns].mean() ** 0.5, rel=1e-6)
    assert list(c.measured[[0, -1]]) == [0, len(c.at) - 1]
    assert list(c.at[[0, -1]]) == [0, 96]
    assert list(carry.frames(200)[0][[0, -1]]) == [0, 200]
    assert len(carry.frames(200)[0]) == carry.FRAMES


def test_chains_in_the_plane_follow_the_score(carried: carry.Carried) -> None:
    """The first step of both, with one noise; arrows are sigma times the score of their frame.

    Mutants: plain steps at the first noise; arrows of the level after; another start.
    """
    data = carried.data
    assert data is not None
    eps, sigmas = sets.eps(data), carried.sigmas
    np.testing.assert_allclose(sigmas[[0, -1]], [3.0, data.std / 2])
    assert carried.at[1] == 1
    noise, starts = [], []
    for which, sigma, size in (
        ("plain", sigmas[-1], 0.5 * data.std**2),
        ("annealed", sigmas[0], 0.5 * 3.0**2),
    ):
        x, to = carried.ways[which].x[:2]
        score = carry.score(eps, float(sigma))(x)
        noise.append((to - x - size * score) / (2 * size) ** 0.5)
        starts.append(x)
    np.testing.assert_allclose(*noise, atol=1e-6)
    np.testing.assert_array_equal(*starts)
    f = 60
    level = int((carried.at[f] - 1) // 16)
    assert carried.sigma[f] == sigmas[level]
    right = sigmas[level] * carry.score(eps, float(sigmas[level]))(carry.places())
    np.testing.assert_allclose(carried.arrows[f], right)


def test_annealing_repairs_the_plane_too(carried: carry.Carried) -> None:
    """Shares of the nearest centre, four seeds together. Mutants: ways exchanged; shares of the
    start."""
    data = carried.data
    assert data is not None
    runs = [
        carry.carried("two unequal", "", "exact", levels=12, steps=30, rate=0.5, seed=s).ways
        for s in range(4)
    ]
    plain, noisy = (
        carry.shares(data, np.concatenate([r[k].x[-1] for r in runs]))[0]
        for k in ("plain", "annealed")
    )
    error = (0.2 * 0.8 / (4 * carry.N)) ** 0.5
    assert plain > 0.2 + 8 * error
    assert abs(noisy - 0.2) < 3 * error
    assert carry.shares(data, data.centre[[1, 1, 1, 0]]).tolist() == [0.25, 0.75]


def test_few_points_wait_and_wild_chains_are_told() -> None:
    """Mutants: a traceback for three points; numbers that are none are measured."""
    few = carry.carried("ring", encode(np.eye(3)[:, :2]), "exact", levels=2, steps=2, rate=0.5,
                        seed=0)  # fmt: skip
    assert few.data is None
    assert len(few.raw) == 3
    with pytest.raises(ValueError, match="lower the step size"):
        carry.walk(lambda x, a: -1e200 * x, np.ones(1), np.ones(1), 4, seed=0)
    with pytest.raises(ValueError, match="no network was trained on your points"):
        carry.carried("ring", encode(np.random.default_rng(0).random((9, 2))), "trained", levels=2,
                      steps=2, rate=0.5, seed=0)  # fmt: skip
