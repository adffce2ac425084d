r"""The variational autoencoder with a Gaussian encoder and a Bernoulli decoder.

    p(z) = N(0, I)      p(x|z) = Bernoulli(x; sigmoid(f(z)))      q(z|x) = N(m(x), diag s(x)^2)

One draw of z costs one pass through the decoder, so K draws of an image pass it through the
encoder once. With a condition c (a digit's class, one-hot) both networks read (x, c) and (z, c) and
every density is given c: the conditional VAE. The beta-VAE weighs the KL by beta.

References:
    Auto-encoding variational Bayes (Kingma & Welling, 2014) https://arxiv.org/abs/1312.6114
    Learning structured output representation using deep conditional generative models
    (Sohn, Lee & Yan, 2015) https://papers.nips.cc/paper/5775
    beta-VAE: learning basic visual concepts with a constrained variational framework
    (Higgins et al., 2017) https://openreview.net/forum?id=Sy2fzU9gl
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dgmlib.vae import mlp, terms
from dgmlib.vae.arrays import Array, library
from dgmlib.vae.mlp import Params


class Gaussian(NamedTuple):
    """Independent coordinates; ``log_var`` is the logarithm of the variance."""

    mean: Array  # (..., latent)
    log_var: Array  # (..., latent)


def init(
    pixels: int,
    hidden: Sequence[int],
    latent: int,
    *,
    pixel_mean: np.ndarray,  # (pixels,) in (0, 1): where the decoder starts
    rng: np.random.Generator,
    classes: int = 0,
) -> dict[str, np.ndarray]:
    """Parameters before training: encoder pixels - hidden - 2 latent, decoder its mirror image."""
    mean = np.clip(np.asarray(pixel_mean, float), 1e-3, 1 - 1e-3)
    if mean.shape != (pixels,):
        raise ValueError(f"pixel_mean must have shape ({pixels},), not {mean.shape}")
    params = mlp.init("encoder", [pixels + classes, *hidden, 2 * latent], rng=rng)
    params |= mlp.init("decoder", [latent + classes, *reversed(hidden), pixels], rng=rng)
    params[f"decoder.{len(hidden)}.bias"] = np.log(mean / (1 - mean)).astype(np.float32)
    return params


def encode(params: Params, x: Array, c: Array | None = None) -> Gaussian:
    """q(z|x) of images (..., pixels); a conditional model also needs c, (..., classes) one-hot."""
    out = mlp.forward(params, "encoder", _beside(x, c))
    half = out.shape[-1] // 2
    return Gaussian(out[..., :half], out[..., half:])


def decode(params: Params, z: Array, c: Array | None = None) -> Array:
    """The logits of p(x|z), (..., pixels). Their sigmoid is the probability that a pixel is on."""
    return mlp.forward(params, "decoder", _beside(z, c))


class Terms(NamedTuple):
    """What a bound is made of, each (k, n) in nats: log w = log_likelihood + log_prior - log_q."""

    log_likelihood: Array  # log p(x|z)
    log_prior: Array  # log p(z)
    log_q: Array  # log q(z|x)

    @property
    def log_w(self) -> Array:
        return self.log_likelihood + self.log_prior - self.log_q


def weigh(params: Params, x: Array, noise: Array, c: Array | None = None) -> Terms:
    """The terms of the log weights of draws of q(z|x).

    Args:
        x: (n, pixels) bits.
        noise: (k, n, latent) standard normal: k independent draws for each image.
        c: (n, classes) one-hot, for a conditional model.
    """
    q = encode(params, x, c)
    z = terms.reparameterise(q.mean, q.log_var, noise)  # (k, n, latent)
    return Terms(
        terms.bernoulli_log_prob(x, decode(params, z, c)),
        terms.standard_log_prob(z),
        terms.gaussian_log_prob(z, q.mean, q.log_var),
    )


class Split(NamedTuple):
    """The two sides of the bound, ELBO = - distortion - rate, in nats per image."""

    distortion: Array  # (n,) - E_q log p(x|z), from the given draws
    rate: Array  # (n, latent) KL(q(z_j|x) || p(z_j)) in closed form


def split(params: Params, x: Array, noise: Array, c: Array | None = None) -> Split:
    """Distortion and rate of images (n, pixels), with noise (k, n, latent)."""
    q = encode(params, x, c)
    z = terms.reparameterise(q.mean, q.log_var, noise)
    seen = terms.bernoulli_log_prob(x, decode(params, z, c)).mean(0)
    return Split(-seen, terms.kl_to_standard(q.mean, q.log_var))


def _beside(x: Array, c: Array | None) -> Array:
    """(x, c) in one row; c is repeated over x's leading axes."""
    if c is None:
        return x
    xp = library(x)
    c = xp.broadcast_to(c, (*x.shape[:-1], c.shape[-1]))
    return xp.concatenate([x, c], -1)
