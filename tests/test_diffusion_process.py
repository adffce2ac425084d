"""Schedules, the noise in steps and in a leap, and what follows when x_0 is known."""

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, multivariate_normal

from dgmlib.diffusion import health, process, schedule
from dgmlib.divergences import adaptive
from dgmlib.divergences.gaussian_nd import gaussian as gaussian_nd
from dgmlib.divergences.gaussian_nd import kl as kl_nd
from dgmlib.divergences.mixture1d import gaussian, mixture
from dgmlib.mixtures import gmm

RNG = np.random.default_rng
# Ho et al. (2020) and Nichol & Dhariwal (2021), recomputed with 30 digits
LINEAR_1000 = {1000: 4.035830e-05, 250: 0.524085, 500: 0.0785872, 750: 0.00335055}
TRAP = 0.132183  # the betas of T = 1000 used with T = 200


def test_the_published_schedules() -> None:
    """Mutants: alpha_bar without the first beta; an index off by one; the betas squared; the
    cosine not divided by its value at 0; no beta cut at 0.999.
    """
    a = schedule.linear(1000).alpha_bar
    for t, value in LINEAR_1000.items():
        assert a[t] == pytest.approx(value, rel=2e-6, abs=0)
    assert schedule.linear(200).alpha_bar[-1] == pytest.approx(TRAP, rel=4e-6, abs=0)
    cosine = schedule.cosine(1000)
    assert cosine.alpha_bar[500] == pytest.approx(0.493844, rel=2e-6, abs=0)
    assert cosine.alpha_bar[-1] == pytest.approx(2.4288e-09, rel=2e-5, abs=0)
    assert cosine.beta.max() == 0.999


@pytest.mark.parametrize("make", [schedule.linear, schedule.cosine, schedule.sigmoid])
@pytest.mark.parametrize("T", [1, 7, 300])
def test_a_schedule_is_its_products(make, T: int) -> None:
    """Mutants: beta_0 not 0; alpha_bar_0 not 1; of_alpha_bar with t and t - 1 exchanged."""
    plan = make(T) if make is not schedule.linear else make(T, first=0.01, last=0.2)
    assert len(plan.beta) == len(plan.alpha_bar) == T + 1
    assert plan.beta[0] == 0
    assert plan.alpha_bar[0] == 1
    np.testing.assert_allclose(plan.alpha_bar, np.cumprod(1 - plan.beta), rtol=1e-9, atol=1e-15)
    again = schedule.of_alpha_bar(plan.alpha_bar)
    np.testing.assert_allclose(again.beta, plan.beta, rtol=1e-9, atol=1e-15)


def test_the_sigmoid_is_steepest_in_the_middle() -> None:
    """A closed form at the middle, where the sigmoid is 1/2. Mutants: not stretched; not turned."""
    a = schedule.sigmoid(10).alpha_bar
    assert a[5] == pytest.approx(0.5, rel=1e-12)
    assert np.argmin(np.diff(a)) in (4, 5)
    low, high = (1 / (1 + np.exp(x)) for x in (3.0, -3.0))
    expected = (1 / (1 + np.exp(-3 + 6 * 0.3)) - low) / (high - low)
    assert a[3] == pytest.approx(expected, rel=1e-12)


def test_what_is_derived() -> None:
    """Mutants: SNR turned over; the posterior's variance with 1 - abar_t above, or with beta."""
    d = schedule.derive(schedule.custom([0.1, 0.5]))
    np.testing.assert_allclose(d.alpha, [1, 0.9, 0.5])
    np.testing.assert_allclose(d.signal**2, [1, 0.9, 0.45])
    np.testing.assert_allclose(d.noise**2, [0, 0.1, 0.55])
    np.testing.assert_allclose(d.snr, [np.inf, 9, 0.45 / 0.55])
    np.testing.assert_allclose(d.log_snr[1:], np.log([9, 0.45 / 0.55]))
    np.testing.assert_allclose(d.posterior_var, [0, 0, 0.5 * 0.1 / 0.55])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: schedule.linear(0), "between 1 and"),
        (lambda: schedule.linear(10, last=1.0), "below 1"),
        (lambda: schedule.custom([0.1, 0.0]), "above 0"),
        (lambda: schedule.custom([[0.1], [0.2]]), "every beta"),
        (lambda: schedule.of_alpha_bar([0.9, 0.5]), "begin with 1"),
        (lambda: schedule.of_alpha_bar([1, 0.5, 0.5]), "fall at every step"),
        (lambda: schedule.of_alpha_bar([1, 0.5, 0.0]), "stay above 0"),
        (lambda: schedule.sigmoid(5, tau=0), "tau > 0"),
        (lambda: schedule.thin(10, 11), "T = 10"),
        (lambda: health.check(schedule.linear(5), [0.0], [1.0]), "cov"),
        (lambda: process.parts(cast(Any, "noise"), 0.0, 0.0, 0.5), "eps, x0, v"),
        (lambda: process.target(cast(Any, "noise"), 0.0, 0.0, 0.5), "eps, x0, v"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@given(st.integers(1, 400), st.integers(1, 400))
def test_a_thinned_walk_ends_where_it_should(T: int, steps: int) -> None:
    """Mutants: without 0; without T; a time twice."""
    if steps > T:
        T, steps = steps, T
    times = schedule.thin(T, steps)
    assert times[0] == 0
    assert times[-1] == T
    assert len(times) == steps + 1
    assert (np.diff(times) > 0).all()
    assert np.diff(times).max() - np.diff(times).min() <= 1


def test_steps_and_leap_have_one_law() -> None:
    """Moments of 40,000 walks of ten steps, and a chi-squared over the cells of a leap.

    Mutants: sqrt(alpha_bar) in a step in place of sqrt(alpha), the notes' slip; sqrt(1 - beta^2);
    beta in place of its root; a leap with 1 - alpha_bar not under the root.
    """
    plan, n = schedule.linear(10, first=0.02, last=0.3), 40_000
    rng, x0 = RNG(0), 1.7
    x = np.full(n, x0)
    for t in range(1, 11):
        x = process.step(x, 1 - plan.beta[t], rng.standard_normal(n))
    a = plan.alpha_bar[10]
    far = (x - a**0.5 * x0) / (1 - a) ** 0.5  # standard normal by the formula of the leap
    assert abs(far.mean()) < 4 / n**0.5
    assert abs(far.var() - 1) < 4 * (2 / n) ** 0.5
    leapt = process.leap(x0, a, RNG(1).standard_normal(n))
    edges = np.quantile(leapt, np.linspace(0, 1, 21)[1:-1])
    one, two = (np.bincount(np.searchsorted(edges, y), minlength=20) for y in (x, leapt))
    assert chi2.sf(((one - two) ** 2 / (one + two)).sum(), 19) > 1e-4


@settings(max_examples=30)
@given(st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.floats(-3, 3), st.floats(-3, 3))
def test_the_posterior_is_bayes(a: float, b: float, x: float, x0: float) -> None:
    """q(x_s | x_t, x_0) on three points against the joint of two leaps, as a ratio of densities.

    Mutants: the notes' slip, N(x_t; sqrt(abar_t) x_s, 1 - abar_t), in Bayes' rule; the two shares
    of the mean exchanged; the variance of the forward step.
    """
    low, high = sorted((a, b))
    if high - low < 1e-3:
        return
    ratio = low / high
    found = process.posterior(np.array(x), np.array(x0), low, high)
    s = found.mean + np.array([-1.0, 0.0, 1.0]) * found.var**0.5

    def log_normal(y, mean, var):
        return -0.5 * ((y - mean) ** 2 / var + np.log(2 * np.pi * var))

    joint = log_normal(s, high**0.5 * x0, 1 - high) + log_normal(x, ratio**0.5 * s, 1 - ratio)
    mine = log_normal(s, found.mean, found.var)
    np.testing.assert_allclose(np.diff(joint), np.diff(mine), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", process.KINDS)
def test_a_network_may_name_any_of_them(kind: process.Kind) -> None:
    """Mutants: v with its sign turned; signal and noise exchanged; eps divided by the signal."""
    rng = RNG(0)
    x0, eps, a = rng.standard_normal((5, 3)), rng.standard_normal((5, 3)), np.full((5, 1), 0.3)
    x = process.leap(x0, a, eps)
    found = process.parts(kind, process.target(kind, x0, eps, a), x, a)
    np.testing.assert_allclose(found.x0, x0, atol=1e-12)
    np.testing.assert_allclose(found.eps, eps, atol=1e-12)


def test_v_is_the_speed_along_the_angle() -> None:
    """d/dw of cos(w) x_0 + sin(w) e by differences, with alpha_bar = cos^2 w. Mutant: - v."""
    w, h, x0, eps = 0.7, 1e-5, 1.3, -0.4
    up, down = (process.leap(x0, np.cos(w + s * h) ** 2, eps) for s in (1, -1))
    assert process.target("v", x0, eps, np.cos(w) ** 2) == pytest.approx((up - down) / (2 * h))


def test_the_score_is_the_slope_of_the_log_density() -> None:
    """Of N(0, 1) data: x_t ~ N(0, 1), E[e | x] = sqrt(1 - abar) x. Mutants: the sign; no root."""
    assert process.score(0.6**0.5 * 1.5, 0.4) == pytest.approx(-1.5)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.02, 0.5), st.floats(-3, 3), st.floats(0.05, 3))
def test_health_holds_the_exact_distance(last: float, mean: float, std: float) -> None:
    """Tight from below for a Gaussian, against closed form; from both sides for two Gaussians,
    against quadrature. Mutants: the prior term without E|x_0|^2, or with alpha_bar^2; log1p's
    sign; the covariance not shrunk.
    """
    plan = schedule.linear(6, first=0.01, last=last)
    a = plan.alpha_bar[-1]
    seen = health.check(plan, [mean], [[std**2]])
    exact = kl_nd(gaussian_nd([a**0.5 * mean], [[a * std**2 + 1 - a]]), gaussian_nd([0.0], [[1.0]]))
    assert seen.least == pytest.approx(exact, rel=1e-9, abs=1e-12)
    assert seen.most >= seen.least
    p = mixture([0.3, 0.7], [mean, mean + 2], [std, 0.5])
    q = mixture(p.weight, a**0.5 * p.mean, (a * p.std**2 + 1 - a) ** 0.5)
    centre = p.weight @ p.mean
    var = p.weight @ (p.std**2 + p.mean**2) - centre**2
    two, truth = health.check(plan, [centre], [[var]]), adaptive.kl(q, gaussian(0, 1)).value
    assert two.least <= truth + 1e-9
    assert truth <= two.most + 1e-9


def test_health_in_the_plane_and_its_verdicts() -> None:
    """Against the Gaussian KL in two dimensions; the trap of 200 steps is red, 1000 steps are not.

    Mutants: the trace taken for the dimension; ``well`` by the lower bound.
    """
    mean, cov = np.array([1.0, -2.0]), np.array([[2.0, 0.5], [0.5, 0.3]])
    plan = schedule.linear(200)
    a = plan.alpha_bar[-1]
    seen = health.check(plan, mean, cov)
    q = gaussian_nd(a**0.5 * mean, a * cov + (1 - a) * np.eye(2))
    assert seen.least == pytest.approx(kl_nd(q, gaussian_nd([0, 0], [1.0, 1.0])), rel=1e-9)
    assert not seen.well
    assert seen.alpha_bar == pytest.approx(TRAP, rel=4e-6)
    assert health.check(schedule.linear(1000), mean, cov).well
    # N(0, I) stays itself at any noise, so its KL is 0; that x_0 is remembered is red all the same
    own = health.check(plan, [0.0], [[1.0]])
    assert own.least == pytest.approx(0, abs=1e-15)
    assert not own.well


def test_most_is_the_prior_term() -> None:
    """Mean of KL(q(x_T | x_0) || N(0, I)) over points, each in closed form."""
    x, plan = RNG(0).standard_normal((50, 2)) + 1, schedule.linear(30, last=0.2)
    a = plan.alpha_bar[-1]
    each = [kl_nd(gaussian_nd(a**0.5 * y, [1 - a] * 2), gaussian_nd([0, 0], [1.0, 1.0])) for y in x]
    seen = health.check(plan, x.mean(0), np.cov(x.T, bias=True))
    assert seen.most == pytest.approx(np.mean(each), rel=1e-9)


def test_a_mixture_diffuses_into_a_mixture() -> None:
    """Density of x_t against that of the joint covariance. Mutants: the mean not shrunk; a^2."""
    from dgmlib.diffusion.exact import diffused

    p = gmm.Params(np.ones(1), np.array([[1.0, 2.0]]), np.array([[[0.5, 0.1], [0.1, 0.3]]]))
    x = np.array([[0.3, -0.2]])
    exact = multivariate_normal(0.36**0.5 * p.mean[0], 0.36 * p.cov[0] + 0.64 * np.eye(2))
    assert gmm.log_prob(diffused(p, 0.36), x)[0] == pytest.approx(exact.logpdf(x))
