"""The mixture itself: density, score, distribution function, quantile and samples fit together."""

import numpy as np
import pytest
from scipy import integrate, stats

from dgmlib.divergences.mixture1d import (
    Mixture1D,
    cdf,
    gaussian,
    log_prob,
    log_prob_and_score,
    mixture,
    moments,
    quantile,
    responsibilities,
    sample,
    score,
    sf,
)

P = mixture([0.5, 0.3, 0.2], [-2.0, 0.5, 4.0], [0.7, 0.1, 1.5])
NARROW = mixture([0.3, 0.3, 0.4], [-2.0, 0.0, 50.0], [0.5, 1e-3, 4.0])
X = np.linspace(-6, 10, 81) + 0.013


def test_density_is_the_weighted_sum_of_scipys():
    """Kills: log-sum-exp without the weights; std read as variance."""
    expected = sum(w * stats.norm.pdf(X, m, s) for w, m, s in zip(*P, strict=True))
    np.testing.assert_allclose(np.exp(log_prob(P, X)), expected, rtol=1e-12)
    assert np.isfinite(log_prob(P, 1e4))  # exp() underflows, the log must not


def test_distribution_function_integrates_the_density():
    """Kills: cdf of unweighted components; sf that is not the other side."""
    for x in (-3.0, 0.0, 0.55, 6.0):
        near = [c for c in (-2, 0.3, 0.5, 0.7, 4) if c < x]
        area, _ = integrate.quad(
            lambda t: np.exp(log_prob(P, t)), -14, x, points=near or None, epsabs=1e-13, limit=400
        )
        assert cdf(P, x) == pytest.approx(area, abs=1e-11)
        assert sf(P, x) == pytest.approx(1 - area, abs=1e-11)


def test_score_is_the_slope_of_log_prob():
    """Kills: 1/s for 1/s^2; the sign; prior weights for responsibilities."""
    h = 1e-5  # central difference: error h^2 f''' / 6, f''' up to 1e4 at the narrow mode
    slope = (log_prob(P, X + h) - log_prob(P, X - h)) / (2 * h)
    np.testing.assert_allclose(score(P, X), slope, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(responsibilities(P, X).sum(-1), 1, rtol=1e-14)


@pytest.mark.parametrize("p", [P, NARROW, gaussian(3, 0.2)], ids=["p", "narrow", "one"])
def test_density_and_score_together_are_those_apart(p):
    """Kills: the peak not subtracted (far out, 0 / 0); the last component's scale for all."""
    x = np.stack([X, X + 5, 1e4 * X])
    log_p, slope = log_prob_and_score(p, x)
    np.testing.assert_allclose(log_p, log_prob(p, x), rtol=1e-13)
    np.testing.assert_allclose(slope, score(p, x), rtol=1e-12)


@pytest.mark.parametrize("p", [P, NARROW, gaussian(3, 0.2)], ids=["p", "narrow", "one"])
def test_quantile_inverts_the_distribution_function(p):
    """Kills: a bisection stopped at 1e-6; a Newton step that leaves the bracket."""
    u = np.r_[1e-250, 1e-30, np.linspace(0.001, 0.999, 999)]
    np.testing.assert_allclose(cdf(p, quantile(p, u)), u, rtol=1e-12)
    np.testing.assert_allclose(sf(p, quantile(p, u, upper=True)), u, rtol=1e-12)
    x = p.mean[:, None] + p.std[:, None] * np.linspace(-1, 1, 21)  # where the density is large
    np.testing.assert_allclose(quantile(p, cdf(p, x)), x, rtol=1e-12, atol=1e-12)
    assert quantile(p, [0, 1]).tolist() == [-np.inf, np.inf]
    assert quantile(p, [0, 1], upper=True).tolist() == [np.inf, -np.inf]


def test_a_batch_is_its_rows():
    """Kills: broadcasting the components along the points."""
    rows = [mixture([0.2, 0.8], [0, a], [1, 0.3]) for a in (-1.0, 2.0, 5.0)]
    batch = Mixture1D(*(np.stack(a) for a in zip(*rows, strict=True)))
    x, u = np.linspace(-2, 5, 12).reshape(3, 4), np.linspace(0.05, 0.95, 12).reshape(3, 4)
    for f, at in ((log_prob, x), (score, x), (cdf, x), (sf, x), (quantile, u)):
        np.testing.assert_allclose(
            f(batch, at), [f(r, a) for r, a in zip(rows, at, strict=True)], rtol=1e-12
        )
    np.testing.assert_allclose(moments(batch).var, [moments(r).var for r in rows])
    assert log_prob(gaussian(np.zeros(3), 1), x).shape == (3, 4)


def test_moments():
    """Kills: the variance within components only."""
    x, dx = np.linspace(-12, 22, 400_001, retstep=True)  # trapezoid of smooth decay: exact
    p = np.exp(log_prob(P, x)) * dx
    m, v = moments(P)
    assert m == pytest.approx(p @ x, abs=1e-11)
    assert v == pytest.approx(p @ (x - m) ** 2, abs=1e-10)


def test_samples_follow_the_distribution_function():
    """Chi-squared over 40 equally likely cells: 39 +- 9, so 85 is five deviations away.

    Kills: variance for std in ``sample``; equal weights.
    """
    n = 40_000
    x = sample(P, n, rng=np.random.default_rng(1))
    count, _ = np.histogram(cdf(P, x), bins=40, range=(0, 1))
    assert ((count - n / 40) ** 2 / (n / 40)).sum() < 85


@pytest.mark.parametrize(
    "weight, mean, std, message",
    [
        ([0.5, 0.6], [0, 1], 1, "sum to 1"),
        ([1.0], [0], [0.0], "std must be positive"),
        ([1.5, -0.5], [0, 1], 1, "weight must be positive"),
        ([1.0], [np.nan], [1.0], "mean must be finite"),
    ],
)
def test_nonsense_is_refused(weight, mean, std, message):
    with pytest.raises(ValueError, match=message):
        mixture(weight, mean, std)


def test_nonsense_questions_are_refused():
    with pytest.raises(ValueError, match=r"lies in \[0, 1\]"):
        quantile(P, 1.5)
    with pytest.raises(ValueError, match="one mixture"):
        sample(gaussian(np.zeros(2), 1), 3, rng=np.random.default_rng(0))
