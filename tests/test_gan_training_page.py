"""The page of games: what is drawn is what was played, and the words are true of the recordings.

Each test names the mutant it kills.
"""

from typing import Any

import numpy as np
import pytest

from dgmlib.figures import training, training_data, training_plane, training_seeds, training_words
from dgmlib.figures.scene import (
    Arrows,
    Band,
    Brush,
    HeatMap,
    Lines,
    Path,
    Pick,
    Points,
    Scene,
    Text,
)
from dgmlib.gan import eight_seeds, given, recorded, side_by_side, watched
from dgmlib.gan.methods import METHODS
from dgmlib.gan.recorded import RUNS
from dgmlib.ui import fields, spec
from tests.short_games import OWN, four_frames, game

PAGE = spec.of("gan_training")


@pytest.fixture(scope="module")
def short() -> watched.Watched:
    return four_frames()


def layer(scene: Scene, kind: type, panel: int = 0, nth: int = 0) -> Any:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)][nth]


# ---------------------------------------------------------------- recordings


def test_defaults_and_presets_are_there_at_once() -> None:
    """Mutant: a preset that nobody recorded, so that its button shows another button."""
    for values in ({}, *PAGE.presets.values(), dict(view="two"), dict(view="seeds")):
        p = PAGE.params(**values)
        view = PAGE.views[PAGE.view_of(p)]
        assert view.recorded(p) is not None


def test_the_prose_quotes_the_recordings() -> None:
    """Mutant: the recordings are made anew and the words stay."""
    words = (spec.PAGES / "gan_training.md").read_text(encoding="utf-8")
    said = " ".join(words.split())
    w: dict[str, Any] = {name: recorded.read(name) for name in RUNS}
    many, one, vanishing = w["seeds"], w["one"], w["vanishing"]
    last = np.flatnonzero(vanishing.generator_moves == 0)[-1]
    weakest = float(training_plane.push(vanishing.arrows[last]).mean())
    first = one.generator_moves[np.flatnonzero(one.modes == 8)[0]]
    share, w2 = 100 * many.share[:, -1], many.w2[:, -1]
    assert (many.modes[:, -1] == 8).all()
    collapse, cycling, clipped, alone = (
        w[name] for name in ("collapse", "cycling", "clipped", "alone")
    )
    low, high = np.nanmin(collapse.critic_loss[3:]), np.nanmax(collapse.critic_loss[3:])
    assert collapse.modes.max() == cycling.modes.max() == 2
    for quote in (
        f"In {(collapse.modes <= 1).sum()} of the {len(collapse.w2)} frames",
        f"never leaves {low:.2f} to {high:.2f}",
        f"{weakest:.0e}".replace("e-07", "·10⁻⁷"),
        f"{vanishing.modes[-1]} of 8 modes are covered, at $W_2$ {vanishing.w2[-1]:.2f}",
        f"covers all eight after {first}",
        f"After 400 rounds {clipped.modes[-1]} modes are covered, $W_2$ {clipped.w2[-1]:.2f}",
        f"at worst at a $W_2$ of {cycling.w2.max():.1f}",
        f"{share.mean():.0f} ± {share.std(ddof=1):.0f} % of the samples",
        f"{share.min():.0f} to {share.max():.0f}), and $W_2$ is {w2.mean():.2f} ± "
        f"{w2.std(ddof=1):.2f}",
    ):
        assert quote in said, quote
    assert PAGE.prediction is not None
    before = alone.share[np.flatnonzero(alone.critic_moves == 600)[0]]
    assert f"{before:.0%} were".replace("%", " %") in PAGE.prediction.because
    assert f"{alone.share[-1]:.0%} after".replace("%", " %") in PAGE.prediction.because


# ---------------------------------------------------------------- what is drawn


def test_the_picture_is_the_run(short: watched.Watched) -> None:
    """Mutants: the data of another set; samples a frame late; arrows that start elsewhere or point
    back; losses exchanged; the grid's lines joined."""
    scene = training.one_scene(short)
    data, samples = (layer(scene, Points, nth=i) for i in (0, 1))
    np.testing.assert_array_equal(data.xy, short.data.points[: len(data.xy)])
    np.testing.assert_array_equal(samples.xy, short.samples.astype(float))
    arrows = layer(scene, Arrows)
    np.testing.assert_array_equal(arrows.start, short.samples[:, : short.arrows.shape[1]])
    moved = arrows.end - arrows.start
    ratio = (moved * short.arrows).sum() / (short.arrows.astype(float) ** 2).sum()
    np.testing.assert_allclose(moved, ratio * short.arrows, atol=1e-6)
    assert ratio > 0
    long = np.quantile(np.linalg.norm(moved, axis=-1), 0.95)
    assert long == pytest.approx(training_plane.LONG, rel=1e-4)
    net = layer(scene, Path).xy.reshape(len(short.w2), short.lines.shape[1], -1, 2)
    np.testing.assert_array_equal(net[:, :, :-1], short.lines.astype(float))
    assert np.isnan(net[:, :, -1]).all()
    curves = layer(scene, Lines, 1)
    np.testing.assert_array_equal(curves.y, [short.critic_loss, short.generator_loss])
    assert curves.names == ["D", "G"]
    np.testing.assert_array_equal(layer(scene, Lines, 2).y[0], short.w2)
    band = layer(scene, Band, 2)
    assert (band.low[0], band.high[0]) == (short.floors.min(), short.floors.max())
    np.testing.assert_allclose(
        layer(scene, Lines, 3).y[0], np.hypot(*short.arrows.T.astype(float)).mean(0), rtol=1e-5
    )
    np.testing.assert_array_equal(layer(scene, Lines, 4).y, [short.modes / 8, short.share])
    np.testing.assert_array_equal(scene.frame_values, [0, 4, 8, 12])  # type: ignore[arg-type]
    names = [found.name for found in scene.panels[0].layers]
    assert len(set(names)) == len(names) == 5
    assert "" not in names


@pytest.mark.parametrize("method", METHODS)
def test_the_landscape_has_the_units_of_the_loss(method: Any, short: watched.Watched) -> None:
    """Mutants: a sigmoid on a Wasserstein critic; none on a logit; the picture upside down."""
    t = np.linspace(-3, 3, short.answers.size).reshape(short.answers.shape)
    w = short._replace(method=method, answers=t.astype(np.float16))
    heat = training_plane.landscape(w)
    t = w.answers.astype(float)
    if method.startswith("wgan"):
        np.testing.assert_allclose(np.median(heat.value, axis=(1, 2)), 0, atol=1e-6)
        np.testing.assert_allclose(np.diff(heat.value), np.diff(t), atol=1e-9)
        assert heat.range is not None
        assert heat.range[0] == -heat.range[1]
    elif method == "least-squares":
        np.testing.assert_array_equal(heat.value, t)
    else:
        np.testing.assert_allclose(heat.value, np.exp(t) / (1 + np.exp(t)), rtol=1e-9)
    step = short.axis[1] - short.axis[0]
    assert heat.extent[1] - heat.extent[0] == pytest.approx(len(short.axis) * step)


def test_captions_say_the_numbers(short: watched.Watched) -> None:
    """Mutants: the moves of the players exchanged; the numbers of the frame before; a loss that
    nobody paid."""
    f = 2
    words = training_words.caption(short, f)
    assert words.startswith("Both play; 4 moves of D, 4 of G. W2 ")
    assert f"W2 {short.w2[f]:.2f} " in words
    assert f"(data from data: {short.floors.min():.2f} to {short.floors.max():.2f})" in words
    assert f"{short.modes[f]} of 8 modes, {short.share[f]:.0%} near one" in words
    assert f"D's loss {short.critic_loss[f]:.2f}, G's loss {short.generator_loss[f]:.2f}" in words
    push = np.hypot(*short.arrows[f].T.astype(float)).mean()
    assert f"mean push {push:.2f}" in words
    before = training_words.caption(short, 0)
    assert before.startswith("Before the first move; 0 moves")
    assert "loss" not in before
    alone = game("gan", "3 critic, 3 generator", data="ring")
    assert training_words.caption(alone, 1).startswith("D alone moves; 2 moves of D, 0 of G")
    assert training_words.caption(alone, 3).startswith("G alone moves; 3 moves of D, 3 of G")
    assert "mode" not in training_words.caption(alone, 1)
    assert [training_words.tiny(x) for x in (2.4e-7, -0.004, 0.0, -1.25)] == [
        "2e−07", "−4e−03", "0.00", "−1.25"]  # fmt: skip


def test_a_blind_critic_has_the_loss_that_is_drawn() -> None:
    """Mutants: log 2 for 2 log 2; the least-squares critic's halves forgotten."""
    from dgmlib.gan.losses import KINDS, critic_loss

    for kind in KINDS:
        constants = np.linspace(-2, 2, 4001)
        least = min(critic_loss(kind, np.array([c]), np.array([c])) for c in constants)
        assert training_words.BLIND[kind] == pytest.approx(least, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "x", "after"),
    [
        ("400 both", 0.5, "400 both, 100 critic"),
        ("400 both", 1.5, "400 both, 100 generator"),
        ("400 both", 2.5, "500 both"),
        ("400 both, lr=0.01", 2.9, "400 both, lr=0.01, 100 both"),
        ("9 both,  7 critic", 0.1, "9 both, 107 critic"),
        ("9 both", 3.0, "109 both"),
    ],
)
def test_a_click_goes_on(text: str, x: float, after: str) -> None:
    """Mutants: the wrong player; the script is replaced; settings that were changed are lost."""
    edit = PAGE.views["one"].edits["on"]
    done = {"layer": "on", "xy": [x, 0.5], "p": PAGE.params(script=text)}
    assert edit.field == "script"
    assert edit.encode(done) == after
    fields.controls(PAGE.params)["script"].parse(after)


def test_a_click_beside_the_fields_is_refused(short: watched.Watched) -> None:
    edit = PAGE.views["one"].edits["on"]
    for x in (-0.1, 3.1, float("nan")):
        with pytest.raises(ValueError, match="click on one"):
            edit.encode({"xy": [x, 0], "p": PAGE.params()})
    tiles = training.one_scene(short).panels[-1]
    assert isinstance(tiles.layers[-1], Pick)
    assert tiles.layers[-1].name in PAGE.views["one"].edits


def test_the_spread_is_over_seeds() -> None:
    """Mutants: the error of the mean for the spread; the first frame; modes of one seed."""
    shown = watched.data("8 Gaussians")
    w2 = np.array([[2.0, 0.5], [2.0, 0.7], [2.0, 1.5]])
    modes = np.array([[0, 8], [0, 7], [0, 3]])
    s = eight_seeds.Seeds(
        "gan", shown, np.arange(3), np.array([0, 10]), np.zeros((3, 2, 4, 2), np.float16), w2,
        np.array([0.3, 0.5]), modes, modes / 10,
    )  # fmt: skip
    words = training_seeds.end(s, -1)
    assert "W2 0.90 ± 0.53 (0.50 to 1.50)" in words
    assert "3, 7, 8" in words
    scene, table = training_seeds.seeds_scene(s)
    assert isinstance(scene, Scene)
    assert scene.captions[0] == training_seeds.end(s, 0)
    words = [f"seed {i}: ends with {k} of 8" for i, k in enumerate((8, 7, 3))]
    text = layer(scene, Text)
    assert list(text.text) == words
    samples = layer(scene, Points, nth=1).xy.reshape(2, 3, 4, 2)
    np.testing.assert_allclose(samples - samples[:, :, :1], 0, atol=1e-9)
    below = text.xy - samples[0, :, 0]  # each name stands above its own game
    np.testing.assert_allclose(below, [[0.0, training_seeds.UP]] * 3, atol=1e-9)
    assert len(np.unique(samples[0, :, 0], axis=0)) == 3
    far = training_seeds.seeds_scene(s._replace(samples=s.samples + np.float16(99)))[0]
    assert isinstance(far, Scene)  # what is far away stays in its own square
    moved = layer(far, Points, nth=1).xy.reshape(2, 3, 4, 2) - samples
    np.testing.assert_allclose(moved, training_seeds.EDGE)
    assert [row[1] for row in table.rows] == ["0.50", "0.70", "1.50"]  # type: ignore[union-attr]


def test_painting_gives_the_points_back() -> None:
    """Mutants: the scaled points are painted on; the set is thought to be painted."""
    scene = training_data.data_scene(given.given("ring", OWN))
    assert scene.captions[0].startswith("40 points of your own.")
    brush = layer(scene, Brush)
    text = PAGE.views["data"].edits["brush"].encode({"xy": brush.xy.tolist()})
    assert text == OWN
    assert PAGE.views["data"].edits["brush"].encode({"xy": []}) == ""
    assert len(layer(training_data.data_scene(given.given("ring")), Brush).xy) == 0


@pytest.mark.parametrize("name", [*watched.NAMES, "points"])
@pytest.mark.parametrize("view", ["one", "two", "seeds", "data"])
def test_every_set_can_be_drawn(view: str, name: str, played: dict[str, Any]) -> None:
    """Mutant: modes are counted where there are none."""
    if view == "data":
        drawn = training_data.data_scene(
            given.given(*(("ring", OWN) if name == "points" else (name,)))
        )
    elif name == watched.OWN:
        with pytest.raises(ValueError, match="paint at least"):
            watched.data(name)
        return
    else:
        w = played[name]
        drawn = {
            "one": lambda: training.one_scene(w),
            "two": lambda: training.two_scene(side_by_side.Pair(w, w)),
            "seeds": lambda: training_seeds.seeds_scene(eight_seeds.Seeds(
                w.method, w.data, np.arange(2), watched.total(w), np.stack([w.samples] * 2),
                np.stack([w.w2] * 2), w.floors, np.stack([w.modes] * 2), np.stack([w.share] * 2),
            ))[0],
        }[view]()  # fmt: skip
    assert isinstance(drawn, Scene)
    assert len(drawn.pack()) < 2**20


@pytest.fixture(scope="module")
def played() -> dict[str, watched.Watched]:
    small = {n: game("wgan-gp", "1 both", data=n) for n in watched.NAMES if n != watched.OWN}
    return small | {"points": game("wgan-gp", "1 both", points=OWN)}


def test_looking_at_a_landscape_of_one_colour(short: watched.Watched) -> None:
    """A critic that is clipped flat has no range of colours. Mutant: an empty range."""
    flat = short._replace(method="wgan-clip", answers=np.zeros_like(short.answers))
    heat = training_plane.landscape(flat)
    assert isinstance(heat, HeatMap)
    assert heat.range is not None
    assert heat.range[0] < heat.range[1]
    still = short._replace(arrows=np.zeros_like(short.arrows))
    assert isinstance(training.one_scene(still).pack(), bytes)
