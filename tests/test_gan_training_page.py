"""The page of games: what is drawn is what was played, and recordings can be played again.

Games here are short and their networks small; each test names the mutant it kills.
"""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from dgmlib.data.points import encode
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
from dgmlib.gan import eight_seeds, given, recorded, script, side_by_side, watched
from dgmlib.gan.methods import DEFAULTS, METHODS
from dgmlib.gan.recorded import RUNS, Asked
from dgmlib.jobs import finish
from dgmlib.ui import fields, spec

PAGE = spec.of("gan_training")
SMALL: dict[str, Any] = dict(frames=4, grid=5, width=8)
OWN = encode(np.random.default_rng(3).standard_normal((40, 2)) * [1.0, 3.0] + [5.0, 0.0])


def game(method: Any = "non-saturating", text: str = "6 both", seed: int = 0, **more: Any) -> Any:
    shown = watched.data(more.pop("data", "8 Gaussians"), more.pop("points", ""))
    return finish(watched.watch(method, shown, text, seed=seed, **SMALL | dict(pairs=2) | more))


@pytest.fixture(scope="module")
def short() -> watched.Watched:
    """A game of four frames, whose yardsticks differ from frame to frame."""
    return game()._replace(
        w2=np.array([1.75, 1.5, 1.25, 1.0]), modes=np.array([0, 3, 5, 7]),
        share=np.array([0.0, 0.25, 0.5, 0.75]),
    )  # fmt: skip


def layer(scene: Scene, kind: type, panel: int = 0, nth: int = 0) -> Any:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)][nth]


# ---------------------------------------------------------------- recordings


def first_moves(run: Asked, method: Any, n: int) -> str:
    """The script of the first ``n`` moves, whoever makes them."""
    settings = [part for part in run.script.split(",") if "=" in part]
    act = script.parse(run.script, DEFAULTS[method])[0]
    per = act.settings.n_critic + 1 if act.who == "both" else 1
    assert n % per == 0  # a frame that ends with a turn
    return ", ".join([*settings, f"{n // per} {act.who}"])


def assert_same(a: watched.Watched, b: watched.Watched) -> None:
    """Frame by frame, up to what half precision and another machine's sums may change."""
    for name in ("samples", "lines", "answers"):
        x, y = (getattr(w, name).astype(float) for w in (a, b))
        np.testing.assert_allclose(x, y, rtol=0.01, atol=0.02 * max(1.0, np.abs(x).max()))
    np.testing.assert_allclose(a.w2, b.w2, rtol=0.01)
    np.testing.assert_allclose(a.floors, b.floors, rtol=1e-6)
    np.testing.assert_allclose(a.critic_loss, b.critic_loss, rtol=0.02, atol=1e-3)
    np.testing.assert_allclose(a.generator_loss, b.generator_loss, rtol=0.02, atol=1e-3)
    np.testing.assert_array_equal(a.critic_moves, b.critic_moves)
    np.testing.assert_array_equal(a.generator_moves, b.generator_moves)
    np.testing.assert_array_equal(a.who, b.who)
    assert np.abs(a.modes - b.modes).max() <= 1


def head(w: watched.Watched) -> watched.Watched:
    still = ("method", "data", "axis", "floors")
    return w._replace(**{n: getattr(w, n)[:2] for n in w._fields if n not in still})


@pytest.mark.parametrize("name", RUNS)
def test_recordings_can_be_played_again(name: str) -> None:
    """Mutants: a file of another seed, script, method or data; frames shifted by one; a file from
    before the training changed; a field that is not written."""
    run, found = RUNS[name], recorded.read(name)
    data = watched.data(run.data)
    assert found is not None
    if isinstance(found, eight_seeds.Seeds):
        n = int(found.moves[1])
        text = first_moves(run, run.method, n)
        last = int(found.seeds[-1])
        again = finish(watched.watch(run.method, data, text, seed=last, frames=2, grid=2, pairs=0))
        a, b = again.samples[1][: eight_seeds.DRAWN], found.samples[-1, 1]
        np.testing.assert_allclose(a.astype(float), b.astype(float), atol=0.05)
        assert found.w2[-1, 1] == pytest.approx(again.w2[1], rel=0.01)
        assert list(found.seeds) == list(range(run.seed, run.seed + 8))
        return
    games = found if isinstance(found, side_by_side.Pair) else (found,)
    for seen, method in zip(games, (run.method, run.other), strict=False):
        n = int(watched.total(seen)[1])
        text = first_moves(run, method, n)
        again = finish(watched.watch(seen.method, data, text, seed=run.seed, frames=2))
        assert seen.method == method
        assert_same(head(seen), again)
        assert watched.total(seen)[-1] == script.moves(script.parse(run.script, DEFAULTS[method]))


def test_only_what_was_recorded_is_found() -> None:
    """Mutants: a recording of other parameters is shown; the reader's own points are ignored; the
    second method is."""
    run = RUNS["one"]
    asked = dict(view="one", method=run.method, data=run.data, points="", script=run.script, seed=0)
    found = recorded.find(**asked)  # type: ignore[arg-type]
    assert isinstance(found, watched.Watched)
    for change in (dict(seed=1), dict(points=OWN), dict(script="999 both"), dict(data="ring"),
                   dict(method="gan"), dict(other="gan")):  # fmt: skip
        assert recorded.find(**asked | change) is None  # type: ignore[arg-type]
    two = recorded.find(**asked | dict(view="two", other=RUNS["two"].other))  # type: ignore[arg-type]
    assert isinstance(two, side_by_side.Pair)


def test_defaults_and_presets_are_there_at_once() -> None:
    """Mutant: a preset that nobody recorded, so that its button shows another button."""
    for values in ({}, *PAGE.presets.values(), dict(view="two"), dict(view="seeds")):
        p = PAGE.params(**values)
        view = PAGE.views[PAGE.view_of(p)]
        assert view.recorded(p) is not None


def test_a_file_is_what_was_written(tmp_path: Any, short: watched.Watched) -> None:
    """Mutants: the data or the method in the file; pairs exchanged; a missing file is an error."""
    name, run = "two", RUNS["two"]
    pair = side_by_side.Pair(short, short._replace(method=run.other, w2=short.w2 + 1))
    recorded.write(name, pair, tmp_path)
    back = recorded.read(name, tmp_path)
    assert isinstance(back, side_by_side.Pair)
    for a, b in zip(pair, back, strict=True):
        for x, y in zip(a[2:], b[2:], strict=True):
            np.testing.assert_array_equal(x, y)
        assert a.method == b.method
        np.testing.assert_array_equal(a.data.points, b.data.points)
    assert recorded.read("seeds", tmp_path) is None


def test_all_recordings_are_small() -> None:
    files = list(recorded.FOLDER.glob("gan-*.safetensors"))
    assert {f.stem[4:] for f in files if f.stem[4:] in RUNS} == set(RUNS)
    assert sum(f.stat().st_size for f in files if f.stem[4:] in RUNS) < 3e6


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


# ---------------------------------------------------------------- what is played


def test_floors_are_distances_of_clouds_of_data() -> None:
    """SciPy's assignment is an exact optimal plan. Mutants: W1; no square root; a cloud with
    itself; samples for data."""
    shown = watched.data("8 Gaussians")
    rng = np.random.default_rng(1)
    clouds = shown.points[rng.choice(len(shown.points), (2, 2, watched.CLOUD))]
    for value, (x, y) in zip(watched.floors(shown, 2), clouds, strict=True):
        cost = cdist(x, y, "sqeuclidean")
        best = np.sqrt(cost[linear_sum_assignment(cost)].mean())
        assert value == pytest.approx(best, rel=1e-6)


def test_two_methods_begin_alike() -> None:
    """Mutants: another seed for the second; the frames of one beside another moment of the other;
    the second method twice."""
    shown = watched.data("line")
    pair = finish(side_by_side.pair("gan", "wgan-gp", shown, "2 both", seed=4, **SMALL))
    assert [w.method for w in pair] == ["gan", "wgan-gp"]
    np.testing.assert_array_equal(pair.first.samples[0], pair.second.samples[0])
    np.testing.assert_array_equal(pair.first.answers[0], pair.second.answers[0])
    assert len(pair.first.w2) == len(pair.second.w2)
    assert [int(w.generator_moves[-1]) for w in pair] == [2, 2]
    assert [int(w.critic_moves[-1]) for w in pair] == [2, 6]
    alone = game("wgan-gp", "2 both", seed=4, data="line", pairs=8)
    np.testing.assert_array_equal(pair.second.samples, alone.samples)


def test_a_short_game_repeats_its_frames(short: watched.Watched) -> None:
    """Mutants: the first frames are repeated; the end is lost."""
    long = side_by_side.stretched(short, 7)
    assert list(watched.total(long)) == [0, 0, 4, 8, 8, 8, 12]  # halves go to the even one
    np.testing.assert_array_equal(long.samples[-1], short.samples[-1])
    assert long.data is short.data


def test_each_seed_is_its_own_run() -> None:
    """Mutants: one seed for all; seeds from 0 on; numbers beside another's picture."""
    shown = watched.data("8 Gaussians")
    found = finish(eight_seeds.several("gan", shown, "4 both", seed=5, n=2, frames=3, width=8))
    assert list(found.seeds) == [5, 6]
    assert not np.array_equal(found.samples[0], found.samples[1])
    for i, seed in enumerate((5, 6)):
        alone = game("gan", "4 both", seed=seed, frames=3)
        np.testing.assert_array_equal(found.samples[i], alone.samples[:, : eight_seeds.DRAWN])
        np.testing.assert_array_equal(found.w2[i], alone.w2)
        np.testing.assert_array_equal(found.modes[i], alone.modes)
        np.testing.assert_array_equal(found.share[i], alone.share)
    assert list(found.moves) == [0, 4, 8]


@pytest.mark.parametrize("kind", ["one", "two", "seeds"])
def test_progress_grows_to_the_end_and_a_job_can_be_closed(kind: str) -> None:
    """Mutants: the bar starts again with the second game; it never comes to its end."""
    shown = watched.data("ring")
    jobs: dict[str, Any] = {
        "one": lambda: watched.watch("gan", shown, "4 both", seed=0, pairs=0, **SMALL),
        "two": lambda: side_by_side.pair("gan", "wgan-gp", shown, "2 both", seed=0, **SMALL),
        "seeds": lambda: eight_seeds.several(
            "gan", shown, "2 both", seed=0, n=2, frames=3, width=8
        ),
    }
    parts = [progress.part for progress in jobs[kind]()]
    assert (np.diff(parts) >= 0).all()
    assert parts[0] == 0
    assert parts[-1] == pytest.approx(1.0)
    job = jobs[kind]()
    next(job)
    job.close()


def test_what_would_take_too_long_is_refused_before_it_begins() -> None:
    """Mutants: rounds counted, not moves; the bound of another method."""
    assert watched.check("gan", "3000 both") == 6000
    with pytest.raises(ValueError, match="18000 moves with wgan-clip: at most 7500"):
        watched.check("wgan-clip", "3000 both")
    with pytest.raises(ValueError, match="neither a number of turns"):
        watched.readable("all")
    assert watched.seconds("wgan-clip", "9000 both") == 0.0
    assert watched.seconds("gan", "1000 both") < watched.seconds("wgan-gp", "1000 both")
    assert watched.seconds("gan", "300 critic") < watched.seconds("wgan-gp", "300 critic")
    slowest = max(watched.seconds(m, "1000 both") for m in METHODS)
    assert slowest < 60


def test_own_points_are_what_is_learnt() -> None:
    """Mutants: the chosen set wins over the reader's points; they are not centred, or scaled on
    each axis by itself; too few are accepted."""
    shown = watched.data("ring", OWN)
    np.testing.assert_allclose(shown.points.mean(0), 0, atol=1e-6)
    assert np.sqrt((shown.points**2).sum(1).mean()) == pytest.approx(2.0, rel=1e-5)
    assert shown.points[:, 1].std() / shown.points[:, 0].std() == pytest.approx(3.0, rel=0.35)
    g = given.given("ring", OWN)
    assert g.own
    assert g.data is not None
    np.testing.assert_array_equal(g.data.points, shown.points)
    assert training_data.data_scene(g).captions[0].startswith("40 points of your own.")
    few = encode(np.eye(2))
    with pytest.raises(ValueError, match="there are 2 points of your own; paint at least 12"):
        watched.data("ring", few)
    assert given.given(watched.OWN).data is None
    assert given.given("ring", few).data is None
    assert not given.given("ring").own
    w = game("gan", "1 both", points=OWN)
    np.testing.assert_array_equal(w.data.points, shown.points)


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
