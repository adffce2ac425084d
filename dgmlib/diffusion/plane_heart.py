"""The best denoiser of finitely many points knows them by heart: its samples are these points.

With N points as the data, E[x_0 | x_t] is a weighted mean of the N, and at the last steps one of
the weights is 1. So a model that minimised its training loss to the end would give back its
training set. Beside it, from the same noise: the best denoiser of the distribution that the points
were drawn from, the network that learned from 32,768 other points, and fresh data.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from dgmlib.data.points import decode
from dgmlib.diffusion import samplers, sets
from dgmlib.diffusion.exact import Eps, of_points
from dgmlib.diffusion.plane_choice import FEWEST, chosen, levels, trained
from dgmlib.diffusion.sets import Set

SIZES = (5, 8, 12, 20, 32, 50, 80, 128, 200)
SAMPLES, STEPS = 200, 30
SAME = 1e-3  # a sample nearer than this to a training point is called that point
GRID = np.logspace(-4, 0.5, 64)


class Heart(NamedTuple):
    """Sizes of the training set first: F frames."""

    own: bool
    raw: np.ndarray  # (n, 2) the reader's points, before they are moved and scaled
    data: Set | None  # None while the reader's points are too few; then the rest is empty
    sizes: np.ndarray  # (F,) N
    training: np.ndarray  # (most, 2): the first N of them
    by_heart: np.ndarray  # (F, n, 2)
    others: dict[str, np.ndarray]  # name -> (n, 2): "smooth", perhaps "trained", "fresh data"
    distance: dict[str, np.ndarray]  # name -> (F, n) to the nearest training point


def heart(name: str, points: str, *, seed: int) -> Heart:
    """Samples of each denoiser for every size, and how far each is from the training points."""
    raw = decode(points)
    if 0 < len(raw) < FEWEST:
        none = np.zeros((0, 2))
        return Heart(True, raw, None, np.zeros(0, int), none, np.zeros((0, 0, 2)), {}, {})
    data = chosen(name, points)
    known = training(data, own=bool(points), seed=seed)
    sizes = np.array([n for n in SIZES if n < len(known)] + [len(known)])
    by_heart = np.stack([ends(of_points(known[:n]), seed) for n in sizes])
    others = {"smooth": ends(sets.eps(data), seed)}
    if not points:
        others["trained"] = ends(trained(name), seed)
    others["fresh data"] = sets.draw(data, SAMPLES, rng=np.random.default_rng([seed, 5]))
    clouds = {"by heart": by_heart, **{k: [x] * len(sizes) for k, x in others.items()}}
    far = {
        k: np.stack([nearest(x, known[:n]) for x, n in zip(each, sizes, strict=True)])
        for k, each in clouds.items()
    }
    return Heart(bool(points), raw, data, sizes, known, by_heart, others, far)


def training(data: Set, *, own: bool, seed: int) -> np.ndarray:
    """(most, 2): drawn from a set; a reader's own points themselves, in an order of chance."""
    rng = np.random.default_rng([seed, 4])
    if own:
        return rng.permutation(data.centre)[: SIZES[-1]]
    return sets.draw(data, SIZES[-1], rng=rng)


def ends(eps: Eps, seed: int) -> np.ndarray:
    """(SAMPLES, 2) of the probability flow, from the same noise for every denoiser."""
    start = np.random.default_rng([seed, 3]).standard_normal((SAMPLES, 2))
    return samplers.sample(eps, levels(STEPS, power=2.0), start, rule="ddim").x[-1]


def nearest(x: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(n,) distance of each x to the nearest of the known points."""
    return cdist(x, known).min(1)


def share_below(distance: np.ndarray) -> np.ndarray:
    """(F, n) distances -> (F, len(GRID)) the share that is not farther than each of ``GRID``."""
    return (distance[..., None] <= GRID).mean(1)
