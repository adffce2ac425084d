r"""Four pairs p and q_theta of which a generator knows one number, theta, and what it is told.

    q_theta is q moved by theta;  D(p, q_theta) has  -dD / d theta  as its advice to the generator

Points and lines share no place with what stands theta away; Gaussians and mixtures share every
place, and far away almost no mass. The divergences and their slopes are those of
:mod:`dgmlib.divergences.shift`; here are the pairs.

References:
    Towards Principled Methods for Training Generative Adversarial Networks
    (Arjovsky, Bottou, 2017) https://arxiv.org/abs/1701.04862
    Wasserstein GAN (Arjovsky, Chintala, Bottou, 2017) https://arxiv.org/abs/1701.07875
"""

from typing import Literal, NamedTuple, get_args

import numpy as np

from dgmlib.divergences import shift, shift_densities
from dgmlib.divergences.mixture1d import Mixture1D, mixture
from dgmlib.divergences.mixture1d import gaussian as normal
from dgmlib.divergences.shift import Sweep

Family = Literal["points", "lines", "Gaussians", "mixtures"]
FAMILIES: tuple[Family, ...] = get_args(Family)
FAR = 8.0
THETA = np.arange(-40, 41) / 5  # (81,) from -8 to 8, 0 among them


class Signal(NamedTuple):
    """A pair, its sweep over THETA, and the densities where it has any."""

    family: Family
    sweep: Sweep
    p: Mixture1D | None
    q: Mixture1D | None  # at theta = 0


def points() -> Signal:
    """A point at 0 and one at theta."""
    return Signal("points", shift.diracs(THETA), None, None)


def lines() -> Signal:
    """Two parallel segments in the plane, theta apart."""
    return Signal("lines", shift.lines(THETA), None, None)


def gaussians(*, std_p: float = 1.0, std_q: float = 1.0) -> Signal:
    """N(0, std_p^2) and N(theta, std_q^2)."""
    sweep = shift_densities.gaussians(THETA, std_p=std_p, std_q=std_q)
    return Signal("Gaussians", sweep, normal(0, std_p), normal(0, std_q))


def mixtures(*, gap: float = 4.0, std: float = 0.5, weight: float = 0.5) -> Signal:
    """Two modes ``gap`` apart; p halves its mass between them, q has ``weight`` on the left one."""
    p, q = pair(gap=gap, std=std, weight=weight)
    return Signal("mixtures", shift_densities.mixtures(p, q, THETA), p, q)


def pair(*, gap: float, std: float, weight: float) -> tuple[Mixture1D, Mixture1D]:
    """p, and q at theta = 0; no gap makes both one Gaussian."""
    if gap < 0:
        raise ValueError(f"the gap between two modes is at least 0, got {gap:g}")
    if not 0 < weight < 1:
        raise ValueError(f"the weight of a mode lies between 0 and 1, got {weight:g}")
    means = [-gap / 2, gap / 2]
    return mixture(0.5, means, std), mixture([weight, 1 - weight], means, std)
