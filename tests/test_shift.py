"""Divergences along a shift and their slopes: closed forms, quotients, other quadratures."""

import itertools

import numpy as np
import pytest
from scipy import stats

from dgmlib.divergences import adaptive, mixture1d, shift, shift_densities, transport, wasserstein

NAMES = shift.Measures._fields
P = mixture1d.mixture([0.3, 0.7], [-1, 1.5], [0.4, 0.8])
Q = mixture1d.mixture([0.5, 0.2, 0.3], [-2, 0, 1], [0.5, 0.3, 1.0])
THETA = np.array([-5.0, -1.3, 0.0, 0.4, 2.2, 6.0])


def test_diracs():
    """JS is log 2 (half of it in the notes), TV 1, KL infinite; only W has a slope.

    Kills: log 2 / 2; a slope of 0 for an infinite KL; the unsigned slope of |t|; a slope at 0.
    """
    s = shift.diracs([-3.0, 0.0, 0.25])
    assert s.theta.tolist() == [-3, 0, 0.25]
    assert s.value.forward.tolist() == s.value.reverse.tolist() == [np.inf, 0, np.inf]
    assert s.value.js == pytest.approx([np.log(2), 0, np.log(2)], abs=1e-16)
    assert s.value.tv.tolist() == [1, 0, 1]
    assert s.value.w1.tolist() == s.value.w2.tolist() == [3, 0, 0.25]
    assert np.all(np.isnan([s.slope.forward, s.slope.reverse]))
    for slope, expected in (
        (s.slope.js, [0, np.nan, 0]),
        (s.slope.tv, [0, np.nan, 0]),
        (s.slope.w1, [-1, np.nan, 1]),
        (s.slope.w2, [-1, np.nan, 1]),
    ):
        assert slope == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("theta", [-0.7, 0.3])
def test_parallel_lines_by_exact_transport(theta):
    """Points along two lines, matched in the plane. Kills: W_2 as a square; a diagonal plan; lines
    on the other side.
    """
    z = (np.arange(40) + 0.5) / 40
    x, y = np.stack([0 * z, z], 1), np.stack([0 * z + theta, z], 1)
    s = shift.lines([theta])
    for order, name in ((1, "w1"), (2, "w2")):
        exact = transport.wasserstein(x, y, order=order).value
        assert getattr(s.value, name)[0] == pytest.approx(exact, rel=1e-12)
        assert getattr(s.slope, name)[0] == np.sign(theta)
    assert s.theta == [theta]
    assert s.value.js[0] == pytest.approx(np.log(2), abs=1e-16)


def test_values_are_those_of_the_family():
    """Another quadrature, pair by pair. Kills: q moved the other way; p moved with it; W_2 from
    the means alone.
    """
    s = shift_densities.mixtures(P, Q, THETA)
    for k, t in enumerate(THETA):
        q = Q._replace(mean=Q.mean + t)
        for name, f in (
            ("forward", adaptive.kl),
            ("reverse", lambda p, q: adaptive.kl(q, p)),
            ("js", adaptive.js),
            ("tv", adaptive.tv),
            ("w1", wasserstein.w1),
            ("w2", wasserstein.w2),
        ):
            truth = f(P, q)
            error = getattr(s.value_error, name)[k] + truth.error
            assert abs(getattr(s.value, name)[k] - truth.value) <= error, (name, t)
            assert error < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_slopes_are_derivatives_of_the_values(name):
    """Central differences. Kills: a sign; half or twice of JS or TV; the score of the other
    density; the score at the unmoved place; W_2's slope without W_2.
    """
    theta, h = np.linspace(-5, 5, 23), 2e-4
    s = shift_densities.mixtures(P, Q, theta)
    up, down = (getattr(shift_densities.mixtures(P, Q, theta + d).value, name) for d in (h, -h))
    quotient = (up - down) / (2 * h)
    # The quotient's own error: h^2 times a third derivative of order 10, and 1e-11 / h.
    assert getattr(s.slope, name) == pytest.approx(quotient, rel=1e-6, abs=2e-6)
    assert np.abs(quotient).max() > 0.1


def bisect(f, low: float, high: float) -> float:
    """A root between two floats next to each other."""
    sign = np.sign(f(low))
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if np.sign(f(middle)) == sign else (low, middle)
    return low


def test_slopes_by_other_integrals():
    """Sums over a fine grid, cut at roots by bisection: 1e-10 where a quotient gives 1e-7.

    Kills: roots of p - q or F - G that are good enough for the flat value, not for the slope.
    """
    s = shift_densities.mixtures(P, Q, THETA)
    x = np.linspace(-14, 14, 20_001)

    def pdf(m, x):
        return m.weight @ stats.norm.pdf(np.asarray(x), m.mean[:, None], m.std[:, None])

    def cdf(m, x):
        return m.weight @ stats.norm.cdf(np.asarray(x), m.mean[:, None], m.std[:, None])

    for k, t in enumerate(THETA):
        q = Q._replace(mean=Q.mean + t)
        each = stats.norm.pdf(x, q.mean[:, None], q.std[:, None]) * (q.mean[:, None] - x)
        slope = (q.weight / q.std**2) @ each
        # log 2 less than log(q/m), whose integral against a derivative is 0; smooth and 0 at the
        # ends, so that a plain sum is exact to rounding
        js = 0.5 * (slope @ np.log1p(pdf(P, x) / pdf(q, x))) * (x[1] - x[0])
        total = {"js": js, "tv": 0.0, "w1": 0.0}
        for name, f, along in (("tv", pdf, pdf), ("w1", cdf, cdf)):

            def between(z, f=f, q=q):
                return (f(P, np.atleast_1d(z)) - f(q, np.atleast_1d(z)))[0]

            gap = f(P, x) - f(q, x)
            at = np.flatnonzero((gap[:-1] * gap[1:] < 0) & (np.abs(gap[:-1]) > 1e-13))
            ends = [bisect(between, x[i], x[i + 1]) for i in at]
            for left, right in itertools.pairwise([-14.0, *ends, 14.0]):
                inside = gap[(x > left) & (x < right)]
                rise = np.diff(along(q, [left, right]))[0]
                total[name] += np.sign(inside[np.argmax(np.abs(inside))]) * rise
        total["tv"] *= 0.5
        for name, truth in total.items():
            assert getattr(s.slope, name)[k] == pytest.approx(truth, abs=2e-10), (name, t)
            assert getattr(s.slope_error, name)[k] < 1e-9


@pytest.mark.parametrize(("std_p", "std_q"), [(1, 1), (1, 2.5), (0.3, 0.2)])
def test_two_gaussians_in_closed_form(std_p, std_q):
    """Closed forms against the general case, each within the errors they state.

    Kills: std_p and std_q exchanged; a variance for a std; W_1's slope without the erf.
    """
    theta = np.array([-9.0, -1.0, -1e-3, 0.2, 3.0, 15.0])
    s = shift_densities.gaussians(theta, std_p=std_p, std_q=std_q)
    general = shift_densities.mixtures(
        mixture1d.gaussian(0, std_p), mixture1d.gaussian(0, std_q), theta
    )
    for name in NAMES:
        for exact, other, e, f in (
            (s.value, general.value, s.value_error, general.value_error),
            (s.slope, general.slope, s.slope_error, general.slope_error),
        ):
            error = getattr(e, name) + getattr(f, name)
            assert np.all(np.abs(getattr(exact, name) - getattr(other, name)) <= error), name
            assert np.all(error < 1e-8 * (1 + np.abs(getattr(exact, name)))), name
    assert s.value.forward == pytest.approx(
        np.log(std_q / std_p) + (std_p**2 + theta**2) / (2 * std_q**2) - 0.5, rel=1e-12
    )
    assert s.slope.reverse == pytest.approx(theta / std_p**2, rel=1e-14)


@pytest.mark.parametrize(("std_p", "std_q"), [(1, 2.5), (0.3, 0.2), (2, 0.5)])
def test_the_slope_of_tv_from_the_two_crossings(std_p, std_q):
    """log p - log q is a parabola with the roots r_1 < r_2, and the slope is q(r_2) - q(r_1) or its
    negative: within the stated error, from 1 down to 1e-13, where it keeps 9 digits.

    Kills: roots without their last digits, which cost 1e-11; what lies beyond the grid (5e-18) left
    out of a slope as small, and of its error; an error of 0, or that of a closed form.
    """
    theta = np.linspace(-3.8, 3.8, 20)
    a = 0.5 / std_q**2 - 0.5 / std_p**2
    c = 0.5 * (theta / std_q) ** 2 + np.log(std_q / std_p)
    each = zip(-theta / std_q**2, c, strict=True)
    r = np.array([np.sort(np.roots([a, b, last])) for b, last in each])
    low, high = stats.norm.pdf(r, theta[:, None], std_q).T
    truth = np.sign(std_q - std_p) * (high - low)
    s = shift_densities.mixtures(mixture1d.gaussian(0, std_p), mixture1d.gaussian(0, std_q), theta)
    # 1e-13: the roots of this test, times a score of 50
    assert np.all(np.abs(s.slope.tv - truth) <= s.slope_error.tv + 1e-13 * np.abs(truth))
    assert s.slope.tv == pytest.approx(truth, rel=1e-9, abs=0)
    assert np.all(s.slope_error.tv <= 1e-13)
    assert np.all(s.slope_error.tv >= np.finfo(float).eps * np.abs(truth))
    same = shift_densities.gaussians(theta, std_p=std_p, std_q=std_q)
    np.testing.assert_array_equal(same.slope_error.tv, s.slope_error.tv)


def test_the_slope_that_vanishes():
    """Far apart JS is log 2 and its slope next to nothing, with the right sign; W_1's is 1.

    Kills: JS saturating at half of log 2; a slope that is rounding (1e-17) where 1e-22 is.
    """
    s = shift_densities.gaussians([6.0, 12.0, 20.0])
    assert s.value.js[1:] == pytest.approx(np.log(2), rel=1e-6)
    assert np.all(s.value.js < np.log(2) + 1e-15)
    assert np.all(s.slope.js > 0)
    assert np.all(np.diff(np.log(s.slope.js)) < -5)
    z = np.linspace(-30, 50, 400_001)
    p, q = stats.norm.pdf(z), stats.norm.pdf(z, 20, 1)
    # E_q[s_q log(1 + p / q)] / 2, on a fine grid, where nothing cancels
    truth = 0.5 * np.trapezoid(q * (20 - z) * np.logaddexp(0, 200 - 20 * z), z)
    assert q.sum() * (z[1] - z[0]) == pytest.approx(p.sum() * (z[1] - z[0]), rel=1e-12)
    assert abs(s.slope.js[2] - truth) <= s.slope_error.js[2] < 0.1 * truth
    assert s.slope.w1 == pytest.approx(1, abs=1e-14)
    assert s.slope.w2 == pytest.approx(1, abs=1e-14)


def test_the_same_place_is_a_kink():
    """Of a density and itself: smooth ones have slope 0, |t|-like ones none.

    Kills: the sign of rounding reported as a slope; 0 / 0 as a warning.
    """
    for s in (shift_densities.mixtures(P, P, [0.0]), shift_densities.gaussians([0.0])):
        for name in ("forward", "reverse", "js"):
            assert getattr(s.value, name)[0] == pytest.approx(0, abs=1e-14)
            assert getattr(s.slope, name)[0] == pytest.approx(0, abs=1e-12)
        assert np.all(np.isnan([s.slope.tv, s.slope.w1, s.slope.w2]))
    other = shift_densities.gaussians([0.0], std_q=2.0)
    assert [a[0] for a in other.slope] == pytest.approx([0] * 6, abs=1e-14)


def test_nonsense_is_refused():
    for bad in (0.5, [[0.0]], [], [np.inf]):
        with pytest.raises(ValueError, match="theta"):
            shift.diracs(bad)
    many = mixture1d.gaussian([0.0, 1.0], [1, 1])
    for pair in ((many, P), (P, many)):
        with pytest.raises(ValueError, match="single"):
            shift_densities.mixtures(*pair, [0.0])
    with pytest.raises(ValueError, match="positive"):
        shift_densities.gaussians([0.0], std_q=0)
