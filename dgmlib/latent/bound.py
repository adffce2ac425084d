r"""The evidence lower bound of a Gaussian q(z) = N(m, s^2), its gap, and its two splits.

    log p(x) = ELBO + KL(q || p(z | x))
    ELBO = E_q[log p(x | z)] - KL(q || p(z)) = E_q[log p(x, z)] + H(q)
    KL(q || p(z)) = (m^2 + s^2 - 1) / 2 - log s,    H(q) = log s + log(2 pi e) / 2

The averages over q are sums in its own unit u = (z - m) / s; the gap is summed on the grid of
the posterior. That the parts add up to log p(x) is therefore a check, not a definition.

References:
    An Introduction to Variational Methods for Graphical Models (Jordan et al., 1999)
    https://doi.org/10.1023/A:1007665907178
    Auto-Encoding Variational Bayes (Kingma & Welling, 2014) https://arxiv.org/abs/1312.6114
"""

from typing import NamedTuple

import numpy as np

from dgmlib.latent.evidence import GRID, STEP, evidence
from dgmlib.latent.line import LOG_2PI, Model, force, log_joint, log_likelihood

CENTRE, WIDTH = (-4.0, 4.0), (0.05, 2.0)  # of q, as far as the grid is long enough
U = np.linspace(-9.0, 9.0, 401)
WEIGHT = np.exp(-0.5 * U * U)
WEIGHT /= WEIGHT.sum()  # of the standard normal density


class Split(NamedTuple):
    """Nats. Every field has the shape of the centres and widths."""

    log_p: float
    elbo: np.ndarray  # = reconstruction - kl_prior = log_joint + entropy
    gap: np.ndarray  # KL(q || posterior), by its own formula
    reconstruction: np.ndarray  # E_q[log p(x | z)]
    kl_prior: np.ndarray  # KL(q || prior)
    log_joint: np.ndarray  # E_q[log p(x, z)]
    entropy: np.ndarray  # H(q)


def split(m: Model, x: float, centre, width) -> Split:
    """All parts for one q or for many."""
    c, s = (np.asarray(a, dtype=float) for a in (centre, width))
    check(c, s)
    e = evidence(m, x)
    z = c[..., None] + s[..., None] * U  # (..., 401)
    reconstruction = log_likelihood(m, x, z) @ WEIGHT
    joint = log_joint(m, x, z) @ WEIGHT
    kl_prior = 0.5 * (c * c + s * s - 1) - np.log(s)
    entropy = np.log(s) + 0.5 * (LOG_2PI + 1)
    away = (GRID - c[..., None]) / s[..., None]
    log_q = -0.5 * (away * away + LOG_2PI) - np.log(s)[..., None]  # (..., n)
    gap = (np.exp(log_q) * (log_q - e.log_posterior)).sum(-1) * STEP
    return Split(e.log_p, reconstruction - kl_prior, gap, reconstruction, kl_prior, joint, entropy)


def elbo(m: Model, x: float, centre: np.ndarray, width: np.ndarray) -> np.ndarray:
    """The bound alone: E_q[log p(x, z)] + H(q)."""
    z = centre[..., None] + width[..., None] * U
    return log_joint(m, x, z) @ WEIGHT + np.log(width) + 0.5 * (LOG_2PI + 1)


def gradient(m: Model, x: float, centre: float, width: float) -> tuple[float, float]:
    """d ELBO / d centre and d ELBO / d log width, with z = centre + width u."""
    g = force(m, x, centre + width * U)
    return float(g @ WEIGHT), float(width * (g * U) @ WEIGHT + 1)


def check(centre: np.ndarray, width: np.ndarray) -> None:
    if not ((centre >= CENTRE[0]) & (centre <= CENTRE[1])).all():
        raise ValueError(f"the centre of q lies between {CENTRE[0]:g} and {CENTRE[1]:g}")
    if not ((width >= WIDTH[0]) & (width <= WIDTH[1])).all():
        raise ValueError(f"the width of q lies between {WIDTH[0]:g} and {WIDTH[1]:g}")
