"""The sampling page: what is drawn is what was computed, presets and prediction are true."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from dgmlib.experiments.line_proposal import Proposal, smallest_log_k
from dgmlib.experiments.line_race import CHAIN, EXACT, IMPORTANCE, METHODS, REJECTION
from dgmlib.experiments.line_variance import spread
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Band, Bars, Handles, Lines, Points, Rules, Scene
from dgmlib.figures.scene import Path as PathLayer
from dgmlib.samplers import importance, rejection
from dgmlib.targets import choose
from dgmlib.ui import fields, spec

PAGE = spec.of("sampling")
WORDS = (Path(__file__).parent.parent / "pages" / "sampling.md").read_text(encoding="utf-8")


def at(view: str, **values: Any) -> Any:
    return PAGE.views[view].compute(PAGE.params(view=view, **values))


def preset(name: str, **values: Any) -> tuple[str, Any]:
    chosen = dict(view="race") | dict(PAGE.presets[name]) | values
    return chosen["view"], at(**chosen)


def drawn(view: str, result: Any) -> Scene:
    return PAGE.views[view].show(result)[0]


def layers(scene: Scene, kind: type, panel: int) -> list[Any]:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)]


def named(scene: Scene, name: str) -> Any:
    found = [x for p in scene.panels for x in p.layers if getattr(x, "name", "") == name]
    assert len(found) == 1, name
    return found[0]


def inside(points: np.ndarray, low: float) -> np.ndarray:
    """How many of the points of each frame have appeared: those above the plot's foot."""
    return (points[..., 1] > low).sum(1)


# ---------------------------------------------------------------- the picture is the numbers


@pytest.mark.parametrize("values", [{}, dict(target="skewed", tail=0.0), dict(target="painted")])
def test_the_picture_is_the_race(values: dict[str, Any]) -> None:
    """Mutants: theory and measurement exchanged; curves that run ahead of the frame; the proposal
    scaled by k; the claimed error of another method; bars cut along x."""
    r = at("race", **values)
    scene, pic = drawn("race", r), r.picture
    able = [i for i in range(4) if np.isfinite(r.rmse[:, i]).any()]
    assert len(able) == (3 if r.k == np.inf else 4)
    measured, theory = layers(scene, Lines, 1)
    assert measured.names == [METHODS[i] for i in able]
    for f in (0, len(r.n) // 2, len(r.n) - 1):
        np.testing.assert_array_equal(measured.y[f, :, : f + 1], r.rmse[: f + 1, able].T)
        assert np.isnan(measured.y[f, :, f + 1 :]).all()
        want = np.where(np.isinf(r.theory), np.nan, r.theory)[: f + 1, able].T
        np.testing.assert_array_equal(theory.y[f, :, : f + 1], want)
        assert np.isnan(theory.y[f, :, f + 1 :]).all()
    for i, band in zip(able, layers(scene, Band, 1), strict=True):
        f = len(r.n) - 1
        width = np.log(band.high[f] / band.low[f]) / 4  # relative, one standard error
        np.testing.assert_allclose(width, r.rmse_error[:, i] / r.rmse[:, i])
    target, q = layers(scene, Lines, 0)
    assert np.array_equal(target.y[0], pic.shape)
    np.testing.assert_allclose(q.y[0], pic.q * pic.z)
    dots = layers(scene, Points, 0)[0]
    assert (inside(dots.xy, -0.2) == np.minimum(r.n, len(r.dots))).all()
    p = choose.choose(pic.name)
    assert ((r.dots[:, 1] >= 0) & (r.dots[:, 1] <= p.shape(r.dots[:, 0]))).all()
    height, move = layers(scene, Handles, 0)
    assert np.array_equal(height.xy[:, 1], choose.choose(r.picture.name).shape(choose.KNOTS))
    assert move.xy[0, 0] == pic.proposal.centre
    assert layers(scene, Rules, 0)[0].at[0] == pic.mean
    bars, last = layers(scene, PathLayer, 2)[0].xy, len(r.n) - 1
    for i in able:
        middle, claim = r.estimate[last, i, 0], r.error[last, i]
        np.testing.assert_allclose(bars[last, 3 * i], [i, middle - 2 * claim])
        np.testing.assert_allclose(bars[last, 3 * i + 1], [i, middle + 2 * claim])
    clouds = layers(scene, Points, 2)
    for i in range(4):
        has = np.isfinite(r.estimate[last, i])
        np.testing.assert_array_equal(clouds[i].xy[last, has, 1], r.estimate[last, i, has])


def test_the_picture_of_rejection_is_its_run() -> None:
    """Mutants: accepted and refused exchanged; a proposal early; the envelope without k."""
    r = at("rejection")
    scene = drawn("rejection", r)
    yes, no = (
        next(x for x in layers(scene, Points, 0) if x.name == n) for n in ("accepted", "refused")
    )
    low = scene.panels[0].y.range[0]  # type: ignore[index]
    assert (inside(yes.xy, low) + inside(no.xy, low) == r.at).all()
    assert (inside(yes.xy, low) == [r.accepted[:n].sum() for n in r.at]).all()
    assert yes.symbol != no.symbol
    assert yes.color != no.color
    q = np.exp(r.picture.proposal.log_q(r.x))
    assert (r.y <= r.k * q).all()
    p = choose.choose("two modes").shape(r.x)
    assert ((r.y <= p * (1 + 1e-9)) == r.accepted).all()
    envelope = layers(scene, Lines, 0)[1]
    np.testing.assert_allclose(envelope.y[0], r.envelope)
    np.testing.assert_allclose(r.envelope, r.k * r.picture.q)
    assert (envelope.y[0] >= r.picture.shape * (1 - 1e-9)).all()
    bars = layers(scene, Bars, 1)[0]
    counts = np.histogram(r.x[r.accepted], np.linspace(-5, 5, 41))[0]
    np.testing.assert_allclose(bars.height[-1], counts / r.accepted.sum() / 0.25)


def test_the_picture_of_importance_is_its_run() -> None:
    """Mutants: the plain mean drawn as the self-normalised; one standard error for two."""
    r = at("importance", target="skewed")
    scene = drawn("importance", r)
    band = layers(scene, Band, 1)[0]
    np.testing.assert_allclose(band.high[-1] - band.low[-1], 4 * r.own_error)
    own, plain = layers(scene, Lines, 1)[0].y
    assert np.array_equal(own, r.own)
    assert np.array_equal(plain, r.plain)
    p, q = choose.choose("skewed"), r.picture.proposal
    w = p.pdf(r.x) / np.exp(q.log_q(r.x))
    bars = layers(scene, Bars, 0)[0].height[-1]
    mass = np.histogram(r.x, np.linspace(-5, 5, 41), weights=w)[0] / w.sum()
    np.testing.assert_allclose(bars, mass / 0.25 * np.e, rtol=1e-9)  # Z = e
    counts = layers(scene, Bars, 2)[0].height[-1] ** 2
    assert counts.sum() + r.zeros[-1] == pytest.approx(1024)
    large = counts[layers(scene, Bars, 2)[0].x > 0].sum()
    assert large == pytest.approx((w > 1).sum())


def test_the_picture_of_the_chain_is_its_walk() -> None:
    """Mutants: a refused proposal drawn as accepted; the arrow of the step before; an exact band
    of one standard error."""
    r = at("chain")
    scene = drawn("chain", r)
    good, bad = (
        next(x for x in layers(scene, Points, 0) if x.name == n) for n in ("accepted", "refused")
    )
    for f, n in enumerate(r.at):
        tried = n - 2
        shown = good if r.accepted[tried] else bad
        hidden = bad if r.accepted[tried] else good
        assert shown.xy[f, 0, 0] == r.proposal[tried]
        assert hidden.xy[f, 0, 1] < -1
    exact, claimed = layers(scene, Band, 2)
    np.testing.assert_allclose(exact.high - exact.low, 4 * r.exact)
    np.testing.assert_allclose(claimed.high - claimed.low, 4 * np.nan_to_num(r.claimed))
    assert np.array_equal(layers(scene, Lines, 1)[0].y[0], r.x)
    assert np.array_equal(layers(scene, Bars, 3)[0].height, r.rho)


def test_the_picture_of_the_inverse_is_f() -> None:
    """Mutants: the stripe's edge read from the density; x drawn where u should be."""
    r = at("inverse")
    scene = drawn("inverse", r)
    p = choose.choose("two modes")
    guides = layers(scene, PathLayer, 0)[0].xy
    np.testing.assert_allclose(p.cdf(guides[:, 1, 0]), guides[:, 1, 1], atol=1e-9)
    np.testing.assert_allclose(guides[:, 1, 1], np.arange(1, 16) / 16)
    np.testing.assert_allclose(p.cdf(r.x), r.u, atol=1e-12)
    ups = next(x for x in layers(scene, Points, 0) if x.name == "u")
    np.testing.assert_array_equal(ups.xy[-1, :, 1], r.u)
    odd = drawn("inverse", at("inverse", source="normal numbers"))
    assert "no quantile" in [x.name for x in layers(odd, Points, 0)]


def test_bars_keep_within_their_band() -> None:
    """Of 40 bars over 20 seeds about 95 % end in the band, of a right envelope and of a low one.

    Mutants: variance for deviation; the error of the share for that of the density; all proposals
    counted as draws. Bars of fewer than five expected draws are left out: they are not normal."""
    for multiple in (1.0, 0.5):
        hit = []
        for seed in range(20):
            r = at("rejection", multiple=multiple, seed=seed)
            scene = drawn("rejection", r)
            band, bars = layers(scene, Band, 1)[0], layers(scene, Bars, 1)[0]
            low, high = (np.interp(bars.x, band.x, v[-1]) for v in (band.low, band.high))
            many = np.interp(bars.x, r.picture.x, r.outcome) * 0.25 * r.accepted.sum() > 5
            hit += list(((bars.height[-1] >= low) & (bars.height[-1] <= high))[many])
        assert 0.92 < np.mean(hit) < 0.98, np.mean(hit)  # 0.954 ± 0.01 over some 400 bars


def test_an_envelope_that_covers_cuts_nothing_off() -> None:
    """Even where k is 10^300 and q underflows. Mutant: k q as a product of the two."""
    high = " ".join(["1"] * 9)
    for heights in (high, "0 0 0 0 0 0 0 0 1", "1 0 0 0 0 0 0 0 0"):
        r = at("rejection", target="painted", heights=heights, proposal="-4 0.2", tail=0.0)
        assert r.worst[1] <= 1 + 1e-9
        said = [x.name for panel in drawn("rejection", r).panels for x in panel.layers]
        assert "cut off" not in said


def test_limits_are_not_sold_as_exact() -> None:
    """Mutants: an effective size below 1; an error of 187 for an average of draws near 0."""
    table = PAGE.views["importance"].show(at("importance", proposal="-2 0.9", tail=0.0))[1]
    assert str(table.rows).count("n is far too small") == 2
    assert "187." not in str(table.rows)
    fine = str(PAGE.views["importance"].show(at("importance"))[1].rows)
    assert fine.count("in the limit") == 2


def test_nothing_accepted_has_an_interval() -> None:
    """Mutant: 0 ± 0. Clopper and Pearson, one-sided, from SciPy."""
    r = at("rejection", proposal="-4 0.2", tail=0.0)
    said = drawn("rejection", r).captions[-1]
    exact = binomtest(0, 500, alternative="less").proportion_ci(0.95, "exact").high
    assert "0 of 500 accepted" in said
    assert f"95% interval 0 to {num(exact, 3)}" in said


@pytest.mark.parametrize("view", list(PAGE.views))
def test_captions_say_the_numbers(view: str) -> None:
    """Mutants: the numbers of the last frame in every caption; a hyphen for a minus sign."""
    r = at(view)
    scene = drawn(view, r)
    assert scene.frame_values is not None
    assert len(scene.captions) == len(scene.frame_values)
    for f in (0, len(scene.captions) // 2, -1):
        said = scene.captions[f]
        value = {
            "race": lambda f=f: r.rmse[f, IMPORTANCE],
            "rejection": lambda: r.exact_share,
            "importance": lambda f=f: r.own[f],
            "chain": lambda f=f: r.mean[f],
            "inverse": lambda f=f: r.mean[f],
        }[view]()
        assert num(float(value), 3) in said
        assert not re.search(r"(^|\s)-\d", said)
    assert len(set(scene.captions)) == len(scene.captions)


def test_scenes_are_small_at_any_setting() -> None:
    for view, most in (("race", 150), ("rejection", 200), ("importance", 120), ("chain", 150),
                       ("inverse", 300)):  # fmt: skip
        assert len(drawn(view, at(view)).pack()) < most * 1000
        assert len(drawn(view, at(view, n=4096)).pack()) < 400_000


@pytest.mark.parametrize("target", choose.NAMES)
def test_every_view_at_every_corner(target: str) -> None:
    """A picture, never a warning (warnings are errors here), for odd drawings and proposals."""
    for heights in ("0 0 0 0 0.01 0 0 0 0", "1 0 0 0 0 0 0 0 1", "1 1 1 1 1 1 1 1 1"):
        for proposal in ("-4 0.2", "4 0.2", "0 4"):
            for tail in (0.0, 1.0):
                for view in ("rejection", "importance", "inverse"):
                    values = dict(target=target, heights=heights, proposal=proposal, tail=tail)
                    spike = target == "painted" and heights[0] == "0" and proposal != "0 4"
                    left = target == "skewed" and proposal == "-4 0.2"
                    if tail == 0 and view == "importance" and (spike or left):
                        with pytest.raises(ValueError, match="move the proposal"):
                            at(view, **values)
                        continue
                    drawn(view, at(view, **values)).pack()
        for step in (0.1, 8.0):
            values = dict(target=target, heights=heights, step=step, n=128, proposal="4 0.2")
            drawn("chain", at("chain", **values)).pack()
            drawn("race", at("race", **values, tail=0.0)).pack()
        if target != "painted":
            break


# ---------------------------------------------------------------- presets and words


def test_envelope_too_low() -> None:
    """The sampler refuses with the worst of its draws; the picture shows what it would have given.

    Mutants: the error swallowed; the first draw named; the histogram of a right envelope."""
    view, r = preset("Envelope too low")
    p, q = choose.choose("two modes"), r.picture.proposal
    ratio = p.log_shape(r.x) - q.log_q(r.x) - np.log(r.k)
    worst = int(np.argmax(ratio))
    assert f"at x = [{np.round(r.x[worst], 4)}]" in r.raised
    assert issubclass(rejection.EnvelopeError, ValueError)
    scene, table = PAGE.views[view].show(r)
    assert scene.panels[0].title == "The envelope is too low"
    assert any(r.raised in str(cell) for row in table.rows for cell in row)
    assert r.worst[1] == pytest.approx(2, abs=1e-9)
    assert r.k == pytest.approx(0.5 * r.smallest)
    cut = named(scene, "cut off")
    over = np.isfinite(cut.low)
    assert ((r.picture.shape > r.k * r.picture.q * (1 + 1e-9)) == over).all()
    assert abs(r.outcome_mean - r.picture.mean) == pytest.approx(0.28, abs=0.005)  # in the words
    assert r.cut == pytest.approx(0.19, abs=0.005)
    assert r.exact_share == pytest.approx(0.403, abs=5e-4)


def test_proposal_too_narrow() -> None:
    """Infinite variance; the mean lies by many claimed errors for most seeds, and k says so."""
    off, warned = [], []
    for seed in range(20):
        _, r = preset("Proposal too narrow", seed=seed)
        assert r.spread.own == np.inf
        off.append(abs(r.own[-1] - r.picture.mean) / r.own_error[-1])
        warned.append(r.pareto[-1] > importance.RELIABLE)
    assert np.median(off) > 4
    assert np.mean(warned) > 0.5  # k, too, is an estimate
    _, r = preset("Proposal too narrow")
    assert abs(r.own[-1] - r.picture.mean) / r.own_error[-1] > 4
    assert r.pareto[-1] > importance.RELIABLE
    assert "above 0.7" in drawn("importance", r).captions[-1]
    assert "infinite variance" in str(PAGE.views["importance"].show(r)[1].rows)


def test_heavy_tails_rescue() -> None:
    """The same place and width, tails of a t with 2 degrees: finite, honest and near."""
    _, r = preset("Heavy tails rescue")
    assert np.isfinite(r.spread.own)
    assert abs(r.own[-1] - r.picture.mean) < 2 * r.own_error[-1]
    assert r.own_error[-1] == pytest.approx(np.sqrt(r.spread.own / 1024), rel=0.25)
    assert r.pareto[-1] < importance.RELIABLE


def test_a_mode_nobody_drew() -> None:
    """Every diagnostic is content and the answer is far off: for each of 10 seeds."""
    for seed in range(10):
        _, r = preset("A mode nobody drew", seed=seed)
        assert r.ess[-1] > 800
        assert r.pareto[-1] < importance.RELIABLE
        assert abs(r.own[-1] - r.picture.mean) > 50 * r.own_error[-1]
        assert abs(r.own[-1] - r.picture.mean) == pytest.approx(1.6, abs=0.06)  # in the words


def test_stuck_chain() -> None:
    """It never crosses and claims a small error; the exact one is of the size of the distance.

    Mutant: the exact error of a chain that has settled."""
    _, r = preset("Stuck chain")
    assert (r.x < 0).all()
    assert r.claimed[-1] < 0.05
    assert r.exact[-1] > 1.5
    assert abs(r.mean[-1] - r.picture.mean) > 30 * r.claimed[-1]
    assert 0.4 < r.share[-1] < 0.6  # the acceptance looks ideal


def test_step_too_small() -> None:
    """Nearly all is accepted, nothing is learnt. Mutant: acceptance read as quality."""
    _, r = preset("Step too small")
    assert r.theory[-1, CHAIN] > 0.6 * r.picture.std  # worth two or three exact draws
    assert r.rmse[-1, CHAIN] > 8 * r.rmse[-1, REJECTION]
    assert r.error[-1, CHAIN] < 0.5 * r.theory[-1, CHAIN]  # what it says of itself
    slow = at("chain", step=0.1)
    assert slow.share[-1] > 0.9
    assert slow.exact_rho[1] > 0.99


def test_prediction_is_true() -> None:
    """At the default and for every other target: theory, and the race itself at its end."""
    assert PAGE.prediction is not None
    assert PAGE.prediction.options[PAGE.prediction.answer].startswith("Importance")
    for target in choose.NAMES:
        r = at("race", target=target)
        assert r.theory[-1, IMPORTANCE] < r.theory[-1, REJECTION]
        assert r.rmse[-1, IMPORTANCE] < r.rmse[-1, REJECTION]


def test_the_words_give_the_numbers() -> None:
    """The numbers of the exercises, recomputed. Mutant: a default changed, its words not."""
    r = at("race")
    p, q = choose.choose("two modes"), Proposal(0.0, 2.0, 0.2)
    log_k, _ = smallest_log_k(p, q)
    share, worth = np.exp(p.log_z - log_k), p.variance / spread(p, q).own
    for said, value in (("0.249", share), ("7.743", np.exp(log_k)), ("1.927", np.exp(p.log_z)),
                        ("2.776", p.variance), ("4.525", spread(p, q).own), ("0.613", worth),
                        ("0.636", 0.9 / np.sqrt(2))):  # fmt: skip
        assert said in WORDS
        assert float(said) == pytest.approx(value, abs=6e-4)
    assert worth / share == pytest.approx(2.5, abs=0.05)
    assert (r.theory[-1, EXACT] / r.theory[-1, IMPORTANCE]) ** 2 == pytest.approx(worth)
    assert 1e30 < spread(p, Proposal(0.0, 0.65, 0.0)).second < 1e32
    even = at("inverse", source="equal stripes")
    assert abs(even.mean[-1] - p.mean) < 0.05 * even.error[-1]  # "far closer"


def test_a_drag_paints_from_what_is_seen() -> None:
    """The first drag of a height keeps the other eight where they are drawn.

    Mutants: the heights of the last painting; another target than painted."""
    paint = PAGE.views["race"].edits["heights"]
    handles = layers(drawn("race", at("race")), Handles, 0)[0]
    xy = handles.xy.copy()
    xy[4, 1] = 0.9
    text = paint.encode({"xy": xy.tolist()})
    new = dict(paint.also) | {"heights": fields.controls(PAGE.params)["heights"].parse(text)}
    r = at("race", **new)
    assert r.picture.name == "painted"
    np.testing.assert_allclose(r.picture.knots, np.round(xy[:, 1], 2), atol=1e-12)
