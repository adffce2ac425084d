r"""What a reader chooses: a set, who names its noise, how many steps; and the yardstick for it all.

    w_s = w_S s / S,  abar_s = cos^2 w_s,  w_S = 87 degrees:    x_t = cos(w) x_0 + sin(w) e

The sets have mean 0 and mean square 1 in each coordinate on average, so at w_S x_t is N(0, I) but
for what is left of x_0, one four-hundredth of its variance. The yardstick is W_2 between ``CLOUD``
samples and as many data; two clouds of data are not at distance 0 either, and ``floors`` says how
far they are.
"""

from functools import lru_cache

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.checkpoints.plane_recipes import checkpoint
from dgmlib.data.points import decode
from dgmlib.diffusion import plane_net, sets
from dgmlib.diffusion.exact import Eps
from dgmlib.diffusion.samplers import Rule
from dgmlib.diffusion.sets import MOST, SETS, Set
from dgmlib.divergences.transport import wasserstein

DATA = tuple(SETS)
DENOISERS = ("exact", "trained")
NAMES: dict[str, Rule] = {
    "DDPM": "ddpm", "DDPM+": "ddpm+", "DDIM": "ddim", "Euler": "euler", "Heun": "heun",
}  # fmt: skip
FEWEST = 8  # points of one's own
LAST = 0.5 * np.pi - 0.05  # the largest angle, radians
PAIRS = 8


def chosen(name: str, points: str = "") -> Set:
    """A set by its name; ``points``, a text of ``data.points``, go first."""
    if not points:
        return sets.named(name)
    x = decode(points)
    if not FEWEST <= len(x) <= MOST:
        raise ValueError(
            f"there are {len(x)} points of your own; between {FEWEST} and {MOST} can be used: "
            "paint in the view 'By heart', or open a shorter CSV file"
        )
    return sets.own(x)


def denoiser(kind: str, name: str, points: str = "") -> Eps:
    """The best one, or the network that was trained on the set."""
    if kind not in DENOISERS:
        raise ValueError(f"there is no denoiser {kind!r}; there are {', '.join(DENOISERS)}")
    if kind == "exact":
        return sets.eps(chosen(name, points))
    return trained(name, points)


def trained(name: str, points: str = "") -> Eps:
    """The checkpoint of a set. ValueError for points that no checkpoint was trained on."""
    if points:
        raise ValueError(
            "no network was trained on your points before: take the exact denoiser, remove your "
            "points, or let a network learn them in the view 'Learn here'"
        )
    sets.named(name)
    return plane_net.network(store.load(checkpoint(name)).weights)


def levels(steps: int, *, power: float = 1.0) -> np.ndarray:
    """(steps + 1,) alpha_bar, falling from 1; power 2 puts more of them where noise is small."""
    if not 1 <= steps <= 1000:
        raise ValueError(f"between 1 and 1000 steps, got {steps}")
    return np.cos(LAST * (np.arange(steps + 1) / steps) ** power) ** 2


def angle(alpha_bar: np.ndarray) -> np.ndarray:
    """Noise levels in degrees: 0 is data, 90 noise alone."""
    return np.degrees(np.arccos(np.sqrt(alpha_bar)))


@lru_cache(maxsize=64)
def floors(name: str, points: str, cloud: int) -> tuple[float, ...]:
    """W_2 between clouds of data, a number for each of ``PAIRS`` pairs."""
    s, rng = chosen(name, points), np.random.default_rng(1)
    pairs = (sets.draw(s, 2 * cloud, rng=rng).reshape(2, cloud, 2) for _ in range(PAIRS))
    return tuple(w2(x, y) for x, y in pairs)


def w2(x: np.ndarray, y: np.ndarray) -> float:
    """Exact, in units of the plane."""
    return wasserstein(x, y, order=2).value
