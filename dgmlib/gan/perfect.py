r"""The best critic of two known densities, and what it leaves of each loss while q is moved.

    D*(x) = p / (p + q),    V(D*) = -log 4 + 2 JS(p, q)
    a G that can only shift q by t follows    saturating       -d 2 JS / dt
                                              non-saturating   -d (KL(q||p) - 2 JS) / dt
                                              Wasserstein      -d W_1 / dt

Nothing is trained here: the values are integrals, the slopes their exact derivatives.

References:
    Generative adversarial nets (Goodfellow et al., 2014) https://arxiv.org/abs/1406.2661
    Towards principled methods for training generative adversarial networks
    (Arjovsky & Bottou, 2017) https://arxiv.org/abs/1701.04862
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences import adaptive, shift_densities, wasserstein
from dgmlib.divergences.mixture1d import Mixture1D, gaussian, log_prob, mixture, moments
from dgmlib.divergences.quadrature import Estimate
from dgmlib.gan import optimal
from dgmlib.gan.losses import Kind

LOSSES: tuple[Kind, ...] = ("saturating", "non-saturating", "wasserstein")
DATA = ("one Gaussian", "two modes")
REACH = 10.0  # the picture is [-REACH, REACH]
FARTHEST = 8.0  # of the moved q


class Truth(NamedTuple):
    """What a critic of p and q can reach; each an integral with a bound on its error."""

    value: Estimate  # -log 4 + 2 JS, nats
    js: Estimate  # nats
    w1: Estimate  # units of x
    pulls: tuple[Estimate, ...]  # E_q push, one for each of LOSSES


class Perfect(NamedTuple):
    p: Mixture1D
    q: Mixture1D
    truth: Truth
    x: np.ndarray  # (g,)
    log_p: np.ndarray  # (g,)
    log_q: np.ndarray  # (g,)
    critic: np.ndarray  # (g,) D*
    pushes: np.ndarray  # (3, g) on a sample at x, one row for each of LOSSES
    at: np.ndarray  # (T,) means of the moved q
    values: np.ndarray  # (T,) -log 4 + 2 JS there
    pulls: np.ndarray  # (3, T) E_q push there


def data(name: str) -> Mixture1D:
    """p: one of ``DATA``, around 0."""
    if name not in DATA:
        raise ValueError(f"there is no p {name!r}; there are {', '.join(DATA)}")
    return (
        gaussian(0.0, 1.0) if name == "one Gaussian" else mixture([0.5, 0.5], [-2, 2], [0.7, 0.7])
    )


def truth(p: Mixture1D, q: Mixture1D) -> Truth:
    """Of two single mixtures.

    Example:
        >>> far = truth(gaussian(0, 1), gaussian(9, 1))
        >>> round(far.js.value / float(np.log(2)), 4), round(far.w1.value, 4)
        (1.0, 9.0)
    """
    pulls = tuple(optimal.pull(kind, p, q) for kind in LOSSES)
    return Truth(optimal.best_value(p, q), adaptive.js(p, q), wasserstein.w1(p, q), pulls)


def perfect(p: Mixture1D, q: Mixture1D, *, grid: int = 241, moves: int = 81) -> Perfect:
    """The best critic of two single mixtures, and of p and q moved to every place on the line."""
    x = np.linspace(-REACH, REACH, grid)
    at = np.linspace(-FARTHEST, FARTHEST, moves)
    mean = float(moments(q).mean)
    sweep = shift_densities.mixtures(p, q, at - mean)
    js, slope = sweep.value.js, sweep.slope
    w1 = np.where(np.isnan(slope.w1), 0.0, slope.w1)  # the kink at W1 = 0: no way to go
    return Perfect(
        p, q, truth(p, q), x, log_prob(p, x), log_prob(q, x),
        optimal.critic(p, q, x),
        np.stack([optimal.push(kind, p, q, x) for kind in LOSSES]),
        at, 2 * js - optimal.LOG_4,
        -np.stack([2 * slope.js, slope.reverse - 2 * slope.js, w1]),
    )  # fmt: skip
