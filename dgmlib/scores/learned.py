r"""A score network while it learns, beside the score it should have found.

    fisher    1/2 E_q |s - grad log q|^2, q the density it was asked for: p, or p with noise
    inside    the same square, averaged over the part of a square grid that holds 99% of q
    outside   averaged over the rest of the grid: where there are no data, nothing says what s is

An objective sees the data alone, so only the first is small by design. A job keeps frames of all
three; with a network that is told the noise there is one of each for every level.

References:
    Generative modeling by estimating gradients of the data distribution, section 3.2
    (Song & Ermon, 2019) https://arxiv.org/abs/1907.05600
"""

from typing import Literal, NamedTuple, get_args

import numpy as np

from dgmlib.jobs import Job
from dgmlib.mixtures import gmm
from dgmlib.scores import network
from dgmlib.scores.annealed import check_sigmas
from dgmlib.scores.exact import Score
from dgmlib.scores.matching import Probe

Method = Literal["explicit", "implicit", "hutchinson", "sliced", "denoising", "annealed"]
METHODS: tuple[Method, ...] = get_args(Method)
MASS = 0.99  # of q, inside


class Settings(NamedTuple):
    method: Method = "denoising"
    sigmas: tuple[float, ...] = (0.3,)  # falling: one for denoising, some for annealed
    probes: int = 1  # for hutchinson and sliced
    probe: Probe = "rademacher"
    width: int = 64
    depth: int = 2
    batch: int = 256
    lr: float = 5e-3  # falls to 0 as a cosine over a job


class Learned(NamedTuple):
    """Time first: F frames. L is 1, but for the annealed method."""

    settings: Settings
    truth: gmm.Params
    data: np.ndarray  # (N, d)
    sigma: np.ndarray  # (L,) noise of the density asked for; 0 for the data's own
    axis: np.ndarray  # (g,) of the grid, both ways; or of the line
    density: np.ndarray  # (L, g, g) of what was asked for, row = y; (L, g) on the line
    exact: np.ndarray  # (L, g, g, d) its score
    steps: np.ndarray  # (F,) so far
    loss: np.ndarray  # (F,) mean since the last frame; nan at the start
    field: np.ndarray  # (F, L, g, g, d) float32, the network's score
    fisher: np.ndarray  # (F, L)
    fisher_error: np.ndarray  # (F, L) numerical
    inside: np.ndarray  # (F, L)
    outside: np.ndarray  # (F, L)
    params: dict[str, np.ndarray]  # at the end


def learn(
    truth: gmm.Params, data: np.ndarray, settings: Settings, *, seed: int, steps: int = 1000,
    frames: int = 21, grid: int = 24, reach: float = 4.0,
) -> Job[Learned]:  # fmt: skip
    """A job: ``steps`` steps on data (N, d) from ``truth``, on the line or in the plane.

    Raises:
        ValueError: before the first step, for settings that do not go together.
        FloatingPointError: the network left the numbers; the message says when.

    Example:
        >>> from dgmlib.jobs import finish
        >>> from dgmlib.scores import exact
        >>> p = exact.round_mixture([0.5, 0.5], [[-1, 0], [1, 0]], [0.5, 0.5])
        >>> x, _ = gmm.sample(p, 500, rng=np.random.default_rng(0))
        >>> seen = finish(learn(p, x, Settings(width=8), seed=0, steps=20, frames=3))
        >>> seen.steps, bool(seen.fisher[-1, 0] < seen.fisher[0, 0])
        (array([ 0, 10, 20]), True)
    """
    if frames < 2 or grid < 2 or steps < 1 or not reach > 0:
        raise ValueError(f"2 frames, a grid of 2, a step and a reach above 0 at least, got {frames}"
                         f", {grid}, {steps}, {reach}")  # fmt: skip
    x, _ = check(data, truth, settings)

    def job() -> Job[Learned]:
        from dgmlib.scores.watch import watch  # torch

        axis = np.linspace(-reach, reach, grid)
        return (yield from watch(truth, x, settings, seed, steps, frames, axis))

    return job()


def score_of(params: dict[str, np.ndarray], settings: Settings, sigma: float) -> Score:
    """What was learned, at one of its noise levels."""
    return network.at(params, sigma if settings.method == "annealed" else None)


def noisy(settings: Settings) -> bool:
    """Whether the method asks for the density with noise."""
    return settings.method in ("denoising", "annealed")


def check(
    data: np.ndarray, truth: gmm.Params | None, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    """The data (N, d) and the noise levels, or a ValueError."""
    x = np.asarray(data, dtype=float)
    if x.ndim != 2 or len(x) == 0 or not np.isfinite(x).all():
        raise ValueError(f"data must be finite points (N, d), got shape {x.shape}")
    if settings.method not in METHODS:
        raise ValueError(f"no method {settings.method!r}; there are {', '.join(METHODS)}")
    if settings.method == "explicit" and truth is None:
        raise ValueError("the explicit method needs the truth; all others need the data alone")
    if truth is not None and truth.mean.shape[1] != x.shape[1]:
        raise ValueError(f"data in {x.shape[1]} dimensions, truth in {truth.mean.shape[1]}")
    if not noisy(settings):
        return x, np.zeros(0)
    sigmas = check_sigmas(settings.sigmas)
    if settings.method == "denoising" and len(sigmas) != 1:
        raise ValueError(f"one noise level for denoising, got {len(sigmas)}: use annealed")
    return x, sigmas
