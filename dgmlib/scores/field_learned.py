r"""A score network that learns a set in the plane while the reader waits, by a chosen objective.

    least    the objective of the exact score:  explicit 0;  implicit, Hutchinson and sliced -C(p);
             denoising d / (2 sigma^2) - C(p_sigma),    C(p) = 1/2 E |grad log p|^2

A mean loss below ``least`` is no better score: the network has learned its training points.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.data.points import decode
from dgmlib.diffusion import sets
from dgmlib.jobs import Job
from dgmlib.mixtures import gmm
from dgmlib.scores import exact, learned, matching, mesh
from dgmlib.scores.field_choice import REACH, chosen
from dgmlib.scores.learned import Learned, Method, Settings

METHODS: tuple[Method, ...] = ("explicit", "implicit", "hutchinson", "sliced", "denoising")
POINTS = {"50": 50, "1k": 1000, "20k": 20_000}  # training points
MOST = 4000  # steps
FRAMES, GRID = 17, 40
STEP, PROBE, OWN = 0.0015, 0.0008, 0.015  # seconds of one core: a step, a probe, a point


class Here(NamedTuple):
    name: str  # of the data
    least: float  # the objective of the exact score
    found: Learned


def here(
    name: str, points: str, method: str, *, sigma: float, probes: int, training: str, steps: int,
    seed: int,
) -> Job[Here]:  # fmt: skip
    """A job. ``sigma`` is used by denoising alone, ``probes`` by hutchinson and sliced."""
    if training not in POINTS:
        raise ValueError(f"training points are {', '.join(POINTS)}, not {training!r}")
    if not 1 <= steps <= MOST:
        raise ValueError(f"between 1 and {MOST} steps, got {steps}")
    data = chosen(name, points)
    x = sets.draw(data, POINTS[training], rng=np.random.default_rng([seed, 1]))
    p, settings = sets.mixture(data), of(method, sigma, probes)
    found = yield from learned.learn(
        p, x, settings, seed=seed, steps=steps, frames=FRAMES, grid=GRID, reach=edge()
    )
    return Here(data.name, least(p, settings), found)


def of(method: str, sigma: float, probes: int) -> Settings:
    """What the training is told."""
    if method not in METHODS:
        raise ValueError(f"there is no objective {method!r}; there are {', '.join(METHODS)}")
    return Settings(method, sigmas=(sigma,), probes=probes)


def least(p: gmm.Params, settings: Settings) -> float:
    """The mean objective of the exact score."""
    if settings.method == "explicit":
        return 0.0
    noisy = settings.method == "denoising"
    q = exact.smoothed(p, settings.sigmas[0]) if noisy else p
    nodes = mesh.mesh(q)
    c = mesh.expect(nodes, matching.explicit(mesh.scores(q, nodes), np.zeros_like(nodes.x))).value
    return p.mean.shape[1] / (2 * settings.sigmas[0] ** 2) - c if noisy else -c


def edge() -> float:
    """The farthest centre of a cell, so that the cells fill the square."""
    return REACH * (1 - 1 / GRID)


def seconds(method: str, steps: int, probes: int, points: str) -> float:
    """How long the job takes on one core, about."""
    directions = {"implicit": 2, "hutchinson": probes, "sliced": probes}.get(method, 0)
    own = len(decode(points)) if points else 0
    return 2.0 + OWN * own + (STEP + PROBE * directions) * steps
