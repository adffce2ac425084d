"""The map of a VAE with two latents: what every place decodes to, and where no digit is sent.

Put together from the aggregate posterior (``plane``), its holes (``holes``), and the two parts of
the rate: exactly, by quadrature, for two latents; from draws for the same and for fifty.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.data import own_digit
from dgmlib.vae import encoded, holes, plane, terms, vae
from dgmlib.vae.aggregate import Surgery, log_density
from dgmlib.vae.arrays import sigmoid

TILES = 17  # pictures along each side
NEAREST = 2


class Picked(NamedTuple):
    """One place of the plane."""

    z: np.ndarray  # (2,)
    decoded: np.ndarray  # (784,) p(ink)
    log_q: float  # of the aggregate posterior
    log_p: float
    nearest: np.ndarray  # (NEAREST,) the numbers of the digits whose codes are closest
    bits: np.ndarray  # (NEAREST, 784)
    labels: np.ndarray  # (NEAREST,)
    distance: np.ndarray  # (NEAREST,)


class Map(NamedTuple):
    density: plane.Density
    holes: holes.Holes
    tiles: np.ndarray  # (TILES, TILES, 784) p(ink), row 0 at the bottom
    codes: np.ndarray  # (n, 2)
    labels: np.ndarray  # (n,)
    picked: Picked
    exact: plane.Exact
    drawn: Surgery  # the same model, from draws
    many: Surgery | None  # a model with fifty latents, from draws
    told: str


def look(
    name: str, z: np.ndarray | None, *, factor: float, beside: str, rng: np.random.Generator
) -> Map:
    """The map of a checkpoint; ``beside`` is one with more latents, for comparison."""
    net = store.load(name)
    density, q = encoded.density(name), encoded.bundled(name)
    found = holes.find(density, factor=factor)
    at = found.at[0] if z is None and len(found.at) else (np.zeros(2) if z is None else z)
    seeds = rng.integers(0, 2**31, 2)
    drawn = encoded.surgery(name, seed=int(seeds[0]))
    try:
        many = encoded.surgery(beside, seed=int(seeds[1]))
        told = net.told
    except store.CheckpointError as error:
        many, told = None, f"{net.told} {error}".strip()
    return Map(
        density, found, _tiles(name, net.card["sha256"]), np.asarray(q.mean, float),
        own_digit.bundled().labels, _pick(name, at), encoded.exact_surgery(name), drawn, many,
        told,
    )  # fmt: skip


def _pick(name: str, z: np.ndarray) -> Picked:
    net, q, all_ = store.load(name), encoded.bundled(name), own_digit.bundled()
    away = np.linalg.norm(q.mean - z, axis=1)
    near = np.argsort(away, kind="stable")[:NEAREST]
    return Picked(
        z, sigmoid(vae.decode(net.weights, z.astype(np.float32))),
        float(log_density(q, z[None])[0]), float(terms.standard_log_prob(z)), near,
        all_.bits[near], all_.labels[near], away[near],
    )  # fmt: skip


def tile_places() -> np.ndarray:
    """(TILES,) the coordinates of the middles of the tiles."""
    return plane.REACH * (2 * np.arange(TILES) + 1 - TILES) / TILES


@lru_cache(maxsize=2)
def _tiles(name: str, _sha256: str) -> np.ndarray:
    line = tile_places().astype(np.float32)
    z = np.stack(np.meshgrid(line, line), axis=-1)  # (row: z_2, column: z_1, 2)
    return sigmoid(vae.decode(store.load(name).weights, z))
