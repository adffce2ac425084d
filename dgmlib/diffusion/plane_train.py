r"""Learning to name the noise, as a stream of steps: the mean squared error of e at random times.

    L = E |e(cos(w) x_0 + sin(w) e, w) - e|^2,    w uniform on (0, pi / 2), one in every n-th part

The numbers of a step depend on (seed, step) alone. What is kept is the moving average.

References:
    Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020)
    https://arxiv.org/abs/2006.11239
"""

from typing import NamedTuple

import numpy as np

from dgmlib.diffusion import plane_net
from dgmlib.diffusion.sets import Set, draw
from dgmlib.jobs import Job, Progress

BATCH, POINTS = 256, 16_384
LR = (2e-3, 2e-5)  # a cosine from the first to the last step
DECAY = 0.998
FRAMES = 40


class Learned(NamedTuple):
    """Time first: F frames."""

    params: dict[str, np.ndarray]  # the moving average at the end
    steps: np.ndarray  # (F,)
    loss: np.ndarray  # (F,) mean over the steps since the last frame, of both coordinates


def learn(data: Set, *, seed: int, steps: int = 3000) -> Job[Learned]:
    """A job: 1.5 ms a step on one core.

    Raises:
        ValueError: before the first step.
        FloatingPointError: the loss is no number.
    """
    if not 1 <= steps <= 100_000:
        raise ValueError(f"between 1 and 100,000 steps, got {steps}")
    yield Progress(0, steps)
    from dgmlib.diffusion import plane_steps  # imports torch

    run = plane_steps.Run(plane_net.init(rng=np.random.default_rng(seed)), seed)
    points = draw(data, POINTS, rng=np.random.default_rng([seed, 1]))
    at = np.unique(np.linspace(0, steps, min(FRAMES, steps) + 1).round().astype(int))[1:]
    losses, since = [], []
    for done in range(1, steps + 1):
        since.append(run.step(points, (done - 1) / steps))
        if not np.isfinite(since[-1]):
            raise FloatingPointError(f"the loss is no number at step {done} of {steps}")
        if done == at[len(losses)]:
            losses.append(float(np.mean(since)))
            since = []
            yield Progress(done, steps, f"step {done} of {steps}")
    return Learned(run.average(), at, np.array(losses))
