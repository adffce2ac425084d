"""What the page on the smallest GAN claims: its presets, its pictures, its words."""

import re
from pathlib import Path

import numpy as np
import pytest

from dgmlib.figures import dirac_game, dirac_words
from dgmlib.figures.scene import Handles, Lines, Points, Scene
from dgmlib.figures.scene import Path as Line
from dgmlib.figures.table import Table
from dgmlib.gan import dirac_games, dirac_many
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


def test_every_control_reaches_its_game():
    """Mutants: a control that a view ignores, or takes for another one."""
    all_ = dict(loss="non-saturating", order="alternating", lr=0.35, help="R1", strength=0.7,
                start="-1 0.5")  # fmt: skip
    game = dirac_games.game("non-saturating", "R1", 0.7)
    start = dirac_games.parse("-1 0.5")
    alone = dirac_games.play(game, start, lr=0.35, order="alternating")
    np.testing.assert_array_equal(result(**all_).steps, alone.steps)
    np.testing.assert_array_equal(
        result(view="sizes", **all_).paths, dirac_many.sizes(game, start).paths
    )
    every = dirac_many.remedies("non-saturating", start, lr=0.35, order="alternating")
    np.testing.assert_array_equal(result(view="remedies", **all_).paths, every.paths)


def test_presets_do_what_their_names_say():
    out, damped, clipped = (result(n) for n in ("Spiralling out", "Damped by R1", "Clipped"))
    assert np.all(np.diff(far(out.steps)) > 0)
    assert far(damped.steps)[-1] < 1e-3
    assert np.abs(clipped.steps.psi).max() == pytest.approx(0.7)
    assert far(clipped.steps)[100:].min() > 0.5
    assert far(clipped.steps)[100:].max() < 1
    large = result("Step too large")
    assert far(large.steps)[-1] > 10
    assert np.abs(large.eigen).max() == pytest.approx(1.026, abs=5e-4)
    noisy = result("Noise that does nothing")
    np.testing.assert_allclose(noisy.steps.theta, out.steps.theta, rtol=1e-9)
    turning = result("Cycling")
    assert turning.order == "alternating"
    assert np.abs(turning.eigen) == pytest.approx([1, 1])
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


# --- words and pictures


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
