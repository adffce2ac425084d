r"""What is kept of one moment of a game: clouds, D's landscape and slopes, and four yardsticks.

The samples of all moments come from the same z, so a point can be followed. ``w2`` is the exact
Wasserstein-2 distance of 400 samples from 400 data points, the same at all moments.
"""

from typing import NamedTuple

import numpy as np
import torch

from dgmlib.divergences.transport import wasserstein
from dgmlib.gan import dirac, lipschitz, players, train
from dgmlib.gan.losses import critic_loss
from dgmlib.gan.methods import LATENT, LOSS, Settings
from dgmlib.gan.plane import Plane, coverage
from dgmlib.vae import mlp

SAMPLES, PAIRED, ARROWS = 500, 400, 80
REACH = 3.2  # the picture is [-REACH, REACH] on both axes
LINES, ALONG = 9, 25  # lines of z's grid each way, points on a line
BINS = 41


class Shot(NamedTuple):
    """One moment; in a recording each field has a first axis more, time."""

    who: str  # whose turn it was: "both", "critic", "generator"; "" at first
    settings: Settings
    critic_moves: int  # so far
    generator_moves: int
    samples: np.ndarray  # (n, 2) float32
    answers: np.ndarray  # (g, g) float32, what D says: a logit, or a number; row = y
    lines: np.ndarray  # (L, k, 2) float32, G of z's grid
    arrows: np.ndarray  # (m, 2) float32, where D's loss pushes the first m samples
    steepness: np.ndarray  # (m,) float32, |grad D| at them
    bound: float  # K: |grad D| is nowhere larger
    counts: np.ndarray  # (bins,) D's weights in each bin of ``View.edges``
    estimate: float  # minus D's loss on all of the samples and as many data points
    critic_loss: float  # mean over the moves since the last moment; nan if there were none
    generator_loss: float
    w2: float
    modes: int  # covered; -1 where the data have none to count
    share: float  # of high quality; nan where the data have no modes


class View(NamedTuple):
    """What all moments are looked at with."""

    data: Plane
    some: np.ndarray  # (n, 2) data points, to compare with
    z: torch.Tensor  # (n, 2)
    z_lines: np.ndarray  # (L, k, 2)
    axis: np.ndarray  # (g,) of D's landscape, both ways
    edges: np.ndarray  # (bins + 1,) of the weights


def view(data: Plane, *, grid: int, edge: float, rng: np.random.Generator) -> View:
    """``grid`` points a side, weights sorted into bins between -edge and edge."""
    some = data.points[rng.choice(len(data.points), SAMPLES)]
    z = torch.from_numpy(rng.standard_normal((SAMPLES, LATENT), dtype=np.float32))
    across, along = np.linspace(-2, 2, LINES), np.linspace(-2, 2, ALONG)
    upright = np.stack(np.meshgrid(across, along, indexing="ij"), -1)  # (LINES, ALONG, 2)
    z_lines = np.concatenate([upright, upright[..., ::-1]]).astype(np.float32)
    edges = np.linspace(-edge, edge, BINS + 1)
    return View(data, some, z, z_lines, np.linspace(-REACH, REACH, grid), edges)


def shot(
    state: train.State, seen: View, who: str, settings: Settings, since: list[train.Info]
) -> Shot:
    """The moment ``state`` is in; ``since``: the moves after the last moment."""
    generator = players.weights(state.generator.theta, state.generator.sizes)
    weights, _ = train.critic_weights(state.critic.theta, state.critic, state.u, settings.gain, n=0)
    critic = {k: w.numpy() for k, w in weights.items()}
    samples = players.answer(generator, seen.z).numpy()
    lines = players.answer(generator, torch.from_numpy(seen.z_lines)).numpy()
    g = len(seen.axis)
    place = np.stack(np.meshgrid(seen.axis, seen.axis), -1).reshape(-1, 2).astype(np.float32)
    fake, slope = lipschitz.value_and_slope(critic, samples)
    real, _ = lipschitz.value_and_slope(critic, seen.some)
    kind = LOSS[state.method]
    few = slope[:ARROWS]
    push = dirac.slopes(kind, fake[:ARROWS]).a[:, None] * few
    found = None
    if seen.data.centres is not None:
        found = coverage(samples, seen.data.centres, seen.data.std)
    return Shot(
        who,
        settings,
        state.critic.steps,
        state.generator.steps,
        samples,
        mlp.forward(critic, "net", place, "leaky-relu").reshape(g, g),
        lines,
        push,
        np.linalg.norm(few, axis=-1),
        lipschitz.bound(critic),
        lipschitz.histogram(state.critic.theta.numpy(), seen.edges),
        -float(critic_loss(kind, real, fake)),
        _mean([i.loss for i in since if i.turn == "critic"]),
        _mean([i.loss for i in since if i.turn == "generator"]),
        wasserstein(samples[:PAIRED], seen.some[:PAIRED], order=2).value,
        -1 if found is None else int(found.modes),
        np.nan if found is None else float(found.share),
    )


def floor(data: Plane, *, rng: np.random.Generator) -> float:
    """``w2`` of two clouds of data: nothing smaller should be expected."""
    x, y = data.points[rng.choice(len(data.points), (2, PAIRED))]
    return wasserstein(x, y, order=2).value


def _mean(losses: list[float]) -> float:
    return float(np.mean(losses)) if losses else np.nan
