r"""What d does to rejection, importance and random-walk sampling of N(0, I_d), exactly.

    rejection from N(0, s^2 I), s >= 1:      accepted with probability s^-d
    importance from N(0, s^2 I):             1 / E[w^2] = (sqrt(2 s^2 - 1) / s^2)^d, or 0
    random walk, steps t N(0, I):            accepted with probability 2 F_d(-t sqrt(d) / 2)

Below 2 s^2 = 1 the second moment of w is infinite. F_d is Student's distribution function with d
degrees. For the last: detailed balance makes the acceptance int int min(p(x), p(y)) k(y - x) =
2 P(|x + t z| <= |x|), and that is P(z.x / |z| <= -t |z| / 2) with z.x / |z| standard normal and
independent of |z|. In one dimension it is (2 / pi) arctan(2 / t). With t = 2.38 / sqrt(d) it
tends to 0.234.

References:
    Weak convergence and optimal scaling of random walk Metropolis algorithms
    (Roberts, Gelman & Gilks, 1997) https://doi.org/10.1214/aoap/1034625254
    The use of confidence or fiducial limits (Clopper & Pearson, 1934)
    https://doi.org/10.1093/biomet/26.4.404
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, stdtr

BEST_STEP = 2.38  # over sqrt(d)


class Interval(NamedTuple):
    low: np.ndarray
    high: np.ndarray


class Counted(NamedTuple):
    """A share measured by counting, with its exact interval."""

    hits: np.ndarray
    n: int
    share: np.ndarray
    interval: Interval


class Weighed(NamedTuple):
    """Effective sample size over n: the median of several runs and their range."""

    median: np.ndarray  # (D,)
    interval: Interval  # 10 % to 90 % of the runs
    runs: int


def rejection(d: ArrayLike, s: float) -> np.ndarray:
    """The exact acceptance; 0 for s < 1, where no constant makes the proposal an envelope."""
    d = np.asarray(d, dtype=float)
    return _positive("width s", s) ** -d if s >= 1 else np.zeros_like(d)


def effective_share(d: ArrayLike, s: float) -> np.ndarray:
    """The limit of ESS / n; 0 where the variance of the weights is infinite."""
    d, square = np.asarray(d, dtype=float), 2 * _positive("width s", s) ** 2 - 1
    return (np.sqrt(square) / s**2) ** d if square > 0 else np.zeros_like(d)


def random_walk(d: ArrayLike, step: ArrayLike) -> np.ndarray:
    """The exact acceptance in equilibrium."""
    d = np.asarray(d, dtype=float)
    if not np.all(np.asarray(step) > 0):
        raise ValueError(f"the step must be positive, got {step}")
    return 2 * stdtr(d, -np.asarray(step) * np.sqrt(d) / 2)


def count_rejection(D: int, s: float, n: int, *, rng: np.random.Generator) -> Counted:
    """n proposals in each of the dimensions 1 .. D."""
    if s < 1:
        raise ValueError(f"rejection needs a proposal at least as wide as the target, got s = {s}")
    r2 = np.cumsum(rng.standard_normal((n, D)) ** 2, axis=1)  # of x / s
    keep = rng.random((n, D)) < np.exp(-0.5 * (s**2 - 1) * r2)
    return counted(keep.sum(0), n)


def weigh(D: int, s: float, n: int, *, runs: int = 20, rng: np.random.Generator) -> Weighed:
    """(sum w)^2 / (n sum w^2) of ``runs`` independent runs of n weights, dimensions 1 .. D."""
    found = np.empty((runs, D))
    for i in range(runs):
        r2 = np.cumsum(rng.standard_normal((n, D)) ** 2, axis=1)
        log_w = 0.5 * (1 - _positive("width s", s) ** 2) * r2  # up to a constant
        w = np.exp(log_w - log_w.max(0))
        found[i] = w.sum(0) ** 2 / (n * (w**2).sum(0))
    low, median, high = np.quantile(found, [0.1, 0.5, 0.9], axis=0)
    return Weighed(median, Interval(low, high), runs)


def count_random_walk(D: int, step: float, n: int, *, rng: np.random.Generator) -> Counted:
    """n proposals from equilibrium in each of the dimensions 1 .. D."""
    x, z = rng.standard_normal((2, n, D))
    climb = np.cumsum(x**2 - (x + step * z) ** 2, axis=1)
    keep = rng.random((n, D)) < np.exp(np.minimum(0.5 * climb, 0.0))
    return counted(keep.sum(0), n)


def counted(hits: np.ndarray, n: int, *, level: float = 0.95) -> Counted:
    """Hits out of n with the interval of Clopper and Pearson; 0 hits still have an upper end."""
    hits, a = np.asarray(hits, dtype=float), (1 - level) / 2
    # the ends of the beta quantiles, whose first argument must not be 0
    low = np.where(hits > 0, betaincinv(np.maximum(hits, 1), n - hits + 1, a), 0.0)
    high = np.where(hits < n, betaincinv(hits + 1, np.maximum(n - hits, 1), 1 - a), 1.0)
    return Counted(hits.astype(int), n, hits / n, Interval(low, high))


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise ValueError(f"the {name} must be positive, got {value}")
    return value
