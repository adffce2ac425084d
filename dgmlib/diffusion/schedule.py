r"""How fast data turn into noise: beta_t, and alpha_bar_t that follows from it.

    alpha_t = 1 - beta_t,    alpha_bar_t = alpha_1 alpha_2 ... alpha_t,    alpha_bar_0 = 1
    x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) e
    SNR_t = alpha_bar_t / (1 - alpha_bar_t)

Arrays have T + 1 entries, so that index t is time t; beta_0 = 0 stands for no noise at all. All
that a sampler needs of a schedule is its alpha_bar: a coarser one is a choice of its entries.

References:
    Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020)
    https://arxiv.org/abs/2006.11239 (linear)
    Improved denoising diffusion probabilistic models (Nichol & Dhariwal, 2021)
    https://arxiv.org/abs/2102.09672 (cosine)
    Scalable adaptive computation for iterative generation (Jabri, Fleet & Chen, 2022)
    https://arxiv.org/abs/2212.11972 (sigmoid)
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

LONGEST = 10_000
LEAST = 1e-9  # of alpha_bar, where a formula would end at 0


class Schedule(NamedTuple):
    """Index t is time t, from 0 to T."""

    beta: np.ndarray  # (T + 1,) beta_0 = 0
    alpha_bar: np.ndarray  # (T + 1,) falls from 1


class Derived(NamedTuple):
    """What follows from a schedule, (T + 1,) each; index 0 is before any noise."""

    alpha: np.ndarray
    signal: np.ndarray  # sqrt(alpha_bar): what is left of x_0
    noise: np.ndarray  # sqrt(1 - alpha_bar): the standard deviation of what was added
    snr: np.ndarray  # inf at 0
    log_snr: np.ndarray  # nats
    posterior_var: np.ndarray  # of q(x_{t-1} | x_t, x_0); 0 at t = 1


def linear(T: int, *, first: float = 1e-4, last: float = 0.02) -> Schedule:
    """beta from ``first`` to ``last`` in equal steps. The defaults are made for T = 1000.

    Example:
        >>> float(linear(1000).alpha_bar[-1].round(9)), float(linear(200).alpha_bar[-1].round(6))
        (4.0358e-05, 0.132183)
    """
    return custom(np.linspace(first, last, _length(T)))


def cosine(T: int, *, s: float = 0.008, most: float = 0.999) -> Schedule:
    """alpha_bar ~ cos^2(pi/2 (t/T + s) / (1 + s)), no beta above ``most``."""
    t = np.arange(_length(T) + 1) / T
    f = np.cos(0.5 * np.pi * (t + s) / (1 + s)) ** 2
    return custom(np.minimum(1 - f[1:] / f[:-1], most))


def sigmoid(T: int, *, start: float = -3.0, end: float = 3.0, tau: float = 1.0) -> Schedule:
    """alpha_bar is a sigmoid turned round, stretched to run from 1 to (almost) 0."""
    if not (np.isfinite([start, end]).all() and start < end and tau > 0):
        raise ValueError(f"start < end and tau > 0, got {start}, {end} and {tau}")
    t = np.arange(_length(T) + 1) / T
    f = 1 / (1 + np.exp((start + (end - start) * t) / tau))
    return of_alpha_bar(np.maximum((f - f[-1]) / (f[0] - f[-1]), LEAST))


def custom(beta: ArrayLike) -> Schedule:
    """The schedule of given beta_1 ... beta_T, each above 0 and below 1."""
    b = np.asarray(beta, dtype=float)
    _length(b.size)
    if b.ndim != 1 or not ((b > 0) & (b < 1)).all():
        raise ValueError(f"every beta must lie above 0 and below 1, got {b.min()} to {b.max()}")
    return Schedule(np.append(0.0, b), np.append(1.0, np.cumprod(1 - b)))


def of_alpha_bar(alpha_bar: ArrayLike) -> Schedule:
    """The schedule of a given alpha_bar (T + 1,), which falls from 1 and stays above 0."""
    a = np.asarray(alpha_bar, dtype=float)
    if a.ndim != 1 or len(a) < 2 or a[0] != 1 or not (a > 0).all() or not (np.diff(a) < 0).all():
        raise ValueError("alpha_bar must begin with 1, fall at every step and stay above 0")
    _length(len(a) - 1)
    return Schedule(np.append(0.0, 1 - a[1:] / a[:-1]), a)


def derive(schedule: Schedule) -> Derived:
    """The quantities that the formulas of a paper are written in."""
    beta, a = schedule
    with np.errstate(divide="ignore"):
        snr = a / (1 - a)
        log_snr = np.log(snr)
    before = np.append(1.0, a[:-1])
    var = np.divide(beta * (1 - before), 1 - a, out=np.zeros_like(a), where=a < 1)
    return Derived(1 - beta, np.sqrt(a), np.sqrt(1 - a), snr, log_snr, var)


def thin(T: int, steps: int) -> np.ndarray:
    """(steps + 1,) times from 0 to T, about equally far apart: where a short sampler stops.

    Example:
        >>> thin(1000, 4)
        array([   0,  250,  500,  750, 1000])
    """
    if not 1 <= steps <= _length(T):
        raise ValueError(f"between 1 and T = {T} steps, got {steps}")
    return np.linspace(0, T, steps + 1).round().astype(int)


def _length(T: int) -> int:
    if int(T) != T or not 1 <= T <= LONGEST:
        raise ValueError(f"between 1 and {LONGEST} steps of noise, got {T}")
    return int(T)
