r"""The log-likelihood along a line through the parameters, and the bound that touches it.

    mu_k(t) = mu_k + t v:   log p(X; t) >= bound(r; t) for every t, equal at t = 0
    if r is the posterior at t = 0.

Along a mean the bound is a parabola, which is why the M-step has a closed form:
bound(t) = bound(0) + t v^T Sigma_k^-1 sum_n r_nk (x_n - mu_k) - t^2 N_k v^T Sigma_k^-1 v / 2.

References:
    A View of the EM Algorithm that Justifies Incremental, Sparse, and other Variants
    (Neal & Hinton, 1998) https://doi.org/10.1007/978-94-011-5014-9_12
"""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.em import decompose
from dgmlib.mixtures.gmm import Params, log_joint, soft_max


class Slice(NamedTuple):
    """Sums over the points, in nats."""

    offset: np.ndarray  # (m,): t
    mean: np.ndarray  # (..., m, d): where the component's mean is
    log_likelihood: np.ndarray  # (..., m)
    bound: np.ndarray  # (..., m)


def slice_along(
    params: Params,
    x: np.ndarray,
    *,
    component: int,
    direction: np.ndarray,
    offset: np.ndarray,
    r: np.ndarray | None = None,
) -> Slice:
    """Moves one mean along ``direction`` (d,) by every ``offset`` (m,).

    Args:
        params: (..., K); a leading axis of time gives one slice per frame.
        x: (n, d).
        r: (..., n, K), held still in the bound; the posterior under ``params`` if not given.
    """
    K, d = params.mean.shape[-2:]
    direction, offset = np.asarray(direction, dtype=float), np.asarray(offset, dtype=float)
    if not 0 <= component < K:
        raise ValueError(f"component must be from 0 to {K - 1}, got {component}")
    if direction.shape != (d,) or not direction.any():
        raise ValueError(f"direction must be a vector of {d} numbers, not all 0, got {direction}")
    log_j = log_joint(params, x)  # (..., n, K)
    r = soft_max(log_j)[0] if r is None else r
    mean, cov = params.mean[..., component, :], params.cov[..., component, :, :]
    # log N(x; mu + t v) - log N(x; mu) = t b - t^2 c / 2
    precise = np.linalg.solve(cov, np.broadcast_to(direction, mean.shape)[..., None])  # (..., d, 1)
    b = ((x - mean[..., None, :]) @ precise)[..., 0]  # (..., n): v^T Sigma^-1 (x - mu)
    c = (direction @ precise)[..., 0]  # (...): v^T Sigma^-1 v
    own = r[..., component]  # (..., n)
    slope, count = (own * b).sum(-1)[..., None], own.sum(-1)[..., None]  # (..., 1)
    bound = decompose(log_j, r).bound[..., None] + slope * offset
    bound = bound - 0.5 * offset**2 * c[..., None] * count

    rest = soft_max(np.delete(log_j, component, axis=-1))[1] if K > 1 else np.full(b.shape, -np.inf)
    change = offset[:, None] * b[..., None, :] - 0.5 * (offset**2 * c[..., None])[..., None]
    moved = log_j[..., None, :, component] + change  # (..., m, n)
    likelihood = np.logaddexp(rest[..., None, :], moved).sum(-1)
    path = mean[..., None, :] + offset[:, None] * direction
    return Slice(offset, path, likelihood, bound)
