r"""EM on many points or from many starts: the whole iteration as two matrix products.

    log pi_k N(x | mu_k, Sigma_k) = theta_k . phi(x),    phi(x) = (x_i x_j for i <= j, x_i, 1)
    E:  log p(x_n, z = k) = theta_k . phi(x_n)     one product (K, p) (p, n)
    M:  S_k = sum_n r_nk phi(x_n)                  one product (K, n) (n, p)

S_k holds count, mean and scatter. With p = d (d + 1) / 2 + d + 1 that is half the arithmetic of
one triangular solve per component. Points go through in blocks, so memory does not grow with n.
Columns are first shifted to mean 0 and scaled to standard deviation 1; what a component of
relative variance v then loses to cancellation is about eps |x|^2 / v, below 1e-5 nat a point for
anything not yet collapsed and around 1e-13 in ordinary use.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.collapse import raise_if_collapsed
from dgmlib.mixtures.em import Stats, maximise
from dgmlib.mixtures.gmm import Params, check_covariance, check_params, check_points
from dgmlib.mixtures.prior import Prior, check_prior
from dgmlib.mixtures.whitening import whitening

NEVER = -1e30  # in place of log 0, which a matrix product could turn into NaN
BLOCK = 2**19  # numbers in the largest array of a block: 4 MB, about a second-level cache


class Data(NamedTuple):
    """Standardised points, one column per point, and what every iteration needs of them."""

    z: np.ndarray  # (d, n)
    phi: np.ndarray | None  # (p, n): the features, where they fit into one block
    shift: np.ndarray  # (d,)
    sd: np.ndarray  # (d,)
    scale: np.ndarray  # (d, d): products of the sd
    constant: float  # log of (2 pi)^(d/2) and of the sd


class Step(NamedTuple):
    """One full iteration: E on ``params``, then M to ``next``."""

    params: Params
    log_likelihood: np.ndarray  # (...): of ``params``, summed over points, in nats
    next: Params


def prepare(x: np.ndarray) -> Data:
    """Shifts and scales the columns of x (n, d)."""
    shift, sd = x.mean(0), x.std(0)
    z = np.ascontiguousarray(((x - shift) / sd).T)
    d, n = z.shape
    p = d * (d + 1) // 2 + d + 1
    phi = features(z, out=np.empty((p, n))) if p * n <= BLOCK else None
    constant = float(0.5 * d * np.log(2 * np.pi) + np.log(sd).sum())
    return Data(z, phi, shift, sd, sd[:, None] * sd, constant)


def features(z: np.ndarray, *, out: np.ndarray) -> np.ndarray:
    """phi of z (d, b), written into (p, b)."""
    d, at = len(z), 0
    for i in range(d):
        np.multiply(z[i], z[i:], out=out[at : at + d - i])
        at += d - i
    out[at : at + d] = z
    out[at + d] = 1.0
    return out


def coefficients(params: Params, data: Data) -> np.ndarray:
    """theta (..., K, p): log p(x, z = k) as a function of the features of the scaled points."""
    mean = (params.mean - data.shift) / data.sd
    root, log_det = whitening(params.cov / data.scale)
    back = np.swapaxes(root, -1, -2)
    white = root @ mean[..., None]  # (..., K, d, 1)
    (rows, columns), _, factor = upper(len(data.sd))
    q = len(rows)
    theta = np.empty((*params.weight.shape, q + len(data.sd) + 1))
    np.multiply((back @ root)[..., rows, columns], factor, out=theta[..., :q])
    theta[..., q:-1] = (back @ white)[..., 0]
    theta[..., -1] = NEVER  # a weight of 0 is allowed
    np.log(params.weight, out=theta[..., -1], where=params.weight > 0)
    theta[..., -1] -= log_det + 0.5 * (white * white).sum((-2, -1)) + data.constant
    return theta


@cache
def upper(d: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """The upper triangle of a (d, d) matrix: its rows and columns, where each entry of the whole
    symmetric matrix stands in it (d, d), and its factors in -x^T P x / 2."""
    rows, columns = np.triu_indices(d)
    place = np.empty((d, d), dtype=int)
    place[rows, columns] = place[columns, rows] = np.arange(len(rows))
    return (rows, columns), place, np.where(rows == columns, -0.5, -1.0)


def expect(params: Params, data: Data) -> tuple[Stats, np.ndarray]:
    """The E-step, reduced to what the M-step needs, and log p(X) of ``params``: (..., K), (...)."""
    d, n = data.z.shape
    theta = coefficients(params, data)
    *lead, K, p = theta.shape
    flat = theta.reshape(-1, p)  # (S K, p)
    width = min(n, max(64, BLOCK // max(p, len(flat))))
    own = np.empty((p, width if data.phi is None else 0))
    sums, log_likelihood = np.zeros_like(flat), np.zeros(lead)
    for at in range(0, n, width):
        b = min(width, n - at)
        if data.phi is not None:
            block = data.phi[:, at : at + b]
        else:
            block = features(data.z[:, at : at + b], out=own[:, :b])
        log_j = (flat @ block).reshape(*lead, K, b)
        top = log_j.max(-2)
        log_j -= top[..., None, :]
        r = np.exp(log_j, out=log_j)
        total = r.sum(-2)
        r /= total[..., None, :]
        top += np.log(total, out=total)
        log_likelihood += top.sum(-1)
        sums += r.reshape(-1, b) @ block.T
    sums = sums.reshape(theta.shape)
    count = sums[..., -1]
    mean = sums[..., -1 - d : -1] / np.maximum(count, np.finfo(float).tiny)[..., None]
    scatter = sums[..., upper(d)[1]]  # (..., K, d, d): sum_n r_nk x_n x_n^T, still around 0
    scatter -= (count[..., None] * mean)[..., :, None] * mean[..., None, :]
    scatter *= data.scale
    return Stats(count, mean * data.sd + data.shift, scatter), log_likelihood


def stream(
    x: np.ndarray, params: Params, *, covariance: str = "full", prior: Prior | None = None
) -> Iterator[Step]:
    """EM iterations for ever; the caller decides when to stop.

    Raises:
        CollapseError: names the component, the iteration, the eigenvalue and the remedy.
    """
    check_covariance(covariance)
    x, params = check_points(x, params.mean.shape[-2]), check_params(params)
    if prior is not None:
        check_prior(prior, x.shape[1])
    data, i = prepare(x), 0
    while True:
        i += 1
        stats, log_likelihood = expect(params, data)
        new = maximise(stats, covariance=covariance, prior=prior)
        raise_if_collapsed(new.cov, stats.count, data.sd, prior, iteration=i)
        yield Step(params, log_likelihood, new)
        params = new
