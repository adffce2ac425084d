r"""Data in the plane for two players, and how much of them a generator has found.

Sets are clouds of points, drawn once; where they are Gaussians of known centres, their modes can be
counted:

    share of high quality   samples within 3 sigma of the nearest centre (of the data: 1 - e^-4.5)
    modes covered           centres that get at least a fifth of their fair share of such samples

References:
    VEEGAN: reducing mode collapse in GANs using implicit variational learning
    (Srivastava et al., 2017) https://arxiv.org/abs/1705.07761 (counting modes by 3 sigma)
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.data import toys
from dgmlib.targets.painted import painted

N_POINTS = 8192
LEAST = 0.2  # of a mode's fair share


class Plane(NamedTuple):
    """A data set; ``centres`` is None where there are no modes to count."""

    name: str
    points: np.ndarray  # (N, 2) float32
    centres: np.ndarray | None = None  # (k, 2)
    std: float = 0.0  # of every mode


class Coverage(NamedTuple):
    """What a cloud of samples found; leading axes as those of the samples."""

    modes: np.ndarray  # (...) how many are covered
    share: np.ndarray  # (...) of high quality
    counts: np.ndarray  # (..., k) samples of high quality at each mode


def eight(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Eight round Gaussians on a circle of radius 2."""
    return _circle(8)[rng.integers(8, size=n)] + 0.1 * rng.standard_normal((n, 2))


def line(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Five round Gaussians in a row."""
    return _row()[rng.integers(5, size=n)] + 0.1 * rng.standard_normal((n, 2))


def disjoint(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Two upright segments far apart: a set of no area, with nothing between its halves."""
    side = np.where(rng.random(n) < 0.5, -2.0, 2.0)
    return np.stack([side, rng.uniform(-1.5, 1.5, n)], axis=1)


def swiss_roll(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """A spiral of one and a half turns, with a little noise."""
    angle = 1.5 * np.pi * (1 + 2 * rng.random(n))
    arm = 2.4 / (4.5 * np.pi) * angle[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return arm + 0.05 * rng.standard_normal((n, 2))


def _circle(k: int, radius: float = 2.0) -> np.ndarray:
    angle = 2 * np.pi * np.arange(k) / k
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _row() -> np.ndarray:
    return np.stack([np.linspace(-2.4, 2.4, 5), np.zeros(5)], axis=1)


SETS: dict[str, tuple[Callable[..., np.ndarray], np.ndarray | None]] = {
    "8 Gaussians": (eight, _circle(8)),
    "line": (line, _row()),
    "ring": (toys.ring, None),
    "Swiss roll": (swiss_roll, None),
    "disjoint": (disjoint, None),
}


def named(name: str, n: int = N_POINTS, *, rng: np.random.Generator) -> Plane:
    """``n`` points of one of ``SETS``."""
    if name not in SETS:
        raise ValueError(f"there is no set {name!r}; there are {', '.join(SETS)}")
    draw, centres = SETS[name]
    points = draw(n, rng=rng).astype(np.float32)
    return Plane(name, points, centres, 0.1 if centres is not None else 0.0)


def brushed(weight: ArrayLike, n: int = N_POINTS, *, rng: np.random.Generator) -> Plane:
    """``n`` points of a density painted on a grid of cells (H, W) over [-3, 3] x [-3, 3]."""
    target = painted(weight)
    assert target.sample is not None
    return Plane("painted", target.sample(n, rng).astype(np.float32))


def own(points: ArrayLike) -> Plane:
    """A reader's points (n, 2), moved to mean 0 and scaled to a root-mean-square radius of 2.

    Raises:
        ValueError: not finite, not in the plane, fewer than two, or all at one place.
    """
    x = np.asarray(points, dtype=float)
    if x.ndim != 2 or x.shape[1] != 2 or len(x) < 2 or not np.isfinite(x).all():
        raise ValueError(f"give two or more finite points (n, 2), got shape {x.shape}")
    x = x - x.mean(0)
    radius = np.sqrt((x**2).sum(-1).mean())
    if not radius > 1e-12:
        raise ValueError("all points lie at one place; give at least two different ones")
    return Plane("own", (2 * x / radius).astype(np.float32))


def coverage(samples: ArrayLike, centres: np.ndarray, std: float) -> Coverage:
    """Which modes the samples (..., n, 2) have found.

    Example:
        >>> found = coverage([[2.0, 0.1], [2.0, -0.2], [0.0, 0.0], [9.0, 9.0]], _circle(8), 0.1)
        >>> int(found.modes), float(found.share)
        (1, 0.5)
    """
    x = np.asarray(samples, dtype=float)
    away = np.linalg.norm(x[..., :, None, :] - centres, axis=-1)  # (..., n, k)
    nearest = away.argmin(-1)  # (..., n)
    good = away.min(-1) <= 3 * std
    counts = (good[..., None] & (nearest[..., None] == np.arange(len(centres)))).sum(-2)
    fair = x.shape[-2] / len(centres)
    return Coverage((counts >= max(LEAST * fair, 1)).sum(-1), good.mean(-1), counts)
