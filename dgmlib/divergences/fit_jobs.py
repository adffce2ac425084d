r"""Same p, two jobs: maximum likelihood on samples, variational inference on a density.

    max_q  1/n sum_i log q(x_i)      needs draws of p;      E_p log q = -KL(p||q) - H(p)
    max_q  E_q[log c p(x) - log q]   needs p up to c;       the same is log c - KL(q||p)

One climbs the average log-likelihood, and with it descends the forward KL to what it sees; the
other climbs the evidence lower bound, and with it descends the reverse KL. Both start from the
same q and take natural-gradient steps with the same cap.

References:
    Variational Inference: A Review for Statisticians (Blei, Kucukelbir, McAuliffe, 2017)
    https://arxiv.org/abs/1601.00670
"""

from itertools import islice
from typing import NamedTuple

import numpy as np

from dgmlib.divergences import adaptive, fit, fit_payers, mixture1d
from dgmlib.divergences.mixture1d import Mixture1D

N_STEPS = 30


class Jobs(NamedTuple):
    """Two streams, time first. Columns: maximum likelihood, variational inference."""

    target: Mixture1D
    samples: np.ndarray  # (n,)
    mean: np.ndarray  # (F, 2)
    std: np.ndarray  # (F, 2)
    forward: np.ndarray  # (F, 2) KL(p||q) in nats
    reverse: np.ndarray  # (F, 2) KL(q||p)
    loglik: np.ndarray  # (F, 2) average over the samples
    loglik_se: np.ndarray  # (F, 2) its standard error
    expected: np.ndarray  # (F, 2) E_p log q = -KL(p||q) - H(p), exact
    entropy: float  # H(p) in nats


def jobs(
    p: Mixture1D, mean: float, std: float, *, n: int, rng: np.random.Generator,
    n_steps: int = N_STEPS,
) -> Jobs:  # fmt: skip
    """Both streams from N(mean, std^2), the first on ``n`` draws of ``p``."""
    if n < 2:
        raise ValueError(f"a standard error needs at least 2 samples, got {n}")
    x = mixture1d.sample(p, n, rng=rng)
    problem = fit.problem(p, ["reverse"], reach=abs(mean) + 9 * std)
    states = list(islice(fit.descend(problem, mean, std), n_steps + 1))
    ml = likelihood_path(x, mean, std, n_steps=n_steps)
    m = np.stack([ml[:, 0], [s.mean[0] for s in states]], 1)
    s = np.stack([ml[:, 1], [t.std[0] for t in states]], 1)
    exact = fit_payers.values(p, m.ravel(), s.ravel(), alpha=0.5).reshape(*m.shape, -1)
    log_q = (
        -0.5 * ((x - m[..., None]) / s[..., None]) ** 2 - np.log(s * np.sqrt(2 * np.pi))[..., None]
    )
    entropy = adaptive.entropy(p).value
    return Jobs(
        p, x, m, s, exact[..., 0], exact[..., 1],
        log_q.mean(-1), log_q.std(-1, ddof=1) / np.sqrt(n), -exact[..., 0] - entropy, entropy,
    )  # fmt: skip


def likelihood_path(x: np.ndarray, mean: float, std: float, *, n_steps: int) -> np.ndarray:
    """Natural-gradient ascent of the average log-likelihood: (mean, std) of every state. (F, 2)"""
    centre, var = float(x.mean()), float(x.var())
    path = [(float(mean), float(std))]

    def loss(m: float, s: float) -> float:
        return 0.5 * (var + (centre - m) ** 2) / s**2 + np.log(s)

    for i in range(n_steps):
        m, s = path[-1]
        d_mean, d_log = (centre - m) / s, 0.5 * ((var + (centre - m) ** 2) / s**2 - 1)
        cap = fit.CAP * fit.GROWTH**i
        rate = min(1.0, cap / (max(abs(d_mean), abs(d_log)) + 1e-300))
        new = (m + rate * d_mean * s, s * np.exp(rate * d_log))
        while loss(*new) > loss(m, s) and rate > 1e-12:
            rate /= 2
            new = (m + rate * d_mean * s, s * np.exp(rate * d_log))
        path.append(new if rate > 1e-12 else (m, s))
    return np.array(path)
