r"""What d does to density estimation: how far a fit to n points of N(0, I_d) is from the truth.

    gap = E_p[log p(x) - log q(x)] / d,    nats a dimension; it is KL(p || q) / d

    histogram    cells of side h = 3.5 n^(-1 / (d + 2)) (Scott's rule for deviation 1),
                 q(x) = (points in x's cell / h^d + N(x; 0, 9 I)) / (n + 1)
    kernels      q(x) = mean over the points of N(x; x_i, h^2 I),  h = n^(-1 / (d + 4))
    Gaussian     mean and covariance (or variances) of maximum likelihood; expected gap exact

The one made-up, widely spread point of the histogram keeps log q finite where no point fell.
For a Gaussian the expectation over the fitted points is known, because S_n is Wishart:

    2 d gap = d log(2 / n) + sum_i psi((n - i) / 2) + (n d + d) / (n - d - 2) - d,   i = 1 .. d

References:
    Multivariate Density Estimation, chapters 3 and 6 (Scott, 2015)
    https://doi.org/10.1002/9781118575574
    An Introduction to Multivariate Statistical Analysis, chapter 7 (Anderson, 2003)
    https://www.wiley.com/en-us/9780471360919
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, logsumexp

ENTROPY = 0.5 * (1 + np.log(2 * np.pi))  # nats a dimension of N(0, I)
WIDE = 3.0  # deviation of the histogram's made-up point


class Gap(NamedTuple):
    """Nats a dimension lost on held-out points, dimensions 1 .. D."""

    histogram: np.ndarray  # (D,)
    histogram_error: np.ndarray  # (D,) standard error over the held-out points
    kernels: np.ndarray  # (D,)
    kernels_error: np.ndarray  # (D,)
    empty: np.ndarray  # (D,) held-out points in cells where no point fell
    held_out: int


def measure(D: int, n: int, *, held_out: int = 100, rng: np.random.Generator) -> Gap:
    """Fits to the first d coordinates of n points, d = 1 .. D, scored on ``held_out`` others."""
    x, y = rng.standard_normal((n, D)), rng.standard_normal((held_out, D))
    truth = np.cumsum(-0.5 * y**2 - 0.5 * np.log(2 * np.pi), axis=1)  # (m, D)
    square = np.zeros((held_out, n))
    gaps, empty = np.empty((2, D, held_out)), np.empty(D, dtype=int)
    for i in range(D):
        square += (y[:, i, None] - x[:, i]) ** 2
        h = kernel_width(i + 1, n)
        log_q = _log_mean_kernel(square, i + 1, h)
        gaps[1, i] = (truth[:, i] - log_q) / (i + 1)
        log_q, hits = histogram_log_prob(x[:, : i + 1], y[:, : i + 1])
        gaps[0, i], empty[i] = (truth[:, i] - log_q) / (i + 1), (hits == 0).sum()
    mean, error = gaps.mean(2), gaps.std(2, ddof=1) / np.sqrt(held_out)
    return Gap(mean[0], error[0], mean[1], error[1], empty, held_out)


def cell_width(d: int, n: int) -> float:
    return 3.5 * n ** (-1 / (d + 2))


def kernel_width(d: int, n: int) -> float:
    return n ** (-1 / (d + 4))


def histogram_log_prob(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log q of each y (m, d) from the points x (n, d), and how many points share its cell."""
    n, d = x.shape
    h = cell_width(d, n)
    of_x, of_y = np.floor(x / h).astype(np.int64), np.floor(y / h).astype(np.int64)
    # A cell as one number: sums of random multiples, of which two agree by chance once in 2^60.
    key = np.random.default_rng(d).integers(-(2**62), 2**62, size=d)
    seen, count = np.unique(of_x @ key, return_counts=True)
    wanted = of_y @ key
    at = np.minimum(np.searchsorted(seen, wanted), len(seen) - 1)
    hits = np.where(seen[at] == wanted, count[at], 0)
    wide = -0.5 * ((y / WIDE) ** 2).sum(1) - d * (np.log(WIDE) + 0.5 * np.log(2 * np.pi))
    with np.errstate(divide="ignore"):
        near = np.log(hits) - d * np.log(h)
    return np.logaddexp(near, wide) - np.log(n + 1), hits


def kernel_log_prob(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """log q of each y (m, d) from the points x (n, d)."""
    square = ((y[:, None] - x) ** 2).sum(-1)
    return _log_mean_kernel(square, x.shape[1], kernel_width(x.shape[1], len(x)))


def _log_mean_kernel(square: np.ndarray, d: int, h: float) -> np.ndarray:
    """From squared distances (m, n)."""
    scale = -d * np.log(h) - 0.5 * d * np.log(2 * np.pi) - np.log(square.shape[1])
    return logsumexp(square * (-0.5 / h**2), axis=1) + scale


def gaussian_gap(d: ArrayLike, n: int, *, diagonal: bool = False) -> np.ndarray:
    """The expected gap of a fitted Gaussian; inf where n is too small for it to exist."""
    d = np.asarray(d, dtype=int)
    if diagonal:
        if n <= 3:
            return np.full(d.shape, np.inf)
        one = np.log(2 / n) + digamma((n - 1) / 2) + (n + 1) / (n - 3) - 1
        return np.full(d.shape, 0.5 * one)
    each = digamma(np.maximum(n - np.arange(1, d.max() + 1), 1) / 2).cumsum()[d - 1]
    room = np.where(n - d - 2 > 0, n - d - 2, 1)
    total = d * np.log(2 / n) + each + (n * d + d) / room - d
    return np.where(n - d - 2 > 0, 0.5 * total / d, np.inf)
