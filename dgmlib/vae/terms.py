r"""The pieces of the evidence lower bound, each in nats.

    log p(x|z)      Bernoulli from logits, or Gaussian
    KL(q || p)      between Gaussians with independent coordinates, in closed form
    z = m + s eps   a draw from q as a function of its parameters and of noise

``log_var`` is the logarithm of the variance everywhere; the deviation is ``exp(log_var / 2)``.

References:
    Auto-encoding variational Bayes (Kingma & Welling, 2014) https://arxiv.org/abs/1312.6114
"""

from math import log, pi

from dgmlib.vae.arrays import Array, library, softplus


def bernoulli_log_prob(x: Array, logits: Array) -> Array:
    """log p(x) of independent bits, summed over the last axis.

    Args:
        x: (..., d) bits, or probabilities in [0, 1] (then an expected log-likelihood).
        logits: (..., d) log p / (1 - p); not probabilities.
    """
    # x log p + (1 - x) log(1 - p) = log(1 - p) + x (log p - log(1 - p))
    return (x * logits - softplus(logits)).sum(-1)


def gaussian_log_prob(x: Array, mean: Array, log_var: Array) -> Array:
    """log density of independent Gaussians, summed over the last axis."""
    xp = library(log_var)
    square = (x - mean) ** 2 * xp.exp(-log_var)
    return -0.5 * (square + log_var + log(2 * pi)).sum(-1)


def standard_log_prob(z: Array) -> Array:
    """log N(z; 0, I), summed over the last axis."""
    return -0.5 * (z**2 + log(2 * pi)).sum(-1)


def kl_to_standard(mean: Array, log_var: Array) -> Array:
    """KL(N(mean, var) || N(0, 1)) of each coordinate, (..., d): sum the last axis for all of it."""
    xp = library(log_var)
    return 0.5 * (mean**2 + xp.expm1(log_var) - log_var)


def kl_gaussians(mean: Array, log_var: Array, mean_p: Array, log_var_p: Array) -> Array:
    """KL(N(mean, var) || N(mean_p, var_p)) of each coordinate, (..., d)."""
    xp = library(log_var)
    gap = (mean - mean_p) ** 2 * xp.exp(-log_var_p)
    return 0.5 * (gap + xp.expm1(log_var - log_var_p) - (log_var - log_var_p))


def reparameterise(mean: Array, log_var: Array, noise: Array) -> Array:
    """A draw from N(mean, var) as a differentiable function of both; ``noise`` is standard."""
    return mean + library(log_var).exp(0.5 * log_var) * noise
