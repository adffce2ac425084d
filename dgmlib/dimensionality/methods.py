"""What d does to sampling and density estimation: exact beside counted, for d = 1 .. 30.

The target is always N(0, I_d), the friendliest there is: what fails here fails on images. Each
method has draws of its own, so that a control of one leaves the others alone.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.dimensionality import acceptance as ac
from dgmlib.dimensionality import densities

D = 30
HELD_OUT = 100


class Methods(NamedTuple):
    """One row for each d."""

    d: np.ndarray  # (D,)
    s: float  # the proposal is N(0, s^2 I)
    step: float  # of the random walk, the same in every dimension
    n: int
    rejection: np.ndarray  # (D,) exact; 0 where no envelope exists
    rejection_seen: ac.Counted | None
    effective: np.ndarray  # (D,) limit of ESS / n
    effective_seen: ac.Weighed
    walk: np.ndarray  # (D,) exact
    walk_best: np.ndarray  # (D,) with the step 2.38 / sqrt(d)
    walk_seen: ac.Counted
    gap: densities.Gap
    gap_gaussian: np.ndarray  # (D,) expected; inf where it does not exist
    gap_diagonal: np.ndarray  # (D,)


def methods(*, s: float, step: float, n: int, rng: np.random.Generator) -> Methods:
    """Everything for d = 1 .. 30."""
    d = np.arange(1, D + 1)
    one, two, three, four = rng.spawn(4)
    return Methods(
        d=d, s=s, step=step, n=n,
        rejection=ac.rejection(d, s),
        rejection_seen=ac.count_rejection(D, s, n, rng=one) if s >= 1 else None,
        effective=ac.effective_share(d, s),
        effective_seen=ac.weigh(D, s, n, rng=two),
        walk=ac.random_walk(d, step), walk_best=ac.random_walk(d, ac.BEST_STEP / np.sqrt(d)),
        walk_seen=ac.count_random_walk(D, step, n, rng=three),
        gap=densities.measure(D, n, held_out=HELD_OUT, rng=four),
        gap_gaussian=densities.gaussian_gap(d, n),
        gap_diagonal=densities.gaussian_gap(d, n, diagonal=True),
    )  # fmt: skip
