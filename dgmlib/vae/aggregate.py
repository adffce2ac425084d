r"""The aggregate posterior q(z) = 1/N sum_n q(z|x_n), and what the rate is made of.

    1/N sum_n KL(q(z|x_n) || p(z))  =  I(z; n)  +  KL(q(z) || p(z))
              rate                     which image      how far q(z) is from the prior

The first part cannot exceed log N: it says which of the N images was meant. Once the q(z|x_n) no
longer overlap it is log N, and the split says more about N than about the model.

References:
    ELBO surgery: yet another way to carve up the variational evidence lower bound
    (Hoffman & Johnson, 2016) https://approximateinference.org/accepted/HoffmanJohnson2016.pdf
"""

from typing import NamedTuple

import numpy as np

from dgmlib.vae import terms
from dgmlib.vae.arrays import logmeanexp
from dgmlib.vae.vae import Gaussian


class Part(NamedTuple):
    """A mean over draws, in nats, and its standard error."""

    value: float
    error: float


class Surgery(NamedTuple):
    rate: float  # mean of KL(q(z|x_n) || p(z)), in closed form
    mutual: Part  # I(z; n)
    marginal: Part  # KL(q(z) || p(z))
    ceiling: float  # log N
    draws: int


def log_components(q: Gaussian, z: np.ndarray) -> np.ndarray:
    """log q(z_i|x_n) of every point under every posterior, (m, N), as three matrix products."""
    mean, log_var = (np.asarray(a, float) for a in q)  # (N, d)
    z = np.asarray(z, float)  # (m, d)
    precision = np.exp(-log_var)
    constant = -0.5 * (mean**2 * precision + log_var + np.log(2 * np.pi)).sum(-1)  # (N,)
    return z @ (mean * precision).T - 0.5 * z**2 @ precision.T + constant


def log_density(q: Gaussian, z: np.ndarray) -> np.ndarray:
    """log q(z) at points (m, d): (m,)."""
    return logmeanexp(log_components(q, z), 1)


def surgery(q: Gaussian, *, draws: int, rng: np.random.Generator) -> Surgery:
    """The two parts of the rate, from one z of each of ``draws`` images chosen at random."""
    n = len(q.mean)
    if not 2 <= draws <= n:
        raise ValueError(f"the number of draws lies between 2 and the {n} images, got {draws}")
    chosen = rng.choice(n, draws, replace=False)
    mean, log_var = np.asarray(q.mean[chosen], float), np.asarray(q.log_var[chosen], float)
    z = terms.reparameterise(mean, log_var, rng.standard_normal(mean.shape))
    own = terms.gaussian_log_prob(z, mean, log_var)
    all_ = log_density(q, z)
    return Surgery(
        float(terms.kl_to_standard(np.asarray(q.mean, float), np.asarray(q.log_var, float))
              .sum(-1).mean()),
        _part(own - all_), _part(all_ - terms.standard_log_prob(z)), float(np.log(n)), draws,
    )  # fmt: skip


def _part(values: np.ndarray) -> Part:
    return Part(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))
