"""Monte Carlo estimates and gradients: right on average, and honest about their spread."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from dgmlib.divergences import adaptive, gradients, infinite, monte_carlo
from dgmlib.divergences.mixture1d import gaussian, log_prob, mixture

P = mixture([0.6, 0.4], [-1.0, 2.0], [0.8, 0.6])
Q = gaussian(0.3, 1.4)
N, REPEATS = 500, 200


def _agrees(run: monte_carlo.Running, truth: float) -> None:
    """200 repeats: their mean within 5 standard errors, and the stated errors the true spread.

    ``((estimate - truth) / error)^2`` summed over 200 repeats is chi-squared to within the skew of
    500-sample means: 200 +- 20 (one deviation), so 130 to 300 leaves it nearly 4 or more.
    """
    end, error = run.estimate[:, -1], run.error[:, -1]
    assert abs(end.mean() - truth) < 5 * end.std(ddof=1) / math.sqrt(REPEATS)
    assert 130 < np.sum(((end - truth) / error) ** 2) < 300


@pytest.mark.parametrize("estimator", ["plain", "control"])
@pytest.mark.parametrize("p, q", [(P, Q), (Q, P)], ids=["forward", "reverse"])
def test_kl_estimates_are_unbiased_with_calibrated_errors(p, q, estimator):
    """Kills: draws from q; the control term's sign; the deviation for the standard error; an
    error that is the variance."""
    rng = np.random.default_rng(11)
    run = monte_carlo.kl(p, q, N, estimator=estimator, n_rep=REPEATS, at=[10, N], rng=rng)
    assert run.estimate.shape == (REPEATS, 2)
    _agrees(run, adaptive.kl(p, q).value)
    if estimator == "control":
        assert np.all(run.estimate >= 0)


def test_control_has_less_spread_when_q_is_near():
    """Kills: the control variate with weight 0."""
    runs = [
        monte_carlo.kl(Q, gaussian(0.4, 1.4), 2000, estimator=e, rng=np.random.default_rng(0))
        for e in ("plain", "control")
    ]
    assert runs[1].error[0, -1] < 0.15 * runs[0].error[0, -1]


def test_the_squared_estimator_is_biased_by_what_quadrature_says():
    """Kills: r^2 without the half; calling it unbiased."""
    rng = np.random.default_rng(4)
    run = monte_carlo.kl(P, Q, N, estimator="squared", n_rep=REPEATS, rng=rng)
    expected = adaptive.expectation(
        lambda x: 0.5 * (log_prob(P, x) - log_prob(Q, x)) ** 2, P, Q
    ).value
    _agrees(run, expected)
    truth = adaptive.kl(P, Q).value
    spread = run.estimate[:, -1].std() / math.sqrt(REPEATS)
    assert abs(expected - truth) > 5 * spread  # the bias is real, and visible


def test_js_estimate():
    """Kills: one half only; the mean's log 2 left out."""
    run = monte_carlo.js(P, Q, N, n_rep=REPEATS, rng=np.random.default_rng(6))
    _agrees(run, adaptive.js(P, Q).value)


def test_running_estimates_are_those_of_the_first_n():
    """Kills: ddof = 0; counts off by one; digits lost to a large mean."""
    values = 1e6 + np.random.default_rng(0).normal(size=(3, 50))
    run = monte_carlo.running(values, [2, 10, 50])
    for i, n in enumerate(run.n):
        np.testing.assert_allclose(run.estimate[:, i], values[:, :n].mean(1), rtol=1e-14)
        error = values[:, :n].std(1, ddof=1) / math.sqrt(n)
        np.testing.assert_allclose(run.error[:, i], error, rtol=1e-9)
    assert math.isnan(monte_carlo.running(values).error[0, 0])
    late = monte_carlo.running(np.r_[1.0, 2.0, np.inf, 3.0])
    assert late.estimate.tolist() == [1, 1.5, np.inf, np.inf]
    assert np.isnan(late.error).tolist() == [True, False, True, True]
    with pytest.raises(ValueError, match="counts must increase"):
        monte_carlo.running(values, [0, 3])
    with pytest.raises(ValueError, match="no estimator"):
        monte_carlo.terms(values, "best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1"):
        monte_carlo.kl(P, Q, 0, rng=np.random.default_rng(0))


def test_any_densities():
    x = np.random.default_rng(0).normal(size=4000)
    run = monte_carlo.kl_of(stats.norm.logpdf, stats.laplace.logpdf, x)
    truth = math.log(2) + math.sqrt(2 / math.pi) - 0.5 * math.log(2 * math.pi * math.e)
    assert abs(run.estimate[-1] - truth) < 5 * run.error[-1]


# Infinite truths


def test_a_hole_hides_with_the_stated_probability():
    """How many of 400 runs stay finite is binomial. Kills: eps of one side; 1 - n eps for the
    probability; q's lost mass left out of what the finite runs settle on."""
    at = [50, 200, 1000]
    h = infinite.hole(1000, mean=0.5, cut=3.5, n_rep=400, at=at, rng=np.random.default_rng(0))
    assert h.truth == math.inf
    assert h.eps == pytest.approx(stats.norm.sf(3.0) + stats.norm.cdf(-4.0), rel=1e-12)
    np.testing.assert_allclose(h.prob_finite, (1 - h.eps) ** np.array(at), rtol=1e-12)
    finite = np.isfinite(h.running.estimate)
    for i in range(3):
        low, high = stats.binom.interval(1 - 1e-6, 400, h.prob_finite[i])
        assert low <= finite[:, i].sum() <= high
    ends = h.running.estimate[finite[:, -1], -1]
    assert abs(ends.mean() - h.looks_like) < 5 * ends.std() / math.sqrt(len(ends))


def test_a_cloud_of_few_is_not_called_narrow():
    """Kills: the variance divided by n_rep, which is too small by a third for three repeats."""
    c = gradients.cloud(P, 0.3, 1.4, estimator="reparam", n_rep=3, rng=np.random.default_rng(1))
    np.testing.assert_allclose(c.variance, np.cov(c.gradient.T).diagonal(), rtol=1e-12)
    np.testing.assert_allclose(c.error, np.sqrt(c.variance / 3), rtol=1e-12)


def test_what_a_wide_hole_looks_like():
    """q keeps 68 % only, so each term counts. Kills: one side of the lost mass; the sign of how far
    the cut moves p's mean."""
    h = infinite.hole(1, mean=0.5, cut=1.0, n_rep=4000, rng=np.random.default_rng(4))
    p: Any = stats.norm(0.5, 1)  # its stub promises a discrete law
    q: Any = stats.norm(0, 1)
    kept = q.cdf(1) - q.cdf(-1)
    area, _ = integrate.quad(
        lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x) + np.log(kept)), -1, 1, epsabs=1e-13
    )
    assert h.looks_like == pytest.approx(area / (p.cdf(1) - p.cdf(-1)), abs=1e-12)
    finite = h.running.estimate[np.isfinite(h.running.estimate)]
    assert abs(finite.mean() - h.looks_like) < 5 * finite.std() / math.sqrt(len(finite))


def test_student_kl():
    """Kills: a finite value at 2 degrees of freedom; the entropy's sign."""
    for nu in (2.5, 5.0, 30.0):

        def f(x, nu=nu):
            r = infinite.student_log_prob(x, nu)
            return math.exp(r) * (r + 0.5 * x * x + 0.5 * math.log(2 * math.pi))

        half, _ = integrate.quad(f, 0, 50, epsabs=1e-12, limit=300)
        far, _ = integrate.quad(f, 50, np.inf, epsabs=1e-12, limit=300)
        assert infinite.student_kl(nu) == pytest.approx(2 * (half + far), rel=1e-6)
    assert infinite.student_kl(2) == infinite.student_kl(1) == math.inf
    x = np.linspace(-4, 4, 9)
    np.testing.assert_allclose(infinite.student_log_prob(x, 3), stats.t.logpdf(x, 3), rtol=1e-12)


def test_a_heavy_tail_never_settles():
    """Means of n Cauchy squares grow like n: 100 times the draws, far above 10 times the median.

    Kills: Gaussian draws in place of Student's.
    """
    rng = np.random.default_rng(0)
    run = infinite.tail(10_000, nu=1, n_rep=200, at=[100, 10_000], rng=rng).running
    middle = np.median(run.estimate, axis=0)
    assert middle[1] > 20 * middle[0]
    calm = infinite.tail(N, nu=12, n_rep=REPEATS, at=[N], rng=rng)
    assert calm.error_is_finite
    end = calm.running.estimate[:, -1]
    assert abs(end.mean() - calm.truth) < 5 * end.std(ddof=1) / math.sqrt(REPEATS)
    assert not infinite.tail(10, nu=3, rng=rng).error_is_finite
    with pytest.raises(ValueError, match="nu must be"):
        infinite.tail(10, nu=0, rng=rng)
    with pytest.raises(ValueError, match="cut must be"):
        infinite.hole(10, cut=-1, rng=rng)


# Gradients


M, S = 0.4, 0.7


def test_exact_gradients_are_the_slopes_of_the_divergences():
    """Kills: d/ds for d/dlog s; the entropy's -1; forward and reverse exchanged."""
    h = 1e-4  # central differences of values good to 1e-14: error about 1e-9
    q = [gaussian(M + a, S * math.exp(b)) for a, b in ((h, 0), (-h, 0), (0, h), (0, -h))]
    for exact, kl in (
        (gradients.exact(P, M, S).value, lambda r: adaptive.kl(r, P).value),
        (gradients.forward(P, M, S), lambda r: adaptive.kl(P, r).value),
    ):
        slope = [(kl(q[0]) - kl(q[1])) / (2 * h), (kl(q[2]) - kl(q[3])) / (2 * h)]
        np.testing.assert_allclose(np.asarray(exact), slope, atol=1e-6)
    np.testing.assert_allclose(gradients.forward(gaussian(M, S), M, S), 0, atol=1e-15)


@pytest.mark.parametrize("estimator", gradients.ESTIMATORS)
def test_noisy_gradients_are_right_on_average_with_the_stated_variance(estimator):
    """4000 clouds of 8 draws: the mean within 5 errors, the variance within 15 % of quadrature's.

    Kills: the baseline taken with the draw itself (biased by (n - 1) / n); 1/s for z/s; a
    reparameterised gradient without s z; path with the entropy counted twice.
    """
    rng = np.random.default_rng(1)
    cloud = gradients.cloud(P, M, S, estimator=estimator, n=8, n_rep=4000, rng=rng)
    assert cloud.gradient.shape == (4000, 2)
    assert np.all(np.abs(cloud.mean - cloud.exact) < 5 * cloud.error)
    np.testing.assert_allclose(cloud.error, np.sqrt(cloud.variance / 4000))
    exact = gradients.variance(P, M, S, estimator=estimator) / 8
    if estimator == "baseline":  # its baseline, from 7 draws, adds a little noise
        assert np.all(cloud.variance < 1.5 * exact)
    else:
        np.testing.assert_allclose(cloud.variance, exact, rtol=0.15)


def test_which_estimator_is_calmer():
    """Kills: a baseline of 0; path that is reparam. At q = p the path gradient has no noise."""
    v = {e: gradients.variance(P, M, S, estimator=e) for e in gradients.ESTIMATORS}
    away = gradients.variance(gaussian(5, 1), 0, 1, estimator="score")
    based = gradients.variance(gaussian(5, 1), 0, 1, estimator="baseline")
    assert np.all(based < 0.5 * away)
    assert np.all(v["reparam"] < v["score"])
    z = np.random.default_rng(0).standard_normal(50)
    one = gaussian(M, S)
    assert np.abs(gradients.per_draw(one, M, S, z, estimator="path")).max() < 1e-13
    assert np.abs(gradients.per_draw(one, M, S, z, estimator="reparam")).max() > 0.5
    with pytest.raises(ValueError, match="other draws"):
        gradients.cloud(P, M, S, estimator="baseline", n=1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="positive"):
        gradients.exact(P, 0, -1)
    with pytest.raises(ValueError, match="no estimator"):
        gradients.per_draw(P, 0, 1, z, estimator="best")  # type: ignore[arg-type]
