"""Laws of divergences between densities on the line, by quadrature and in closed form."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate as scipy_integrate

from dgmlib.divergences import adaptive, gaussian, grid, tilted, wasserstein
from dgmlib.divergences.mixture1d import Mixture1D, log_prob, mixture, score
from dgmlib.divergences.mixture1d import gaussian as normal
from dgmlib.divergences.quadrature import integrate

bounded = settings(max_examples=20, deadline=None, derandomize=True)
means = st.floats(-6, 6)
stds = st.floats(math.log(0.05), math.log(5)).map(math.exp)
GAUSSIANS = st.tuples(means, stds, means, stds)


@st.composite
def mixtures(draw) -> Mixture1D:
    k = draw(st.integers(1, 4))
    w = np.array([draw(st.floats(0.05, 1)) for _ in range(k)])
    return mixture(w / w.sum(), [draw(means) for _ in w], [draw(stds) for _ in w])


P = mixture([0.5, 0.3, 0.2], [-2, 2, 6], [0.6, 0.3, 1])
Q = mixture([0.6, 0.4], [0, 5], [1, 2])

BY_QUADRATURE = {
    "kl": adaptive.kl,
    "jeffreys": adaptive.jeffreys,
    "tv": adaptive.tv,
    "hellinger2": adaptive.hellinger2,
    "w1": wasserstein.w1,
    "w2": wasserstein.w2,
}


# Closed forms and quadrature


@bounded
@given(GAUSSIANS)
def test_quadrature_finds_the_closed_forms(g):
    """Within its own error and 1e-10. Kills: s_p for s_q in the KL; TV without the half;
    W2 with variances for stds; a truncation at 5 standard deviations."""
    p, q = normal(*g[:2]), normal(*g[2:])
    for name, f in BY_QUADRATURE.items():
        value, error = f(p, q)
        exact = float(getattr(gaussian, name)(*g))
        assert abs(value - exact) <= error + 4e-16 * max(1, exact), name
        assert abs(value - exact) <= 1e-10 * max(1, exact), name


@bounded
@given(GAUSSIANS, st.floats(-1.5, 3))
def test_alpha_and_renyi_find_the_closed_forms(g, order):
    """Finite or not, alike. Kills: the condition for finiteness dropped or turned round;
    a factor a or 1 - a lost; a domain of p's scales only."""
    p, q = normal(*g[:2]), normal(*g[2:])
    margin = order * g[3] ** 2 + (1 - order) * g[1] ** 2
    if abs(margin) < 1e-3 * g[3] ** 2:
        return  # too near the edge of finiteness to be computed in floating point
    exact = float(gaussian.log_affinity(*g, order=order))
    value, error = tilted.log_affinity(p, q, order)
    if not math.isfinite(exact):
        assert value == exact == math.inf
        assert error == 0
        assert gaussian.alpha(*g, order=order) == tilted.alpha(p, q, order).value == math.inf
        return
    digits = 1e-15  # terms of first order cancel in the closed forms
    assert abs(value - exact) <= error + 1e-15 * abs(exact) + digits
    # ... and are divided by order and by order - 1, where these are not 0
    lost = digits / min(1.0, abs(order) or 1.0) / min(1.0, abs(order - 1) or 1.0)
    assert error < 1e-8 * max(1, abs(exact))
    if order > 0:
        renyi = tilted.renyi(p, q, order)
        exact = float(gaussian.renyi(*g, order=order))
        assert abs(renyi.value - exact) <= renyi.error + 1e-12 * abs(exact) + lost
    exact = float(gaussian.alpha(*g, order=order))
    value, error = tilted.alpha(p, q, order)
    if exact < 1e100:
        assert abs(value - exact) <= error + 1e-12 * exact + lost


def test_tilted_far_outside_both():
    """Kills: panels around p and q only, where p^a q^(1-a) has its mass 60 deviations away."""
    value, error = tilted.log_affinity(normal(0, 1), normal(1, 0.8), 2.7)
    assert value == pytest.approx(float(gaussian.log_affinity(0, 1, 1, 0.8, order=2.7)), abs=1e-11)
    assert error < 1e-10


def test_infinite_affinities_are_known_to_be():
    """Kills: an order below 0 taken for finite; one of two exponential tails forgotten."""
    assert tilted.log_affinity(normal(0, 1), normal(0, 2), -1) == (math.inf, 0)
    assert math.isfinite(tilted.log_affinity(normal(0, 2), normal(0, 1), -1).value)
    # s_p^2 = 2 s_q^2 and a = 2: the tails of p^2 / q are exponential, e^(-2 m x) times a constant
    p, r = normal(0, 2), math.sqrt(2)
    for means, finite in (((-1, 1), True), ((1, 2), False), ((-2, -1), False)):
        assert tilted.is_finite(p, mixture([0.5, 0.5], means, [r, r]), 2) == finite
    q = mixture([0.5, 0.5], [-1, 1], [r, r])
    exact, _ = scipy_integrate.quad(
        lambda x: math.exp(2 * float(log_prob(p, x)) - float(log_prob(q, x))), -60, 60, limit=400
    )
    assert tilted.log_affinity(p, q, 2).value == pytest.approx(math.log(exact), abs=1e-9)


def test_renyi_keeps_its_digits_near_zero():
    """a d^2 / 2 for a shift d. Kills: the logarithm of an integral that is 1 but for 4e-13."""
    found = tilted.renyi(normal(0, 1), normal(1e-6, 1), 1.5)
    assert found.value == pytest.approx(1.5 * 1e-12 / 2, rel=1e-6, abs=0)


def test_transport_is_as_good_above_as_below():
    """Many pairs at once. Kills: the upper tail taken from 1 - F, which has no digits there."""
    p = Mixture1D(
        *(np.array(a) for a in ([[0.5, 0.5], [0.3, 0.7]], [[-1, 1.0], [0, 2]], [[1, 0.5], [1, 1]]))
    )
    q = Mixture1D(
        *(
            np.array(a)
            for a in ([[0.4, 0.6], [0.5, 0.5]], [[-2, 0.0], [1, 3]], [[1, 1], [0.7, 1.2]])
        )
    )
    x = np.linspace(-8, 10, 13) * np.ones((2, 1))
    back = wasserstein.transport(p._replace(mean=-p.mean), q._replace(mean=-q.mean), -x)
    np.testing.assert_allclose(wasserstein.transport(p, q, x), -back, rtol=0, atol=1e-12)


def test_known_numbers():
    """KL is not symmetric. Kills: forward and reverse exchanged; log base 2; a lost 1/2."""
    assert gaussian.kl(0, 1, 0, 2) == pytest.approx(math.log(2) - 3 / 8, abs=1e-15)
    assert gaussian.kl(0, 2, 0, 1) == pytest.approx(3 / 2 - math.log(2), abs=1e-15)
    assert adaptive.kl(normal(0, 1), normal(0, 2)).value == pytest.approx(math.log(2) - 3 / 8)
    assert gaussian.tv(0, 1, 2, 1) == pytest.approx(0.6826894921370859, abs=1e-15)  # 1 sigma
    assert gaussian.entropy(1) == pytest.approx(1.4189385332046727, abs=1e-15)
    assert gaussian.w1(0, 1, 0, 3) == pytest.approx(2 * math.sqrt(2 / math.pi), abs=1e-15)
    assert gaussian.bhattacharyya(0, 1, 4, 1) == pytest.approx(2, abs=1e-14)
    assert gaussian.hellinger2(0, 1, 4, 1) == pytest.approx(1 - math.exp(-2), abs=1e-15)


def test_quadrature_agrees_with_scipy_on_mixtures():
    """An independent integrator and the integrands as textbooks write them.

    Kills: a panel counted twice; a component's weight lost; JS against p instead of the mean.
    """

    def quad(f):
        return scipy_integrate.quad(f, -12, 23, limit=2000, epsabs=1e-12, points=[-2, 0, 2, 5, 6])[
            0
        ]

    def logs(x):
        return float(log_prob(P, x)), float(log_prob(Q, x))

    def kl(x):
        a, b = logs(x)
        return math.exp(a) * (a - b)

    def js(x):
        a, b = logs(x)
        m = math.log((math.exp(a) + math.exp(b)) / 2)
        return 0.5 * (math.exp(a) * (a - m) + math.exp(b) * (b - m))

    def affinity(x):
        a, b = logs(x)
        return math.exp(0.3 * a + 0.7 * b)

    assert adaptive.kl(P, Q).value == pytest.approx(quad(kl), abs=1e-9)
    assert adaptive.js(P, Q).value == pytest.approx(quad(js), abs=1e-9)
    exact = (1 - quad(affinity)) / 0.21
    assert tilted.alpha(P, Q, 0.3).value == pytest.approx(exact, abs=1e-8)
    tv = quad(lambda x: 0.5 * abs(np.exp(logs(x)[0]) - np.exp(logs(x)[1])))
    assert adaptive.tv(P, Q).value == pytest.approx(tv, abs=1e-7)  # scipy's kinks


def _apart(k: int, std: float, gap: float) -> tuple[Mixture1D, Mixture1D, float]:
    """Modes so far apart that they do not see each other: KL adds up over them exactly."""
    rng = np.random.default_rng(k)
    w, v = rng.dirichlet(np.full(k, 3.0), 2)
    m = gap * np.arange(k)
    shift, stretch = std * rng.normal(size=k), np.exp(rng.normal(0, 0.5, k))
    exact = w @ (np.log(w / v) + gaussian.kl(m, std, m + shift, std * stretch))
    return mixture(w, m, std), mixture(v, m + shift, std * stretch), float(exact)


@pytest.mark.parametrize(
    "k, std, gap", [(2, 1, 60), (4, 1e-3, 1), (3, 1e-5, 10), (6, 0.1, 1000), (4, 1e-8, 0.5)]
)
def test_far_and_narrow_modes_keep_the_error_honest(k, std, gap):
    """Kills: panels that do not start at the modes' own scales; an error without rounding."""
    p, q, exact = _apart(k, std, gap)
    value, error = adaptive.kl(p, q)
    assert abs(value - exact) <= error
    assert error < 1e-5 * exact  # loosest at |m| / s = 1e8, where x itself has only 8 digits
    value, error = adaptive.js(p, mixture(q.weight, q.mean + 1e3 * gap, q.std))
    assert abs(value - math.log(2)) <= error


def test_error_bounds_hold_over_a_random_hard_set():
    """Stds apart by up to 1e4 and kinks anywhere: 150 pairs, no exception.

    Kills: kinks left inside panels (near a panel's end no node sees them); half the error.
    """
    rng = np.random.default_rng(0)
    for _ in range(150):
        g = (*rng.normal(0, 5, 1), *np.exp(rng.normal(0, 2, 1)), *rng.normal(0, 5, 1))
        g = (*g, *np.exp(rng.normal(0, 2, 1)))
        # Cut into overlapping equal parts: the same density, so the same exact answer.
        p = mixture([0.25, 0.75], [g[0]] * 2, [g[1]] * 2)
        for name in ("kl", "tv", "hellinger2", "w1"):
            value, error = BY_QUADRATURE[name](p, normal(*g[2:]))
            exact = float(getattr(gaussian, name)(*g))
            assert abs(value - exact) <= error + 2e-15 * exact, (name, g)


def test_integrate_says_when_it_fails():
    """A singular slope is reported, not hidden. Kills: an error that ignores unfinished panels."""
    value, error = integrate(np.sqrt, [0, 1], max_panels=6)
    assert 1e-9 < abs(value - 2 / 3) < error
    value, error = integrate(lambda x: np.stack([np.cos(x), x]), [0, 1])
    np.testing.assert_allclose(value, [math.sin(1), 0.5], rtol=1e-15)
    assert np.all(np.asarray(error) < 1e-14)
    with pytest.raises(ValueError, match="finite"):
        integrate(np.sqrt, [0, np.inf])


# Laws


@bounded
@given(mixtures(), mixtures())
def test_bounds_and_orders(p, q):
    """Never negative, and the inequalities between divergences.

    Kills: JS twice or half as large; TV without the half; Jeffreys as a mean; a sign.
    """
    forward, reverse = adaptive.kl(p, q).value, adaptive.kl(q, p).value
    js, tv = adaptive.js(p, q).value, adaptive.tv(p, q).value
    h2 = adaptive.hellinger2(p, q).value
    tiny = 1e-12
    assert min(forward, reverse, js, tv, h2) >= 0
    assert js <= math.log(2) + tiny
    assert tv <= 1 + tiny
    assert tv <= math.sqrt(min(forward, reverse) / 2) + tiny  # Pinsker
    assert h2 <= tv + tiny
    assert tv <= math.sqrt(h2 * (2 - h2)) + tiny  # Le Cam
    assert js <= math.log(2) * tv + tiny  # Lin
    assert tv**2 / 2 <= js + tiny  # Pinsker, to the mean of both
    jeffreys = adaptive.jeffreys(p, q).value
    assert jeffreys == pytest.approx(forward + reverse, rel=1e-12, abs=1e-14)
    assert jeffreys == pytest.approx(adaptive.jeffreys(q, p).value, rel=1e-12, abs=1e-14)
    assert 4 * h2 == pytest.approx(tilted.alpha(p, q, 0.5).value, rel=1e-11, abs=1e-14)
    half = tilted.renyi(p, q, 0.5).value
    assert h2 == pytest.approx(-math.expm1(-half / 2), rel=1e-10, abs=1e-14)


@bounded
@given(mixtures(), st.floats(-5, 5).filter(lambda e: abs(e) > 1e-3))
def test_zero_exactly_between_equals(p, nudge):
    """Kills: an absolute value or floor that hides a small difference; a bias of rounding."""
    q = Mixture1D(p.weight, p.mean + 1e-6 * nudge * p.std.min(), p.std)
    for f in (adaptive.kl, adaptive.js, adaptive.jeffreys, adaptive.tv, adaptive.hellinger2):
        assert f(p, p).value == 0
        assert f(p, q).value > 0
    # KL of a small shift is half its square times the Fisher information (next order: 1e-5).
    fisher = adaptive.expectation(lambda x: score(p, x) ** 2, p).value
    expected = 0.5 * fisher * (1e-6 * nudge * p.std.min()) ** 2
    assert adaptive.kl(p, q).value == pytest.approx(expected, rel=1e-3, abs=0)


def test_nearly_equal_densities_keep_their_digits():
    """A shift of 1e-9 costs 5e-19 nats. Kills: p log(p/q) - p + q without its form near p = q."""
    p, q = normal(0, 1), normal(1e-9, 1)
    assert adaptive.kl(p, q).value == pytest.approx(5e-19, rel=1e-5, abs=0)
    assert adaptive.js(p, q).value == pytest.approx(1.25e-19, rel=1e-5, abs=0)
    assert adaptive.hellinger2(p, q).value == pytest.approx(1.25e-19, rel=1e-5, abs=0)
    assert adaptive.tv(p, q).value == pytest.approx(1e-9 / math.sqrt(2 * math.pi), rel=1e-5, abs=0)


@bounded
@given(mixtures(), mixtures(), st.floats(0.1, 10), st.floats(-20, 20))
def test_a_change_of_units_changes_only_wasserstein(p, q, scale, shift):
    """Kills: nats per unit of x; W without its unit."""

    def moved(m):
        return Mixture1D(m.weight, scale * m.mean + shift, scale * m.std)

    for f in (adaptive.kl, adaptive.js, adaptive.tv):
        assert f(moved(p), moved(q)).value == pytest.approx(f(p, q).value, rel=1e-9, abs=1e-11)
    forward, reverse = wasserstein.w1(p, q).value, wasserstein.w1(q, p).value
    assert wasserstein.w1(moved(p), moved(q)).value == pytest.approx(scale * forward, rel=1e-9)
    assert forward == pytest.approx(reverse, rel=1e-10)


@settings(bounded, max_examples=8)  # quantiles of mixtures cost more
@given(mixtures(), mixtures(), st.floats(-20, 20))
def test_wasserstein_laws(p, q, shift):
    """Translation adds up, W1 <= W2, symmetry. Kills: W2 squared; W1 signed (not |F - G|)."""
    moved = Mixture1D(p.weight, p.mean + shift, p.std)
    assert wasserstein.w1(p, moved).value == pytest.approx(abs(shift), abs=1e-10)
    assert wasserstein.w2(p, moved).value == pytest.approx(abs(shift), abs=1e-9)
    one, two = wasserstein.w1(p, q), wasserstein.w2(p, q)
    assert one.value <= two.value + two.error + 1e-12
    back = wasserstein.w2(q, p)
    assert abs(two.value - back.value) <= two.error + back.error + 1e-11 * two.value


def test_renyi_grows_with_its_order_through_kl():
    """Kills: 1 / a for 1 / (a - 1); the order of the arguments; a limit missed at 1."""
    orders = [0.01, 0.2, 0.5, 0.9, 1 - 1e-7, 1, 1 + 1e-7, 1.2, 2, 3]
    values = [tilted.renyi(P, Q, a).value for a in orders]
    assert np.all(np.diff(values) > 0)
    assert values[4] == pytest.approx(values[5], rel=1e-6)
    assert values[6] == pytest.approx(values[5], rel=1e-6)
    closed = [float(gaussian.renyi(0, 1, 1, 1.5, a)) for a in orders]
    assert np.all(np.diff(closed) > 0)
    assert closed[5] == pytest.approx(float(gaussian.kl(0, 1, 1, 1.5)), abs=1e-15)
    with pytest.raises(ValueError, match="positive"):
        tilted.renyi(P, Q, 0)


def test_alpha_runs_from_reverse_to_forward():
    """Limits, continuity and D_a(p||q) = D_(1-a)(q||p). Kills: Amari's sign; the ends exchanged."""
    assert tilted.alpha(P, Q, 1).value == pytest.approx(adaptive.kl(P, Q).value, rel=1e-13)
    assert tilted.alpha(P, Q, 0).value == pytest.approx(adaptive.kl(Q, P).value, rel=1e-13)
    for a in (1e-9, -1e-9):
        assert tilted.alpha(P, Q, a).value == pytest.approx(adaptive.kl(Q, P).value, rel=1e-7)
        assert tilted.alpha(P, Q, 1 - a).value == pytest.approx(adaptive.kl(P, Q).value, rel=1e-7)
    for a in (-0.2, 0.3, 1.7):
        assert tilted.alpha(P, Q, a).value == pytest.approx(tilted.alpha(Q, P, 1 - a).value)
    assert tilted.alpha(P, Q, -1).value == math.inf  # q^2 / p: the wide q pays for ever


def test_equal_tails_are_decided_by_the_means():
    """At a s_q^2 = (a - 1) s_p^2 tails are exponential. Kills: refusing or accepting them all."""
    p = normal(0, math.sqrt(2))
    finite = mixture([0.5, 0.5], [-1, 1], 1)
    # int p^2 / q with q = phi(x) e^(-1/2) cosh(x): 1 / (4 pi) sqrt(2 pi e) int 1 / cosh.
    exact = math.log(math.sqrt(2 * math.pi * math.e) / (4 * math.pi) * math.pi)
    assert tilted.renyi(p, finite, 2).value == pytest.approx(exact, abs=1e-12)
    assert tilted.renyi(p, normal(0, 1), 2).value == math.inf
    assert gaussian.renyi(0, math.sqrt(2), 0, 1, 2) == math.inf
    assert tilted.alpha(normal(0, 1), normal(100, 1), 3) == (math.inf, math.inf)  # e^30000


def test_codelength():
    """H(p, q) = H(p) + KL(p||q). Kills: KL(q||p) there; the entropy's sign."""
    total = adaptive.entropy(P).value + adaptive.kl(P, Q).value
    assert adaptive.cross_entropy(P, Q).value == pytest.approx(total, abs=1e-12)
    assert adaptive.entropy(normal(3, 2)).value == pytest.approx(float(gaussian.entropy(2)))


def test_the_fast_table_agrees_with_adaptive_quadrature():
    """60 Gaussians against a hard four-mode target: 1e-8 of the value plus 1e-10, as documented.

    Kills: panels only at p's scales; kinks of log p between components ignored; KL exchanged.
    """
    rng = np.random.default_rng(0)
    p = mixture([0.3, 0.3, 0.2, 0.2], [-4, -1, 2, 5], [0.6, 0.3, 1, 0.05])
    mean, std = rng.normal(0, 3, 60), np.exp(rng.normal(0, 0.8, 60))
    table = grid.table(p, normal(mean, std), alpha=0.3)
    for i in range(0, 60, 3):
        q = normal(mean[i], std[i])
        slow = {name: f(p, q).value for name, f in BY_QUADRATURE.items() if name != "kl"}
        slow |= {
            "forward": adaptive.kl(p, q).value,
            "reverse": adaptive.kl(q, p).value,
            "js": adaptive.js(p, q).value,
            "alpha": tilted.alpha(p, q, 0.3).value,
        }
        assert set(slow) == set(table._fields)
        for name, value in slow.items():
            assert abs(getattr(table, name).value[i] - value) <= 1e-8 * value + 1e-10, (name, i)


def test_the_fast_table_takes_pairs_of_mixtures():
    """Kills: rows of the batch mixed up; W2 without panels where T jumps."""
    shifts = np.array([0.0, 1.5, -3.0])
    batch = Mixture1D(*(np.tile(a, (3, 1)) for a in P))
    other = Mixture1D(np.tile(Q.weight, (3, 1)), Q.mean + shifts[:, None], np.tile(Q.std, (3, 1)))
    table = grid.table(batch, other)
    for i, shift in enumerate(shifts):
        q = Mixture1D(Q.weight, Q.mean + shift, Q.std)
        assert table.reverse.value[i] == pytest.approx(adaptive.kl(q, P).value, rel=1e-8)
        assert table.tv.value[i] == pytest.approx(adaptive.tv(P, q).value, abs=1e-10)
        assert table.w1.value[i] == pytest.approx(wasserstein.w1(P, q).value, rel=1e-9)
        assert table.w2.value[i] == pytest.approx(wasserstein.w2(P, q).value, rel=1e-7)
    single = grid.table(P, Q)
    assert single.forward.value.shape == (1,)
    assert single.forward.value[0] == pytest.approx(adaptive.kl(P, Q).value, rel=1e-9)
    assert single.w2.value[0] == pytest.approx(wasserstein.w2(P, Q).value, rel=1e-7)
