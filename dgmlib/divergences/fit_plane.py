r"""A correlated Gaussian target in the plane against products of independent Gaussians.

Frames are correlations rho. For each: the diagonal q with the least KL(q||p), the one with the
least KL(p||q), their variances next to closed forms, and what each costs measured either way.
:mod:`.mean_field` has the mathematics.

References:
    Pattern Recognition and Machine Learning, section 10.1.2 (Bishop, 2006)
    https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences import mean_field

RHOS = np.append(np.linspace(0.0, 0.96, 33), [0.98, 0.99])


class Plane(NamedTuple):
    """Time first; two fits: 0 forward, 1 reverse."""

    rho: np.ndarray  # (F,)
    std: np.ndarray  # (2,) of the target's coordinates
    cov: np.ndarray  # (F, 2, 2) of the target
    variance: np.ndarray  # (F, 2, 2) of the fits: fit, coordinate
    closed: np.ndarray  # (F, 2, 2) the same by s_i^2 and s_i^2 (1 - rho^2)
    forward: np.ndarray  # (F, 2) KL(p||q) of each fit, nats
    reverse: np.ndarray  # (F, 2) KL(q||p)


def plane(*, std: float = 1.0) -> Plane:
    """Sweeps the correlation of a target with deviations 1 and ``std``."""
    s = np.array([1.0, std])
    cov = np.array([mean_field.correlated(float(r), (1.0, float(std))).cov for r in RHOS])
    precision = np.linalg.inv(cov)
    # Forward: the marginal variances. Reverse: the conditional ones. Both (F, 2).
    variance = np.stack([_diagonal(cov), 1 / _diagonal(precision)], 1)  # (F, 2, 2)
    shrink = np.stack([np.ones_like(RHOS), 1 - RHOS**2], 1)  # (F, 2)
    log_volume = np.log(variance).sum(-1) - np.linalg.slogdet(cov)[1][:, None]  # (F, 2)
    return Plane(
        RHOS, s, cov, variance, shrink[..., None] * s**2,
        0.5 * ((_diagonal(cov)[:, None] / variance).sum(-1) - 2 + log_volume),
        0.5 * ((_diagonal(precision)[:, None] * variance).sum(-1) - 2 - log_volume),
    )  # fmt: skip


def _diagonal(a: np.ndarray) -> np.ndarray:
    return np.diagonal(a, axis1=-2, axis2=-1)
