r"""A network that learns a set while the reader waits, and what it then makes of noise.

Its loss cannot fall to 0: E |e* - e|^2 / 2 is left over for the best denoiser, too, as a mean over
the coordinates and over the same angles. It is drawn beside the loss.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.diffusion import plane_net, plane_train, plane_two, sets
from dgmlib.diffusion.plane_choice import angle, chosen, floors, levels
from dgmlib.diffusion.process import leap
from dgmlib.diffusion.sets import Set
from dgmlib.jobs import Job

MOST = 6000
STEPS = 30  # of the sampler
PROBES, ANGLES = 20_000, 50  # random points and angles for what cannot be known
LEARNED, BEST = "learned here, {:,} steps", "the best denoiser"
SECOND = 0.0016  # of one core, a step


class Here(NamedTuple):
    data: Set
    steps: np.ndarray  # (L,) of training
    loss: np.ndarray  # (L,) mean since the one before
    least: tuple[float, float]  # the loss of the best denoiser, and its standard error
    at: np.ndarray  # (F,) steps of the sampler done
    angle: np.ndarray  # (F,) degrees
    measured: np.ndarray  # (M,) frames
    points: np.ndarray  # (n, 2) data
    floors: np.ndarray  # (P,)
    learned: plane_two.Run
    best: plane_two.Run  # the same noise, the best denoiser


def here(name: str, points: str, training: int, *, seed: int) -> Job[Here]:
    """A job: ``training`` steps of learning, then 30 of DDIM."""
    if not 1 <= training <= MOST:
        raise ValueError(f"between 1 and {MOST} steps of training, got {training}")
    data = chosen(name, points)
    found = yield from plane_train.learn(data, seed=seed, steps=training)
    cloud = plane_two.data_points(data, seed)
    at, measured = plane_two.frames(STEPS)
    runs = [
        plane_two.run(title, eps, cloud, rule="DDIM", eta=0.0, steps=STEPS, seed=seed)
        for title, eps in (
            (LEARNED.format(training), plane_net.network(found.params)),
            (BEST, sets.eps(data)),
        )
    ]
    return Here(
        data, found.steps, found.loss, least_loss(data), at, angle(levels(STEPS)[::-1][at]),
        measured, cloud, np.array(floors(name, points, plane_two.CLOUD)), *runs,
    )  # fmt: skip


def least_loss(data: Set, probes: int = PROBES) -> tuple[float, float]:
    """E |e* - e|^2 / 2, by the midpoint rule over the angles, and its standard error."""
    rng, best = np.random.default_rng(2), sets.eps(data)
    each, square = probes // ANGLES, []
    for w in 0.5 * np.pi * (np.arange(ANGLES) + 0.5) / ANGLES:
        e, a = rng.standard_normal((each, 2)), float(np.cos(w) ** 2)
        x = leap(sets.draw(data, each, rng=rng), a, e)
        square.append(0.5 * ((best(x, a) - e) ** 2).sum(1))
    left = np.stack(square)  # (ANGLES, each)
    return float(left.mean()), float(np.sqrt(left.var(1, ddof=1).mean() / left.size))


def seconds(training: int) -> float:
    return 2.0 + SECOND * training
