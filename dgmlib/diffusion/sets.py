r"""Data in the plane whose noisy versions are known exactly: round Gaussians of one width.

    p(x) = sum_i w_i N(x | c_i, s^2 I),    scaled to mean 0 and E|x|^2 = 2

A curve is a dense row of them, so density, score and best denoiser are closed forms for every set,
and for a reader's own points as well.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.diffusion.exact import Eps, of_points
from dgmlib.mixtures import gmm

MOST = 400  # of a reader's own points


class Set(NamedTuple):
    name: str
    centre: np.ndarray  # (k, 2)
    weight: np.ndarray  # (k,)
    std: float


def eight() -> Set:
    """Eight Gaussians on a circle."""
    angle = 2 * np.pi * np.arange(8) / 8
    return _scaled("8 Gaussians", _circle(angle), 0.07)


def unequal() -> Set:
    """Two Gaussians far apart, one with four times the weight of the other."""
    return _scaled("two unequal", np.array([[-1.0, 0.0], [1.0, 0.0]]), 0.25, np.array([0.2, 0.8]))


def ring() -> Set:
    return _scaled("ring", _circle(2 * np.pi * np.arange(90) / 90), 0.06)


def moons() -> Set:
    """Two half circles that reach into each other."""
    angle = np.pi * (np.arange(60) + 0.5) / 60
    upper = _circle(angle)
    return _scaled("two moons", np.concatenate([upper, [1.0, 0.5] - upper]), 0.07)


def swiss_roll() -> Set:
    """A spiral of one and a half turns, with the same mass on every stretch of the angle."""
    angle = 1.5 * np.pi * (1 + 2 * (np.arange(160) + 0.5) / 160)
    return _scaled("Swiss roll", angle[:, None] * _circle(angle) / 10, 0.04)


SETS = {
    "8 Gaussians": eight, "two moons": moons, "Swiss roll": swiss_roll, "ring": ring,
    "two unequal": unequal,
}  # fmt: skip


def own(points: ArrayLike, *, std: float = 0.08) -> Set:
    """A reader's points (n, 2), each with a little width in units of the scaled set.

    Raises:
        ValueError: not finite, not in the plane, fewer than two, too many, or all at one place.
    """
    x = np.asarray(points, dtype=float)
    if x.ndim != 2 or x.shape[1] != 2 or not 2 <= len(x) <= MOST or not np.isfinite(x).all():
        raise ValueError(f"give 2 to {MOST} finite points (n, 2), got shape {x.shape}")
    if not 0 < std < 1:
        raise ValueError(f"the width must lie between 0 and 1, got {std}")
    return _scaled("own", x, std)


def named(name: str) -> Set:
    if name not in SETS:
        raise ValueError(f"there is no set {name!r}; there are {', '.join(SETS)}")
    return SETS[name]()


def mixture(s: Set) -> gmm.Params:
    """The set as a Gaussian mixture."""
    return gmm.Params(s.weight, s.centre, np.tile(s.std**2 * np.eye(2), (len(s.weight), 1, 1)))


def draw(s: Set, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """(n, 2) points."""
    k = rng.choice(len(s.weight), size=n, p=s.weight)
    return s.centre[k] + s.std * rng.standard_normal((n, 2))


def eps(s: Set) -> Eps:
    """The best denoiser."""
    return of_points(s.centre, std=s.std, weight=s.weight)


def _scaled(name: str, centre: np.ndarray, std: float, weight: np.ndarray | None = None) -> Set:
    """To mean 0 and E|x|^2 = 2, the Gaussians' own width included; ``std`` is of the result."""
    w = np.full(len(centre), 1 / len(centre)) if weight is None else weight
    c = centre - w @ centre
    radius = float((w @ (c * c).sum(1)) ** 0.5)
    if not radius > 1e-12:
        raise ValueError("all points lie at one place; give at least two different ones")
    return Set(name, c * ((2 - 2 * std**2) ** 0.5 / radius), w, std)


def _circle(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
