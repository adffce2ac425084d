r"""Posterior collapse: which coordinates of z carry something about x, and which do not.

    KL_j = E_x KL(q(z_j|x) || p(z_j))          A_j = Var_x(E_q[z_j])        active: A_j > 0.01

A coordinate with q(z_j|x) = p(z_j) for every x costs nothing and tells nothing. The decoder learns
to ignore it: turning it hardly moves a pixel. The higher the price beta, the more collapse.

References:
    Importance weighted autoencoders (Burda, Grosse & Salakhutdinov, 2016)
    https://arxiv.org/abs/1509.00519 (active units)
    Don't Blame the ELBO! A Linear VAE Perspective on Posterior Collapse (Lucas et al., 2019)
    https://arxiv.org/abs/1911.02469
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dgmlib.data import own_digit
from dgmlib.vae import shelf, terms, vae
from dgmlib.vae.arrays import sigmoid
from dgmlib.vae.mlp import Params
from dgmlib.vae.shelf import BETAS

ACTIVE = 0.01
IMAGES = 500  # bundled digits
TURNED = np.linspace(-3, 3, 7)  # values that a coordinate is set to


class Spectrum(NamedTuple):
    """Every coordinate of one model over N images, by falling KL."""

    kl: np.ndarray  # (latent,) nats
    variance: np.ndarray  # (latent,) of the mean of q
    order: np.ndarray  # (latent,) the coordinate's number in z


class Collapse(NamedTuple):
    """P checkpoints by beta, each with J coordinates by falling KL."""

    names: list[str]
    beta: np.ndarray  # (P,)
    kl: np.ndarray  # (P, J)
    variance: np.ndarray  # (P, J)
    change: np.ndarray  # (P, J) largest change of a pixel's probability while z_j is turned
    ranks: tuple[int, ...]  # R of them, turned: 1, and ``rank`` if that is another
    rows: np.ndarray  # (P, R, T, 28, 28)
    rank: int  # from 1
    active: np.ndarray  # (P,) here, on N images
    card_active: np.ndarray  # (P,) on the test images, from the card
    card_rate: np.ndarray  # (P,)
    missing: dict[str, str]  # name -> why
    told: str
    words: str  # where the digit comes from
    n: int


def spectrum(params: Params, x: np.ndarray) -> Spectrum:
    """KL and variance of every coordinate on images (n, pixels)."""
    q = vae.encode(params, x)
    kl = terms.kl_to_standard(q.mean, q.log_var).mean(0, dtype=float)
    order = np.argsort(-kl, kind="stable")
    return Spectrum(kl[order], q.mean.var(0, dtype=float)[order], order)


def turn(params: Params, z: np.ndarray, j: int) -> np.ndarray:
    """(T, pixels) probabilities while z_j takes the values ``TURNED`` and the rest of z stays."""
    moved = np.repeat(z[None], len(TURNED), axis=0)
    moved[:, j] = TURNED
    return sigmoid(vae.decode(params, moved))


def changes(params: Params, z: np.ndarray) -> np.ndarray:
    """(latent,) the largest change of any pixel between z_j = -3 and z_j = 3."""
    latent = len(z)
    ends = np.repeat(z[None], 2 * latent, axis=0).reshape(2, latent, latent)
    j = np.arange(latent)
    ends[0, j, j], ends[1, j, j] = TURNED[0], TURNED[-1]
    low, high = sigmoid(vae.decode(params, ends))
    return np.abs(high - low).max(-1)


def watch(digit: str, rank: int) -> Collapse:
    """The beta sweep: its spectra on bundled digits, and one digit decoded while z_j is turned."""
    found = shelf.look([shelf.name_of(b) for b in BETAS])
    own = own_digit.parse(digit)
    x = own.bits[None].astype(np.float32)
    ranks = (1,) if rank == 1 else (1, rank)
    kl, variance, change, rows = [], [], [], []
    for one in found.found:
        s = _bundled(one.name, one.card["sha256"])
        z = vae.encode(one.weights, x).mean[0]
        kl.append(s.kl)
        variance.append(s.variance)
        change.append(changes(one.weights, z)[s.order])
        rows.append([turn(one.weights, z, int(s.order[k - 1])) for k in ranks])
    side = own_digit.SIDE
    return Collapse(
        [one.name for one in found.found],
        np.array([float(one.card["settings"]["beta"]) for one in found.found]),
        np.array(kl), np.array(variance), np.array(change),
        ranks, np.array(rows).reshape(len(kl), len(ranks), len(TURNED), side, side), rank,
        (np.array(variance) > ACTIVE).sum(1),
        np.array([shelf.score(one, "active units")[0] for one in found.found]),
        np.array([shelf.score(one, "rate")[0] for one in found.found]),
        found.missing, found.told, own.words, IMAGES,
    )  # fmt: skip


@lru_cache(maxsize=16)
def _bundled(name: str, sha256: str) -> Spectrum:
    """On the first bundled digits. The checksum is for the cache: another file, another sum."""
    (one,) = shelf.look([name]).found
    return spectrum(one.weights, own_digit.bundled().bits[:IMAGES].astype(np.float32))
