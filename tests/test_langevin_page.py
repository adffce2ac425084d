"""The page of Langevin dynamics: what is drawn is what was computed, and the words are true.

Each test names the mutant it kills.
"""

from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest

from dgmlib.data.points import decode, encode
from dgmlib.figures import (
    langevin_carry,
    langevin_forces,
    langevin_settle,
    langevin_weights,
    langevin_words,
)
from dgmlib.figures.scene import (
    Arrows,
    Band,
    Bars,
    Brush,
    Handles,
    HeatMap,
    Lines,
    Path,
    Points,
    Rules,
    Scene,
)
from dgmlib.figures.table import Table
from dgmlib.scores import carry, chains, forces, law, proportions, settle, settle_law
from dgmlib.ui import fields, spec

PAGE = spec.of("langevin")


def layer(scene: Scene, kind: type, panel: int = 0, nth: int = 0) -> Any:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)][nth]


def shares(**changes: Any) -> proportions.Proportions:
    return PAGE.views["weights"].compute(PAGE.params(**changes))


# ---------------------------------------------------------------- blind to weights


def test_the_picture_is_the_run() -> None:
    """Mutants: both panels show one run; a law of another step; bands of one error; the exact
    curves exchanged; the mark stands still."""
    p = shares()
    scene = langevin_weights.weights_scene(p)
    for i, r in enumerate((p.plain, p.annealed)):
        heat, way = layer(scene, HeatMap, i), layer(scene, Path, i)
        np.testing.assert_allclose(heat.value[:, 30], r.law[30] / r.law[30].max())
        assert heat.extent == (-0.5, 144.5, p.y[0], p.y[-1])
        np.testing.assert_array_equal(way.xy[5, :, 1], r.x[:, 5])
        np.testing.assert_array_equal(way.xy[5, :, 0], np.arange(145))
        band = layer(scene, Band, 2, i)
        np.testing.assert_allclose(band.high - band.low, 4 * r.error)
        np.testing.assert_array_equal(layer(scene, Lines, 2, 0).y[i], r.share)
        np.testing.assert_array_equal(layer(scene, Lines, 2, 1).y[i], r.exact)
        np.testing.assert_array_equal(layer(scene, Rules, i).at[:, 0], np.arange(145))
    assert layer(scene, Rules, 2).at[0] == p.truth
    np.testing.assert_array_equal(layer(scene, Lines, 3).y[0], p.sigmas)
    np.testing.assert_array_equal(layer(scene, Rules, 3).at[:, 0], p.sigma)
    np.testing.assert_array_equal(layer(scene, Lines, 4).y, [p.blind.kl, p.blind.fisher])
    assert p.blind.distance[p.here] == 4.0
    np.testing.assert_array_equal(
        layer(scene, Points, 4).xy[:, 1], [p.blind.kl[p.here], p.blind.fisher[p.here]]
    )
    assert len(scene.pack()) < 2**19


def test_captions_say_the_shares() -> None:
    """Mutants: numbers of the frame before; plain and annealed exchanged; w for the mass."""
    p = shares(distance=2.0)
    words = langevin_weights.weights_scene(p).captions[20]
    assert words.startswith(
        f"Step 20 of 144, σ = {p.sigmas[1]:.2f}, step size {p.sizes[1]:.3f} (plain 0.5)"
    )
    for name, r in (("plain", p.plain), ("annealed", p.annealed)):
        said = f"{name} {r.share[20]:.3f} ± {r.error[20]:.3f} (exact {r.exact[20]:.3f})"
        assert said in words
    assert f"the density has {p.truth:.3f}" in words
    assert f"KL {p.blind.kl[p.here]:.3f}, and by a Fisher divergence of 3.2e−02" in words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Healthy"),
        (dict(levels=3, steps=5), "their share is wrong at 2 of 3 levels, first at 2"),
        (dict(rate=2.2), "Unstable: at 3 of 12 levels"),
        (dict(last=2.0), "the last noise still blurs the modes"),
        (dict(last=1.0, distance=6.0, steps=30), "times too wide"),
        (dict(levels=1), "their share is wrong at 1 of 1 levels"),
    ],
)
def test_the_schedule_is_judged(values: dict[str, Any], words: str) -> None:
    """Mutants: unstable told last; a schedule that blurs is said to lag."""
    p = shares(**values)
    assert words in langevin_words.verdict(p)
    scene = langevin_weights.weights_scene(p)
    scene.pack()
    good = proportions.keeps(p)
    drawn = {x.name: len(x.xy) for x in scene.panels[3].layers if isinstance(x, Points)}
    assert drawn.get("right share", 0) == good.sum()
    assert drawn.get("wrong share", 0) == (~good).sum()
    for name, at in (("first", 0), ("last", -1)):
        grip = next(x for x in scene.panels[3].layers if x.name == name)
        assert isinstance(grip, Handles)
        assert grip.colors == ["good" if good[at] else "bad"]


def test_the_width_of_a_settled_mode() -> None:
    """A mode of variance 1 under the last noise, under the last step. Mutant: its square."""
    p = shares(last=1.0, rate=1.0)
    v = (1 - p.sizes[-1] / 2) ** 2 * (w := langevin_words.settled_width(p) ** 2) + 2 * p.sizes[-1]
    assert p.sizes[-1] == 1.0
    assert v == pytest.approx(w)


def test_both_ends_of_the_schedule_are_dragged() -> None:
    """Mutants: the ends exchanged; a grip that can be put where the slider cannot."""
    scene = langevin_weights.weights_scene(shares(first=8.0, last=0.3))
    grips = {x.name: x for x in scene.panels[3].layers if isinstance(x, Handles)}
    known = fields.controls(PAGE.params)
    for name, at in (("first", 8.0), ("last", 0.3)):
        grip, edit = grips[name], PAGE.views["weights"].edits[name]
        assert grip.xy[0, 1] == at
        assert edit.field == name
        assert not grip.live
        for y in (grip.low[1], grip.high[1], 1.2345 * grip.low[1]):  # type: ignore[index]
            assert known[name].parse(edit.encode({"xy": [[1.0, y]]})) == pytest.approx(y, rel=0.05)
        assert (grip.low[1], grip.high[1]) == known[name].ends  # type: ignore[index]


def test_unstable_chains_can_be_drawn() -> None:
    """Mutants: a law that is not there is drawn; numbers that no browser reads."""
    p = shares(rate=2.4, levels=12, steps=30)
    scene = langevin_weights.weights_scene(p)
    assert not [x for x in scene.panels[1].layers if isinstance(x, HeatMap)]
    assert np.abs(layer(scene, Path, 1).xy).max() <= langevin_weights.FAR
    assert "exact" not in scene.captions[-1]
    scene.pack()


# ---------------------------------------------------------------- where ULA settles


def test_histograms_stand_beside_their_laws() -> None:
    """Mutants: MALA's chains in ULA's panel; the settled law moves; distances exchanged."""
    s = settle.settled("two modes", 1.0, seed=0)
    scene, table = langevin_settle.settle_scene(s)
    assert isinstance(scene, Scene)
    assert isinstance(table, Table)
    f = 9
    for i, r in enumerate((s.ula, s.mala)):
        bars = layer(scene, Bars, i)
        inside = (np.abs(r.x[f]) <= 5).mean()
        assert bars.height[f].sum() * bars.width == pytest.approx(inside)
        np.testing.assert_array_equal(layer(scene, Lines, i, 0).y[0], s.density)
        np.testing.assert_array_equal(layer(scene, Lines, i, 1).y[0], r.settled)
        np.testing.assert_array_equal(layer(scene, Lines, i, 2).y[:, 0], r.law)
        assert f"{r.tv[f]:.4f}" in scene.captions[f]
    far = layer(scene, Lines, 2)
    np.testing.assert_array_equal(far.y, np.maximum([s.ula.tv, s.mala.tv], 1e-6))
    over = layer(scene, Lines, 3)
    np.testing.assert_array_equal(over.y, [s.sweep.tv, s.sweep.w1, s.sweep.accepted])
    assert layer(scene, Rules, 3).at[0] == 1.0
    assert f"accepts {100 * s.accepted:.1f} %" in scene.captions[f]
    assert table.rows[0][:3] == ["ULA", f"{s.ula.var_settled:.4f}", f"{s.ula.tv_settled:.4f}"]
    assert table.rows[-1][1] == f"{0.36 + 0.21 * 2.6**2:.4f}"  # of the density
    assert not [x for x in scene.panels[3].layers if isinstance(x, Points)]
    assert len(scene.pack()) < 2**19


def test_the_closed_form_is_marked() -> None:
    """Mutants: rings at another step size; without a settled law a traceback."""
    s = settle.settled("Gaussian", 0.5, seed=0)
    scene = langevin_settle.settle_scene(s)[0]
    assert isinstance(scene, Scene)
    np.testing.assert_allclose(layer(scene, Points, 3).xy, [[0.5, s.closed[1]], [0.5, s.closed[2]]])
    assert "variance 1.333 (closed form 1.333), where the density has 1.000" in scene.captions[0]
    wild = langevin_settle.settle_scene(settle.settled("Gaussian", 2.4, seed=0))[0]
    assert isinstance(wild, Scene)
    assert "ULA does not settle" in wild.captions[0]
    assert "100 % of its chains are off" in wild.captions[0]
    wild.pack()


# ---------------------------------------------------------------- two forces


def test_arrows_are_the_forces() -> None:
    """Mutants: the push points down; the exact push is drawn as CD's; two scales; arrows that do
    not begin on the energy; chains of another learner."""
    s = forces.forces("bumps", 1, 10, step_size=0.1, seed=0)
    scene, table = langevin_forces.forces_scene(s)
    assert isinstance(scene, Scene)
    assert isinstance(table, Table)
    f, every = 14, list(s.learners.values())
    for i, r in enumerate(every):
        assert scene.panels[i].title == langevin_forces.title(r)
        np.testing.assert_array_equal(layer(scene, Lines, i, 1).y[:, 0], r.density)
        if i:
            assert layer(scene, Bars, i).height[f].sum() * 0.2 <= 1 + 1e-9
    pull, push, right = (layer(scene, Arrows, 5, n) for n in range(3))
    at = np.searchsorted(s.x, pull.start[f, :, 0] + 0.09)
    r = s.learners["cd"]
    np.testing.assert_allclose(
        pull.start[f, :, 1], (r.energy[f] - r.energy[f].min())[at], atol=1e-9
    )
    lengths = [(a.end - a.start)[f, :, 1] for a in (pull, push, right)]
    wanted = [s.pull[at], r.push[f, at], r.right_push[f, at]]
    scale = lengths[0] / wanted[0]
    np.testing.assert_allclose(scale, scale[0])
    for length, force in zip(lengths, wanted, strict=True):
        np.testing.assert_allclose(length, scale[0] * force, atol=1e-9)
    np.testing.assert_array_equal(layer(scene, Lines, 6).y, [r.log_likelihood for r in every])
    words = scene.captions[f]
    assert f"exact {every[0].log_likelihood[f]:.3f}; CD-1 ".replace("-1.", "−1.") in words
    off = np.linalg.norm(r.used[f] - r.right[f])
    assert f"(push {off:.2f} off, chance {np.linalg.norm(r.error[f]):.2f})" in words
    assert len(scene.pack()) < 2**19


# ---------------------------------------------------------------- in the plane


def carried(points: str = "", name: str = "two unequal", **changes: Any) -> carry.Carried:
    asked: dict[str, Any] = dict(levels=5, steps=6, rate=0.5, seed=3) | changes
    return carry.carried(name, points, "exact", **asked)


def test_the_plane_shows_its_chains() -> None:
    """Mutants: ways exchanged; arrows of the wrong length; shares of the start; a link that drops
    the seed."""
    c, f = carried(), 20
    scene, table = langevin_carry.carry_scene(c)
    assert isinstance(scene, Scene)
    assert isinstance(table, Table)
    for i, way in enumerate(c.ways.values()):
        np.testing.assert_array_equal(layer(scene, Points, i, 0).xy, c.cloud)
        np.testing.assert_array_equal(layer(scene, Points, i, 1).xy, way.x)
        np.testing.assert_array_equal(layer(scene, Lines, 3).y[i], way.w2)
    arrows = layer(scene, Arrows, 1)
    long = np.linalg.norm(arrows.end - arrows.start, axis=-1)[f] / langevin_carry.LENGTH
    wanted = np.linalg.norm(c.arrows[f], axis=-1)
    np.testing.assert_allclose(long, np.minimum(wanted, 3.0))
    band = layer(scene, Band, 3)
    assert (band.low[0], band.high[0]) == (c.floors.min(), c.floors.max())
    m = int(np.flatnonzero(c.measured == len(c.at) - 1)[0])
    assert f"plain {c.ways['plain'].w2[m]:.2f}, annealed" in scene.captions[-1]
    assert c.data is not None
    share = carry.shares(c.data, c.ways["annealed"].x[-1])[0]
    assert str(table.rows[0][3]).startswith(f"{share:.3f} ± ")
    assert table.rows[0][1] == "0.200"
    assert "(diffusion_plane?data=two+unequal&denoiser=exact&seed=3)" in table.caption
    assert len(scene.pack()) < 2**20


def test_the_link_opens_the_diffusion_page_there() -> None:
    """Every parameter is one of that page, and is read. Mutants: a name of this page alone; own
    points that are not carried."""
    own = encode(np.random.default_rng(0).random((12, 2)))
    query = langevin_carry.link(carried(own, seed=7)).partition("?")[2].rstrip(")")
    known = fields.controls(spec.of("diffusion_plane").params)
    read = {k: known[k].parse(v[0]) for k, v in parse_qs(query, strict_parsing=True).items()}
    assert read == dict(data="two unequal", denoiser="exact", seed=7, points=own)


def test_own_points_stay_under_the_pen() -> None:
    """Mutants: the plane to paint on moves when there is something to show; scaled points."""
    own = encode(np.random.default_rng(0).random((12, 2)))
    whole, table = langevin_carry.carry_scene(carried(own))
    few = langevin_carry.carry_scene(carried(encode(decode(own)[:3])))[0]
    assert isinstance(whole, Scene)
    assert isinstance(few, Scene)
    assert isinstance(table, Table)
    assert [p.area for p in few.panels] == [p.area for p in whole.panels]
    assert (few.columns, few.aspect) == (whole.columns, whole.aspect)
    assert "3 points of your own. Paint 5 more" in few.captions[0]
    few.pack()
    brush = layer(whole, Brush, 2)
    assert PAGE.views["plane"].edits["brush"].encode({"xy": brush.xy.tolist()}) == own
    assert table.rows[0][0] == "plain"


def test_chains_that_are_thrown_out_are_told() -> None:
    c = carried(rate=2.4, levels=3, steps=30)
    words = [langevin_carry.caption(c, f) for f in range(len(c.at))]
    assert any("Unstable: chains are thrown out to" in w for w in words)
    assert "Unstable" not in words[0]
    langevin_carry.carry_scene(c)[0].pack()  # type: ignore[union-attr]


# ---------------------------------------------------------------- words


def test_the_prose_quotes_what_is_computed() -> None:
    """Mutant: a default or a library changes and the words stay."""
    said = " ".join((spec.PAGES / "langevin.md").read_text(encoding="utf-8").split())
    for quote in quotes():
        assert quote in said, quote


def quotes() -> list[str]:
    far, near = shares(distance=6.0), shares(distance=2.0)
    short, long = shares(levels=3, steps=5), shares(levels=3, steps=30)
    low = shares(distance=6.0, first=2.5)
    patient = shares(distance=6.0, first=2.5, steps=30)
    late = shares(distance=2.0, steps=30)
    one, ten = (
        forces.forces("bumps", k, far, step_size=0.1, seed=0).learners
        for k, far in ((1, 10), (10, 80))
    )
    best = forces.forces("bumps", 1, 10, step_size=0.1, seed=0).best
    told = {h: f"−{-r.log_likelihood[-1]:.3f}" for h, r in one.items()}
    ula = {r: settle.settled("Gaussian", r, seed=0).ula for r in (0.1, 1.0)}
    moons, two = (
        carry.carried(d, "", "exact", levels=12, steps=12, rate=0.5, seed=0)
        for d in ("two moons", "two unequal")
    )
    slow = carry.carried("two unequal", "", "exact", levels=12, steps=30, rate=0.5, seed=0)
    assert two.data is not None
    shared = [carry.shares(two.data, w.x[-1])[0] for w in two.ways.values()]
    fisher = f"{far.blind.fisher[far.here]:.1e}".replace("e-", "e−")
    return [
        f"a share of {far.plain.exact[-1]:.3f} in the left mode after 144 steps",
        f"Annealed it is {far.annealed.exact[-1]:.3f}. The Fisher divergence from equal weights is "
        f"{fisher}, the KL {far.blind.kl[far.here]:.3f}",
        f"comes to {near.plain.exact[-1]:.3f} after 144 steps and to {late.plain.exact[-1]:.3f} "
        f"after 360, where the density has {near.truth:.3f}",
        f"five steps each leave {short.annealed.exact[-1]:.3f}",
        f"with thirty steps: {long.annealed.exact[-1]:.3f}",
        f"comes to {low.annealed.exact[-1]:.3f}: the hill was two hills from the beginning, and "
        "chains seldom cross. With thirty steps of each level it comes to "
        f"{patient.annealed.exact[-1]:.3f}",
        f"With $r = 2.2$ {['', '', '', 'three'][int((shares(rate=2.2).throw >= 2).sum())]} of",
        f"at variance {ula[1.0].var_settled:.3f} instead of 1, a total variation of "
        f"{ula[1.0].tv_settled:.3f}. With $r = 0.1$ it is {ula[0.1].tv_settled:.3f}",
        f"accepts {100 * settle.settled('Gaussian', 0.1, seed=0).accepted:.1f} %",
        f"then needs {steps('Gaussian', 0.1)} steps to come within 0.01, where "
        f"{['five', 'six', 'seven'][steps('Gaussian', 0.5) - 5]} do",
        f"with $r = 0.5$ MALA needs {steps('two modes', 0.5)} steps",
        f"log-likelihood of {told['exact']}, CD-1 {told['cd']}, persistent chains "
        f"{told['persistent']}, ten steps from anywhere {told['long']}",
        f"With ten steps CD has −{-ten['cd'].log_likelihood[-1]:.3f}, with 80 from anywhere it is "
        f"−{-ten['long'].log_likelihood[-1]:.3f}. The data's own density has "
        f"−{-best:.3f}",
        f"with $W_2$ = {moons.ways['plain'].w2[-1]:.2f} from the data, annealed with "
        f"{moons.ways['annealed'].w2[-1]:.2f}; data are {moons.floors.min():.2f} to "
        f"{moons.floors.max():.2f} from data",
        f"has {two.data.weight[0]:.1f}, its plain share is {shared[0]:.3f}, annealed "
        f"{shared[1]:.3f} ± {(shared[1] * (1 - shared[1]) / carry.N) ** 0.5:.3f}; with thirty "
        f"steps of each level it is {carry.shares(two.data, slow.ways['annealed'].x[-1])[0]:.3f}",
    ]


def steps(target: str, rate: float) -> int:
    """The first step at which MALA's law is within 0.01 of the density."""
    p = settle_law.named(target)
    size = rate * settle_law.narrowest(p)
    x = settle_law.grid(p, size, mala=True)
    start = np.exp(-0.5 * ((x - settle_law.START) / settle_law.SPREAD) ** 2)
    path = law.push(start / start.sum(), settle_law.kernel("mala", p, x, size), settle_law.MOST)
    right = law.cells(chains.of_mixture(p).log_prob, x)
    return int(np.argmax(0.5 * np.abs(path - right).sum(1) < 0.01))
