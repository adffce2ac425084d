"""Games of two networks: recordings can be played again, pairs and seeds are the games they name.

Games here are short and their networks small; each test names the mutant it kills.
"""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from dgmlib.data.points import encode
from dgmlib.gan import eight_seeds, given, recorded, script, side_by_side, watched
from dgmlib.gan.methods import DEFAULTS, METHODS
from dgmlib.gan.recorded import RUNS, Asked
from dgmlib.jobs import finish
from tests.short_games import OWN, SMALL, four_frames, game


@pytest.fixture(scope="module")
def short() -> watched.Watched:
    return four_frames()


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
    few = encode(np.eye(2))
    with pytest.raises(ValueError, match="there are 2 points of your own; paint at least 12"):
        watched.data("ring", few)
    assert given.given(watched.OWN).data is None
    assert given.given("ring", few).data is None
    assert not given.given("ring").own
    w = game("gan", "1 both", points=OWN)
    np.testing.assert_array_equal(w.data.points, shown.points)
