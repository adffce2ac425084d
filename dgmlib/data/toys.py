"""Toy sets in the plane, each with one lesson.

A set drawn from a Gaussian mixture has its truth in ``TRUTH``: weights (k,), means (k, 2) and
covariances (k, 2, 2), so that a fit can be drawn beside what made the data.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Truth(NamedTuple):
    """The mixture a set was drawn from."""

    weights: np.ndarray  # (k,)
    means: np.ndarray  # (k, d)
    covs: np.ndarray  # (k, d, d)


def _cov(sd_long: float, sd_short: float, degrees: float) -> np.ndarray:
    t = np.deg2rad(degrees)
    axes = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    return axes @ np.diag([sd_long**2, sd_short**2]) @ axes.T


TRUTH: dict[str, Truth] = {
    # Round and well apart: everything works.
    "blobs": Truth(
        np.array([0.4, 0.35, 0.25]),
        np.array([[-2.0, -1.0], [2.0, -0.8], [0.2, 2.2]]),
        np.stack([_cov(0.8, 0.6, 30), _cov(0.7, 0.7, 0), _cov(0.9, 0.5, -20)]),
    ),
    # Three parallel cigars: the nearest mean is often the wrong one.
    "stretched": Truth(
        np.array([1 / 3, 1 / 3, 1 / 3]),
        np.array([[-0.9, 1.4], [0.0, 0.0], [0.9, -1.4]]),
        np.stack([_cov(2.2, 0.28, 35)] * 3),
    ),
    # Two crossing bars share their mean: only the covariances tell them apart.
    "cross": Truth(
        np.array([0.5, 0.5]),
        np.array([[0.0, 0.0], [0.0, 0.0]]),
        np.stack([_cov(2.2, 0.3, 40), _cov(2.2, 0.3, -40)]),
    ),
    # Two close pairs far from each other: a mean that starts on the wrong side stays there.
    "pairs": Truth(
        np.array([0.25, 0.25, 0.25, 0.25]),
        np.array([[-4.0, 1.3], [-4.0, -1.3], [4.0, 1.3], [4.0, -1.3]]),
        np.stack([_cov(0.6, 0.6, 0)] * 4),
    ),
}


def mixture(n: int, truth: Truth, *, rng: np.random.Generator) -> np.ndarray:
    r"""n points of a mixture, by eigen-decomposition: x = mu + V diag(lambda)^{1/2} z, z white."""
    _check(n)
    k = rng.choice(len(truth.weights), size=n, p=truth.weights)  # (n,)
    scale, axes = np.linalg.eigh(truth.covs)  # (k, d), (k, d, d)
    root = axes * np.sqrt(scale)[:, None, :]
    return truth.means[k] + np.einsum(
        "nij,nj->ni", root[k], rng.standard_normal((n, truth.means.shape[1]))
    )


def blobs(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Three round clusters, well apart."""
    return mixture(n, TRUTH["blobs"], rng=rng)


def stretched(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Three long parallel clusters, closer to each other than they are long."""
    return mixture(n, TRUTH["stretched"], rng=rng)


def cross(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Two long clusters that cross in the middle."""
    return mixture(n, TRUTH["cross"], rng=rng)


def pairs(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Two close pairs of round clusters, far from each other."""
    return mixture(n, TRUTH["pairs"], rng=rng)


def ring(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """A noisy circle: no Gaussian mixture is true, and each component more fits a little better."""
    _check(n)
    angle = rng.uniform(0, 2 * np.pi, n)
    radius = 2.0 + 0.2 * rng.standard_normal(n)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def moons(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Two half circles that reach into each other."""
    _check(n)
    angle = rng.uniform(0, np.pi, n)
    upper = rng.random(n) < 0.5
    x = np.where(upper, 2 * np.cos(angle) - 1, 1 - 2 * np.cos(angle))
    y = np.where(upper, 2 * np.sin(angle) - 0.5, 0.5 - 2 * np.sin(angle))
    return np.stack([x, y], axis=1) + 0.18 * rng.standard_normal((n, 2))


def lonely(n: int, *, rng: np.random.Generator) -> np.ndarray:
    """One wide cloud of n - 1 points and, last, one point far from all others."""
    _check(n)
    cloud = rng.standard_normal((n - 1, 2)) @ np.diag([1.2, 0.8])
    return np.concatenate([cloud, [[5.0, 3.0]]])


TOYS: dict[str, Callable[..., np.ndarray]] = {
    f.__name__: f for f in (blobs, stretched, cross, pairs, ring, moons, lonely)
}


def _check(n: int) -> None:
    if n < 2:
        raise ValueError(f"n must be at least 2, got {n}")
