r"""The K-sample bound rising to log p(x), and what becomes of the noise in its gradients.

    L_K = E[log (1/K) sum_i w_i]  ~  log p(x) - Var(w) / (2 K p(x)^2)        if Var(w) is finite
    signal-to-noise ratio of a gradient: |mean| / deviation, over repeats

One latent number: z ~ N(0, 1), x | z ~ N(b + z, sigma^2) at b = 0, and q shifted and widened from
the posterior. All K share the same draws, in groups of K. Exact values: see :mod:`.ratios`.

References:
    Importance weighted autoencoders (Burda et al., 2016) https://arxiv.org/abs/1509.00519
    Tighter variational bounds are not necessarily better (Rainforth et al., 2018)
    https://arxiv.org/abs/1802.04537
"""

from typing import NamedTuple

import numpy as np

from dgmlib.evidence import linear, ratios
from dgmlib.evidence.linear import Proposal
from dgmlib.vae import gradients
from dgmlib.vae.arrays import logsumexp

K = 2 ** np.arange(11)
DRAWS = 2**17
GRADIENTS = ("encoder", "encoder, DReG", "decoder")
BINS = 80  # of the histogram


class Tightening(NamedTuple):
    """F values of K; gradients by q's mean (twice) and by the decoder's b, as in ``GRADIENTS``."""

    x: float
    sigma: float
    q: Proposal
    posterior: tuple[float, float]
    k: np.ndarray  # (F,)
    repeats: np.ndarray  # (F,)
    log_p: float
    bound: np.ndarray  # (F,) exact
    mean: np.ndarray  # (F,) over repeats
    error: np.ndarray  # (F,)
    relative_variance: float  # Var(w) / p(x)^2; may be inf
    edges: np.ndarray  # (B + 1,) nats from log p(x); what is beyond counts in the last bins
    counts: np.ndarray  # (F, B) share of repeats
    grad_mean: np.ndarray  # (F, 3) exact
    grad_std: np.ndarray  # (F, 3) exact
    measured_mean: np.ndarray  # (F, 3)
    measured_std: np.ndarray  # (F, 3)
    snr_error: np.ndarray  # (F, 3) standard error of the measured ratio

    @property
    def snr(self) -> np.ndarray:
        """(F, 3) exact; inf where nothing is left to chance."""
        return _snr(self.grad_mean, self.grad_std)

    @property
    def measured_snr(self) -> np.ndarray:
        return _snr(self.measured_mean, self.measured_std)


def tighten(x: float, sigma: float, q: Proposal, *, rng: np.random.Generator) -> Tightening:
    """All of it for K = 1, 2, 4, ..., 1024, from ``DRAWS`` draws in all."""
    mean, std = linear.posterior(x, sigma)
    a, c = linear.check(q)
    e = rng.standard_normal(DRAWS)
    log_w = linear.log_weights(q, e, e * e, 1)
    each = _slopes(e, a, c, mean, std, x, sigma)

    def shape(at: np.ndarray) -> np.ndarray:
        return linear.log_weights(q, at, at * at, 1)

    one = ratios.law(shape, reach=9 / min(c, 1.0))
    known = zip(_slopes(one.e, a, c, mean, std, x, sigma), (1, 2, 1), strict=True)
    exact = [ratios.ratio(one, f, K, power=p) for f, p in known]
    log_p = linear.evidence(np.array([x]), sigma)
    low, high = float(np.quantile(log_w, 0.004)), float(np.quantile(log_w, 0.9999))
    edges = np.linspace(1.1 * min(low, -0.05), max(high, 0.03) * 1.1, BINS + 1)
    values, errors, counts, means, stds, wide = [], [], [], [], [], []
    for k in K:
        rows = log_w.reshape(k, -1)  # (K, R)
        value = logsumexp(rows, 0) - np.log(k)
        share = gradients.shares(rows)
        slope, path, model = (f.reshape(rows.shape) for f in each)
        estimates = np.stack([  # K-sample, doubly reparameterised, by the model: see vae.gradients
            np.einsum("kr,kr->r", share, slope),
            np.einsum("kr,kr,kr->r", share, share, path),
            np.einsum("kr,kr->r", share, model),
        ], -1)  # (R, 3)  # fmt: skip
        values.append(value.mean())
        errors.append(value.std(ddof=1) / np.sqrt(len(value)))
        inside = np.clip(value, edges[0] + 1e-9, edges[-1] - 1e-9)
        counts.append(np.histogram(inside, edges)[0] / len(value))
        means.append(estimates.mean(0))
        stds.append(estimates.std(0, ddof=1))
        wide.append(ratio_error(estimates))
    scale = np.array([1 / std, 1 / std, 1.0])
    return Tightening(
        x, sigma, q, (mean, std), K, DRAWS // K, log_p, log_p + ratios.bound(one, K),
        log_p + np.array(values), np.array(errors), float(np.expm1(linear.log_second_moment(q))),
        edges, np.array(counts), np.stack([m.mean for m in exact], -1) * scale,
        np.stack([m.std for m in exact], -1) * scale, np.array(means) * scale,
        np.array(stds) * scale, np.array(wide),
    )  # fmt: skip


def ratio_error(estimates: np.ndarray) -> np.ndarray:
    """Standard error of mean / deviation of (R, n) repeats, (n,): mean and deviation both vary.

    By the delta method, R times its square is 1 - t skewness + t^2 (kurtosis - 1) / 4.
    """
    mean = estimates.mean(0)
    off = estimates - mean
    square = off * off
    R = len(off)
    std = np.maximum(np.sqrt(square.mean(0)), 1e-7 * np.abs(mean) + 1e-70)  # see _snr
    third = np.einsum("rn,rn->n", square, off) / R / std**3
    fourth = np.einsum("rn,rn->n", square, square) / R / std**4
    t = mean / std
    return np.sqrt(np.maximum(1 - t * third + t * t * (fourth - 1) / 4, 0.0) / R)


def _slopes(
    e: np.ndarray, a: float, c: float, mean: float, std: float, x: float, sigma: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By z, and by z with q held fixed, in units of 1 / std; by the decoder's b."""
    u = a + c * e
    return -u, e / c - u, (x - mean - std * u) / sigma**2


def _snr(mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    small = std <= 1e-7 * np.abs(mean)  # rounding: the estimate is the same for every draw
    return np.where(small, np.inf, np.abs(mean) / np.where(small, 1.0, std))
