"""What the page on the generator's signal claims: its numbers, its pictures and its words."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.special import erf
from scipy.stats import norm

from dgmlib.figures import signal_scene, signal_words
from dgmlib.figures.scene import Arrows, Lines, Points, Scene, Text
from dgmlib.figures.table import Table
from dgmlib.gan import signal
from dgmlib.ui import spec

PAGE = spec.of("gan_signal")
ROOT = Path(__file__).parent.parent
WORDS = (ROOT / "pages/gan_signal.md").read_text(encoding="utf-8")
FORWARD, REVERSE, JS, TV, W1, W2 = range(6)
LOG2 = np.log(2)


def result(preset=None, **values):
    p = PAGE.params(**(dict(PAGE.presets[preset]) if preset else {}) | values)
    return PAGE.views[PAGE.view_of(p)].compute(p)


def at(theta):
    return int(np.argmin(np.abs(signal.THETA - theta)))


def value(s, k):
    return np.array(s.sweep.value)[:, k]


def slope(s, k):
    return np.array(s.sweep.slope)[:, k]


# --- points and lines


@pytest.mark.parametrize("view", ["points", "lines"])
def test_apart_is_apart(view):
    """Every sum over the atoms 0 and theta. Mutants: half of log 2; KL finite; 0 at no theta."""
    s = result(view=view)
    for k, theta in enumerate(signal.THETA):
        atoms = {0.0, float(theta)}
        p, q = ({a: float(a == b) for a in atoms} for b in (0.0, float(theta)))
        middle = {a: (p[a] + q[a]) / 2 for a in atoms}
        js = sum(m[a] * np.log(m[a] / middle[a]) / 2 for m in (p, q) for a in atoms if m[a])
        tv = sum(abs(p[a] - q[a]) for a in atoms) / 2
        kl = 0.0 if theta == 0 else np.inf
        expected = [kl, kl, js, tv, abs(theta), abs(theta)]
        np.testing.assert_allclose(value(s, k), expected, rtol=1e-15)
    assert value(s, 0)[JS] == LOG2


@pytest.mark.parametrize("view", ["points", "lines"])
def test_a_step_down_leads_to_p(view):
    """Mutants: the sign of W_1's slope; a slope invented for KL, or at the kink."""
    s = result(view=view)
    for k, theta in enumerate(signal.THETA):
        if theta == 0:
            assert np.isnan(slope(s, k)).all()
            continue
        assert np.isnan(slope(s, k)[[FORWARD, REVERSE]]).all()
        assert slope(s, k)[[JS, TV]].tolist() == [0, 0]
        for w in (W1, W2):
            assert abs(theta - 0.1 * slope(s, k)[w]) == pytest.approx(abs(theta) - 0.1)


@pytest.mark.parametrize("theta", [-3.0, 0.2, 1.4])
def test_straight_across(theta):
    """The best of all pairings of 60 points a line. Mutant: a cost in which z counts, too."""
    z = (np.arange(60) + 0.5) / 60
    cost = np.hypot(theta, z[:, None] - z)
    rows, columns = linear_sum_assignment(cost)
    s = result(view="lines")
    assert cost[rows, columns].mean() == pytest.approx(value(s, at(theta))[W1])
    squares = linear_sum_assignment(cost**2)
    assert np.sqrt((cost**2)[squares].mean()) == pytest.approx(value(s, at(theta))[W2])


# --- densities


def by_sums(p, q, theta):
    """Values and slopes of KL both ways, JS, TV and W_1: the formulas on 520,001 places."""
    x = np.linspace(-13, 13, 520_001)

    def total(m, f, shift=0.0):
        return sum(w * f(x, a + shift, b) for w, a, b in zip(*m, strict=True))

    def log(m, shift=0.0):
        parts = [np.log(w) + norm.logpdf(x, a + shift, b) for w, a, b in zip(*m, strict=True)]
        return np.logaddexp.reduce(parts)

    on_p, on_q, log_p, log_q = total(p, norm.pdf), total(q, norm.pdf, theta), log(p), log(q, theta)
    d_q = -total(q, lambda x, a, b: -(x - a) / b**2 * norm.pdf(x, a, b), theta)  # by theta
    half = LOG2 - np.logaddexp(0, log_p - log_q)  # log q / m
    other = LOG2 - np.logaddexp(0, log_q - log_p)  # log p / m
    gap = total(p, norm.cdf) - total(q, norm.cdf, theta)
    integrands = [
        (on_p * (log_p - log_q), -on_p * d_q * np.exp(-log_q)),
        (on_q * (log_q - log_p), d_q * (log_q - log_p)),
        ((on_p * other + on_q * half) / 2, d_q * half / 2),
        (np.abs(on_p - on_q) / 2, np.sign(on_q - on_p) * d_q / 2),
        (np.abs(gap), np.sign(gap) * on_q),
    ]
    return np.array([[np.trapezoid(f, x) for f in two] for two in integrands])


@pytest.mark.parametrize(("std_p", "std_q", "theta"), [(1.0, 1.0, 1.4), (0.8, 1.6, -2.0)])
def test_gaussians_by_sums(std_p, std_q, theta):
    """Mutants: the two KLs exchanged, p moved instead of q, deviations exchanged, half a slope."""
    s = result(view="gaussians", std_p=std_p, std_q=std_q)
    expected = by_sums(([1.0], [0.0], [std_p]), ([1.0], [0.0], [std_q]), theta)
    np.testing.assert_allclose(value(s, at(theta))[:5], expected[:, 0], atol=1e-7)
    # at a change of sign the sum is off by half a cell, 2.5e-5 wide
    np.testing.assert_allclose(slope(s, at(theta))[:5], expected[:, 1], atol=3e-5)


@pytest.mark.parametrize(("weight", "theta"), [(0.8, 1.0), (0.3, -3.0)])
def test_mixtures_by_sums(weight, theta):
    """Mutants: the weight given to the right mode; p has it as well; the gap on each side."""
    s = result(view="mixtures", gap=3.0, width=0.7, weight=weight)
    p = ([0.5, 0.5], [-1.5, 1.5], [0.7, 0.7])
    q = ([weight, 1 - weight], [-1.5, 1.5], [0.7, 0.7])
    expected = by_sums(p, q, theta)
    np.testing.assert_allclose(value(s, at(theta))[:5], expected[:, 0], atol=1e-7)
    np.testing.assert_allclose(slope(s, at(theta))[:5], expected[:, 1], atol=3e-5)


def test_closed_forms_of_the_text():
    """Every number and formula that the words give. Mutants: a factor 2 in any of them."""
    one, wide = result(view="gaussians"), result("Different widths")
    theta = signal.THETA[at(0.2) :]
    k = slice(at(0.2), None)
    assert one.sweep.slope.reverse[k] == pytest.approx(theta)
    np.testing.assert_allclose(wide.sweep.slope.reverse[k], theta, rtol=1e-12)  # sigma_p = 1
    np.testing.assert_allclose(wide.sweep.slope.forward[k], theta / 9, rtol=1e-12)
    np.testing.assert_allclose(wide.sweep.value.w2[k], np.hypot(theta, 2), rtol=1e-12)
    np.testing.assert_allclose(wide.sweep.slope.w1[k], erf(theta / np.sqrt(8)), rtol=1e-9)
    np.testing.assert_allclose(one.sweep.value.tv[k], 2 * norm.cdf(theta / 2) - 1, rtol=1e-9)
    np.testing.assert_allclose(one.sweep.slope.tv[k], norm.pdf(theta / 2), rtol=1e-7)
    js = one.sweep.slope.js
    assert js[at(2)] == pytest.approx(0.225, abs=5e-4)
    assert js[at(5)] == pytest.approx(0.024, abs=5e-4)
    assert js[at(7)] == pytest.approx(0.00126, abs=5e-6)
    assert js[at(7.2)] == pytest.approx(0.00089, abs=5e-6)
    assert np.all(js[at(7.2) :] < 1e-3)
    assert slope(one, at(4))[REVERSE] - 2 * js[at(4)] == pytest.approx(3.863, abs=5e-4)
    assert value(wide, at(0))[W1] == pytest.approx(2 * np.sqrt(2 / np.pi), rel=1e-9)
    assert value(wide, at(0))[W2] == pytest.approx(2)
    assert slope(wide, at(0))[[W1, W2]] == pytest.approx([0, 0], abs=1e-9)
    narrow = result(view="gaussians", std_p=0.1, std_q=0.1)
    assert slope(narrow, at(5))[FORWARD] == pytest.approx(500)


def test_false_minima():
    """Mutants: q moved by half of theta; both modes on one side."""
    s = result("False minimum")
    for name in ("js", "tv"):
        v = getattr(s.sweep.value, name)
        here = [at(-4), at(4)]
        for k in here:
            assert v[k] < min(v[k - 5], v[k + 5]) - 0.1
        assert v[here] == pytest.approx([v[here].mean()] * 2)
    for name in ("w1", "w2"):
        v = getattr(s.sweep.value, name)
        assert np.diff(v, 2).min() > -1e-9
    default = result(view="mixtures")
    assert value(default, at(4))[JS] == pytest.approx(LOG2 / 2, abs=2e-4)  # exercise 5
    assert value(default, at(4))[W1] == pytest.approx(4)


def test_a_mode_on_a_mode_is_a_corner_of_tv():
    """To all digits TV turns there like |t|; wide modes turn it visibly, and then its slope is
    -q between the modes, where p - q has its one root. Mutants: a slope of 0 or of one side at the
    corner; no corner but at a distance of 0; a corner wherever a component is shared.
    """
    for preset, width in (("False minimum", 0.3), (None, 0.5), (None, 0.8)):
        s = result(preset, view="mixtures", width=width, gap=4.0)
        here = [at(-4), at(4)]
        near = slope(s, at(-4) - 1)[TV], slope(s, at(-4) + 1)[TV]
        assert near[0] < -0.2 < 0.2 < near[1]
        exact = [np.nan] * 2 if width < 0.8 else [-norm.pdf(0) / 1.6, norm.pdf(0) / 1.6]
        np.testing.assert_allclose(s.sweep.slope.tv[here], exact, rtol=1e-5)
    none = result(view="mixtures", weight=0.55)
    assert np.isfinite(none.sweep.slope.tv[np.arange(81) != at(0)]).all()


def test_every_slope_is_known_to_a_millionth():
    """At the ends of the sliders and between. Mutant: a root counted where p - q is rounding."""
    for gap in (1.0, 4.0, 8.0):
        for width in (0.2, 0.4, 2.0):
            for weight in (0.05, 0.5):
                s = result(view="mixtures", gap=gap, width=width, weight=weight)
                size = np.maximum(1, np.abs(np.nan_to_num(np.array(s.sweep.slope))))
                assert (np.array(s.sweep.slope_error) / size).max() < 1e-6


def test_a_missing_mode():
    """'W_2 aligns the means', JS puts q on a mode. Mutant: the weight of the other mode."""
    s = result("A missing mode")
    means = -2.5 * 0.95 + 2.5 * 0.05
    assert signal.THETA[np.argmin(s.sweep.value.w2)] == pytest.approx(-means, abs=0.1)
    assert signal.THETA[np.argmin(s.sweep.value.js)] == 0
    assert signal.THETA[np.argmin(s.sweep.value.forward)] == 0


def test_blurring_brings_the_signal_of_js_back():
    """'Noise mends JS'."""
    narrow, blurred = result("Two narrow Gaussians"), result("Blurred")
    assert abs(slope(narrow, at(-5))[JS]) < 1e-20
    assert slope(blurred, at(-5))[JS] == pytest.approx(-0.0779, abs=1e-4)


@pytest.mark.parametrize("wrong", [dict(gap=-1.0), dict(weight=0.0), dict(weight=1.0)])
def test_wrong_pairs_are_refused(wrong):
    with pytest.raises(ValueError, match=r"at least 0|between 0 and 1"):
        signal.pair(**dict(gap=4.0, std=0.5, weight=0.5) | wrong)


# --- the picture


@pytest.mark.parametrize("view", PAGE.views)
def test_the_picture_is_the_sweep(view):
    """Mutants: a step up drawn for a step down; rows exchanged; an arrow where there is no slope;
    a line drawn through a jump; q drawn where it is not, or with p's width."""
    s = result(view=view)
    scene = PAGE.views[view].show(s)[0]
    picture, advice, values, slopes = scene.panels
    y = next(L for L in values.layers if isinstance(L, Lines)).y
    v = np.array(s.sweep.value)
    seen = np.isfinite(y)
    np.testing.assert_array_equal(y[seen], np.minimum(v[seen], 4 * signal_scene.TOP))
    broken = ~seen & np.isfinite(v)
    assert broken.any() == (view in ("points", "lines"))
    assert not broken[:, signal.THETA != 0].any()
    size = next(L for L in slopes.layers if isinstance(L, Lines)).y
    d = np.array(s.sweep.slope)
    drawn = np.isfinite(size)
    np.testing.assert_array_equal(size[drawn], np.maximum(np.abs(d[drawn]), signal_scene.FLOOR))
    assert (np.isnan(size) & (np.abs(np.nan_to_num(d)) > signal_scene.FLOOR)).sum() == 0
    arrows = [L for L in advice.layers if isinstance(L, Arrows)]
    for k, layer in enumerate(arrows):
        move = (layer.end - layer.start)[:, 0, 0]
        np.testing.assert_allclose(move, 1.2 * np.clip(np.nan_to_num(-d[k]), -1, 1), atol=1e-14)
        assert np.unique(layer.start[:, 0, 1]).tolist() == [6.0 - k]
    numbers = [L for L in advice.layers if isinstance(L, Text) and isinstance(L.text[0], list)]
    for f in (3, 40, 66):
        for k in range(6):
            for layer, m in zip(numbers[:2], (v, d), strict=True):
                shown = layer.text[f][k]
                if re.fullmatch(r"−?[\d.]+", shown):
                    number = float(shown.replace("−", "-"))
                    assert number == pytest.approx(m[k, f], rel=6e-4, abs=6e-5)
                else:
                    assert abs(m[k, f]) < 1e-3 or not np.isfinite(m[k, f])
    if view in ("gaussians", "mixtures"):
        p, q = (L for L in picture.layers if isinstance(L, Lines))
        x = signal_scene.X
        assert q.y.shape == (81, 1, 241)
        np.testing.assert_allclose(q.y[at(2), 0, 20:], q.y[at(0), 0, :-20], atol=1e-12)
        np.testing.assert_allclose(q.y[at(0), 0], p.y[0])  # the same two at the defaults
        np.testing.assert_allclose(np.trapezoid(q.y[at(-3), 0], x), 1, atol=1e-9)
        wide = PAGE.views["gaussians"].show(result("Different widths"))[0].panels[0]
        p, q = (L.y.max() for L in wide.layers if isinstance(L, Lines))
        assert p == pytest.approx(norm.pdf(0))
        assert q == pytest.approx(norm.pdf(0) / 3)
    else:
        moved = next(L for L in picture.layers if getattr(L, "color", "") == "accent")
        place = moved.end if isinstance(moved, Arrows) else moved.xy
        np.testing.assert_array_equal(place[:, 0].reshape(81, -1)[:, 0], signal.THETA)
        assert sum(isinstance(L, Points) for L in values.layers) == 1


@pytest.mark.parametrize(
    ("number", "error", "text"),
    [(np.inf, 0, "∞"), (np.nan, 0, "–"), (0.0, 0, "0"), (-0.02368, 1e-9, "−0.0237"),
     (12.5, 1e-9, "12.50"), (-1.0, 0, "−1.000"), (80.0, 1e-9, "80.00"), (12345.6, 0, "12346"),
     (-2.14e-4, 0, "−2.1·10⁻⁴"), (-0.3988, 8.6e-4, "−0.40"), (1e-30, 1e-20, "≈ 0"),
     (320000.0, 0, "3.2·10⁵")],
)  # fmt: skip
def test_no_digit_is_shown_that_is_not_sure(number, error, text):
    """Mutants: a hyphen for a minus; digits beyond the error; 0 for what is not known."""
    assert signal_words.short(number, error) == text


@pytest.mark.parametrize("view", PAGE.views)
def test_every_frame_says_what_it_shows(view):
    """A caption for every theta, none twice, no raw nan; all parts within what travels fast;
    it opens far away, mixtures at their false minimum."""
    scene, table = PAGE.views[view].show(result(view=view))
    assert isinstance(scene, Scene)
    assert len(scene.captions) == 81 == len(set(scene.captions))
    assert not any(re.search("nan|inf|slope –|  ", c) for c in scene.captions)
    assert len(scene.pack()) < 150_000
    assert scene.frame_values is not None
    assert scene.frame_values[scene.start] == (-4 if view == "mixtures" else -5)
    assert isinstance(table, Table)
    assert [len(row) for row in table.rows] == [6] * 6


def test_prediction_is_true():
    s = result()
    assert value(s, at(5))[JS] == value(s, at(1))[JS] == LOG2
    assert value(s, at(5))[W1] == 5
    assert value(s, at(1))[W1] == 1
    assert PAGE.prediction is not None
    assert PAGE.prediction.options[PAGE.prediction.answer] == "Not at all"


def test_every_check_names_a_test():
    for view in PAGE.views.values():
        assert view.checks
        for check in view.checks:
            file, name = check.test.split("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), check.test


def test_the_slip_is_named_and_put_right():
    """'JS saturates near half of log 2' stands there as an error, with its correction."""
    aside = next(p for p in WORDS.split("\n\n") if "Spot the error" in p)
    assert r"\tfrac12\log 2" in aside
    assert "0.693" in aside
