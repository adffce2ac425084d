"""Scripts at the ends of what they may say, frames that do not divide the moves, odd data."""

import math

import numpy as np
import pytest

from dgmlib.gan import plane, train
from dgmlib.gan.methods import DEFAULTS, Settings
from dgmlib.gan.record import record
from dgmlib.gan.script import LARGEST, LIMITS, moves, parse
from dgmlib.jobs import finish

RING = plane.named("ring", 200, rng=np.random.default_rng(0))


# ---------------------------------------------------------------- scripts


def test_the_ends_of_a_script():
    """Mutants: the largest number of moves refused; a name or a number with spaces around it."""
    assert moves(parse(f"{LARGEST} critic", Settings())) == LARGEST
    (act,) = parse(" lr = 0.5 ,3  both ", Settings())
    assert (act.who, act.count, act.settings.lr) == ("both", 3, 0.5)


@pytest.mark.parametrize("name", LIMITS)
def test_the_ends_of_a_setting(name: str):
    """Both ends are allowed, nothing beyond, and no word. Mutants: ends left out; a word read as 0;
    a decay of 1, which divides by 0; a clip of 0, which the clipping refuses."""
    for end, beyond in zip(LIMITS[name], (-1, 1), strict=True):
        (act,) = parse(f"{name}={end:.17g}, 1 both", Settings())
        assert getattr(act.settings, name) == end
        with pytest.raises(ValueError, match=f"{name} is a"):
            parse(f"{name}={end + beyond * 1e-3:.17g}, 1 both", Settings())
    with pytest.raises(ValueError, match=f"{name} is a .*, got 'much'"):
        parse(f"{name}=much, 1 both", Settings())
    assert LIMITS["clip"][0] > 0
    assert max(LIMITS["beta1"][1], LIMITS["beta2"][1]) < 1


# ---------------------------------------------------------------- recordings


def test_frames_where_the_moves_do_not_divide():
    """Ten moves in four frames: after 0, 10/3, 20/3 and 10, rounded. Mutants: rounded down; a depth
    or a width that the networks do not have; a landscape of one place."""
    r = finish(record("gan", RING, "10 critic", seed=0, width=4, depth=1, frames=4, grid=3))
    assert r.critic_moves.tolist() == [0, 3, 7, 10]
    alone = train.init("gan", RING.points, width=4, depth=1, seed=0)
    assert r.counts[0].sum() == len(alone.critic.theta)
    with pytest.raises(ValueError, match="a grid of 2"):
        record("gan", RING, "1 both", seed=0, grid=1)


def test_a_loss_that_is_not_a_number_stops_the_game(monkeypatch: pytest.MonkeyPatch):
    """Mutant: only infinities are looked for."""
    real = train.critic_step

    def broken(state: train.State, settings: Settings) -> tuple[train.State, train.Info]:
        state, info = real(state, settings)
        return state, info._replace(loss=math.nan)

    monkeypatch.setattr(train, "critic_step", broken)
    with pytest.raises(FloatingPointError, match="the critic's loss is no number at move 1 of 8"):
        finish(record("gan", RING, "4 both", seed=0, width=4, grid=3))


# ---------------------------------------------------------------- data


def test_the_swiss_roll_is_one():
    """r = 2.4 a / (4.5 pi), a uniform from 1.5 pi to 4.5 pi, noise 0.05. Arms lie 1.07 apart, so
    the direction of a point leaves one a near it, and its radius is off by the noise.

    Mutants: half of the turns; another radius; ten times the noise."""
    x = plane.swiss_roll(4000, rng=np.random.default_rng(1))
    turns = np.arctan2(x[:, 1], x[:, 0])[:, None] + 2 * np.pi * np.arange(4)
    miss = np.linalg.norm(x, axis=1)[:, None] - 2.4 * turns / (4.5 * np.pi)
    nearest = np.abs(miss).argmin(1)
    a, off = (v[np.arange(4000), nearest] for v in (turns, miss))
    assert off.std() == pytest.approx(0.05, rel=0.1)
    assert (a.min(), a.max()) == pytest.approx((1.5 * np.pi, 4.5 * np.pi), abs=0.3)
    assert a.mean() == pytest.approx(3 * np.pi, abs=5 * 3 * np.pi / (12 * 4000) ** 0.5)


def test_two_segments_of_the_same_weight():
    """Mutants: one side for nearly all; upper halves alone; a deviation where none is."""
    x = plane.disjoint(4000, rng=np.random.default_rng(1))
    assert set(x[:, 0].tolist()) == {-2.0, 2.0}
    assert (x[:, 0] > 0).mean() == pytest.approx(0.5, abs=5 * 0.5 / 4000**0.5)
    assert (x[:, 1].min(), x[:, 1].max()) == pytest.approx((-1.5, 1.5), abs=0.01)
    for name in plane.SETS:
        data = plane.named(name, 10, rng=np.random.default_rng(0))
        assert (data.std > 0) == (data.centres is not None), name


def test_painted_points_are_in_single_precision():
    """As all clouds that networks see. Mutant: float64 from the brush."""
    data = plane.brushed(np.ones((3, 3)), 20, rng=np.random.default_rng(0))
    assert data.points.dtype == np.float32


def test_a_sample_counts_for_its_nearest_mode_alone():
    """Modes four sigma apart, whose discs of three sigma overlap. Mutant: counted in both."""
    centres = np.array([[0.0, 0.0], [0.4, 0.0]])
    x = np.array([[0.15, 0.0], [0.3, 0.0], [0.19, 0.0], [-0.2, 0.0]])
    found = plane.coverage(x, centres, 0.1)
    assert found.counts.tolist() == [3, 1]
    assert found.share == 1
    assert DEFAULTS["gan"] == Settings()
