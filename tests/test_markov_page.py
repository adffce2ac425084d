"""The page of Markov chains: what is drawn is what was computed, and presets show what they say."""

import json
from typing import Any

import numpy as np
import pytest

from dgmlib.figures import markov_graph
from dgmlib.figures.scene import Arrows, Bars, HeatMap, Lines, Path, Pick, Points, Scene, Text
from dgmlib.figures.table import Table
from dgmlib.markov import chain, named, settle, text
from dgmlib.ui import picture, server, spec

PAGE = spec.of("markov_chains")
VIEWS = list(PAGE.views)
MATRIX = 2  # the panel that can be clicked
EACH = [(view, name) for view in VIEWS for name in named.CHAINS]


def at(view: str, **values: Any) -> Any:
    """The result of a view at its defaults but for ``values``."""
    return PAGE.views[view].compute(PAGE.params(view=view, **values))


def drawn(view: str, shown: Any) -> Scene:
    items = PAGE.views[view].show(shown)
    return items[0] if isinstance(items, list) else items


def preset(name: str) -> tuple[Any, Scene]:
    values = dict(PAGE.presets[name])
    view = values.pop("view", "walkers")
    shown = at(view, **values)
    return shown, drawn(view, shown)


def layers(scene: Scene, kind: type, panel: int = 0) -> list[Any]:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)]


# ---------------------------------------------------------------- the picture is the numbers


@pytest.mark.parametrize(("view", "name"), EACH)
def test_every_chain_is_drawn_in_every_view(view, name):
    """Mutants: a chain without arrows, a state without a class, a curve without a value."""
    scene = drawn(view, at(view, chain=name))
    assert 1000 < len(scene.pack()) < 300_000
    assert scene.frame_values is not None
    assert len(scene.captions) == len(scene.frame_values)
    for said in scene.captions:
        assert "nan" not in said
        assert "inf " not in said
        assert "-" not in said  # a true minus sign
    assert len(drawn(view, at(view, chain=name)).pack()) == len(scene.pack())


@pytest.mark.parametrize("rows", ["1 0, 0 1", "0 1, 1 0", "1 1000000, 1000000 1", "1 0, 1 4e-9",
                                  ", ".join(["1 2 3 4 5 6"] * 6)])  # fmt: skip
@pytest.mark.parametrize("view", VIEWS)
def test_own_rows_are_drawn(view, rows):
    """Mutants: an identity without a mean time of return; flows of nothing; a time beyond 2^53."""
    scene = drawn(view, at(view, chain=named.OWN, rows=rows))
    assert len(scene.pack()) > 1000
    P = text.parse_chain(rows)
    numbers = layers(scene, Text, MATRIX)[0]
    assert list(numbers.text) == [markov_graph.prob(p) for p in P.ravel()]


@pytest.mark.parametrize(
    ("p", "said"),
    [(0, "0"), (1, "1"), (0.5, "0.5"), (1 / 3, "0.333"), (1 / 12, "0.083"), (4e-9, "<0.001"),
     (1 - 1e-9, ">0.999"), (0.03, "0.03"), (0.9996, ">0.999"), (0.001, "0.001")],
)  # fmt: skip
def test_probabilities_in_words(p, said):
    """Mutant: 0 for what may happen, 1 for what may not."""
    assert markov_graph.prob(p) == said


@pytest.mark.parametrize("start", ["A", "uniform"])
def test_bars_walkers_and_graph_are_the_run(start):
    """Mutants: bars of the step before; errors of the wrong bars; walkers beside their state; the
    long run of another start; an arrow the wrong way."""
    w = at("walkers", start=start)
    scene = drawn("walkers", w)
    exact, seen = layers(scene, Bars, 1)
    assert np.array_equal(exact.height, w.exact)
    assert np.array_equal(seen.height, w.seen)
    assert np.array_equal(seen.error, w.error)
    dashes = layers(scene, Path, 1)[0].xy  # (n, 2, 2)
    assert np.array_equal(dashes[..., 1], np.stack([w.long_run] * 2, 1))
    crowd = next(p for p in layers(scene, Points) if "walkers" in p.name)
    places = markov_graph.places(5)
    away = np.linalg.norm(crowd.xy[:, :, None] - places, axis=-1)  # (T + 1, m, n)
    assert np.array_equal(away.argmin(-1), w.path[:, :240])
    assert away.min(-1).max() < markov_graph.RADIUS
    assert (crowd.group is None) == (start == "A")
    if start == "uniform":
        assert np.array_equal(crowd.group, w.path[0, :240])
    drawn_pairs = set()
    for a in layers(scene, Arrows):
        for begin, end in zip(a.start, a.end, strict=True):
            i = int(np.linalg.norm(places - begin, axis=1).argmin())
            j = int(np.linalg.norm(places - end, axis=1).argmin())
            drawn_pairs.add((i, j))
            low = max(v for v, width, _ in markov_graph.WIDTHS if width <= a.width)
            assert w.chain.P[i, j] >= low
    assert drawn_pairs == {(i, j) for i in range(5) for j in range(5)}  # each page leads to each


def test_arrows_exist_where_probabilities_do():
    """Mutants: P transposed; loops left out; an arrow for 0."""
    P = named.CHAINS["two classes"].P
    places = markov_graph.places(6)
    found = np.zeros((6, 6), dtype=bool)
    for a in markov_graph.arrow_layers(P):
        if isinstance(a, Arrows):
            for begin, end in zip(a.start, a.end, strict=True):
                i = int(np.linalg.norm(places - begin, axis=1).argmin())
                j = int(np.linalg.norm(places - end, axis=1).argmin())
                found[i, j] = True
    assert np.array_equal(found, P > 0)


def test_the_matrix_shows_and_takes_what_is_clicked():
    """Mutants: row 0 at the bottom of the bars, of the colours or of the numbers; a click that is
    read in another cell than the one it hits."""
    P = named.CHAINS["five pages"].P
    panel = markov_graph.matrix_panel(P, area=(0, 0, 1, 1))
    bars = [b for b in panel.layers if isinstance(b, Bars)]
    for i, bar in enumerate(bars):
        np.testing.assert_allclose((bar.height - bar.base) / text.FULL, P[i])
        assert bar.base == 4 - i + text.FOOT
        for j in range(5):  # a click on the top of a bar asks for what is there, to 0.05
            Q = text.click(P, float(bar.x[j]), float(bar.height[j]))
            assert abs(Q[i, j] - P[i, j]) <= text.STEP / 2 + 1e-12
    heat = next(h for h in panel.layers if isinstance(h, HeatMap))
    assert np.array_equal(heat.value, P[::-1])  # row 0 of a heat map is at the bottom
    numbers = next(t for t in panel.layers if isinstance(t, Text))
    where = {tuple(xy): words for xy, words in zip(numbers.xy.tolist(), numbers.text, strict=True)}
    assert where[(4.5, 4.5)] == "0.88"  # from A, the row on top, to E, the last column
    assert [tick for _, tick in panel.y.ticks or ()] == list("ABCDE")
    assert [v for v, _ in panel.y.ticks or ()] == [4.5, 3.5, 2.5, 1.5, 0.5]
    assert any(isinstance(layer, Pick) for layer in panel.layers)


@pytest.mark.parametrize("view", VIEWS)
def test_a_click_makes_the_chain_the_readers_own(view):
    """From a named chain and from own rows. Mutants: the rows of the default changed instead of
    those that are shown; the name of the chain kept."""
    view_, done = PAGE.views[view], {"layer": "cell", "xy": [4.5, 4.5]}
    p = PAGE.params(view=view, chain="five pages")
    new = picture.changes(PAGE, view_, done, p)
    assert new["chain"] == named.OWN
    P = named.load(new["chain"], rows=new["rows"]).P
    assert P[0, 4] == pytest.approx(0.5)
    np.testing.assert_allclose(P[1:], named.CHAINS["five pages"].P[1:], rtol=0, atol=1e-12)
    p = PAGE.params(view=view, **new)
    again = picture.changes(PAGE, view_, {"layer": "cell", "xy": [0.5, 0.01]}, p)
    Q = named.load(again["chain"], rows=again["rows"]).P
    assert Q[4, 0] == 0
    np.testing.assert_allclose(Q[:4], P[:4], rtol=0, atol=1e-12)
    for wrong in ([9, 9], [1], ["x", 1], [float("nan"), 1], None, [1, 2, 3]):
        with pytest.raises((ValueError, TypeError, LookupError)):
            picture.changes(PAGE, view_, {"layer": "cell", "xy": wrong}, p)


def test_the_server_answers_a_click_with_the_picture_of_the_page():
    """Mutant: an answer that does not know which chain was clicked."""
    edit = {"layer": "cell", "xy": [4.5, 4.5]}
    asked = {"page": "markov_chains", "view": "speed", "item": 0, "edit": edit,
             "params": {"chain": "weather"}}  # fmt: skip
    with pytest.raises(ValueError, match="outside the matrix"):
        server.answer(json.dumps(asked).encode())
    edit["xy"] = [0.5, 1.5]
    p = PAGE.params(view="speed", chain="weather")
    new = picture.changes(PAGE, PAGE.views["speed"], edit, p)
    wanted = drawn("speed", at("speed", **new)).pack()
    assert server.answer(json.dumps(asked).encode()) == wanted


# ---------------------------------------------------------------- classes


def test_class_pictures_and_table_are_the_solution():
    """Mutants: columns of classes exchanged; a return drawn at time 0; P^t one step late, or its
    rows upside down; the time of return of a transient state."""
    r = at("classes", chain="two classes")
    items = PAGE.views["classes"].show(r)
    scene, table = items
    assert isinstance(table, Table)
    assert list(table.columns[-4:]) == ["ends in CD", "ends in EF", "π on CD", "π on EF"]
    by_state = {row[0]: row[1:] for row in table.rows}
    assert by_state["A"][:2] == ["transient", "1"]
    assert by_state["A"][3] == "∞"
    assert by_state["E"][:2] == ["recurrent", "2"]
    assert by_state["E"][3] == pytest.approx(2)
    # from A: a = (2 b + 1 * 0) / 4 + a / 4, from B: b = (a + b + 1) / 3 for the class C, D
    a, b = np.linalg.solve([[0.75, -0.5], [-1 / 3, 2 / 3]], [0, 1 / 3])
    assert by_state["A"][5:7] == pytest.approx([a, 1 - a])
    assert by_state["B"][5:7] == pytest.approx([b, 1 - b])
    assert by_state["C"][7] == pytest.approx(3 / 7)
    stamps = layers(scene, Points, 1)[0].xy
    marks = {(int(t), int(5 - y)) for t, y in stamps}
    assert marks == {(t, i) for t in range(1, 41) for i in range(6) if i < 4 or t % 2 == 0}
    heat = layers(scene, HeatMap, 3)[0].value
    for t in (0, 1, 17):
        P_t = np.linalg.matrix_power(named.CHAINS["two classes"].P, t)
        np.testing.assert_allclose(heat[t, ::-1], P_t, atol=1e-12)
    assert "2 recurrent classes" in scene.captions[0]
    names = [p.name for p in layers(scene, Points) if p.name]
    assert names == ["A, B: transient, period 1", "C, D: recurrent, period 1",
                     "E, F: recurrent, period 2"]  # fmt: skip
    looks = [(p.symbol, p.color) for p in layers(scene, Points) if p.name]
    assert len({s for s, _ in looks}) == 3  # colour is not the only sign
    loops = drawn("classes", at("classes", chain="loops of 4 and 6"))
    assert "gcd of the times so far: A 4, B 4, C 4, D 4, E none" in loops.captions[4]
    assert "gcd of the times so far: A 2" in loops.captions[6]
    assert "period 2: Pᵗ does not converge" in loops.captions[-1]


# ---------------------------------------------------------------- flows and speed


def test_flow_pictures_are_the_flows():
    """Mutants: the arrow of a net flow turned round; the two bars of a pair exchanged; an entropy
    production that is not that of the frame."""
    u = at("flows")
    scene = drawn("flows", u)
    net = u.flow - u.flow.transpose(0, 2, 1)
    places = markov_graph.places(5)
    arrows = layers(scene, Arrows)[0]
    way = arrows.end - arrows.start  # (F, m, 2)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    for k, (i, j) in enumerate(pairs):
        along = way[:, k] @ (places[j] - places[i])
        assert (np.sign(along.round(12)) == np.sign(net[:, i, j].round(12))).all()
    there, back = layers(scene, Bars, 1)
    for k, (i, j) in enumerate(pairs):
        assert np.array_equal(there.height[:, k], u.flow[:, i, j])
        assert np.array_equal(back.height[:, k], u.flow[:, j, i])
    assert np.array_equal(layers(scene, Lines, 3)[0].y[0], u.entropy)
    middle = scene.captions[len(u.s) // 2]
    assert "no net flow; entropy production 0.000" in middle
    assert "largest net flow 0.174 from A to E" in scene.captions[0]
    assert "from E to A" in scene.captions[-1]
    still = drawn("flows", at("flows", chain="weather"))
    assert "Reversible: every cycle" in still.captions[0]
    one_way = drawn("flows", at("flows", chain="loops of 4 and 6"))
    assert "entropy production infinite" in one_way.captions[0]
    assert np.isnan(layers(one_way, Lines, 3)[0].y[0, [0, -1]]).all()


def test_nearly_reversible_is_not_reversible():
    """Mutants: 0.125 forwards and 0.125 backwards; a bound refused with a traceback's words."""
    shown = at("flows", chain=named.OWN, rows="0 1 1, 1 0 1.0000001, 1 1 0")
    said = drawn("flows", shown).captions[0]
    forward, backward = said.split("has probability ")[1].rstrip(".").split(" forwards, ")
    assert float(forward) != float(backward.split()[0])
    close = at("speed", chain=named.OWN, rows="0 1 1, 1 0 1, 1 1.0000000008 0")
    assert "the spectral bound does not apply" in drawn("speed", close).captions[0]


def test_shares_are_not_rounded_to_certainty():
    """Mutant: π 1 and π 0 for what is neither."""
    shown = at("flows", chain=named.OWN, rows="1 1e-5, 1 1")
    share = layers(drawn("flows", shown), Text)[0]
    assert list(share.text) == ["π >0.999", "π <0.001"]


def test_only_the_largest_pairs_are_drawn_and_the_title_says_so():
    """Mutants: the first ten pairs; a title that promises all."""
    rows = ", ".join(["1 2 3 4 5 6"] * 6)
    u = at("flows", chain=named.OWN, rows=rows)
    scene = drawn("flows", u)
    bars = layers(scene, Bars, 1)[0]
    total = sorted((u.flow[0] + u.flow[0].T)[np.triu_indices(6, 1)])
    assert bars.height.shape[1] == 10
    assert sorted(bars.height[0] * 2) == pytest.approx(total[-10:])  # reversible: twice one way
    assert "the 10 largest" in scene.panels[1].title


def test_speed_curves_are_the_distances():
    """Mutants: the bound of another laziness; d for d̄; a spectral bound for every chain."""
    f = at("speed", chain="lazy ring of 6")
    scene = drawn("speed", f)
    curves = layers(scene, Lines)[0]
    y = dict(zip(curves.names, np.moveaxis(curves.y, 1, 0), strict=True))
    exact = {"from π, d(t)": f.d, "two starts apart, d̄(t)": f.dd}
    bounds = {"Dobrushin bound": f.dobrushin, "spectral bound": f.spectral}
    assert list(y) == [*exact, *bounds]
    for name, values in (exact | bounds).items():
        np.testing.assert_array_equal(y[name], np.where(values > 1e-6, values, np.nan))
    dots = np.concatenate([p.xy for p in layers(scene, Points, 1)], axis=1)
    for k in (0, 20):
        Q = (1 - f.lazy[k]) * f.chain.P + f.lazy[k] * np.eye(6)
        assert sorted(dots[k, :, 0]) == pytest.approx(sorted(np.linalg.eigvalsh(Q)))
    mix = layers(scene, Lines, 3)[0]
    assert mix.y[0].tolist() == f.mixing.tolist()
    assert "spectral bound" not in layers(drawn("speed", at("speed")), Lines)[0].names
    assert "Not reversible: the spectral" in drawn("speed", at("speed")).captions[0]
    gone = drawn("speed", at("speed", chain="gambler's ruin"))
    assert layers(gone, Lines)[0].names == ("two starts apart, d̄(t)", "Dobrushin bound")
    assert "no laziness makes it forget" in gone.captions[5]


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.5, "0.500"), (3.0, "3"), (71.0, "71"), (1412.0, "1,412"), (7.46e-4, "7.5·10⁻⁴"),
     (1.1e-9, "1.1·10⁻⁹"), (3e-17, "less than 10⁻¹²"), (9.766e41, "9.8·10⁴¹"), (1e10, "1.0·10¹⁰")],
)  # fmt: skip
def test_sizes_in_words(value, said):
    """Mutants: a power without its sign; zeros stripped from 10 and 20."""
    from dgmlib.figures.markov_speed import _size

    assert _size(value) == said


# ---------------------------------------------------------------- presets, prediction, words


def test_presets_show_what_they_say():
    """Mutants: a preset whose chain, view or start was lost."""
    w, scene = preset("Periodic: never settles")
    assert w.unique
    assert not w.settles
    assert (w.distance == w.distance[0]).all() or w.distance[-1] > 0.49
    assert "it has a period" in scene.captions[-1]
    f, scene = preset("Laziness cures it")
    assert np.isinf(f.mixing[0])
    assert np.isfinite(f.mixing[1:]).all()
    assert "any laziness cures that" in scene.captions[0]
    r, _ = preset("Two classes")
    assert sum(c.recurrent for c in r.ends.classes) == 2
    u, scene = preset("Not reversible")
    assert u.cycle is not None
    assert "A→B→C→D→A has probability 0.13 forwards, 0.0016 backwards" in scene.captions[0]
    f, scene = preset("Almost disconnected: slow")
    assert f.mixing[0] == 71
    assert f.gap[0] < 0.011
    assert "from t = 71" in scene.captions[0]
    w, scene = preset("Gambler's ruin")
    assert w.long_run == pytest.approx([0.6, 0, 0, 0, 0, 0.4])
    assert "the start decides" in scene.captions[-1]
    fate = drawn("walkers", at("walkers")).captions[-1]
    assert fate.endswith("It settles to its one stationary distribution.")


def test_the_prediction_is_true():
    """1,000 steps on the ring: three states hold everything, each a third."""
    assert PAGE.prediction is not None
    assert PAGE.prediction.options[PAGE.prediction.answer].startswith("On three of the six")
    late = np.linalg.matrix_power(named.CHAINS["ring of 6"].P, 1000)[0]
    np.testing.assert_allclose(late, [1 / 3, 0, 1 / 3, 0, 1 / 3, 0], atol=1e-12)
    later = late @ named.CHAINS["ring of 6"].P
    np.testing.assert_allclose(later, [0, 1 / 3, 0, 1 / 3, 0, 1 / 3], atol=1e-12)


def test_what_the_text_claims_is_so():
    """The numbers in ``pages/markov_chains.md``."""
    told = (spec.PAGES / "markov_chains.md").read_text(encoding="utf-8")
    rows = told.split('"own rows" and write `')[1].split("`")[0]
    P = text.parse_chain(rows)
    np.testing.assert_allclose(P[1:], named.CHAINS["one way round"].P[1:], atol=1e-15)
    assert chain.is_reversible(P, chain.stationary(P)[0])
    island = chain.evolve(np.eye(6)[0], named.CHAINS["two islands"].P, 10)[-1, :3].sum()
    assert f"{island:.0%}" == "96%"
    assert "96 % of it is still there" in told
    e = settle.ends(named.CHAINS["gambler's ruin"].P)
    assert e.absorbed[2, 1] == pytest.approx(0.4)
    assert e.steps[2] == pytest.approx(6)
    loop = named.CHAINS["loops of 4 and 6"].P.copy()
    loop[2] = [0.5, 0, 0, 0.5, 0, 0]  # the arrow from C to A
    assert chain.classes(loop)[0].period == 1
    lone = np.array([[0.5, 0.5], [0.0, 1.0]])  # settles everywhere, and is not irreducible
    assert not chain.is_irreducible(lone)
    assert settle.settles(lone, [1, 0])


def test_the_same_link_gives_the_same_walkers():
    """Mutant: a generator that outlives its call."""
    one, two, other = at("walkers", seed=4), at("walkers", seed=4), at("walkers", seed=5)
    assert np.array_equal(one.path, two.path)
    assert not np.array_equal(one.path, other.path)
    assert np.array_equal(one.exact, other.exact)


def test_a_start_that_does_not_exist_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match="no state F; start in one of A to B"):
        at("walkers", chain="weather", start="F")
