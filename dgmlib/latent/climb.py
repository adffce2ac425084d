r"""A Gaussian q that climbs the evidence lower bound.

    m <- m + eta s^2 dELBO/dm,    log s <- log s + (eta / 2) dELBO/dlog s

The natural gradient: the slope divided by the Fisher information of q, diag(1 / s^2, 2). Steps
are short enough to watch, and one that would lower the bound is halved until it does not. The
model, and with it log p(x), stands still: whatever the bound gains the gap loses.

References:
    Natural Gradient Works Efficiently in Learning (Amari, 1998)
    https://doi.org/10.1162/089976698300017746
"""

from typing import NamedTuple

import numpy as np

from dgmlib.latent.best import Best, best
from dgmlib.latent.bound import CENTRE, WIDTH, Split, check, elbo, gradient, split
from dgmlib.latent.evidence import Evidence, evidence
from dgmlib.latent.jensen import Jensen, jensen
from dgmlib.latent.line import Model

ETA = 0.35
FARTHEST = (0.25, 0.15)  # of a step, in m and in log s
STEPS = 60


class Climb(NamedTuple):
    """F frames: the reader's q, and its way to the top of its hill."""

    model: Model
    x: float
    evidence: Evidence
    centre: np.ndarray  # (F,)
    width: np.ndarray  # (F,)
    split: Split  # each (F,)
    best: Best
    best_split: Split  # scalars: of the highest top
    jensen: Jensen


def climb(m: Model, x: float, centre: float, width: float, *, steps: int = STEPS) -> Climb:
    """``steps`` natural-gradient steps from N(centre, width^2)."""
    check(np.asarray(centre), np.asarray(width))
    path = [(float(centre), float(width))]
    for _ in range(steps):
        path.append(step(m, x, *path[-1]))
    c, s = np.array(path).T
    top, e = best(m, x), evidence(m, x)
    return Climb(m, x, e, c, s, split(m, x, c, s), top,
                 split(m, x, top.centre[0], top.width[0]), jensen(m, x, e.log_p, c, s))  # fmt: skip


def step(m: Model, x: float, centre: float, width: float) -> tuple[float, float]:
    slope_c, slope_s = gradient(m, x, centre, width)
    move = np.array([ETA * width**2 * slope_c, 0.5 * ETA * slope_s])
    move /= max(1.0, *(np.abs(move) / FARTHEST))
    now = _elbo(m, x, centre, width)
    for _ in range(40):
        new = (float(np.clip(centre + move[0], *CENTRE)),
               float(np.clip(width * np.exp(move[1]), *WIDTH)))  # fmt: skip
        if _elbo(m, x, *new) >= now:
            return new
        move = move / 2
    return centre, width


def _elbo(m: Model, x: float, centre: float, width: float) -> float:
    return float(elbo(m, x, np.array(centre), np.array(width)))
