"""The page of estimates: what is drawn is what was computed, presets and words are true."""

import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dgmlib.evidence import amortised, averaging, clouds, linear, tightening
from dgmlib.evidence.linear import Proposal
from dgmlib.figures import estimating, estimating_gaps, estimating_gradients
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import (
    Band,
    Bars,
    Ellipses,
    Handles,
    HeatMap,
    Lines,
    Points,
    Rules,
    Scene,
)
from dgmlib.ui import fields, spec

PAGE = spec.of("estimating_the_evidence")
WORDS = Path(__file__).parent.parent / "pages" / "estimating_the_evidence.md"


def at(view: str, **values: Any) -> Any:
    return PAGE.views[view].compute(PAGE.params(view=view, **values))


def preset(name: str, **values: Any) -> tuple[str, Any]:
    chosen = dict(view="average") | dict(PAGE.presets[name]) | values
    return chosen["view"], at(**chosen)


def drawn(view: str, result: Any) -> Scene:
    return PAGE.views[view].show(result)[0]


def layers(scene: Scene, kind: type, panel: int) -> list[Any]:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)]


def marks(scene: Scene, panel: int, axis: str = "y") -> list[tuple[float, str]]:
    ticks = getattr(scene.panels[panel], axis).ticks
    assert ticks
    return list(ticks)


# ---------------------------------------------------------------- the picture is the numbers


@pytest.mark.parametrize("values", [{}, dict(sweep="σ", d=3), dict(width=0.5)])
def test_the_picture_of_averages(values: dict[str, Any]) -> None:
    """Mutants: prior and q exchanged; exact and measured exchanged; an infinite error drawn; what
    is below the axis dropped; sigma itself along the axis of 1/sigma."""
    r = at("average", **values)
    scene = drawn("average", r)
    assert scene.frame_values is not None
    over_d = values.get("sweep") != "σ"
    np.testing.assert_allclose(scene.frame_values, r.d if over_d else 1 / r.sigma)
    for f in (0, scene.start, -1):
        for i, bars in enumerate(layers(scene, Bars, 0)):
            share = bars.height[f] ** 2
            assert share.sum() == pytest.approx(1)
            inside = np.clip(r.log_estimate[f, i], estimating.LOW, estimating.HIGH)
            assert share @ bars.x == pytest.approx(inside.mean(), abs=estimating.BIN / 2)
    exact, measured = layers(scene, Lines, 1)
    want = np.sqrt(np.expm1(np.minimum(r.log_second, 500)) / r.n)
    if values.get("width") == 0.5:
        assert np.isnan(exact.y[1]).all()
        assert "infinite variance" in str(PAGE.views["average"].show(r)[1].rows)
        assert "no number of draws of q" in scene.captions[0]
    else:
        np.testing.assert_allclose(exact.y, want.T)
    np.testing.assert_allclose(measured.y, r.rmse.T)
    for i, band in enumerate(layers(scene, Band, 1)):
        wide = r.rmse[:, i] > 0.05  # not cut at the axis
        np.testing.assert_allclose((band.high - band.low)[wide] > 0, True)
        np.testing.assert_allclose(band.high, r.rmse[:, i] + 2 * r.rmse_error[:, i])
    curves = layers(scene, Lines, 2)[0].y
    peaks = estimating.Z[curves.argmax(-1)]  # (F, 3)
    sigma = r.sigma
    np.testing.assert_allclose(peaks[:, 0], 0, atol=0.03)
    np.testing.assert_allclose(peaks[:, 1], 1 / np.sqrt(1 + sigma**2), atol=0.03)
    want_q = (1 + r.q.shift * sigma) / np.sqrt(1 + sigma**2)
    np.testing.assert_allclose(peaks[:, 2], want_q, atol=0.03)


def test_the_picture_of_the_bound() -> None:
    """Mutants: log K for K; one standard error; L_K's rule at the frame before; encoder and decoder
    exchanged."""
    r = at("iwae")
    scene = drawn("iwae", r)
    truth, mean = layers(scene, Rules, 0)
    assert truth.at[0] == 0
    np.testing.assert_allclose(mean.at[:, 0], r.bound - r.log_p)
    np.testing.assert_allclose(layers(scene, Bars, 0)[0].height ** 2, r.counts)
    lines = layers(scene, Lines, 1)[0]
    np.testing.assert_allclose(lines.y[0], r.log_p - r.bound)
    np.testing.assert_allclose(lines.y[2], r.relative_variance / (2 * r.k))
    assert lines.names[2] == "Var(w) / 2K p(x)²"
    band = layers(scene, Band, 1)[0]
    np.testing.assert_allclose(band.high, r.log_p - r.mean + 2 * r.error)
    ratios = layers(scene, Lines, 2)[0]
    np.testing.assert_allclose(ratios.y, np.abs(r.grad_mean / r.grad_std).T)
    assert list(ratios.names) == list(tightening.GRADIENTS)
    rows = PAGE.views["iwae"].show(r)[1].rows
    assert len(rows) == 9
    assert rows[-1][0] == "K = 1,024, decoder"
    assert rows[-1][1] == estimating.short(r.grad_mean[-1, 2])


def test_the_picture_of_the_gaps() -> None:
    """Mutants: the gaps stacked from zero; the averages not weighted by p(x); the slice at another
    x; one deviation for two."""
    r = at("gaps")
    n = len(r.x) - 1
    scene = drawn("gaps", r)
    below, above = layers(scene, Band, 2)
    np.testing.assert_allclose(below.high, (r.log_p - r.best.elbo)[:n], atol=1e-12)
    top = scene.panels[2].y.range[1]  # type: ignore[index]
    for f in (1, 5):
        np.testing.assert_allclose(above.low[f], below.high)
        np.testing.assert_allclose(above.high[f], np.minimum((r.log_p - r.elbo[f])[:n], top))
    average = layers(scene, Lines, 3)[0].y
    np.testing.assert_allclose(average.sum(0), (r.log_p - r.elbo) @ r.weight, atol=1e-9)
    heat = layers(scene, HeatMap, 0)[0]
    assert heat.value.max() == 1
    best, encoder = layers(scene, Lines, 0)
    np.testing.assert_allclose(best.y[2] - best.y[0], 4 * np.exp(r.best.log_std[:n]))
    np.testing.assert_allclose(encoder.y[3, 1], r.mean[3, :n])
    handle = layers(scene, Handles, 0)[0]
    assert handle.xy[0, 0] == r.x[-1] == 1.2
    posterior = layers(scene, Lines, 1)[0].y[0, 0]
    mean = np.trapezoid(r.shown * posterior, r.shown)
    middle = np.trapezoid(r.shown * r.posterior[:, n], r.shown)
    assert mean == pytest.approx(middle)
    for row in PAGE.views["gaps"].show(r)[1].rows:
        log_p, one, two, left = (float(str(v).replace("−", "-")) for v in row[1:])
        assert log_p - one - two == pytest.approx(left, abs=2e-4)  # each rounded to 5e-5


def test_axes_say_what_is_cut() -> None:
    """Values beyond an axis lie on its edge, and the edge is labelled so; an axis of less than two
    decades has marks all the same. Mutants: a plain number at the cut; a gap of 0 shown as 10⁻⁴; a
    ratio above 1,000 shown as 1,000; whole decades only; peaks drawn from points a width apart."""
    low, *_, high = marks(drawn("average", at("average")), 0, "x")
    assert low[1] == "≤ −12"
    assert high[1] == "≥ 4"
    for curve in ("bend", "line"):
        scene = drawn("gaps", at("gaps", curve=curve))
        top = scene.panels[2].y.range
        assert top is not None
        assert marks(scene, 2)[-1] == (top[1], f"≥ {estimating.short(top[1], 2)}")
        lowest = marks(scene, 3)[0]
        assert lowest[1].startswith("≤") == (curve == "line")
        if curve == "line":
            assert lowest[0] == layers(scene, Lines, 3)[0].y.min() == estimating_gaps.LEAST
    good = at("iwae", shift=0.1, width=1.0, x=0.0)
    ends = marks(drawn("iwae", good), 2)
    assert ends[-1] == (estimating.SNR_TOP, "≥ 1,000")
    assert all(a[0] < b[0] for a, b in pairwise(ends))
    _, r = preset("q too narrow")
    for panel, values in ((1, r.log_p - r.bound), (2, r.snr)):
        ticks = marks(drawn("iwae", r), panel)
        assert sum(0.9 * values.min() <= t <= 1.1 * values.max() for t, _ in ticks) >= 2
    _, r = preset("Two modes")
    assert r.shown[1] - r.shown[0] < 0.3 * np.exp(r.best.log_std[-1])


@pytest.mark.parametrize("decoder", ["bend", "steps"])
def test_the_picture_of_the_clouds(decoder: str) -> None:
    """Mutants: dots of another estimator; a star at the cloud's mean; ellipses of the cloud; dots
    that run ahead of the frame."""
    r = at("gradients", decoder=decoder)
    scene = drawn("gradients", r)
    for i in range(3):
        dots, star = layers(scene, Points, i)
        low, high = scene.panels[i].x.range  # type: ignore[misc]
        bottom, top = scene.panels[i].y.range  # type: ignore[misc]
        shown = r.gradient[i, : estimating_gradients.SHOWN]
        near = (shown > [low, bottom]) & (shown < [high, top])
        for f in (0, 10, -1):
            there = dots.xy[f, :, 0] > low
            now = np.arange(len(shown)) < r.at[f]
            np.testing.assert_array_equal(there, near.all(1) & now)
            np.testing.assert_array_equal(dots.xy[f, there], shown[there])
        np.testing.assert_array_equal(star.xy[0], r.exact)
        ring = layers(scene, Ellipses, i)[0]
        assert ring.sd == (2.0,)
        np.testing.assert_array_equal(ring.mean[:, 0], r.mean[:, i])
        np.testing.assert_array_equal(ring.cov[:, 0], r.cov[:, i])
    for j in range(2):
        assert layers(scene, Rules, 4 + j)[0].at[0] == r.exact[j]
    said = scene.captions[-1]
    assert ("the jumps are lost" in said) == (decoder == "steps")


@pytest.mark.parametrize("view", list(PAGE.views))
def test_captions_say_the_numbers(view: str) -> None:
    """Mutants: the numbers of the last frame in every caption; a hyphen for a minus sign."""
    r = at(view)
    scene = drawn(view, r)
    assert scene.frame_values is not None
    assert len(scene.captions) == len(scene.frame_values)
    for f in (0, len(scene.captions) // 2, -1):
        value = {
            "average": lambda f=f: num(np.median(r.log_estimate[f, 0])),
            "iwae": lambda f=f: num(r.bound[f], 4),
            "gaps": lambda f=f: f"Degree {r.degree[f]}: ",
            "gradients": lambda f=f: num(r.mean[f, 2, 0]),
        }[view]()
        assert value in scene.captions[f]
        assert not re.search(r"(^|[\s(])-\d", scene.captions[f])
    assert len(set(scene.captions)) == len(scene.captions)


CORNERS: list[tuple[str, dict[str, Any]]] = [
    *(("average", dict(sweep=s, d=d, sigma=v, n=64, shift=a, width=c))
      for s in ("d", "σ") for d in (1, 20) for v in (0.1, 1.0)
      for a, c in ((0.1, 0.5), (2.5, 0.5), (0.1, 1.0), (2.5, 2.0), (2.5, 0.8))),
    *(("iwae", dict(shift=a, width=c, sigma=v, x=x))
      for a in (0.1, 2.5) for c in (0.5, 0.7, 0.8, 1.0, 2.0) for v, x in ((0.1, 5.0), (1.0, 0.0))),
    *(("gaps", dict(curve=c, sigma=v, x=x))
      for c in ("bend", "fold", "wave", "line") for v in (0.1, 1.0) for x in (-3.0, 5.0)),
    *(("gradients", dict(decoder=c, sigma=v, x=x, q=q, draws=k))
      for c in ("bend", "fold", "wave", "ripples", "steps") for v in (0.1, 1.0) for x in (-3.0, 5.0)
      for q, k in (("-3 0.05", 1), ("3 1.5", 32))),
]  # fmt: skip


@pytest.mark.parametrize(("view", "values"), CORNERS)
def test_every_view_at_every_corner(view: str, values: dict[str, Any]) -> None:
    """A picture and a table, never a warning (an error here) or a number that is not one.

    Mutants: a logarithm of a rounded 0; an axis of no width; NaN in a caption."""
    result = at(view, **values)
    scene, table = PAGE.views[view].show(result)
    assert len(scene.pack()) < 420_000
    said = " ".join([*scene.captions, table.caption, *(str(v) for row in table.rows for v in row)])
    assert "nan" not in said.lower().replace("nance", "")
    assert "inf " not in said


# ---------------------------------------------------------------- presets, prediction and words


def test_hopeless() -> None:
    """Every estimate over the prior is hundreds of nats off and claims an error near 1."""
    for seed in range(5):
        view, r = preset("Hopeless", seed=seed)
        assert view == "average"
        assert (r.log_estimate[r.start, 0] < -100).all()
        assert r.claimed[r.start, 0] < 1.01
        assert abs(np.median(r.log_estimate[r.start, 1])) < 0.5


def test_sharper_and_sharper() -> None:
    """The prior's error grows with sharpness, q's does not depend on it."""
    _, r = preset("Sharper and sharper")
    assert (np.diff(r.sigma) < 0).all()
    assert (np.diff(r.log_second[:, 0]) > 0).all()
    np.testing.assert_allclose(r.log_second[:, 1], r.log_second[0, 1])


def test_a_good_q() -> None:
    """The encoder's ratio is below the default's at every K, and falls; the decoder's rises."""
    _, good = preset("A good q")
    usual = at("iwae")
    assert (good.snr[:, 0] < usual.snr[:, 0]).all()
    assert (np.diff(good.snr[:, 0]) < 0).all()
    assert (np.diff(good.snr[:, 2]) > 0).all()


def test_q_too_narrow() -> None:
    """No variance of the weights; DReG is the noisier one at every K; L_K rises more slowly."""
    _, r = preset("q too narrow")
    assert r.relative_variance == np.inf
    assert (r.snr[:, 1] < r.snr[:, 0]).all()
    gap = r.log_p - r.bound
    assert (gap[:-1] / gap[1:] < 1.5).all()  # 1/K would give 2
    scene = drawn("iwae", r)
    assert "falls more slowly than 1/K" in scene.captions[0]
    assert len(layers(scene, Lines, 1)[0].names) == 2


def test_two_modes() -> None:
    _, r = preset("Two modes")
    assert r.x[-1] == 3
    assert r.approximation[-1] == pytest.approx(np.log(2), abs=1e-3)
    assert "0.6934" in drawn("gaps", r).captions[1]


@pytest.mark.parametrize("curve", ["bend", "fold", "line"])
def test_gaps_add_up_as_they_stand(curve: str) -> None:
    """To the last digit shown, in captions and table. Mutants: five numbers rounded each by itself;
    a gap of minus zero."""
    r = at("gaps", curve=curve)
    scene = drawn("gaps", r)
    table = estimating_gaps.gaps_table(r)
    assert len(table.rows) == len(scene.captions)
    numbers = (
        r"log p\(x\) = (\S+), .* reaches (\S+) and the encoder (\S+): gaps of (\S+) and (\S+) nats"
    )
    for caption, row, elbo in zip(scene.captions, table.rows, r.elbo, strict=True):
        found = re.search(numbers, caption.replace("−", "-"))
        assert found is not None
        p, best, own, first, second = (Decimal(v.replace(",", "")) for v in found.groups())
        assert p - first == best
        assert best - second == own
        assert min(first, second) >= 0
        assert float(own) == pytest.approx(elbo[-1], abs=2e-4)
        cells = [Decimal(str(v).replace("−", "-").replace(",", "")) for v in row[1:]]
        assert cells[0] - cells[1] - cells[2] == cells[3]
        assert float(cells[3]) == pytest.approx(elbo @ r.weight, abs=2e-4)


def test_ripples_and_jumps() -> None:
    """Ripples: unbiased, and noisier than the score function with its baseline. Jumps: the words of
    the exercise, and a small error bar around the wrong place."""
    _, r = preset("Ripples")
    assert not estimating_gradients.biased(r)
    assert (r.variance[2] > r.variance[1]).all()
    _, r = preset("Jumps")
    assert estimating_gradients.biased(r)
    np.testing.assert_allclose(r.expected[2], [-0.4, 0.91], atol=1e-9)
    error = np.sqrt(np.diagonal(r.cov[-1, 2]))
    assert (np.abs(r.mean[-1, 2] - r.exact) > 50 * error).all()
    assert "which is not the gradient" in PAGE.views["gradients"].show(r)[1].caption


def test_the_prediction_is_true() -> None:
    """Nearly all below, for every seed tried; far below for the typical one."""
    assert PAGE.prediction is not None
    assert PAGE.prediction.options[PAGE.prediction.answer] == "Nearly all far below p(x)"
    for seed in range(8):
        r = at("average", seed=seed)
        assert r.n == 256
        assert r.d[r.start] == 10
        off = r.log_estimate[r.start, 0]
        assert len(off) == averaging.REPEATS == 200
        assert (off < 0).mean() > 0.95
        assert np.median(off) < -5


def test_exercises_and_answers() -> None:
    """The numbers in the words, recomputed. Mutant: a default changed, its words not."""
    words = WORDS.read_text(encoding="utf-8")
    one = float(np.exp(linear.log_second_moment(linear.prior(np.sqrt(1.09), 0.3))))
    widths = np.linspace(0.9, 1.6, 70_001)
    best = widths[np.argmin([linear.log_second_moment(Proposal(0.5, c)) for c in widths])]
    variance = float(np.expm1(linear.log_second_moment(Proposal(0.5, 1.3))))
    r = at("iwae")
    jumps = at("gradients", decoder="steps")
    for said, value, close in (
        ("4.055", one, 6e-4), ("1.179", best, 6e-4), ("1.781", 2 * best**2 - 1, 6e-4),
        ("0.2168", variance, 6e-5), ("108", variance / 0.002, 0.5),
        ("0.0335", r.snr[6, 0], 6e-5), ("0.0083", r.snr[10, 0], 6e-5),
        ("0.6934", amortised.gaps("fold", 0.1, 3.0).approximation[-1], 6e-5),
        ("9.66", jumps.exact[0], 6e-3), ("1.63", jumps.exact[1], 6e-3),
    ):  # fmt: skip
        assert said in words
        assert float(said) == pytest.approx(value, abs=close)
    assert one**10 == pytest.approx(1.2e6, rel=0.03)
    assert r.k[6] == 64
    line = amortised.gaps("line", 0.3, 0.0)
    assert (average := estimating_gaps.average(line))[1, 0] > 1
    assert average[:, 1:].max() < 1e-10
    for test in re.findall(r"`(test_\w+)`", words):
        files = Path(__file__).parent.glob("test_*.py")
        assert any(f"def {test}(" in f.read_text(encoding="utf-8") for f in files)


def test_checks_name_tests_that_exist() -> None:
    root = Path(__file__).parent.parent
    for view in PAGE.views.values():
        assert view.checks
        for check in view.checks:
            file, name = check.test.split("::")
            assert f"def {name}(" in (root / file).read_text(encoding="utf-8")


def test_drags_become_links() -> None:
    """Mutants: y for x; a value off the slider's steps; beyond its ends."""
    edit = PAGE.views["gaps"].edits["place"]
    parse = fields.controls(PAGE.params)["x"].parse
    for given, want in ((1.234, 1.25), (-7.0, -3.0), (9.0, 5.0), (-0.01, 0.0)):
        assert parse(edit.encode({"xy": [[given, 2.0]]})) == pytest.approx(want)
    q = PAGE.views["gradients"].edits["q"]
    assert clouds.parse(q.encode({"xy": [[1.0, 0.3]], "width": [0.5]})) == (1.0, 0.25)
    handle = layers(drawn("gradients", at("gradients")), Handles, 3)[0]
    same = q.encode({"xy": handle.xy.tolist(), "width": handle.width.tolist()})
    assert clouds.parse(same) == (0.4, 0.3)  # a grip that is not moved changes nothing


def test_short_numbers() -> None:
    """Mutants: an exponent where a reader expects digits; four digits; a hyphen."""
    for value, said in ((0.0, "0"), (1.0, "1.00"), (-0.012345, "−0.0123"), (1234.5, "1,230"),
                        (99.96, "100.0"), (1e-12, "1.00·10⁻¹²"), (np.inf, "∞")):  # fmt: skip
        assert estimating.short(value) == said
    assert [estimating.ten(p) for p in (-4, 0, 13)] == ["10⁻⁴", "10⁰", "10¹³"]


def test_bars_that_are_too_short_are_said() -> None:
    """Long tails: no bound on the weights. Mutants: said of every q; of bounded weights; never."""
    for said, shift, width in (
        (True, 0.5, 0.8), (True, 1.5, 0.5), (True, 2.0, 1.0),
        (False, 0.5, 1.3), (False, 1.5, 1.3), (False, 0.1, 1.0),
    ):  # fmt: skip
        table = PAGE.views["iwae"].show(at("iwae", shift=shift, width=width))[1]
        assert ("have a long tail" in table.caption) == said
        assert ("128 at K = 1,024" in table.caption) == said
