r"""A prior that keeps a Gaussian mixture away from its singularities.

    pi ~ Dirichlet(a, ..., a)
    Sigma_k ~ InverseWishart(nu, Lambda),    mu_k | Sigma_k ~ N(m, Sigma_k / kappa)

The maximum of posterior instead of likelihood: EM with counts added. |Sigma| -> 0 now costs
tr(Lambda Sigma^-1) / 2, more than the likelihood can gain. Constrained covariances use the same
density restricted to the constraint (tied: one factor for the one matrix).

References:
    Bayesian Regularization for Normal Mixture Estimation and Model-Based Clustering
    (Fraley & Raftery, 2007) https://doi.org/10.1007/s00357-007-0004-5
"""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.whitening import whitening


class Prior(NamedTuple):
    """Pseudo-data, in the units of the data. All parts must be proper: positive."""

    mean: np.ndarray  # (d,): m
    shrinkage: float  # kappa > 0: how many points the belief in m is worth
    scale: np.ndarray  # (d, d): Lambda
    dof: float  # nu > d - 1
    concentration: float  # a >= 1: a - 1 points are added to every component


def default_prior(x: np.ndarray, K: int) -> Prior:
    """Fraley & Raftery's: m the data's mean, kappa 0.01, nu = d + 2, Lambda = S / K^(2/d).

    S is the data's covariance (ddof 1, as theirs); each component is expected to fill a K-th of
    the data's volume. They leave the weights free; here a = 2, one pseudo-point per component,
    so that no component dies.
    """
    d = x.shape[1]
    scale = np.cov(x, rowvar=False).reshape(d, d) / K ** (2 / d)
    return Prior(x.mean(0), 0.01, scale, d + 2.0, 2.0)


def log_prior(
    weight: np.ndarray, mean: np.ndarray, cov: np.ndarray, prior: Prior, *, covariance: str
) -> np.ndarray:
    """log p(params) up to a constant that does not depend on the parameters: (...)."""
    d = mean.shape[-1]
    with np.errstate(divide="ignore"):
        log_w = np.log(weight) if prior.concentration > 1 else np.zeros_like(weight)
    away = mean - prior.mean  # (..., K, d)
    root, half = whitening(cov)
    log_det = 2 * half  # (..., K)
    trace = ((root @ prior.scale) * root).sum((-2, -1))  # of scale times precision
    square = ((root @ away[..., None]) ** 2).sum((-2, -1))
    of_cov = -0.5 * (prior.dof + d + 1) * log_det - 0.5 * trace
    of_mean = -0.5 * log_det - 0.5 * prior.shrinkage * square
    total = (prior.concentration - 1) * log_w.sum(-1) + of_mean.sum(-1)
    return total + (of_cov[..., 0] if covariance == "tied" else of_cov.sum(-1))


def check_prior(prior: Prior, d: int) -> Prior:
    """The same prior, or a ValueError with the remedy."""
    if prior.mean.shape != (d,) or prior.scale.shape != (d, d):
        raise ValueError(
            f"the prior needs mean ({d},) and scale ({d}, {d}), "
            f"got {prior.mean.shape} and {prior.scale.shape}"
        )
    if np.linalg.eigvalsh(prior.scale)[0] <= 0:
        raise ValueError("prior.scale must be positive definite: it is what prevents collapse")
    if prior.shrinkage <= 0 or prior.dof <= d - 1 or prior.concentration < 1:
        raise ValueError(
            f"the prior needs shrinkage > 0, dof > {d - 1}, concentration >= 1, "
            f"got {prior.shrinkage:g}, {prior.dof:g}, {prior.concentration:g}"
        )
    return prior
