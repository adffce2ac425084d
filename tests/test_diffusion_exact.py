"""Exact denoisers: against numerical integrals, slopes of log-densities, and each other."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from dgmlib.diffusion import exact, process, samplers, schedule
from dgmlib.mixtures import gmm

RNG = np.random.default_rng
TWO = gmm.Params(np.array([0.3, 0.7]), np.array([[-1.0], [2.0]]), np.array([[[0.5]], [[0.1]]]))
PLANE = gmm.Params(
    np.array([0.2, 0.5, 0.3]),
    np.array([[1.0, 0.0], [-1.0, 2.0], [0.0, -2.0]]),
    np.array([[[0.5, 0.3], [0.3, 0.4]], [[0.2, 0.0], [0.0, 1.0]], [[0.1, -0.05], [-0.05, 0.3]]]),
)


@pytest.mark.parametrize("a", [0.99, 0.5, 0.01])
@pytest.mark.parametrize("x", [-2.0, 0.4, 3.0])
def test_the_mean_of_x0_by_quadrature(a: float, x: float) -> None:
    """E[x_0 | x_t] as a ratio of two integrals over x_0.

    Mutants: responsibilities of the data in place of those of x_t; the mean not shrunk; S C^-1
    without sqrt(a); the noise not in C.
    """

    def joint(x0: float) -> float:
        prior = sum(w * norm.pdf(x0, m[0], c[0, 0] ** 0.5) for w, m, c in zip(*TWO, strict=True))
        return float(prior * norm.pdf(x, a**0.5 * x0, (1 - a) ** 0.5))

    at = [-1.0, 2.0, x / a**0.5]
    above, below = (
        quad(f, -8, 8, points=at, epsabs=1e-13, limit=200)[0]
        for f in (lambda y: y * joint(y), joint)
    )
    found = exact.denoise_mixture(TWO, np.array([[x]]), a)[0, 0]
    assert found == pytest.approx(above / below, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("a", [0.95, 0.3])
def test_eps_is_the_slope_of_the_log_density(a: float) -> None:
    """score(eps) against differences of log q(x_t), in the plane. Mutants: the root left out of
    the score; K's axes exchanged in the gain (seen as the covariances are not diagonal).
    """
    x, h = RNG(0).standard_normal((6, 2)) * 2, 1e-5
    q = exact.diffused(PLANE, a)
    slope = np.stack(
        [(gmm.log_prob(q, x + h * e) - gmm.log_prob(q, x - h * e)) / (2 * h) for e in np.eye(2)], 1
    )
    found = process.score(exact.of_mixture(PLANE)(x, a), a)
    np.testing.assert_allclose(found, slope, rtol=1e-6, atol=1e-7)


def test_points_are_a_mixture_without_width() -> None:
    """Against the mixture's formula with variances of 1e-10, and Bayes' rule by hand.

    Mutants: |x_i|^2 left out, so that far points win; alpha_bar in place of its root.
    """
    points, a = RNG(1).standard_normal((5, 2)) * 2, 0.4
    narrow = gmm.Params(np.full(5, 0.2), points, np.tile(1e-10 * np.eye(2), (5, 1, 1)))
    x = RNG(2).standard_normal((7, 2))
    found = exact.denoise_points(points, x, a)
    np.testing.assert_allclose(found, exact.denoise_mixture(narrow, x, a), rtol=1e-6)
    r = np.exp(-((x[:, None] - a**0.5 * points) ** 2).sum(-1) / (2 * (1 - a)))
    np.testing.assert_allclose(exact.recall(points, x, a), r / r.sum(1, keepdims=True), rtol=1e-9)


@pytest.mark.parametrize("std", [0.05, 0.6])
def test_round_gaussians_are_the_mixture(std: float) -> None:
    """Against the mixture's formula with full matrices. Mutants: std for std^2; weights dropped;
    the share of x_t without sqrt(a).
    """
    points, w = RNG(1).standard_normal((4, 2)), np.array([0.1, 0.2, 0.3, 0.4])
    p = gmm.Params(w, points, np.tile(std**2 * np.eye(2), (4, 1, 1)))
    x = RNG(2).standard_normal((9, 2))
    for a in (0.97, 0.4, 0.02):
        found = exact.of_points(points, std=std, weight=w)(x, a)
        np.testing.assert_allclose(found, exact.of_mixture(p)(x, a), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("rule", "eta"),
    [("ddpm", 0.0), ("ddpm+", 0.0), ("ddim", 0.0), ("ddim", 0.5), ("euler", 0.0), ("heun", 0.0)],
)
def test_every_sampler_returns_the_points(rule: samplers.Rule, eta: float) -> None:
    """A model that knows its data by heart has no others; and all points are reached.

    Mutants: noise in the last step; the step to s = 0 left out; before and after exchanged.
    """
    points = np.array([[-2.0, 0.0], [0.0, 2.0], [2.0, -1.0]])
    rng = RNG(3)
    path = samplers.sample(exact.of_points(points), schedule.cosine(60).alpha_bar,
                           rng.standard_normal((200, 2)), rule=rule, eta=eta, rng=rng)  # fmt: skip
    away = np.linalg.norm(path.x[-1][:, None] - points, axis=-1)
    assert away.min(1).max() < 1e-6
    assert len(set(away.argmin(1))) == 3


@pytest.mark.parametrize("alpha_bar", [0.0, 1.0, -0.5, np.nan])
def test_without_noise_there_is_nothing_to_do(alpha_bar: float) -> None:
    with pytest.raises(ValueError, match="0 < alpha_bar < 1"):
        exact.denoise_mixture(TWO, np.zeros((1, 1)), alpha_bar)


@pytest.mark.parametrize("points", [np.zeros(3), np.zeros((0, 2)), np.array([[np.nan, 0.0]])])
def test_points_must_be_points(points: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite points"):
        exact.of_points(points)
