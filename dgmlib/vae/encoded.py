"""The bundled digits as a network sees them: q(z|x) of all 5,000, computed once.

These digits are in MNIST's training set, so they say how a network treats what it has seen.
"""

from functools import lru_cache

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.data import own_digit
from dgmlib.vae import aggregate, plane, vade, vae
from dgmlib.vae.vae import Gaussian


def bundled(name: str) -> Gaussian:
    """q(z|x) of the bundled digits under the checkpoint ``name``: (5000, latent) each."""
    return _encoded(name, store.load(name).card["sha256"])


def density(name: str) -> plane.Density:
    """The aggregate posterior of a model with two latents, on the grid of the picture."""
    return _density(name, store.load(name).card["sha256"])


def exact_surgery(name: str) -> plane.Exact:
    """What the rate of a model with two latents is made of, by quadrature."""
    return _exact(name, store.load(name).card["sha256"])


def surgery(name: str, *, seed: int, draws: int = 400) -> aggregate.Surgery:
    """The same for any number of latents, from draws."""
    return _surgery(name, store.load(name).card["sha256"], seed, draws)


def one_hot(label: np.ndarray | int) -> np.ndarray:
    """(..., 10) for classes 0 to 9."""
    return np.eye(10, dtype=np.float32)[label]


@lru_cache(maxsize=6)
def _encoded(name: str, _sha256: str) -> Gaussian:
    loaded, all_ = store.load(name), own_digit.bundled()
    x = all_.bits.astype(np.float32)
    if loaded.card["settings"]["model"] == "vade":
        q = vade.encode(loaded.weights, x)
    else:
        c = one_hot(all_.labels) if loaded.card["settings"].get("classes") else None
        q = vae.encode(loaded.weights, x, c)
    for array in q:
        array.flags.writeable = False
    return q


@lru_cache(maxsize=2)
def _density(name: str, _sha256: str) -> plane.Density:
    return plane.density(bundled(name))


@lru_cache(maxsize=2)
def _exact(name: str, _sha256: str) -> plane.Exact:
    return plane.surgery(bundled(name))


@lru_cache(maxsize=32)
def _surgery(name: str, _sha256: str, seed: int, draws: int) -> aggregate.Surgery:
    return aggregate.surgery(bundled(name), draws=draws, rng=np.random.default_rng(seed))
