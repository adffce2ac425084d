r"""The aggregate posterior of a model with two latents, on a grid of the plane.

    q(z) = 1/N sum_n N(z_1; m_n1, s_n1^2) N(z_2; m_n2, s_n2^2)

The coordinates are independent given n, so a whole grid is one product of two matrices. Then
KL(q(z) || p(z)) and the mutual information are integrals, and need no draws:

    KL(q || p) = int q log(q / p) dz,        I(z; n) = rate - KL(q || p)
"""

from typing import NamedTuple

import numpy as np

from dgmlib.vae import terms
from dgmlib.vae.vae import Gaussian

REACH = 3.2  # of the picture
NODES = 129
FINE, WIDE = 0.03, 1.0  # step of the integral; how far it goes beyond the codes, at least


class Density(NamedTuple):
    """Of q(z) at the nodes of a square grid; row i is at z_2 = line[i]."""

    line: np.ndarray  # (G,)
    log_q: np.ndarray  # (G, G)
    log_p: np.ndarray  # (G, G) the prior's


def density(q: Gaussian, *, reach: float = REACH, nodes: int = NODES) -> Density:
    """log q(z) and log p(z) on the square from -reach to reach."""
    line = np.linspace(-reach, reach, nodes)
    with np.errstate(divide="ignore"):
        log_q = np.log(_on_grid(q, line, line))
    return Density(line, log_q, prior(line, line))


def prior(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """log N(z; 0, I) on a grid, (len(y), len(x))."""
    return -0.5 * (x**2 + y[:, None] ** 2) - np.log(2 * np.pi)


class Exact(NamedTuple):
    rate: float  # mean of KL(q(z|x_n) || p(z))
    mutual: float  # rate - marginal
    marginal: float  # KL(q(z) || p(z))
    mass: float  # of q(z) on the grid: 1, as far as the quadrature is right


def surgery(q: Gaussian) -> Exact:
    """Rate = I + KL by quadrature: to 1e-3 while few posteriors are narrower than the step."""
    rate = float(terms.kl_to_standard(*(np.asarray(a, float) for a in q)).sum(-1).mean())
    std = np.exp(0.5 * np.asarray(q.log_var, float))
    step = FINE
    reach = np.abs(q.mean) + np.maximum(8 * std, WIDE)
    x, y = (np.arange(-r, r + step, step) for r in reach.max(0))
    dense = _on_grid(q, x, y)
    seen = dense > 0
    log_ratio = np.log(dense, out=np.zeros_like(dense), where=seen) - prior(x, y)
    marginal = float((dense * log_ratio)[seen].sum() * step**2)
    return Exact(rate, rate - marginal, marginal, float(dense.sum() * step**2))


def _on_grid(q: Gaussian, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """q(z), (len(y), len(x))."""
    mean, std = np.asarray(q.mean, float), np.exp(0.5 * np.asarray(q.log_var, float))
    each = [
        np.exp(-0.5 * ((line[:, None] - mean[:, j]) / std[:, j]) ** 2)
        / (std[:, j] * np.sqrt(2 * np.pi))
        for j, line in enumerate((x, y))
    ]  # (G, N) of both coordinates
    return each[1] @ each[0].T / len(mean)
