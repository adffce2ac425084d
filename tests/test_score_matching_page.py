"""The page on score matching: what is drawn is what was computed, and the words are true.

Each test names the mutant it kills.
"""

from typing import Any

import numpy as np
import pytest

from dgmlib.data.points import encode
from dgmlib.figures import score_dials, score_field, score_field_learned
from dgmlib.figures.scene import Arrows, Brush, HeatMap, Lines, Path, Points, Scene
from dgmlib.figures.table import Table
from dgmlib.scores import dials, field, field_choice, field_learned, field_recorded
from dgmlib.ui import spec
from tests.test_score_matching import OWN

PAGE = spec.of("score_matching")


def layer(scene: Scene, kind: type, panel: int = 0, nth: int = 0) -> Any:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)][nth]


def recorded(name: str) -> field_learned.Here:
    kept = field_recorded.here(points="", seed=0, **field_recorded.HERE[name]._asdict())
    assert kept is not None
    return kept


def test_defaults_and_presets_are_there_at_once() -> None:
    """Mutant: a preset or the default of a job that nobody recorded."""
    for values in (*(dict(view=name) for name in PAGE.views), *PAGE.presets.values()):
        p = PAGE.params(**values)
        view = PAGE.views[PAGE.view_of(p)]
        assert not view.job or view.recorded(p) is not None, values


# ---------------------------------------------------------------- field


@pytest.fixture(scope="module")
def seen() -> field.Field:
    return field.field("two unequal", "", seed=0)


def test_arrows_are_the_scores(seen: field.Field) -> None:
    """Mutants: learned and exact exchanged; an arrow drawn twice, or in no class; upside down."""
    assert seen.learned is not None
    scene = score_field.field_scene(seen)
    for panel, wanted in ((0, seen.exact), (1, seen.learned.score)):
        layers = [layer(scene, Arrows, panel, i) for i in range(3)]
        drawn = np.stack([a.end - a.start for a in layers])  # (3, F, k, 2)
        assert ((np.abs(drawn).sum(-1) > 0).sum(0) == 1).all()
        length = np.linalg.norm(wanted, axis=-1, keepdims=True)
        cell = 2 * field_choice.REACH / field.ARROWS
        np.testing.assert_allclose(drawn.sum(0), 0.9 * cell * wanted / (2 + length), atol=1e-9)
        assert np.linalg.norm(drawn, axis=-1).max() < cell
        faint = np.linalg.norm(drawn[2], axis=-1) > 0
        np.testing.assert_array_equal(faint, seen.near < field_choice.EMPTY)
        assert layers[2].opacity < layers[1].opacity < layers[0].opacity
        np.testing.assert_array_equal(layers[0].start[0], seen.place)


def test_the_map_is_drawn_in_decades(seen: field.Field) -> None:
    """Mutants: the natural logarithm; the edge of another frame; densities for errors."""
    assert seen.learned is not None
    scene = score_field.field_scene(seen)
    heat = layer(scene, HeatMap, 2)
    np.testing.assert_allclose(heat.value, np.log10(np.maximum(seen.learned.off, 0.01)))
    side = heat.extent[1]
    assert heat.extent == (-side, side, -side, side)
    assert seen.axis[-1] + 0.5 * (seen.axis[1] - seen.axis[0]) == pytest.approx(side)
    edge = layer(scene, Path, 2).xy
    for i in (2, 5):
        at = edge[i][np.isfinite(edge[i]).all(1)]
        found = np.log10(field_choice.density(seen.data, at, float(seen.sigma[i])))
        # between cells log p is bent: half a decade where the density is narrowest
        np.testing.assert_allclose(found, -3, atol=0.5)


def test_words_are_the_numbers(seen: field.Field) -> None:
    """Mutants: inside and outside exchanged; the caption of another frame; nan is said."""
    assert seen.learned is not None
    scene = score_field.field_scene(seen)
    part = field.means(seen, seen.learned)
    curves = layer(scene, Lines, 3)
    np.testing.assert_allclose(curves.y[0], part[0])
    np.testing.assert_allclose(curves.y[2], np.maximum(seen.learned.fisher, 1e-4))
    np.testing.assert_allclose(curves.y[3], seen.size)
    words = scene.captions[3]
    assert words.startswith("σ = 0.14: the density is p * N(0, 0.14² I).")
    assert f"{part[0, 3]:.3f} where there are data, {part[1, 3]:.3f} where there are none" in words
    assert f"{seen.learned.fisher[3]:.4f} ± {seen.learned.error[3]:.4f}" in words
    assert "everywhere" in scene.captions[-1]
    assert "nan" not in " ".join(scene.captions)
    assert len(scene.pack()) < 2**19


@pytest.mark.parametrize("points", [OWN, encode(np.array([[0.5, 0.5]]))])
def test_painting_keeps_its_panel(seen: field.Field, points: str) -> None:
    """Mutants: the panel to paint on moves; painted points come back elsewhere; one is too
    few; no line where their data end."""
    scene = score_field.field_scene(field.field("two moons", points, seed=0))
    whole = score_field.field_scene(seen)
    assert [p.area for p in scene.panels] == [p.area for p in whole.panels]
    assert scene.panels[0].title == whole.panels[0].title
    assert len(layer(whole, Brush).xy) == 0
    brush = layer(scene, Brush)
    edit = PAGE.views["field"].edits["brush"]
    assert edit.encode({"xy": brush.xy.tolist()}) == points
    assert edit.encode({"xy": []}) == ""
    assert f"Of your {len(brush.xy)} point" in scene.captions[0]
    assert np.isfinite(layer(scene, Path, 2).xy).any()
    scene.pack()


# ---------------------------------------------------------------- learning


@pytest.mark.parametrize("name", field_recorded.HERE)
def test_learning_is_drawn(name: str) -> None:
    """Mutants: the loss as it is; the exact field for the learned; arrows of another step."""
    h = recorded(name)
    f, scene = h.found, score_field_learned.learned_scene(h)
    curves = layer(scene, Lines, 3)
    np.testing.assert_allclose(curves.y[0, 1:], f.loss[1:] - h.least)
    np.testing.assert_array_equal(curves.y[1], f.fisher[:, 0])
    sides = layer(scene, Lines, 4)
    np.testing.assert_allclose(sides.y, np.maximum([f.inside[:, 0], f.outside[:, 0]], 1e-3))
    off = np.linalg.norm(f.field[:, 0].astype(float) - f.exact[0], axis=-1)
    np.testing.assert_allclose(layer(scene, HeatMap, 2).value, np.log10(np.maximum(off, 0.01)))
    for panel, score in ((1, f.exact[0]), (0, f.field[5, 0].astype(float))):
        arrows = [layer(scene, Arrows, panel, i) for i in range(3)]
        drawn = sum((a.end - a.start) if panel == 1 else (a.end - a.start)[5] for a in arrows)
        wanted = score[::3, ::3].reshape(-1, 2)
        length = np.linalg.norm(wanted, axis=-1, keepdims=True)
        np.testing.assert_allclose(np.asarray(drawn) * (2 + length), 1.8 * 4 / 13 * wanted,
                                   atol=1e-9)  # fmt: skip
    words = scene.captions[-1]
    digits = 3 if f.fisher[-1, 0] < 100 else 0
    assert f"Fisher divergence {f.fisher[-1, 0]:,.{digits}f};" in words
    assert f"{f.outside[-1, 0]:,.{0 if f.outside[-1, 0] > 100 else 1}f} elsewhere" in words
    assert "loss" not in scene.captions[0]
    assert len(scene.pack()) < 2**19


def test_the_density_that_is_asked_for_is_named() -> None:
    """Mutant: noise is named for an objective that adds none."""
    noisy = score_field_learned.learned_scene(recorded("denoising")).panels
    plain = score_field_learned.learned_scene(recorded("implicit-few")).panels
    assert (noisy[1].title, plain[1].title) == ("Exact score of p * N(0, 0.3² I)",
                                                "Exact score of p")  # fmt: skip
    few = score_field_learned.learned_scene(recorded("implicit-few"))
    assert len(layer(few, Points, 1).xy) == 50


# ---------------------------------------------------------------- dials


def test_dials_are_drawn_and_told() -> None:
    """Mutants: the spread of one example for that of the mean; probes for networks; a table whose
    rows and columns belong to another objective."""
    s = dials.dials(8, seed=0)
    scene, table = score_dials.dials_scene(s)
    assert isinstance(scene, Scene)
    assert isinstance(table, Table)
    curves = layer(scene, Lines)
    np.testing.assert_array_equal(curves.x, [2, 3, 5, 9, 17, 33])
    for i, dial in enumerate(s.sliced):
        np.testing.assert_allclose(curves.y[i], dials.std(dial, dials.PROBES))
        marks = layer(scene, Points, 0, i).xy
        np.testing.assert_allclose(marks[:, 1], [m.std.value for m in s.measured_sliced[i]])
    right = layer(scene, Lines, 1)
    np.testing.assert_allclose(right.y[1], 2 / s.sigma**2)
    np.testing.assert_allclose(right.y[0, 0], right.y[1, 0], rtol=0.01)
    last = layer(scene, Points, 0, 3).xy[0]
    np.testing.assert_allclose(last, [9, float(dials.std(s.implicit))])
    assert table.rows[1][:3] == ["implicit, exact trace", "9", "−6.9134"]
    assert table.rows[3][:2] == ["Hutchinson, signs, m = 32", "33"]
    assert "1.024104 − (−6.913396) = 7.937500" in table.caption
    assert scene.captions[2].startswith("8 dimensions, 4 probes, 5 networks an example.")
    words = (
        f"{float(dials.std(s.sliced[2], 4)):.2f} (measured {s.measured_sliced[2][2].std.value:.2f}"
    )
    assert words in scene.captions[2]


@pytest.mark.parametrize("d", [1, 32])
def test_dials_at_both_ends(d: int) -> None:
    """Mutants: a spread of nothing, or a bar below 0, on a log axis; "1 dimensions"."""
    scene, _ = score_dials.dials_scene(dials.dials(d, seed=3))
    assert isinstance(scene, Scene)
    assert scene.captions[0].startswith(f"{d} dimension{'s' * (d > 1)}, 1 probe, 2 networks")
    scene.pack()


# ---------------------------------------------------------------- words


def test_the_prose_quotes_what_is_computed() -> None:
    """Mutant: checkpoints or recordings are made anew and the words stay."""
    said = " ".join((spec.PAGES / "score_matching.md").read_text(encoding="utf-8").split())
    for quote in quotes():
        assert quote in said, quote


def quotes() -> list[str]:
    """Every number of "Where it breaks" that a change could make untrue."""
    two, eight = (field.field(name, "", seed=0) for name in ("two unequal", "8 Gaussians"))
    assert two.learned is not None
    assert eight.learned is not None
    part, other = field.means(two, two.learned), field.means(eight, eight.learned)
    good, little = recorded("denoising"), recorded("little-noise")
    few, probe = recorded("implicit-few"), recorded("one-probe")
    s = dials.dials(32, seed=0)
    signs, sliced = (float(dials.std(s.sliced[i])) for i in (0, 2))
    assert np.isnan(part[1, -1])
    return [
        f"off by {part[0, 0]:.3f} on average over the part of the map where there are data (a "
        f"density above a thousandth of its top), and by {part[1, 0]:.3f} over the rest",
        f"it is {other[0, 0]:.3f} and {other[1, 0]:.3f}",
        f"is {two.learned.fisher[0]:.2f} of {two.size[0]:.2f}",
        f"the two numbers are {part[0, 8]:.3f} and {part[1, 8]:.3f}",
        f"comes down to {good.found.fisher[-1, 0]:.3f}. With $\\sigma = 0.02$ it is still "
        f"{little.found.fisher[-1, 0]:.3f}: the loss is near {little.least:,.0f}",
        f"the loss is −{-few.found.loss[-1]:,.0f}, where that of the exact score is −"
        f"{-few.least:.0f}",
        f"from {few.found.fisher[0, 0]:.0f} to {few.found.fisher[-1, 0]:,.0f}",
        f"divergence of {probe.found.fisher[-1, 0]:.2f}, of {probe.found.fisher[0, 0]:.0f} in",
        f"one example scatters by {float(dials.std(s.implicit)):.2f}",
        f"scatters by {signs:.2f}, one sliced probe by {sliced:.2f}",
    ]


def test_one_probe_is_worth_its_cost() -> None:
    """The fourth exercise says b / a is about 2. Mutant: the variance of Gaussian probes."""
    dial = dials.dials(32, seed=0).sliced[0]
    assert dial.per_probe / dial.fixed == pytest.approx(2.0, abs=0.15)
