r"""Variational deep embedding: a VAE whose prior is a mixture of Gaussians, so that it clusters.

    p(c) = pi_c     p(z|c) = N(z; mu_c, diag sigma_c^2)     p(x|z) = Bernoulli(sigmoid(f(z)))

    q(c|x) = E_q(z|x)[p(c|z)],  estimated from the drawn z: the choice that makes the bound largest

    ELBO = E log p(x|z) - sum_c q(c|x) KL(q(z|x) || p(z|c)) - KL(q(c|x) || p(c))

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
    logits = params["prior.logits"]  # (clusters,)
    log_pi = logits - logsumexp(logits, 0)
    z = z[..., None, :]
    return log_pi + terms.gaussian_log_prob(z, params["prior.mean"], params["prior.log_var"])


def log_prior(params: Params, z: Array) -> Array:
    """log p(z) of the mixture, (...)."""
    return logsumexp(log_joint(params, z), -1)


def clusters(params: Params, z: Array) -> Array:
    """p(c|z), (..., clusters): rows sum to one."""
    joint = log_joint(params, z)
    return library(joint).exp(joint - logsumexp(joint, -1)[..., None])


class Bound(NamedTuple):
    """ELBO = log_likelihood - kl_z - kl_c, each (n,) in nats, averaged over the draws."""

    log_likelihood: Array
    kl_z: Array
    kl_c: Array

    @property
    def elbo(self) -> Array:
        return self.log_likelihood - self.kl_z - self.kl_c


def bound(params: Params, x: Array, noise: Array) -> Bound:
    """The bound of images (n, pixels) from standard noise (k, n, latent)."""
    q = encode(params, x)
    z = terms.reparameterise(q.mean, q.log_var, noise)
    logits = params["prior.logits"]
    log_pi = logits - logsumexp(logits, 0)
    mix = clusters(params, z).mean(0)  # (n, clusters)
    apart = terms.kl_gaussians(
        q.mean[:, None], q.log_var[:, None], params["prior.mean"], params["prior.log_var"]
    ).sum(-1)  # (n, clusters)
    surprise = mix * (library(mix).log(mix + 1e-30) - log_pi)
    return Bound(
        terms.bernoulli_log_prob(x, decode(params, z)).mean(0),
        (mix * apart).sum(-1),
        surprise.sum(-1),
    )
