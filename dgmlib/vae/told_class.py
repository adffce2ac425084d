r"""A VAE that is told the class: one style in ten classes, and Bayes' rule as a classifier.

    q(z|x, c)   p(z)   p(x|z, c)          one z, ten classes: the class is in c, the style in z

    p(c|x) = p(x|c) / sum_c' p(x|c')      with p(c) = 1/10, and log p(x|c) by K draws from below

Nothing in the bound makes z forget the class; it is cheaper to, because c costs no rate.

References:
    Learning structured output representation using deep conditional generative models
    (Sohn, Lee & Yan, 2015) https://papers.nips.cc/paper/5775
"""

from typing import NamedTuple

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.data.own_digit import Digit
from dgmlib.vae import encoded, vae
from dgmlib.vae.arrays import logsumexp, sigmoid
from dgmlib.vae.bounds import iw_bound

STYLES, SPAN, FRAMES, DRAWS = 6, 2.5, 21, 64
CLASSES = 10


class Told(NamedTuple):
    digit: Digit
    told: int  # the class the encoder was told
    direction: int  # 0 ..: the latent coordinate that is moved
    values: np.ndarray  # (F,) what it is set to
    grid: np.ndarray  # (F, rows, 10, 784) row 0 has the digit's own style; then draws of the prior
    own: float  # that coordinate of the digit's own code
    spread: np.ndarray  # (latent,) variance of the mean over the bundled digits: 0 is unused
    bound: np.ndarray  # (10,) L_K of the digit given each class, nats
    error: np.ndarray  # (10,) its standard error
    chance: np.ndarray  # (10,) p(c|x) by Bayes' rule
    words: str  # of the weights, for the reader


def tell(name: str, digit: Digit, *, told: int, direction: int, rng: np.random.Generator) -> Told:
    """The style of ``digit`` and some drawn ones, in every class, along one coordinate of z.

    Args:
        told: the class given to the encoder.
        direction: 0 is the coordinate that the images use most, 1 the next, ...
    """
    net = store.load(name)
    params, x = net.weights, digit.bits[None].astype(np.float32)
    spread = encoded.bundled(name).mean.var(0)
    if not 0 <= direction < len(spread):
        raise ValueError(f"direction lies between 0 and {len(spread) - 1}, got {direction}")
    j = int(np.argsort(-spread)[direction])
    q = vae.encode(params, x, encoded.one_hot(np.array([told])))
    styles = rng.standard_normal((STYLES, len(spread))).astype(np.float32)
    styles[0] = q.mean[0]
    values = np.linspace(-SPAN, SPAN, FRAMES)
    z = np.repeat(styles[None], FRAMES, axis=0)  # (F, rows, latent)
    z[:, :, j] = values[:, None]
    every = encoded.one_hot(np.arange(CLASSES))  # (10, 10)
    shape = (FRAMES, STYLES, CLASSES)
    flat = np.broadcast_to(z[:, :, None], (*shape, z.shape[-1])).reshape(-1, z.shape[-1])
    logits = vae.decode(params, flat, np.tile(every, (FRAMES * STYLES, 1)))
    grid = sigmoid(logits).reshape(*shape, -1)
    bound, error = bounds(params, digit.bits, rng=rng)
    return Told(
        digit, told, j, values, grid, float(q.mean[0, j]), spread, bound, error,
        np.exp(bound - logsumexp(bound, 0)), net.told,
    )  # fmt: skip


def bounds(
    params: vae.mlp.Params, bits: np.ndarray, *, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[np.ndarray, np.ndarray]:
    """L_K of one image (784,) given each class, and its standard error, both (10,)."""
    latent = params["encoder.2.bias"].shape[0] // 2
    # one noise for all classes: what they differ by is then not the luck of the draw
    noise = np.repeat(rng.standard_normal((draws, latent)), CLASSES, axis=0).astype(np.float32)
    every = np.tile(encoded.one_hot(np.arange(CLASSES)), (draws, 1))  # (draws * 10, 10)
    x = np.broadcast_to(bits.astype(np.float32), (len(every), len(bits)))
    log_w = vae.weigh(params, x, noise[None], every).log_w.reshape(draws, CLASSES)
    log_w = log_w.astype(float)
    w = np.exp(log_w - log_w.max(0))
    return iw_bound(log_w), w.std(0, ddof=1) / w.mean(0) / np.sqrt(draws)
