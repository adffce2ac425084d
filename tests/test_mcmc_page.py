"""The MCMC page: what is drawn is what ran, what is exact is exact, the presets tell the truth."""

from math import comb
from pathlib import Path as File
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_lyapunov
from scipy.stats import binom, norm

from dgmlib.experiments import arena, by_name, checkup, discretised, laboratory, suspects
from dgmlib.experiments import spot_the_bug as spot
from dgmlib.figures import mcmc
from dgmlib.figures.scene import Arrows, Band, Bars, Ellipses, Handles, Lines, Path, Points, Scene
from dgmlib.figures.table import Table
from dgmlib.markov import chain as markov
from dgmlib.samplers import chain
from dgmlib.samplers import diagnostics as dg
from dgmlib.ui import spec
from dgmlib.ui.fields import controls

PAGE = spec.of("mcmc")
TEXT = (File(__file__).parent.parent / "pages" / "mcmc.md").read_text()


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def at(view: str, **values: Any) -> Any:
    return PAGE.views[view].compute(PAGE.params(view=view, **values))


def preset(name: str) -> Any:
    values = dict(PAGE.presets[name])
    return at(values.pop("view", "duel"), **values)


def drawn(view: str, shown: Any) -> Scene:
    items = PAGE.views[view].show(shown)
    return items[0] if isinstance(items, list) else items


def layers(scene: Scene, kind: type, panel: int = 0) -> list[Any]:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)]


def words(view: str, shown: Any) -> str:
    """Everything that a reader, or a screen reader, is told."""
    items = PAGE.views[view].show(shown)
    said = []
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, Scene):
            said += [item.alt, *item.captions, *[p.title for p in item.panels]]
            said += [t[1] for p in item.panels for t in p.x.ticks or ()]
            said += [n for p in item.panels for x in p.layers for n in getattr(x, "names", ())]
        elif isinstance(item, Table):
            said += [*item.columns, item.caption, *[str(c) for row in item.rows for c in row]]
    return " ".join(said)


# ---------------------------------------------------------------- side by side


def test_both_samplers_use_the_same_numbers() -> None:
    """The z of every step, found back from five proposals, and MALA is HMC with one leapfrog step.

    Mutants: a second seed; the uniform drawn before the normals; e = s^2 for e = s^2 / 2."""
    s = 0.5
    grad = arena.load("Gaussian").target.need_grad()
    z = {}
    for pair in (("random walk", "drift"), ("MALA", "HMC")):
        d = at("duel", target="Gaussian", first=pair[0], second=pair[1], step=s, step2=s,
               leapfrog=1)  # fmt: skip
        for r in (d.first, d.second):
            z[r.name] = (r.proposal - r.x[:-1]) / s
            if r.name == "drift":
                z[r.name] -= by_name.DRIFT
            elif r.name in ("MALA", "HMC"):
                z[r.name] -= s / 2 * grad(r.x[:-1])
    ula = at("duel", target="Gaussian", second="ULA", step2=s).second
    z["ULA"] = (ula.proposal - ula.x[:-1]) / s - s / 2 * grad(ula.x[:-1])
    for name in z:
        np.testing.assert_allclose(z[name], z["random walk"], atol=1e-12)
    assert d.first.accepted.tolist() == d.second.accepted.tolist()
    np.testing.assert_allclose(d.first.x, d.second.x, atol=1e-10)


@pytest.mark.parametrize(
    ("target", "first", "second"),
    [("correlated", "random walk", "HMC"), ("banana", "Gibbs", "tempering")],
)
def test_the_picture_is_the_run(target: str, first: str, second: str) -> None:
    """Mutants: the proposal of the step after; accepted and refused exchanged; the running mean
    with the start; the distance without the deviations; cost by steps for cost by evaluations;
    "1 gradients"."""
    d = at("duel", target=target, first=first, second=second, seed=3)
    scene = drawn("duel", d)
    for i, r in enumerate((d.first, d.second)):
        trail, way = layers(scene, Path, i)
        assert np.array_equal(trail.xy, r.x)
        assert np.array_equal(way.xy[1:], r.way)
        np.testing.assert_array_equal(r.way[:, 0], r.x[:-1])
        np.testing.assert_allclose(r.way[:, -1], r.proposal, atol=1e-12)
        yes, no = layers(scene, Points, i)[:2]
        high = d.plane.extent[:, 1]
        assert np.array_equal((yes.xy[1:, 0] <= high).all(1), r.accepted)
        assert np.array_equal((no.xy[1:, 0] <= high).all(1), ~r.accepted)
        assert np.array_equal(yes.xy[1:, 0][r.accepted], r.proposal[r.accepted])
        assert np.array_equal(no.xy[1:, 0][~r.accepted], r.proposal[~r.accepted])
        assert (yes.symbol, no.symbol) == ("circle", "cross")
        arrow = layers(scene, Arrows, i)[0]
        assert np.array_equal(arrow.end[1:, 0][r.accepted], r.proposal[r.accepted])
        alone = ~r.swapped  # what a warmer chain leaves here is no proposal
        assert alone.all() == (r.name != "tempering")
        moved, stayed = r.accepted & alone, ~r.accepted & alone
        assert np.array_equal(r.x[1:][moved], r.proposal[moved])
        assert np.array_equal(r.x[1:][stayed], r.x[:-1][stayed])
        for t in (1, 7, 240):
            mean = r.x[1 : t + 1].mean(0)
            np.testing.assert_allclose(r.mean[t], mean, atol=1e-12)
            z = (mean - d.plane.mean) / np.sqrt(np.diag(d.plane.cov))
            assert r.distance[t] == pytest.approx(np.sqrt((z**2).mean()))
        curve = layers(scene, Lines, 3)[1 + i]
        assert np.array_equal(curve.x, np.arange(1, 241) * r.evaluations)
    means = [d.first.mean[1:, 0], d.second.mean[1:, 0]]
    assert np.array_equal(layers(scene, Lines, 2)[0].y[:, 1:], means)
    t = 17
    said = scene.captions[t]
    for r in (d.first, d.second):
        what = "gradients" if r.name == "HMC" else "densities"
        assert f"{r.accepted[:t].sum()} of {t} accepted, {t * r.evaluations:,} {what} eval" in said
        assert mcmc.at(r.x[t]) in said
    assert len(scene.captions) == 241
    few = drawn("duel", at("duel", target=target, first="MALA", second="random walk")).captions
    assert ", 1 gradient evaluated" in few[1]
    assert ", 1 density evaluated" in few[1]


def test_hmc_paths_end_at_their_proposals() -> None:
    """The velocities are drawn again for the picture: they must be those of the run.

    Mutants: a path with the velocity of the step after; L - 1 leapfrog steps."""
    for target in ("banana", "funnel", "two modes"):
        r = at("duel", target=target, first="HMC", step=0.3, leapfrog=7).first
        assert r.way.shape == (240, 8, 2)
        np.testing.assert_allclose(r.way[:, -1], r.proposal, rtol=1e-9, atol=1e-9)
        assert np.array_equal(r.way[:, 0], r.x[:-1])


def test_ula_settles_at_its_ellipse() -> None:
    """By the equation a stationary covariance solves, S = A S A' + 2 e I with A = I - e P, and by
    64 chains. Mutants: the variance along x_1 and x_2, not along the axes; e for e / 2."""
    a, s = arena.load("correlated"), 0.25
    e = s**2 / 2
    found = laboratory.ula_cov(a.target.cov, e)
    assert found is not None
    A = np.eye(2) - e * np.linalg.inv(a.target.cov)
    np.testing.assert_allclose(found, solve_discrete_lyapunov(A, 2 * e * np.eye(2)), rtol=1e-9)
    scene = drawn("duel", at("duel", second="ULA", step2=s))
    assert np.array_equal(layers(scene, Ellipses, 1)[1].cov[0], found)
    start = rng(1).multivariate_normal(np.zeros(2), found, size=64)
    u = by_name.begin("ULA", a, start, step=s, n_leapfrog=1, rng=rng(2))
    x = chain.run(u.step, u.state, 400).x
    across = (x[..., 0] - x[..., 1]) ** 2 / 2  # the narrow direction, where the bias is
    each = across.mean(0)
    exact = found[0, 0] - found[0, 1]
    assert abs(each.mean() - exact) < 5 * each.std(ddof=1) / 8
    assert abs(each.mean() - 0.05) > 5 * each.std(ddof=1) / 8
    assert laboratory.ula_cov(a.target.cov, 2.001 * 0.05) is None  # e = 2 x the smallest


def test_ula_that_leaves_is_cut_and_said() -> None:
    """Mutants: infinities in the scene; the running mean of what was cut off; one step too late."""
    d = at("duel", first="ULA", step=0.6)
    r = d.first
    assert 0 < r.lost < 240
    assert r.biased is None
    assert np.isfinite(r.x).all()
    assert np.isfinite(r.way).all()
    assert np.isnan(r.mean[-1]).all()
    x, e, g = d.start, 0.6**2 / 2, rng(1)  # the same chain, by hand
    grad = arena.load("correlated").target.need_grad()
    for t in range(r.lost):
        x = x + e * grad(x) + np.sqrt(2 * e) * g.standard_normal((1, 2))[0]
        g.random(1)  # drawn to keep in step with MALA
        np.testing.assert_allclose(x, r.x[t + 1], rtol=1e-6)
    assert np.abs(x).max() < 100 * 8
    assert np.abs(x + e * grad(x) + np.sqrt(2 * e) * g.standard_normal(2)).max() > 100 * 8
    assert (r.x[r.lost :] == r.x[r.lost]).all()
    assert "left" not in drawn("duel", d).captions[r.lost]
    assert "left" in drawn("duel", d).captions[r.lost + 1]
    scene = drawn("duel", d)
    scene.pack()
    assert f"ULA left for infinity at step {r.lost + 1}" in scene.captions[-1]
    assert "never settles" in words("duel", d)
    c = at("diagnostics", first="ULA", second="ULA", step=0.6, n=100)
    assert "left for infinity" in drawn("diagnostics", c).captions[-1]
    drawn("diagnostics", c).pack()


def test_ula_that_leaves_at_once_is_drawn() -> None:
    """It has no average at all. Mutants: the last average of an empty run; a curve of nothing."""
    d = at("duel", target="funnel", first="ULA", step=3.0, start="-6 7")
    assert d.first.lost == 0
    assert np.isnan(d.first.distance).all()
    scene = drawn("duel", d)
    scene.pack()
    assert len(layers(scene, Lines, 3)) == 2  # exact draws, and the other sampler
    assert "ULA left for infinity at step 1. 2: HMC" in scene.captions[-1]  # and nothing more
    assert "lost at step 1" in words("duel", d)


@pytest.mark.parametrize("target", arena.NAMES)
def test_every_sampler_runs_on_every_target(target: str) -> None:
    """At both ends of the step, or a sentence that says why not (warnings are errors here)."""
    for name in by_name.NAMES:
        for step in (0.05, 3.0):
            values = dict(target=target, first=name, second="drift", step=step, leapfrog=6)
            if target == "box" and name in by_name.GRADIENTS:
                with pytest.raises(ValueError, match="has no gradient for"):
                    at("duel", **values)
                continue
            drawn("duel", at("duel", **values)).pack()
        if target != "box" or name not in by_name.GRADIENTS:
            drawn("diagnostics", at("diagnostics", n=100, **values)).pack()


def test_targets_start_where_they_say() -> None:
    """Mutants: a start where p is 0; four starts on one spot; rows and columns of p exchanged."""
    for name in arena.NAMES:
        a = arena.load(name)
        assert np.isfinite(a.target.log_prob(np.concatenate([a.start[None], a.spread]))).all()
        assert len(np.unique(a.spread, axis=0)) == 4
        p = arena.plane(name, a)
        assert p.gaussian == (a.target.name == "gaussian")
        (x0, x1), (y0, y1) = p.extent
        cell = (x1 - x0) * (y1 - y0) / arena.CELLS**2
        assert p.density.sum() * cell == pytest.approx(1, abs=0.02)  # tails, and cells on a cliff
        middle = x0 + (x1 - x0) * (np.arange(arena.CELLS) + 0.5) / arena.CELLS
        mean = p.density.sum(0) @ middle * cell
        assert mean == pytest.approx(p.mean[0], abs=0.05)  # the funnel's neck is below a cell


@pytest.mark.parametrize("target", ["two modes", "banana", "funnel", "ring", "box"])
def test_gibbs_leaves_the_target_as_it_is(target: str) -> None:
    """1,500 chains from exact draws, 20 sweeps: first and second moments, and the mass outside
    the picture, stay within 5 standard errors of what they are.

    Mutants: a table that ends with the picture; sd e^v for e^(v / 2); a banana without its -a^2;
    cells across the box's cliffs."""
    a = arena.load(target)
    t, low, high = a.target, *np.array(a.target.extent).T
    assert t.sample is not None
    s = by_name.begin("Gibbs", a, t.sample(1500, rng(0)), step=1.0, n_leapfrog=1, rng=rng(1))
    x = chain.run(s.step, s.state, 20).x[11:]  # (10, C, 2)
    exact = t.sample(500_000, rng(2))
    for f in (lambda x: x[..., 0], lambda x: x[..., 1], lambda x: x[..., 0] ** 2,
              lambda x: x[..., 1] ** 2, lambda x: x[..., 0] ** 2 * x[..., 1],
              lambda x: (x < low).any(-1) | (x > high).any(-1),
              lambda x: np.abs(x).max(-1) < 1, lambda x: np.abs(x[..., 1]) < 0.1):  # fmt: skip
        each, known = f(x).mean(0), f(exact)
        error = np.hypot(each.std(ddof=1) / np.sqrt(1500), known.std() / np.sqrt(5e5))
        assert abs(each.mean() - known.mean()) <= 5 * error + 1e-9
    if target == "box":
        assert 1.998 < np.abs(x).max() < 2  # up to the cliff, and not beyond
    if a.given is not None:
        mean, sd = a.given(exact[:50, 0])
        level = t.log_prob(exact[:50]) - norm.logpdf(exact[:50, 1], mean, sd)
        first = norm.logpdf(exact[:50, 0], 0, np.sqrt(t.cov[0, 0]))  # x_1 is normal in both
        np.testing.assert_allclose(level, first, atol=1e-9)
    assert s.evaluations == (512 if a.given is None else 257)


def test_the_funnels_width_is_found_by_gibbs() -> None:
    """400 chains from one place, not from the target: the sd of x_2 that is shown beside 1.755.

    Mutant: x_2 from a table that ends with the picture (1.48). Seeds scatter by 2 %."""
    a = arena.load("funnel")
    s = by_name.begin("Gibbs", a, np.tile(a.start, (400, 1)), step=1.0, n_leapfrog=1, rng=rng(4))
    x2 = chain.run(s.step, s.state, 300).x[50:, :, 1]
    exact = np.exp(1.5**2 / 4)
    assert np.sqrt((x2**2).mean()) == pytest.approx(exact, rel=0.06)
    assert np.sqrt(a.target.cov[1, 1]) == pytest.approx(exact)


def test_a_dragged_start_is_kept_or_said_to_be_moved() -> None:
    """Mutants: clipped in silence; a start where p is 0 ends in an error."""
    d = at("duel", start="1 -1.5")
    assert d.start.tolist() == [1, -1.5]
    assert not d.moved
    assert layers(drawn("duel", d), Handles)[0].xy.tolist() == [[1, -1.5]]
    assert np.array_equal(d.first.x[0], d.second.x[0])
    far = at("duel", start="50 0")
    assert far.start.tolist() == [4, 0]
    assert "(moved:" in drawn("duel", far).captions[0]
    edge = at("duel", target="box", second="Gibbs", start="2.4 2.4")
    assert edge.moved
    assert (np.abs(edge.start) < 2).all()


@settings(max_examples=100, deadline=None)
@example("nan 1")
@example("0 inf")
@example("1 2 3")
@given(st.text(max_size=20) | st.text("-0123456789e. ,", max_size=12))
def test_any_text_is_a_start_or_an_answer(text: str) -> None:
    """Mutants: float("nan") accepted; three numbers; an error of NumPy's."""
    try:
        xy = arena.parse_start(text)
    except ValueError as error:
        said = str(error)
        assert "write two numbers" in said
        return
    assert xy is None or (xy.shape == (2,) and (np.abs(xy) <= 100).all())


@given(st.tuples(*[st.floats(-100, 100)] * 2))
def test_a_start_survives_its_text(xy: tuple[float, float]) -> None:
    text = arena.format_start(np.array(xy))
    back = arena.parse_start(text)
    assert back is not None
    assert np.abs(back - xy).max() <= 0.0051
    assert arena.format_start(back) == text


# ---------------------------------------------------------------- is it converged?


def test_checkup_looks_at_the_later_half() -> None:
    """Mutants: the whole run; the first half; the starts counted; the other coordinate."""
    c = at("diagnostics", n=300, coordinate="x₂", seed=4)
    space = arena.load("correlated")
    s = by_name.begin("random walk", space, space.spread, step=0.5, n_leapfrog=8, rng=rng(4))
    run = chain.run(s.step, s.state, 300)
    h = c.first
    assert np.array_equal(h.y, run.x[..., 1])
    assert (c.lengths[0], c.lengths[-1]) == (20, 300)
    for f in (0, 9, len(c.lengths) - 1):
        n = c.lengths[f]
        y = run.x[1 + n // 2 : n + 1, :, 1]
        assert len(y) == n - n // 2
        assert h.mean[f] == pytest.approx(y.mean())
        assert h.mean_error[f] == pytest.approx(dg.mcse(y))
        assert h.sd[f] == pytest.approx(y.std())
        error = dg.mcse((y - y.mean()) ** 2) / (2 * y.std())
        assert h.sd_error[f] == pytest.approx(error)
        assert h.rhat[f] == pytest.approx(dg.rhat(y, rank=False))
        assert h.rhat_rank[f] == pytest.approx(dg.rhat(y))
        assert h.bulk[f] == pytest.approx(dg.ess_bulk(y))
        assert h.tail[f] == pytest.approx(dg.ess_tail(y))
        assert np.array_equal(h.ranks[f], dg.rank_histogram(y, bins=checkup.BINS))
        rho = dg.autocorrelation(y).mean(1)[: checkup.LAGS + 1]
        np.testing.assert_allclose(h.rho[f][: len(rho)], rho)
    assert h.acceptance == pytest.approx(run.info.accepted.mean())
    assert (c.mean, c.sd) == (0.0, 1.0)


def test_the_checkup_is_drawn() -> None:
    """Mutants: the second sampler's traces; counts for shares; cost by steps."""
    c = at("diagnostics")
    scene = drawn("diagnostics", c)
    np.testing.assert_allclose(layers(scene, Lines, 0)[0].y, c.first.y.T)
    kept = c.lengths - c.lengths // 2
    for k, bars in enumerate(layers(scene, Bars, 1)):
        share = c.first.ranks[:, :, k] / (kept[:, None] / checkup.BINS)
        np.testing.assert_allclose(bars.height, share)
    band = layers(scene, Band, 1)[0]
    np.testing.assert_allclose(band.high[:, 0], c.band[:, 1] * checkup.BINS / kept)
    cost = layers(scene, Lines, 5)[0].y
    np.testing.assert_allclose(cost[1], 1000 * c.second.bulk / (4 * kept * 8))  # 8 leapfrog steps
    said = scene.captions[-1]
    for value in (c.first.rhat_rank[-1], c.first.mean[-1], c.first.mean_error[-1], c.sd):
        assert mcmc.num(value, 3) in said


def test_chains_that_never_move_are_called_so() -> None:
    """Mutants: "R-hat nan"; an infinite number of standard errors."""
    values = dict(first="HMC", second="HMC", step=3.0, step2=3.0, n=100)
    still = at("diagnostics", begin="together", **values)
    said = words("diagnostics", still)
    assert "no chain has moved" in said
    assert "nan" not in said.replace("nant", "")
    assert "∞" not in said
    assert "R-hat above 1,000" in words("diagnostics", at("diagnostics", **values))


def test_rank_band_is_exact() -> None:
    """By counting subsets. Mutants: a binomial (other fractions of a chain are not independent);
    one tail only; the band of all the chains together."""
    kept = 16
    total, bin_ = 4 * kept, 4 * kept // checkup.BINS
    low, high = checkup.rank_band(kept)
    p = [comb(kept, k) * comb(total - kept, bin_ - k) / comb(total, bin_) for k in range(bin_ + 1)]
    low, high = int(low), int(high)
    assert sum(p[low : high + 1]) >= 0.95
    assert sum(p[:low]) <= 0.025
    assert sum(p[: low + 1]) > 0.025
    assert sum(p[high:]) > 0.025
    x = rng(3).standard_normal((kept, 4, 400))
    inside = [
        ((h >= low) & (h <= high)).mean()
        for h in (dg.rank_histogram(x[..., i], bins=checkup.BINS) for i in range(400))
    ]
    assert np.mean(inside) == pytest.approx(sum(p[low : high + 1]), abs=0.01)  # 12,800 counts


def test_bins_of_ranks_are_of_one_size() -> None:
    """In every frame of every length that the page offers: the band is one for all bins.

    Mutant: 125 of 250 draws kept, whose bins hold 62 or 63 ranks in turn."""
    options = controls(PAGE.params)["n"].options
    assert options["step"] % 4 == options["min_value"] % 4 == 0
    for n in (100, 137, 150, 250, 400, 1000):
        lengths = checkup.lengths(n)
        assert lengths[-1] == n - n % 4
        for kept in lengths - lengths // 2:
            x = rng(int(kept)).standard_normal((kept, 4))
            sizes = dg.rank_histogram(x, bins=checkup.BINS).sum(1)
            assert (sizes == kept / 2).all(), kept
            checkup.rank_band(int(kept))
    with pytest.raises(ValueError, match="500 draws make no 8 bins of one size"):
        checkup.rank_band(125)
    assert "248 steps" in drawn("diagnostics", at("diagnostics", n=250)).captions[-1]


def test_standard_errors_cover_the_truth() -> None:
    """40 runs of Gibbs: the errors of the mean and of the sd, in MCSE, have deviation 1.

    Mutants: sd for sd / sqrt(ESS); the sd's error without its 2; n for the effective draws.
    40 z-scores: their deviation is 1 within 4 / sqrt(80), and a bit for the MCSE's own noise."""
    a, z = arena.load("correlated"), []
    for seed in range(40):
        h = checkup.watch("Gibbs", a, a.spread, lengths=np.array([600]), coordinate=0, step=1.0,
                          n_leapfrog=1, rng=rng(seed))  # fmt: skip
        z.append([h.mean[0] / h.mean_error[0], (h.sd[0] - 1) / h.sd_error[0]])
    spread = np.sqrt((np.array(z) ** 2).mean(0))
    assert (spread > 0.55).all(), spread
    assert (spread < 1.6).all(), spread


# ---------------------------------------------------------------- exact pi_t

CELLS = [("two hills", 0.5, False), ("two hills", 3.0, True), ("one hill", 0.2, False),
         ("flat circle", 0.5, False), ("flat circle", 0.5, True)]  # fmt: skip


@pytest.mark.parametrize(("shape", "reach", "lazy"), CELLS)
def test_the_matrix_is_the_algorithm(shape: str, reach: float, lazy: bool) -> None:
    """One step of 3,000 chains from every cell against the rows of P, by chi-squared.

    Mutants: refusals beyond the ends left out of the diagonal; rows scaled to 1 instead; lazy in
    one of the two only. Cells that expect fewer than 5 are left out; the statistic's deviation is
    sqrt(2 x its cells), and 6 of these are allowed."""
    d = discretised.cells(shape, reach, 3.0, lazy)
    P, n, C = discretised.matrix(d), len(d.x), 3000
    path = discretised.run(d, np.repeat(np.arange(n), C), 1, rng=rng(1))
    seen = np.zeros((n, n))
    np.add.at(seen, (path[0], path[1]), 1)
    assert not seen[P == 0].any()
    often = P * C > 5
    statistic = ((seen - P * C)[often] ** 2 / (P * C * (1 - P) + (P == 1))[often]).sum()
    assert statistic < often.sum() + 6 * np.sqrt(2 * often.sum())


@pytest.mark.parametrize(("shape", "reach", "lazy"), CELLS)
def test_the_bound_holds(shape: str, reach: float, lazy: bool) -> None:
    """Mutants: lambda_2 without the modulus (the circle!); a proposal that is not symmetric."""
    d = discretised.cells(shape, reach, 3.0, lazy)
    w = discretised.watch(d, start=-1.5, n_steps=150, chains=200, rng=rng(2))
    assert markov.is_reversible(w.P, d.p)
    np.testing.assert_allclose(d.p @ w.P, d.p, atol=1e-14)
    assert (w.distance <= w.bound + 1e-12).all()
    assert w.second == pytest.approx(1 - markov.spectral_gap(w.P), abs=1e-9)
    rare = int(np.argmin(d.p))
    worst = discretised.watch(d, start=float(d.x[rare]), n_steps=20, chains=2, rng=rng(3))
    np.testing.assert_allclose(worst.bound, markov.spectral_bound(w.P, d.p, 20), rtol=1e-9)
    for t in (1, 2, 50):  # not by repeated multiplication
        start = int(np.argmin(np.abs(d.x + 1.5)))
        np.testing.assert_allclose(w.pi[t], np.linalg.matrix_power(w.P, t)[start], atol=1e-13)


def test_the_circle_has_period_two() -> None:
    """Mutants: the lazy chain that still moves every time; a circle with an odd number of cells."""
    w = at("exact", shape="flat circle")
    assert w.period == 2
    assert w.second == pytest.approx(1, abs=1e-12)
    assert w.distance[-1] > 0.5 - 1e-12  # half of the cells are empty at every time
    assert ((w.pi > 0).sum(1) <= 30).all()
    assert "period 2" in drawn("exact", w).captions[3]
    lazy = at("exact", shape="flat circle", lazy=True)
    assert lazy.period == 1
    assert lazy.distance[-1] < 0.4
    hill = at("exact", shape="one hill")
    assert hill.period == 1  # refusals alone make a chain aperiodic
    assert hill.distance[-1] < 1e-6


def test_the_chains_scatter_as_said() -> None:
    """Mean absolute deviations by enumeration. Mutants: the normal approximation; the shares of
    the time before; TV without its half."""
    d = discretised.cells("two hills", 0.5)
    w = discretised.watch(d, start=-1.5, n_steps=4, chains=5, rng=rng(4))
    k = np.arange(6)
    for t in (0, 1, 4):
        each = [(np.abs(k / 5 - p) * binom.pmf(k, 5, p)).sum() for p in w.pi[t]]
        assert w.noise[t] == pytest.approx(0.5 * sum(each), abs=1e-12)
    assert w.seen[0].max() == 1
    many = discretised.watch(d, start=-1.5, n_steps=30, chains=20_000, rng=rng(5))
    tv = 0.5 * np.abs(many.seen - many.pi).sum(1)
    np.testing.assert_allclose(tv[1:], many.noise[1:], rtol=0.35)  # 60 cells: a tenth each, 3 sd
    np.testing.assert_allclose(many.distance_seen, 0.5 * np.abs(many.seen - d.p).sum(1))


def test_the_exact_picture_is_exact() -> None:
    """Mutants: a flat bound where it says nothing; |λ₂| = 1.0000; a start that nobody is told."""
    w = at("exact")
    scene = drawn("exact", w)
    assert np.array_equal(layers(scene, Bars)[0].height, w.seen)
    assert np.array_equal(layers(scene, Lines)[0].y[:, 0], w.pi)
    assert np.array_equal(layers(scene, Lines)[1].y[0], w.cells.p)
    np.testing.assert_array_equal(layers(scene, Lines, 2)[0].y[0], w.distance)
    said = scene.captions[5]
    assert mcmc.num(w.distance[5], 3) in said
    assert mcmc.num(w.noise[5], 3) in said
    half = np.log(2) / -np.log(w.second)
    assert f"halves every {half:,.0f} steps" in said
    bound = layers(scene, Lines, 2)[0].y[3]
    assert np.array_equal(np.isnan(bound), w.bound > 2)  # beyond the axis: nothing is drawn
    np.testing.assert_array_equal(bound[w.bound <= 2], w.bound[w.bound <= 2])
    far = at("exact", gap=4.0, width=0.1)
    assert (far.bound[:3] > 2).all()
    assert np.isnan(layers(drawn("exact", far), Lines, 2)[0].y[3][:3]).all()
    for shape, gap, start in (("one hill", 1.0, "−0.55"), ("flat circle", 4.0, "−2.05")):
        moved = drawn("exact", at("exact", shape=shape, gap=gap))
        assert f"t = 0, from x = {start}: " in moved.captions[0]
    for width in (0.1, 0.5, 3.0):
        for gap in (1.0, 4.0):
            summary = drawn("exact", at("exact", gap=gap, width=width)).captions[3]
            assert "λ₂| = 1.0" not in summary
            assert "λ₂| = 0.0000000" not in summary


# ---------------------------------------------------------------- spot the bug


def shown(number: int, tool: str) -> Any:
    return spot.riddle(number, tool=tool, rng=rng(1)).shown


@pytest.mark.parametrize("number", range(1, spot.CASES + 1))
def test_every_puzzle_can_be_solved(number: int) -> None:
    """Mutants: the wrong letter; z without the root of the chains. A t with 63 degrees exceeds
    4.8 with probability 1e-5, and 480 right numbers are seen in all."""
    k = shown(number, "known answers")
    worst = np.abs(k.z[-1]).max(1)
    assert int(np.argmax(worst)) == k.case.wrong
    assert worst[k.case.wrong] > 8
    assert np.delete(worst, k.case.wrong).max() < 4.8


def test_the_numbers_of_the_suspects_are_their_runs() -> None:
    """Mutants: averages over chains and draws at once with the error of independent draws; a
    histogram that loses draws."""
    g = rng(1)
    case = suspects.case(3)
    x = np.stack([suspects.run(kind, bug, spot.STEPS, rng=g) for kind, bug in spot.who(case)])
    k = shown(3, "known answers")
    width = spot.EDGES[1] - spot.EDGES[0]
    for f in (0, 6, -1):
        n = k.lengths[f]
        each = spot.quantities(x[:, :n]).mean(1)  # (5, C, Q)
        np.testing.assert_allclose(k.estimate[f], each.mean(1), atol=1e-12)
        np.testing.assert_allclose(k.error[f], each.std(1, ddof=1) / 8, atol=1e-12)
        for i in range(5):
            counts = np.histogram(x[i, :n, :, 0], spot.EDGES)[0]
            np.testing.assert_allclose(k.histogram[f, i] * n * 64 * width, counts, atol=1e-6)
    assert k.density.sum() * width == pytest.approx(1, abs=1e-5)
    middle = (spot.EDGES[1:] + spot.EDGES[:-1]) / 2
    exact = norm.pdf(middle, suspects.MEAN[0], np.sqrt(suspects.COV[0, 0]))
    np.testing.assert_allclose(k.density, exact, atol=4e-3)  # f'' h^2 / 24 of a bin's average
    m = shown(3, "R-hat and ESS")
    for i in range(5):
        few = x[i, : m.lengths[4], :4]
        assert m.rhat[4, i] == pytest.approx(dg.rhat(few).max())
        assert m.ess[4, i] == pytest.approx(dg.ess_bulk(few).min())
    c = shown(3, "calibration")
    assert (c.counts.sum(2) == c.data_sets[:, None]).all()
    for n, (low, high) in zip(c.data_sets, c.band, strict=True):
        assert binom.cdf(high, n, 1 / 8) >= 0.975
        assert binom.cdf(low - 1, n, 1 / 8) <= 0.025


def test_r_hat_does_not_see_most_bugs() -> None:
    """What the page says of the puzzles, in every second one. Mutant: R-hat of other chains."""
    found = [shown(i, "R-hat and ESS") for i in range(1, spot.CASES + 1, 2)]
    fine = [m.rhat[-1, m.case.wrong] < 1.01 for m in found]
    worst = [int(np.argmax(m.rhat[-1])) == m.case.wrong for m in found]
    assert np.mean(fine) > 0.5
    assert np.mean(worst) < 1 / 4


@pytest.mark.parametrize("tool", spot.TOOLS)
def test_nothing_is_told_before_it_is_revealed(tool: str) -> None:
    """Mutants: the kinds in the titles; a caption that says whether the guess is right."""
    secret = at("bug", tool=tool, guess="D")
    case = secret.shown.case
    names = {*suspects.KINDS, *[b.name for b in suspects.bugs.BUGS]}
    said = words("bug", secret)
    assert not [n for n in names if n in said]
    assert "You say D." in said
    told = words("bug", at("bug", tool=tool, guess="D", reveal=True))
    assert (
        f"It is {suspects.LETTERS[case.wrong]}: {case.kinds[case.wrong]}, {case.bug.name}" in told
    )
    assert f"`{case.bug.wrong}`" in told
    assert ("You are right." in told) == (case.wrong == 3)
    assert "You said A." in words("bug", at("bug", tool=tool, guess="A", reveal=True))
    drawn("bug", secret).pack()


# ---------------------------------------------------------------- presets, prediction, text


def steps_per_draw(step: float) -> float:
    """tau of x_1 under the random walk on *correlated*, without running a chain.

    tau Var(x_1) + Var(x_1) = sup over g of 4 <x_1, g> - 2 <g, (I - P) g>, and the last product is
    E a(x, x') (g(x') - g(x))^2 / 2 over one proposal from x ~ p. The supremum is taken over linear
    and cubic g; cubic ones add less than 1 %, so those of higher degree would hardly add more."""
    sample = arena.load("correlated").target.sample
    assert sample is not None
    start = sample(200_000, rng(0))
    s = by_name.begin("random walk", arena.load("correlated"), start, step=step, n_leapfrog=1,
                      rng=rng(1))  # fmt: skip
    info = s.step(s.state)[1]

    def powers(x: np.ndarray) -> np.ndarray:
        u, w = (x[:, 0] + x[:, 1]) / np.sqrt(3.9), (x[:, 0] - x[:, 1]) / np.sqrt(0.1)
        return np.stack([u, w, u**3, u * u * w, u * w * w, w**3])

    g = powers(start)
    jump = powers(info.proposal) - g
    b, A = g @ start[:, 0], (info.accept_prob * jump) @ jump.T / 2
    return 2 * b @ np.linalg.solve(A, b) / len(start) - 1


def test_timid_steps_explore_worse() -> None:
    """The prediction, and the numbers in the text: accepted more often, worth far less.

    At s = 0.5 also by n Var(chain mean), from exact starts with the known mean and n = 27 tau,
    where it is 2 % below tau; 4,000 chains know it to 2.2 %. Mutants: answer 0; a tau estimated
    from chains that are shorter than tau (it said 1,500)."""
    a = arena.load("correlated")
    assert a.target.sample is not None
    s = by_name.begin("random walk", a, a.target.sample(4000, rng(0)), step=0.5, n_leapfrog=1,
                      rng=rng(1))  # fmt: skip
    run = chain.run(s.step, s.state, 2000)
    assert run.info.accepted.mean() == pytest.approx(0.45, abs=0.01)  # "refused half of the time"
    now, then = steps_per_draw(0.5), steps_per_draw(0.05)
    assert 2000 * (run.x[1:, :, 0].mean(0) ** 2).mean() == pytest.approx(0.98 * now, rel=0.07)
    assert now == pytest.approx(75, rel=0.03)
    assert then == pytest.approx(3300, rel=0.03)
    accepted = 4 * 1.95 / (0.05**2 * then)  # if the text's formula is right
    few = by_name.begin("random walk", a, run.x[-1], step=0.05, n_leapfrog=1, rng=rng(2))
    more = chain.run(few.step, few.state, 50).info.accepted.mean()
    assert more == pytest.approx(accepted, rel=0.04)  # it leaves out the 2.5 % across the ridge
    assert PAGE.prediction is not None
    for said in (TEXT, PAGE.prediction.because):
        assert "about 75" in said
        assert "about 3,300" in said
    assert PAGE.prediction.options[PAGE.prediction.answer] == "No, much worse"


def test_presets_show_what_they_say() -> None:
    """Mutants: modes so near that HMC crosses; a start for which R-hat does notice."""
    small = preset("Step too small")
    assert small.first.accepted.mean() > 0.85
    assert small.first.distance[-1] > 2 * small.second.distance[-1]
    stuck = preset("Stuck between modes")
    assert stuck.first.rhat_rank[-1] > 1.5
    assert stuck.second.rhat_rank[-1] < 1.2
    blind = preset("A bug R-hat does not see")
    case = blind.shown.case
    assert blind.shown.rhat[-1, case.wrong] < 1.01
    assert blind.shown.ess[-1, case.wrong] == blind.shown.ess[-1].max()
    banana = preset("HMC against random walk")
    assert banana.second.distance[-1] < banana.first.distance[-1]


def test_r_hat_is_fooled_and_not_by_luck() -> None:
    """With 12 seeds, not with the preset's alone: HMC together and apart, tempering beside it.

    The effective draws are no limit of the estimator, n C log10(n C), which a step that turns the
    mode half round would reach. Crossing takes 13.5 nats: some 1e-6 a step. Mutants: modes so near
    or a step such that a seed crosses; four starts that are not together."""
    a, values = arena.load("two modes"), PAGE.presets["R-hat fooled"]
    assert {**PAGE.presets["Stuck between modes"], "begin": "together"} == values
    n, m, found = values["n"], a.target.mean[0], []

    def run(sampler: str, how: str, seed: int) -> checkup.Health:
        step = values["step" if sampler == values["first"] else "step2"]
        return checkup.watch(sampler, a, checkup.starts(a, how), lengths=np.array([n]),
                             coordinate=0, step=step, n_leapfrog=PAGE.params().leapfrog,
                             rng=rng(seed))  # fmt: skip

    for seed in range(1, 13):
        h = run("HMC", "together", seed)
        assert h.rhat_rank[0] < 1.01, seed
        assert abs(h.mean[0] - m) > 100 * h.mean_error[0], seed
        found.append(h.bulk[0])
        error = h.mean_error[0]
    assert (n, 2 * n) == (800, 1600)  # four times the later half
    assert np.median(found) == pytest.approx(1100, rel=0.05)
    assert max(found) < n * 2
    for seed in range(1, 5):
        assert run("HMC", "apart", seed).rhat_rank[0] > 1.5
        h = run("tempering", "together", seed)
        assert h.rhat_rank[0] < 1.15, seed
        assert abs(h.mean[0] - m) < 4 * h.mean_error[0], seed
        assert h.mean_error[0] > 10 * error, seed
    for said in ("below 1.01", "1,600 draws are worth about 1,100", "12 seeds", "more than ten"):
        assert said in TEXT


def test_in_the_funnels_neck_hmc_is_stuck() -> None:
    """The shares accepted by depth, in 1,500 chains that start at the target, with the preset's
    step; they leave the neck's mass as it is, so that long averages are right.

    Mutants: half the step; "does not enter". The shares' errors, with the chains' correlation,
    are below 0.006; the mass at 0.98 % below -3.5 has the starts' error, 0.26 %."""
    a, values = arena.load("funnel"), PAGE.presets["Funnel"]
    assert a.target.sample is not None
    assert values["first"] == "HMC"
    s = by_name.begin("HMC", a, a.target.sample(1500, rng(0)), step=values["step"],
                      n_leapfrog=PAGE.params().leapfrog, rng=rng(1))  # fmt: skip
    run = chain.run(s.step, s.state, 200)
    x1 = run.x[:-1, :, 0]
    for low, high, share in ((-1.5, 1.5, 0.90), (-3.5, -2.5, 0.31), (-9, -3.5, 0.03)):
        there = (x1 > low) & (x1 < high)
        assert run.info.accepted[there].mean() == pytest.approx(share, abs=0.015)
        exact = norm.cdf(high / 1.5) - norm.cdf(low / 1.5)
        assert there.mean() == pytest.approx(exact, abs=0.01)
    deep = a.target.sample(80_000, rng(2))
    deep = deep[deep[:, 0] < -3.5]  # about 780: the half that stays is known to 2 %
    s = by_name.begin("HMC", a, deep, step=values["step"], n_leapfrog=PAGE.params().leapfrog,
                      rng=rng(3))  # fmt: skip
    stayed = (chain.run(s.step, s.state, 20).x[..., 0] < -3.5).all(0)
    assert stayed.mean() == pytest.approx(0.5, abs=0.07)
    for said in ("90 %", "31 %", "3 % below", "about half stay there for\nmore than 20"):
        assert said in TEXT


def test_in_the_plane_hmc_is_hardly_cheaper() -> None:
    """The page's claim on the banana, both tuned: effective draws per evaluation within twice."""
    a, found = arena.load("banana"), []
    assert a.target.sample is not None
    values = PAGE.presets["HMC against random walk"]
    for name, step in (("random walk", values["step"]), ("HMC", values["step2"])):
        x = a.target.sample(64, rng(0))
        s = by_name.begin(name, a, x, step=step, n_leapfrog=8, rng=rng(1))
        found.append(dg.ess(chain.run(s.step, s.state, 800).x[1:]).min() / s.evaluations)
    assert 1 < found[1] / found[0] < 2


def test_a_resonance_of_hmc_never_learns_the_width() -> None:
    """The exercise: with steps of 0.25 and 8 leapfrog steps the narrow direction turns half round.

    The mean across is better than from independent draws, the variance hardly moves at all. For a
    reversible chain tau is at least 2 / (1 - rho_1) - 1. Mutants: 6 leapfrog steps; "never"."""
    a = arena.load("correlated")
    assert a.target.sample is not None
    x = a.target.sample(64, rng(0))
    s = by_name.begin("HMC", a, x, step=0.25, n_leapfrog=8, rng=rng(1))
    across = chain.run(s.step, s.state, 300).x[1:]
    across = across[..., 0] - across[..., 1]
    assert dg.ess(across) > 2 * across.size
    x = a.target.sample(100_000, rng(2))
    s = by_name.begin("HMC", a, x, step=0.25, n_leapfrog=8, rng=rng(3))
    square = [(x[:, 0] - x[:, 1]) ** 2 for x in (x, s.step(s.state)[0].x)]
    loss = ((square[1] - square[0]) ** 2).mean() / 2 / 0.02  # 1 - rho_1; the variance is 2 x 0.1^2
    assert 1 - loss == pytest.approx(0.994, abs=0.0007)
    assert 2 / loss - 1 > 300
    assert "more than 300 steps" in TEXT


def test_leapfrog_beyond_its_limit_fails_the_more_the_longer() -> None:
    """What the text says of s = 0.5 by the number of leapfrog steps, in 20,000 steps from exact
    draws. Mutants: "hardly anything" for one leapfrog step; the limit at 1 deviation."""
    a = arena.load("correlated")
    assert a.target.sample is not None
    assert 2 * np.sqrt(np.linalg.eigvalsh(a.target.cov)[0]) == pytest.approx(0.447, abs=5e-4)
    for L, said in ((1, 0.40), (2, 0.15), (3, 0.06), (8, 0.0)):
        s = by_name.begin("HMC", a, a.target.sample(20_000, rng(0)), step=0.5, n_leapfrog=L,
                          rng=rng(1))  # fmt: skip
        prob = s.step(s.state)[1].accept_prob
        assert prob.mean() == pytest.approx(said, abs=0.008 if said else 0.001)
    assert "40 % with one leapfrog step, 15 % with two, 6 % with three" in TEXT
