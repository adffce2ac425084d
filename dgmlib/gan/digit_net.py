r"""A trained generator of digits and its reader, as their card describes them.

    x = G(noise, c, u)        Q(c, u | x) = softmax(logits)[c] prod_j N(u_j; mean_j, std_j^2)

The noise is s times standard normal numbers, s being the ``spread`` of the training; c is a
category as a one-hot vector and u are continuous codes, drawn from U(-1, 1) in training.

References:
    InfoGAN: interpretable representation learning by information maximizing generative adversarial
    nets (Chen et al., 2016) https://arxiv.org/abs/1606.03657
"""

from typing import NamedTuple

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.gan import pixels
from dgmlib.gan.codes import Shape
from dgmlib.vae.arrays import logsumexp

AT_ONCE = 25  # images: what they take in between stays in the processor's cache


class Net(NamedTuple):
    name: str
    params: pixels.Params
    shape: Shape
    card: dict
    told: str  # of the weights, for the reader


class Reading(NamedTuple):
    """Q(c, u | x) of n images."""

    log_p: np.ndarray  # (n, categories) log q(c|x), nats
    mean: np.ndarray  # (n, continuous)
    std: np.ndarray  # (n, continuous)


def load(name: str) -> Net:
    """The checkpoint ``name``. ValueError if it is no GAN."""
    net = store.load(name)
    about = net.card["settings"]
    if about.get("model") != "gan":
        raise ValueError(f"{name} is no GAN but {about.get('model')!r}; see its card")
    shape = Shape(**{k: about[k] for k in Shape._fields if k in about})
    return Net(name, net.weights, shape, net.card, net.told)


def draw(
    net: Net, noise: np.ndarray, category: np.ndarray | int = 0, u: np.ndarray | float = 0.0
) -> np.ndarray:
    """Grey values (..., 784) between 0 and 1 of codes whose leading axes broadcast.

    Args:
        noise: (..., noise) as it enters the network, its spread included.
        category: (...) whole numbers; a network without categories ignores them.
        u: (..., continuous), or one number for all.
    """
    category, u = np.asarray(category), np.asarray(u, float)
    lead = np.broadcast_shapes(noise.shape[:-1], category.shape, u.shape[:-1])
    parts = [np.broadcast_to(noise, (*lead, net.shape.noise))]
    if net.shape.categories:
        hot = np.eye(net.shape.categories)[category]
        parts.append(np.broadcast_to(hot, (*lead, net.shape.categories)))
    if net.shape.continuous:
        parts.append(np.broadcast_to(u, (*lead, net.shape.continuous)))
    z = np.concatenate(parts, -1).reshape(-1, net.shape.latent).astype(np.float32)
    made = [pixels.generate(net.params, z[i : i + AT_ONCE]) for i in range(0, len(z), AT_ONCE)]
    return np.concatenate(made).reshape(*lead, -1)


def read(net: Net, x: np.ndarray) -> Reading:
    """What the reader makes of grey values (n, 784) between 0 and 1."""
    x = np.asarray(x, np.float32)
    parts = []
    for i in range(0, len(x), AT_ONCE):
        seen = pixels.features(net.params, x[i : i + AT_ONCE])
        parts.append(pixels.read(net.params, seen, net.shape.categories))
    logits, mean, log_var = (np.concatenate(one).astype(float) for one in zip(*parts, strict=True))
    return Reading(logits - logsumexp(logits, 1)[:, None], mean, np.exp(0.5 * log_var))
