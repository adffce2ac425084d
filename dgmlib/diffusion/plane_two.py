"""Two samplers from the same noise, and how far each is from the data on its way.

The same numbers are drawn at every step, too: where both add noise, they add the same.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.diffusion import samplers
from dgmlib.diffusion.exact import Eps
from dgmlib.diffusion.plane_choice import NAMES, angle, chosen, denoiser, floors, levels, w2
from dgmlib.diffusion.sets import Set, draw

DRAWN, CLOUD = 256, 128  # points that are drawn, and the first of them that are measured
FRAMES, MEASURED = 41, 11  # at most
MOST_STEPS = 100


class Run(NamedTuple):
    """Time first: F frames, from noise to data."""

    title: str
    calls: int  # of the denoiser
    x: np.ndarray  # (F, n, 2) float32
    x0: np.ndarray  # (F, n, 2) float32, the guess that the next step is made with; at the end x
    w2_x: np.ndarray  # (M,)
    w2_x0: np.ndarray  # (M,)


class Two(NamedTuple):
    data: Set
    denoiser: str
    steps: int
    at: np.ndarray  # (F,) steps done
    angle: np.ndarray  # (F,) degrees
    measured: np.ndarray  # (M,) frames
    points: np.ndarray  # (n, 2) data
    floors: np.ndarray  # (P,) W2 of clouds of data
    first: Run
    second: Run


def two(
    name: str, points: str, kind: str, first: str, second: str, *, eta: float, steps: int, seed: int
) -> Two:
    """Both samplers with one denoiser."""
    check_steps(steps)
    data, eps = chosen(name, points), denoiser(kind, name, points)
    at, measured = frames(steps)
    cloud = data_points(data, seed)
    runs = [
        run(title(rule, eta), eps, cloud, rule=rule, eta=eta, steps=steps, seed=seed)
        for rule in (first, second)
    ]
    return Two(
        data, kind, steps, at, angle(levels(steps)[::-1][at]), measured, cloud,
        np.array(floors(name, points, CLOUD)), runs[0], runs[1],
    )  # fmt: skip


def run(
    title: str, eps: Eps, cloud: np.ndarray, *, rule: str, eta: float, steps: int, seed: int
) -> Run:
    """One sampler; ``cloud`` (n, 2) are data to measure it by. ``rule`` is a key of ``NAMES``."""
    if rule not in NAMES:
        raise ValueError(f"there is no sampler {rule!r}; there are {', '.join(NAMES)}")
    at, measured = frames(steps)
    start = np.random.default_rng([seed, 0]).standard_normal((DRAWN, 2))
    path = samplers.sample(
        eps, levels(steps), start, rule=NAMES[rule], eta=eta, rng=np.random.default_rng([seed, 1])
    )
    x, x0 = path.x[at], np.concatenate([path.x0, path.x[-1:]])[at]
    far = [[w2(each[f, :CLOUD], cloud[:CLOUD]) for f in measured] for each in (x, x0)]
    return Run(
        title, path.calls, x.astype(np.float32), x0.astype(np.float32), *(np.array(w) for w in far)
    )


def frames(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps that are shown, and the frames that are measured; first and last are both."""
    at = np.linspace(0, steps, min(FRAMES, steps + 1)).round().astype(int)
    return at, np.linspace(0, len(at) - 1, min(MEASURED, len(at))).round().astype(int)


def data_points(data: Set, seed: int) -> np.ndarray:
    return draw(data, DRAWN, rng=np.random.default_rng([seed, 2]))


def title(rule: str, eta: float) -> str:
    return f"DDIM, η = {eta:g}" if rule == "DDIM" else rule


def check_steps(steps: int) -> None:
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"between 1 and {MOST_STEPS} steps, got {steps}")
