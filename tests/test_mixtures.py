"""The mixture as a model: density, posterior, draws, gradient, criteria, refusals."""

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp
from sklearn.mixture import GaussianMixture

from dgmlib.mixtures import gmm, slices, starts
from dgmlib.mixtures.em import bound
from dgmlib.mixtures.gmm import COVARIANCES, Params


def some_params(*, rng: np.random.Generator, K: int = 3, d: int = 2) -> Params:
    root = rng.normal(size=(K, d, d)) + 1.5 * np.eye(d)
    return Params(rng.dirichlet(np.full(K, 3.0)), 2 * rng.normal(size=(K, d)), root @ root.mT)


def test_log_prob_is_the_sum_of_the_components_of_scipy() -> None:
    """Kills: log |Sigma| for log |Sigma| / 2; whitening by L instead of L^-1; lost log 2 pi."""
    rng = np.random.default_rng(0)
    p = some_params(rng=rng, K=4, d=3)
    x = rng.normal(size=(50, 3)) * 3
    each = [
        np.log(w) + stats.multivariate_normal(m, c).logpdf(x) for w, m, c in zip(*p, strict=True)
    ]
    np.testing.assert_allclose(gmm.log_joint(p, x), np.stack(each, 1), rtol=1e-11)
    total: Any = logsumexp(each, axis=0)
    np.testing.assert_allclose(gmm.log_prob(p, x), total, rtol=1e-11)


def test_the_density_integrates_to_one() -> None:
    """Kills: weights left out of the density, or any lost constant."""
    p = Params(
        np.array([0.3, 0.7]),
        np.array([[-1.0, 0.5], [1.0, -0.5]]),
        np.array([[[0.5, 0.3], [0.3, 0.6]], [[0.4, -0.1], [-0.1, 0.2]]]),
    )
    t = np.linspace(-8, 8, 321)  # far beyond 6 sd; the trapezium rule is exact to rounding here
    grid = np.stack(np.meshgrid(t, t), -1).reshape(-1, 2)
    assert np.exp(gmm.log_prob(p, grid)).sum() * (t[1] - t[0]) ** 2 == pytest.approx(1, abs=1e-10)


def test_far_points_keep_a_posterior() -> None:
    """Kills: exponentials without the maximum taken off, 0 / 0 at 1e4 standard deviations."""
    p = some_params(rng=np.random.default_rng(1))
    r = gmm.responsibilities(p, np.array([[1e4, -1e4], [0.0, 0.0]]))
    np.testing.assert_allclose(r.sum(1), 1, rtol=1e-14)
    assert np.isfinite(gmm.log_prob(p, np.array([[1e4, -1e4]]))).all()


def test_a_weight_of_zero_is_a_component_less() -> None:
    """Kills: 0 * log 0 = NaN, and a component of weight 0 that still takes points."""
    rng = np.random.default_rng(2)
    p = some_params(rng=rng)
    x = rng.normal(size=(20, 2))
    two = Params(np.array([0.4, 0.6]), p.mean[:2], p.cov[:2])
    three = Params(np.array([0.4, 0.6, 0.0]), p.mean, p.cov)
    np.testing.assert_allclose(gmm.log_prob(three, x), gmm.log_prob(two, x), rtol=1e-13)
    assert (gmm.responsibilities(three, x)[:, 2] == 0).all()


def test_leading_axes_are_so_many_mixtures() -> None:
    """Kills: any axis mixed up in a batch of parameters."""
    rng = np.random.default_rng(3)
    ps = [some_params(rng=rng) for _ in range(4)]
    batch = Params(*(np.stack(a) for a in zip(*ps, strict=True)))
    x = rng.normal(size=(30, 2))
    np.testing.assert_allclose(gmm.log_prob(batch, x), [gmm.log_prob(p, x) for p in ps])
    np.testing.assert_allclose(gmm.gradient_mean(batch, x), [gmm.gradient_mean(p, x) for p in ps])
    np.testing.assert_allclose(
        gmm.bic(batch, x, covariance="full"), [gmm.bic(p, x, covariance="full") for p in ps]
    )


def test_gradient_in_the_means_against_finite_differences() -> None:
    """Kills the slip: Sigma (x - mu) for Sigma^-1 (x - mu); and a gradient without r."""
    rng = np.random.default_rng(4)
    p, x, h = some_params(rng=rng), rng.normal(size=(40, 2)) * 2, 1e-5
    numeric = np.zeros_like(p.mean)
    for at in np.ndindex(*p.mean.shape):
        e = np.zeros_like(p.mean)
        e[at] = h
        up, down = (gmm.log_prob(p._replace(mean=p.mean + s * e), x).sum() for s in (1, -1))
        numeric[at] = (up - down) / (2 * h)
    # central differences: h^2 of truncation plus eps |L| / h of rounding, near 1e-8
    np.testing.assert_allclose(gmm.gradient_mean(p, x), numeric, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_a_collapsing_ball_adds_two_pi_variance_to_the_minus_half_d(d: int) -> None:
    """Kills the slip: 1 / (sqrt(2 pi) sigma) in every dimension; truth (2 pi sigma^2)^(-d/2)."""
    x = np.zeros((1, d))
    far = np.full(d, 100.0)  # the other component gives nothing here
    for variance in (1e-2, 1e-6):
        p = Params(
            np.array([0.25, 0.75]),
            np.stack([np.zeros(d), far]),
            np.stack([variance * np.eye(d), np.eye(d)]),
        )
        peak = 0.25 * (2 * np.pi * variance) ** (-d / 2)
        assert gmm.log_prob(p, x)[0] == pytest.approx(np.log(peak), rel=1e-12)


def test_draws_have_the_mixtures_moments() -> None:
    """Kills the slip V^-1 D^(-1/2) (it would whiten); D for D^(1/2); V^T for V; equal weights."""
    rng = np.random.default_rng(5)
    p, n = some_params(rng=rng, d=3), 200_000  # in 2-d V can equal V^T
    x, k = gmm.sample(p, n, rng=rng)
    counts = np.bincount(k, minlength=3)
    assert stats.chisquare(counts, n * p.weight).pvalue > 1e-3
    for j in range(3):
        own, m, c = x[k == j], p.mean[j], p.cov[j]
        error = np.sqrt(np.diag(c) / len(own))
        assert (np.abs(own.mean(0) - m) < 4.5 * error).all()
        # sd of a sample covariance: sqrt((c_ij^2 + c_ii c_jj) / n)
        sd = np.sqrt((c**2 + np.outer(np.diag(c), np.diag(c))) / len(own))
        assert (np.abs(np.cov(own, rowvar=False) - c) < 4.5 * sd).all()


def test_draws_agree_with_log_prob() -> None:
    """Chi-squared over cells of the first coordinate, whose probabilities integrate log_prob.

    Kills: draws that ignore the components' widths, or a log_prob of another mixture.
    """
    rng = np.random.default_rng(6)
    p = some_params(rng=rng, K=3, d=1)
    x, _ = gmm.sample(p, 20_000, rng=rng)
    reach = np.sqrt(p.cov[:, 0, 0])
    edges = np.linspace((p.mean[:, 0] - 6 * reach).min(), (p.mean[:, 0] + 6 * reach).max(), 41)
    t = edges[:-1] + np.diff(edges) * (np.arange(400)[:, None] + 0.5) / 400  # (400, 40)
    density = np.exp(gmm.log_prob(p, t.reshape(-1, 1))).reshape(t.shape)
    expected = len(x) * density.mean(0) * np.diff(edges)
    counts = np.histogram(x[:, 0], edges)[0]
    common = expected >= 10  # the rule for chi-squared; the rare cells are put together
    counts = np.append(counts[common], len(x) - counts[common].sum())
    expected = np.append(expected[common], len(x) - expected[common].sum())
    assert stats.chisquare(counts, expected).pvalue > 1e-3


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_aic_and_bic_are_those_of_scikit_learn(covariance: str) -> None:
    """Kills: a parameter counted twice or not at all, log n for 2, mean for sum."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(200, 3)) @ np.diag([1.0, 2.0, 0.5]) + rng.integers(0, 2, (200, 1)) * 4
    theirs = GaussianMixture(2, covariance_type=covariance, random_state=0).fit(x)
    c, eye = np.asarray(theirs.covariances_), np.eye(3)
    cov = {
        "full": lambda: c,
        "tied": lambda: np.stack([c, c]),
        "diag": lambda: c[:, :, None] * eye,
        "spherical": lambda: c[:, None, None] * eye,
    }[covariance]()
    p = Params(np.asarray(theirs.weights_), np.asarray(theirs.means_), cov)
    np.testing.assert_allclose(gmm.aic(p, x, covariance=covariance), theirs.aic(x), rtol=1e-10)
    np.testing.assert_allclose(gmm.bic(p, x, covariance=covariance), theirs.bic(x), rtol=1e-10)
    new = rng.normal(size=(50, 3)) * 3
    np.testing.assert_allclose(gmm.score(p, new), theirs.score(new), rtol=1e-10)
    np.testing.assert_allclose(gmm.responsibilities(p, new), theirs.predict_proba(new), atol=1e-10)


def test_the_order_of_components_does_not_matter() -> None:
    """K! label switchings give one density. Kills: a weight tied to another's mean."""
    rng = np.random.default_rng(8)
    p, x = some_params(rng=rng, K=4), rng.normal(size=(30, 2))
    for order in ([1, 0, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        q = Params(*(a[order] for a in p))
        np.testing.assert_allclose(gmm.log_prob(q, x), gmm.log_prob(p, x), rtol=1e-13)
        r = gmm.responsibilities(q, x)
        np.testing.assert_allclose(r, gmm.responsibilities(p, x)[:, order], atol=1e-14)


def test_a_slice_is_the_likelihood_along_the_line_and_the_bound_touches_it() -> None:
    """Kills: the wrong component moved; a parabola of the wrong curvature or slope."""
    rng = np.random.default_rng(9)
    p, x = some_params(rng=rng), rng.normal(size=(60, 2)) * 2
    v, t = np.array([0.6, -0.8]), np.linspace(-3, 3, 61)
    line = slices.slice_along(p, x, component=1, direction=v, offset=t)
    r = gmm.responsibilities(p, x)
    for i in (0, 17, 30, 60):
        mean = p.mean.copy()
        mean[1] += t[i] * v
        moved = p._replace(mean=mean)
        np.testing.assert_allclose(line.mean[i], mean[1])
        np.testing.assert_allclose(line.log_likelihood[i], gmm.log_prob(moved, x).sum(), rtol=1e-12)
        np.testing.assert_allclose(line.bound[i], bound(moved, r, x), rtol=1e-12)
    assert (line.bound <= line.log_likelihood + 1e-9).all()  # rounding of sums near 1e3
    assert line.bound[30] == pytest.approx(line.log_likelihood[30], rel=1e-13)
    # they touch, not cross: equal slopes, which is the gradient of the log-likelihood
    near = slices.slice_along(p, x, component=1, direction=v, offset=np.array([-1e-4, 1e-4]))
    slope = gmm.gradient_mean(p, x)[1] @ v
    for y in (near.bound, near.log_likelihood):
        assert (y[1] - y[0]) / 2e-4 == pytest.approx(slope, rel=1e-6, abs=1e-5)


def test_slices_of_many_frames_are_the_slices_of_each() -> None:
    """Kills: axes of frames and offsets mixed up; r of another frame."""
    rng = np.random.default_rng(10)
    ps = [some_params(rng=rng) for _ in range(3)]
    batch = Params(*(np.stack(a) for a in zip(*ps, strict=True)))
    x, t = rng.normal(size=(20, 2)), np.linspace(-1, 1, 5)
    at = {"component": 2, "direction": np.array([1.0, 2.0]), "offset": t}
    r = rng.dirichlet(np.ones(3), size=(3, 20))
    both = slices.slice_along(batch, x, r=r, **at)
    for i, p in enumerate(ps):
        one = slices.slice_along(p, x, r=r[i], **at)
        np.testing.assert_allclose(both.bound[i], one.bound)
        np.testing.assert_allclose(both.log_likelihood[i], one.log_likelihood)
        np.testing.assert_allclose(both.mean[i], one.mean)
    with pytest.raises(ValueError, match="from 0 to 2, got 3"):
        slices.slice_along(ps[0], x, component=3, direction=np.ones(2), offset=t)
    with pytest.raises(ValueError, match="not all 0"):
        slices.slice_along(ps[0], x, component=0, direction=np.zeros(2), offset=t)


GOOD = np.random.default_rng(11).normal(size=(6, 2))


@pytest.mark.parametrize(
    ("x", "K", "says"),
    [
        (np.where(np.arange(12).reshape(6, 2) == 7, np.nan, GOOD), 2, "row 3 .* remove"),
        (np.where(np.arange(12).reshape(6, 2) == 4, np.inf, GOOD), 2, "row 2 .* remove"),
        (GOOD, 7, r"K = 7 .* n = 6: lower K"),
        (GOOD, 0, r"K = 0"),
        (GOOD[:, 0], 1, r"got \(6,\); one column is x\[:, None\]"),
        (np.column_stack([GOOD[:, 0], np.full(6, 3.0)]), 2, r"column 1 .* constant \(3\): drop"),
    ],
)
def test_wrong_points_are_refused_with_the_remedy(x: np.ndarray, K: int, says: str) -> None:
    """Kills: NaN that travels on; K > n; a column without a density."""
    with pytest.raises(ValueError, match=says):
        starts.start(x, K, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weight": np.array([0.5, 0.6])}, "sum to 1.*divide them"),
        ({"weight": np.array([1.5, -0.5])}, ">= 0"),
        ({"weight": np.array([1.0])}, "shapes"),
        ({"mean": np.array([[0.0, np.nan], [0, 0]])}, "finite"),
        ({"cov": np.stack([np.eye(2), np.diag([1.0, 0.0])])}, "positive definite"),
        ({"cov": np.stack([np.eye(2), [[1.0, 0.5], [0.0, 1.0]]])}, "symmetric"),
    ],
)
def test_wrong_parameters_are_refused_with_the_remedy(change: dict, says: str) -> None:
    """Kills: weights that are quietly rescaled; a singular covariance that gets through."""
    p = Params(np.array([0.5, 0.5]), np.zeros((2, 2)), np.stack([np.eye(2)] * 2))
    assert gmm.check_params(p).mean.shape == (2, 2)
    with pytest.raises(ValueError, match=says):
        gmm.check_params(p._replace(**change))
    with pytest.raises(ValueError, match=says):
        gmm.sample(p._replace(**change), 3, rng=np.random.default_rng(0))


def test_unknown_names_are_refused() -> None:
    """Kills: an unknown covariance or kind of start that is taken for the default."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="full, tied, diag, spherical, got 'round'"):
        gmm.n_parameters(2, 2, "round")
    with pytest.raises(ValueError, match=r"\+\+, random, got 'best'"):
        starts.start(GOOD, 2, kind="best", rng=rng)
    with pytest.raises(ValueError, match="full, tied, diag, spherical"):
        starts.start(GOOD, 2, covariance="round", rng=rng)
    with pytest.raises(ValueError, match="means have 3 columns, x has 2"):
        starts.from_means(GOOD, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="rows that sum to 1"):
        starts.from_responsibilities(GOOD, np.full((6, 2), 0.6))
