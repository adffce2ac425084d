"""What the page on the smallest GAN claims: its closed forms, its pictures, its words."""

import re
from pathlib import Path

import numpy as np
import pytest

from dgmlib.figures import dirac_game, dirac_words
from dgmlib.figures.scene import Handles, Lines, Points, Scene
from dgmlib.figures.scene import Path as Line
from dgmlib.figures.table import Table
from dgmlib.gan import dirac, dirac_games, dirac_many
from dgmlib.ui import spec

PAGE = spec.of("dirac_gan")
ROOT = Path(__file__).parent.parent


def result(preset=None, **values):
    p = PAGE.params(**(dict(PAGE.presets[preset]) if preset else {}) | values)
    return PAGE.views[PAGE.view_of(p)].compute(p)


def far(w):
    return np.hypot(w.theta, w.psi)


def s(t):
    return 1 / (1 + np.exp(-t))


def by_hand(theta, psi, n, h, *, loss="saturating", order="simultaneous", clip=np.inf, **help):
    """The update written out, without the library: (n + 1, 2)."""
    r, g, k = (help.get(name, 0.0) for name in ("r1", "penalty", "consensus"))

    def pulls(theta, psi):
        t = theta * psi
        a, b = {"saturating": (s(t), s(t)), "non-saturating": (1 - s(t), s(t)),
                "wasserstein": (1.0, 1.0)}[loss]  # fmt: skip
        d_psi = -b * theta - r * psi - 2 * g * (abs(psi) - 1) * np.sign(psi)
        return np.array([a * psi, d_psi])

    def v(theta, psi):
        there = pulls(theta, psi)
        if k:
            e = 1e-6
            J = np.stack(
                [(pulls(theta + e, psi) - pulls(theta - e, psi)) / (2 * e),
                 (pulls(theta, psi + e) - pulls(theta, psi - e)) / (2 * e)], 1,
            )  # fmt: skip
            there = there - k * J.T @ there
        return there

    path = [(theta, psi)]
    for _ in range(n):
        new = min(max(psi + h * v(theta, psi)[1], -clip), clip)
        theta += h * v(theta, psi if order == "simultaneous" else new)[0]
        psi = new
        path.append((theta, psi))
    return np.array(path)


# --- one game


@pytest.mark.parametrize("order", dirac_games.ORDERS)
@pytest.mark.parametrize("help", ["none", "R1", "consensus"])
def test_exact_is_played(order, help):
    """Wasserstein: closed form and steps are one path. Mutants: theory of the other order, of the
    flow, or with another step size; a game called exact that is not."""
    r = result(loss="wasserstein", order=order, help=help, lr=0.3, strength=0.4)
    assert r.exact
    assert r.theory is not None
    scale = np.maximum(far(r.steps), 1e-12)
    for a, b in zip(r.steps, r.theory, strict=True):
        assert np.max(np.abs(a - b) / scale) < 1e-9
    for wrong in (dict(loss="saturating"), dict(help="clipping"), dict(help="gradient penalty")):
        assert not result(**dict(loss="wasserstein", order=order) | wrong).exact


def test_spiral_in_closed_form():
    """theta + i psi = (1 - i h)^n w_0. Mutants: the sense of turning; D against G's new place."""
    r = result(loss="wasserstein", lr=0.1, start="1 0.5")
    n = np.arange(len(r.steps.theta))
    w = (1 + 0.5j) * (1 - 0.1j) ** n
    np.testing.assert_allclose(r.steps.theta + 1j * r.steps.psi, w, rtol=1e-10)


def test_flows_in_closed_form():
    """Circles without help, an exponential with consensus; times are n h. Mutants: times n; a
    flow that loses its radius; one drawn for clipping."""
    for loss in ("saturating", "wasserstein"):
        r = result(loss=loss, lr=0.2, start="1 0.5")
        assert r.flow is not None
        np.testing.assert_allclose(far(r.flow), np.sqrt(1.25), rtol=1e-5)
    t = 0.2 * np.arange(201)
    np.testing.assert_allclose(
        r.flow.theta + 1j * r.flow.psi, (1 + 0.5j) * np.exp(-1j * t), atol=2e-4
    )
    r = result(loss="wasserstein", lr=0.1, help="consensus", strength=0.3)
    t = 0.1 * np.arange(201)
    np.testing.assert_allclose(far(r.flow), np.sqrt(1.25) * np.exp(-0.3 * t), rtol=1e-4)
    assert result(help="clipping").flow is None
    late = result(lr=4.0).flow
    assert np.isnan(late.theta[13:]).all()  # t > 50
    assert np.isfinite(late.theta[:13]).all()


def test_non_saturating_flow_comes_nearer():
    """'It does come nearer, but there is no rate.' Mutant: the saturating gradient."""
    r = far(result(loss="non-saturating", lr=0.2).flow)
    assert np.all(np.diff(r) <= 1e-9)
    drop = r[50::50] / r[:-50:50]
    assert np.all(np.diff(drop) > 0)  # ever more slowly
    assert 0.3 < r[-1] < 0.5


@pytest.mark.parametrize("order", dirac_games.ORDERS)
@pytest.mark.parametrize("loss", dirac_games.LOSSES)
@pytest.mark.parametrize(
    ("help", "named"),
    [("none", {}), ("R1", dict(r1=0.7)), ("gradient penalty", dict(penalty=0.7)),
     ("clipping", dict(clip=0.7)), ("consensus", dict(consensus=0.7))],
)  # fmt: skip
def test_each_choice_is_its_game(loss, help, named, order):
    """Against the update by hand. Mutants: one remedy called by another's name; the strength left
    out; the penalty with half its weight; clipping after G's move."""
    r = result(loss=loss, help=help, order=order, strength=0.7, lr=0.25)
    path = by_hand(1.0, 0.5, 12, 0.25, loss=loss, order=order, **named)
    np.testing.assert_allclose(np.stack(r.steps, 1)[:13], path, rtol=1e-6, atol=1e-9)


def test_eigenvalues_predict():
    """Tiny starts: growth per step is |lambda|. Mutants: J for I + hJ; its square; h twice."""
    for help in ("none", "R1", "instance noise", "consensus"):
        for order in dirac_games.ORDERS:
            game = dirac_games.game("saturating", help, 0.8)
            start = dirac.init(1e-4, 0.0)
            r = dirac_games.play(game, start, lr=0.3, order=order)
            growth = (far(r.steps)[-1] / far(r.steps)[20]) ** (1 / 180)
            assert r.eigen is not None
            assert np.abs(r.eigen).max() == pytest.approx(growth, abs=2e-3)
    plain = result(lr=0.2)
    np.testing.assert_allclose(sorted(plain.eigen.imag), [-0.1, 0.1])
    np.testing.assert_allclose(plain.eigen.real, [1, 1])


def test_largest_steps_of_the_text():
    """h < 4r, h < 4 / (r + sqrt(r^2 - 1)), and h < r for Wasserstein. Mutant: any factor 2."""
    for r in (0.3, 0.9):
        assert result(view="sizes", help="R1", strength=r).limit == pytest.approx(4 * r)
        small = result(view="sizes", help="R1", strength=r, loss="wasserstein").limit
        assert small == pytest.approx(r)
    beyond = result(view="sizes", help="R1", strength=2.0).limit
    assert beyond == pytest.approx(4 / (2 + np.sqrt(3)))
    assert result(view="sizes").limit == 0
    for lr, grows in ((0.95, False), (1.05, True)):  # exercise 2
        p = result(loss="wasserstein", help="R1", strength=1.0, lr=lr)
        assert (far(p.steps)[-1] > far(p.steps)[0]) == grows
    assert np.abs(result("Step too large").eigen).max() == pytest.approx(1.026, abs=5e-4)


def test_noise_is_r1_or_nothing():
    """sigma^2 / 2 near the equilibrium; nothing for a line. Mutant: sigma for its square."""
    noisy = result(help="instance noise", strength=1.2).eigen
    damped = dirac_games.game("saturating", "R1", 0.72)
    same = dirac_games.play(damped, dirac_games.parse("1 0.5"), lr=0.2).eigen
    assert same is not None
    assert sorted(noisy.imag) == pytest.approx(sorted(same.imag))
    assert noisy.real == pytest.approx(same.real)
    a, b = result("Noise that does nothing"), result("Spiralling out")
    np.testing.assert_allclose(a.steps.theta, b.steps.theta, rtol=1e-9)


def test_in_turns_keeps_its_ellipse():
    """Exercise 3, and the preset. Mutants: the sign of h theta psi; simultaneous steps."""
    r = result("Cycling")
    theta, psi = r.steps
    kept = theta**2 + psi**2 - 0.2 * theta * psi
    np.testing.assert_allclose(kept, kept[0], rtol=1e-12)
    assert np.abs(r.eigen) == pytest.approx([1, 1])
    wrong = theta**2 + psi**2 + 0.2 * theta * psi
    assert np.ptp(wrong) > 0.1


def test_doubling_takes_556_steps():
    """Exercise 1. Mutant: sqrt(1 + h^2)."""
    game = dirac_games.game("saturating", "none", 0.0)
    start = dirac.init(1e-5, 0.0)
    path = dirac.run(start, game, 556, lr=0.1)
    assert far(path)[555] < 2e-5 < far(path)[556]


@pytest.mark.parametrize("start", [0.3, 1.0])
def test_ring_of_the_non_saturating_loss(start):
    """Exercise 4: sqrt(2 h) from inside and outside. Mutant: radius h, or sqrt(h)."""
    game = dirac_games.game("non-saturating", "none", 0.0)
    state = dirac.init(start, 0.0)
    seen = far(dirac.run(state, game, 3500, lr=0.4))[-200:]
    assert np.abs(seen / np.sqrt(0.8) - 1).max() < 0.04
    assert np.sqrt(np.mean(seen**2)) == pytest.approx(np.sqrt(0.8), rel=5e-3)


def test_where_the_penalty_stops():
    """'Ends at theta = 2, psi = 0.' Mutant: a penalty that also works at the equilibrium."""
    r = result(loss="wasserstein", help="gradient penalty", strength=1.0, lr=0.1)
    assert r.steps.theta[-1] == pytest.approx(2, abs=1e-6)
    assert abs(r.steps.psi[-1]) < 1e-6
    assert r.eigen is None


def test_presets_do_what_their_names_say():
    out, damped, clipped = (result(n) for n in ("Spiralling out", "Damped by R1", "Clipped"))
    assert np.all(np.diff(far(out.steps)) > 0)
    assert far(damped.steps)[-1] < 1e-3
    assert np.abs(clipped.steps.psi).max() == pytest.approx(0.7)
    assert far(clipped.steps)[100:].min() > 0.5
    assert far(clipped.steps)[100:].max() < 1
    large = result("Step too large")
    assert far(large.steps)[-1] > 10
    left = far(result(loss="wasserstein", lr=2.0).steps)
    assert left[-1] > dirac_games.LEFT >= left[:-1].max()  # followed until then, and no longer


def test_prediction_is_true():
    """Outwards at every small step, near the equilibrium by sqrt(1 + h^2 / 4)."""
    for h in (0.05, 0.1, 0.2):
        r = result(lr=h)
        assert far(r.steps)[-1] > far(r.steps)[0]
        assert np.abs(r.eigen).max() == pytest.approx(np.sqrt(1 + h * h / 4))
    assert PAGE.prediction is not None
    assert "outwards" in PAGE.prediction.options[PAGE.prediction.answer]


# --- all step sizes, all remedies


def test_all_sizes_at_once():
    """Mutants: rates in another order; both orders the same; a game that left goes on moving."""
    r = result(view="sizes")
    game = dirac_games.game("saturating", "none", 0.0)
    for i in (0, 20, 33):
        for k, order in enumerate(dirac_games.ORDERS):
            alone = dirac_games.play(
                game, dirac_games.parse("1 0.5"), lr=float(dirac_many.RATES[i]), order=order
            )
            assert alone.eigen is not None
            path = np.stack(alone.steps, 1)[:101]
            np.testing.assert_allclose(r.paths[i, k, : len(path)], path, rtol=1e-9)
            np.testing.assert_allclose(
                np.sort_complex(r.eigen[i, k]), np.sort_complex(alone.eigen), rtol=1e-12
            )
    gone = result(view="sizes", loss="wasserstein").paths[-1, 0]
    left = int(np.argmax(np.hypot(*gone.T) > dirac_games.LEFT))
    assert 0 < left < 20
    assert np.ptp(gone[left:], axis=0).tolist() == [0, 0]
    assert result(view="sizes", help="gradient penalty").eigen is None


def test_each_remedy_is_its_game():
    """Mutants: a remedy at another one's place; the last path not in turns; the start moved."""
    r = result(view="remedies", loss="saturating", lr=0.3, start="1 -0.5")
    named = [{}, dict(r1=1.0), dict(penalty=1.0), dict(clip=0.5), None, dict(consensus=1.0),
             dict(order="alternating")]  # fmt: skip
    for k, more in enumerate(named):
        if more is not None:
            path = by_hand(1.0, -0.5, 25, 0.3, **more)
            np.testing.assert_allclose(r.paths[:26, k], path, rtol=1e-6, atol=1e-9)
    noise = dirac_games.game("saturating", "instance noise", 1.0)
    alone = dirac_games.play(noise, dirac_games.parse("1 -0.5"), lr=0.3).steps
    np.testing.assert_allclose(r.paths[:, 4], np.stack(alone, 1), rtol=1e-12)
    assert r.names == [*dirac_games.HELP, "in turns"]


def test_what_damps():
    """R1, noise, consensus come nearer; nothing, clipping and turns do not. And exercise 6."""
    r = result(view="remedies")
    end = dict(zip(r.names, np.hypot(*r.paths[-1].T), strict=True))
    assert max(end[n] for n in ("R1", "instance noise", "consensus")) < 1e-3
    assert min(end[n] for n in ("none", "clipping", "gradient penalty", "in turns")) > 0.4
    growth = dict(zip(r.names, r.growth, strict=True))
    assert growth["in turns"] == pytest.approx(1)
    assert np.isnan(growth["gradient penalty"])
    huge = result(view="remedies", loss="wasserstein", lr=4.0).growth[-1]
    assert huge == pytest.approx(7 + np.sqrt(48))  # z^2 + 14 z + 1, the larger root
    linear = result(view="remedies", loss="wasserstein")
    end = dict(zip(linear.names, np.hypot(*linear.paths[-1].T), strict=True))
    assert end["R1"] < 1e-3 < 0.4 < min(end["instance noise"], end["clipping"])


# --- words and pictures


@pytest.mark.parametrize("text", ["", "1", "1 2 3", "nan 0", "9 0", "1 x"])
def test_a_start_is_two_numbers(text):
    with pytest.raises(ValueError, match=r"θ|number"):
        dirac_games.parse(text)


def test_wrong_help_is_refused():
    with pytest.raises(ValueError, match="there are none, R1"):
        dirac_games.game("saturating", "luck", 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 0"):
        dirac_games.game("saturating", "R1", -1.0)


@pytest.mark.parametrize("view", PAGE.views)
def test_the_start_returns_as_it_is(view):
    """Mutants: theta and psi exchanged; another start than the one shown."""
    shown = PAGE.views[view].show(result(view=view, start="-1.25 0.5"))[0]
    grip = next(L for L in shown.panels[0].layers if isinstance(L, Handles))
    assert grip.xy.tolist() == [[-1.25, 0.5]]
    edit = PAGE.views[view].edits["start"]
    assert edit.encode({"xy": grip.xy.tolist()}) == "-1.25 0.5"
    assert edit.encode({"xy": [[7.0, -0.333]]}) == "2.5 -0.33"


def test_the_picture_is_the_game():
    """Mutants: psi drawn against theta; D's line with the wrong slope; a push the wrong way; the
    eigenvalues of the flow; arrows of the field turned."""
    r = result(help="R1", strength=0.5)
    portrait, players, distance, eigen = PAGE.views["game"].show(r)[0].panels
    played = next(L for L in portrait.layers if getattr(L, "name", "").startswith("played"))
    np.testing.assert_array_equal(played.xy, np.stack(r.steps, 1))
    line = next(L for L in players.layers if isinstance(L, Lines))
    np.testing.assert_allclose((line.y[:, 0, 1] - line.y[:, 0, 0]) / np.ptp(line.x), r.steps.psi)
    push = next(L for L in players.layers if type(L).__name__ == "Arrows")
    move = (push.end - push.start)[:, 0, 0]
    assert np.all(move * r.steps.psi >= 0)  # G climbs D
    at = next(L for L in eigen.layers if isinstance(L, Points)).xy
    np.testing.assert_allclose(np.hypot(*at.T), np.abs(r.eigen))
    curve = next(L for L in distance.layers if isinstance(L, Lines)).y[0]
    np.testing.assert_allclose(curve, np.maximum(far(r.steps), dirac_game.LOW / 2))
    field = next(L for L in portrait.layers if type(L).__name__ == "Arrows")
    middle, along = (field.start + field.end) / 2, field.end - field.start
    theta, psi = middle.T
    v = np.stack([s(theta * psi) * psi, -s(theta * psi) * theta - 0.5 * psi], 1)
    cross = along[:, 0] * v[:, 1] - along[:, 1] * v[:, 0]
    np.testing.assert_allclose(cross, 0, atol=1e-12)
    assert np.all((along * v).sum(1) >= 0)


def test_the_pictures_of_many_are_their_games():
    """Mutants: the two orders exchanged, in the plane or among the eigenvalues; the smaller one of
    two eigenvalues as growth; remedies' curves in another order."""
    r = result(view="sizes", help="R1", strength=2.0)
    plane, eigen, growth = PAGE.views["sizes"].show(r)[0].panels
    for k, name in enumerate(["simultaneous", "in turns"]):
        spots = next(L for L in plane.layers if getattr(L, "name", "") == name)
        np.testing.assert_array_equal(spots.xy, r.paths[:, k])
        places = next(L for L in eigen.layers if getattr(L, "name", "") == name)
        seen = np.abs(r.eigen[:, k].real) < 2
        shown = places.xy[..., 0] + 1j * places.xy[..., 1]
        np.testing.assert_allclose(shown[seen], r.eigen[:, k][seen])
    curves = next(L for L in growth.layers if isinstance(L, Lines)).y
    np.testing.assert_allclose(curves[0, :20], np.abs(r.eigen[:20, 0]).max(-1))
    many = result(view="remedies")
    portrait, distance = PAGE.views["remedies"].show(many)[0].panels
    curves = next(L for L in distance.layers if isinstance(L, Lines))
    assert list(curves.names) == many.names
    far_off = np.hypot(*np.moveaxis(many.paths, -1, 0)).T
    np.testing.assert_allclose(curves.y, np.maximum(far_off, dirac_game.LOW / 2))
    paths = [L.xy for L in portrait.layers if isinstance(L, Line)]
    np.testing.assert_array_equal(np.stack(paths, 1), many.paths)
    said = PAGE.views["game"].show(result(lr=0.25))[0].captions[100]
    assert said.startswith("Step 100, time 25.00: ")


@pytest.mark.parametrize(
    ("size", "color"), [(0.9, "good"), (1.0, "ink"), (1.0 + 1e-12, "ink"), (1.01, "bad")]
)
def test_verdicts(size, color):
    """Mutants: inside and outside exchanged; a rounding error called growth."""
    eigen = size * np.exp([0.3j, -0.3j])
    assert dirac_words.color_of(eigen) == color


@pytest.mark.parametrize("view", PAGE.views)
@pytest.mark.parametrize("help", ["none", "gradient penalty", "clipping"])
def test_every_frame_says_what_it_shows(view, help):
    """A caption for every frame, none twice, no raw nan; a game that ends early as well."""
    for lr in (0.2, 4.0):
        scene, table = PAGE.views[view].show(
            result(view=view, loss="wasserstein", help=help, lr=lr, strength=0.5)
        )
        assert isinstance(scene, Scene)
        assert scene.frame_values is not None
        F = len(scene.frame_values)
        assert len(scene.captions) == F == len(set(scene.captions))
        assert 0 <= scene.start < F
        assert not any(re.search(r"nan|inf|--", c) for c in scene.captions)
        assert len(scene.pack()) < 160_000
        assert isinstance(table, Table)
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert not any("nan" in str(c) for row in table.rows for c in row)


def test_no_theory_is_drawn_where_there_is_none():
    """Mutants: eigenvalues of the game without its penalty; theory without an end."""
    shown = PAGE.views["game"].show(result(help="gradient penalty"))[0]
    assert not any(isinstance(L, Points) for L in shown.panels[3].layers)
    names = [getattr(L, "name", "") for L in shown.panels[0].layers if isinstance(L, Line)]
    assert names == ["played, step by step"]
    far_off = result(loss="wasserstein", help="clipping", lr=4.0).theory
    r = far(far_off)
    assert np.isfinite(r).sum() == 1 + np.argmax(r > dirac_games.LEFT) < 10
    clipped = PAGE.views["game"].show(result(help="clipping", strength=0.5))[0]
    names = [getattr(L, "name", "") for L in clipped.panels[0].layers]
    assert "ψ is clipped here" in names
    assert not any("flow" in n for n in names)


def test_every_check_names_a_test():
    for view in PAGE.views.values():
        assert view.checks
        for check in view.checks:
            file, name = check.test.split("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), check.test
