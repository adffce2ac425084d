"""What the KL page claims: its presets, its prediction, its exercises and its pictures."""

import re
from pathlib import Path

import numpy as np
import pytest

from dgmlib.divergences import fit_record, fit_text
from dgmlib.figures.scene import Lines, Scene
from dgmlib.figures.table import Table
from dgmlib.ui import spec

PAGE = spec.of("kl_asymmetry")
ROOT = Path(__file__).parent.parent
FORWARD, REVERSE, JS, ALPHA, W2 = range(5)


def result(preset=None, **values):
    p = PAGE.params(**(dict(PAGE.presets[preset]) if preset else {}) | values)
    return PAGE.views[PAGE.view_of(p)].compute(p)


def run(modes, start, **more):
    return fit_record.record(fit_text.parse_modes(modes), *fit_text.parse_normal(start), **more)


def test_mode_seeking():
    """Reverse KL ends inside the larger mode, at its global optimum; forward KL lies across."""
    r = result("Mode seeking")
    assert r.mean[-1, REVERSE] == pytest.approx(-3, abs=0.01)
    assert r.std[-1, REVERSE] == pytest.approx(0.6, abs=0.01)
    assert r.value[-1, REVERSE] == pytest.approx(np.log(1 / 0.6), abs=1e-3)
    assert r.value[-1, REVERSE] == pytest.approx(r.best.value[REVERSE], abs=1e-9)
    assert r.std[-1, FORWARD] > 3


def test_mass_covering():
    """Forward KL puts q where p has next to nothing, rather than miss a part of p."""
    r = result("Mass covering")
    middle = np.argmin(np.abs(r.x))
    assert r.q[FORWARD, middle] > 1e4 * r.p[middle]
    modes = [int(np.argmin(np.abs(r.x - m))) for m in (-3, 3)]
    assert np.all(r.q[FORWARD, modes] > 0.05)
    assert min(r.q[REVERSE, modes]) < 1e-20
    assert r.table.forward.value[FORWARD] < 1.2 < 30 < r.table.forward.value[REVERSE]


def test_support_mismatch():
    """JS is at its ceiling of one bit and flat; KL is enormous; W2 is the distance."""
    r = result("Support mismatch")
    f = r.start
    assert r.exact[f, JS] / np.log(2) == pytest.approx(1, abs=1e-12)
    assert abs(r.exact[f + 1, JS] - r.exact[f - 1, JS]) < 1e-9
    assert r.exact[f, FORWARD] == pytest.approx(200)  # 10^2 / (2 * 0.5^2)
    assert r.exact[f, W2] == pytest.approx(10)
    slope = (r.exact[f + 1, W2] - r.exact[f - 1, W2]) / (r.at[f + 1] - r.at[f - 1])
    assert slope == pytest.approx(1)


def test_stuck_in_a_local_optimum():
    """The descent ends in the smaller mode; the dashed optimum stands in the other."""
    r = result("Stuck in a local optimum")
    assert r.mean[-1, REVERSE] == pytest.approx(3, abs=0.01)
    assert r.best.mean[REVERSE] == pytest.approx(-3, abs=0.01)
    gap = r.value[-1, REVERSE] - r.best.value[REVERSE]
    assert gap == pytest.approx(np.log(1.5), abs=1e-3)  # exercise 1
    assert abs(r.value[-1, REVERSE] - r.value[-2, REVERSE]) < 1e-9  # it has stopped


def test_prediction_is_true_at_the_default():
    r = result()
    assert PAGE.prediction is not None
    assert PAGE.prediction.options[PAGE.prediction.answer].startswith("On the right mode")
    assert r.mean[0, REVERSE] > 2
    assert r.mean[-1, REVERSE] == pytest.approx(2.14, abs=0.01)
    assert r.target.weight[1] == pytest.approx(0.4)
    assert -1 < r.mean[-1, FORWARD] < 0


def test_exercise_moments():
    a, b = (fit_text.parse_modes(m) for m in ("0 2.5 0.5", "-2.4 0.7 0.5, 2.4 0.7 0.5"))
    one, two = (fit_record.record(p, 1.0, 1.0) for p in (a, b))
    np.testing.assert_allclose(one.best.mean[FORWARD], two.best.mean[FORWARD], atol=1e-12)
    np.testing.assert_allclose(one.best.std[FORWARD], two.best.std[FORWARD], rtol=1e-12)


@pytest.mark.parametrize(
    ("d", "across", "best_is_across"),
    [(2.0, 0.481, True), (2.23, 0.674, True), (2.25, 0.693, False), (2.5, 0.947, False)],
)
def test_exercise_when_choosing_pays(d, across, best_is_across):
    r = run(f"-{d} 0.8 0.5, {d} 0.8 0.5", "0.1 1", n_steps=200)
    assert r.mean[-1, REVERSE] == pytest.approx(0, abs=1e-3)
    assert r.value[-1, REVERSE] == pytest.approx(across, abs=1e-3)
    assert (abs(r.best.mean[REVERSE]) < 1e-3) == best_is_across
    if not best_is_across:
        assert r.best.value[REVERSE] <= np.log(2)


def test_exercise_no_choice_when_close():
    r = run("-1.75 0.8 0.5, 1.75 0.8 0.5", "1.75 0.8", n_steps=200)
    assert r.mean[-1, REVERSE] == pytest.approx(0, abs=1e-3)


def test_exercise_half_way():
    modes, start = "-2 0.6 0.6, 2.2 0.9 0.4", "2.5 0.8"
    ends = {a: run(modes, start, alpha=a) for a in (0.1, 0.15, 0.25, 0.3)}
    assert ends[0.1].mean[-1, ALPHA] > 2
    assert ends[0.15].mean[-1, ALPHA] < 0.5
    assert ends[0.25].best.mean[ALPHA] < -1.9
    assert ends[0.3].best.mean[ALPHA] > 0


def test_across_both_as_the_text_says():
    """'Start q at 0 2 with the default target and it ends there.'"""
    r = run("-2 0.6 0.6, 2.2 0.9 0.4", "0 2")
    assert 0.3 < r.mean[-1, REVERSE] < 0.6
    assert r.std[-1, REVERSE] > 1.8
    assert r.value[-1, REVERSE] > r.best.value[REVERSE] + 0.2


def test_exercise_hole():
    r = result(view="estimates")
    eps = 1 - r.prob_finite[0] ** (1 / r.forward.n[0])
    assert eps == pytest.approx(2.4e-4, abs=0.05e-4)
    assert (1 - eps) ** 1000 == pytest.approx(0.79, abs=0.005)


def test_noise_curves_cross():
    """'Often, not always': reparameterisation is beaten somewhere, and wins somewhere."""
    r = result(view="noise")
    ratio = r.variance[:, 1] / r.variance[:, 2]
    assert ratio.min() < 1 < ratio.max()


@pytest.mark.parametrize("view", PAGE.views)
def test_every_frame_says_what_it_shows(view):
    """A caption for every frame, with numbers, no two the same, and no raw nan."""
    shown = PAGE.views[view].show(result(view=view))
    scene = shown[0]
    assert isinstance(scene, Scene)
    assert scene.frame_values is not None
    F = len(scene.frame_values)
    assert len(scene.captions) == F == len(set(scene.captions))
    for caption in scene.captions:
        assert re.search(r"\d", caption)
        assert "nan" not in caption
    assert len(scene.pack()) < 150_000
    assert scene.alt
    for table in shown[1:]:
        assert isinstance(table, Table)
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_dashed_is_the_global_optimum():
    """The dashed curve peaks at the optimum and is there only if a descent missed it."""
    stuck = PAGE.views["fit"].show(result("Stuck in a local optimum"))[0]
    dashed = [L for L in stuck.panels[0].layers if isinstance(L, Lines) and any(L.dashes)]
    assert len(dashed) == 1
    row = list(dashed[0].names).index("reverse KL: the best")
    assert dashed[0].x[np.argmax(dashed[0].y[row])] == pytest.approx(-3, abs=0.05)
    free = PAGE.views["fit"].show(result("Mode seeking"))[0]
    assert not any(isinstance(L, Lines) and any(L.dashes) for L in free.panels[0].layers)


def test_every_check_names_a_test():
    for view in PAGE.views.values():
        assert view.checks
        for check in view.checks:
            file, name = check.test.split("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), check.test


def test_grips_and_text_are_the_same_target():
    """What the picture returns unmoved is the target it shows."""
    scene = PAGE.views["fit"].show(result())[0]
    grips = {L.name: L for L in scene.panels[0].layers if type(L).__name__ == "Handles"}
    for name, edit in PAGE.views["fit"].edits.items():
        layer = grips[name]
        text = edit.encode({"xy": layer.xy.tolist(), "width": layer.width.tolist()})
        assert text == getattr(PAGE.params(), edit.field)
