r"""A mixture of Gaussians: density, posterior, draws, and scores to choose K by.

    p(x) = sum_k pi_k N(x | mu_k, Sigma_k)
    p(z = k | x) = pi_k N(x | mu_k, Sigma_k) / p(x)
    grad_{mu_k} log p(X) = sum_n p(z_n = k | x_n) Sigma_k^{-1} (x_n - mu_k)

Everything is in nats and takes leading axes: Params (..., K) with x (n, d) give (..., n, K).
A component of isotropic variance s^2 that sits on a point adds (2 pi s^2)^(-d/2) to the density
there, without bound as s -> 0: the likelihood has no maximum, only useful local maxima.

References:
    Pattern Recognition and Machine Learning, chapter 9 (Bishop, 2006)
    https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
    Estimating the Dimension of a Model (Schwarz, 1978) https://doi.org/10.1214/aos/1176344136
"""

from typing import NamedTuple

import numpy as np

COVARIANCES = ("full", "tied", "diag", "spherical")
FLAT = 1e-7  # thickness over length; its square, a variance, is near the rounding of 1


class Params(NamedTuple):
    """A mixture. ``cov`` holds full matrices whatever the constraint on them."""

    weight: np.ndarray  # (..., K), sums to 1
    mean: np.ndarray  # (..., K, d)
    cov: np.ndarray  # (..., K, d, d)


def log_joint(params: Params, x: np.ndarray) -> np.ndarray:
    """log pi_k + log N(x_n | mu_k, Sigma_k): (..., n, K)."""
    weight, mean, cov = params
    d = x.shape[-1]
    chol = np.linalg.cholesky(cov)  # (..., K, d, d)
    away = np.ascontiguousarray(x.T) - mean[..., None]  # (..., K, d, n)
    y = np.linalg.inv(chol) @ away  # standard normal under its component
    log_det = np.log(np.diagonal(chol, axis1=-2, axis2=-1)).sum(-1)  # log |Sigma|^(1/2)
    with np.errstate(divide="ignore"):  # a weight of 0 is allowed: log 0 = -inf
        constant = np.log(weight) - log_det - 0.5 * d * np.log(2 * np.pi)  # (..., K)
    return np.swapaxes(constant[..., None] - 0.5 * (y * y).sum(-2), -1, -2)


def soft_max(log_p: np.ndarray, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """r ~ exp(log_p / T) over the last axis, and the value T log sum exp(log_p / T).

    T = 0 is the limit: everything to the largest (ties to the first), and that largest value.
    """
    top = log_p.max(-1, keepdims=True)
    if temperature == 0:
        r = np.zeros_like(log_p)
        np.put_along_axis(r, log_p.argmax(-1)[..., None], 1.0, axis=-1)
        return r, top[..., 0]
    r = log_p - top
    if temperature != 1:
        r /= temperature
    np.exp(r, out=r)
    total = r.sum(-1, keepdims=True)
    r /= total
    return r, (top + temperature * np.log(total))[..., 0]


def log_prob(params: Params, x: np.ndarray) -> np.ndarray:
    """log p(x_n) in nats: (..., n)."""
    return soft_max(log_joint(params, x))[1]


def responsibilities(params: Params, x: np.ndarray) -> np.ndarray:
    """The posterior p(z = k | x_n) of any points, seen or new: (..., n, K)."""
    return soft_max(log_joint(params, x))[0]


def sample(params: Params, n: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draws n points (n, d) and the component of each (n,), in random order.

    With Sigma = V D V^T, x = mu + V D^(1/2) z and z standard normal: it is x that follows
    Sigma, while z stays white.
    """
    check_params(params)
    values, vectors = np.linalg.eigh(params.cov)  # (K, d), (K, d, d)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]  # V D^(1/2)
    k = rng.choice(len(params.weight), size=n, p=params.weight)
    z = rng.standard_normal((n, params.mean.shape[-1]))
    return params.mean[k] + np.einsum("nij,nj->ni", root[k], z), k


def gradient_mean(params: Params, x: np.ndarray) -> np.ndarray:
    """The gradient of sum_n log p(x_n) in every mean: (..., K, d)."""
    rt = np.swapaxes(responsibilities(params, x), -1, -2)  # (..., K, n)
    pull = rt @ x - rt.sum(-1)[..., None] * params.mean  # sum_n r_nk (x_n - mu_k)
    return np.linalg.solve(params.cov, pull[..., None])[..., 0]


def n_parameters(K: int, d: int, covariance: str) -> int:
    """The number of free parameters: K - 1 weights, K d means, and the covariances."""
    one = d * (d + 1) // 2
    free = {"full": K * one, "tied": one, "diag": K * d, "spherical": K}
    return K - 1 + K * d + free[check_covariance(covariance)]


def score(params: Params, x: np.ndarray) -> np.ndarray:
    """Mean log-likelihood per point, in nats (...); on held-out x it compares any two models."""
    return log_prob(params, x).mean(-1)


def aic(params: Params, x: np.ndarray, *, covariance: str) -> np.ndarray:
    """-2 log p(X) + 2 (number of parameters); lower is better."""
    K, d = params.mean.shape[-2:]
    return -2 * log_prob(params, x).sum(-1) + 2 * n_parameters(K, d, covariance)


def bic(params: Params, x: np.ndarray, *, covariance: str) -> np.ndarray:
    """-2 log p(X) + log(n) (number of parameters); lower is better (mclust reports minus this)."""
    K, d = params.mean.shape[-2:]
    return -2 * log_prob(params, x).sum(-1) + np.log(len(x)) * n_parameters(K, d, covariance)


def check_covariance(covariance: str) -> str:
    if covariance not in COVARIANCES:
        raise ValueError(f"covariance must be one of {', '.join(COVARIANCES)}, got {covariance!r}")
    return covariance


def check_points(x: np.ndarray, K: int = 1, *, full: bool = False) -> np.ndarray:
    """x as float64 (n, d), or a ValueError that says what to do about it.

    ``full`` if the points' whole covariance is needed: then they must not lie in a plane.
    """
    x = np.asarray(x, dtype=float)
    if x.ndim != 2:
        raise ValueError(f"x must have shape (n, d), got {x.shape}; one column is x[:, None]")
    if not np.isfinite(x).all():
        row = int(np.argmin(np.isfinite(x).all(1)))
        raise ValueError(f"row {row} of x is {x[row]}: remove or fill rows that are not finite")
    if not 1 <= K <= len(x):
        raise ValueError(f"K = {K} components need 1 <= K <= n, but n = {len(x)}: lower K")
    if (spread := np.ptp(x, axis=0)).min() == 0:
        j = int(np.argmin(spread))
        raise ValueError(f"column {j} of x is constant ({x[0, j]:g}): drop it, it has no density")
    if full and x.shape[1] > 1:
        size = np.linalg.svd((x - x.mean(0)) / x.std(0), compute_uv=False)  # in no unit
        if len(x) <= x.shape[1] or size[-1] < FLAT * size[0]:
            raise ValueError(
                "the points lie on a line (or plane): their covariance is singular; "
                "add spread or drop a column, or choose the shape diag or spherical"
            )
    return x


def check_params(params: Params) -> Params:
    """The same parameters, or a ValueError that names what is wrong with them."""
    weight, mean, cov = (np.asarray(a, dtype=float) for a in params)
    d = mean.shape[-1] if mean.ndim > 1 else 0
    if d == 0 or weight.shape != mean.shape[:-1] or cov.shape != (*mean.shape, d):
        raise ValueError(
            "weight, mean, cov must have shapes (K,), (K, d), (K, d, d), "
            f"got {weight.shape}, {mean.shape}, {cov.shape}"
        )
    if not all(np.isfinite(a).all() for a in (weight, mean, cov)):
        raise ValueError("parameters must be finite: some weight, mean or cov is NaN or infinite")
    if (weight < 0).any() or np.abs(weight.sum(-1) - 1).max() > 1e-6:
        raise ValueError(
            f"weights must be >= 0 and sum to 1, got {weight} (sum {weight.sum(-1)}): "
            "divide them by their sum"
        )
    low = np.linalg.eigvalsh(cov)[..., 0]
    if np.abs(cov - np.swapaxes(cov, -1, -2)).max() > 1e-8 * np.abs(cov).max() or low.min() <= 0:
        raise ValueError(
            "every covariance must be symmetric and positive definite; the smallest eigenvalues "
            f"are {low}: add a little to the diagonal"
        )
    return Params(weight, mean, cov)
