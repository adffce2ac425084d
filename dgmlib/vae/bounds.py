r"""The evidence lower bound and its importance-weighted tightening.

    log w_i = log p(x, z_i) - log q(z_i | x),   z_i ~ q(. | x) independently

    ELBO  = E[log w]                            = log p(x) - KL(q || p(. | x))
    L_K   = E[log (w_1 + ... + w_K) / K]       ELBO = L_1 <= L_2 <= ... <= log p(x)

L_K rises to log p(x) as K grows when the weights are bounded. With K = 5,000 it is the customary
estimate of a VAE's test log-likelihood: from below, on average.

References:
    Importance weighted autoencoders (Burda, Grosse & Salakhutdinov, 2016)
    https://arxiv.org/abs/1509.00519
"""

from dgmlib.vae.arrays import Array, logmeanexp


def elbo(log_w: Array) -> Array:
    """The bound's unbiased estimate from (k, ...) log weights: their mean over k."""
    return log_w.mean(0)


def iw_bound(log_w: Array) -> Array:
    """L_K's unbiased estimate from (K, ...) log weights, for K independent draws of the same x."""
    return logmeanexp(log_w, 0)
