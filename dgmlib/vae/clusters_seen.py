r"""What the clusters of a VaDE are, seen from outside: their draws, and the digits that fall in.

    x falls into the cluster with the largest q(c|x) = E_q(z|x)[p(c|z)]

The network never saw a class. Clusters have no names, so accuracy is that of the best one-to-one
naming, found by the Hungarian algorithm; with more freedom (each cluster named by its majority) it
would be at least as high, and reach 100% with one cluster for each image.

References:
    Variational deep embedding (Jiang et al., 2017) https://arxiv.org/abs/1611.05148
    The Hungarian method for the assignment problem (Kuhn, 1955)
    https://doi.org/10.1002/nav.3800020109
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from dgmlib.checkpoints import store
from dgmlib.data import own_digit
from dgmlib.data.own_digit import Digit
from dgmlib.vae import encoded, terms, vade
from dgmlib.vae.arrays import sigmoid
from dgmlib.vae.vae import Gaussian

SAMPLES, DRAWS, SHOWN = 30, 8, 1_500


class Census(NamedTuple):
    """Of the bundled digits."""

    table: np.ndarray  # (clusters, 10) how many digits of each class
    name: np.ndarray  # (clusters,) the class that the best one-to-one naming gives it, or -1
    accuracy: float
    error: float  # binomial standard error
    fallen: np.ndarray  # (n,) the cluster of every digit
    flat: np.ndarray  # (n, 2) their codes in the plane of the two largest axes of the clusters
    centres: np.ndarray  # (clusters, 2) in the same plane


class Clusters(NamedTuple):
    digit: Digit
    weight: np.ndarray  # (clusters,) pi_c
    samples: np.ndarray  # (clusters, SAMPLES, 784) p(x|z) at z ~ p(z|c)
    census: Census
    chance: np.ndarray  # (clusters,) q(c|x) of the digit
    place: np.ndarray  # (2,) its code in the plane
    labels: np.ndarray  # (n,)
    card: tuple[float, float] | None  # accuracy and error on test images, from the card, in %
    told: str


def look(name: str, digit: Digit, *, rng: np.random.Generator) -> Clusters:
    """The clusters of a checkpoint, and where one digit belongs."""
    net = store.load(name)
    params = net.weights
    mean, log_var = params["prior.mean"], params["prior.log_var"]
    C, d = mean.shape
    noise = rng.standard_normal((SAMPLES, C, d)).astype(np.float32)
    z = terms.reparameterise(mean, log_var, noise).swapaxes(0, 1)  # (C, SAMPLES, d)
    drawn = sigmoid(vade.decode(params, z.reshape(-1, d))).reshape(C, SAMPLES, -1)
    q = vade.encode(params, digit.bits[None].astype(np.float32))
    shares = soft(params, q, rng.standard_normal((50, 1, d)).astype(np.float32))
    logits = params["prior.logits"].astype(float)
    pi = np.exp(logits - logits.max())
    scores = [s for s in net.card["scores"] if s["name"] == "clustering accuracy"]
    card = (float(scores[0]["value"]), float(scores[0]["error"] or 0.0)) if scores else None
    axes, origin = _plane(mean)
    return Clusters(
        digit, pi / pi.sum(), drawn, census(name), shares[0],
        (np.asarray(q.mean[0], float) - origin) @ axes, own_digit.bundled().labels, card, net.told,
    )  # fmt: skip


def soft(params: vade.Params, q: Gaussian, noise: np.ndarray) -> np.ndarray:
    """q(c|x) of images, (n, clusters), averaged over draws: noise (k, n, latent)."""
    z = terms.reparameterise(q.mean, q.log_var, noise)
    return vade.clusters(params, z).mean(0)


def census(name: str) -> Census:
    """Who falls where, of the bundled digits. Its draws have a seed of their own: 0."""
    return _census(name, store.load(name).card["sha256"])


def named(table: np.ndarray) -> tuple[np.ndarray, float]:
    """The class of each cluster in the best one-to-one naming (-1: none is left), and the hits."""
    rows, columns = linear_sum_assignment(-table)
    name = np.full(len(table), -1)
    name[rows] = columns
    return name, float(table[rows, columns].sum() / table.sum())


@lru_cache(maxsize=2)
def _census(name: str, _sha256: str) -> Census:
    params, q, labels = store.load(name).weights, encoded.bundled(name), own_digit.bundled().labels
    n, d = q.mean.shape
    noise = np.random.default_rng(0).standard_normal((DRAWS, n, d)).astype(np.float32)
    fallen = soft(params, q, noise).argmax(1)
    table = np.zeros((len(params["prior.mean"]), 10), int)
    np.add.at(table, (fallen, labels), 1)
    name_, accuracy = named(table)
    axes, origin = _plane(params["prior.mean"])
    return Census(
        table, name_, accuracy, float(np.sqrt(accuracy * (1 - accuracy) / n)), fallen,
        (np.asarray(q.mean, float) - origin) @ axes,
        (np.asarray(params["prior.mean"], float) - origin) @ axes,
    )  # fmt: skip


def _plane(mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two axes (d, 2) along which the clusters' means are furthest apart, and their middle."""
    origin = np.asarray(mean, float).mean(0)
    _, _, v = np.linalg.svd(np.asarray(mean, float) - origin)
    return v[:2].T, origin
