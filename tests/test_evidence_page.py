"""The page of the bound: what is drawn is what was computed, and what is said holds."""

import itertools
import math
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from dgmlib.figures import evidence_words as words
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Arrows, Band, Handles, Lines, Points, Scene, Text
from dgmlib.figures.scene import Path as PathLayer
from dgmlib.latent import bound, coordinate, forms, gaussian_text, line, loading, regression, slips
from dgmlib.latent import regression_text as texts
from dgmlib.ui import code, fields, spec

PAGE = spec.of("evidence_lower_bound")
PROSE = (spec.PAGES / "evidence_lower_bound.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"−?\d[\d,]*\.\d{4}\b")


def at(view: str, **values: Any) -> Any:
    return PAGE.views[view].compute(PAGE.params(view=view, **values))


def preset(name: str) -> tuple[str, Any]:
    chosen = dict(view="bound") | dict(PAGE.presets[name])
    return chosen["view"], at(**chosen)


def drawn(view: str, result: Any) -> Scene:
    return PAGE.views[view].show(result)[0]


def layers(scene: Scene, kind: type, panel: int) -> list[Any]:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)]


def named(scene: Scene, name: str) -> Any:
    found = [x for p in scene.panels for x in p.layers if getattr(x, "name", "") == name]
    assert len(found) == 1, name
    return found[0]


def read(text: str) -> list[Decimal]:
    return [Decimal(n.replace("−", "-").replace(",", "")) for n in NUMBER.findall(text)]


# ---------------------------------------------------------------- to the digit


def test_shown_numbers_add_up() -> None:
    """Every identity holds between the digits on the screen, and no digit is far from its number.

    Mutants: each number rounded on its own; a gap of -0.0000; the sums of another frame."""
    rng = np.random.default_rng(0)
    for _ in range(500):
        p, g, k, h = rng.normal(0, 50), rng.exponential(5), rng.exponential(5), rng.normal(0, 2)
        v = words.adding_up(p, g, k, h)
        assert v.elbo + v.gap == v.log_p
        assert v.reconstruction - v.kl_prior == v.elbo
        assert v.log_joint + v.entropy == v.elbo
        exact = (p, p - g, g, p - g + k, k, p - g - h, h)
        for mine, true in zip(v, exact, strict=True):
            assert abs(float(mine) - true) < 1.51e-4
    assert words.say(words.adding_up(-1.0, -1e-17, 0.0, 0.0).gap) == "0.0000"
    for decoder, q in itertools.product(line.DECODERS, ("0 1", "1.6 0.6", "-4 0.05", "4 2")):
        result = at("bound", decoder=decoder, q=q)
        scene, table = PAGE.views["bound"].show(result)
        for said in scene.captions:
            bound, gap, log_p, _ = read(said)[:4]
            assert bound + gap == log_p
        for f, row in enumerate(zip(*(t.text for t in layers(scene, Text, 1)), strict=True)):
            log_p, bound, gap = read(row[0][0])
            assert bound + gap == log_p
            assert abs(float(gap) - result.split.gap[f]) < 6e-5
            one, kl = read(row[1][0])
            assert one - kl == bound
            two, entropy = read(row[2][0])
            assert two + entropy == bound, row
        for column in (1, 2, 3):
            log_p, bound, gap, one, kl, two, entropy = (
                read(str(r[column]))[0] for r in table.rows[1:]
            )
            assert (bound + gap, one - kl, two + entropy) == (log_p, bound, bound)


def test_em_numbers_add_up_as_shown() -> None:
    """Captions and table. Mutant: bound and gap rounded on their own."""
    for kind, e_step in itertools.product(coordinate.KINDS, coordinate.E_STEPS):
        scene, table = PAGE.views["em"].show(at("em", model=kind, e_step=e_step))
        for said in scene.captions:
            bound, gap, log_p = read(said)[:3]
            assert bound + gap == log_p
        for row in table.rows:
            bound, gap, log_p = (read(str(c))[0] for c in row[2:])
            assert bound + gap == log_p


@pytest.mark.parametrize("kind", coordinate.KINDS)
def test_what_is_said_of_a_half_step(kind: str) -> None:
    """Mutants: a theta or a q that is said to move and does not, or the other way round; "held"
    for a start that the reader put at the end."""
    low, high = coordinate.ENDS[kind]
    seen = set()
    for e_step, seed in itertools.product(coordinate.E_STEPS, (0, 1)):
        for start in (low, 0.3, high):
            a = coordinate.ascent(kind, start=start, e_step=e_step, rng=np.random.default_rng(seed))
            for f, said in enumerate(drawn("em", a).captions):
                moved = f > 0 and (a.theta[f] != a.theta[f - 1] or not np.array_equal(
                    a.q[f], a.q[f - 1]) or a.spread[f, 0] != a.spread[f - 1, 0])  # fmt: skip
                assert ("moved" in said) == moved
                assert ("stays" in said) == (f > 0 and not moved)
                assert ("end of its range" in said) == (a.theta[f] in (low, high))
                fell = f > 1 and f % 2 == 0 and a.value[f] < a.value[f - 1] - 1e-9
                assert ("FELL" in said) == fell
                seen |= {"moved"} if moved else {"stays"}
    assert seen == {"moved", "stays"}


def test_what_is_cut_is_said_to_be() -> None:
    """Exactly when an arrow or the mean of the logs stops at an edge. Mutants: never; always."""
    seen = set()
    for values in ({}, dict(q="4 0.05"), dict(q="-4 2"), dict(decoder="straight", noise=1.5),
                   dict(decoder="straight", x=-1.0, noise=1.5, q="3.8 0.5")):  # fmt: skip
        c = at("bound", **values)
        scene = drawn("bound", c)
        s, gap = c.split, named(scene, "gap: the KL").start[:, 0, 1]
        exact = {"KL(q‖posterior)": s.elbo, "−KL(q‖prior)": s.reconstruction,
                 "+ entropy": s.log_joint}  # fmt: skip
        cut = np.abs(gap + s.gap) > 1e-9
        for name, true in exact.items():
            cut |= np.abs(named(scene, name).start[:, 0, 0] - true) > 1e-9
        assert [("at its edge" in said) for said in scene.captions] == cut.tolist()
        seen |= set(cut.tolist())
    assert seen == {True, False}


def test_where_a_climb_ends() -> None:
    """On a lower hill only if a top is there. Mutants: always a hill; the distance to the best."""
    for values, end in (
        (dict(q="-1 0.5"), "on a lower hill"),
        (dict(decoder="bowl", x=1.0, noise=0.25, q="0 1"), "on a lower hill"),
        (dict(decoder="bowl", x=2.0, noise=1.0, q="4 0.05"), "not at a top yet"),
    ):  # fmt: skip
        c = at("bound", **values)
        said = drawn("bound", c).captions[-1]
        assert end in said
        slope = bound.gradient(c.model, c.x, c.centre[-1], c.width[-1])
        assert (np.abs(slope).max() < 1e-3) == ("hill" in end)
    assert "lower" not in drawn("bound", at("bound")).captions[-1]


# ---------------------------------------------------------------- the picture is the numbers


@pytest.mark.parametrize("values", [{}, dict(decoder="bent", q="-3 1.5"), dict(x=-3.0, noise=0.25)])
def test_the_picture_is_the_bound(values: dict[str, Any]) -> None:
    """Mutants: prior and posterior exchanged; arrows that start at zero; the frame before; the
    diamond at the log of the mean."""
    c = at("bound", **values)
    scene = drawn("bound", c)
    posterior, prior, best, q = layers(scene, Lines, 0)
    z = posterior.x
    m = line.model(c.model.decoder, c.model.noise)
    exact = norm.logpdf(z) + norm.logpdf(c.x, line.decode(m.decoder, z), m.noise) - c.split.log_p
    np.testing.assert_allclose(posterior.y[0], np.exp(exact), atol=2e-3 * posterior.y.max())
    np.testing.assert_allclose(prior.y[0], norm.pdf(z))
    top_q = norm.pdf(z, c.best.centre[0], c.best.width[0])
    np.testing.assert_allclose(best.y[0], top_q, atol=1e-300)  # denormals
    top = scene.panels[0].y.range[1]  # type: ignore[index]
    for f in (0, 7, -1):
        now = norm.pdf(z, c.centre[f], c.width[f])
        np.testing.assert_allclose(q.y[f, 0], np.minimum(now, 1.02 * top), atol=1e-300)
    grip = layers(scene, Handles, 0)[0]
    assert (grip.xy[0, 0], grip.width[0]) == (c.centre[0], c.width[0])
    low = scene.panels[1].x.range[0]  # type: ignore[index]
    assert named(scene, "log p(x)").at[0] == c.split.log_p
    ends = {
        "KL(q‖posterior)": (c.split.elbo, np.full(len(c.centre), c.split.log_p)),
        "−KL(q‖prior)": (c.split.reconstruction, c.split.elbo),
        "+ entropy": (c.split.log_joint, c.split.elbo),
    }
    for name, (start, end) in ends.items():
        arrow = named(scene, name)
        np.testing.assert_allclose(arrow.start[:, 0, 0], np.maximum(start, low))
        np.testing.assert_allclose(arrow.end[:, 0, 0], np.maximum(end, low))
    dots = named(scene, "equally likely z of q")
    np.testing.assert_allclose(np.log(dots.xy[..., 0]), dots.xy[..., 1])
    floor = dots.xy[..., 1].min()
    gap = named(scene, "gap: the KL")
    assert (gap.end[:, 0] == [1.0, 0.0]).all()
    np.testing.assert_allclose(
        gap.start[:, 0, 1], np.maximum(-c.split.gap, floor - 1e-9), atol=1e-9
    )
    star = named(scene, "log of the mean")
    assert star.xy.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("kind", coordinate.KINDS)
def test_the_picture_is_the_ascent(kind: str) -> None:
    """Mutants: the curve of the next q; the arrow from log p to the bound of another frame; colours
    of the components exchanged."""
    a = at("em", model=kind)
    scene = drawn("em", a)
    curves = layers(scene, Lines, 0)[0].y
    for f in (0, 1, 2, -1):
        shown = np.isfinite(curves[f, 1])
        np.testing.assert_array_equal(curves[f, 1, shown], a.curve[f, shown])
        shown = np.isfinite(curves[f, 0])
        np.testing.assert_array_equal(curves[f, 0, shown], a.log_p[shown])
    arrow = layers(scene, Arrows, 0)[0]
    np.testing.assert_allclose(arrow.end[:, 0], np.stack([a.theta, a.value], 1))
    low = scene.panels[0].y.range[0]  # type: ignore[index]
    np.testing.assert_allclose(arrow.start[:, 0, 1], np.maximum(a.bound, low))
    assert layers(scene, Handles, 0)[0].xy[0, 0] == a.theta[0]
    stairs = layers(scene, Lines, 1)[0].y
    np.testing.assert_allclose(stairs[0], a.value)
    np.testing.assert_allclose(stairs[1, 1:], a.bound[1:])
    points = layers(scene, Points, 2)[0]
    if kind == coordinate.KINDS[2]:
        np.testing.assert_array_equal(points.xy, a.x)
        w = np.stack([a.theta, np.ones_like(a.theta)], 1)
        cov = layers(scene, type(scene.panels[2].layers[1]), 2)[0].cov[:, 0]
        want = np.einsum("fi,fj->fij", w, w) + loading.NOISE**2 * np.eye(2)
        np.testing.assert_allclose(cov, want)
    else:
        np.testing.assert_array_equal(points.weights[..., 1], a.q)
        each = layers(scene, Lines, 2)[0]
        weight = [0.5, 0.5] if "mean" in kind else [1 - a.theta[4], a.theta[4]]
        mean = [-1.5, a.theta[4] if "mean" in kind else 1.5]
        for k in (0, 1):
            np.testing.assert_allclose(each.y[4, k], weight[k] * norm.pdf(each.x, mean[k]))
    both = layers(scene, Points, 3)[0].xy
    inside = np.abs(a.q) < 1
    np.testing.assert_allclose(both[..., 1][inside], a.q[inside])


def test_the_picture_is_the_belief() -> None:
    """Mutants: the plug-in band of Bayes; ML drawn as MAP; points shown early."""
    b = at("bayes")
    scene = drawn("bayes", b)
    band = layers(scene, Band, 0)[0]
    middle = np.abs(band.high) < 19
    np.testing.assert_allclose(((band.high - band.low) / 4)[middle & (np.abs(band.low) < 19)],
                               b.sd[:, 2][middle & (np.abs(band.low) < 19)])  # fmt: skip
    lines = layers(scene, Lines, 0)[2]
    n = 4
    np.testing.assert_allclose(lines.y[n, 0], b.ml[n, 0] + b.ml[n, 1] * regression.T)
    np.testing.assert_allclose(lines.y[n, 1], b.mean[n, 0] + b.mean[n, 1] * regression.T)
    edges = layers(scene, Lines, 0)[0]  # of MAP
    np.testing.assert_allclose(edges.y[n, 1] - lines.y[n, 1], 2 * b.noise)
    seen = named(scene, "seen so far").xy
    assert ((seen[..., 1] > -90).sum(1) == np.arange(len(b.mean))).all()
    grips = layers(scene, Handles, 0)[0]
    np.testing.assert_array_equal(grips.xy, np.stack([b.t, b.y], 1))
    for f, said in enumerate(scene.captions):
        assert said.startswith(f"{f} point")
        assert num(b.mean[f, 1], 3) in said
        assert ("not unique" in said) == np.isnan(b.ml[f, 0])
        assert num(b.log_evidence[f], 4) in said
    total = PAGE.views["bayes"].show(b)[1]
    assert total.rows[2][2] == num(b.log_evidence[-1], 4)


@pytest.mark.parametrize("number", range(1, slips.CASES + 1))
def test_what_is_said_of_slips(number: int) -> None:
    """Nothing is given away before it is asked for; a guess is judged; the reasons hold.

    Mutants: the wrong line named with the reveal off; every guess right; a reason of another
    slip."""
    for sweep in slips.SWEEPS:
        r = at("slips", case=number, sweep=sweep)
        scene, table = PAGE.views["slips"].show(r)
        hidden = " ".join([*scene.captions, scene.alt, table.caption])
        assert "wrong one is" not in hidden
        assert "is wrong" not in hidden
        assert not layers(scene, PathLayer, 0)
        for i, letter in enumerate(slips.LETTERS):
            said = at("slips", case=number, sweep=sweep, guess=letter, compute=True)
            scene, table = PAGE.views["slips"].show(said)
            assert ("That is the one" in table.caption) == (i == r.wrong)
            assert ("That line holds" in table.caption) == (i != r.wrong)
            assert (r.why in table.caption) == (i == r.wrong)
        shown = at("slips", case=number, sweep=sweep, compute=True, reveal=True)
        scene, table = PAGE.views["slips"].show(shown)
        assert f"{slips.LETTERS[r.wrong]} is wrong. {r.why}" in table.caption
        [mark] = layers(scene, PathLayer, 0)  # below the line that is wrong
        y = layers(scene, Text, 0)[0].xy[r.wrong, 1]
        assert 0 < y - mark.xy[0, 1] < 0.5
        for f in (0, 30, 45):
            for i, text in enumerate(layers(scene, Text, 0)[0].text[f]):
                assert text.endswith(num(r.value[f, i], 4))
                assert ("left side" in text) == (r.kind == "claim")  # never "KL ≥ 0 = 0.46"
            if r.kind == "bound":
                over = [x for x, v in zip("ABCDE", r.value[f], strict=True) if v > r.log_p + 1e-9]
                listed = f"Above log p(x): {', '.join(over)}." if over else "None is above"
                assert listed in scene.captions[f]


def test_reasons_of_slips() -> None:
    """What the reasons claim in general. Mutant: any of them the other way round."""
    m, s = np.meshgrid(np.linspace(-3, 3, 61), np.geomspace(0.02, 4, 81))
    g = forms.averages(m, s)
    elbo = g.likelihood - g.to_prior
    assert np.allclose(elbo + g.to_posterior, g.log_p)
    value = {f.text: f.value(g) for f in [*forms.SLIPS, *forms.LOSS_SLIPS, *forms.CLAIM_SLIPS]}
    minus = value["E log p(x,z) − H(q)"]
    assert (minus > g.log_p).any()
    assert (g.entropy[minus > g.log_p] < 0).all()  # only "where H(q) < 0"
    assert (value["E log p(x|z) + KL(q‖p(z))"] > g.log_p).any()
    turned = value["log p(x) − KL(p(z|x)‖q)"]
    assert (turned <= g.log_p + 1e-12).all()
    deviation = value["E log p(x|z) − (m² + s − 1 − log s)/2"] - elbo
    assert (deviation >= -1e-12).all()
    one = forms.averages(np.array(0.4), np.array(1.0))
    agree = forms.SLIPS[5].value(one) - (one.likelihood - one.to_prior)
    assert abs(agree) < 1e-12
    assert (np.abs(deviation)[np.abs(s - 1) > 0.05] > 1e-4).all()
    flat = 1 / math.sqrt(2 * math.pi * math.e)  # where a Gaussian's entropy is 0
    assert abs(forms.averages(np.array(0.0), np.array(flat)).entropy) < 1e-12
    assert round(flat, 3) == 0.242
    spike = value["−E log p(x|z)"]
    assert (np.diff(spike, axis=0) > 0).all()  # every narrower q has the lower loss
    batch = forms.SLIPS[6]
    assert f"{forms.BATCH} times" in batch.slip
    assert np.allclose(batch.value(g), g.likelihood - 4 * g.to_prior)
    away = forms.averages(np.array([10.0, 100.0]), np.ones(2))  # minimising it has no end
    assert (forms.LOSS_SLIPS[0].value(away) < [-100, -1e4]).all()


# ---------------------------------------------------------------- presets and prose


def test_presets_show_what_their_names_say() -> None:
    """Mutants: presets exchanged; a start on the other hill."""
    _, c = preset("q is the posterior")
    assert abs(c.split.gap[0]) < 1e-12
    assert "KL 0.0000" in drawn("bound", c).captions[0]
    _, c = preset("q too narrow")
    assert c.width[0] < c.evidence.std / 5
    assert c.centre[0] == pytest.approx(c.evidence.mean)
    _, c = preset("The wrong mode")
    assert c.split.gap[-1] > c.best_split.gap + 0.5
    assert "lower: on a lower hill." in drawn("bound", c).captions[-1]
    rest = np.exp(c.jensen.log_w[-1])  # as the prose says: most of the mean, 1, is not in the dots
    assert rest.mean() < 0.5
    assert rest.max() < 0.6
    _, c = preset("KL to the prior is 0")
    assert c.split.kl_prior[0] == 0
    assert c.split.gap[0] > 1
    _, a = preset("EM stuck")
    assert a.theta[-1] < 0 < a.top[0]
    assert a.top[1] - a.value[-1] > 50
    rises = np.diff(a.log_p)[a.grid[1:] < a.theta[-1] - 0.1] > 0  # to a top of its own: up ...
    falls = np.diff(a.log_p)[np.abs(a.grid[1:] + 1.85) < 0.15] < 0  # ... and down again
    assert rises.all()
    assert falls.all()
    assert abs(a.theta[-1] - a.theta[-3]) < 0.05
    _, a = preset("The likelihood falls")
    assert np.diff(a.value).min() < -0.01
    assert np.diff(a.bound).min() > -1e-9
    assert any("FELL" in said for said in drawn("em", a).captions)
    view, b = preset("Two points")
    assert view == "bayes"
    assert len(b.t) == 2
    view, r = preset("A sign slip")
    assert "− H(q)" in r.texts[r.wrong]
    assert (r.value[:, r.wrong] > r.log_p).any()


def test_the_prediction_holds() -> None:
    """It is asked of the first picture. Mutant: a default q that ends on the other hill."""
    c = at("bound")
    assert len(c.evidence.modes) == 2
    assert c.best_split.gap == pytest.approx(0.4482, abs=5e-5)
    assert c.split.gap[-1] == pytest.approx(c.best_split.gap, abs=1e-4)
    assert PAGE.prediction is not None
    assert "0.4482" in PAGE.prediction.because


def test_the_numbers_of_the_prose() -> None:
    """Each number of the exercises, computed. Mutant: any digit of them."""
    _, c = preset("q too narrow")
    assert num(c.split.gap[0], 4) == "1.3056"
    assert num(math.log(6), 4) in PROSE
    assert "1.3056" in PROSE
    c = at("bound", decoder="bowl", x=3.0, noise=0.25)
    assert num(c.best_split.gap, 4) == "0.6945"
    ends = [at("bound", decoder="tilted bowl", x=3.0, noise=0.25, q=q).split.gap[-1]
            for q in ("-2 0.1", "1.5 0.1")]  # fmt: skip
    assert [num(v, 4) for v in ends] == ["1.2200", "0.3517"]
    assert num(ends[0] - ends[1], 4) == "0.8683"
    assert line.decode("tilted bowl", np.array([1.5, -2.0])).tolist() == [3.0, 3.0]
    assert line.slope("tilted bowl", np.array([1.5, -2.0])).tolist() == [3.5, -3.5]
    _, c = preset("KL to the prior is 0")
    assert num(c.split.reconstruction[0], 4) == "−4.9220"
    _, a = preset("The likelihood falls")
    assert num(a.theta[-1], 3) == "1.429"
    top: Any = minimize_scalar(lambda t: -float(loading.log_p(a.x, np.array(t))), bounds=(0.5, 2),
                          method="bounded")  # fmt: skip
    assert num(top.x, 3) == num(a.top[0], 3) == "1.040"
    assert "at θ = 1.040" in PAGE.views["em"].show(a)[1].caption
    _, b = preset("Two points")
    assert num(b.sd[-1, 2, -1], 2) == "1.76"
    assert b.sd[-1, 0, -1] == b.sd[-1, 1, -1] == 0.5
    r = at("slips", case=10)
    assert "> 0" in r.texts[r.wrong]
    for number in ("1.3056", "0.6945", "1.2200", "0.3517", "0.8683", "-4.9220", "1.429", "1.040",
                   "1.76", "Puzzle 10"):  # fmt: skip
        assert number in PROSE, number


@pytest.mark.parametrize("view", list(PAGE.views))
def test_every_corner_of_the_page(view: str) -> None:
    """Both ends of every pair of controls: a picture, never a warning, numbers in all captions."""
    known = fields.controls(PAGE.params)
    ends = {name: known[name].ends for name in PAGE.views[view].controls if name != "seed"}
    for one, two in itertools.combinations(ends, 2):
        for a, b in itertools.product(ends[one], ends[two]):
            scene = drawn(view, at(view, **{one: a, two: b}))
            assert len(scene.pack()) < 300_000
            assert scene.frame_values is not None
            assert len(scene.captions) == len(scene.frame_values)
            assert not any(re.search(r"nan|(^|\s)-\d", said) for said in scene.captions)


@pytest.mark.parametrize("view", list(PAGE.views))
def test_the_program_shown_recomputes_the_picture(view: str) -> None:
    """Run in an empty namespace. Mutant: a view that needs something the page defines."""
    p = PAGE.params(view=view)
    space: dict[str, Any] = {}
    exec(code.snippet(PAGE.views[view].compute, p), space)
    assert drawn(view, space["result"]).pack() == drawn(view, PAGE.views[view].compute(p)).pack()


def test_checks_name_tests_that_exist() -> None:
    root = Path(__file__).parent.parent
    for view in PAGE.views.values():
        assert view.checks
        for check in view.checks:
            file, name = check.test.split("::")
            assert f"def {name}(" in (root / file).read_text(encoding="utf-8"), check.test


# ---------------------------------------------------------------- what a reader types or drags


def test_dragged_things_are_texts() -> None:
    """Round trips, and what lies outside is brought back. Mutants: x for y; a minus zero."""
    q = gaussian_text.of_handle({"xy": [[1.234, 0.5]], "width": [0.456]})
    assert gaussian_text.parse(q) == (1.23, 0.46)
    far = gaussian_text.of_handle({"xy": [[9.0, 0.0]], "width": [0.001]})
    assert gaussian_text.parse(far) == (4.0, 0.05)
    done = {"xy": [[1.0, 2.0], [-9.0, 9.0], [-0.001, 0.5]]}
    assert texts.of_handles(done) == "1 2, -3 5, 0 0.5"
    assert texts.parse("1 2, -3 4").tolist() == [[1, 2], [-3, 4]]
    assert texts.parse("").shape == (0, 2)
    assert coordinate.of_handle({"xy": [[1.2345, -80.0]]}) == "1.23"
    for text in ("1", "a b", "5 1", "0 3", "nan 1", "1 2 3", "9" * 200):
        with pytest.raises(ValueError, match=r"like 0 1|lies between"):
            gaussian_text.parse(text)
    for text in ("1", "1 2 3", "x y", "9 9", "nan 0", ", ".join(["0 0"] * 17)):
        with pytest.raises(ValueError, match=r"write|lies between|at most"):
            texts.parse(text)
