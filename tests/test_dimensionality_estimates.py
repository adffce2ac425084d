"""What d does to sampling and density estimation: exact numbers against draws and other libraries.

Each test names the mutants it kills.
"""

import numpy as np
import pytest
from scipy import integrate, stats
from sklearn.neighbors import KernelDensity

from dgmlib.dimensionality import acceptance, densities

N = 20_000


def test_acceptance_of_rejection_counts_to_s_to_the_minus_d() -> None:
    """Mutants: s^d for the envelope's share of another d; (1 - s^2) for (s^2 - 1); u squared.
    Five standard errors in every dimension."""
    exact = acceptance.rejection(np.arange(1, 9), 1.4)
    np.testing.assert_allclose(exact, 1.4 ** -np.arange(1.0, 9.0), rtol=1e-12)
    found = acceptance.count_rejection(8, 1.4, N, rng=np.random.default_rng(0))
    assert np.all(np.abs(found.share - exact) < 5 * np.sqrt(exact * (1 - exact) / N))
    assert acceptance.rejection(3, 0.9) == 0  # no envelope
    with pytest.raises(ValueError, match="at least as wide"):
        acceptance.count_rejection(3, 0.9, 10, rng=np.random.default_rng(0))


@pytest.mark.parametrize("s", [0.75, 0.9, 1.0, 1.7])
def test_effective_share_is_one_over_the_second_moment(s: float) -> None:
    """E_q[w^2] in one dimension by quadrature; d of them multiply.
    Mutants: s for s^2 in the denominator; 2 s^2 + 1; E_p for E_q."""

    def square(x: float) -> float:
        return float(np.exp(2 * stats.norm.logpdf(x) - stats.norm.logpdf(x, scale=s)))

    second = integrate.quad(square, -30, 30, limit=400)[0]
    for d in (1, 4, 9):
        assert acceptance.effective_share(d, s) == pytest.approx(second**-d, rel=1e-8, abs=0)
    if s >= 1:  # bounded weights: n draws agree with the limit
        found = acceptance.weigh(4, s, N, rng=np.random.default_rng(1))
        np.testing.assert_allclose(found.median, second ** -np.arange(1.0, 5.0), rtol=0.06)


def test_infinite_variance_is_said_and_not_seen() -> None:
    """At 2 s^2 <= 1 the truth is 0, and every measured share is above it: at least 1 / n.
    Mutants: the closed form continued (NaN, or negative); the width of the standard deviation."""
    assert acceptance.effective_share(5, 0.7) == 0
    assert acceptance.effective_share(1, 0.71) > 0
    found = acceptance.weigh(5, 0.6, 500, rng=np.random.default_rng(2))
    assert np.all(found.median >= 1 / 500)
    assert np.all(found.interval.low <= found.median)
    assert np.all(found.median <= found.interval.high)


@pytest.mark.parametrize("step", [0.3, 1.0, 2.4])
def test_acceptance_of_the_random_walk_is_students(step: float) -> None:
    """Against draws (five standard errors), and in one dimension against the arctangent.
    Mutants: d - 1 degrees; sqrt(d) left out; the factor 2; min(1, ratio) of x for y."""
    d = np.arange(1, 13)
    exact = acceptance.random_walk(d, step)
    assert exact[0] == pytest.approx(2 / np.pi * np.arctan(2 / step), rel=1e-12)
    found = acceptance.count_random_walk(12, step, N, rng=np.random.default_rng(3))
    assert np.all(np.abs(found.share - exact) < 5 * np.sqrt(exact * (1 - exact) / N))


def test_the_best_step_accepts_one_in_four() -> None:
    """Roberts, Gelman and Gilks: 0.234 as d grows. Mutant: 2.38 / d."""
    tuned = acceptance.random_walk(10**6, acceptance.BEST_STEP / 1e3)
    assert tuned == pytest.approx(2 * stats.norm.cdf(-1.19), abs=1e-6)
    assert tuned == pytest.approx(0.234, abs=5e-4)


def test_intervals_are_clopper_and_pearsons() -> None:
    """Against SciPy, ends included: no hit has an upper end, n hits a lower one.
    Mutants: a normal interval (width 0 at 0 hits); one-sided; beta(k + 1, n - k) at both ends."""
    found = acceptance.counted(np.array([0, 1, 7, 19, 20]), 20)
    for i, k in enumerate((0, 1, 7, 19, 20)):
        exact = stats.binomtest(k, 20).proportion_ci(0.95, method="exact")
        assert found.interval.low[i] == pytest.approx(exact.low, abs=1e-12)
        assert found.interval.high[i] == pytest.approx(exact.high, abs=1e-12)


def test_kernels_agree_with_scikit_learn() -> None:
    """Mutants: h for h^2; the normalisation of one dimension; a sum for a mean."""
    rng = np.random.default_rng(4)
    for d in (1, 3, 10):
        x, y = rng.standard_normal((200, d)), rng.standard_normal((50, d))
        other = KernelDensity(bandwidth=200 ** (-1 / (d + 4))).fit(x).score_samples(y)
        np.testing.assert_allclose(densities.kernel_log_prob(x, y), other, rtol=1e-9)
    by_scott = stats.gaussian_kde(rng.standard_normal((3, 77))).scotts_factor()
    assert densities.kernel_width(3, 77) == pytest.approx(by_scott)


def test_the_histogram_is_a_density_and_counts_its_cells() -> None:
    """Total probability in 1 and 2 dimensions; hits against a plain count.
    Mutants: h for h^d; n for n + 1; cells rounded towards zero (the middle one twice as wide)."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((60, 1))
    grid = np.linspace(-20, 20, 400_001)
    q = np.exp(densities.histogram_log_prob(x, grid[:, None])[0])
    # jumps of height under 1 at some ten edges, one step of 1e-4 each
    assert integrate.trapezoid(q, grid) == pytest.approx(1, abs=2e-3)
    x = rng.standard_normal((60, 2))
    axis = np.linspace(-16, 16, 1001)
    mesh = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    q = np.exp(densities.histogram_log_prob(x, mesh)[0])
    assert q.sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=2e-2)
    h, y = densities.cell_width(2, 60), rng.standard_normal((40, 2))
    hits = densities.histogram_log_prob(x, y)[1]
    plain = [(np.floor(x / h) == np.floor(one / h)).all(1).sum() for one in y]
    assert hits.tolist() == plain


def test_gaps_begin_at_the_entropy_and_the_gaussians_are_exact() -> None:
    """The expected gap of fitted Gaussians against 400 fits (five standard errors); the measured
    ones against a plain recomputation. Mutants: n - d - 1; psi(n - i) without its half; a gap in
    total nats; truth and fit exchanged."""
    rng, n = np.random.default_rng(6), 30
    for d in (1, 4):
        full, diagonal = [], []
        for _ in range(400):
            x = rng.standard_normal((n, d))
            m, S = x.mean(0), np.cov(x.T, bias=True).reshape(d, d)
            for kept, C in ((full, S), (diagonal, np.diag(np.diag(S)))):
                inverse = np.linalg.inv(C)
                kl = np.linalg.slogdet(C)[1] + np.trace(inverse) + m @ inverse @ m - d
                kept.append(0.5 * kl / d)
        for kept, flag in ((full, False), (diagonal, True)):
            exact = densities.gaussian_gap(d, n, diagonal=flag)
            assert abs(np.mean(kept) - exact) < 5 * np.std(kept) / 20
    assert densities.gaussian_gap(28, 30) == np.inf
    assert densities.gaussian_gap(np.array([1]), 50) == densities.gaussian_gap(1, 50, diagonal=True)
    found = densities.measure(6, 300, held_out=50, rng=np.random.default_rng(7))
    again = np.random.default_rng(7)
    x, y = again.standard_normal((300, 6)), again.standard_normal((50, 6))
    for d in (1, 6):
        truth = stats.norm.logpdf(y[:, :d]).sum(1)
        kernels = (truth - densities.kernel_log_prob(x[:, :d], y[:, :d])) / d
        log_q, hits = densities.histogram_log_prob(x[:, :d], y[:, :d])
        assert found.kernels[d - 1] == pytest.approx(kernels.mean())
        assert found.kernels_error[d - 1] == pytest.approx(kernels.std(ddof=1) / 50**0.5)
        assert found.histogram[d - 1] == pytest.approx(((truth - log_q) / d).mean())
        assert found.empty[d - 1] == (hits == 0).sum()
    assert pytest.approx(stats.norm.entropy()) == densities.ENTROPY
