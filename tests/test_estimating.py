"""Laws of estimates of log p(x) in small models: averages, K-sample bounds, gaps, gradient clouds.

Torch is used to differentiate sums over grids: the exact bound, not an estimate of it.
"""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from scipy.integrate import quad

from dgmlib.evidence import amortised, averaging, best_q, clouds, curves, linear, ratios, tightening
from dgmlib.evidence.linear import Proposal

SHIFTS, WIDTHS = st.floats(0.0, 2.5), st.floats(0.75, 2.0)
Q = Proposal(0.5, 1.3)
SE = 4.5  # standard errors: one in 150,000 by chance


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# ---------------------------------------------------------------- averaging


@pytest.mark.parametrize("sigma", [0.1, 0.3, 1.0])
@pytest.mark.parametrize(("shift", "width"), [(0.0, 1.0), (0.5, 1.3), (2.0, 0.8), (1.0, 0.72)])
def test_second_moments(sigma: float, shift: float, width: float) -> None:
    """Against SciPy's quadrature of p(x, z)^2 / q(z), and of p(x|z)^2 p(z) for the prior.

    Mutants: c for c^2; 2 c^2 + 1; the prior at the posterior's mean; deviations for variances."""
    x = 1.4
    v = 1 + sigma**2
    m, s = x / v, sigma / np.sqrt(v)
    assert linear.posterior(x, sigma) == pytest.approx((m, s))
    p_x = stats.norm.pdf(x, 0, np.sqrt(v))
    assert linear.evidence(np.array([x]), sigma) == pytest.approx(np.log(p_x), rel=1e-12)

    def joint(z: float) -> float:
        return float(stats.norm.logpdf(z) + stats.norm.logpdf(x, z, sigma))

    q = m + shift * s, width * s
    for proposal, at in ((Proposal(shift, width), q), (linear.prior(x, sigma), (0.0, 1.0))):
        edges = m + s * np.r_[-100, -60, np.linspace(-30, 30, 25), 60, 100]
        second = sum(
            quad(lambda z, at=at: np.exp(2 * joint(z) - stats.norm.logpdf(z, *at)), a, b)[0]
            for a, b in pairwise(edges)
        )
        want = np.log(second / p_x**2)
        assert linear.log_second_moment(proposal) == pytest.approx(want, abs=1e-8)
        assert linear.log_second_moment(proposal, 7) == pytest.approx(7 * want, abs=7e-8)


def test_weights_without_variance() -> None:
    """Mutant: the formula continued below c^2 = 1/2."""
    assert linear.log_second_moment(Proposal(0.3, 0.7071)) == np.inf
    assert linear.log_second_moment(Proposal(0.3, 0.71)) < np.inf
    with pytest.raises(ValueError, match="positive width"):
        linear.log_second_moment(Proposal(0.3, 0.0))
    with pytest.raises(ValueError, match="sigma must be positive"):
        linear.posterior(1.0, -1.0)


@pytest.mark.parametrize("sigma", [0.1, 0.5])
def test_weights_are_the_models(sigma: float) -> None:
    """log p(x, z) - log q(z) - log p(x) from SciPy's densities, in three dimensions, for draws of q
    and of the prior. Mutants: log c once for all coordinates; the sign of the shift."""
    d, x = 3, float(averaging.typical(1, sigma)[0])
    e = rng(1).standard_normal((50, d))
    m, s = linear.posterior(x, sigma)
    for q in (Q, Proposal(2.0, 0.6), linear.prior(x, sigma)):
        z = m + s * (q.shift + q.width * e)
        log_q = stats.norm.logpdf(z, m + q.shift * s, q.width * s).sum(1)
        joint = (stats.norm.logpdf(z) + stats.norm.logpdf(x, z, sigma)).sum(1)
        want = joint - log_q - linear.evidence(np.full(d, x), sigma)
        got = linear.log_weights(q, e.sum(1), (e**2).sum(1), d)
        np.testing.assert_allclose(got, want, atol=1e-9)
    np.testing.assert_allclose(z, e, atol=1e-12)  # the last: draws of the prior


def test_measured_errors() -> None:
    """Where a run meets the weights that matter, measured and exact errors agree; where it cannot,
    the measured one is far too small. Mutants: a variance over draws for one over repeats; the log
    of the estimate's error; n left out."""
    near, far = [], []
    for seed in range(3):
        r = averaging.sweep("d", d=10, sigma=0.3, n=256, q=Q, rng=rng(seed))
        exact = np.sqrt(np.expm1(r.log_second) / r.n)
        mean = np.exp(r.log_estimate).mean(-1)
        easy = exact < 0.25
        assert easy.sum() >= 12
        assert (np.abs(mean - 1)[easy] < SE * exact[easy] / np.sqrt(averaging.REPEATS)).all()
        near.append(((r.rmse - exact) / r.rmse_error)[exact < 0.15])
        far.append((r.rmse / exact)[-3:, 0])
    assert np.abs(np.concatenate(near)).max() < SE
    assert np.max(far) < 0.01


def test_both_sweeps_meet() -> None:
    """d = 6, sigma = 0.4 is the same picture in either sweep. Mutants: fresh draws in each frame; a
    coordinate too many; the start frame of another sigma."""
    a = averaging.sweep("d", d=6, sigma=0.4, n=128, q=Q, rng=rng(3))
    b = averaging.sweep("σ", d=6, sigma=0.4, n=128, q=Q, rng=rng(3))
    assert a.d[a.start] == b.d[b.start] == 6
    assert a.sigma[a.start] == b.sigma[b.start] == 0.4
    np.testing.assert_array_equal(a.log_estimate[a.start], b.log_estimate[b.start])
    assert a.log_p[a.start] == b.log_p[b.start]
    with pytest.raises(ValueError, match="choose one of"):
        averaging.sweep("x", d=6, sigma=0.4, n=128, q=Q, rng=rng())
    with pytest.raises(ValueError, match="between 1 and 20"):
        averaging.sweep("d", d=21, sigma=0.4, n=128, q=Q, rng=rng())


# ---------------------------------------------------------------- the K-sample bound


def law(q: Proposal) -> ratios.Law:
    return ratios.law(
        lambda e: linear.log_weights(q, e, e * e, 1), reach=9 / min(q.width, 1.0)
    )  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(SHIFTS, st.floats(0.5, 2.0))
def test_the_bound_rises(shift: float, width: float) -> None:
    """L_1 is minus the closed-form KL, L_K rises, stays below log p(x), and its gap tends to
    Var/2K where the weights have moments enough. Mutants: log K left out; phi^(K - 1); KL the wrong
    way round."""
    q = Proposal(shift, width)
    k = np.array([1, 2, 3, 4, 5, 8, 16, 100, 1024, 20_000])
    bound = ratios.bound(law(q), k)
    kl = 0.5 * (width**2 + shift**2 - 1) - np.log(width)
    assert bound[0] == pytest.approx(-kl, abs=1e-10)
    assert (np.diff(bound) > -1e-11).all()
    assert (bound < 1e-11).all()
    if width > 0.9 and kl > 1e-3:
        variance = np.expm1(linear.log_second_moment(q))
        if variance < 20:
            assert -bound[-1] * 2 * k[-1] == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("q", [Q, Proposal(1.5, 0.8), Proposal(0.2, 2.0)])
def test_the_bound_by_brute_force(q: Proposal) -> None:
    """K = 2 as a double sum over a grid, and the ratios of the gradients with it; K = 50 by Monte
    Carlo. Mutants: one sample shared across K; the terms i != j left out; v for v^2; K for K (K-1).
    """
    one = law(q)
    e = np.linspace(-11, 11, 1101)
    p = stats.norm.pdf(e) * (e[1] - e[0])
    both = np.outer(p, p)
    w = np.exp(linear.log_weights(q, e, e * e, 1))
    total = w[:, None] + w
    assert ratios.bound(one, np.array([2]))[0] == pytest.approx(
        float((both * np.log(total / 2)).sum()), abs=1e-7
    )
    for power in (1, 2):
        f = lambda x: np.sin(x) + 0.3 * x * x  # noqa: E731
        each = w**power * f(e)
        sums = (each[:, None] + each) / total**power
        mean = float((both * sums).sum())
        found = ratios.ratio(one, f(one.e), np.array([2]), power=power)
        assert found.mean[0] == pytest.approx(mean, abs=1e-7)
        std = np.sqrt(float((both * sums**2).sum()) - mean**2)
        assert found.std[0] == pytest.approx(std, abs=1e-6)
    noise = rng(5).standard_normal((50, 20_000))
    logs = np.log(np.exp(linear.log_weights(q, noise, noise**2, 1)).mean(0))
    error = logs.std() / np.sqrt(len(logs))
    assert abs(logs.mean() - ratios.bound(one, np.array([50]))[0]) < SE * error
    with pytest.raises(ValueError, match="at least K = 1"):
        ratios.bound(one, np.array([0]))


def exact_bound(
    m: torch.Tensor, log_s: torch.Tensor, b: torch.Tensor, x: float, sigma: float, k: int
) -> torch.Tensor:
    """L_1 or L_2 as a sum over a grid of noise, in torch."""
    e = torch.linspace(-9, 9, 721, dtype=torch.float64)
    normal = torch.distributions.Normal(0.0, 1.0)
    p = torch.exp(normal.log_prob(e)) * (e[1] - e[0])
    z = m + torch.exp(log_s) * e
    log_w = (
        normal.log_prob(z)
        + torch.distributions.Normal(b + z, sigma).log_prob(torch.tensor(x, dtype=torch.float64))
        - (normal.log_prob(e) - log_s)
    )
    if k == 1:
        return (p * log_w).sum()
    both = torch.logaddexp(log_w[:, None], log_w) - np.log(2)
    return (p[:, None] * p * both).sum()


@pytest.mark.parametrize("q", [Q, Proposal(1.5, 0.7)])
@pytest.mark.parametrize(("x", "sigma"), [(1.2, 0.3), (-2.0, 0.9)])
def test_gradients_by_autodiff(q: Proposal, x: float, sigma: float) -> None:
    """The exact gradients of the picture are autodiff's of the exact bound, at K = 1 and 2.

    Mutants: the sign of b's slope; gradients in posterior deviations; sigma for sigma^2."""
    r = tightening.tighten(x, sigma, q, rng=rng())
    mean, std = linear.posterior(x, sigma)
    for f, k in enumerate((1, 2)):
        m = torch.tensor(mean + q.shift * std, dtype=torch.float64, requires_grad=True)
        b = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
        log_s = torch.log(torch.tensor(q.width * std, dtype=torch.float64))
        value = exact_bound(m, log_s, b, x, sigma, k)
        value.backward()
        assert r.k[f] == k
        assert r.bound[f] == pytest.approx(float(value.detach()), abs=1e-7)
        assert m.grad is not None
        assert b.grad is not None
        want = [float(m.grad), float(m.grad), float(b.grad)]
        np.testing.assert_allclose(r.grad_mean[f], want, rtol=1e-6, atol=1e-7)


def test_both_gradients_have_one_mean() -> None:
    """Exactly, and as measured; so do their measured deviations. Mutants: v^2 for v; the whole
    slope where q is held fixed; the deviation of the mean for that of one estimate."""
    for seed, q in enumerate((Q, Proposal(0.1, 1.0), Proposal(1.0, 1.8), Proposal(2.0, 0.8))):
        r = tightening.tighten(1.2, 0.3, q, rng=rng(seed))
        np.testing.assert_allclose(r.grad_mean[:, 0], r.grad_mean[:, 1], rtol=1e-8, atol=1e-10)
        error = r.measured_std / np.sqrt(r.repeats)[:, None]
        some = error > 1e-10  # K = 1 and a q of the right width: every draw says the same
        assert (np.abs(r.measured_mean - r.grad_mean)[some] < SE * error[some]).all()
        assert (np.abs(r.mean - r.bound) < SE * r.error).all()
        if q.width >= 1:  # else the deviations have heavy tails of their own
            loose = 12 / np.sqrt(2 * r.repeats)[:, None] + 0.02
            assert (np.abs(r.measured_std / np.maximum(r.grad_std, 1e-12) - 1) < loose)[some].all()


@pytest.mark.parametrize("q", [Q, Proposal(0.1, 1.0), Proposal(0.8, 1.5)])
def test_signal_to_noise_laws(q: Proposal) -> None:
    """From K = 512 to 1,024 the ratios change as 1/sqrt(K), sqrt(K), sqrt(K), within 3% (the rest
    is of order 1/K). Mutants: the names of two gradients exchanged; variance for deviation."""
    r = tightening.tighten(1.2, 0.3, q, rng=rng())
    step = r.snr[-1] / r.snr[-2]
    np.testing.assert_allclose(step, [2**-0.5, 2**0.5, 2**0.5], rtol=0.03)
    # the decoder's gradient tends to that of log p(x): x / (1 + sigma^2) at b = 0
    assert r.grad_mean[-1, 2] == pytest.approx(1.2 / 1.09, rel=2e-3)


@pytest.mark.parametrize("q", [Q, Proposal(0.1, 1.0), Proposal(2.5, 2.0)])
def test_bands_of_ratios(q: Proposal) -> None:
    """Over 12 seeds the measured ratios of K <= 64 are off by one claimed error, root mean square:
    its own standard error is 20%, and neighbouring K share draws.

    Mutants: the formula for normal estimates (2.5 errors off for DReG at K = 2 and a good q); the
    sign of the skewness; the variance of the mean only."""
    off = []
    for seed in range(12):
        r = tightening.tighten(1.2, 0.3, q, rng=rng(seed))
        known = np.isfinite(r.snr)
        assert (np.isfinite(r.measured_snr) == known).all()
        measured, exact = (np.where(known, v, 0.0) for v in (r.measured_snr, r.snr))
        assert ((r.snr_error > 0) == known).all()
        off.append(((measured - exact) / np.where(known, r.snr_error, 1.0))[:7])
    wide = np.sqrt((np.array(off) ** 2).mean(0))
    assert (wide[wide > 0] > 0.3).all()
    assert wide.max() < 1.7
    y = rng(5).standard_normal((40_000, 1)) * 3 + 6  # normal: sqrt((1 + t^2 / 2) / R), t = 2
    assert tightening.ratio_error(y) == pytest.approx(np.sqrt(3 / 40_000), rel=0.03)
    y = rng(6).exponential(size=(400_000, 1))  # t = 1, skewness 2, kurtosis 9: 1 - 2 + 8 / 4
    assert tightening.ratio_error(y) == pytest.approx(np.sqrt(1 / 400_000), rel=0.05)


def test_the_histogram_counts_every_repeat() -> None:
    """Mutants: what is beyond the edges dropped; counts of one K for all."""
    r = tightening.tighten(0.5, 0.5, Proposal(2.5, 0.5), rng=rng())
    np.testing.assert_allclose(r.counts.sum(1), 1.0)
    middle = 0.5 * (r.edges[1:] + r.edges[:-1])
    near = r.counts @ middle
    np.testing.assert_allclose(near, r.mean - r.log_p, atol=r.edges[1] - r.edges[0])
    assert (r.k * r.repeats == tightening.DRAWS).all()


# ---------------------------------------------------------------- two gaps


def elbo_by_quad(name: str, x: float, m: float, s: float, sigma: float) -> float:
    one = curves.curve(name)

    def inside(z: float) -> float:
        log_q = stats.norm.logpdf(z, m, s)
        joint = stats.norm.logpdf(z) + stats.norm.logpdf(x, float(one.f(np.asarray(z))), sigma)
        return float(np.exp(log_q) * (joint - log_q))

    jumps = [j for j in one.jumps if abs(j - m) < 9 * s]
    edges = sorted({*(m + s * np.linspace(-9, 9, 25)), *jumps})
    return sum(quad(inside, a, b, epsabs=1e-12)[0] for a, b in pairwise(edges))


@pytest.mark.parametrize("name", curves.SMOOTH)
def test_elbo_and_its_derivatives(name: str) -> None:
    """Against SciPy's quadrature and central differences of it. Mutants: log variance for log
    deviation; He_3 without its 3; the entropy left out; the cross term without 1/s."""
    one, sigma, h = curves.curve(name), 0.4, 1e-4
    for x, m, log_s in ((0.7, 0.5, -1.0), (1.5, -1.2, -0.3), (-0.4, 0.1, -2.5)):
        at = np.array([[m, log_s]])
        found = best_q.elbo(one, np.array([x]), at, sigma)
        want = elbo_by_quad(name, x, m, np.exp(log_s), sigma)
        assert found.value[0] == pytest.approx(want, abs=1e-9)

        def moved(i: int, by: float, at: np.ndarray = at, x: float = x) -> best_q.Slopes:
            step = at + by * np.eye(2)[i]
            return best_q.elbo(one, np.array([x]), step, sigma)

        for i in range(2):
            up, down = moved(i, h), moved(i, -h)
            slope = (up.value[0] - down.value[0]) / (2 * h)
            assert found.first[0, i] == pytest.approx(slope, rel=1e-5, abs=1e-5)
            bend = (up.first[0] - down.first[0]) / (2 * h)
            np.testing.assert_allclose(found.second[0, i], bend, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", curves.SMOOTH)
@pytest.mark.parametrize("sigma", [0.1, 0.3, 1.0])
def test_best_q_by_global_search(name: str, sigma: float) -> None:
    """No start of a finer search ends higher: at ten places of x, from some of the 20 best of 8,000
    points each, by Nelder and Mead. Mutants: one start; the lowest peak; a step that falls taken.
    """
    one = curves.curve(name)
    x, _ = amortised.axis(one, sigma)
    x = x[4::8]
    found = best_q.best(one, x, sigma)
    assert np.abs(best_q.elbo(one, x, np.stack(found[:2], 1), sigma).first).max() < 1e-4
    grid = np.stack(
        [g.ravel() for g in np.meshgrid(np.linspace(-3.6, 3.6, 160), np.linspace(-4.5, 0.5, 50))], 1
    )
    for i, place in enumerate(x[:, None]):
        value = best_q.elbo(one, np.full(len(grid), place[0]), grid, sigma).value
        starts = grid[np.argsort(value)[-20:]][::5]
        best = max(
            -optimize.minimize(
                lambda v, at=place: -best_q.elbo(one, at, v[None], sigma).value[0],
                start, method="Nelder-Mead", options=dict(xatol=1e-7, fatol=1e-10),
            ).fun
            for start in starts
        )  # fmt: skip
        assert found.elbo[i] > best - 1e-8


@pytest.mark.parametrize("name", curves.SMOOTH)
def test_newton_stops_where_nothing_is_gained(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluations of the ELBO for 82 places of x and 8 encoders, at the default deviation.

    Mutant: steps that rounding refuses are tried until they run out (252 for bend)."""
    calls = []
    elbo = best_q.elbo
    monkeypatch.setattr(best_q, "elbo", lambda *a: calls.append(1) or elbo(*a))
    amortised.gaps(name, 0.3, 1.2)
    assert len(calls) < (60 if name == "line" else 230)


@pytest.mark.parametrize("name", curves.SMOOTH)
def test_gaps_are_divergences(name: str) -> None:
    """At three places: log p(x), KL(best q || posterior) and KL(encoder's q || posterior) by SciPy.

    Mutants: KL(posterior || q); one gap counted twice; the posterior of another x."""
    sigma = 0.3
    one = curves.curve(name)
    for x in (-0.3, 1.0, 2.0):
        r = amortised.gaps(name, sigma, x)
        assert r.x[-1] == x
        p = sum(
            quad(lambda z, x=x: stats.norm.pdf(z) * stats.norm.pdf(x, one.f(z), sigma), a, b,
                 epsabs=1e-13)[0] for a, b in pairwise(np.linspace(-7, 7, 57))
        )  # fmt: skip
        assert r.log_p[-1] == pytest.approx(np.log(p), abs=1e-9)
        best = elbo_by_quad(name, x, r.best.mean[-1], np.exp(r.best.log_std[-1]), sigma)
        assert r.approximation[-1] == pytest.approx(np.log(p) - best, abs=1e-8)
        for f in (1, 4):
            own = elbo_by_quad(name, x, r.mean[f, -1], np.exp(r.log_std[f, -1]), sigma)
            assert r.amortisation[f, -1] == pytest.approx(best - own, abs=1e-7)
        assert np.trapezoid(r.posterior[:, -1], r.shown) == pytest.approx(1, abs=1e-3)
    assert r.weight.sum() == pytest.approx(1, abs=1e-12)
    assert r.weight[-1] == 0
    assert r.share > 0.99


@pytest.mark.parametrize("name", curves.SMOOTH)
@pytest.mark.parametrize("sigma", [0.1, 0.35, 1.0])
def test_capacity_never_hurts(name: str, sigma: float) -> None:
    """Mutants: each degree from a fresh start only; the worse of two ends; gaps below zero hidden.
    On the line, degree 0 has its closed form and degree 1 closes the gap."""
    r = amortised.gaps(name, sigma, 0.0)
    average = r.elbo @ r.weight
    assert (np.diff(average) > -1e-12).all()
    assert (r.best.elbo - r.elbo > -1e-9).all()
    assert (r.log_p - r.best.elbo > -1e-10).all()
    if name == "line":
        assert r.approximation.max() < 1e-10
        assert r.amortisation[1:].max() < 1e-10
        # KL(N(0, s^2) || N(x / v, s^2)) = (x / v)^2 / (2 s^2), s^2 = sigma^2 / v
        v = 1 + sigma**2
        want = r.weight @ (r.x / v) ** 2 * v / (2 * sigma**2)
        assert r.amortisation[0] @ r.weight == pytest.approx(want, rel=1e-8)


@pytest.mark.parametrize("name", ["bend", "fold", "wave"])
def test_the_encoder_is_stationary(name: str) -> None:
    """SciPy's BFGS, from our coefficients and free to move, gains nothing. Mutants: Newton stopped
    after two steps; the places of x not weighted; a constant mean."""
    sigma = 0.3
    one = curves.curve(name)
    r = amortised.gaps(name, sigma, 0.0)
    x, w = r.x[:-1], r.weight[:-1]
    for k in (0, 1, 3):
        basis = np.polynomial.chebyshev.chebvander(2 * (x - x[0]) / (x[-1] - x[0]) - 1, k)
        start = np.stack([
            np.linalg.lstsq(basis, y[k, :-1], rcond=None)[0] for y in (r.mean, r.log_std)
        ], 1)  # fmt: skip
        np.testing.assert_allclose(basis @ start[:, 0], r.mean[k, :-1], atol=1e-9)

        def cost(v: np.ndarray, basis: np.ndarray = basis, k: int = k) -> tuple[float, np.ndarray]:
            found = best_q.elbo(one, x, basis @ v.reshape(k + 1, 2), sigma)
            return -float(w @ found.value), -(basis.T @ (w[:, None] * found.first)).ravel()

        assert np.abs(cost(start.ravel())[1]).max() < 1e-5
        ended = optimize.minimize(cost, start.ravel(), jac=True, method="BFGS")
        assert -ended.fun < r.elbo[k] @ r.weight + 1e-8


# ---------------------------------------------------------------- clouds of gradients


@pytest.mark.parametrize("name", ["bend", "fold", "wave", "ripples", "steps"])
@pytest.mark.parametrize("q", [(0.4, 0.3), (-1.0, 0.8)])
def test_the_star_is_the_gradient(name: str, q: tuple[float, float]) -> None:
    """Central differences of the ELBO, by SciPy's quadrature told of the jumps.

    Mutants: by s for by log s; the star of the reparameterised estimate; jumps in e for jumps in z.
    """
    r = clouds.clouds(name, 1.2, 0.3, q, rng=rng())
    (m, s), h = q, 1e-4
    assert r.elbo == pytest.approx(elbo_by_quad(name, 1.2, m, s, 0.3), abs=1e-8)
    by_m = elbo_by_quad(name, 1.2, m + h, s, 0.3) - elbo_by_quad(name, 1.2, m - h, s, 0.3)
    up, down = s * np.exp(h), s * np.exp(-h)
    by_s = elbo_by_quad(name, 1.2, m, up, 0.3) - elbo_by_quad(name, 1.2, m, down, 0.3)
    np.testing.assert_allclose(r.exact, [by_m / (2 * h), by_s / (2 * h)], rtol=1e-5, atol=1e-5)
    assert r.elbo < r.log_p


@pytest.mark.parametrize("name", ["bend", "fold", "wave", "ripples", "steps"])
@pytest.mark.parametrize("draws", [1, 8])
def test_clouds_are_centred(name: str, draws: int) -> None:
    """Means within standard errors of what the estimator tends to; variances within theirs.

    Mutants: the variance of a draw for that of an estimate; fresh draws for each estimator; the
    covariance of the cloud drawn as that of its mean."""
    r = clouds.clouds(name, 1.2, 0.3, (0.4, 0.3), draws=draws, rng=rng(7))
    error = np.sqrt(np.diagonal(r.cov[-1], axis1=-2, axis2=-1))
    assert (np.abs(r.mean[-1] - r.expected) < SE * error).all()
    centred = r.gradient - r.gradient.mean(1, keepdims=True)
    found, fourth = (centred**2).mean(1), (centred**4).mean(1)
    spread = np.sqrt((fourth - found**2) / clouds.DRAWS)
    # the spread is itself estimated from heavy tails, hence 6
    assert (np.abs(found - r.variance) < 6 * spread).all()
    for f in (0, 11, -1):
        n = r.at[f]
        np.testing.assert_allclose(r.mean[f], r.gradient[:, :n].mean(1))
        want = [np.cov(r.gradient[i, :n].T) / n for i in range(3)]
        np.testing.assert_allclose(r.cov[f], want, rtol=1e-7, atol=1e-9)


@given(st.floats(-2.5, 2.5), st.floats(0.06, 1.4), st.floats(-2, 4))
@settings(deadline=None, max_examples=20)
def test_jumps_bias_one_of_them(m: float, s: float, x: float) -> None:
    """Score function with and without baseline tend to one thing, always; reparameterisation does
    where the decoder is continuous. On steps it keeps the prior's part only.

    Mutants: a baseline that is not constant; the slope of the rounded z."""
    for name in curves.CURVES:
        r = clouds.clouds(name, x, 0.3, (m, s), rng=rng())
        size = 1e-7 * (1 + np.abs(r.exact) + np.sqrt(r.variance.max(0)))
        assert (np.abs(r.expected[1] - r.expected[0]) < size).all()
        if name == "steps":
            np.testing.assert_allclose(r.expected[2], [-m, 1 - s * s], atol=1e-9)
        else:
            assert (np.abs(r.expected[2] - r.exact) < size).all()


def test_texts_of_q() -> None:
    """Mutants: the deviation first; a message without the range."""
    assert clouds.parse("0.4 0.3") == (0.4, 0.3)
    for text, said in (("1", "a mean and a deviation"), ("1 x", "a mean and a deviation"),
                       ("9 1", "between -3 and 3"), ("0 2", "between 0.05 and 1.5")):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            clouds.parse(text)
    assert clouds.of_handle({"xy": [[1.234, 0.0]], "width": [9.0]}) == "1.23 1.5"
    assert clouds.parse(clouds.of_handle({"xy": [[-7.0, 0]], "width": [0.001]})) == (-3.0, 0.05)
    assert clouds.of_handle({"xy": [[0.5, 0.0]], "width": [0.6]}) == "0.5 0.3"
    with pytest.raises(ValueError, match="choose one of"):
        curves.curve("circle")
    with pytest.raises(ValueError, match="smooth curve"):
        amortised.gaps("steps", 0.3, 0.0)
    with pytest.raises(ValueError, match="at least 1 draw"):
        clouds.clouds("bend", 0.0, 0.3, (0.0, 1.0), draws=0, rng=rng())
