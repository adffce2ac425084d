r"""Where a trained network differs from the best denoiser, and what no denoiser can know.

    E |e_net(x_t) - e|^2 = E |e_net(x_t) - e*(x_t)|^2 + E |e*(x_t) - e|^2,    e* = E[e | x_t]

The left is what training makes small. The first term on the right is the network's own error, the
second is left over for the best one, too. Squares are of vectors: both coordinates added.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.diffusion import sets
from dgmlib.diffusion.exact import Eps
from dgmlib.diffusion.plane_choice import chosen, trained
from dgmlib.diffusion.process import leap, parts
from dgmlib.diffusion.sets import Set
from dgmlib.mixtures import gmm

DEGREES = np.array([3, 5, 8, 12, 16, 20, 25, 30, 36, 43, 50, 58, 66, 74, 82, 87.0])
GRID, REACH, ARROWS = 24, 3.4, 9  # cells and arrows a side, half a side
CLOUD, DRAWN = 400, 120  # samples of x_t: for the means, and drawn


class Errors(NamedTuple):
    """Noise levels first: F frames. Grids have row 0 at the bottom."""

    data: Set
    angle: np.ndarray  # (F,) degrees
    axis: np.ndarray  # (g,) centres of the cells
    off: np.ndarray  # (F, g, g) |e_net - e*|
    density: np.ndarray  # (F, g, g) q(x_t) over its largest value on the grid
    place: np.ndarray  # (k, 2) where arrows begin
    best: np.ndarray  # (F, k, 2) -e*, the score times the noise's deviation
    net: np.ndarray  # (F, k, 2) -e_net
    x: np.ndarray  # (F, m, 2) samples of x_t
    x0_best: np.ndarray  # (F, m, 2) what each denoiser makes of them
    x0_net: np.ndarray  # (F, m, 2)
    mean: np.ndarray  # (3, F) E|e_net - e*|^2, E|e* - e|^2, E|e_net - e|^2
    error: np.ndarray  # (3, F) standard errors of these means


def errors(name: str, points: str, *, seed: int) -> Errors:
    """The checkpoint of a set beside the best denoiser."""
    return compare(chosen(name, points), trained(name, points), seed=seed)


def compare(data: Set, net: Eps, *, seed: int) -> Errors:
    axis = cells()
    grid = pairs(axis)
    place = pairs(np.linspace(-0.9 * REACH, 0.9 * REACH, ARROWS))
    rng = np.random.default_rng(seed)
    found = [_level(data, net, float(w), grid, place, rng) for w in np.radians(DEGREES)]
    off, density, best, arrows, x, x0_best, x0_net, mean, error = map(
        np.stack, zip(*found, strict=True)
    )
    side = (len(DEGREES), GRID, GRID)
    return Errors(
        data, DEGREES, axis, off.reshape(side), density.reshape(side), place, best, arrows, x,
        x0_best, x0_net, mean.T, error.T,
    )  # fmt: skip


def _level(
    data: Set, net: Eps, w: float, grid: np.ndarray, place: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """One frame, in the order of ``Errors`` from ``off``, without what stands still."""
    a, best, n = float(np.cos(w) ** 2), sets.eps(data), len(grid)
    e = rng.standard_normal((CLOUD, 2))
    x = leap(sets.draw(data, CLOUD, rng=rng), a, e)
    at = np.concatenate([grid, place, x])
    by_best, by_net = best(at, a), net(at, a).astype(float)
    off = np.linalg.norm(by_net - by_best, axis=1)[:n]
    log_q = log_density(data, grid, a)
    of_x = slice(n + len(place), None)
    gaps = np.stack([by_net[of_x] - by_best[of_x], by_best[of_x] - e, by_net[of_x] - e])
    square = (gaps**2).sum(-1)  # (3, CLOUD)
    drawn = slice(n + len(place), n + len(place) + DRAWN)
    guess = [parts("eps", said[drawn], at[drawn], a).x0 for said in (by_best, by_net)]
    arrow = slice(n, n + len(place))
    return (
        off, np.exp(log_q - log_q.max()), -by_best[arrow], -by_net[arrow], x[:DRAWN], *guess,
        square.mean(1), square.std(1, ddof=1) / CLOUD**0.5,
    )  # fmt: skip


def log_density(data: Set, x: np.ndarray, alpha_bar: float) -> np.ndarray:
    """log q(x_t) up to a constant that is the same everywhere, (n,)."""
    var = alpha_bar * data.std**2 + 1 - alpha_bar
    square = ((x[:, None] - alpha_bar**0.5 * data.centre) ** 2).sum(-1)
    return gmm.soft_max(np.log(data.weight) - 0.5 * square / var)[1]


def cells() -> np.ndarray:
    """Centres of the cells along a side."""
    edges = np.linspace(-REACH, REACH, GRID + 1)
    return 0.5 * (edges[1:] + edges[:-1])


def pairs(axis: np.ndarray) -> np.ndarray:
    """(g * g, 2), rows from the bottom."""
    x, y = np.meshgrid(axis, axis)
    return np.stack([x.ravel(), y.ravel()], axis=1)
