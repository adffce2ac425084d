r"""Expectations under a Gaussian mixture in the plane at nodes that can be used again and again.

    E_p f = sum_j w_j f(x_j),    w_j = h^2 p(x_j),    x_j on a square lattice of side h

The trapezoidal rule is exact to all digits for a Gaussian of deviation s once h <= s / 2: its error
falls as exp(-2 pi^2 s^2 / h^2). Nodes are kept near the components only. The density is computed
once, so a network can be held against the truth at every step of its training. The error is the
change against the lattice of side 2 h.

References:
    The exponentially convergent trapezoidal rule (Trefethen & Weideman, 2014)
    https://doi.org/10.1137/130932132
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences.quadrature import Estimate
from dgmlib.mixtures import gmm
from dgmlib.scores import exact

FINE = 0.4  # side of the lattice, in deviations of the narrowest component
REACH = 6.5  # deviations of each component; outside is mass 1e-9
MOST = 200_000  # nodes
PART = 4096  # nodes at once


class Mesh(NamedTuple):
    x: np.ndarray  # (n, 2)
    weight: np.ndarray  # (n,)
    coarse: np.ndarray  # (n,) bool: the nodes of the lattice of twice the side


def mesh(p: gmm.Params) -> Mesh:
    """The nodes of a mixture. ValueError for components too different for one lattice."""
    if p.mean.shape[1] != 2:
        raise ValueError(f"the lattice is for the plane, not for {p.mean.shape[1]} dimensions")
    square = np.linalg.eigvalsh(p.cov)  # (K, 2), rising
    side = FINE * float(square.min() ** 0.5)
    radius = REACH * square[:, 1] ** 0.5 / side
    if (np.pi * radius**2).max() > MOST:
        raise ValueError("a component is too wide beside the narrowest one for one lattice")
    near = set()
    for centre, r in zip(p.mean / side, radius, strict=True):
        near.update(map(tuple, _disc(centre, float(r))))
    if len(near) > MOST:
        raise ValueError(f"{len(near):,} nodes are more than {MOST:,}: fewer or wider components")
    node = np.array(sorted(near))
    x = node * side
    weight = side**2 * np.concatenate([np.exp(gmm.log_prob(p, part)) for part in _parts(x)])
    return Mesh(x, weight, (node % 2 == 0).all(1))


def expect(m: Mesh, value: np.ndarray) -> Estimate:
    """E_p f of the values (n,) at the nodes, with the change from the coarser lattice."""
    each = m.weight * value
    fine, coarse = float(each.sum()), 4 * float(each[m.coarse].sum())
    return Estimate(fine, abs(fine - coarse))


def scores(p: gmm.Params, m: Mesh) -> np.ndarray:
    """grad log p at the nodes (n, 2)."""
    return np.concatenate([exact.score(p, part) for part in _parts(m.x)])


def _disc(centre: np.ndarray, radius: float) -> np.ndarray:
    """Whole numbers (n, 2) at most this far from a point."""
    first = np.ceil(centre - radius).astype(int)
    last = np.floor(centre + radius).astype(int)
    grid = np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(first, last, strict=True)))
    node = np.stack([g.ravel() for g in grid], 1)
    return node[((node - centre) ** 2).sum(1) <= radius**2]


def _parts(x: np.ndarray) -> list[np.ndarray]:
    return [x[i : i + PART] for i in range(0, len(x), PART)]
