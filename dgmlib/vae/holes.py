r"""Holes: where the prior puts mass and the aggregate posterior does not.

    hole = {z :  q(z) < p(z) / factor,  |z| <= RADIUS}

The disc holds 95% of the prior's mass. A draw from the prior that lands in a hole is decoded from a
place that no image is sent to, so nothing in training has said what belongs there. Each
connected part is marked at the place furthest from its edge.

References:
    Resampled priors for variational autoencoders (Bauer & Mnih, 2019)
    https://arxiv.org/abs/1810.11428 (holes of the aggregate posterior)
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from dgmlib.vae.plane import Density

INSIDE = 0.95
RADIUS = float(np.sqrt(-2 * np.log(1 - INSIDE)))  # 2.448: |z|^2 / 2 is exponential
SMALLEST, MARKS = 0.002, 8  # of the prior's mass: smaller parts are not marked, nor a ninth


class Holes(NamedTuple):
    at: np.ndarray  # (H, 2) where each is marked, largest mass first
    mass: np.ndarray  # (H,) of the prior in it
    inside: np.ndarray  # (G, G) True in a hole, marked or not
    total: float  # the prior's mass in all holes
    factor: float


def find(d: Density, *, factor: float) -> Holes:
    """All holes of a density on a grid, and the marks of those that matter."""
    if not factor > 1:
        raise ValueError(f"a hole has a factor above 1 between p and q, got {factor}")
    radius = np.hypot(d.line, d.line[:, None])
    inside = (d.log_q < d.log_p - np.log(factor)) & (radius <= RADIUS)
    cell = (d.line[1] - d.line[0]) ** 2
    mass = np.exp(d.log_p) * cell  # (G, G)
    labelled: Any = ndimage.label(inside)
    label, count = labelled
    parts = np.arange(1, count + 1)
    each = np.asarray(ndimage.sum_labels(mass, label, parts)).reshape(-1)
    order = [k for k in np.argsort(-each)[:MARKS] if each[k] >= SMALLEST]
    padded: Any = ndimage.distance_transform_edt(np.pad(inside, 1))
    edge = padded[1:-1, 1:-1]
    rows = [ndimage.maximum_position(edge, label, parts[k]) for k in order]
    at = np.array([[d.line[j], d.line[i]] for i, j in rows]).reshape(-1, 2)
    return Holes(at, each[order], inside, float(mass[inside].sum()), factor)
