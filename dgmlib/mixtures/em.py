r"""The two half-steps of EM, and the bound they climb in turn.

    E:  r_nk = pi_k N(x_n | mu_k, Sigma_k) / sum_j pi_j N(x_n | mu_j, Sigma_j)
    M:  N_k = sum_n r_nk,  pi_k = N_k / n,  mu_k = sum_n r_nk x_n / N_k,
        Sigma_k = sum_n r_nk (x_n - mu_k)(x_n - mu_k)^T / N_k
    log p(X) = bound(r) + KL(r || posterior),    bound = E_r[log p(x, z)] + H(r)

The E-step closes the gap KL(r || posterior); the M-step raises the bound with r held still.
Tempered: r ~ (pi_k N_k)^(1/T), bound E_r[log p(x, z)] + T H(r), which plus T KL(r || that r) is
the free energy sum_n T log sum_k (pi_k N_k)^(1/T). T = 1 is EM; T -> 0 gives each point to one
component, which is k-means when the components are equal balls of fixed size.

References:
    Maximum Likelihood from Incomplete Data via the EM Algorithm (Dempster, Laird & Rubin, 1977)
    https://doi.org/10.1111/j.2517-6161.1977.tb01600.x
    A View of the EM Algorithm that Justifies Incremental, Sparse, and other Variants
    (Neal & Hinton, 1998) https://doi.org/10.1007/978-94-011-5014-9_12
    Deterministic Annealing EM Algorithm (Ueda & Nakano, 1998)
    https://doi.org/10.1016/S0893-6080(97)00133-0
"""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.collapse import raise_if_collapsed
from dgmlib.mixtures.gmm import Params, check_covariance, log_joint, soft_max
from dgmlib.mixtures.prior import Prior


class Stats(NamedTuple):
    """All the M-step needs to know about the data."""

    count: np.ndarray  # (..., K): N_k
    mean: np.ndarray  # (..., K, d)
    scatter: np.ndarray  # (..., K, d, d): sum_n r_nk (x_n - mean_k)(x_n - mean_k)^T


def e_step(params: Params, x: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    """The responsibilities (..., n, K) that close the gap at this temperature."""
    return soft_max(log_joint(params, x), temperature)[0]


def m_step(
    x: np.ndarray,
    r: np.ndarray,
    *,
    covariance: str = "full",
    prior: Prior | None = None,
    sd: np.ndarray | None = None,
) -> Params:
    """The parameters that maximise E_r[log p(x, z)], plus the log prior if there is one.

    Args:
        x: (n, d).
        r: (..., n, K), rows summing to 1.
        covariance: full, tied (one matrix for all), diag or spherical.
        prior: for the maximum of the posterior, see :mod:`dgmlib.mixtures.prior`.
        sd: the columns' standard deviations (d,), if at hand: the unit of "singular".

    Raises:
        CollapseError: a component has no points, or a singular covariance.
    """
    stats = statistics(x, r)
    params = maximise(stats, covariance=covariance, prior=prior)
    raise_if_collapsed(params.cov, stats.count, x.std(0) if sd is None else sd, prior)
    return params


def statistics(x: np.ndarray, r: np.ndarray) -> Stats:
    """Weighted count, mean and scatter of each component under r (..., n, K)."""
    rt = np.swapaxes(r, -1, -2)  # (..., K, n)
    count = rt.sum(-1)
    mean = rt @ x / np.maximum(count, np.finfo(float).tiny)[..., None]
    away = np.ascontiguousarray(x.T) - mean[..., None]  # (..., K, d, n)
    scatter = (away * rt[..., None, :]) @ np.swapaxes(away, -1, -2)
    return Stats(count, mean, scatter)


def maximise(stats: Stats, *, covariance: str = "full", prior: Prior | None = None) -> Params:
    """The M-step from its statistics; says nothing about collapse (see ``collapse``)."""
    check_covariance(covariance)
    count, mean, scatter = stats
    K, d = mean.shape[-2:]
    n = count.sum(-1, keepdims=True)
    weight, divisor = count / n, count
    if prior is not None:
        extra = prior.concentration - 1
        weight = (count + extra) / (n + K * extra)
        pull = mean - prior.mean
        total = count + prior.shrinkage
        scatter = (
            scatter
            + prior.scale * (1 / K if covariance == "tied" else 1)
            + (
                (prior.shrinkage * count / total)[..., None, None]
                * (pull[..., :, None] * pull[..., None, :])
            )
        )
        mean = (count[..., None] * mean + prior.shrinkage * prior.mean) / total[..., None]
        divisor = count + 1 + (prior.dof + d + 1) / (K if covariance == "tied" else 1)
    if covariance == "tied":
        scatter = np.broadcast_to(scatter.sum(-3, keepdims=True), scatter.shape)
        divisor = np.broadcast_to(divisor.sum(-1, keepdims=True), divisor.shape)
    cov = scatter / np.maximum(divisor, np.finfo(float).tiny)[..., None, None]
    if covariance == "diag":
        cov = cov * np.eye(d)
    elif covariance == "spherical":
        cov = np.trace(cov, axis1=-2, axis2=-1)[..., None, None] / d * np.eye(d)
    return Params(weight, mean, cov)


class Decomposition(NamedTuple):
    """bound + gap = free energy; sums over points, in nats."""

    free_energy: np.ndarray  # (...)
    bound: np.ndarray  # (...)
    gap: np.ndarray  # (...)


def decompose(log_j: np.ndarray, r: np.ndarray, temperature: float = 1.0) -> Decomposition:
    """The two parts from log p(x, z) and r, both (..., n, K), each by its own formula.

    The gap is no difference: with p the normalised tempered posterior it is
    T sum (r log(r / p) - r + p), whose terms are never negative. At T = 0 it is what r loses
    to the best assignment, sum r (max_k log p(x, z) - log p(x, z)).
    """
    p, value = soft_max(log_j, temperature)
    t_log_r = np.maximum(r, np.finfo(float).tiny)
    np.log(t_log_r, out=t_log_r)
    if temperature != 1:
        t_log_r *= temperature
    inner = np.maximum(log_j, -1e300)  # 0 log 0 = 0: a finite stand-in for the log of weight 0
    inner -= t_log_r  # log p(x, z) - T log r
    inner *= r
    bound = inner.sum((-2, -1))
    t_log_r -= np.maximum(log_j, -1e300)
    t_log_r += value[..., None]  # T log(r / p)
    t_log_r *= r
    p -= r
    if temperature != 1:
        p *= temperature
    t_log_r += p
    return Decomposition(value.sum(-1), bound, np.maximum(t_log_r, 0, out=p).sum((-2, -1)))


def bound(params: Params, r: np.ndarray, x: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    """E_r[log p(x, z)] + T H(r), summed over points: (...). At T = 1 at most log p(X)."""
    return decompose(log_joint(params, x), r, temperature).bound


def gap(params: Params, r: np.ndarray, x: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    """T KL(r || the tempered posterior), summed over points: (...). Never negative."""
    return decompose(log_joint(params, x), r, temperature).gap


def free_energy(params: Params, x: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    """sum_n T log sum_k (pi_k N_k)^(1/T): (...). At T = 1 it is log p(X)."""
    return soft_max(log_joint(params, x), temperature)[1].sum(-1)
