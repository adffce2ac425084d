r"""From one image to another through the latent space: the straight way and the spherical one.

    straight    z(t) = (1 - t) a + t b
    spherical   z(t) = [sin((1 - t) w) a + sin(t w) b] / sin w,    w the angle between a and b

In d dimensions nearly all of N(0, I) lies close to |z| = sqrt(d). Halfway between two independent
draws the straight way is at sqrt(d / 2); the spherical way keeps the norm. Whether the decoder
minds is another question, so the doubt of every picture on the way is measured: the entropy of its
784 bits, in nats.

References:
    Sampling generative networks (White, 2016) https://arxiv.org/abs/1609.04468
    Animating rotation with quaternion curves (Shoemake, 1985) https://doi.org/10.1145/325334.325242
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from dgmlib.checkpoints import store
from dgmlib.data.own_digit import Digit
from dgmlib.vae import encoded, terms, vae
from dgmlib.vae.arrays import sigmoid, softplus

FRAMES = 33
WAYS = ("straight", "spherical")
ENDS = ("draws of q", "means of q")
SHELL = (0.025, 0.975)  # quantiles of the norm


class Paths(NamedTuple):
    first: Digit
    second: Digit
    ends: str
    t: np.ndarray  # (F,)
    norm: np.ndarray  # (2, F) of both ways
    images: np.ndarray  # (2, F, 784) probabilities of ink
    doubt: np.ndarray  # (2, F) entropy of the bits, nats
    angle: float  # between the two ends, radians
    d: int
    shell: tuple[float, float]  # 95% of N(0, I) have a norm in here
    codes: tuple[float, float]  # 95% of the bundled digits' codes, drawn or means, have
    active: int  # coordinates whose mean moves with the image
    told: str


def straight(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """(d,), (d,), (F,) -> (F, d)."""
    return (1 - t[:, None]) * a + t[:, None] * b


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Between two directions, by both sine and cosine: exact for small and large ones."""
    u, v = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return float(2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v)))


def spherical(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The same; straight where the ends point the same way, ValueError where they are opposite."""
    if not np.linalg.norm(a) or not np.linalg.norm(b):
        raise ValueError("the origin has no direction: choose other ends, or go straight")
    w = angle(a, b)
    if np.pi - w < 1e-6:
        raise ValueError("opposite ends have no shortest way on the sphere: choose other ends")
    if w < 1e-6:
        return straight(a, b, t)
    return (np.sin((1 - t) * w)[:, None] * a + np.sin(t * w)[:, None] * b) / np.sin(w)


def entropy(logits: np.ndarray) -> np.ndarray:
    """Of independent bits with these logits, summed over the last axis: nats."""
    # - p log p - (1 - p) log(1 - p) = softplus(l) - p l
    return (softplus(logits) - sigmoid(logits) * logits).sum(-1)


def between(
    name: str, first: Digit, second: Digit, *, ends: str, rng: np.random.Generator
) -> Paths:
    """Both ways between the codes of two digits under a VAE, and what they meet."""
    if ends not in ENDS:
        raise ValueError(f"ends must be one of {', '.join(ENDS)}, not {ends!r}")
    net = store.load(name)
    q = vae.encode(net.weights, np.stack([first.bits, second.bits]).astype(np.float32))
    everyone = encoded.bundled(name)
    mean, all_mean = np.asarray(q.mean, float), np.asarray(everyone.mean, float)
    d = mean.shape[1]
    a, b = mean
    codes = all_mean
    if ends == ENDS[0]:
        a, b = terms.reparameterise(mean, np.asarray(q.log_var, float), rng.standard_normal((2, d)))
        codes = all_mean + np.exp(0.5 * everyone.log_var) * rng.standard_normal(all_mean.shape)
    t = np.linspace(0, 1, FRAMES)
    z = np.stack([straight(a, b, t), spherical(a, b, t)])  # (2, F, d)
    logits = vae.decode(net.weights, z.astype(np.float32))
    low, high = np.quantile(np.linalg.norm(codes, axis=1), SHELL)
    return Paths(
        first, second, ends, t, np.linalg.norm(z, axis=-1), sigmoid(logits),
        entropy(logits.astype(float)), angle(a, b), d,
        (float(stats.chi(d).ppf(SHELL[0])), float(stats.chi(d).ppf(SHELL[1]))),
        (float(low), float(high)), int((all_mean.var(0) > 0.01).sum()), net.told,
    )  # fmt: skip
