r"""Geometry of many dimensions, in closed form.

    ball of radius r: V_d(r) = pi^(d/2) r^d / Gamma(d/2 + 1);  within e of its skin: 1 - (1 - e)^d
    |x| for x ~ N(0, I): chi with d degrees, mode sqrt(d - 1), nearly all within sqrt(d) +- 2
    |x - y|^2 for x, y uniform in the cube: mean d / 6, variance 7 d / 180
    -log p(x) / d for x ~ N(0, I): mean (1 + log 2 pi) / 2, variance 1 / (2 d)

So a cube is nearly all corners, a ball nearly all skin, the mode of a Gaussian nearly empty, and
all points nearly equally far apart.

References:
    High-Dimensional Probability, chapter 3 (Vershynin, 2018) https://doi.org/10.1017/9781108231596
    When Is "Nearest Neighbor" Meaningful? (Beyer, Goldstein, Ramakrishnan & Shaft, 1999)
    https://doi.org/10.1007/3-540-49257-7_15
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainc, gammaln
from scipy.stats import chi


class Moments(NamedTuple):
    mean: np.ndarray
    std: np.ndarray


def log_ball_volume(d: ArrayLike, radius: float = 1.0) -> np.ndarray:
    """log V_d(r): volumes under- and overflow long before d = 1,000."""
    d = _check(d)
    if not radius > 0:
        raise ValueError(f"the radius must be positive, got {radius}")
    return 0.5 * d * np.log(np.pi) - gammaln(0.5 * d + 1) + d * np.log(radius)


def ball_in_cube(d: ArrayLike) -> np.ndarray:
    """The share of the cube [-1, 1]^d that its inscribed ball fills."""
    return np.exp(log_ball_volume(d) - _check(d) * np.log(2))


def shell_share(d: ArrayLike, thickness: float) -> np.ndarray:
    """The share of a unit ball within ``thickness`` of its surface."""
    if not 0 < thickness <= 1:
        raise ValueError(f"the thickness lies in (0, 1], got {thickness}")
    return -np.expm1(_check(d) * np.log1p(-thickness)) if thickness < 1 else np.ones_like(_check(d))


def norm_density(r: ArrayLike, d: float) -> np.ndarray:
    """The density of |x| at r for x ~ N(0, I_d)."""
    return chi.pdf(np.asarray(r, dtype=float), _check(d))


def norm_moments(d: ArrayLike) -> Moments:
    """Mean and standard deviation of |x| for x ~ N(0, I_d)."""
    d = _check(d)
    mean = np.sqrt(2) * np.exp(gammaln(0.5 * (d + 1)) - gammaln(0.5 * d))
    # d - mean^2 loses all digits in high dimensions; there it is 1/2 - 1/(8 d) - 1/(16 d^2) + ...
    var = np.where(d < 1e4, d - mean**2, 0.5 - 1 / (8 * d) - 1 / (16 * d**2))
    return Moments(mean, np.sqrt(var))


def mass_near_mode(d: ArrayLike, radius: float = 1.0) -> np.ndarray:
    """P(|x| < radius) for x ~ N(0, I_d): what lies around the point of highest density."""
    return gammainc(0.5 * _check(d), 0.5 * radius**2)


def cube_distance_moments(d: ArrayLike) -> Moments:
    """Mean and standard deviation of |x - y|^2 for x, y uniform in [0, 1]^d."""
    d = _check(d)
    return Moments(d / 6, np.sqrt(7 * d / 180))


def contrast(x: np.ndarray, query: np.ndarray) -> np.ndarray:
    """(farthest - nearest) / nearest distance from each query (m, d) to the points x (n, d)."""
    square = ((query[:, None] - x) ** 2).sum(-1)
    near, far = np.sqrt(square.min(1)), np.sqrt(square.max(1))
    if (near == 0).any():
        raise ValueError("a query lies on a point: its nearest distance is 0")
    return (far - near) / near


def information_moments(d: ArrayLike) -> Moments:
    """-log p(x) / d for x ~ N(0, I_d): nats a dimension; the typical set is where it is typical."""
    d = _check(d)
    mean = np.full_like(d, 0.5 * (1 + np.log(2 * np.pi)))
    return Moments(mean, np.sqrt(0.5 / d))


def _check(d: ArrayLike) -> np.ndarray:
    d = np.asarray(d, dtype=float)
    if not (np.isfinite(d).all() and (d >= 1).all()):
        raise ValueError(f"dimensions must be at least 1, got {d}")
    return d
