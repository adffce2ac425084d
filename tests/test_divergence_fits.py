"""Fits of a Gaussian to a mixture, and the results behind the KL page."""

from typing import Any

import numpy as np
import ot
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import ndtri

from dgmlib.divergences import (
    adaptive,
    fit,
    fit_estimates,
    fit_global,
    fit_jobs,
    fit_noise,
    fit_payers,
    fit_plane,
    fit_record,
    fit_text,
    gaussian_nd,
    gradients,
    mean_field,
    mixture1d,
    tilted,
    wasserstein,
)
from dgmlib.divergences.mixture1d import gaussian, mixture, moments

TARGETS = {
    "default": mixture([0.6, 0.4], [-2, 2.2], [0.6, 0.9]),
    "one": mixture([1.0], [1.5], [0.7]),
    "far": mixture([0.35, 0.65], [-6, 5], [0.5, 0.8]),
    "four": mixture([0.2, 0.3, 0.4, 0.1], [-6, -1, 2.2, 6], [0.5, 0.5, 0.9, 0.5]),
}


@pytest.fixture(params=TARGETS)
def p(request):
    return TARGETS[request.param]


def best_of(p, kinds=fit.DIVERGENCES, alpha=0.5):
    problem = fit.problem(p, kinds, alpha=alpha)
    B = len(kinds)
    # A start that helps nobody: the search has to find every optimum by itself.
    start = fit.evaluate(problem, np.full(B, p.mean.min() - 3), np.full(B, 0.5))
    return problem, fit_global.best(p, problem, start)


def test_forward_optimum_is_the_moments(p):
    """Kills: the arguments of KL swapped; the variance taken within components only."""
    problem = fit.problem(p, ["forward"])
    state = fit.evaluate(problem, np.array([1.0]), np.array([1.5]))
    for _ in range(60):
        state, _ = fit.step(problem, state)
    m = moments(p)
    # The gradient stops at 1e-7, in units of the standard deviation.
    assert state.mean[0] == pytest.approx(float(m.mean), abs=1e-6 * float(m.var) ** 0.5)
    assert state.std[0] ** 2 == pytest.approx(float(m.var), rel=1e-6)


@pytest.mark.parametrize("kind", fit.DIVERGENCES)
def test_the_direction_is_the_natural_gradient(kind):
    """Central differences of the value itself. Kills: the factor 1/2 of log s left out; q for p."""
    problem = fit.problem(TARGETS["default"], [kind], alpha=0.3)
    m, s, h = np.array([0.7]), np.array([1.3]), 1e-5

    def value(a, b):
        found = fit.evaluate(problem, m + a * s, s * np.exp(b)).value[0]
        return found**2 / 2 if kind == "w2" else found  # W2 descends its square

    slope = np.array([value(h, 0) - value(-h, 0), value(0, h) - value(0, -h)]) / (2 * h)
    metric = {"js": [0.25, 0.5], "w2": [s[0] ** 2, s[0] ** 2]}.get(kind, [1.0, 2.0])
    direction = fit.evaluate(problem, m, s).direction[0]
    # Central differences: h^2 and rounding over h, both 1e-10.
    np.testing.assert_allclose(direction, -slope / metric, rtol=1e-7, atol=1e-8)


def test_optimum_is_stationary_and_no_neighbour_is_better(p):
    """Kills: Newton accepted where it climbs; a mean reported without its deviation."""
    problem, best = best_of(p)
    at = fit.evaluate(problem, best.mean, best.std)
    # Forward and W2 are closed forms on the moments, the others are polished to rounding.
    assert np.abs(at.direction).max() < 1e-10
    for dm, ds in np.random.default_rng(0).normal(size=(40, 2)) * 0.02:
        near = fit.evaluate(problem, best.mean + dm, best.std * np.exp(ds))
        assert np.all(near.value > best.value - 1e-12)


def test_global_optimum_agrees_with_a_grid(p):
    """Kills: only the moment match tried; the largest value kept; a mode's group left out."""
    problem, best = best_of(p, alpha=0.3)
    m = np.linspace(p.mean.min() - 1, p.mean.max() + 1, 81)
    s = np.geomspace(0.3, 9, 51)
    mm, ss = (a.ravel() for a in np.meshgrid(m, s))
    for i, kind in enumerate(fit.DIVERGENCES):
        value = fit.evaluate(problem._replace(kinds=(kind,) * len(mm)), mm, ss).value
        k = int(np.argmin(value))
        assert best.value[i] <= value[k] + 1e-12
        # One cell of the grid away at most, so the best cell is the same optimum.
        assert abs(mm[k] - best.mean[i]) < 2 * (m[1] - m[0]) + 0.15 * best.std[i]
        assert abs(np.log(ss[k] / best.std[i])) < 2 * np.log(s[1] / s[0])


@pytest.mark.parametrize("start", [(-6.0, 0.5), (0.4, 2.0), (2.5, 0.8), (6.5, 3.0)])
def test_global_is_never_above_local(p, start):
    """Kills: the descent's own end left out of the candidates."""
    run = fit_record.record(p, *start, alpha=0.3)
    assert np.all(run.best.value <= run.value[-1] + 1e-12)


def test_a_better_descent_is_kept(monkeypatch):
    """Where the search finds nothing good. Kills: the candidates preferred without comparing."""
    p = TARGETS["default"]
    problem, best = best_of(p)
    monkeypatch.setattr(fit_global, "groups", lambda _: (np.array([30.0]), np.array([0.5])))
    also = fit.evaluate(problem, best.mean, best.std)
    assert np.all(fit_global.best(p, problem, also).value <= best.value + 1e-12)


@pytest.mark.parametrize("start", [(-6.0, 0.5), (0.4, 2.0), (2.5, 0.8), (6.5, 3.0)])
def test_no_divergence_ever_rises(p, start):
    """Kills: the halving of steps removed; the sign of a direction."""
    run = fit_record.record(p, *start, alpha=0.3)
    assert np.all(np.diff(run.value, axis=0) <= 0)
    assert np.all(run.value >= 0)
    assert np.all(run.value[-1, [0, 4]] < run.value[0, [0, 4]])  # these two are convex


def test_alpha_ends_are_reverse_and_forward(p):
    """Both limits and their fits. Kills: alpha and 1 - alpha exchanged; p and q exchanged."""
    for alpha, kind in ((0.0, "reverse"), (1.0, "forward")):
        problem = fit.problem(p, [kind, "alpha"], alpha=alpha)
        exact = fit.evaluate(problem, np.full(2, 0.8), np.full(2, 1.4))
        assert exact.value[0] == exact.value[1]
        near = fit.problem(p, ["alpha"], alpha=abs(alpha - 1e-6))
        close = fit.evaluate(near, np.array([0.8]), np.array([1.4]))
        assert close.value[0] == pytest.approx(exact.value[0], rel=1e-3)
        np.testing.assert_allclose(close.direction[0], exact.direction[0], rtol=1e-3, atol=1e-4)
    _, ends = best_of(p, ("forward", "reverse"))
    for alpha, i in ((0.999, 0), (0.001, 1)):
        _, found = best_of(p, ("alpha",), alpha=alpha)
        if TARGETS["far"] is not p:  # there even 0.999 is not yet close to forward KL
            assert found.mean[0] == pytest.approx(ends.mean[i], abs=0.02)
            assert found.std[0] == pytest.approx(ends.std[i], rel=0.02)


def test_w2_optimum_by_transport(p):
    """Optimal transport by POT between quantiles. Kills: the deviation of p used for s; W1."""
    _, best = best_of(p, ("w2",))
    n = 2000
    u = (np.arange(n) + 0.5) / n
    x, z = mixture1d.quantile(p, u), ndtri(u)

    def cost(v):
        distance: Any = ot.wasserstein_1d(x, v[0] + v[1] * z, p=2)
        return float(distance)

    found = minimize(
        cost, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-12}
    )
    # 2,000 quantiles leave out the tails beyond 1/4000: 1e-3 of the deviation.
    np.testing.assert_allclose([best.mean[0], best.std[0]], found.x, atol=3e-3)
    exact = wasserstein.w2(p, gaussian(best.mean[0], best.std[0])).value
    assert best.value[0] == pytest.approx(exact, abs=1e-8)


@pytest.mark.parametrize("q", [(0.3, 1.5), (-2.0, 0.6), (3.0, 0.5), (0.0, 4.0)])
def test_values_agree_with_adaptive(p, q):
    """Kills: natural for binary logarithms; KL with swapped arguments; JS with weights 1."""
    alpha = 0.3
    value = fit_payers.values(p, np.array([q[0]]), np.array([q[1]]), alpha=alpha)[0]
    g = gaussian(*q)
    exact = [
        adaptive.kl(p, g), adaptive.kl(g, p), adaptive.js(p, g), tilted.alpha(p, g, alpha),
        wasserstein.w2(p, g),
    ]  # fmt: skip
    # log p bends within 0.05 between far modes; the nodes there are 0.1 to 0.2 apart.
    np.testing.assert_allclose(value, [e.value for e in exact], rtol=2e-4, atol=1e-9)


@pytest.mark.parametrize("sweep", fit_payers.SWEEPS)
def test_integrands_add_up(sweep):
    """Kills: the integrand of the other direction; nats for bits; a sweep off by one frame."""
    r = fit_payers.payers(TARGETS["default"], 0.5, 0.9, sweep=sweep)
    inside = np.abs(r.q_mean) + 7 * r.q_std < 8  # the rest has mass beyond the window
    assert inside.sum() >= (1 if sweep == "fits" else 10)
    area = r.integrand.sum(-1) * (r.x[1] - r.x[0]) * np.log(2)
    np.testing.assert_allclose(area[inside], r.exact[inside, :3], rtol=1e-6, atol=1e-9)
    if sweep != "fits":
        assert r.at[r.start] == {"mean": 0.5, "sd": 0.9}[sweep]


def test_table_keeps_within_its_bounds(p):
    """Each fit is the best in its own column, and every entry keeps within its bound.

    Kills: the fits in another order than the columns; bounds so wide that they say nothing.
    """
    t = fit_payers.payers(p, 0.0, 1.0, alpha=0.3).table
    for i, (value, _) in enumerate((t.forward, t.reverse, t.js, t.alpha, t.w2)):
        assert value[i] <= value.min() + 1e-9
    fits = best_of(p, alpha=0.3)[1]
    for i, q in enumerate(gaussian(m, s) for m, s in zip(fits.mean, fits.std, strict=True)):
        exact = {
            "forward": adaptive.kl(p, q), "reverse": adaptive.kl(q, p),
            "jeffreys": adaptive.jeffreys(p, q), "js": adaptive.js(p, q),
            "alpha": tilted.alpha(p, q, 0.3), "hellinger2": adaptive.hellinger2(p, q),
            "tv": adaptive.tv(p, q), "w1": wasserstein.w1(p, q), "w2": wasserstein.w2(p, q),
        }  # fmt: skip
        assert set(exact) == set(t._fields)
        for name, (value, error) in exact.items():
            ours, bound = (a[i] for a in getattr(t, name))
            assert abs(ours - value) <= bound + error, name
            # The page shows four digits, and these are of order 1.
            assert bound < 1e-9, name


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.96])
@pytest.mark.parametrize("way", [0, 1])
def test_mean_field_variances(rho, way):
    """A search over both variances. Kills: forward and reverse exchanged; rho for rho^2."""
    r = fit_plane.plane(std=1.5)
    f = int(np.argmin(np.abs(r.rho - rho)))
    target = mean_field.correlated(float(r.rho[f]), (1.0, 1.5))

    def cost(log_v):
        q = gaussian_nd.gaussian([0, 0], np.exp(log_v))
        return gaussian_nd.kl(target, q) if way == 0 else gaussian_nd.kl(q, target)

    found = minimize(cost, np.zeros(2), method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(r.variance[f, way], np.exp(found.x), rtol=1e-5)
    np.testing.assert_allclose(r.variance[f, way], r.closed[f, way], rtol=1e-12)


def test_plane_costs():
    """Kills: the two directions exchanged; a sign of the log-determinant."""
    r = fit_plane.plane(std=0.7)
    for f in (0, 10, 33):
        p = mean_field.correlated(float(r.rho[f]), (1.0, 0.7))
        for i in (0, 1):
            q = gaussian_nd.gaussian([0, 0], r.variance[f, i])
            assert r.forward[f, i] == pytest.approx(gaussian_nd.kl(p, q), rel=1e-9, abs=1e-12)
            assert r.reverse[f, i] == pytest.approx(gaussian_nd.kl(q, p), rel=1e-9, abs=1e-12)
    # Both fits cost the same, their own way and the other way: the picture draws one curve each.
    np.testing.assert_allclose(r.forward[:, 0], r.reverse[:, 1], atol=1e-10)
    np.testing.assert_allclose(r.forward[:, 1], r.reverse[:, 0], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("start", [(2.5, 0.8), (0.0, 2.0), (-6.0, 0.5)])
def test_each_job_descends_its_own(start):
    """Kills: the columns exchanged; the likelihood ascended by the wrong sign."""
    r = fit_jobs.jobs(TARGETS["default"], *start, n=500, rng=np.random.default_rng(1))
    assert np.all(np.diff(r.loglik[:, 0]) >= -1e-12)
    assert np.all(np.diff(r.reverse[:, 1]) <= 1e-12)
    assert r.forward[-1, 0] < r.forward[-1, 1]
    assert r.reverse[-1, 1] < r.reverse[-1, 0]
    # It ends at the moments of the samples.
    assert r.mean[-1, 0] == pytest.approx(r.samples.mean(), abs=1e-6)
    assert r.std[-1, 0] == pytest.approx(r.samples.std(), abs=1e-6)


def test_maximum_likelihood_follows_the_natural_gradient():
    """From far off. Kills: the distance of the means left out of the change of s."""
    x = np.array([1.0, 2.0, 6.0])
    (m, s), (m1, s1) = fit_jobs.likelihood_path(x, -4.0, 2.0, n_steps=1)
    ratio = ((x.mean() - m) / s) / (0.5 * (np.mean((x - m) ** 2) / s**2 - 1))
    assert (m1 - m) / s / np.log(s1 / s) == pytest.approx(ratio, rel=1e-12)


def test_what_n_draws_can_reach():
    """Kills: one tail's quantile for two; draws of the cut normal beyond the cut."""
    r = fit_estimates.estimates("tail 2", rng=np.random.default_rng(0)).forward

    def f(v):
        log_p = fit_estimates.student_log_prob(v, 2.0)
        return np.exp(log_p) * (log_p - fit_estimates._log_q(v))

    far = stats.t.isf(0.5 / r.n[-1], 2.0)
    # Half the tail of 1/20,000 moves the integral by 1e-2; the trapezoid rule errs by 1e-6.
    x = np.linspace(0, far, 400_001)
    assert r.reach[-1] == pytest.approx(2 * float(np.trapezoid(f(x), x)), rel=1e-5)

    class Ends:
        def random(self, shape):
            return np.resize([0.0, 1.0], shape)

    ends = fit_estimates._cut_normal((1, 2), Ends())  # type: ignore[arg-type]
    np.testing.assert_allclose(ends, [[-fit_estimates.CUT, fit_estimates.CUT]], rtol=1e-9)


def test_expected_log_likelihood(p):
    """E_p log q by adaptive quadrature, and the sample average within its standard error."""
    r = fit_jobs.jobs(p, 0.5, 1.5, n=2000, rng=np.random.default_rng(2))
    for f in (0, 5, -1):
        for i in (0, 1):
            q = gaussian(r.mean[f, i], r.std[f, i])
            exact = -adaptive.cross_entropy(p, q).value
            assert r.expected[f, i] == pytest.approx(exact, rel=1e-6, abs=1e-8)
    # Fixed q at frame 0: independent of the samples, 4 standard errors.
    assert abs(r.loglik[0, 0] - r.expected[0, 0]) < 4 * r.loglik_se[0, 0]


def test_exact_values_beside_the_estimates():
    """Quadrature over |x| < 1e6. Kills: KL(t||N) of scale 1; a truncated variance."""
    found = {
        c: fit_estimates.estimates(c, rng=np.random.default_rng(0)) for c in fit_estimates.CASES
    }
    for case, infinite in (("hole", True), ("tail 1.5", True), ("tail 2", True), ("tail 5", False)):
        assert np.isinf(found[case].forward.exact) == infinite
        assert np.isfinite(found[case].reverse.exact)
    exact = found["tail 5"].forward.exact

    def f(v):
        log_p = fit_estimates.student_log_prob(v, 5.0)
        return np.exp(log_p) * (log_p - fit_estimates._log_q(v))

    far = np.geomspace(1, 1e6, 40)
    reach = fit_estimates.within(f, far)
    assert reach[-1] == pytest.approx(exact, rel=1e-9)
    # The infinite ones grow without end in what n draws can reach.
    assert found["tail 1.5"].forward.reach[-1] > 3
    assert np.all(np.diff(found["tail 1.5"].forward.reach[20:]) > 0)


@pytest.mark.parametrize("case", fit_estimates.CASES)
def test_errors_cover_the_truth(case):
    """Six runs of each finite estimate within 5 standard errors. Kills: draws of the wrong law."""
    r = fit_estimates.estimates(case, rng=np.random.default_rng(3))
    runs = [r.reverse] + ([r.forward] if np.isfinite(r.forward.exact) else [])
    for run in runs:
        gap = np.abs(run.mean[:, -1] - run.exact) / run.error[:, -1]
        assert np.all(gap < 5)
    if case == "hole":
        # Once infinite, for ever; and before that every number looks fine.
        lost = ~np.isfinite(r.forward.mean)
        assert np.all(np.diff(lost.astype(int), axis=1) >= 0)
        assert lost[:, -1].mean() > 0.5
        assert np.all(np.abs(r.forward.mean[~lost]) < 5)


@pytest.mark.parametrize("n", [2, 7])
def test_clouds_are_the_estimators_as_defined(p, n):
    """The same draws through ``gradients.per_draw``, one q after the other.

    Kills: a baseline that contains its own draw; s for log s; the entropy's 1 left out.
    """
    r = fit_noise.noise(p, 1.0, 0.8, n=n, rng=np.random.default_rng(7))
    z = np.random.default_rng(7).standard_normal((fit_noise.N_REP, n))
    for f in (0, r.start, -1):
        for i, estimator in enumerate(fit_noise.SHOWN):
            each = gradients.per_draw(p, 1.0, r.std[f], z, estimator=estimator)
            # Sums in another order: rounding of the largest terms, some hundred nats.
            np.testing.assert_allclose(r.gradient[f, i], each.mean(1), rtol=1e-12, atol=1e-11)
    truth, one = zip(*(fit_noise.exact(p, 1.0, s) for s in r.std), strict=True)
    np.testing.assert_allclose(r.exact, truth, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(r.variance[:, [0, 2]], np.array(one)[:, [0, 2]] / n, rtol=1e-12)
    assert r.std[r.start] == 0.8


def test_clouds_are_centred():
    """The mean of every cloud within 5 standard errors of the exact gradient, all frames."""
    r = fit_noise.noise(TARGETS["default"], 1.0, 0.8, n=10, rng=np.random.default_rng(0))
    gap = np.abs(r.gradient.mean(2) - r.exact[:, None])
    assert np.all(gap < 5 * np.sqrt(r.variance / fit_noise.N_REP))


@pytest.mark.parametrize("q", [(1.0, 0.5), (-1.0, 1.2), (2.5, 3.0)])
def test_exact_variances(q):
    """Against adaptive quadrature, and the leave-one-out baseline against many repeats.

    Kills: the variance of one draw for that of n; the baseline's extra term left out.
    """
    p, n = TARGETS["default"], 4
    m, s = q
    truth, one = fit_noise.exact(p, m, s)
    np.testing.assert_allclose(truth, gradients.exact(p, m, s).value, rtol=1e-7, atol=1e-9)
    for i, estimator in enumerate(fit_noise.SHOWN):
        exact = gradients.variance(p, m, s, estimator=estimator)
        np.testing.assert_allclose(one[i], exact, rtol=1e-6)
    z = np.random.default_rng(5).standard_normal((40_000, n))
    found = gradients.per_draw(p, m, s, z, estimator="baseline").mean(1)
    square = (found - truth) ** 2
    error = square.std(0) / np.sqrt(len(z))
    assert np.all(np.abs(square.mean(0) - fit_noise.baseline_variance(p, m, s, n)) < 5 * error)


def test_texts_and_grips():
    """What is dragged comes back as what is typed; what cannot be is refused with the remedy."""
    text = "-2 0.6 0.6, 2.2 0.9 0.4"
    p = fit_text.parse_modes(text)
    edit = {"xy": [[-2.0, 0.6], [2.2, 0.4]], "width": [0.6, 0.9]}
    assert fit_text.modes_of_handles(edit) == text
    np.testing.assert_allclose(p.weight, [0.6, 0.4])
    wild = {"xy": [[-99.0, 7.0]], "width": [0.0001]}
    assert fit_text.modes_of_handles(wild) == "-7 0.5 0.8"
    assert fit_text.normal_of_handle({"xy": [[1.234567, 0.0]], "width": [99.0]}) == "1.23 3"
    for bad, word in (
        ("", "mean, sd and weight"), ("1 2", "mean, sd and weight"), ("1 1 nan", "sd and weight"),
        ("1 9 0.5", "deviation"), ("9 1 0.5", "mean"), (", ".join(["0 1 0.5"] * 5), "at most 4"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=word):
            fit_text.parse_modes(bad)
    with pytest.raises(ValueError, match="alpha lies between"):
        fit.problem(p, alpha=1.5)
    with pytest.raises(ValueError, match="no divergence"):
        fit.problem(p, ["hellinger"])
