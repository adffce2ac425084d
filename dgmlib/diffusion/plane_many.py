"""How far samples are from the data when a sampler takes few steps or many.

All samplers set out from the same noise and are measured by the same data; what they add on the way
is each point's own, so that a point of a curve can be computed alone.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.diffusion import samplers
from dgmlib.diffusion.plane_choice import NAMES, chosen, denoiser, floors, levels, w2
from dgmlib.diffusion.sets import draw
from dgmlib.jobs import Job, Progress

STEPS = (1, 2, 3, 5, 10, 20, 50, 200, 1000)
RULES = ("DDPM", "DDPM+", "DDIM", "Heun")  # DDIM with eta = 0, which is Euler
MOST = ("20", "200", "1000")
SEEDS, CLOUD = 4, 400
HEUN_MOST = 200  # steps; it asks twice in each
SIGN = 16  # steps from one sign of life to the next


class Many(NamedTuple):
    name: str  # of the data
    denoiser: str
    steps: np.ndarray  # (S,)
    w2: np.ndarray  # (R, S, K) of samplers, steps, seeds; nan where nobody was asked
    calls: np.ndarray  # (R, S) of the denoiser for one sample; 0 there
    floors: np.ndarray  # (P,) W2 of clouds of data


def many(
    name: str, points: str, kind: str, *, seed: int, steps: tuple[int, ...] = STEPS
) -> Job[Many]:
    """A job: all samplers at all numbers of steps."""
    data, eps = chosen(name, points), denoiser(kind, name, points)
    calls = np.array([[cost(rule, s) for s in steps] for rule in RULES])
    start = np.random.default_rng([seed, 0]).standard_normal((SEEDS * CLOUD, 2))
    clouds = draw(data, len(start), rng=np.random.default_rng([seed, 1])).reshape(SEEDS, CLOUD, 2)
    far, done = np.full((*calls.shape, SEEDS), np.nan), 0
    yield Progress(0, int(calls.sum()))
    for j, s in enumerate(steps):
        for i, rule in enumerate(RULES):
            if calls[i, j] == 0:
                continue
            x, rng = start, np.random.default_rng([seed, 2, i, s])
            for state, info in samplers.stream(eps, levels(s), x, rule=NAMES[rule], rng=rng):
                x, done = state.x, done + info.calls
                if state.at % SIGN == 0:
                    yield Progress(done, int(calls.sum()), f"{rule}, {s} steps")
            ends = x.reshape(clouds.shape)
            far[i, j] = [w2(a, b) for a, b in zip(ends, clouds, strict=True)]
    return Many(data.name, kind, np.array(steps), far, calls,
                np.array(floors(name, points, CLOUD)))  # fmt: skip


def cost(rule: str, steps: int) -> int:
    """Calls of the denoiser for one sample; 0 where this is not asked for."""
    if rule != "Heun":
        return steps
    return 2 * steps - 1 if steps <= HEUN_MOST else 0


def up_to(most: str) -> tuple[int, ...]:
    """The numbers of steps that are not above one of ``MOST``."""
    if most not in MOST:
        raise ValueError(f"up to {', '.join(MOST)} steps, got {most!r}")
    return tuple(s for s in STEPS if s <= int(most))


def seconds(kind: str, most: str) -> float:
    """How long the job takes on one core, about."""
    calls = sum(cost(rule, s) for rule in RULES for s in up_to(most))
    return 3.0 + (0.012 if kind == "trained" else 0.007) * calls
