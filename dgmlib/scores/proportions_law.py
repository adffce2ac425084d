"""The exact law of the chains of :mod:`.proportions` at every step, as :mod:`.law` has it."""

from collections.abc import Iterator

import numpy as np

from dgmlib.mixtures import gmm
from dgmlib.samplers.langevin import ula_variance
from dgmlib.scores import exact, law, weights
from dgmlib.scores.exact import Score

APART = 5.0  # from one level to the next, at most, where laws are told


def laws(
    p: gmm.Params, sigmas: np.ndarray, sizes: np.ndarray, steps: int, y: np.ndarray, *,
    reach: float, swell: float,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Level by level densities at y (steps, g) and shares (steps,).

    Nothing if steps are unstable, or levels so far apart that a grid for two of them is too large.
    """
    if not np.isfinite(swell) or (sigmas[:-1] > APART * sigmas[1:]).any():
        return
    extent = float(np.abs(p.mean).max()) + 8 * swell
    fine = weights.fineness(p, sigmas, sizes)
    for x, path in law.levels(lambda sigma: score_at(p, sigma), sigmas, sizes, steps=steps,
                              reach=reach, extent=extent, swell=swell, fine=fine):  # fmt: skip
        cell = x[1] - x[0]
        density = np.stack([np.interp(y, x, mass / cell, left=0.0, right=0.0) for mass in path])
        yield density, np.array([weights.left(x, mass) for mass in path])


def score_at(p: gmm.Params, sigma: float) -> Score:
    q = exact.smoothed(p, sigma)
    return lambda x: exact.score(q, x)


def swelling(throw: float) -> float:
    """The deviation where ULA settles on N(0, 1), for steps of this size; inf if it never does."""
    return ula_variance(1.0, throw) ** 0.5
