r"""Probabilistic PCA, the linear VAE: posterior, likelihood and optimum in closed form.

    z ~ N(0, I_k),    x | z ~ N(W z + mu, sigma^2 I),    x ~ N(mu, C),  C = W W^T + sigma^2 I
    z | x ~ N(M^{-1} W^T (x - mu), sigma^2 M^{-1}),    M = W^T W + sigma^2 I
    best:  W = U (L - sigma^2 I)^{1/2},  sigma^2 = the mean of the d - k discarded eigenvalues

U and L are the k leading eigenvectors and eigenvalues of the covariance of the data. W is only
known up to a rotation of z. With the exact posterior the evidence lower bound is log p(x).

References:
    Probabilistic Principal Component Analysis (Tipping & Bishop, 1999)
    https://doi.org/10.1111/1467-9868.00196
    Don't Blame the ELBO! A Linear VAE Perspective on Posterior Collapse (Lucas et al., 2019)
    https://arxiv.org/abs/1911.02469
"""

from typing import NamedTuple

import numpy as np


class PPCA(NamedTuple):
    mean: np.ndarray  # (d,) mu
    loading: np.ndarray  # (d, k) W
    noise_var: float  # sigma^2, a variance


class Posterior(NamedTuple):
    """q(z_n) = N(mean_n, cov): one covariance for all points."""

    mean: np.ndarray  # (n, k)
    cov: np.ndarray  # (k, k)


def fit(x: np.ndarray, k: int, *, ddof: int = 0) -> PPCA:
    """The maximum of the likelihood; ``ddof=1`` divides by n - 1 as scikit-learn's PCA does.

    Raises:
        ValueError: no dimension is left over for the noise, or the data have none.
    """
    x = np.asarray(x, dtype=float)
    n, d = x.shape
    if not 1 <= k < d:
        raise ValueError(f"k = {k} must lie between 1 and d - 1 = {d - 1}: the rest is noise")
    if n <= k + ddof:
        raise ValueError(f"{n} points are too few for k = {k}; give at least {k + 1 + ddof}")
    mean = x.mean(0)
    values, vectors = np.linalg.eigh((x - mean).T @ (x - mean) / (n - ddof))  # ascending
    noise_var = float(values[: d - k].mean())
    if noise_var <= 1e-12 * values[-1]:
        raise ValueError(f"the data lie in a plane of {k} dimensions: no noise is left; lower k")
    lead, u = values[d - k :][::-1], vectors[:, d - k :][:, ::-1]
    return PPCA(mean, u * np.sqrt(np.maximum(lead - noise_var, 0.0)), noise_var)


def log_prob(p: PPCA, x: np.ndarray) -> np.ndarray:
    """log N(x_n; mu, C) in nats (n,), through the small matrix M."""
    d, k = p.loading.shape
    m = _small(p)
    away = x - p.mean  # (n, d)
    half = np.linalg.solve(np.linalg.cholesky(m), p.loading.T @ away.T)  # (k, n)
    squared = ((away * away).sum(1) - (half * half).sum(0)) / p.noise_var
    log_det = np.linalg.slogdet(m)[1] + (d - k) * np.log(p.noise_var)
    return -0.5 * (d * np.log(2 * np.pi) + log_det + squared)


def posterior(p: PPCA, x: np.ndarray) -> Posterior:
    """p(z | x_n)."""
    m = _small(p)
    return Posterior(np.linalg.solve(m, p.loading.T @ (x - p.mean).T).T,
                     p.noise_var * np.linalg.inv(m))  # fmt: skip


def elbo(p: PPCA, x: np.ndarray, q: Posterior) -> np.ndarray:
    """E_q[log p(x_n | z)] - KL(q_n || prior) for any Gaussian q: (n,)."""
    d, k = p.loading.shape
    away = x - p.mean - q.mean @ p.loading.T  # (n, d)
    spread = np.trace(p.loading @ q.cov @ p.loading.T)  # what q's own width adds
    likelihood = -0.5 * (
        d * np.log(2 * np.pi * p.noise_var) + ((away * away).sum(1) + spread) / p.noise_var
    )
    log_det = np.linalg.slogdet(q.cov)[1]
    return likelihood - 0.5 * ((q.mean * q.mean).sum(1) + np.trace(q.cov) - k - log_det)


def em_step(p: PPCA, x: np.ndarray) -> PPCA:
    """One round of EM; the mean is that of the data."""
    mean = x.mean(0)
    p = p._replace(mean=mean)
    q, away, n = posterior(p, x), x - mean, len(x)
    second = n * q.cov + q.mean.T @ q.mean  # (k, k): sum of E[z z^T]
    loading = np.linalg.solve(second, q.mean.T @ away).T  # (d, k)
    residual = (away * away).sum() - (loading * (away.T @ q.mean)).sum()
    return PPCA(mean, loading, float(residual / (n * x.shape[1])))


def _small(p: PPCA) -> np.ndarray:
    """M = W^T W + sigma^2 I: (k, k)."""
    k = p.loading.shape[1]
    return p.loading.T @ p.loading + p.noise_var * np.eye(k)
