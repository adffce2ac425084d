r"""Curves with one latent number: models small enough for quadrature.

    z ~ N(0, 1),    x | z ~ N(f(z), sigma^2)

``bend`` saturates, ``fold`` maps z and -z to one x (two posterior modes), ``wave`` several z to
one; ``line`` has a Gaussian posterior. ``ripples`` and ``steps`` are rough: the slope of the one is
large and says little, the slope of the other is 0 wherever it exists.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dgmlib.evidence.linear import check_sigma

LOG_2PI = float(np.log(2 * np.pi))
Z = np.linspace(-7.0, 7.0, 1401)  # where the posterior is summed; p(z) is below 1e-11 outside


class Curve(NamedTuple):
    f: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]  # where it exists
    jumps: np.ndarray = np.zeros(0)  # where f is not continuous


CURVES = {
    "bend": Curve(lambda z: 2 * np.tanh(1.5 * z), lambda z: 3 / np.cosh(1.5 * z) ** 2),
    "fold": Curve(lambda z: 0.5 * z * z, lambda z: z),
    "wave": Curve(lambda z: z + np.sin(3 * z), lambda z: 1 + 3 * np.cos(3 * z)),
    "line": Curve(lambda z: z, lambda z: np.ones_like(z)),
    "ripples": Curve(lambda z: z + 0.2 * np.sin(20 * z), lambda z: 1 + 4 * np.cos(20 * z)),
    "steps": Curve(np.round, np.zeros_like, np.arange(-8.5, 9.0)),
}
SMOOTH = ("bend", "fold", "wave", "line")


def curve(name: str) -> Curve:
    if name not in CURVES:
        raise ValueError(f"no curve {name!r}; choose one of {', '.join(CURVES)}")
    return CURVES[name]


def log_joint(one: Curve, x: np.ndarray | float, z: np.ndarray, sigma: float) -> np.ndarray:
    """log p(x, z), for x and z that broadcast."""
    square = ((x - one.f(z)) / check_sigma(sigma)) ** 2
    return -0.5 * (square + z * z) - LOG_2PI - np.log(sigma)


def slope(one: Curve, x: np.ndarray | float, z: np.ndarray, sigma: float) -> np.ndarray:
    """d log p(x, z) / dz, wherever f has a slope."""
    return (x - one.f(z)) / check_sigma(sigma) ** 2 * one.slope(z) - z


def evidence(one: Curve, x: np.ndarray, sigma: float) -> np.ndarray:
    """log p(x) of each x (n,), by the trapezoid rule on ``Z``."""
    at = log_joint(one, np.asarray(x, dtype=float)[:, None], Z, sigma)  # (n, N)
    top = at.max(1)
    return top + np.log(np.exp(at - top[:, None]).sum(1) * (Z[1] - Z[0]))
