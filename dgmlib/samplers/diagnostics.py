r"""Has a Markov chain arrived, and how many draws is it worth?

    R-hat = sqrt(((n - 1) / n W + B / n) / W)    between (B) and within (W) chains cut in half
    ESS   = C n / tau,    tau = 1 + 2 sum_t rho_t    (summed in pairs while they are positive)
    MCSE  = sd / sqrt(ESS)

Rank-normalised: of the normal scores of the ranks, so that heavy tails do not hide; the folded
version, of |x - median|, sees chains that differ only in spread. All take draws (T, C) or
(T, C, d): time, chains, quantities.

References:
    Rank-normalization, folding, and localization: An improved R-hat for assessing convergence of
    MCMC (Vehtari, Gelman, Simpson, Carpenter & Buerkner, 2021) https://arxiv.org/abs/1903.08008
    Practical Markov Chain Monte Carlo (Geyer, 1992) https://doi.org/10.1214/ss/1177011137
"""

from typing import Any

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri
from scipy.stats import rankdata

FEWEST = 4  # draws of a half chain that an estimate needs


def autocorrelation(x: np.ndarray) -> np.ndarray:
    """rho_t of every chain on its own, biased towards 0 at long lags: the shape of x."""
    cov = _autocovariance(_check(x, fewest=2))
    with np.errstate(invalid="ignore"):
        return (cov / cov[:1]).reshape(np.shape(x))


def split(x: np.ndarray) -> np.ndarray:
    """Every chain as two: (T, C, ...) to (T // 2, 2 C, ...), without the middle draw of odd T."""
    half = len(x) // 2
    return np.concatenate([x[:half], x[len(x) - half :]], axis=1)


def rhat(x: np.ndarray, *, rank: bool = True) -> np.ndarray:
    """R-hat of split chains (...): below 1.01 they agree. NaN where nothing moves.

    Args:
        rank: the larger of the rank-normalised and the folded rank-normalised.
    """
    x = _check(x)
    if not rank:
        return _done(_rhat(split(x)), x)
    halves = split(x)
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    both = [_rhat(_scores(part)) for part in (halves, folded)]
    return _done(np.fmax(*both), x)


def ess(x: np.ndarray) -> np.ndarray:
    """Effective sample size for the mean (...)."""
    x = _check(x)
    return _done(_ess(split(x)), x)


def ess_bulk(x: np.ndarray) -> np.ndarray:
    """Effective sample size of the normal scores of the ranks (...)."""
    x = _check(x)
    return _done(_ess(_scores(split(x))), x)


def ess_tail(x: np.ndarray) -> np.ndarray:
    """The smaller effective sample size of the two 5 % tails (...)."""
    x = _check(x)
    ends = np.quantile(x, [0.05, 0.95], axis=(0, 1))
    both = [_ess(split((x <= at).astype(float))) for at in ends]
    both = [np.where(np.isnan(e), 2 * (len(x) // 2) * x.shape[1], e) for e in both]  # no tail there
    return _done(np.minimum(*both), x)


def mcse(x: np.ndarray) -> np.ndarray:
    """Monte Carlo standard error of the mean (...)."""
    x = _check(x)
    return _done(x.std(axis=(0, 1), ddof=1) / np.sqrt(_ess(split(x))), x)


def rank_histogram(x: np.ndarray, *, bins: int = 20) -> np.ndarray:
    """How the ranks among all draws fall, for every chain: counts (bins, C). Flat is good."""
    x = _check(x)
    if x.shape[2] != 1:
        raise ValueError(f"rank histograms are of one quantity, got {x.shape[2]}")
    rank = _ranks(x)[..., 0]
    bin_ = np.minimum(((rank - 0.5) / rank.size * bins).astype(int), bins - 1)
    return np.stack([np.bincount(b, minlength=bins) for b in bin_.T], 1)


def _rhat(x: np.ndarray) -> np.ndarray:
    n = len(x)
    within = x.var(0, ddof=1).mean(0)
    between = x.mean(0).var(0, ddof=1)  # B / n
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((n - 1) / n + between / within)


def _ess(x: np.ndarray) -> np.ndarray:
    """Geyer's initial monotone sequence, of draws (n, C, d): (d,). NaN where nothing moves."""
    n, C, d = x.shape
    cov = _mean_autocovariance(x)  # (n, d)
    within = cov[0] * n / (n - 1)
    total = cov[0] + (x.mean(0).var(0, ddof=1) if C > 1 else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1 - (within - cov) / total  # (n, d)
    rho[0] = 1.0
    found = np.empty(d)
    for j in range(d):
        if total[j] <= 0 or not np.isfinite(total[j]):
            found[j] = np.nan
            continue
        even, odd = rho[: n - n % 2 : 2, j], rho[1::2, j]
        pair = even + odd
        # Pairs count while they are positive and fit within the chain; then never rise again.
        stop = int(np.argmax(pair[1:] <= 0)) + 1 if (pair[1:] <= 0).any() else len(pair)
        last = min(stop, (n - 3) // 2)
        sums = np.minimum.accumulate(pair[:last])
        tail = even[last] if last < len(even) and even[last] > 0 else 0.0
        tau = max(-1 + 2 * float(sums.sum()) + float(tail), 1 / np.log10(n * C))
        found[j] = n * C / tau
    return found


def _autocovariance(x: np.ndarray) -> np.ndarray:
    """Biased, by FFT, of every chain on its own: (n, C, d)."""
    n = len(x)
    power, size = _power(x)
    return np.moveaxis(np.asarray(irfft(power, size)), -1, 0)[:n] / n


def _mean_autocovariance(x: np.ndarray) -> np.ndarray:
    """The average over chains (n, d): one transform back instead of C."""
    n = len(x)
    power, size = _power(x)
    return np.asarray(irfft(power.mean(0), size)).T[:n] / n


def _power(x: np.ndarray) -> tuple[np.ndarray, int]:
    """|FFT|^2 of x (n, C, d), padded with zeros: (C, d, frequencies)."""
    y = np.ascontiguousarray(np.moveaxis(x - x.mean(0), 0, -1))  # (C, d, n): faster in one piece
    size: Any = next_fast_len(2 * len(x), real=True)
    return np.abs(np.asarray(rfft(y, size))) ** 2, size


def _ranks(x: np.ndarray) -> np.ndarray:
    """Ranks from 1 among all draws of a quantity; ties share their mean."""
    flat = np.ascontiguousarray(x.reshape(-1, x.shape[2]).T)  # (d, T C)
    return rankdata(flat, axis=1).T.reshape(x.shape)


def _scores(x: np.ndarray) -> np.ndarray:
    return ndtri((_ranks(x) - 0.375) / (x.shape[0] * x.shape[1] + 0.25))


def _check(x: np.ndarray, *, fewest: int = 2 * FEWEST) -> np.ndarray:
    """(T, C, d) as floats, or what is wrong with it."""
    x = np.asarray(x, dtype=float)
    if x.ndim not in (2, 3):
        raise ValueError(f"draws need shape (time, chains) or (time, chains, d), got {x.shape}")
    if len(x) < fewest:
        raise ValueError(f"{len(x)} draws are too few to judge a chain; give at least {fewest}")
    if not np.isfinite(x).all():
        raise ValueError("draws must be finite: a chain has left for infinity or is NaN")
    return x.reshape(*x.shape[:2], -1)


def _done(value: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(d,), or a single number for draws of one quantity."""
    return value[0] if x.shape[2] == 1 else value
