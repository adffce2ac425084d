r"""Divergences of a distribution and a moved one, and what their slopes say about the way back.

    p_0 stays,  p_t moves by t:    value D(p_0, p_t)  and  slope dD / dt

The argument for the Wasserstein GAN: where supports do not meet, KL is infinite and Jensen-Shannon
is log 2 (not half of it) whatever the distance, so that neither has a slope to follow; W_1 and W_2
have slope 1. Two Dirac measures and two parallel lines are the extreme case; what happens between
densities is in :mod:`.shift_densities`.
An undefined slope is nan: of an infinite value, at a jump, and at a kink like that of |t| at 0,
where every number from -1 to 1 is a subgradient.

References:
    Wasserstein GAN, example 1 (Arjovsky, Chintala, Bottou, 2017) https://arxiv.org/abs/1701.07875
    Towards Principled Methods for Training Generative Adversarial Networks
    (Arjovsky, Bottou, 2017) https://arxiv.org/abs/1701.04862
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Measures(NamedTuple):
    """One number per theta: KLs and js in nats, tv in [0, 1], w1 and w2 in units of x."""

    forward: np.ndarray  # (T,) KL(p_0||p_theta)
    reverse: np.ndarray  # (T,) KL(p_theta||p_0)
    js: np.ndarray  # (T,)
    tv: np.ndarray  # (T,)
    w1: np.ndarray  # (T,)
    w2: np.ndarray  # (T,)


class Sweep(NamedTuple):
    """Values, derivatives by theta, and bounds on the numerical error of both."""

    theta: np.ndarray  # (T,)
    value: Measures
    slope: Measures
    value_error: Measures
    slope_error: Measures


def diracs(theta: ArrayLike) -> Sweep:
    """A unit mass at 0 and one at theta, exact.

    Example:
        >>> s = diracs([-2.0, 0.5])
        >>> s.value.w1.tolist(), s.slope.w1.tolist(), (s.value.js / np.log(2)).tolist()
        ([2.0, 0.5], [-1.0, 1.0], [1.0, 1.0])
    """
    t = thetas(theta)
    apart = t != 0
    kl, jump = np.where(apart, np.inf, 0.0), np.where(apart, 0.0, np.nan)
    undefined, side = np.full(len(t), np.nan), np.where(apart, np.sign(t), np.nan)
    value = Measures(kl, kl, apart * np.log(2), apart * 1.0, np.abs(t), np.abs(t))
    slope = Measures(undefined, undefined, jump, jump, side, side)
    none = Measures(*[np.zeros(len(t))] * 6)
    return Sweep(t, value, slope, none, none)


def lines(theta: ArrayLike) -> Sweep:
    """``(0, Z)`` and ``(theta, Z)`` with Z uniform on [0, 1], exact.

    Neither line has area, nor a point in common with the other: but for theta = 0 the measures are
    as singular as two Diracs. Each point's cheapest partner is straight across, |theta| away.
    """
    return diracs(theta)


def thetas(theta: ArrayLike) -> np.ndarray:
    """Checked shifts, ``(T,)``."""
    t = np.asarray(theta, dtype=float)
    if t.ndim != 1 or len(t) == 0 or not np.all(np.isfinite(t)):
        raise ValueError(f"theta is a list of finite shifts (T,), got shape {t.shape}")
    return t
