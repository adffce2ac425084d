"""The page on what a VAE pays: the picture is the cards and the computation, the words are true."""

import re
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from dgmlib.checkpoints import card, store
from dgmlib.data import own_digit
from dgmlib.figures import rate_bound, rate_collapse, rate_plane, rate_scores
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Band, Images, Lines, Pad, Path, Pick, Points, Rules
from dgmlib.ui import picture, spec
from dgmlib.vae import collapse, shelf, tightening, vae

PAGE = spec.of("vae_rate_distortion")
SWEEP = [shelf.name_of(b) for b in shelf.BETAS]


@cache  # results are not written to
def at(view: str, **values: Any) -> Any:
    return PAGE.views[view].compute(PAGE.params(view=view, **values))


def shown(view: str, result: Any) -> tuple[Any, Any]:
    """The scene and the first table."""
    return PAGE.views[view].show(result)[:2]


def layers(scene: Any, kind: type, panel: int = 0) -> list[Any]:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)]


def stated(name: str, score: str) -> dict:
    """A score as it stands in the file."""
    facts = card.read(store.FOLDER / f"{name}.json")
    return next(s for s in facts["scores"] if s["name"] == score)


# ---------------------------------------------------------------- the plane


def test_the_plane_is_the_cards() -> None:
    """Points, whiskers and rows from the files themselves. Mutants: R and D exchanged; one
    standard error drawn as two; checkpoints by name; bits in place of nats; the error of R + D
    from those of R and D, which go together."""
    r = at("rate")
    scene, table = shown("rate", r)
    assert r.names == SWEEP
    assert not r.missing
    points = layers(scene, Points)[0].xy
    across, up = layers(scene, Path)[-2:]
    for i, name in enumerate(SWEEP):
        rate, distortion = stated(name, "rate"), stated(name, "distortion")
        assert points[i] == pytest.approx([rate["value"], distortion["value"]])
        for bars, error, axis in ((across, rate, 0), (up, distortion, 1)):
            low, high = bars.xy[3 * i], bars.xy[3 * i + 1]
            assert high[axis] - low[axis] == pytest.approx(4 * error["error"])
            assert high[1 - axis] == low[1 - axis]
        row = table.rows[i]
        assert row[1] == name
        assert row[3] == f"{num(rate['value'])} ± {num(rate['error'])}"
        assert row[4] == f"{num(distortion['value'])} ± {num(distortion['error'])}"
        elbo = stated(name, "test ELBO")
        assert elbo["value"] == pytest.approx(-rate["value"] - distortion["value"], abs=2e-4)
        assert row[5] == f"{num(-rate['value'] - distortion['value'])} ± {num(elbo['error'])}"
        assert f"is −(R + D) = {row[5]}." in rate_plane.sentence(r._replace(chosen=i))


@pytest.mark.parametrize("beta", ["0.1", "1", "16"])
def test_the_line_has_its_slope(beta: str) -> None:
    """Through the chosen checkpoint, slope -beta, inside the panel; what is said of who lies below.

    Mutants: the slope of 1 / beta; through the first checkpoint; the words of another beta."""
    r = at("rate", beta=beta)
    scene, table = shown("rate", r)
    line = layers(scene, Path)[0]
    (x0, y0), (x1, y1) = line.xy
    assert (y1 - y0) / (x1 - x0) == pytest.approx(-float(beta))
    i = SWEEP.index(shelf.name_of(float(beta)))
    assert y0 + float(beta) * x0 == pytest.approx(r.distortion[i] + float(beta) * r.rate[i])
    (low, high), (bottom, top) = scene.panels[0].x.range, scene.panels[0].y.range
    assert low - 1e-9 <= x0 < x1 <= high + 1e-9
    assert bottom - 1e-6 <= y1 < y0 <= top + 1e-6
    cost = r.distortion + float(beta) * r.rate
    better = (cost < cost[i] - rate_plane.NATS).any()
    assert ("Below the line" in table.caption) == bool(better)
    assert ("No checkpoint lies below" in table.caption) != bool(better)


def test_cards_differ_as_the_prose_says() -> None:
    """Images, draws and epochs behind the scores. Mutant: a card made anew, the old words."""
    r = at("rate")
    assert list(r.epochs) == 8 * [20]
    assert shelf.epochs(store.load("vae-dynamic")) == 120
    others = [f"{m}-{d}" for m in ("vae", "iwae5", "iwae50") for d in ("dynamic", "static")]
    for name in [*SWEEP, *others]:
        draws = "200" if name in SWEEP else "5,000"
        images = "10,000" if name in [*SWEEP, "vae-dynamic"] else "2,000"
        protocol = stated(name, "test log-likelihood")["protocol"]
        assert protocol.startswith(f"importance weighted bound of {draws} draws; {images} test")


def test_a_checkpoint_below_the_line_is_named() -> None:
    """A made-up card: beta = 2 has 30 nats less distortion, so that it wins at beta = 1.

    Mutants: only the first better one named; the nats at another price; nothing said."""
    r = at("rate")
    i = SWEEP.index("beta-2")
    distortion = r.distortion.copy()
    distortion[i] -= 30
    odd = r._replace(distortion=distortion)
    cost = odd.distortion + odd.rate
    by = cost[odd.chosen] - cost[i]
    assert by > 10
    error = sum(odd.distortion_error[j] + odd.rate_error[j] for j in (i, odd.chosen))
    assert f"β = 2 by {num(by)} (± {num(error)} at most)" in shown("rate", odd)[1].caption


def test_a_click_takes_the_nearest() -> None:
    """On and beside every checkpoint, through the frame that reads clicks.

    Mutants: x and y exchanged; the next in the list; a click of words that ends in a traceback."""
    scene, _ = shown("rate", at("rate"))
    assert layers(scene, Pick)[0].name == "checkpoint"
    for b, name in zip(shelf.BETAS, SWEEP, strict=True):
        x, y = (stated(name, s)["value"] for s in ("rate", "distortion"))
        for dx in (-0.1, 0.0, 0.1):
            done = {"layer": "checkpoint", "xy": [x + dx, y - dx]}
            new = picture.changes(PAGE, PAGE.views["rate"], done, PAGE.params())
            assert new == {"beta": f"{b:g}"}
    for wrong in ([np.nan, 1.0], ["a", 1.0], [1.0]):
        with pytest.raises(ValueError):
            picture.changes(PAGE, PAGE.views["rate"], {"layer": "checkpoint", "xy": wrong},
                            PAGE.params())  # fmt: skip


def test_the_digits_are_decoded_by_the_chosen_network() -> None:
    """The strip by each checkpoint, at the mean of q. Mutants: the chosen one for all; logits as
    pixels; the second image."""
    r = at("rate", beta="4", digit="n:7")
    scene, _ = shown("rate", r)
    strip = layers(scene, Images, 2)[0].value
    x = own_digit.bundled().bits[7].astype(np.float32)
    for i, name in enumerate(SWEEP):
        weights = store.load(name).weights
        p = 1 / (1 + np.exp(-vae.decode(weights, vae.encode(weights, x).mean)))
        np.testing.assert_allclose(strip[i].ravel(), p, atol=1e-5)
    rows = layers(scene, Images, 1)[0].value  # (F, 18, 28, 28)
    assert (rows[:, :6] == r.images).all()
    assert ((rows >= 0) & (rows <= 1)).all()
    assert np.abs(np.diff(rows[:, 6:], axis=0)).max() > 0.1  # another draw, another image


def test_prediction_is_true() -> None:
    """The bound is highest at beta = 1, by more than its errors; small beta copies best."""
    r = at("rate")
    bound = -(r.rate + r.distortion)
    assert PAGE.prediction is not None
    assert PAGE.prediction.options[PAGE.prediction.answer] == "β = 1"
    best = int(bound.argmax())
    assert r.beta[best] == 1
    others = np.delete(bound, best)
    error = np.hypot(r.rate_error, r.distortion_error).max()
    assert bound[best] - others.max() > 4 * error
    assert (np.diff(r.distortion) > 0).all()  # in the order of beta
    assert (np.diff(r.rate) < 0).all()
    # some lose at their own price, too: the words must not say that each wins there
    own = [at("rate", beta=f"{b:g}").below.max() for b in r.beta]
    assert (max(own) > rate_plane.NATS) == ("win" not in PAGE.prediction.because)
    assert len(set(r.epochs)) == 1  # "for as long"


# ---------------------------------------------------------------- collapse


def test_captions_count_what_is_drawn() -> None:
    """At every beta: the number of active coordinates, their nats, the turned one.

    Mutants: the counts of beta = 1 in every caption; a threshold on the KL; rank off by one."""
    r = at("collapse", rank=9)
    scene, table = shown("collapse", r)
    assert [float(v) for v in scene.frame_values] == list(shelf.BETAS)
    assert scene.frame_values[scene.start] == 1
    for f, said in enumerate(scene.captions):
        above = r.variance[f] > 0.01
        assert f"{int(above.sum())} of 50 coordinates are active" in said
        assert f"{num(r.kl[f, above].sum())} of {num(r.kl[f].sum())} nats" in said
        state = "active" if above[8] else "collapsed"
        nats, change = rate_collapse.small(r.kl[f, 8]), rate_collapse.share(r.change[f, 8])
        assert f"rank 9 ({state}, {nats} nats) by up to {change}" in said
        assert f"{stated(SWEEP[f], 'active units')['value']:.0f} on held-out ones" in said
        assert table.rows[f][2] == str(int(above.sum()))
        assert not re.search(r"(^|\s)-\d", said)
    one = at("collapse", rank=1)
    assert one.rows.shape[1] == 1  # not twice the same row
    said = shown("collapse", one)[0].captions[3]
    assert said.count("ank 1") == 1
    active = rate_collapse.small(one.kl[3, 0]), rate_collapse.share(one.change[3, 0])
    assert f"of the digit (active, {active[0]} nats) by up to {active[1]}." in said
    np.testing.assert_allclose(one.rows[:, 0], r.rows[:, 0])
    bars = scene.panels[0].layers[0].height
    np.testing.assert_array_equal(bars, r.kl)
    images = layers(scene, Images, 1)[0].value  # (F, 14, 28, 28)
    weights = store.load("beta-4").weights
    x = own_digit.parse(PAGE.params().digit).bits.astype(np.float32)
    z = vae.encode(weights, x).mean
    f = SWEEP.index("beta-4")
    order = collapse.spectrum(weights, own_digit.bundled().bits[: r.n].astype(np.float32)).order
    z[order[8]] = collapse.TURNED[0]
    p = 1 / (1 + np.exp(-vae.decode(weights, z)))
    np.testing.assert_allclose(images[f, 7].ravel(), p, atol=1e-5)


# ---------------------------------------------------------------- one digit


def test_the_small_model_meets_truth() -> None:
    """Over 12 digits, where the weights are trusted the estimate is within its error of the
    integral, and nowhere is it far above. Mutants: the integral of another digit; an integral that
    stops too early (digit 50); 2 pi left out of one side."""
    trusted = 0
    for i in (0, 3, 7, 12, 14, 16, 18, 50, 60, 61, 62, 63):
        r = at("bound", digit=f"n:{i}")
        assert r.checked is not None
        assert r.exact is not None
        off = (r.checked.log_p - r.exact.log_p) / r.checked.log_p_error
        assert off < 5
        if r.checked.pareto < 0.5:
            trusted += 1
            assert abs(off) < 4.5
    assert trusted >= 4


def test_the_bounds_are_drawn_as_computed() -> None:
    """Curves, bands of two errors, the pad and the captions. Mutants: one error; the names
    exchanged; the exact line at the estimate; the digit upside down."""
    r = at("bound", digit="n:3", n=400)
    scene, table = shown("bound", r)
    below = layers(scene, Lines, 2)[0]
    for j, c in enumerate(r.curves):  # shares below: nothing that is cut at a small K
        np.testing.assert_allclose(np.diff(below.y[:, j], prepend=0), c.density, atol=1e-6)
        np.testing.assert_allclose(below.y[:, j, -1], 1)
    np.testing.assert_array_equal(below.x, tightening.EDGES[1:])
    low, high = scene.panels[2].y.range
    assert low <= below.y.min() <= below.y.max() <= high
    line = layers(scene, Lines)[0]
    assert list(line.names) == [rate_bound.SHORT[c.name] for c in r.curves]
    for c, y, band in zip(r.curves, line.y, layers(scene, Band), strict=True):
        np.testing.assert_array_equal(y, c.bound)
        np.testing.assert_allclose(band.high - band.low, 4 * c.error)
    pad = layers(scene, Pad, 1)[0].pixels
    np.testing.assert_array_equal(pad.ravel(), 255 * own_digit.bundled().bits[3].astype(int))
    assert layers(scene, Rules, 3)[0].at == pytest.approx([r.exact.log_p])
    for f in (0, 5, len(r.k) - 1):
        said = scene.captions[f]
        assert said.startswith(f"K = {r.k[f]:,}: ")
        for c in r.curves:
            assert f"{num(c.bound[f])} ± {num(c.error[f])}" in said
        assert f"exact log p(x) = {num(r.exact.log_p)}" in said
        assert "The networks were trained on it" in said
    assert [row[4] for row in table.rows[:-1]] == ["not known"] * len(r.curves)
    assert table.rows[-1][4] == num(r.exact.log_p, 3)


def test_a_drawn_digit_is_new() -> None:
    """The pad's pixels come back as the digit; nobody claims that it was trained on.

    Mutants: the words of a bundled digit; pixels transposed."""
    pixels = np.zeros((28, 28), int)
    pixels[6:22, 13:15] = 255
    done = {"layer": "digit", "pixels": pixels.ravel().tolist()}
    new = picture.changes(PAGE, PAGE.views["bound"], done, PAGE.params())
    r = at("bound", n=200, **new)
    np.testing.assert_array_equal(255 * r.bits.reshape(28, 28).astype(int), pixels)
    said = shown("bound", r)[0].captions[-1]
    assert "No network has seen it" in said
    assert "trained on it" not in said
    empty = at("bound", n=200, digit=own_digit.of_bits(np.zeros(784)))
    assert np.isfinite([c.log_p for c in empty.curves]).all()
    shown("bound", empty)[0].pack()
    assert empty.exact is None  # a few per cent of it lie beyond the grid
    scene, table = shown("bound", empty)
    assert all("No exact value" in said and "the exact" not in said for said in scene.captions)
    assert not layers(scene, Rules, 3)
    assert table.rows[-1][4] == "not known"


def test_a_square_scores_like_a_digit() -> None:
    """As an exercise says: parallel bars far below every one of ten digits, a square among them.

    Mutants: the words of an older network."""
    bars, square = np.zeros((2, 28, 28))
    bars[5:23:4, 5:23] = 1
    square[8:20, 8:20] = 1

    def score(digit: str) -> float:
        return next(c.log_p for c in at("bound", digit=digit, n=200).curves)

    digits = [score(f"n:{i}") for i in range(10)]
    assert score(own_digit.of_bits(bars)) < min(digits) - 50
    assert score(own_digit.of_bits(square)) > np.median(digits)


# ---------------------------------------------------------------- scores


def test_the_table_is_the_cards() -> None:
    """Every cell from the files. Mutants: a gap with the other sign; a published figure typed by
    hand; the error of another score; a checksum cut at the wrong end."""
    r = at("scores")
    items = PAGE.views["scores"].show(r)
    rows = {(row[0], row[1]): row for row in items[1].rows}
    for name in store.names():
        facts = card.read(store.FOLDER / f"{name}.json")
        for s in facts["scores"]:
            row = rows[name, s["name"]]
            error = "" if s.get("error") is None else f" ± {num(s['error'])}"
            digits = 0 if s["unit"].startswith("of ") else 2  # a count has no decimals
            assert row[2] == f"{num(s['value'], digits)}{error} {s['unit']}"
            assert row[6] == s["protocol"]
            if s.get("published") is None:
                assert row[3:6] == ["", "", ""]
                continue
            assert row[3] == num(s["published"], digits)
            assert row[5] == s["reference"]
            gap = float(row[4].replace("−", "-"))
            assert gap == pytest.approx(s["value"] - s["published"], abs=0.0051)
        file = next(row for row in items[2].rows if row[0] == name)
        assert file[6] == card.sha256(store.FOLDER / f"{name}.safetensors")[:12]
        minutes = facts["training"]["minutes"]
        assert f" {minutes:g} minute{'' if minutes == 1 else 's'} on" in file[3]


def test_every_score_is_a_row() -> None:
    """As many rows as scores, as many files as cards; on the picture each log-likelihood once,
    sorted, among those of its data. Mutants: stars of another row; a panel of mixed data; a cut
    axis."""
    r = at("scores")
    cards = [card.read(store.FOLDER / f"{name}.json") for name in store.names()]
    assert len(r.rows) == sum(len(facts["scores"]) for facts in cards)
    assert [one.name for one in r.files] == store.names()
    assert not r.refused
    items = PAGE.views["scores"].show(r)
    drawn = {}
    for i, panel in enumerate(items[0].panels):
        marks, names = layers(items[0], Points, i), [name for _, name in panel.y.ticks]
        x = marks[0].xy[:, 0]
        assert (np.diff(x) >= 0).all()
        assert list(marks[0].xy[:, 1]) == [y for y, _ in panel.y.ticks]
        stars = marks[1].xy[:, 0] if len(marks) > 1 else np.full(len(x), np.nan)
        low, high = panel.x.range
        assert ((low < x) & (x < high)).all()
        assert not ((stars < low) | (stars > high)).any()
        drawn |= {name: (panel.title, *xs) for name, *xs in zip(names, x, stars, strict=True)}
        if len(marks) > 1:  # one kind of data, which the title says
            kinds = {c["data"]["name"] for c in cards if c["name"] in names}
            assert kinds == {panel.title}
        else:
            assert panel.title == "The others, ± 2 s.e."
    assert items[0].panels[0].x.range == items[0].panels[1].x.range
    for facts in cards:
        for s in facts["scores"]:
            if s["name"] == rate_scores.LIKELIHOOD:
                _, *xs = drawn.pop(facts["name"])
                wanted = [s["value"], s.get("published", np.nan)]
                assert xs == pytest.approx(wanted, nan_ok=True)
    assert not drawn


def test_a_phone_has_room_for_every_row() -> None:
    """A panel on a phone is 160 px high inside: names 12 px high need 13 each, so 12 rows at most.

    Mutant: all checkpoints in one panel."""
    for panel in shown("scores", at("scores"))[0].panels:
        assert len(panel.y.ticks) <= 12


@pytest.mark.parametrize("view", ["rate", "collapse"])
def test_images_ask_a_phone_for_the_height_they_fill(view: str) -> None:
    """Their aspect is that of their ranges. Mutants: the images counted without the words beside
    or below them; the inverse; nothing asked, and two thirds of a panel empty."""
    asked = [p for p in shown(view, at(view))[0].panels if isinstance(p.layers[0], Images)]
    assert len(asked) == (2 if view == "rate" else 1)
    for panel in asked:
        (x0, x1), (y0, y1) = panel.x.range, panel.y.range
        assert panel.aspect == pytest.approx((x1 - x0) / (y1 - y0))


def test_a_card_that_cannot_be_read_is_named(monkeypatch: Any, tmp_path: Any) -> None:
    """Mutants: a traceback; a checkpoint left out in silence; an empty table without a word."""
    for end in (".json", ".safetensors"):
        file = f"vae-2d{end}"
        (tmp_path / file).write_bytes((store.FOLDER / file).read_bytes())
    (tmp_path / "odd.json").write_text("{}")
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    read = partial(PAGE.views["scores"].compute, PAGE.params(view="scores"))
    r = read()
    assert [one.name for one in r.files] == ["vae-2d"]
    assert len(r.refused) == 1
    assert [panel.title for panel in shown("scores", r)[0].panels] == ["Test log-likelihood"]
    assert "odd.json" in shown("scores", r)[0].captions[0]
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="there are no checkpoints yet"):
        read()


@pytest.mark.parametrize("view", list(PAGE.views))
def test_scenes_are_small(view: str) -> None:
    scene, _ = shown(view, at(view))
    assert len(scene.pack()) < 200_000
