r"""Averaging p(x|z) over the prior, repeated, as the decoder sharpens or the dimension grows.

    p^(x) = (1/n) sum_i p(x | z_i),  z_i ~ p(z)         E[p^] = p(x),  whatever n
    relative variance (E[w^2] / p(x)^2 - 1) / n         grows exponentially with d

Unbiased, and yet nearly every estimate is far too low: the mean is carried by draws near the
posterior, which n draws of the prior seldom meet. Weighted draws of a q near the posterior do. All
frames and both proposals share the same standard normal numbers.

References:
    Auto-encoding variational Bayes (Kingma & Welling, 2014) https://arxiv.org/abs/1312.6114
    The sample size required in importance sampling (Chatterjee & Diaconis, 2018)
    https://arxiv.org/abs/1511.01437
"""

from typing import NamedTuple

import numpy as np

from dgmlib.evidence import linear
from dgmlib.evidence.linear import Proposal
from dgmlib.vae import annealed
from dgmlib.vae.arrays import logsumexp

SWEEPS = ("d", "σ")
REPEATS = 200
MOST = 20  # dimensions
SIGMAS = np.round(np.geomspace(1.0, 0.05, 24), 3)
CHAINS, RUNGS, LEAPFROG = 64, 25, 4  # of the annealed estimate; 4 steps of 0.4: a quarter turn


class Averages(NamedTuple):
    """F frames; proposals in the order prior, q; estimates relative to the exact p(x)."""

    sweep: str
    n: int
    d: np.ndarray  # (F,)
    sigma: np.ndarray  # (F,)
    start: int
    log_p: np.ndarray  # (F,) exact
    q: Proposal
    log_estimate: np.ndarray  # (F, 2, R): log of the estimate / p(x)
    claimed: np.ndarray  # (F, 2) relative standard error that the first repeat claims
    ess: np.ndarray  # (F, 2) of the first repeat
    log_second: np.ndarray  # (F, 2) log E[w^2] / p(x)^2, exact
    rmse: np.ndarray  # (F, 2) relative, over repeats
    rmse_error: np.ndarray  # (F, 2) its standard error
    annealed: annealed.Annealed  # of the start frame, without any q; relative to p(x)


def sweep(
    over: str, *, d: int, sigma: float, n: int, q: Proposal, rng: np.random.Generator
) -> Averages:
    """``REPEATS`` estimates of both kinds for every d up to ``MOST``, or for every sigma.

    x has the typical length, |x|^2 = d (1 + sigma^2).
    """
    if over not in SWEEPS:
        raise ValueError(f"no sweep over {over!r}; choose one of {SWEEPS}")
    if n < 2 or not 1 <= d <= MOST:
        raise ValueError(f"n must be at least 2 and d between 1 and {MOST}, got {n} and {d}")
    linear.check_sigma(sigma)
    if over == "d":
        ds, sigmas, start = np.arange(1, MOST + 1), np.full(MOST, sigma), d - 1
    else:
        start = int(np.argmin(np.abs(np.log(SIGMAS / sigma))))
        sigmas = SIGMAS.copy()
        sigmas[start] = sigma
        ds = np.full(len(sigmas), d)
    total, square, found = np.zeros((REPEATS, n)), np.zeros((REPEATS, n)), []
    for j in range(1, ds[-1] + 1):  # one more coordinate at a time
        e = rng.standard_normal((REPEATS, n))
        total += e
        square += e * e
        if over == "d":
            found.append(_frame(j, sigma, q, total, square))
    if over == "σ":
        found = [_frame(d, s, q, total, square) for s in sigmas]
    log_estimate, claimed, ess, log_second = (np.array(a) for a in zip(*found, strict=True))
    off = np.expm1(log_estimate) ** 2  # (F, 2, R)
    rmse = np.sqrt(off.mean(-1))
    log_p = [
        linear.evidence(typical(k, s), s) for k, s in zip(ds.tolist(), sigmas.tolist(), strict=True)
    ]
    return Averages(
        over, n, ds, sigmas, start, np.array(log_p), q, log_estimate, claimed, ess, log_second,
        rmse, off.std(-1, ddof=1) / np.sqrt(REPEATS) / (2 * rmse), anneal(d, sigma, rng=rng),
    )  # fmt: skip


def typical(d: int, sigma: float) -> np.ndarray:
    """An x of typical length: every coordinate one deviation of p(x) from 0."""
    return np.full(d, np.sqrt(1 + sigma * sigma))


def anneal(d: int, sigma: float, *, rng: np.random.Generator) -> annealed.Annealed:
    """log p^(x) - log p(x) by annealing from the prior to the posterior."""
    x = typical(d, sigma)
    log_p = linear.evidence(x, sigma)
    flat = d * np.log(sigma * np.sqrt(2 * np.pi)) + log_p

    def log_likelihood(z: np.ndarray) -> np.ndarray:
        return -0.5 * ((x - z) ** 2).sum(-1) / sigma**2 - flat

    betas = annealed.rising(RUNGS, sharpness=1 / sigma**2)
    return annealed.from_standard_normal(
        log_likelihood, lambda z: (x - z) / sigma**2, d, betas=betas, n_chains=CHAINS,
        step_size=0.4 / np.sqrt(1 + betas / sigma**2), n_leapfrog=LEAPFROG, rng=rng,
    )  # fmt: skip


def _frame(
    d: int, sigma: float, q: Proposal, total: np.ndarray, square: np.ndarray
) -> tuple[list[np.ndarray], list[float], list[float], list[float]]:
    n = total.shape[1]
    logs, claims, sizes, seconds = [], [], [], []
    for each in (linear.prior(float(typical(1, sigma)[0]), sigma), q):
        log_w = linear.log_weights(each, total, square, d)  # (R, n)
        logs.append(logsumexp(log_w, 1) - np.log(n))
        one = np.exp(log_w[0] - log_w[0].max())
        claims.append(float(one.std(ddof=1) / one.mean() / np.sqrt(n)))
        sizes.append(float(one.sum() ** 2 / (one**2).sum()))
        seconds.append(linear.log_second_moment(each, d))
    return logs, claims, sizes, seconds
