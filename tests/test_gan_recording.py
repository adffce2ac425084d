"""Scripts, recordings, frozen generators and the data: what a page shows is what happened."""

import math
from functools import lru_cache

import numpy as np
import ot
import pytest
import torch

from dgmlib.data.toys import TOYS
from dgmlib.divergences.mixture1d import gaussian, log_prob, mixture
from dgmlib.gan import freeze, lipschitz, plane, players, train
from dgmlib.gan.losses import Kind, critic_loss, generator_loss
from dgmlib.gan.methods import DEFAULTS, METHODS, Method, Settings
from dgmlib.gan.record import Recording, record
from dgmlib.gan.script import moves, parse
from dgmlib.jobs import finish
from dgmlib.vae import mlp

EIGHT = plane.named("8 Gaussians", 2000, rng=np.random.default_rng(0))

# ---------------------------------------------------------------- scripts


def test_a_script_is_read_in_order():
    """Mutants: a change that holds from the start, or for one act; a round counted as a move."""
    acts = parse("2 both, 5 critic, lr=0.5, n_critic=3,  4 both,clip=0.2, 1 generator", Settings())
    assert [(a.who, a.count) for a in acts] == [
        ("both", 2), ("critic", 5), ("both", 4), ("generator", 1),
    ]  # fmt: skip
    assert [a.settings.lr for a in acts] == [1e-3, 1e-3, 0.5, 0.5]
    assert [a.settings.n_critic for a in acts] == [1, 1, 3, 3]
    assert acts[3].settings.clip == 0.2
    assert acts[0].settings == Settings()
    assert moves(acts) == 2 * 2 + 5 + 4 * 4 + 1
    assert isinstance(acts[2].settings.n_critic, int)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "neither a number of turns"),
        ("200", "neither a number of turns"),
        ("200 both, both", "'both' is neither"),
        ("-3 both", "neither"),
        ("² both", "neither"),
        ("3 judge", "neither"),
        ("3 both, speed=2", "no setting 'speed'; there are lr"),
        ("3 both, lr=nan", "lr is a number from 0 to 1, got 'nan'"),
        ("3 both, n_critic=1.5", "n_critic is a whole number from 1 to 100, got '1.5'"),
        ("3 both, batch=0", "batch is a whole number from 1"),
        ("0 both, lr=0.1", "nobody moves"),
        ("9999999999999999999 both", "moves are too many"),
        ("15000 both", "30000 moves are too many: at most 20000"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, message: str):
    with pytest.raises(ValueError, match=message):
        parse(text, Settings())


# ---------------------------------------------------------------- recordings


@lru_cache(maxsize=1)
def run(method: Method = "wgan-gp") -> Recording:
    script = "3 both, 4 critic, critic_lr=0.01, 6 generator"
    return finish(record(method, EIGHT, script, seed=5, width=8, frames=100, grid=5))


def test_frames_are_the_stream():
    """Each frame's samples, answers and losses are those of the same moves made by hand.

    Mutants: a frame late; the settings of the act before; G's turns before D's; x and y exchanged
    in the landscape; a fresh z for each frame."""
    r, settings = run(), DEFAULTS["wgan-gp"]
    state = train.init("wgan-gp", EIGHT.points, width=8, seed=5)
    turns = (["critic"] * settings.n_critic + ["generator"]) * 3 + ["critic"] * 4
    turns += ["generator"] * 6
    assert len(r.samples) == len(turns) + 1
    seen = 0
    for f, turn in enumerate(turns, 1):
        if f > len(turns) - 6:
            settings = settings._replace(critic_lr=0.01)
        assert r.settings[f] == settings
        step = train.critic_step if turn == "critic" else train.generator_step
        state, info = step(state, settings)
        kept, other = r.critic_loss[f], r.generator_loss[f]
        if turn == "generator":
            kept, other = other, kept
        assert kept == pytest.approx(info.loss, rel=1e-6)
        assert np.isnan(other)
        seen += turn == "critic"
        assert (r.critic_moves[f], r.generator_moves[f]) == (seen, f - seen)
    assert r.who[0] == ""
    assert r.who[-1] == "generator"
    d = players.arrays(state.critic)
    at = np.array([[r.axis[3], r.axis[1]]], dtype=np.float32)
    assert r.answers[-1, 1, 3] == pytest.approx(
        float(mlp.forward(d, "net", at, "leaky-relu")[0, 0])
    )
    g = players.weights(state.generator.theta, state.generator.sizes)
    lines = players.answer(g, torch.from_numpy(r.z_lines)).numpy()
    np.testing.assert_allclose(r.lines[-1], lines, rtol=1e-5, atol=1e-6)
    still = np.flatnonzero(np.array(r.who) == "critic")
    np.testing.assert_array_equal(r.samples[still[0]], r.samples[still[-1]])


KIND: dict[str, Kind] = {
    "gan": "saturating", "least-squares": "least-squares", "spectral-norm": "non-saturating",
}  # fmt: skip


@pytest.mark.parametrize("method", ["gan", "least-squares", "spectral-norm"])
def test_what_is_measured_is_what_it_says(method: Method):
    """Arrows: minus the slope of G's loss for one sample, by autodiff. Distance: POT's own. Slopes
    stay below the bound; the estimate is minus D's loss.

    Mutants: an arrow uphill, or of D's loss, or of another method; W2 squared; W1; the bound
    without the gain of a spectral critic."""
    r = finish(record(method, EIGHT, "30 both, 7 critic", seed=1, width=8, frames=3, grid=4))
    state = train.init(method, EIGHT.points, width=8, seed=1)
    settings = DEFAULTS[method]
    for _ in range(30):
        state, _ = train.one_round(state, settings)
    for _ in range(7):
        state, _ = train.critic_step(state, settings)
    d, _ = train.critic_weights(state.critic.theta, state.critic, state.u, settings.gain, n=0)
    x = torch.tensor(r.samples[-1, : r.arrows.shape[1]], requires_grad=True)
    kind = KIND[method]
    (down,) = torch.autograd.grad(generator_loss(kind, players.answer(d, x)) * len(x), x)
    np.testing.assert_allclose(r.arrows[-1], -down.numpy(), rtol=1e-4, atol=1e-6)
    assert np.all(r.steepness <= r.bound[:, None] * (1 + 1e-5))
    if method == "spectral-norm":
        assert settings.gain <= r.bound[-1] * (1 + 1e-5) < 1.5 * settings.gain
    rng = np.random.default_rng([1, 1])
    some = EIGHT.points[rng.choice(len(EIGHT.points), 500)]
    v, w = (players.answer(d, torch.from_numpy(a)) for a in (some, r.samples[-1]))
    assert r.estimate[-1] == pytest.approx(-float(critic_loss(kind, v, w)), rel=1e-4)
    cost = ot.dist(r.samples[-1, :400].astype(float), some[:400].astype(float))
    n = np.full(400, 1 / 400)
    assert r.w2[-1] == pytest.approx(math.sqrt(float(np.asarray(ot.emd2(n, n, cost)))), rel=1e-6)
    assert r.counts[-1].sum() == len(state.critic.theta)
    assert EIGHT.centres is not None
    found = plane.coverage(r.samples[-1], EIGHT.centres, 0.1)
    assert (r.modes[-1], r.share[-1]) == (int(found.modes), float(found.share))


def test_a_recording_says_how_far_it_is_and_can_be_dropped():
    """Mutants: progress only at the end; a first look after the first move; frames not honoured."""
    job = record("gan", EIGHT, "20 both", seed=0, width=4, frames=5, grid=3)
    progress = [next(job) for _ in range(5)]
    assert [p.done for p in progress] == [0, 10, 20, 30, 40]
    assert {p.total for p in progress} == {40}
    job.close()
    assert run().w2_floor > 0
    ring = plane.named("ring", 500, rng=np.random.default_rng(0))
    r = finish(record("gan", ring, "1 both", seed=0, width=4, grid=3))
    assert np.isnan(r.share).all()
    assert (r.modes == -1).all()


def test_a_game_that_explodes_says_so():
    """A message, no picture of nan. Mutant: the loss is never looked at."""
    data = plane.own([[0.0, 0.0], [1.0, 1.0]])
    wild = DEFAULTS["wgan-gp"]._replace(penalty=1e4, critic_lr=1.0, lr=1.0)
    with pytest.raises(FloatingPointError, match=r"no number at move \d+ of"):
        finish(
            record("wgan-gp", data, "400 both", seed=0, width=64, depth=6, frames=2, settings=wild)
        )
    with pytest.raises(ValueError, match="2 frames"):
        record("gan", data, "1 both", seed=0, frames=1)
    with pytest.raises(ValueError, match="neither"):
        record("gan", data, "one both", seed=0)


# ---------------------------------------------------------------- a frozen generator

P, Q = gaussian(-1.0, 0.5), mixture([0.5, 0.5], [0.5, 2.0], [0.6, 0.4])


@lru_cache(maxsize=1)
def frozen() -> freeze.Frozen:
    return finish(freeze.freeze(P, Q, seed=0, steps=300, frames=7, width=32))


def test_a_trained_critic_comes_to_the_best_one_from_below():
    """V climbs to -log 4 + 2 JS and never above; the logit comes to log p - log q where there is
    data. Mutants: fake for real (the value falls); base 2; G's loss in place of D's."""
    r = frozen()
    assert np.all(r.value <= r.exact.value + 1e-6)  # 1e-6: kinks between the quadrature's points
    assert r.exact.value - r.value[-1] < 0.01
    assert r.exact.value == pytest.approx(2 * r.exact.js - math.log(4), abs=1e-9)
    assert r.value[0] == pytest.approx(-math.log(4), abs=0.2)
    weight = np.exp(log_prob(P, r.x)) + np.exp(log_prob(Q, r.x))
    miss = np.abs(1 / (1 + np.exp(-r.logit[-1])) - 1 / (1 + np.exp(-r.exact.logit)))
    assert (weight * miss).sum() / weight.sum() < 0.03
    assert r.saturating[-1] == pytest.approx(r.exact.saturating, rel=0.1)
    assert r.steps.tolist() == [0, 50, 100, 150, 200, 250, 300]


def test_no_critic_calls_w1_more_than_it_is():
    """estimate <= K W1 in every frame, and the penalised one comes near W1. Mutants: the penalty
    without lambda; a bound that is no bound; f of p and of q exchanged."""
    r = frozen()
    assert np.all(np.abs(r.estimate) <= r.bound * r.exact.w1 + 1e-9)
    assert 0.8 * r.exact.w1 < r.estimate[-1] < 1.4 * r.exact.w1
    assert r.exact.w1 == pytest.approx(2.25, abs=1e-9)  # q lies to the right: the means' distance
    x, f = r.x, r.potential[-1]
    middle = (x > -1) & (x < 1.5)
    assert np.mean(np.diff(f)[middle[1:]] / np.diff(x)[middle[1:]]) == pytest.approx(-1, abs=0.35)


def test_far_apart_the_logistic_gradient_goes_and_the_lipschitz_one_stays():
    """Mutants: the gradient of log D in place of log(1 - D); the gradient over p."""
    far = finish(
        freeze.freeze(gaussian(-3, 0.3), gaussian(3, 0.3), seed=1, steps=150, frames=4, width=32)
    )
    assert far.saturating[-1] < 0.25 * far.saturating.max()
    assert far.wasserstein[-1] > 0.7
    assert far.non_saturating[-1] > 10 * far.saturating[-1]
    assert far.exact.saturating < 1e-9
    with pytest.raises(ValueError, match="two single mixtures"):
        freeze.freeze(gaussian([0, 1], 1), P, seed=0)


# ---------------------------------------------------------------- data


@pytest.mark.parametrize("name", plane.SETS)
def test_sets_fill_the_picture_and_follow_their_seed(name: str):
    """Mutants: a global stream; degrees for radians (modes elsewhere); sigma 0.1 as a variance."""
    a, b = (plane.named(name, 4000, rng=np.random.default_rng(2)) for _ in range(2))
    np.testing.assert_array_equal(a.points, b.points)
    assert a.points.shape == (4000, 2)
    assert a.points.dtype == np.float32
    assert 1.5 < np.abs(a.points).max() < 3.2
    if a.centres is not None:
        found = plane.coverage(a.points, a.centres, a.std)
        assert found.modes == len(a.centres)
        # 3 sigma in the plane: 1 - exp(-4.5); four standard errors of a share
        assert float(found.share) == pytest.approx(1 - math.exp(-4.5), abs=4 * 0.105 / 4000**0.5)
        assert a.points.mean(0) == pytest.approx([0, 0], abs=0.15)


def test_coverage_counts_what_it_says():
    """Mutants: one sample covers a mode; samples of the next mode counted; 3 variances."""
    centres = np.array([[0.0, 0.0], [1.0, 0.0]])
    x = np.zeros((100, 2))
    x[:9] = [1.0, 0.29]
    found = plane.coverage(x, centres, 0.1)
    assert (int(found.modes), found.counts.tolist()) == (1, [91, 9])  # 9 < a fifth of 50
    x[9] = [1.0, 0.0]
    assert plane.coverage(x, centres, 0.1).modes == 2
    x[:9] = [1.0, 0.31]
    assert plane.coverage(x, centres, 0.1).counts.tolist() == [90, 1]
    assert plane.coverage(np.stack([x, x]), centres, 0.1).counts.shape == (2, 2)


def test_painted_and_own_points():
    """Mutants: row 0 at the top; points not centred; a scale for each axis."""
    w = np.zeros((4, 6))
    w[0, 5] = 1  # bottom right
    x = plane.brushed(w, 50, rng=np.random.default_rng(0)).points
    assert np.all((x >= [2, -3]) & (x <= [3, -1.5]))
    mine = plane.own(TOYS["stretched"](200, rng=np.random.default_rng(0)) * [1, 3] + 9).points
    np.testing.assert_allclose(mine.mean(0), 0, atol=1e-5)
    assert np.sqrt((mine**2).sum(1).mean()) == pytest.approx(2, rel=1e-5)
    raw = TOYS["stretched"](200, rng=np.random.default_rng(0)) * [1, 3]
    ratio = np.divide(*mine.std(0)) / np.divide(*raw.std(0))
    assert ratio == pytest.approx(1, rel=1e-5)
    for bad in ([[0, 0]], [[0, np.nan], [1, 1]], [[1, 1], [1, 1]], [1, 2, 3]):
        with pytest.raises(ValueError, match="points"):
            plane.own(bad)
    with pytest.raises(ValueError, match="no set 'moons'"):
        plane.named("moons", rng=np.random.default_rng(0))
    assert set(METHODS) == set(DEFAULTS)
    assert lipschitz.clip(np.array([2.0]), DEFAULTS["wgan-clip"].clip)[0] == 0.1
