r"""Monte Carlo estimates of divergences, with standard errors that are themselves estimates.

    KL(p||q) = E_p[r],   r = log p(x) - log q(x)
    plain    r                    unbiased; single terms may be negative
    control  e^-r - 1 + r         unbiased, never negative: E_p[q/p - 1] = 0 is added (k3)
    squared  r^2 / 2              biased, by the third order in p - q (k2)

``control`` needs q = 0 wherever p = 0, and a finite ``E_p[(q/p)^2]`` for its standard error to mean
anything. Time is the sample count: a run reports the estimate it had after each n.

References:
    Approximating KL Divergence (Schulman, 2020)
    http://joschu.net/blog/kl-approx.html
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.divergences.mixture1d import Mixture1D, log_prob, sample

Estimator = Literal["plain", "control", "squared"]


class Running(NamedTuple):
    """What was known after each count of samples. Leading axes are independent repeats."""

    n: np.ndarray  # (t,), increasing
    estimate: np.ndarray  # (..., t)
    error: np.ndarray  # (..., t), estimated standard error; nan at n = 1


def terms(log_ratio: np.ndarray, estimator: Estimator = "plain") -> np.ndarray:
    """Per-sample terms from ``log p - log q`` at draws of p; the shape is kept, nats."""
    r = np.asarray(log_ratio, dtype=float)
    if estimator == "plain":
        return r
    if estimator == "squared":
        return 0.5 * r * r
    if estimator == "control":
        with np.errstate(invalid="ignore"):  # r = inf is right: the term is infinite
            return r + np.expm1(-r)
    raise ValueError(f"no estimator {estimator!r}; choose plain, control or squared")


def running(values: np.ndarray, at: ArrayLike | None = None) -> Running:
    """Means and standard errors of the first n values, ``(..., N)``, at the counts ``at``.

    Infinite values give an infinite mean and an undefined (nan) error from there on.
    """
    values = np.asarray(values, dtype=float)
    total = values.shape[-1]
    n = np.arange(1, total + 1) if at is None else np.asarray(at, dtype=int)
    if n.ndim != 1 or len(n) == 0 or np.any(n < 1) or np.any(n > total) or np.any(np.diff(n) <= 0):
        raise ValueError(f"counts must increase between 1 and {total}, got {n.tolist()}")
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.cumsum(values, -1)[..., n - 1] / n
        # Squares about a fixed value near the mean, so that they do not cancel.
        finite = np.isfinite(values)
        centre = np.where(finite, values, 0).sum(-1, keepdims=True)
        centre = centre / np.maximum(finite.sum(-1, keepdims=True), 1)
        square = np.cumsum((values - centre) ** 2, -1)[..., n - 1]
        variance = np.maximum(square - n * (mean - centre) ** 2, 0) / (n - 1)
        error = np.where(n > 1, np.sqrt(variance / n), np.nan)
    return Running(n, mean, np.where(np.isfinite(mean), error, np.nan))


def kl(
    p: Mixture1D,
    q: Mixture1D,
    n: int,
    *,
    estimator: Estimator = "plain",
    n_rep: int = 1,
    at: ArrayLike | None = None,
    rng: np.random.Generator,
) -> Running:
    """``KL(p||q)`` from draws of its first argument (exchange them for the reverse). ``(n_rep, t)``

    Example:
        >>> from dgmlib.divergences.mixture1d import gaussian
        >>> rng = np.random.default_rng(0)
        >>> run = kl(gaussian(0, 1), gaussian(1, 1), 1000, rng=rng)
        >>> bool(abs(run.estimate[0, -1] - 0.5) < 4 * run.error[0, -1])
        True
    """
    x = sample(p, _count(n, n_rep), rng=rng)
    log_ratio = log_prob(p, x) - log_prob(q, x)
    return running(terms(log_ratio.reshape(n_rep, n), estimator), at)


def js(
    p: Mixture1D,
    q: Mixture1D,
    n: int,
    *,
    n_rep: int = 1,
    at: ArrayLike | None = None,
    rng: np.random.Generator,
) -> Running:
    """Jensen-Shannon from ``n`` draws of each, unbiased. ``(n_rep, t)``"""

    def half(a: Mixture1D, b: Mixture1D) -> Running:
        x = sample(a, _count(n, n_rep), rng=rng)
        log_a, log_b = log_prob(a, x), log_prob(b, x)
        to_mean = log_a - np.logaddexp(log_a, log_b) + np.log(2)
        return running(to_mean.reshape(n_rep, n), at)

    one, two = half(p, q), half(q, p)
    return Running(one.n, 0.5 * (one.estimate + two.estimate), 0.5 * np.hypot(one.error, two.error))


def kl_of(
    log_p: Callable[[np.ndarray], np.ndarray],
    log_q: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    *,
    estimator: Estimator = "plain",
    at: ArrayLike | None = None,
) -> Running:
    """``KL(p||q)`` for any densities, from given draws ``x`` of p, ``(..., n)``."""
    with np.errstate(divide="ignore"):
        return running(terms(log_p(x) - log_q(x), estimator), at)


def _count(n: int, n_rep: int) -> int:
    if n < 1 or n_rep < 1:
        raise ValueError(f"n and n_rep must be at least 1, got {n} and {n_rep}")
    return n * n_rep
