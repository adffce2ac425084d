r"""Exact expectations of the K-sample bound and of its gradients, by one more integral.

For S = w_1 + ... + w_K of independent weights, and phi(t) = E[exp(-t w)] of one of them,

    log S = int (e^-t - e^(-t S)) dt / t        so  E[log S] = int (e^-t - phi(t)^K) dt / t
    S^-p  = int t^(p-1) e^(-t S) dt / Gamma(p)  so  E[sum_i w_i^p f_i / S^p]
                                                    = K / Gamma(p) int E[(t w)^p f e^(-t w)] phi^(K-1) dt / t

and its second moment likewise, with the terms i = j and i != j apart. K numbers at once become one:
both integrals are sums on even grids (of e and of log t), where the trapezoid rule is exact to rounding.

References:
    Importance weighted autoencoders (Burda et al., 2016) https://arxiv.org/abs/1509.00519
    Tighter variational bounds are not necessarily better (Rainforth et al., 2018)
    https://arxiv.org/abs/1802.04537
    The exponentially convergent trapezoidal rule (Trefethen & Weideman, 2014)
    https://doi.org/10.1137/130932132
"""  # noqa: E501

from collections.abc import Callable
from math import gamma
from typing import NamedTuple

import numpy as np

STEP = 0.25  # of log t: Gamma has decayed to 1e-16 at the first alias, 2 pi / STEP


class Law(NamedTuple):
    """One weight, as a function of one standard normal number."""

    e: np.ndarray  # (N,) where
    prob: np.ndarray  # (N,)
    log_w: np.ndarray  # (N,)
    log_t: np.ndarray  # (T,)
    phi: np.ndarray  # (T,) log E[exp(-t w)]


class Moments(NamedTuple):
    mean: np.ndarray  # (F,) one for each K
    std: np.ndarray  # (F,)


def law(log_w: Callable[[np.ndarray], np.ndarray], *, reach: float = 9.0, n: int = 801) -> Law:
    """The law of exp(log_w(e)) for e ~ N(0, 1), ``log_w`` a function of (n,) -> (n,).

    Args:
        reach: half the width of the grid; more where the weights grow with e^2.
    """
    e = np.linspace(-reach, reach, n)
    log_prob = -0.5 * e * e - 0.5 * np.log(2 * np.pi) + np.log(e[1] - e[0])
    at = np.asarray(log_w(e), dtype=float)
    if at.shape != e.shape or not np.isfinite(at).all():
        raise ValueError("log_w must be finite at every e and have its shape")
    keep = log_prob + np.maximum(at, 0) > -45.0  # what can matter at 1e-16
    likely = at[log_prob > -30.0]
    log_t = np.arange(-45.0 - max(0.0, float(at[keep].max())) / 4, 5.0 - float(likely.min()), STEP)
    prob = np.exp(log_prob)
    grown = np.exp(np.minimum(log_t[:, None] + at, 40.0))
    lost = -np.expm1(-grown) @ prob  # 1 - phi, precise where t is small
    with np.errstate(divide="ignore"):
        phi = np.where(lost < 0.5, np.log1p(-np.minimum(lost, 0.5)), np.log(np.exp(-grown) @ prob))
    return Law(e, prob, at, log_t, np.maximum(phi, -800.0))


def bound(one: Law, k: np.ndarray) -> np.ndarray:
    """L_K = E[log (w_1 + ... + w_K) / K] for every K of ``k`` (F,)."""
    k = _check(k)
    below = np.expm1(k[:, None] * one.phi)  # phi^K - 1
    return STEP * (np.expm1(-np.exp(np.minimum(one.log_t, 40.0))) - below).sum(1) - np.log(k)


def ratio(one: Law, f: np.ndarray, k: np.ndarray, *, power: int) -> Moments:
    """Mean and deviation of sum_i v_i^power f_i, v = w / sum w, for f (N,) on ``one.e``."""
    k, p = _check(k), power
    log_tw = np.minimum(one.log_t[:, None] + one.log_w, 40.0)  # (T, N)
    damped = np.exp(p * log_tw - np.exp(log_tw))
    first = damped @ (one.prob * f)  # (T,) E[(t w)^p f exp(-t w)]
    twice = (damped * np.exp(p * log_tw)) @ (one.prob * f * f)
    n, phi = k[:, None], one.phi
    mean = STEP * (n * first * np.exp((n - 1) * phi)).sum(1) / gamma(p)
    same = n * twice * np.exp((n - 1) * phi)
    apart = n * (n - 1) * first**2 * np.exp(np.maximum(n - 2, 0) * phi)
    second = STEP * (same + apart).sum(1) / gamma(2 * p)
    return Moments(mean, np.sqrt(np.maximum(second - mean**2, 0.0)))


def _check(k: np.ndarray) -> np.ndarray:
    k = np.atleast_1d(np.asarray(k, dtype=float))
    if not (k >= 1).all():
        raise ValueError(f"a bound needs at least K = 1 sample, got {k.min():g}")
    return k
