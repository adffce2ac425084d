"""What the critic page claims: its exact curves, its trainings, its recordings and its words."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from dgmlib.divergences import adaptive, fit_text, wasserstein
from dgmlib.divergences.mixture1d import Mixture1D, gaussian, log_prob
from dgmlib.figures import critic_perfect
from dgmlib.figures.scene import Handles, HeatMap, Scene
from dgmlib.figures.table import Table
from dgmlib.gan import critic_recorded, learned, optimal, perfect, secants, steep
from dgmlib.jobs import finish
from dgmlib.ui import spec

PAGE = spec.of("gan_critic")
ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "pages" / "gan_critic.md").read_text(encoding="utf-8")
PAIRS = [("one Gaussian", 3.0, 1.0), ("one Gaussian", -1.0, 2.0), ("two modes", 1.0, 0.7)]
RECORDED = [*critic_recorded.LEARNED]
FLAT = [*critic_recorded.STEEP]


def result(preset=None, **values):
    """What the page shows at once: computed, or recorded."""
    p = PAGE.params(**(dict(PAGE.presets[preset]) if preset else {}) | values)
    view = PAGE.views[PAGE.view_of(p)]
    return view.recorded(p) if view.job else view.compute(p)


def moved(q: Mixture1D, t: float) -> Mixture1D:
    return q._replace(mean=q.mean + t)


# --- the perfect critic


@pytest.mark.parametrize(("data", "mean", "std"), PAIRS)
def test_no_critic_beats_the_best(data, mean, std):
    """Mutants: D* = q / (p + q); V with a minus in front; the ceiling without its factor 2."""
    r = perfect.perfect(perfect.data(data), gaussian(mean, std))
    best = r.truth.value
    np.testing.assert_allclose(
        r.critic, np.exp(r.log_p) / (np.exp(r.log_p) + np.exp(r.log_q)), rtol=1e-9, atol=1e-300
    )

    def worth(wrong):
        f = lambda x: optimal.logit(r.p, r.q, x) + wrong(x)  # noqa: E731
        return optimal.value(r.p, r.q, f).value

    assert worth(np.zeros_like) == pytest.approx(best.value, abs=1e-9)
    for wrong in (np.ones_like, np.sin, lambda x: -0.3 * x, lambda x: 0.01 * np.cos(3 * x)):
        assert worth(wrong) < best.value - 1e-6


@pytest.mark.parametrize(("data", "mean", "std"), PAIRS)
def test_values_of_the_sweep_by_quadrature(data, mean, std):
    """E_p log D* + E_q log(1 - D*), with q at the place that is drawn.

    Mutants: JS without its factor 2; q moved by its mean once more.
    """
    p, q = perfect.data(data), gaussian(mean, std)
    r = perfect.perfect(p, q)
    for i in (10, 37, 55):
        there = gaussian(r.at[i], std)

        def gain(x, there=there):
            a, b = float(log_prob(p, np.array([x]))[0]), float(log_prob(there, np.array([x]))[0])
            both = np.logaddexp(a, b)
            return np.exp(a) * (a - both) + np.exp(b) * (b - both)

        found = sum(quad(gain, lo, lo + 6, epsabs=1e-10)[0] for lo in range(-24, 24, 6))
        assert r.values[i] == pytest.approx(found, abs=1e-7)


@pytest.mark.parametrize(("data", "mean", "std"), PAIRS)
def test_pulls_are_slopes_of_divergences(data, mean, std):
    """By central differences of 2 JS, KL(q||p) - 2 JS and W1.

    Mutants: the sign of a push; JS instead of 2 JS; forward KL; the slope at another place.
    """
    p, q = perfect.data(data), gaussian(mean, std)
    r, h = perfect.perfect(p, q, moves=5), 1e-3

    def all_three(t):
        there = moved(q, t)
        js2 = 2 * adaptive.js(p, there).value
        return np.array([js2, adaptive.kl(there, p).value - js2, wasserstein.w1(p, there).value])

    slope = (all_three(h) - all_three(-h)) / (2 * h)
    np.testing.assert_allclose([e.value for e in r.truth.pulls], -slope, atol=2e-5)
    for k in (0, 1, 3):
        shift = r.at[k] - mean
        slope = (all_three(shift + h) - all_three(shift - h)) / (2 * h)
        np.testing.assert_allclose(r.pulls[:, k], -slope, atol=2e-5, rtol=2e-5)


def test_far_and_near():
    """The preset, the prediction and exercise 1."""
    far, near = result("Far away").truth, result().truth
    sizes = [[abs(e.value) for e in t.pulls] for t in (near, far)]
    np.testing.assert_allclose([s[0] for s in sizes], [0.137, 0.0025], rtol=0.01)
    assert sizes[1][2] == pytest.approx(1)
    assert -0.0015 < far.value.value < 0
    assert PAGE.prediction is not None
    assert PAGE.prediction.options[PAGE.prediction.answer] == "Next to nothing"
    assert "0.0025" in PAGE.prediction.because
    assert "0.14" in PAGE.prediction.because
    assert optimal.critic(gaussian(0, 1), gaussian(2, 1), 0.0) == pytest.approx(
        1 / (1 + np.exp(-2))
    )


def test_on_one_of_two_modes():
    """Exercise 2: D* is 1/3 under q; log(1 - D) lets q stay, W1 = 2 pulls with all its might."""
    r = result("On one of two modes")
    at = int(np.argmin(np.abs(r.x - 2)))
    assert r.critic[at] == pytest.approx(1 / 3, abs=1e-3)
    assert r.truth.value.value == pytest.approx(0.5 * np.log(1 / 3) + np.log(2 / 3), abs=0.005)
    assert r.truth.w1.value == pytest.approx(2, abs=1e-3)
    pulls = [e.value for e in r.truth.pulls]
    assert -0.02 < pulls[0] < 0
    assert pulls[2] == pytest.approx(-1, abs=1e-3)


# --- two critics that learn


@pytest.mark.parametrize(("data", "mean", "std"), PAIRS)
def test_the_best_potential_gives_w1(data, mean, std):
    """Kantorovich: no steeper than 1, 0 at the mean of p, E_p f - E_q f = W1.

    Mutants: f* with the other sign; 0 elsewhere.
    """
    p, q = perfect.data(data), gaussian(mean, std)
    x = np.linspace(-20, 20, 8001)
    f = learned.best_potential(p, q, x)
    assert np.abs(np.diff(f)).max() <= (x[1] - x[0]) * (1 + 1e-9)
    assert np.interp(0.0, x, f) == pytest.approx(0, abs=1e-9)
    gain = np.trapezoid(f * (np.exp(log_prob(p, x)) - np.exp(log_prob(q, x))), x)
    assert gain == pytest.approx(wasserstein.w1(p, q).value, abs=1e-4)


@pytest.mark.parametrize(("data", "away"), RECORDED)
def test_the_value_comes_from_below(data, away):
    """Mutants: V of the other player; the value of p with itself; a D that does not learn."""
    r = result(view="learn", data=data, away=away)
    assert (r.course.value <= r.truth.value.value + 1e-6).all()
    assert r.course.value[0] < r.truth.value.value - 0.1
    assert r.course.value[-1] == pytest.approx(r.truth.value.value, abs=0.01)
    assert r.truth.value.value == pytest.approx(2 * r.truth.js.value - np.log(4), abs=1e-9)


@pytest.mark.parametrize(("data", "away"), RECORDED)
def test_the_estimate_stays_below_k_w1(data, away):
    """Mutants: K of one layer; E_q f - E_p f."""
    c, w1 = (r := result(view="learn", data=data, away=away)).course, r.truth.w1.value
    assert (c.estimate <= c.bound * w1 * (1 + 1e-6)).all()
    assert (c.wasserstein <= c.bound * (1 + 1e-6)).all()
    assert c.estimate[-1] > 0.9 * w1


def test_the_gradient_vanishes_for_one_critic_and_stays_for_the_other():
    """The view's claim at its defaults: q at 6. Mutant: gradients exchanged."""
    r = result(view="learn")
    c, half = r.course, len(r.course.steps) // 2
    assert c.saturating[0] > 0.03
    assert np.median(c.saturating[half:]) < 0.015
    assert abs(r.truth.pulls[0].value) == pytest.approx(0.0125, abs=1e-4)
    assert c.wasserstein[half:].min() > 1
    assert abs(r.truth.pulls[2].value) == pytest.approx(1)


def test_a_recording_is_computed_again():
    """The first ten steps, of both kinds. Mutants: another seed, another q; columns exchanged."""
    for data, away in RECORDED[:1]:
        kept = result(view="learn", data=data, away=away).course
        p, q = perfect.data(data), gaussian(away, 1.0)
        course = finish(learned.learn(p, q, seed=critic_recorded.SEED, steps=10)).course
        assert kept.steps[1] == course.steps[-1] == 10
        for name in learned.Course._fields[2:]:
            for one, other in ((0, 0), (1, -1)):
                np.testing.assert_allclose(
                    getattr(kept, name)[one], getattr(course, name)[other], rtol=1e-3, atol=1e-4,
                    err_msg=name,
                )  # fmt: skip
        np.testing.assert_allclose(kept.x, course.x, rtol=1e-6)
    for way, strength in FLAT:
        kept = critic_recorded.train(way, strength, seed=0)
        again = finish(steep.train(way, strength, seed=0, steps=10))
        assert kept is not None
        assert kept.steps[1] == again.steps[-1] == 10
        for name in critic_recorded.FRAMES[1:]:
            for one, other in ((0, 0), (1, -1)):
                np.testing.assert_allclose(
                    getattr(kept, name)[one], getattr(again, name)[other], rtol=3e-3,
                    atol=3 if name == "counts" else 1e-3, err_msg=f"{way} {name}",
                )  # fmt: skip
        for name in ("amount", "w1", "real", "fake", "axis", "edges"):
            np.testing.assert_array_equal(getattr(kept, name), getattr(again, name))


def test_recordings_are_small_and_say_what_they_are():
    """Mutant: the recording of one q is shown for another."""
    for name in [*critic_recorded.LEARNED.values(), *critic_recorded.STEEP.values()]:
        assert (critic_recorded.FOLDER / f"{name}.safetensors").stat().st_size < 300_000
    assert critic_recorded.learn("one Gaussian", 6.0, seed=1) is None
    assert critic_recorded.learn("one Gaussian", 5.5, seed=0) is None
    assert critic_recorded.train("penalty", "loose", seed=0) is None
    assert critic_recorded.train("penalty", "usual", seed=3) is None
    assert critic_recorded.train("nothing", "tight", seed=0) is not None
    for values in PAGE.presets.values():
        assert result(**values) is not None


# --- steepness


@pytest.mark.parametrize(("way", "strength"), FLAT)
def test_bounds_hold_in_every_frame(way, strength):
    """Mutants: W1 of other clouds, or W2; K of f without its last layer; E_q f - E_p f."""
    r = critic_recorded.train(way, strength, seed=0)
    assert r is not None
    cost = cdist(r.real, r.fake)
    exact = cost[linear_sum_assignment(cost)].mean()
    assert r.w1 == pytest.approx(exact, rel=1e-9)
    assert (r.slope.max((1, 2)) <= r.largest * 1.001).all()
    assert (r.largest <= r.bound * 1.001).all()
    assert (r.usual <= r.largest * 1.001).all()
    assert (r.estimate <= r.bound * r.w1 * 1.001).all()
    assert r.estimate[-1] > 0
    assert (r.counts.sum(1) == r.counts[0].sum()).all()


def test_each_way_holds_what_it_says():
    """At the end of the recordings.

    Mutants: clipping before the step (weights beyond c), or at another c; the norm left out, or
    K times each layer; the penalty with the other sign, or not added.
    """
    got = {key: critic_recorded.train(*key, seed=0) for key in FLAT}
    middle = 0.5 * (got[FLAT[0]].edges[1:] + got[FLAT[0]].edges[:-1])  # type: ignore[union-attr]
    bounds = [("usual", 0.1), ("tight", 0.02)]
    for strength, c in bounds:
        r = got["clipping", strength]
        half = middle[1] - middle[0]
        assert r is not None
        assert r.amount == c
        assert r.counts[:, np.abs(middle) > c + half].sum() == 0
        assert r.pinned[-1] > 0.95
    norm, free, held = (got[way, "usual"] for way in ("spectral norm", "nothing", "penalty"))
    assert norm is not None
    assert free is not None
    assert held is not None
    assert norm.bound[-1] == pytest.approx(1, abs=0.03)
    assert 0.9 < norm.estimate[-1] / norm.w1 < 1
    assert free.largest[-1] > 1000
    assert held.usual[-1] == pytest.approx(1.13, abs=0.02)
    assert 1 < held.estimate[-1] / held.w1 < 1.2
    assert [steep.amount(w, "loose") for w in steep.WAYS[1:]] == [0.3, 0.1, 4.0]


def test_one_step_goes_up_and_adds_what_its_way_says():
    """Against a hand-made step: a small Adam step has the sign of minus the gradient.

    Mutants: down E_p f - E_q f; the penalty subtracted; the penalty between the wrong points.
    """
    import torch

    from dgmlib.gan import lipschitz, players, steep_train

    rng = np.random.default_rng(3)
    critic = players.init((2, 8, 1), rng=rng)
    x, y = (torch.from_numpy(a[:64]) for a in steep.clouds(rng=rng))
    share = torch.from_numpy(rng.random((64, 1), dtype=np.float32))
    for way, far in (("nothing", 0.0), ("penalty", 7.0)):
        theta = critic.theta.detach().requires_grad_()
        params = players.weights(theta, critic.sizes)
        gain = players.answer(params, x).mean() - players.answer(params, y).mean()
        if way == "penalty":
            at = (share * x + (1 - share) * y).requires_grad_()
            (g,) = torch.autograd.grad(players.answer(params, at).sum(), at, create_graph=True)
            gain = gain - far * ((g.norm(dim=1) - 1) ** 2).mean()
        (up,) = torch.autograd.grad(gain, theta)
        new, _ = steep_train.move(critic, (), way, far, x, y, share)
        clear = up.abs() > 1e-4
        assert clear.sum() > 20
        assert (torch.sign(new.theta - critic.theta)[clear] == torch.sign(up)[clear]).all()
    clipped, _ = steep_train.move(critic, (), "clipping", 0.05, x, y, share)
    assert clipped.theta.abs().max() == pytest.approx(0.05)
    u = tuple(torch.ones(n) for n in critic.sizes[1:])
    for _ in range(30):
        before = critic.theta
        critic, u = steep_train.move(critic, u, "spectral norm", 2.0, x, y, share)
        assert not torch.equal(before, critic.theta)
    weights, _ = steep_train.critic_weights(critic.theta, critic, u, 2.0, n=0)
    assert lipschitz.bound({k: w.numpy() for k, w in weights.items()}) == pytest.approx(2, rel=0.02)


def test_the_map_has_y_upwards_and_averages_are_means():
    """f = leaky(y): steep above, flat below. Mutants: x and y exchanged; sums; D's sign."""
    params = {
        "net.0.weight": np.array([[0.0, 1.0]]), "net.0.bias": np.zeros(1),
        "net.1.weight": np.array([[3.0]]), "net.1.bias": np.array([-9.0]),
    }  # fmt: skip
    axis = np.linspace(-1, 1, 6)
    place = np.stack(np.meshgrid(axis, axis), -1)
    real, fake = np.array([[0.0, 2.0], [1.0, 4.0]]), np.array([[5.0, -1.0]])
    pairs = np.array([[0.0, 0.5], [0.0, -0.5]])
    slope, largest, usual, bound, estimate, counts, pinned = steep.look(
        params, place, pairs, real, fake, 3.0
    )
    np.testing.assert_allclose(slope, np.where(axis > 0, 3.0, 0.6)[:, None] * np.ones(6))
    assert (largest, bound) == (pytest.approx(3), pytest.approx(3))
    assert usual == pytest.approx(np.sqrt((9 + 0.36) / 2))
    assert estimate == pytest.approx(9 + 0.6)
    assert (counts.sum(), pinned) == (5, pytest.approx(2 / 5))  # type: ignore[union-attr]


# --- secants


@pytest.mark.parametrize("name", secants.CURVES)
def test_largest_slopes_by_search(name):
    """Over random pairs: never above, and near it; without end for sqrt |x|.

    Mutants: R instead of 2 R; the derivative at R for sin x; a bound for sqrt |x|.
    """
    rng = np.random.default_rng(1)
    r = secants.secants(name, -1.0, 2.0)
    f = secants.CURVES[name].f
    for k in (0, 12, 39):
        R = r.reach[k]
        a = np.concatenate([rng.uniform(-R, R, 20_000), np.linspace(-R, R, 20_001)])
        b = np.concatenate([rng.uniform(-R, R, 20_000), np.linspace(-R, R, 20_001) + 1e-4 * R])
        b = np.minimum(b, R)
        ok = np.abs(a - b) > 1e-6 * R
        found = np.abs((f(a[ok]) - f(b[ok])) / (a[ok] - b[ok])).max()
        if np.isfinite(r.largest[k]):
            assert found <= r.largest[k] * (1 + 1e-6)
            assert found > 0.999 * r.largest[k]
            h = 1e-6 * R
            tangent = (f(r.touch[k]) - f(r.touch[k] - h)) / h
            assert abs(tangent) == pytest.approx(r.largest[k], rel=1e-4)
        else:
            assert found > 50 / np.sqrt(R)
    assert r.reach[-1] == secants.REACH


def test_a_secant_of_the_square():
    """a + b, also when the grips are dragged past each other. Mutant: the derivative at a."""
    for pair in ("0.5 2", "2 -3.5", "-4 4"):
        a, b = secants.parse_pair(pair)
        r = secants.secants("x²", a, b)
        assert r.slope == pytest.approx(a + b, abs=1e-12)
        grips = next(
            layer for layer in PAGE.views["secants"].show(r)[0].panels[0].layers
            if isinstance(layer, Handles)
        )  # fmt: skip
        assert secants.parse_pair(secants.pair_of_handles({"xy": grips.xy.tolist()})) == (a, b)


@pytest.mark.parametrize(
    ("xy", "wanted"),
    [([[9, 0], [9, 0]], "4 3.95"), ([[-4, 0], [-4, 3]], "-4 -3.95"), ([[-1e-9, 0], [1, 0]], "0 1")],
)
def test_grips_stay_apart_and_inside(xy, wanted):
    """Mutants: two grips at one place (0 / 0); a minus zero in the link."""
    assert secants.pair_of_handles({"xy": xy}) == wanted
    secants.parse_pair(wanted)


@pytest.mark.parametrize("text", ["1", "1 1", "1 1.01", "0 5", "a b", "nan 1", "1 2 3", ""])
def test_pairs_that_are_none_are_refused_in_words(text):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        secants.parse_pair(text)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="one Gaussian"):
        perfect.data("three modes")
    with pytest.raises(ValueError, match="clipping"):
        steep.amount("force", "usual")
    with pytest.raises(ValueError, match="two frames"):
        steep.train("nothing", "usual", seed=0, frames=1)
    with pytest.raises(ValueError, match="apart"):
        secants.secants("x²", 1.0, 1.0)
    with pytest.raises(ValueError, match="there are x²"):
        secants.secants("x³", 1.0, 2.0)


# --- pictures and words


@pytest.mark.parametrize("view", PAGE.views)
def test_every_frame_says_what_it_shows(view):
    """A caption for every frame, with numbers, no two the same, and no raw nan."""
    shown = PAGE.views[view].show(result(view=view))
    scene = shown[0]
    assert isinstance(scene, Scene)
    F = 1 if scene.frame_values is None else len(scene.frame_values)
    assert len(scene.captions) == F == len(set(scene.captions))
    for caption in scene.captions:
        assert re.search(r"\d", caption)
        assert not re.search(r"nan|inf\b|e-\d", caption)
    assert len(scene.pack()) < 200_000
    for table in shown[1:]:
        assert isinstance(table, Table)
        assert all(len(row) == len(table.columns) for row in table.rows)


@pytest.mark.parametrize("preset", PAGE.presets)
def test_every_preset_can_be_drawn(preset):
    values = PAGE.presets[preset]
    PAGE.views[values.get("view", "best")].show(result(preset))[0].pack()


def test_the_map_is_the_logarithm_of_the_slope():
    """0 is the slope 1, and what is beyond ten times it is cut. Mutants: ln; no cut."""
    r = result("Nothing holds it")
    scene = PAGE.views["steep"].show(r)[0]
    seen = next(layer for layer in scene.panels[0].layers if isinstance(layer, HeatMap))
    assert seen.range == (-1, 1)
    np.testing.assert_allclose(seen.value, np.clip(np.log10(r.slope), -1, 1), atol=1e-12)
    assert seen.value.max() == 1


@pytest.mark.parametrize("text", ["4 1", "-6.5 0.7", "0 1.4"])
def test_the_grip_and_the_text_are_the_same_q(text):
    """What the picture returns unmoved is the q it shows."""
    scene = PAGE.views["best"].show(result(q=text))[0]
    grip = next(layer for layer in scene.panels[0].layers if isinstance(layer, Handles))
    assert grip.width is not None
    edit = {"xy": grip.xy.tolist(), "width": grip.width.tolist()}
    assert fit_text.normal_of_handle(edit) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (-0.5, "−0.500"),
        (1.2e-7, "1.2·10⁻⁷"),
        (-3e-12, "−3.0·10⁻¹²"),
        (2e5, "2.0·10⁵"),
    ],
)
def test_small_numbers_are_powers_of_ten(value, text):
    assert critic_perfect.short(value) == text
    assert critic_perfect._up(3.2e-14) == "4·10⁻¹⁴"
    assert critic_perfect._up(9.5e-14) == "10⁻¹³"


def test_every_check_names_a_test():
    for view in PAGE.views.values():
        for check in view.checks:
            file, name = check.test.split("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), check.test
