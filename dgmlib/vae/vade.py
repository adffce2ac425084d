r"""Variational deep embedding: a VAE whose prior is a mixture of Gaussians, so that it clusters.

    p(c) = pi_c     p(z|c) = N(z; mu_c, diag sigma_c^2)     p(x|z) = Bernoulli(sigmoid(f(z)))

    q(c|x) = E_q(z|x)[p(c|z)],  the published choice, estimated from the drawn z

    ELBO = E log p(x|z) - sum_c q(c|x) KL(q(z|x) || p(z|c)) - KL(q(c|x) || p(c))

The paper says that this choice makes the bound largest. It does where p(c|z) is the same at every
drawn z; in general ``best_clusters`` does, with a geometric in place of the arithmetic mean.

From a random start all clusters but a few die; an autoencoder is trained first and a Gaussian
mixture fitted to its codes.

References:
    Variational deep embedding: an unsupervised and generative approach to clustering
    (Jiang, Zheng, Tan, Tang & Zhou, 2017) https://arxiv.org/abs/1611.05148
"""

from typing import NamedTuple

from dgmlib.vae import mlp, terms
from dgmlib.vae.arrays import Array, library, logsumexp
from dgmlib.vae.mlp import Params
from dgmlib.vae.vae import Gaussian


def encode(params: Params, x: Array) -> Gaussian:
    """q(z|x) of images (..., pixels)."""
    out = mlp.forward(params, "encoder", x, "relu")
    half = out.shape[-1] // 2
    return Gaussian(out[..., :half], out[..., half:])


def decode(params: Params, z: Array) -> Array:
    """The logits of p(x|z), (..., pixels)."""
    return mlp.forward(params, "decoder", z, "relu")


def log_joint(params: Params, z: Array) -> Array:
    """log p(z, c) of every cluster: (..., latent) -> (..., clusters)."""
    z = z[..., None, :]
    each = terms.gaussian_log_prob(z, params["prior.mean"], params["prior.log_var"])
    return _log_pi(params) + each


def log_prior(params: Params, z: Array) -> Array:
    """log p(z) of the mixture, (...)."""
    return logsumexp(log_joint(params, z), -1)


def clusters(params: Params, z: Array) -> Array:
    """p(c|z), (..., clusters): rows sum to one."""
    joint = log_joint(params, z)
    return library(joint).exp(joint - logsumexp(joint, -1)[..., None])


def best_clusters(params: Params, q: Gaussian) -> Array:
    """The q(c|x) with the largest bound, (n, clusters): pi_c exp(-KL(q(z|x) || p(z|c))), normed.

    It is exp E_q[log p(c|z)], normed: equal to E_q[p(c|z)] where q is narrow.
    """
    joint = _log_pi(params) - _apart(params, q)
    return library(joint).exp(joint - logsumexp(joint, -1)[..., None])


class Bound(NamedTuple):
    """ELBO = log_likelihood - kl_z - kl_c, each (n,) in nats, averaged over the draws."""

    log_likelihood: Array
    kl_z: Array
    kl_c: Array

    @property
    def elbo(self) -> Array:
        return self.log_likelihood - self.kl_z - self.kl_c


def bound(params: Params, x: Array, noise: Array, *, seen: Array | None = None) -> Bound:
    """The bound of images (n, pixels) from standard noise (k, n, latent).

    ``seen``: what the encoder is given in the place of x, (n, pixels). It is a bound for any q.
    """
    q = encode(params, x if seen is None else seen)
    z = terms.reparameterise(q.mean, q.log_var, noise)
    mix = clusters(params, z).mean(0)  # (n, clusters)
    surprise = mix * (library(mix).log(mix + 1e-30) - _log_pi(params))
    return Bound(
        terms.bernoulli_log_prob(x, decode(params, z)).mean(0),
        (mix * _apart(params, q)).sum(-1),
        surprise.sum(-1),
    )


def _log_pi(params: Params) -> Array:
    """log p(c), (clusters,)."""
    logits = params["prior.logits"]
    return logits - logsumexp(logits, 0)


def _apart(params: Params, q: Gaussian) -> Array:
    """KL(q(z|x) || p(z|c)) for every cluster, (n, clusters)."""
    return terms.kl_gaussians(
        q.mean[..., None, :], q.log_var[..., None, :], params["prior.mean"], params["prior.log_var"]
    ).sum(-1)
