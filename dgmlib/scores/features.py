r"""What the energies of :mod:`.energy` are made of: f = f_0(x) + theta.phi(x).

    powers   f_0 = x^4 / 4,                   phi = (x, x^2, x^3)                          the line
    bumps    f_0 = |x|^2 / (2 spread^2),      phi_k = exp(-|x - c_k|^2 / (2 width^2))      or plane

f_0 outgrows the rest, so exp(-f) has an integral for every theta.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.mixtures import gmm
from dgmlib.scores.exact import round_mixture

Map = Callable[[np.ndarray], np.ndarray]
REACH = 6.5  # of the box around bumps, in spreads


class Features(NamedTuple):
    """What an energy is made of; x is (n, d)."""

    dim: int
    reach: float  # the box is [-reach, reach]^d
    start: float  # standard deviation of the starts of chains
    phi: Map  # (n, K)
    slope: Map  # of phi, (n, K, d)
    base: Map  # f_0, (n,)
    base_slope: Map  # (n, d)
    names: tuple[str, ...]  # (K,)


def powers() -> Features:
    """f = x^4 / 4 + theta_1 x + theta_2 x^2 + theta_3 x^3 on the line: one well, or two."""

    def phi(x: np.ndarray) -> np.ndarray:
        return np.concatenate([x, x * x, x * x * x], 1)

    def slope(x: np.ndarray) -> np.ndarray:
        return np.concatenate([np.ones_like(x), 2 * x, 3 * x * x], 1)[..., None]

    def base(x: np.ndarray) -> np.ndarray:
        square = x[:, 0] * x[:, 0]
        return 0.25 * square * square

    return Features(1, 8.0, 1.0, phi, slope, base, lambda x: x * x * x, ("x", "x^2", "x^3"))


def bumps(centres: ArrayLike, width: float, *, spread: float = 2.0) -> Features:
    """f = |x|^2 / (2 spread^2) + sum_k theta_k exp(-|x - c_k|^2 / (2 width^2)), centres (K, d)."""
    c = np.asarray(centres, dtype=float)
    if c.ndim != 2 or not 1 <= c.shape[1] <= 2 or not np.isfinite(c).all():
        raise ValueError(f"finite centres (K, 1) or (K, 2), got shape {c.shape}")
    if not (width > 0 and spread > 0):
        raise ValueError(f"width and spread must be positive, got {width} and {spread}")

    def phi(x: np.ndarray) -> np.ndarray:
        away = x[:, None] - c
        return np.exp(-0.5 * (away * away).sum(-1) / width**2)

    def slope(x: np.ndarray) -> np.ndarray:
        return (c - x[:, None]) / width**2 * phi(x)[..., None]

    return Features(
        c.shape[1], REACH * spread, spread, phi, slope, lambda x: 0.5 * (x * x).sum(-1) / spread**2,
        lambda x: x / spread**2, tuple(f"bump {k + 1}" for k in range(len(c))),
    )  # fmt: skip


def wells(weight: float = 0.3, distance: float = 1.5, std: float = 0.5) -> gmm.Params:
    """Data for :func:`powers`: two humps on the line."""
    return round_mixture([weight, 1 - weight], [-distance, distance], [std, std])
