"""Tables, piecewise densities, Gaussians in d dimensions and mean field: exact laws."""

import math

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from dgmlib.divergences import gaussian, gaussian_nd, mean_field, piecewise, tables
from dgmlib.divergences.wasserstein import w_samples

bounded = settings(max_examples=60, deadline=None, derandomize=True)
COUNTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=8).filter(
    lambda c: sum(a for a, _ in c) > 0 and sum(b for _, b in c) > 0
)
RNG = np.random.default_rng(5)


def _random_cov(d: int, rng: np.random.Generator) -> np.ndarray:
    a = rng.normal(size=(d, d))
    return a @ a.T + 0.1 * np.eye(d)


# Tables


def test_known_tables():
    """Kills: 0 log 0 as nan; a finite KL past a hole; bits for nats."""
    assert tables.kl([0.5, 0.5, 0], [0.25, 0.25, 0.5]) == pytest.approx(math.log(2), abs=1e-15)
    assert tables.kl([0.25, 0.25, 0.5], [0.5, 0.5, 0]) == math.inf
    assert tables.entropy([0.25] * 4) == pytest.approx(math.log(4), abs=1e-15)
    assert tables.bits(tables.entropy([0.25] * 4)) == pytest.approx(2, abs=1e-15)
    assert tables.cross_entropy([1, 0], [0.5, 0.5]) == pytest.approx(math.log(2), abs=1e-15)
    assert tables.cross_entropy([0.5, 0.5], [1, 0]) == math.inf
    assert tables.cross_entropy([0, 1], [0, 1]) == 0
    assert tables.renyi([0.5, 0.5], [0.9, 0.1], 2) == pytest.approx(math.log(0.25 / 0.09))
    assert tables.kl(np.eye(3), np.full(3, 1 / 3)) == pytest.approx([math.log(3)] * 3)


@pytest.mark.parametrize("weight", [0.5, 0.9])
def test_disjoint_supports(weight):
    """JS is log 2 there, the slip in the notes being half of it; everything else is at its end.

    Kills: JS with 1/4; the mean of the two KLs without their weights.
    """
    p, q = [weight, 1 - weight, 0, 0], [0, 0, 0.3, 0.7]
    assert tables.js(p, q) == pytest.approx(math.log(2), abs=1e-15)
    assert tables.kl(p, q) == tables.jeffreys(p, q) == tables.renyi(p, q, 0.5) == math.inf
    assert tables.tv(p, q) == pytest.approx(1, abs=1e-15)
    assert tables.hellinger2(p, q) == pytest.approx(1, abs=1e-15)
    assert tables.alpha(p, q, 0.5) == pytest.approx(4)
    assert tables.alpha(p, q, 2) == tables.alpha(p, q, -1) == math.inf


@bounded
@given(COUNTS)
def test_merging_cells_never_adds_divergence(counts):
    """Data processing, and agreement with SciPy. Kills: a wrong sign or weight in any of them."""
    a, b = np.array(counts, dtype=float).T
    p, q = a / a.sum(), b / b.sum()
    merged = [np.r_[v[0] + v[1], v[2:], 0.0] for v in (p, q)]
    for f in (
        tables.kl,
        tables.js,
        tables.tv,
        tables.hellinger2,
        lambda p, q: tables.renyi(p, q, 2),
    ):
        before, after = float(f(p, q)), float(f(*merged))
        assert after >= 0
        assert before == math.inf or after <= before + 1e-14
        assert f(p, p) == pytest.approx(0, abs=1e-15)
    assert tables.kl(p, q) == pytest.approx(float(stats.entropy(p, q)), abs=1e-14)
    assert tables.js(p, q) <= math.log(2) + 1e-15
    h2 = float(tables.hellinger2(p, q))
    assert tables.alpha(p, q, 0.5) == pytest.approx(4 * h2, abs=1e-14)
    if tables.kl(p, q) < math.inf:
        total = tables.entropy(p) + tables.kl(p, q)
        assert tables.cross_entropy(p, q) == pytest.approx(float(total), abs=1e-14)
        near = float(tables.alpha(p, q, 1 - 1e-8))
        assert near == pytest.approx(float(tables.kl(p, q)), rel=1e-6, abs=1e-14)


def test_nonsense_tables_are_refused():
    with pytest.raises(ValueError, match="sum to 1"):
        tables.kl([0.5, 0.4], [0.5, 0.5])
    with pytest.raises(ValueError, match="not negative"):
        tables.kl([1.5, -0.5], [0.5, 0.5])
    with pytest.raises(ValueError, match="positive"):
        tables.renyi([1, 0], [1, 0], -1)


# Piecewise densities


def test_parallel_uniforms():
    """Only W1 sees the distance. Kills: densities compared by cell number instead of by place."""
    p = piecewise.uniform(0, 1)
    for shift in (1.0, 2.5, 40.0):
        q = piecewise.uniform(shift, shift + 1)
        _, a, b = piecewise.on_common_cells(p, q)
        assert tables.js(a, b) == pytest.approx(math.log(2), abs=1e-15)
        assert tables.kl(a, b) == math.inf
        assert piecewise.w1(p, q) == pytest.approx(shift, abs=1e-13)
    _, a, b = piecewise.on_common_cells(p, piecewise.uniform(0.5, 1.5))
    assert tables.tv(a, b) == pytest.approx(0.5, abs=1e-15)
    _, a, b = piecewise.on_common_cells(p, piecewise.uniform(0, 4))
    assert tables.kl(a, b) == pytest.approx(math.log(4), abs=1e-15)


def test_piecewise_fits_together():
    """Kills: probability for density; a cell's width ignored in sampling; W1 without crossings."""
    p = piecewise.piecewise([-1, 0, 0.5, 3], [0.2, 0.0, 0.8])
    q = piecewise.piecewise([-2, 1, 2], [0.7, 0.3])
    assert piecewise.log_prob(p, [-2, -0.5, 0.2, 1, 3]).tolist() == pytest.approx(
        [-np.inf, math.log(0.2), -np.inf, math.log(0.32), -np.inf]
    )
    x = piecewise.sample(p, 20_000, rng=np.random.default_rng(0))
    u = piecewise.cdf(p, x)
    # Kolmogorov-Smirnov: 1.95 / sqrt(n) is passed by chance once in a thousand.
    assert stats.kstest(u, "uniform").statistic < 1.95 / math.sqrt(len(x))
    grid = np.linspace(-2, 3, 500_001)
    gap = np.abs(piecewise.cdf(p, grid) - piecewise.cdf(q, grid))
    assert piecewise.w1(p, q) == pytest.approx(float(np.trapezoid(gap, grid)), abs=1e-9)
    # F - G is -1/3 at 0 and 1/3 at 1, 0 at -1 and 2: triangles of 1/6, 2 x 1/12 and 1/6.
    wide = piecewise.uniform(-1, 2)
    assert piecewise.w1(piecewise.uniform(0, 1), wide) == pytest.approx(0.5, abs=1e-15)
    with pytest.raises(ValueError, match="increasing"):
        piecewise.piecewise([0, 0, 1], [0.5, 0.5])


# Samples


@bounded
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 10**6))
def test_sample_wasserstein_is_scipys_and_pots(n, m, seed):
    """Ties, zero weights included. Kills: unsorted points; the right limit of a step."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(-3, 4, n).astype(float), rng.normal(size=m)
    a, b = rng.integers(0, 4, n) + np.eye(n)[0], rng.random(m) + 0.1
    ours = w_samples(x, y, x_weight=a, y_weight=b)
    assert ours == pytest.approx(stats.wasserstein_distance(x, y, a, b), abs=1e-12)
    pots = math.sqrt(np.asarray(ot.wasserstein_1d(x, y, a / a.sum(), b / b.sum(), p=2)))
    assert w_samples(x, y, order=2, x_weight=a, y_weight=b) == pytest.approx(pots, abs=1e-7)
    assert w_samples(x, x + 2.5) == pytest.approx(2.5, abs=1e-14)
    assert ours <= w_samples(x, y, order=2, x_weight=a, y_weight=b) + 1e-14
    same_size = rng.normal(size=n)
    exact = np.sqrt(np.mean((np.sort(x) - np.sort(same_size)) ** 2))
    assert w_samples(x, same_size, order=2) == pytest.approx(float(exact), abs=1e-12)


def test_nonsense_samples_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        w_samples([0], [1], order=0.5)
    with pytest.raises(ValueError, match="x_weight"):
        w_samples([0, 1], [1], x_weight=[1, -1])
    with pytest.raises(ValueError, match="weights >= 0"):
        w_samples([0, 1], [1], x_weight=[2, -1])  # the sum alone looks like a weight
    with pytest.raises(ValueError, match="non-empty"):
        w_samples([], [1])


# Gaussians in d dimensions


def test_independent_coordinates_add_up_and_axes_do_not_matter():
    """Products of 1-D Gaussians, then any affine map. Kills: the determinant's 1/2; S_q for its
    inverse; W2 without the cross term (it is only invariant to rotations)."""
    rng = np.random.default_rng(2)
    for d in (1, 2, 5):
        m_p, m_q = rng.normal(size=(2, d))
        s_p, s_q = np.exp(rng.normal(0, 0.4, (2, d)))
        a = rng.normal(size=(d, d)) + 2 * np.eye(d)
        p = gaussian_nd.gaussian(a @ m_p, a @ np.diag(s_p**2) @ a.T)
        q = gaussian_nd.gaussian(a @ m_q, a @ np.diag(s_q**2) @ a.T)
        g = (m_p, s_p, m_q, s_q)
        assert gaussian_nd.kl(p, q) == pytest.approx(gaussian.kl(*g).sum(), rel=1e-9)
        assert gaussian_nd.jeffreys(p, q) == pytest.approx(gaussian.jeffreys(*g).sum(), rel=1e-9)
        b = gaussian.bhattacharyya(*g).sum()
        assert gaussian_nd.bhattacharyya(p, q) == pytest.approx(b, rel=1e-9)
        assert gaussian_nd.hellinger2(p, q) == pytest.approx(1 - math.exp(-b), rel=1e-9)
        for order in (0.3, 0.5, 1, 1.1):
            r = gaussian.renyi(*g, order).sum()
            assert gaussian_nd.renyi(p, q, order) == pytest.approx(r, rel=1e-9)
        affinity = gaussian.log_affinity(*g, 0.3).sum()
        expected = (1 - math.exp(affinity)) / 0.21
        assert gaussian_nd.alpha(p, q, 0.3) == pytest.approx(expected, rel=1e-9)
        assert gaussian_nd.alpha(p, q, 0) == gaussian_nd.kl(q, p)
        log_det = math.log(abs(np.linalg.det(a)))
        entropy = gaussian.entropy(s_p).sum() + log_det
        assert gaussian_nd.entropy(p) == pytest.approx(entropy, rel=1e-9)
        turn = np.linalg.qr(a)[0]
        p, q = (
            gaussian_nd.gaussian(turn @ m, turn * s**2 @ turn.T)
            for m, s in ((m_p, s_p), (m_q, s_q))
        )
        expected = math.sqrt(np.sum(gaussian.w2(*g) ** 2))
        assert gaussian_nd.w2(p, q) == pytest.approx(expected, rel=1e-9)


def test_against_textbook_and_pot_where_axes_differ():
    """Kills: W2 with S_p^1/2 S_q^1/2 (right only when they commute); density of the precision."""
    rng = np.random.default_rng(3)
    p, q = (gaussian_nd.gaussian(rng.normal(size=3), _random_cov(3, rng)) for _ in range(2))
    x = rng.normal(size=(7, 3))
    inverse, gaps = np.linalg.inv(p.cov), x - p.mean
    expected = -0.5 * np.einsum("ni,ij,nj->n", gaps, inverse, gaps)
    expected -= 0.5 * math.log(np.linalg.det(2 * math.pi * p.cov))
    np.testing.assert_allclose(gaussian_nd.log_prob(p, x), expected, rtol=1e-11)
    pots = np.asarray(ot.gaussian.bures_wasserstein_distance(p.mean, q.mean, p.cov, q.cov))
    assert gaussian_nd.w2(p, q) == pytest.approx(float(pots), rel=1e-8)
    inverse = np.linalg.inv(q.cov)
    gap = p.mean - q.mean
    textbook = 0.5 * (
        np.trace(inverse @ p.cov) - 3 + gap @ inverse @ gap
        + math.log(np.linalg.det(q.cov) / np.linalg.det(p.cov))
    )  # fmt: skip
    assert gaussian_nd.kl(p, q) == pytest.approx(float(textbook), rel=1e-10)


def test_when_renyi_is_infinite_in_d_dimensions():
    """One direction too wide is enough. Kills: a test of the determinant's sign only."""
    p = gaussian_nd.gaussian([0, 0], [4.0, 4.0])  # S_a = 2 - 4 < 0 twice: determinant positive
    q = gaussian_nd.gaussian([0, 0], [1.0, 1.0])
    assert gaussian_nd.renyi(p, q, 2) == gaussian_nd.alpha(p, q, 2) == math.inf
    assert gaussian_nd.renyi(q, p, 2) < math.inf
    for bad, message in (([[1, 2], [0, 1]], "symmetric"), ([[1, 2], [2, 1]], "positive definite")):
        with pytest.raises(ValueError, match=message):
            gaussian_nd.gaussian([0, 0], bad)


# Mean field


@pytest.mark.parametrize("seed", [0, 1])
def test_mean_field_optima_are_the_minima(seed):
    """A numerical minimiser finds nothing lower, and stops at the formula.

    Kills: variances exchanged between the two directions; (S_ii)^-1 for (S^-1)_ii.
    """
    p = gaussian_nd.gaussian([1.0, -2.0, 0.5], _random_cov(3, np.random.default_rng(seed)))
    cases = (
        (mean_field.reverse_optimum, lambda q: gaussian_nd.kl(q, p)),
        (mean_field.forward_optimum, lambda q: gaussian_nd.kl(p, q)),
        (mean_field.w2_optimum, lambda q: gaussian_nd.w2(p, q) ** 2),
    )
    for optimum, loss in cases:
        best = optimum(p)
        found = optimize.minimize(
            lambda t, loss=loss: loss(gaussian_nd.gaussian(t[:3], np.exp(t[3:]))),
            np.zeros(6), method="BFGS", options=dict(gtol=1e-7),
        )  # fmt: skip
        assert loss(best) <= found.fun + 1e-12
        np.testing.assert_allclose(np.exp(found.x[3:]), np.diag(best.cov), rtol=2e-5)
        np.testing.assert_allclose(found.x[:3], p.mean, atol=2e-5)
    reverse, forward = mean_field.reverse_optimum(p), mean_field.forward_optimum(p)
    assert mean_field.reverse_gap(p) == pytest.approx(gaussian_nd.kl(reverse, p), rel=1e-10)
    assert mean_field.forward_gap(p) == pytest.approx(gaussian_nd.kl(p, forward), rel=1e-10)
    assert gaussian_nd.kl(p, p) == pytest.approx(0, abs=1e-15)  # what a full Gaussian reaches


@pytest.mark.parametrize("rho", [-0.95, 0.0, 0.6])
def test_two_correlated_coordinates(rho):
    """Kills: a shrinkage of sqrt(1 - rho^2) in the variance; log(1 - rho^2) without its half."""
    p = mean_field.correlated(rho, (1.0, 2.0))
    shrunk = np.diag(mean_field.reverse_optimum(p).cov)
    np.testing.assert_allclose(shrunk, (1 - rho**2) * np.array([1, 4]), rtol=1e-12)
    np.testing.assert_allclose(np.diag(mean_field.forward_optimum(p).cov), [1, 4])
    shared = -0.5 * math.log(1 - rho**2)
    assert mean_field.reverse_gap(p) == pytest.approx(shared, abs=1e-13)
    assert mean_field.forward_gap(p) == pytest.approx(shared, abs=1e-13)
    with pytest.raises(ValueError, match="between -1 and 1"):
        mean_field.correlated(1.0)
