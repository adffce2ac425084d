r"""Two Gaussians on the line with one unknown: a mean or a weight. The latent is which of the two.

    unknown mean:    x ~ N(-1.5, 1) / 2 + N(theta, 1) / 2,    M: theta = sum r_n x_n / sum r_n
    unknown weight:  x ~ (1 - theta) N(-1.5, 1) + theta N(1.5, 1),    M: theta = sum r_n / n

r_n = q(z_n = 2). Density, bound and gap are those of the mixture page (``dgmlib.mixtures``).

References:
    A View of the EM Algorithm that Justifies Incremental, Sparse, and other Variants
    (Neal & Hinton, 1998) https://doi.org/10.1007/978-94-011-5014-9_12
"""

import numpy as np

from dgmlib.mixtures.em import Decomposition, decompose
from dgmlib.mixtures.gmm import Params, log_joint

LEFT, RIGHT = -1.5, 1.5
SHARE = 0.7  # of the second component where the weight is unknown
MEAN, WEIGHT = "a mean", "a weight"


def params(unknown: str, theta: np.ndarray) -> Params:
    """Mixtures for many theta at once: (..., 2), (..., 2, 1), (..., 2, 1, 1)."""
    theta = np.asarray(theta, dtype=float)
    half, left = np.full_like(theta, 0.5), np.full_like(theta, LEFT)
    if unknown == MEAN:
        weight, mean = np.stack([half, half], -1), np.stack([left, theta], -1)
    else:
        weight = np.stack([1 - theta, theta], -1)
        mean = np.stack([left, np.full_like(theta, RIGHT)], -1)
    return Params(weight, mean[..., None], np.ones((*mean.shape, 1, 1)))


def draw(unknown: str, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Points (n, 1) of the model itself."""
    second = rng.random(n) < (0.5 if unknown == MEAN else SHARE)
    return (np.where(second, RIGHT, LEFT) + rng.standard_normal(n))[:, None]


def logits(unknown: str, x: np.ndarray, theta: float) -> np.ndarray:
    """log p(z_n = 2 | x_n) / p(z_n = 1 | x_n): (n,)."""
    log_j = log_joint(params(unknown, np.asarray(theta)), x)
    return log_j[:, 1] - log_j[:, 0]


def parts(unknown: str, x: np.ndarray, r: np.ndarray, theta: np.ndarray) -> Decomposition:
    """log-likelihood, bound and gap of q = (1 - r, r) at every theta."""
    log_j = log_joint(params(unknown, theta), x)
    return decompose(log_j, np.broadcast_to(np.stack([1 - r, r], -1), log_j.shape))


def m_step(unknown: str, x: np.ndarray, r: np.ndarray, theta: float) -> float:
    """The top of the bound in theta; a component without points keeps its mean."""
    if unknown == WEIGHT:
        return float(r.mean())
    return float(r @ x[:, 0] / r.sum()) if r.sum() > 1e-9 else theta
