r"""Clouds of gradient estimates of KL(q||p), as the deviation of q is swept.

Every dot is the average of n draws of one estimator (see :mod:`.gradients`); all estimators and all
frames share the same standard normal draws, so that only the estimator differs. The exact gradient
and the exact variance of an estimate are expectations over one standard normal number, summed on an
even grid, where the trapezoid rule is accurate to rounding.

References:
    Monte Carlo Gradient Estimation in Machine Learning (Mohamed et al., 2020)
    https://arxiv.org/abs/1906.10652
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences.gradients import Estimator
from dgmlib.divergences.mixture1d import Mixture1D, log_prob_and_score

SHOWN: tuple[Estimator, ...] = ("score", "baseline", "reparam")
N_REP = 160
STDS = np.geomspace(0.4, 3.0, 19)
Z = np.linspace(-9, 9, 361)
Z_WEIGHT = np.exp(-0.5 * Z**2) / np.sqrt(2 * np.pi) * (Z[1] - Z[0])


class Noise(NamedTuple):
    """Frames are deviations of q. Estimators in the order of ``SHOWN``; columns by m, by log s."""

    target: Mixture1D
    mean: float  # of q
    n: int  # draws an estimate
    std: np.ndarray  # (F,)
    start: int  # the frame of the q that was asked for
    gradient: np.ndarray  # (F, 3, R, 2)
    exact: np.ndarray  # (F, 2)
    variance: np.ndarray  # (F, 3, 2) exact, of one estimate


def noise(p: Mixture1D, mean: float, std: float, *, n: int, rng: np.random.Generator) -> Noise:
    """``N_REP`` estimates of every kind at q = N(mean, s^2), for every s of the sweep."""
    if n < 2:
        raise ValueError(f"the baseline is the mean of the other draws: n >= 2, got {n}")
    stds = STDS.copy()
    start = int(np.argmin(np.abs(np.log(stds / std))))
    stds[start] = std
    z = rng.standard_normal((N_REP, n))
    truth, one = exact(p, mean, stds)
    variance = one / n
    # Leaving a draw out of its own baseline costs a little; see baseline_variance.
    variance[:, 1] = baseline_variance(p, mean, stds, n)
    return Noise(p, mean, n, stds, start, clouds(p, mean, stds, z), truth, variance)


def clouds(p: Mixture1D, mean: float, std: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Averages over the draws ``z`` (R, n) of the estimators shown, ``(F, 3, R, 2)``.

    The numbers of :func:`gradients.per_draw`, which says what they are; here log p and its slope
    are found once, and no estimate of a single draw is kept.
    """
    n = z.shape[-1]
    at = std[:, None]
    f, slope = cost_and_slope(p, mean, std, z)  # (F, R, n)

    def average(a: np.ndarray, by: np.ndarray) -> np.ndarray:
        return np.einsum("frn,rn->fr", a, by) / n

    above = z * z - 1
    score = average(f, z) / at, average(f, above)
    f -= f.mean(-1, keepdims=True)
    others = n / (n - 1)  # f minus the mean of the others
    baseline = average(f, z) * (others / at), average(f, above) * others
    reparam = -slope.mean(-1), -average(slope, z) * at - 1
    return np.stack([np.stack(each, -1) for each in (score, baseline, reparam)], 1)


def cost_and_slope(
    p: Mixture1D, mean: float, std: np.ndarray | float, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """``f = log q - log p`` and ``d log p / dx`` at ``x = mean + std z``, ``(*F, *shape of z)``."""
    std = np.asarray(std, dtype=float).reshape(*np.shape(std), *(1,) * z.ndim)
    log_p, slope = log_prob_and_score(p, mean + std * z)
    return (-0.5 * z * z - np.log(std * np.sqrt(2 * np.pi))) - log_p, slope


def exact(p: Mixture1D, mean: float, std: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """The gradient ``(*F, 2)`` and the variance of one draw's estimate, ``(*F, 3, 2)``.

    The variance of "baseline" is its limit of many draws, where the baseline is KL(q||p) itself.
    """
    f, slope = cost_and_slope(p, mean, std, Z)  # (*F, n)
    s = np.asarray(std, dtype=float)[..., None]
    direction = np.stack([Z / s, np.broadcast_to(Z * Z - 1, f.shape)], -2)  # (*F, 2, n)
    path = np.stack([-slope - Z / s, -slope * (s * Z) - Z * Z], -2)
    truth = path @ Z_WEIGHT
    kl = (f @ Z_WEIGHT)[..., None]
    draws = (
        f[..., None, :] * direction,
        (f - kl)[..., None, :] * direction,
        np.stack([-slope, -slope * (s * Z) - 1], -2),
    )
    return truth, np.stack([(d - truth[..., None]) ** 2 @ Z_WEIGHT for d in draws], -2)


def baseline_variance(p: Mixture1D, mean: float, std: np.ndarray | float, n: int) -> np.ndarray:
    r"""Exact variance of the leave-one-out estimate from n draws, ``(*F, 2)``.

    With f centred at its mean and h = d log q, the estimate is the sample covariance of f and h, so
    its variance is ``(E[f^2 h^2] - g^2) / n + (E[f^2] E[h^2] + g^2) / (n (n - 1))`` for g = E[f h].
    """
    f, _ = cost_and_slope(p, mean, std, Z)
    s = np.asarray(std, dtype=float)[..., None]
    h = np.stack([Z / s, np.broadcast_to(Z * Z - 1, f.shape)], -2)  # (*F, 2, n)
    f = (f - (f @ Z_WEIGHT)[..., None])[..., None, :]
    g = (f * h) @ Z_WEIGHT
    one = (f * h) ** 2 @ Z_WEIGHT - g**2
    two = (f**2 @ Z_WEIGHT) * (h**2 @ Z_WEIGHT) + g**2
    return one / n + two / (n * (n - 1))
