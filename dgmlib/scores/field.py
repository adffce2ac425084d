r"""The score that a network learned beside the exact one, over the plane and at all noise levels.

    F(sigma) = 1/2 E |s - grad log p_sigma|^2,    x from p_sigma = p * N(0, sigma^2 I)

Training sees x from p_sigma, so it makes F small. Where p_sigma(x) is tiny nothing says what s is.

References:
    Generative modeling by estimating gradients of the data distribution, section 3.2
    (Song & Ermon, 2019) https://arxiv.org/abs/1907.05600
"""

from typing import NamedTuple

import numpy as np

from dgmlib.diffusion import sets
from dgmlib.diffusion.plane_error import pairs
from dgmlib.diffusion.sets import Set
from dgmlib.scores import field_choice, matching
from dgmlib.scores.field_choice import EMPTY, REACH, SIGMAS
from dgmlib.scores.network import Params

GRID, ARROWS = 40, 13  # cells and arrows a side
CLOUD = 400  # noisy data: for the mean, and drawn


class Field(NamedTuple):
    """Noise levels first: F frames. Grids have row 0 at the bottom."""

    data: Set
    sigma: np.ndarray  # (F,)
    axis: np.ndarray  # (g,) centres of the cells
    density: np.ndarray  # (F, g, g) p_sigma over its largest value
    place: np.ndarray  # (k, 2) where arrows begin
    near: np.ndarray  # (F, k) density there
    exact: np.ndarray  # (F, k, 2) its score
    x: np.ndarray  # (F, n, 2) noisy data, the same points and the same noise in all frames
    size: np.ndarray  # (F,) 1/2 mean |exact score|^2 at x: what s = 0 would have
    learned: "Learned | None"  # None for points that no network was trained on


class Learned(NamedTuple):
    """What the network says, at the same places."""

    off: np.ndarray  # (F, g, g) |s - exact score|
    score: np.ndarray  # (F, k, 2)
    fisher: np.ndarray  # (F,) 1/2 mean |s - exact score|^2 at x
    error: np.ndarray  # (F,) its standard error


def field(name: str, points: str, *, seed: int) -> Field:
    """The exact score, and what the checkpoint of a set says; there is none of own points."""
    net = None if points else field_choice.trained(name)
    return compare(field_choice.chosen(name, points), net, seed=seed)


def compare(data: Set, net: Params | None, *, seed: int) -> Field:
    axis, place = cells(GRID), pairs(cells(ARROWS))
    grid, rng = pairs(axis), np.random.default_rng(seed)
    clean, noise = sets.draw(data, CLOUD, rng=rng), rng.standard_normal((CLOUD, 2))
    n, k = len(grid), len(grid) + len(place)
    side, known, said = (GRID, GRID), [], []
    for sigma in SIGMAS.tolist():
        x = clean + sigma * noise
        at = np.concatenate([grid, place, x])
        right = field_choice.score(data, at, sigma)
        density = field_choice.density(data, at[:k], sigma)
        size = matching.explicit(right[k:], 0.0 * x).mean()
        known.append((density[:n].reshape(side), density[n:], right[n:k], x, size))
        if net is not None:
            s = field_choice.said(net, at, sigma).astype(float)
            off = np.linalg.norm(s[:n] - right[:n], axis=1).reshape(side)
            miss = matching.explicit(s[k:], right[k:])
            said.append((off, s[n:k], miss.mean(), miss.std(ddof=1) / CLOUD**0.5))
    density, near, right, x, size = map(np.stack, zip(*known, strict=True))
    learned = Learned(*map(np.stack, zip(*said, strict=True))) if said else None
    return Field(data, SIGMAS, axis, density, place, near, right, x, size, learned)


def inside(f: Field, level: int) -> np.ndarray:
    """Cells (g, g) where there are data: the density is at least EMPTY of its top."""
    return f.density[level] >= EMPTY


def means(f: Field, learned: Learned) -> np.ndarray:
    """Mean of |s - exact score| over the cells with data, and over those without: (2, F).

    nan where there are no such cells.
    """
    rows = []
    for level, off in enumerate(learned.off):
        here = inside(f, level)
        rows.append([off[w].mean() if w.any() else np.nan for w in (here, ~here)])
    return np.array(rows).T


def cells(n: int) -> np.ndarray:
    """Centres of n cells along a side."""
    edges = np.linspace(-REACH, REACH, n + 1)
    return 0.5 * (edges[1:] + edges[:-1])
