"""The page of denoisers in the plane: what is drawn is what was computed, and the words are true.

Each test names the mutant it kills.
"""

from typing import Any

import numpy as np
import pytest

from dgmlib.data.points import decode, encode
from dgmlib.diffusion import (
    plane_choice,
    plane_error,
    plane_heart,
    plane_recorded,
    plane_two,
    samplers,
    sets,
)
from dgmlib.figures import (
    diffusion_plane,
    diffusion_plane_error,
    diffusion_plane_heart,
    diffusion_plane_many,
)
from dgmlib.figures.scene import Arrows, Band, Brush, HeatMap, Lines, Path, Points, Rules, Scene
from dgmlib.figures.table import Table
from dgmlib.ui import spec
from tests.test_diffusion_plane import OWN

PAGE = spec.of("diffusion_plane")


def layer(scene: Scene, kind: type, panel: int = 0, nth: int = 0) -> Any:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)][nth]


@pytest.fixture(scope="module")
def two() -> plane_two.Two:
    return plane_two.two("ring", "", "exact", "DDPM", "Heun", eta=0.0, steps=16, seed=0)


def test_defaults_and_presets_are_there_at_once() -> None:
    """Mutant: a preset or the default of a job that nobody recorded."""
    views = [dict(view=name) for name in PAGE.views]
    for values in (*views, *PAGE.presets.values()):
        p = PAGE.params(**values)
        view = PAGE.views[PAGE.view_of(p)]
        assert not view.job or view.recorded(p) is not None, values


# ---------------------------------------------------------------- two samplers


def test_the_picture_is_the_run(two: plane_two.Two) -> None:
    """Mutants: both planes show one sampler; the guess for x; curves over frames that were not
    measured; the mark stands still."""
    scene = diffusion_plane.two_scene(two)
    for i, r in enumerate((two.first, two.second)):
        data, x0, x = (layer(scene, Points, i, n) for n in range(3))
        np.testing.assert_array_equal(data.xy, two.points)
        np.testing.assert_array_equal(x.xy, r.x)
        np.testing.assert_array_equal(x0.xy, r.x0)
        np.testing.assert_array_equal(layer(scene, Path, i).xy[3], r.x[:, 3])
        assert scene.panels[i].title == r.title
    for panel, which in ((2, "w2_x0"), (3, "w2_x")):
        curves = layer(scene, Lines, panel)
        np.testing.assert_array_equal(curves.x, two.at[two.measured])
        np.testing.assert_array_equal(
            curves.y, [getattr(r, which) for r in (two.first, two.second)]
        )
        assert list(curves.names) == ["DDPM", "Heun"]
        band = layer(scene, Band, panel)
        assert (band.low[0], band.high[0]) == (two.floors.min(), two.floors.max())
        np.testing.assert_array_equal(layer(scene, Rules, panel).at[:, 0], two.at)
    assert len(scene.pack()) < 2**20


def test_captions_say_what_was_measured(two: plane_two.Two) -> None:
    """Mutants: numbers of the frame before; a number where nothing was measured; the calls of the
    other sampler."""
    scene = diffusion_plane.two_scene(two)
    m, f = 3, int(two.measured[3])
    words = scene.captions[f]
    assert words.startswith(
        f"{f} of 16 steps done, noise level {two.angle[f]:.0f}°. DDPM: W₂ of x̂₀"
    )
    for r in (two.first, two.second):
        assert f"{r.title}: W₂ of x̂₀ {r.w2_x0[m]:.2f}, of x {r.w2_x[m]:.2f}" in words
    assert f"Data from data: {two.floors.min():.2f} to {two.floors.max():.2f}." in words
    between = next(f for f in range(17) if f not in two.measured)
    assert "W₂" not in scene.captions[between]
    assert f"DDPM {two.first.w2_x[-1]:.2f} with 16 calls" in scene.alt
    assert f"Heun {two.second.w2_x[-1]:.2f} with 31 calls" in scene.alt


def test_the_same_sampler_twice_is_told_apart(two: plane_two.Two) -> None:
    scene = diffusion_plane.two_scene(two._replace(second=two.first))
    assert [p.title for p in scene.panels[:2]] == ["DDPM (1)", "DDPM (2)"]


@pytest.mark.parametrize("values", [dict(steps=1), dict(steps=100), dict(points=OWN)])
def test_every_length_can_be_drawn(values: dict[str, Any]) -> None:
    """Mutants: a picture of two frames fails; own points are not the data."""
    p = PAGE.params(data="two unequal", **values)
    view = PAGE.views["samplers"]
    assert len(view.show(view.compute(p)).pack()) < 2**20


# ---------------------------------------------------------------- many steps


def test_bands_are_over_seeds() -> None:
    """Mutants: the deviation for the standard error; rows exchanged; a curve where nobody asked."""
    m = plane_recorded.many("Swiss roll", "", "exact", seed=0)
    assert m is not None
    scene, table = diffusion_plane_many.many_scene(m)
    assert isinstance(scene, Scene)
    assert isinstance(table, Table)
    for i in range(4):
        curve, band = layer(scene, Lines, nth=i), layer(scene, Band, nth=i + 1)
        asked = m.calls[i] > 0
        np.testing.assert_allclose(curve.y[0], m.w2[i, asked].mean(1))
        np.testing.assert_allclose(
            band.high - band.low, m.w2[i, asked].std(1, ddof=1) * 2 / 4**0.5, rtol=1e-9
        )
        np.testing.assert_array_equal(curve.x, m.steps[asked])
    assert table.rows[3][-1] == "not asked"
    cell = m.w2[1, 4]
    assert table.rows[1][5] == f"{cell.mean():.2f} ± {cell.std(ddof=1) / 2:.2f}"


def test_enough_steps_are_the_fewest() -> None:
    """Mutants: the most; a sampler that never comes down is said to."""
    m = plane_recorded.many("Swiss roll", "", "exact", seed=0)
    assert m is not None
    w2 = np.full_like(m.w2, 9.0)
    w2[0, 3:] = w2[1, [2, 5]] = 0.5 * m.floors.min()
    m = m._replace(w2=w2)
    assert [diffusion_plane_many.enough(m, i) for i in range(4)] == [5, 3, 0, 0]
    words = diffusion_plane_many.said(m)
    assert "DDPM: 5 steps, 5 calls" in words
    assert "Heun: at none of these" in words


# ---------------------------------------------------------------- errors


def test_the_map_is_the_error() -> None:
    """Mutants: the weighted map twice; arrows exchanged; upside down; bars of another curve."""
    e = plane_error.errors("two unequal", "", seed=0)
    scene, f = diffusion_plane_error.error_scene(e), 6
    anywhere, weighted = layer(scene, HeatMap, 0), layer(scene, HeatMap, 1)
    np.testing.assert_array_equal(anywhere.value, e.off)
    np.testing.assert_allclose(weighted.value, e.off * e.density)
    assert anywhere.range == weighted.range
    assert anywhere.extent == pytest.approx((-3.4, 3.4, -3.4, 3.4))
    exact, net = (layer(scene, Arrows, 0, n) for n in (0, 1))
    long = diffusion_plane_error.LENGTH
    np.testing.assert_allclose((exact.end - exact.start) / long, e.best, atol=1e-9)
    np.testing.assert_allclose((net.end - net.start) / long, e.net, atol=1e-9)
    curves = layer(scene, Lines, 3)
    np.testing.assert_array_equal(curves.y, np.maximum(e.mean, diffusion_plane_error.FAINT))
    bars = layer(scene, Path, 3, 1).xy
    np.testing.assert_allclose(bars[f, :, 1], e.mean[1, f] + np.array([-2, 2]) * e.error[1, f])
    words = scene.captions[f]
    assert f"= {e.mean[0, f]:.4f} ± {e.error[0, f]:.4f}" in words
    assert f"E|e* − e|² = {e.mean[1, f]:.3f}" in words
    empty = e.density[f] < 1e-3
    assert f"{e.off[f][empty].mean():.3f} where q is below" in words


# ---------------------------------------------------------------- by heart


def test_painting_gives_the_points_back() -> None:
    """Mutants: the scaled points are painted on; sizes beyond what was painted."""
    scene = diffusion_plane_heart.heart_scene(plane_heart.heart("ring", OWN, seed=0))
    brush = layer(scene, Brush, 2)
    edit = PAGE.views["heart"].edits["brush"]
    assert edit.encode({"xy": brush.xy.tolist()}) == OWN
    assert edit.encode({"xy": []}) == ""
    assert list(scene.frame_values) == [5, 8, 12]  # type: ignore[arg-type]


def test_the_samples_are_those_of_the_frame() -> None:
    """Mutants: all training points in every frame; shares of another denoiser."""
    h = plane_heart.heart("two unequal", "", seed=0)
    scene, f = diffusion_plane_heart.heart_scene(h), 2
    known = next(x for x in scene.panels[0].layers if x.name == "training points")
    assert isinstance(known, Points)
    np.testing.assert_array_equal(
        np.unique(known.xy[f], axis=0), np.unique(h.training[:12], axis=0)
    )
    curves = layer(scene, Lines, 1)
    assert list(curves.names) == ["by heart", "smooth, exact", "trained network", "fresh data"]
    at = int(np.searchsorted(plane_heart.GRID, 0.1))
    wanted = [(d[f] <= plane_heart.GRID[at]).mean() for d in h.distance.values()]
    np.testing.assert_allclose(curves.y[f, :, at], wanted)
    on = (h.distance["by heart"][f] < 1e-3).mean()
    assert scene.captions[f].startswith(
        f"N = 12: {on:.1%} of the samples by heart are within 0.001"
    )
    assert f"fresh data {np.median(h.distance['fresh data'][f]):.3f}" in scene.captions[f]


def test_the_first_points_are_counted() -> None:
    """Mutants: a traceback while there are too few; the plane moves away under the pen."""
    few = plane_heart.heart("ring", encode(decode(OWN)[:3]), seed=0)
    scene = diffusion_plane_heart.heart_scene(few)
    assert "3 points of your own. Paint 5 more" in scene.captions[0]
    assert len(layer(scene, Brush, 2).xy) == 3
    scene.pack()
    whole = diffusion_plane_heart.heart_scene(plane_heart.heart("ring", "", seed=0))
    assert [p.area for p in scene.panels] == [p.area for p in whole.panels]
    assert (scene.columns, scene.aspect) == (whole.columns, whole.aspect)


# ---------------------------------------------------------------- learning


def test_the_loss_stands_above_its_floor() -> None:
    """Mutants: the floor of both coordinates; the best denoiser's cloud on the left."""
    h = plane_recorded.here("Swiss roll", "", 3000, seed=0)
    assert h is not None
    scene = diffusion_plane.learned_scene(h)
    np.testing.assert_array_equal(layer(scene, Points, 0, 2).xy, h.learned.x)
    np.testing.assert_array_equal(layer(scene, Points, 1, 2).xy, h.best.x)
    np.testing.assert_array_equal(layer(scene, Lines, 2).y[0], h.loss)
    assert layer(scene, Rules, 2).at[0] == h.least[0]
    assert f"the best denoiser's {h.least[0]:.3f}" in scene.captions[-1]
    assert len(scene.pack()) < 2**20


# ---------------------------------------------------------------- words


def test_the_prose_quotes_what_is_computed() -> None:
    """Mutant: checkpoints or recordings are made anew and the words stay."""
    said = " ".join((spec.PAGES / "diffusion_plane.md").read_text(encoding="utf-8").split())
    for quote in quotes():
        assert quote in said, quote


def quotes() -> list[str]:
    """Every number of "Where it breaks" that a change could make untrue."""
    exact = plane_recorded.many("Swiss roll", "", "exact", seed=0)
    net = plane_recorded.many("Swiss roll", "", "trained", seed=0)
    easy = plane_recorded.many("8 Gaussians", "", "exact", seed=0)
    h = plane_heart.heart("Swiss roll", "", seed=0)
    e = plane_error.errors("Swiss roll", "", seed=0)
    short, long = (plane_recorded.here("Swiss roll", "", n, seed=0) for n in (500, 3000))
    assert exact is not None
    assert net is not None
    assert easy is not None
    assert short is not None
    assert long is not None
    f = int(np.flatnonzero(e.angle == 30)[0])
    empty, q = e.density[f] < 1e-3, e.density[f] / e.density[f].sum()
    n = int(np.flatnonzero(h.sizes == 50)[0])
    at = {s: list(exact.steps).index(s) for s in (3, 5, 10, 20)}
    ddpm, plus, ddim, heun = exact.w2.mean(-1)
    many = exact.w2.mean(-1)[:, at[20]]
    on = 100 * (h.distance["by heart"][n] < plane_heart.SAME).mean()
    far = {k: float(np.median(d[n])) for k, d in h.distance.items()}
    ends = easy.w2[2].mean(-1)
    moved = np.nanmax(np.abs((net.w2 - exact.w2).mean(-1))[:, at[10] :])
    poor, fair = (float(m.w2[3, 1].mean()) for m in (net, exact))
    return [
        f"is {exact.floors.min():.2f} to {exact.floors.max():.2f}",
        f"{ddpm[at[3]]:.2f} with DDPM, {plus[at[3]]:.2f} with DDPM+, {ddim[at[3]]:.2f} with DDIM, "
        f"{heun[at[3]]:.2f} with Heun",
        f"With 20 steps all four are at {many.min():.2f} to {many.max():.2f}",
        f"With five steps DDPM is at {ddpm[at[5]]:.2f}, DDIM without noise at {ddim[at[5]]:.2f}, "
        f"DDPM+ at {plus[at[5]]:.2f}",
        f"five steps of Heun are nine calls and end at {heun[at[5]]:.2f}, ten of DDIM at "
        f"{ddim[at[10]]:.2f}",
        f"moves by more than {moved:.3f} from ten steps on. But two steps of Heun end at "
        f"{poor:.2f} instead of {fair:.2f}: its first step overshoots to a median $|x|$ of "
        f"{overshoot():.1f}",
        f"{ends[at[5]]:.2f} with five steps and {ends[-1]:.2f} with 1,000, both in the band",
        f"{100 * near():.0f} % lie within three deviations of a centre; of data it is "
        f"{100 * (1 - np.exp(-4.5)):.1f} %",
        f"{on:.0f} % of the samples by heart lie on a training point",
        f"{far['fresh data']:.3f} for fresh data, {far['smooth']:.3f} for the smooth denoiser, "
        f"{far['trained']:.3f} for the network",
        f"{(q * e.off[f]).sum():.3f} where data come, and {e.off[f][empty].mean():.2f} where",
        f"{short.learned.w2_x[-1]:.2f} after 500 steps, {long.learned.w2_x[-1]:.2f} after 3,000 "
        f"and {short.best.w2_x[-1]:.2f} with the best denoiser",
        f"loss {short.loss[-1]:.3f} and {long.loss[-1]:.3f} above a floor of {long.least[0]:.3f}",
    ]


def near() -> float:
    """The share of 4,000 samples of five steps that are near a mode of the eight Gaussians."""
    s = plane_choice.chosen("8 Gaussians")
    start = np.random.default_rng(0).standard_normal((4000, 2))
    end = samplers.sample(sets.eps(s), plane_choice.levels(5), start, rule="ddim").x[-1]
    return float((plane_heart.nearest(end, s.centre) < 3 * s.std).mean())


def overshoot() -> float:
    """The median |x| between two steps of Heun with the trained network."""
    start = np.random.default_rng([0, 0]).standard_normal((1600, 2))
    eps = plane_choice.denoiser("trained", "Swiss roll", "")
    between = samplers.sample(eps, plane_choice.levels(2), start, rule="heun").x[1]
    return float(np.median(np.linalg.norm(between, axis=1)))


def test_names_are_those_of_the_library() -> None:
    """Mutant: a choice on the page that the library refuses."""
    assert set(plane_choice.NAMES.values()) == {"ddpm", "ddpm+", "ddim", "euler", "heun"}
    assert PAGE.params().data in plane_choice.DATA
