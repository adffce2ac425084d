"""Targets in the plane by name, each with places to start from.

``start`` is where a single chain begins, ``spread`` where four begin that should disagree for as
long as they have not found the whole of the target.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dgmlib.targets import closed
from dgmlib.targets.target import Target

NAMES = ("Gaussian", "correlated", "two modes", "banana", "funnel", "ring", "box")
CELLS = 72  # of the density's picture, along each side


class Arena(NamedTuple):
    target: Target
    start: np.ndarray  # (2,)
    spread: np.ndarray  # (4, 2)
    gaussian: bool
    # x_2 given x_1 (C,): mean and sd (C,), where it is normal
    given: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None


class Plane(NamedTuple):
    """What a picture needs of a target."""

    name: str
    extent: np.ndarray  # (2, 2): low and high of x_1 and of x_2
    density: np.ndarray  # (H, W): p at the middle of each cell, row 0 at the bottom
    mean: np.ndarray  # (2,)
    cov: np.ndarray  # (2, 2)
    gaussian: bool


def load(name: str) -> Arena:
    """The target called ``name``, one of NAMES."""
    corners = np.array([[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]])
    if name == "Gaussian":
        return Arena(closed.gaussian(), np.array([-2.0, -2.0]), 2 * corners, True)
    if name == "correlated":
        target = closed.gaussian((0.0, 0.0), ((1.0, 0.95), (0.95, 1.0)))
        return Arena(target, np.array([-2.0, -2.0]), corners * [[2], [2], [0.4], [0.4]], True)
    if name == "two modes":
        target = closed.mixture([0.35, 0.65], [[-2.6, 0.0], [2.6, 0.0]], [0.5, 0.5])
        return Arena(target, np.array([-2.6, 0.0]), corners * [2.6, 0.6], False)
    if name == "banana":
        spread = np.array([[-3.0, 1.0], [3.0, 1.0], [0.0, -2.0], [0.0, 1.0]])
        return Arena(closed.banana(2.0, 0.25), np.array([-3.0, 1.0]), spread, False,
                     lambda v: (0.25 * (v * v - 4), np.ones_like(v)))  # fmt: skip
    if name == "funnel":
        spread = np.array([[-2.0, -0.3], [-2.0, 0.3], [2.0, -2.0], [2.0, 2.0]])
        return Arena(closed.funnel(), np.array([0.0, 1.0]), spread, False,
                     lambda v: (np.zeros_like(v), np.exp(v / 2)))  # fmt: skip
    if name == "ring":
        spread = np.array([[-2.0, 0.0], [2.0, 0.0], [0.0, -2.0], [0.0, 2.0]])
        return Arena(closed.ring(), np.array([-2.0, 0.0]), spread, False)
    if name == "box":
        return Arena(closed.box(), np.array([-1.5, -1.5]), 1.8 * corners, False)
    raise ValueError(f"no target is called {name!r}; choose one of {', '.join(NAMES)}")


def plane(name: str, arena: Arena) -> Plane:
    """The density on a grid of cells that covers the target's extent."""
    t, extent = arena.target, np.array(arena.target.extent)
    share = (np.arange(CELLS) + 0.5) / CELLS
    x, y = extent[:, :1] + share * np.diff(extent, axis=1)
    grid = np.stack(np.meshgrid(x, y), axis=-1)  # (H, W, 2)
    return Plane(name, extent, np.exp(t.log_prob(grid) - t.log_z), t.mean, t.cov, arena.gaussian)


def parse_start(text: str) -> np.ndarray | None:
    """``"x y"`` as (2,); None for the empty text, which means the target's own start."""
    if not text.strip():
        return None
    words = text.split()
    try:
        xy = np.array([float(w) for w in words])
    except ValueError:
        xy = np.zeros(0)
    if xy.shape != (2,) or not (np.abs(xy) <= 100).all():
        raise ValueError(f'{text[:40]!r} is not a start; write two numbers up to 100, like "-1 2"')
    return xy


def format_start(xy: np.ndarray) -> str:
    """The text of :func:`parse_start`, to a hundredth."""
    x, y = np.clip(np.asarray(xy, dtype=float).reshape(2), -100, 100).round(2) + 0.0  # no −0
    return f"{x:.2f} {y:.2f}"


def place(arena: Arena, wished: np.ndarray | None) -> tuple[np.ndarray, bool]:
    """Where to start, within the plane and where p > 0, and whether the wish had to be moved.

    It goes to the nearest edge of the plane, then towards the target's own start, a tenth of the
    way at a time, until the density is positive.
    """
    if wished is None:
        return arena.start, False
    low, high = np.array(arena.target.extent).T
    wished = np.asarray(wished, dtype=float)
    at = np.clip(wished, low, high)
    for share in np.linspace(0, 1, 11):
        x = at + share * (arena.start - at)
        if np.isfinite(arena.target.log_prob(x[None]))[0]:
            return x, not np.array_equal(x, wished)
    raise ValueError(f"the density is 0 from {at} to {arena.start}")
