"""The page on dimensions: what is drawn and said is what was computed, presets show their names."""

import re
from itertools import combinations, islice
from math import comb, lgamma
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dgmlib.data import digits
from dgmlib.dimensionality import (
    acceptance,
    balls,
    bernoulli_mixture,
    counts,
    densities,
    digit_fits,
    gaussian_images,
    graph_text,
    pixel_networks,
    sweep,
    trees,
)
from dgmlib.figures import dimensionality, dimensionality_methods, dimensionality_network
from dgmlib.figures.scene import Arrows, Bars, Images, Lines, Path, Points, Rules, Text
from dgmlib.ui import picture, spec

PAGE = spec.of("curse_of_dimensionality")


def at(view: str, **values: Any) -> Any:
    """The result of a view at its defaults but for ``values``."""
    return PAGE.views[view].compute(PAGE.params(view=view, **values))


def eight(**values: Any) -> Any:
    """The digits of 8 x 8 pixels under two neighbours, but for ``values``."""
    return at("digits", **({"data": "8 x 8", "above": "left, above"} | values))


def preset(name: str) -> Any:
    values = dict(PAGE.presets[name])
    return at(values.pop("view", "sweep"), **values)


def drawn(view: str, shown: Any) -> Any:
    items = PAGE.views[view].show(shown)
    return items[0] if isinstance(items, list) else items


def layer(scene: Any, kind: type, panel: int = 0, nth: int = 0) -> Any:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)][nth]


# ---------------------------------------------------------------- one slider


def test_the_sweep_is_its_definitions() -> None:
    """Every row from the library one dimension at a time. Mutants: d off by one; the Markov order
    of another control; the density of |x|^2; the ball and the shell exchanged."""
    s = at("sweep", k=3, order=2, thickness=0.1)
    for d in (1, 2, 37, 100):
        i = d - 1
        assert s.full[i] == pytest.approx(counts.full(d, 3), rel=1e-12)
        assert s.markov[i] == counts.markov(d, 2, 3)
        assert s.gaussian[i] == counts.gaussian(d)
        assert s.independent[i] == 2 * d
        assert s.shell[i] == pytest.approx(1 - 0.9**d)
        np.testing.assert_allclose(s.density[i], stats.chi.pdf(s.r, d), rtol=1e-9)
        np.testing.assert_allclose(stats.chi(d).cdf(s.bounds[i]), [0.025, 0.975], rtol=1e-9)
        assert s.near_mode[i] == pytest.approx(stats.chi(d).cdf(1.0), rel=1e-6, abs=0)
        assert s.spread[i] == pytest.approx((1.4 / d) ** 0.5)
    square = 0.5 * np.pi**0.5  # V_2 / 2^2 = pi / 4
    assert s.ball[1] == pytest.approx(square**2)
    ball = np.exp(50 * np.log(np.pi) - 100 * np.log(2) - lgamma(51))  # 1.9e-70
    assert s.ball[99] == pytest.approx(ball, rel=1e-9, abs=0)


@pytest.mark.parametrize("d", [3, 10, 20, 100])
def test_the_table_of_the_sweep_is_its_definitions(d: int) -> None:
    """A row of the table; the coins once more by adding up exact binomials.
    Mutants: other coins than 0.1; another width than 0.1 bits; the size of the set in nats."""
    s = at("sweep")
    row = next(row for row in PAGE.views["sweep"].show(s)[1].rows if row[0] == str(d))
    k = np.arange(d + 1)
    entropy = stats.bernoulli(0.1).entropy() / np.log(2)
    information = -(k * np.log2(0.1) + (d - k) * np.log2(0.9)) / d
    inside = k[np.abs(information - entropy) <= 0.1]
    share = sum(comb(d, int(i)) * 0.1**i * 0.9 ** (d - i) for i in inside)
    size = sum(comb(d, int(i)) for i in inside)
    assert s.typical_share[d - 1] == pytest.approx(share, rel=1e-9, abs=0)
    states = f"2{str(d).translate(dimensionality.UP)}"
    said = f"2^{np.log2(size):.1f} of {states}" if size else "none"
    assert row[1:] == [dimensionality.number(2.0**d - 1), dimensionality.number(s.ball[d - 1]),
                       dimensionality.number(stats.chi(d).cdf(1.0)), f"{share:.3g}",
                       said]  # fmt: skip


def test_draws_agree_with_the_exact_curves() -> None:
    """Lengths by Kolmogorov and Smirnov, spreads within 4.5 of their standard errors in all 100
    dimensions (they share draws), and the errors are honest over 40 seeds.
    Mutants: another seed's draws in each d (a point could not be followed); a standard error
    without the square root of n, or without the mean's part; the spread of distances."""
    s = at("sweep")
    for d in (1, 10, 100):
        assert stats.kstest(s.lengths[d - 1], stats.chi(d).cdf).pvalue > 1e-4
    assert np.all(np.diff(s.lengths, axis=0) > 0)  # a coordinate more, a longer vector
    off = (s.spread_drawn - s.spread) / s.spread_error
    assert np.abs(off).max() < 4.5
    away = np.random.default_rng(0).random((400, 3)) - np.random.default_rng(1).random((400, 3))
    every = np.array([sweep._spread(np.delete(away, i, axis=0))[0] for i in range(400)])
    jackknife = np.sqrt(399 / 400 * ((every - every.mean(0)) ** 2).sum(0))
    # both are first-order formulas: they differ by terms of order 1 / n
    np.testing.assert_allclose(sweep._spread(away)[1], jackknife, rtol=0.02)
    many = [at("sweep", seed=seed) for seed in range(40)]
    z = np.array([((m.spread_drawn - m.spread) / m.spread_error)[[1, 20, 99]] for m in many])
    # mean of 40 squares of a standard normal, three times: sd 0.22
    assert np.all((z**2).mean(0) < 1 + 5 * 0.22)
    assert np.all((z**2).mean(0) > 1 - 4 * 0.22)


def test_the_contrast_is_the_quantiles_of_its_queries() -> None:
    """The page's points drawn once more, its 30 queries sorted; drawn as they are. The mean does
    not exist at d = 1, and no standard error at d = 2.
    Mutants: mean and standard errors; 25-75%; the lower end at the median; another dimension."""
    s = at("sweep")
    rng = np.random.default_rng(PAGE.params().seed)
    rng.standard_normal((sweep.POINTS, 100))
    rng.random((2 * sweep.PAIRS, 100))
    x, query = rng.random((100, 100)), rng.random((30, 100))
    for d in (1, 2, 100):
        found = np.sort(balls.contrast(x[:, :d], query[:, :d]))
        assert s.contrast[d - 1] == pytest.approx((found[14] + found[15]) / 2, rel=1e-9)
        # a tenth of the way from the first of 30 to the last: 2.9 steps, and 26.1
        ends = [0.1 * found[2] + 0.9 * found[3], 0.9 * found[26] + 0.1 * found[27]]
        np.testing.assert_allclose(s.contrast_range[d - 1], ends, rtol=1e-9)
    assert s.contrast[0] > 20
    assert s.contrast[99] < 0.6
    scene, i = drawn("sweep", s), dimensionality.AT - 1
    bars = layer(scene, Path, 3, 1).xy.reshape(-1, 3, 2)[:, :2]
    assert np.array_equal(bars[..., 1], s.contrast_range[i])
    assert np.array_equal(bars[..., 0], np.stack([dimensionality.AT] * 2, axis=1))
    assert np.array_equal(layer(scene, Points, 3, 1).xy[:, 1], s.contrast[i])
    assert "median, 10–90%" in layer(scene, Points, 3, 1).name
    low = s.spread_drawn[i] - 2 * s.spread_error[i]
    np.testing.assert_allclose(layer(scene, Path, 3).xy[::3, 1], low)


def test_the_picture_of_the_sweep_is_the_sweep() -> None:
    """Mutants: a curve of another panel; the mode drawn at the peak of the density of |x|."""
    s = at("sweep")
    scene = drawn("sweep", s)
    assert np.array_equal(layer(scene, Lines).y, s.density)
    assert np.array_equal(layer(scene, Rules, 0, 1).at[:, 0], np.sqrt(s.d))
    assert np.array_equal(layer(scene, Points).xy[..., 0], s.lengths)
    assert np.array_equal(layer(scene, Points, 0, 1).xy, [[0.0, 0.0]])
    np.testing.assert_allclose(layer(scene, Lines, 1).y[0], np.log10(s.full))
    assert np.array_equal(layer(scene, Lines, 2).y, np.stack([s.ball, s.shell, s.near_mode]))
    assert np.array_equal(layer(scene, Lines, 3).y[0], s.spread)
    assert np.array_equal(layer(scene, Points, 3).xy[:, 1],
                          s.spread_drawn[dimensionality.AT - 1])  # fmt: skip
    assert np.isfinite(np.log10(at("sweep", k=10, order=4).full)).all()


def test_captions_say_the_numbers() -> None:
    """In every view. Mutants: a frame late; a hyphen for a minus; E for a power of ten; the ball's
    share said of the mode; the ends of an interval exchanged; the worst model called the best; the
    intervals that cover counted as those that miss."""
    s = at("sweep")
    said = dimensionality.caption(s, 99)
    for words in ("d = 100:", "1.27·10³⁰ for a full table", "5,150 for a Gaussian",
                  "199 for Markov order 1", "100 if independent", "radius 8.62 to 11.38",
                  "√d = 10.00", "vary by 12%"):  # fmt: skip
        assert words in said, words
    ball = np.exp(50 * np.log(np.pi) - 100 * np.log(2) - lgamma(51))
    assert f", {dimensionality.number(stats.chi(100).cdf(1.0))} within 1 of its mode." in said
    assert f" A ball fills {dimensionality.number(ball)} of its cube;" in said
    assert "vary by 68%" in dimensionality.caption(s, 2)
    m = at("methods")
    said = dimensionality_methods.caption(m, 2)
    assert f"here {m.rejection_seen.hits[2]} of 500" in said
    assert f"the random walk accepts {dimensionality.number(m.walk[2])}, here" in said
    low, high = (dimensionality.number(e[2]) for e in m.effective_seen.interval)
    assert m.effective_seen.interval.low[2] < m.effective_seen.interval.high[2]
    limit = dimensionality.number((np.sqrt(3.5) / 2.25) ** 3)  # s = 1.5
    assert f"ESS/n tends to {limit}, runs show {low} to {high};" in said
    said = dimensionality_methods.caption(m, 29)
    assert f"histogram {m.gap.histogram[29]:.2f} nats (100 of 100 held-out points" in said
    assert "only the made-up point N(0, 9 I) / (n + 1) is left), kernels" in said
    assert said.endswith(f", kernels {m.gap.kernels[29]:.2f}.")
    r = eight()
    said = drawn("digits", r).captions[-1]
    assert "1,200 training images" in said
    assert f"{r.bits[-1, 2]:.3f} ± {r.bits_error[-1, 2]:.3f}" in said
    assert "UCI digits, bundled with scikit-learn" in said
    for f, said in enumerate(drawn("digits", r).captions):
        best = min(zip(r.bits[f], digit_fits.BINARY, strict=True))[1]
        assert f"; best: {best}. " in said
    net = at("network", seed=1)
    off = []
    for f, said in enumerate(drawn("network", net).captions):
        if f <= 5:  # five variables: the first draw
            continue
        cells = zip(net.low[f].ravel(), net.marginal.ravel(), net.high[f].ravel(), strict=True)
        off.append(sum(not low <= exact <= high for low, exact, high in cells))
        assert f"; {off[-1]} of 10 intervals miss." in said
        farthest = np.abs(net.share[f] - net.marginal).argmax()
        assert f"seen in {net.share[f].flat[farthest]:.3f} of them (95%" in said
        assert f", exact {net.marginal.flat[farthest]:.3f};" in said
    assert 0 < sum(off) < 5 * len(off)  # so that a miss is told apart from a hit
    for view in PAGE.views:
        for words in drawn(view, at(view)).captions:
            assert not re.search(r"\de[-+]?\d", words)
            assert "nan" not in words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (7, "7"), (1023, "1,023"), (0.5236, "0.524"), (1.27e30, "1.27·10³⁰"),
     (1.54e-28, "1.54·10⁻²⁸"), (-0.25, "−0.25"), (-3e-9, "−3.00·10⁻⁹"), (999_999, "999,999"),
     (1e6, "1.00·10⁶"), (1234.5, "1,234")],
)  # fmt: skip
def test_numbers_read_as_words(value: float, text: str) -> None:
    assert dimensionality.number(value) == text


def test_prediction_is_true() -> None:
    """95% of the mass in 100 dimensions, from SciPy."""
    low, high = stats.chi(100).ppf([0.025, 0.975])
    assert PAGE.prediction is not None
    answer = PAGE.prediction.options[PAGE.prediction.answer]
    assert f"Between {low:.1f} and {high:.1f}" in answer
    assert stats.chi(100).cdf(2.0) < 1e-40


# ---------------------------------------------------------------- what it does to modelling


def test_the_picture_of_the_methods_is_the_methods() -> None:
    """Mutants: exact and measured exchanged; an interval of half its width; its lower end at 0;
    whiskers of one standard error below; the full Gaussian and the independent one exchanged;
    points without hits drawn at 0 of a log axis."""
    m = at("methods", s=1.5)
    scene = drawn("methods", m)
    seen = m.rejection_seen
    assert seen is not None
    assert np.array_equal(layer(scene, Lines).y[0], m.rejection)
    some = seen.hits > 0
    assert np.array_equal(layer(scene, Points).xy[:, 1], seen.share[some])
    assert np.array_equal(layer(scene, Points, 0, 1).xy[:, 1], seen.interval.high[~some])
    bars = layer(scene, Path).xy.reshape(-1, 3, 2)
    assert np.array_equal(bars[:, 1, 1], seen.interval.high)
    walk = layer(scene, Path, 2).xy.reshape(-1, 3, 2)
    for counted, drawn_bars in ((seen, bars), (m.walk_seen, walk)):
        for i in (0, 4, 29):
            exact = stats.binomtest(int(counted.hits[i]), m.n).proportion_ci(0.95, "exact")
            low = max(exact.low, dimensionality_methods.FLOOR)
            np.testing.assert_allclose(drawn_bars[i, :2, 1], [low, exact.high], rtol=1e-6)
    ends = layer(scene, Path, 1).xy.reshape(-1, 3, 2)[:, :2, 1].T
    assert np.array_equal(ends, np.stack(m.effective_seen.interval))
    assert np.isnan(bars[:, 2, 1]).all()
    assert np.array_equal(layer(scene, Lines, 1).y[0], m.effective)
    assert np.array_equal(layer(scene, Points, 1).xy[:, 1], m.effective_seen.median)
    assert np.array_equal(layer(scene, Lines, 2).y[0], m.walk)
    best = acceptance.random_walk(m.d, 2.38 / np.sqrt(m.d))
    assert np.array_equal(layer(scene, Lines, 2, 1).y[0], best)
    exact = layer(scene, Lines, 3)
    assert list(exact.names) == ["full Gaussian, exact", "independent Gaussian, exact"]
    for y, diagonal in zip(exact.y, (False, True), strict=True):
        assert np.array_equal(y, densities.gaussian_gap(m.d, 500, diagonal=diagonal))
    assert np.array_equal(layer(scene, Points, 3, 1).xy[:, 1], m.gap.kernels)
    for nth, (mean, error) in enumerate([(m.gap.histogram, m.gap.histogram_error),
                                         (m.gap.kernels, m.gap.kernels_error)]):  # fmt: skip
        ends = layer(scene, Path, 3, nth).xy.reshape(-1, 3, 2)[:, :2, 1]
        np.testing.assert_allclose(ends, np.stack([mean - 2 * error, mean + 2 * error], axis=1))


def test_a_histogram_of_empty_cells_is_told_apart() -> None:
    """Where no held-out point shares a cell the loss is that of the made-up point N(0, 9 I)/(n + 1)
    alone, log(n + 1) / d + KL in closed form (five standard errors), and it is drawn as a ring.
    Mutants: rings where one cell is empty; where none is; the made-up point without n + 1."""
    m = at("methods")
    scene = drawn("methods", m)
    squares, rings = (layer(scene, Points, 3, nth) for nth in (0, 2))
    none = m.gap.empty == m.gap.held_out
    assert 5 < none.sum() < 25
    assert (squares.symbol, rings.symbol) == ("square", "ring")
    assert np.array_equal(squares.xy, np.stack([m.d, m.gap.histogram], axis=1)[~none])
    assert np.array_equal(rings.xy, np.stack([m.d, m.gap.histogram], axis=1)[none])
    assert "made-up point alone" in rings.name
    alone = np.log(501) / m.d + np.log(3) - 4 / 9  # KL of N(0, 1) from N(0, 9): log 3 + 1/18 - 1/2
    off = (m.gap.histogram - alone) / m.gap.histogram_error
    assert np.abs(off[none]).max() < 5
    assert np.abs(off[:5]).min() > 5
    for i in range(30):
        assert ("made-up point" in scene.captions[i]) == (m.gap.empty[i] > 0)


def test_zero_hits_are_said_with_their_interval() -> None:
    """The preset opens where nothing was accepted. Mutants: "0" alone; the upper end of 3 / n said
    as 0; the frame of another dimension."""
    m = preset("0 hits")
    scene = drawn("methods", m)
    assert m.rejection_seen.hits[scene.start] == 0
    upper = 1 - 0.025 ** (1 / m.n)  # the exact end for no hits
    said = scene.captions[scene.start]
    assert f"0 of 500 (so at most {upper:.3g}, 95%)" in said
    assert m.rejection[scene.start] < upper


def test_a_histogram_in_ten_dimensions_is_empty() -> None:
    """With the target itself as proposal sampling is free, and still most held-out points fall
    where none of 2,000 points fell. Mutants: cells of a fixed width; the preset at another d."""
    m = preset("Histogram in ten dimensions")
    scene = drawn("methods", m)
    assert scene.frame_values[scene.start] == 10
    assert m.rejection_seen.hits[9] == 2000
    assert m.gap.empty[9] > 50
    assert m.gap.histogram[9] > 10 * m.gap.kernels[9]
    assert f"{m.gap.empty[9]} of 100 held-out points fall in empty cells" in scene.captions[9]


def test_infinite_variance_is_said() -> None:
    """Mutants: a limit above 0; rejection counted although no envelope exists."""
    m = at("methods", s=0.7)
    scene = drawn("methods", m)
    assert m.rejection_seen is None
    assert not m.effective.any()
    assert "rejection is impossible" in scene.captions[0]
    assert "infinite variance" in scene.captions[0]
    words = [t.text[0] for p in scene.panels for t in p.layers if isinstance(t, Text)]
    assert words == ["impossible: p/q has no bound", "exact limit: 0 (infinite variance)"]


def test_a_control_of_one_method_leaves_the_others() -> None:
    """Mutant: one stream of random numbers for all four."""
    a, b = at("methods"), at("methods", s=0.8)  # where rejection draws nothing
    assert np.array_equal(a.walk_seen.hits, b.walk_seen.hits)
    assert np.array_equal(a.gap.histogram, b.gap.histogram)
    c = at("methods", step=2.0)
    assert np.array_equal(a.effective_seen.median, c.effective_seen.median)


# ---------------------------------------------------------------- a network


def test_a_cycle_is_refused_and_shown() -> None:
    """Mutants: the refused arrow in the factorisation; the cycle not named; drawn like the rest;
    the accepted arrows of the cycle drawn as refused."""
    r = preset("Cycle refused")
    assert r.cycles == (("C", "A", "B", "C"),)
    assert r.factorisation == "p(A) p(B | A) p(C | B) p(D | C)"
    scene = drawn("network", r)
    assert all("Refused: C → A would close the cycle C → A → B → C." in c for c in scene.captions)
    kept, no = layer(scene, Arrows), layer(scene, Arrows, 0, 1)
    assert (kept.color, no.color) == ("ink", "bad")
    corners = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]])  # A B C D clockwise
    for arrows, pairs in ((kept, [(0, 1), (1, 2), (2, 3)]), (no, [(2, 0)])):
        near = [np.linalg.norm(corners[:, None] - e, axis=-1).argmin(0)
                for e in (arrows.start, arrows.end)]  # fmt: skip
        assert list(zip(*(end.tolist() for end in near), strict=True)) == pairs
    mark = layer(scene, Points)
    assert (mark.symbol, mark.name) == ("cross", "refused: would close a cycle")
    np.testing.assert_allclose(mark.xy, [[0.0, 0.0]], atol=1e-12)  # between C and A
    back = drawn("network", at("network", graph="A B; A>B, B>A"))  # beside the arrow, not on it
    kept, no = layer(back, Arrows), layer(back, Arrows, 0, 1)
    assert np.abs(kept.start[0, 0] - no.end[0, 0]) > 0.05
    cross = next(p for p in scene.panels[1].layers if getattr(p, "symbol", "") == "cross")
    assert cross.xy.tolist() == [[0.0, 1.0]]  # column A, row C of A B C D from the top


def test_a_click_toggles_the_arrow_of_its_row_and_column() -> None:
    """As the player reports it, through the page's own edit. Mutants: rows from below; parent and
    child exchanged; the click judged on the defaults instead of the picture."""
    view = PAGE.views["network"]
    p = PAGE.params(view="network", graph="A B C; A>B")

    def click(x: float, y: float) -> dict[str, Any]:
        return picture.changes(PAGE, view, {"layer": "arrows", "xy": [x, y]}, p)

    assert click(2.3, 0.8) == {"graph": "A B C; A>B, B>C"}  # column C, row B
    assert click(0.9, 2.1) == {"graph": "A B C;"}  # A to B is taken away
    assert click(0.0, 1.0) == {"graph": "A B C; A>B, B>A"}  # kept in the text, refused
    with pytest.raises(ValueError, match="its own parent"):
        click(0.0, 2.0)
    with pytest.raises(ValueError, match="inside the table"):
        click(5.0, 0.0)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=3))
@settings(max_examples=60, deadline=None)
def test_any_click_of_a_browser_is_answered_or_refused(xy: list[float]) -> None:
    """Mutant: an infinity that ends in another exception than the frame understands."""
    p = PAGE.params(view="network")
    try:
        found = picture.changes(PAGE, PAGE.views["network"], {"layer": "arrows", "xy": xy}, p)
    except (LookupError, TypeError, ArithmeticError, ValueError):
        return
    graph_text.parse(found["graph"])


@pytest.mark.parametrize("states", [2, 4])
def test_intervals_cover_the_marginals(states: int) -> None:
    """Exact 95% intervals miss at most one time in twenty: over 200 seeds and the independent
    variables B and E, beyond 0.05 + 4 standard errors with probability 3e-5. Each end
    against SciPy. Mutants: lower ends at 0; the share of another variable; draws counted from the
    first frame on; k - 1 states."""
    missed = total = 0
    for seed in range(200):
        r = at("network", states=states, seed=seed)
        f = int(np.flatnonzero(r.draws == 50)[0])
        if seed < 5:
            for share, low, high in zip(r.share[f].ravel(), r.low[f].ravel(), r.high[f].ravel(),
                                        strict=True):  # fmt: skip
                exact = stats.binomtest(round(50 * share), 50).proportion_ci(0.95, "exact")
                np.testing.assert_allclose([low, high], exact, rtol=1e-6, atol=1e-12)
        for j in (0, 1):  # B, E: one state of each, so that the intervals are independent
            missed += not r.low[f, j, 0] <= r.marginal[j, 0] <= r.high[f, j, 0]
            total += 1
    assert missed / total < 0.05 + 4 * (0.05 * 0.95 / total) ** 0.5
    np.testing.assert_allclose(r.marginal.sum(1), 1)
    np.testing.assert_allclose(r.share[-1].sum(1), 1)


@pytest.mark.parametrize("most", [4, 6])
def test_short_names_differ(most: int) -> None:
    """Mutants: cut alone; numbers per cut name, which can meet again once they are shorter."""
    names = ("Variance1", "Variance2", "VarAAx123", "VarAAy123", "VarABx123", "VarABy123", "X")
    short = dimensionality_network._short(names, most)
    assert len(set(short)) == len(names)
    assert max(map(len, short)) <= most
    assert short[-1] == "X"
    assert dimensionality_network._short(("Sprinkler", "Rain"), 6) == ["Sprin.", "Rain"]


def test_rows_left_out_are_counted_in_words() -> None:
    """Mutants: "1 more rows are"; thousands without their comma."""
    some = "A B C D E; A>E, B>E, C>E, D>E, A>B, B>C"  # 1 + 2 + 2 + 1 + 16 rows
    assert "more" not in PAGE.views["network"].show(at("network", graph=some))[1].caption
    one = some.replace("C>E", "C>E, A>C") + ", A>D"  # 1 + 2 + 4 + 2 + 16
    caption = PAGE.views["network"].show(at("network", graph=one))[1].caption
    assert caption.endswith("rows. 1 more row is in the data.")
    arrows = ", ".join(f"{a}>{b}" for a, b in combinations("ABCDEFG", 2))
    full = at("network", graph=f"A B C D E F G; {arrows}", states=4)
    caption = PAGE.views["network"].show(full)[1].caption
    assert caption.endswith(f" {(4**7 - 1) // 3 - 24:,} more rows are in the data.")


def test_the_first_draw_is_made_parents_first() -> None:
    """Mutants: a child shown before its parent; the states of another draw."""
    r = at("network")
    d = len(r.order)
    for f in range(d + 1):
        known = {n for n, s in zip(r.graph.names, r.shown[f], strict=True) if s >= 0}
        assert known == set(r.order[:f])
        for name in known:
            assert set(r.graph.parents[name]) <= known
    assert r.draws[d] == 1
    assert np.array_equal((r.shown[d][:, None] == np.arange(2)).astype(float), r.share[d])


def test_the_picture_of_the_network_is_the_network() -> None:
    """Mutants: bars in the order of drawing; the matrix transposed; a table's numbers of another
    variable."""
    r = at("network")
    scene = drawn("network", r)
    assert np.array_equal(layer(scene, Bars, 2).height, r.share.reshape(len(r.draws), -1))
    assert np.array_equal(layer(scene, Points, 2).xy[:, 1], r.marginal.ravel())
    ends = layer(scene, Path, 2).xy[-1].reshape(-1, 3, 2)[:, :2, 1]
    np.testing.assert_array_equal(ends, np.stack([r.low[-1].ravel(), r.high[-1].ravel()], axis=1))
    spots = layer(scene, Points, 1).xy
    names = r.graph.names
    read = {(names[len(names) - 1 - round(y)], names[round(x)]) for x, y in spots}
    assert read == set(r.graph.arrows)
    table = PAGE.views["network"].show(r)[1]
    assert ["p(A | B = 0, E = 1)", *(f"{v:.3f}" for v in r.tables[2][0, 1])] in table.rows
    assert "together 10, the full table 31" in table.caption
    alone = dimensionality_network.caption(at("network", graph="A;"), 0)
    assert alone == "Nothing is drawn yet. p(A) = p(A): 1 number, the full table 1."


# ---------------------------------------------------------------- digits


def test_scores_are_those_of_the_models() -> None:
    """Each model once more by hand on the first 100 images. Mutants: fitted to all images; scored
    on the training images; the error without its root; the columns of two models exchanged."""
    r = eight()
    data = digits.load("8 x 8")
    x, test = digits.binary(data.train, 17)[:100], digits.binary(data.test, 17)
    f = int(np.flatnonzero(r.n == 100)[0])
    above = pixel_networks.neighbours(8, "left, above")
    for m, parent in enumerate((trees.independent(64), trees.chain(64), trees.chow_liu(x))):
        again = trees.bits_per_pixel(trees.fit(x, parent), test)
        np.testing.assert_allclose([r.bits[f, m], r.bits_error[f, m]], again, rtol=1e-12)
    again = pixel_networks.bits_per_pixel(pixel_networks.fit(x, above), test)
    np.testing.assert_allclose([r.bits[f, 3], r.bits_error[f, 3]], again, rtol=1e-12)
    one = eight(components=1)  # a mixture of one is independent pixels
    np.testing.assert_allclose(one.bits[:, 4], one.bits[:, 0], rtol=1e-9)
    np.testing.assert_allclose(one.bits_error[:, 4], one.bits_error[:, 0], rtol=1e-9)
    make, _, noise = np.random.default_rng(PAGE.params().seed).spawn(3)  # the page's own streams
    small, few = eight(components=3), x[:10]
    start = bernoulli_mixture.init(few, 3, rng=make)
    *_, (state, _) = islice(bernoulli_mixture.fit(few, start), digit_fits.STEPS)
    each = -bernoulli_mixture.log_prob(state, test) / np.log(2) / 64
    again = [each.mean(), stats.sem(each)]
    np.testing.assert_allclose([small.bits[0, 4], small.bits_error[0, 4]], again, rtol=1e-9)
    z, z_test = (gaussian_images.dequantise(p, 17, rng=noise) for p in (data.train, data.test))
    for g, diagonal in enumerate((True, False)):
        model = gaussian_images.fit(z[:100], diagonal=diagonal, shrinkage=0.1, floor=0.03)
        again = gaussian_images.bits_per_pixel(model, z_test, 17)
        np.testing.assert_allclose([r.grey[f, g], r.grey_error[f, g]], again, rtol=1e-9)
    noise = np.random.default_rng(r.n_test)  # other noise than the page's: only close
    z, z_test = (gaussian_images.dequantise(p, 17, rng=noise) for p in (data.train, data.test))
    for g, diagonal in enumerate((True, False)):
        model = gaussian_images.fit(z, diagonal=diagonal, shrinkage=digit_fits.SHRINKAGE,
                                    floor=digit_fits.FLOOR)  # fmt: skip
        bits, error = gaussian_images.bits_per_pixel(model, z_test, 17)
        # the same images under other noise: well inside one standard error over the images
        assert abs(r.grey[-1, g] - bits) < error
        assert r.grey_error[-1, g] == pytest.approx(error, rel=0.1)


def test_parameters_are_counted() -> None:
    """Mutants: the mixture without its weights; absent parents counted; the components that were
    asked for where there are fewer images."""
    r = eight(components=3)
    by_hand = [64, 127, 127, 1 + 7 * 2 + 7 * 2 + 49 * 4, 2 + 3 * 64, 128, 64 + 64 * 65 // 2]
    assert r.n_parameters.tolist() == [by_hand] * 8
    table = PAGE.views["digits"].show(r)[1]
    assert [row[2] for row in table.rows] == [f"{n:,}" for n in by_hand]
    many = eight(components=20)  # but ten images have ten components
    assert many.K.tolist() == [10, *[20] * 7]
    assert many.n_parameters[:, 4].tolist() == [9 + 10 * 64, *[19 + 20 * 64] * 7]
    row = PAGE.views["digits"].show(many)[1].rows[4]
    assert [row[0], row[2]] == ["mixture of 20 (10 at n = 10)", "649 to 1,299"]
    said = drawn("digits", many).captions
    assert " (of only 10 components); best: " in said[0]
    assert "of only" not in said[1]
    assert "(± one standard error)" in said[0]


def test_the_noise_floor_is_said_as_it_is_used() -> None:
    """A pixel that is always black keeps the variance 0.03^2 and that of its own noise.
    Mutants: 0.03 added to the variance; the floor called a variance in the words."""
    z = np.random.default_rng(0).random((50, 2)) / 17
    for diagonal in (True, False):
        g = gaussian_images.fit(z, diagonal=diagonal, floor=digit_fits.FLOOR)
        root = g.root if diagonal else np.linalg.norm(g.root, axis=1)
        np.testing.assert_allclose(root**2, z.var(0) + 0.03**2, rtol=1e-9)
    words = PAGE.views["digits"].show(eight())[1].caption
    assert "noise of standard deviation 0.03 (0.03² is added to every variance;" in words


def test_more_arrows_need_more_images() -> None:
    """What the page says: few images favour few numbers, many favour the neighbours, and a mixture
    of 20 over them. Differences of more than three times both standard errors, which are over the
    same images; of the mixture's, image by image. Mutant: a mixture of fewer than was asked for."""
    few = eight(above="six before")
    wide = 3 * (few.bits_error[:, 3] + few.bits_error[:, 2])
    assert few.bits[0, 2] > few.bits[0, 0] + wide[0] / 2  # a tree of ten images is worse than none
    assert few.bits[0, 3] > few.bits[0, 0] + wide[0] / 2
    assert few.bits[-1, 3] < few.bits[-1, 2] - wide[-1]
    assert few.bits[-1, 3] < few.bits[-1, 0] - wide[-1]
    assert few.bits[-1].argmin() == 3
    data = digits.load("8 x 8")
    x, test = (digits.binary(p, 17) for p in (data.train, data.test))
    near = pixel_networks.fit(x, pixel_networks.neighbours(8, "six before"))
    *_, (state, _) = islice(
        bernoulli_mixture.fit(x, bernoulli_mixture.init(x, 20, rng=np.random.default_rng(5))),
        digit_fits.STEPS,
    )
    won = bernoulli_mixture.log_prob(state, test) - pixel_networks.log_prob(near, test)
    assert won.mean() > 3 * stats.sem(won)
    twenty = eight(above="six before", components=20)
    assert np.all(twenty.n[-2:] == [800, 1200])
    assert np.all(twenty.bits[-2:].argmin(1) == 4)
    assert few.grey[1, 1] > few.grey[1, 0]  # 20 images for 2,144 numbers
    assert few.grey[-1, 1] < few.grey[-1, 0]


def test_mnist_says_its_source_and_draws_its_digits() -> None:
    """Mutants: the 8 x 8 digits under the other name; images of the training set called real."""
    r = preset("MNIST digits")
    assert "MNIST" in r.source
    assert (r.side, r.levels, r.n_test) == (28, 256, 1000)
    test = digits.binary(digits.load("28 x 28").test, 256)
    assert np.array_equal(r.real.reshape(8, 784), test[:8])
    assert r.bits[-1].argmin() == 3  # neighbours
    assert np.all(np.diff(r.bits, axis=0) < 5 * r.bits_error[1:])  # images help


def test_the_images_are_the_draws() -> None:
    """Rows from the top: real, then each model. Mutants: another model's row; frames reversed;
    whiskers of one standard error below."""
    r = at("digits")
    scene = drawn("digits", r)
    value = layer(scene, Images).value
    assert np.array_equal(value[-1, :8], r.real)
    for m in range(5):
        assert np.array_equal(value[2, 8 * (m + 1) : 8 * (m + 2)], r.drawn[2, m])
    labels = layer(scene, Text)
    assert list(labels.text) == ["real", *digit_fits.BINARY]
    assert np.all(np.diff(labels.xy[:, 1]) < 0)
    assert np.array_equal(layer(scene, Lines, 1).y, r.bits.T)
    assert np.array_equal(layer(scene, Lines, 3).y, r.grey.T)
    for panel, mean, error in ((1, r.bits, r.bits_error), (3, r.grey, r.grey_error)):
        for m in range(mean.shape[1]):
            ends = layer(scene, Path, panel, m).xy.reshape(-1, 3, 2)[:, :2, 1]
            both = np.stack([mean - 2 * error, mean + 2 * error], axis=-1)[:, m]
            np.testing.assert_allclose(ends, both)


def test_mixture_of_the_page_is_the_library_s() -> None:
    """Its held-out score beside a run of its own from another start: within the spread that starts
    have. Mutant: scores of the state before EM."""
    r = eight()
    data = digits.load("8 x 8")
    x, test = (digits.binary(p, 17) for p in (data.train, data.test))
    start = bernoulli_mixture.init(x, 10, rng=np.random.default_rng(5))
    before = -bernoulli_mixture.log_prob(start, test).mean() / np.log(2) / 64
    run = bernoulli_mixture.fit(x, start)
    for _ in range(digit_fits.STEPS):
        state, _ = next(run)
    after = -bernoulli_mixture.log_prob(state, test).mean() / np.log(2) / 64
    assert abs(r.bits[-1, 4] - after) < 0.2 * (before - after)


@pytest.mark.parametrize("view", list(PAGE.views))
def test_the_picture_stays_small(view: str) -> None:
    """What travels to a phone: 0.3 MB at the default, 1.5 MB at most."""
    assert len(drawn(view, at(view)).pack()) < 300_000
    if view == "digits":
        assert len(drawn(view, at(view, data="28 x 28")).pack()) < 1_500_000
