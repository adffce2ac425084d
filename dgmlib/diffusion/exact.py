r"""The best denoiser there is, for data that are a Gaussian mixture or finitely many points.

    x_t = sqrt(a) x_0 + sqrt(1 - a) e,    a = alpha_bar_t
    mixture  q(x_t) = sum_k w_k N(sqrt(a) m_k, C_k),    C_k = a S_k + (1 - a) I
             E[x_0 | x_t] = sum_k r_k(x_t) [m_k + sqrt(a) S_k C_k^-1 (x_t - sqrt(a) m_k)]
    points   E[x_0 | x_t] = sum_i r_i(x_t) x_i,    r_i ~ exp(-|x_t - sqrt(a) x_i|^2 / (2 (1 - a)))

with r the posterior of the component, or of the point. The second is the first with S = 0: a model
that has learned its training points by heart, and whose samples are those points.

References:
    Tweedie's formula and selection bias (Efron, 2011) https://doi.org/10.1198/jasa.2011.tm11181
    Elucidating the design space of diffusion-based generative models, appendix B.3
    (Karras, Aittala, Aila & Laine, 2022) https://arxiv.org/abs/2206.00364
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.diffusion.process import parts
from dgmlib.mixtures import gmm

Eps = Callable[[np.ndarray, float], np.ndarray]  # (x_t (n, d), alpha_bar_t) -> E[e | x_t] (n, d)


def diffused(p: gmm.Params, alpha_bar: float) -> gmm.Params:
    """q(x_t) for data from p, a mixture as well."""
    eye = np.eye(p.mean.shape[-1])
    return p._replace(mean=alpha_bar**0.5 * p.mean, cov=alpha_bar * p.cov + (1 - alpha_bar) * eye)


def denoise_mixture(p: gmm.Params, x: np.ndarray, alpha_bar: float) -> np.ndarray:
    """E[x_0 | x_t = x], (n, d) -> (n, d)."""
    _check(alpha_bar)
    q = diffused(p, alpha_bar)
    r = gmm.responsibilities(q, x)  # (n, K)
    gain = alpha_bar**0.5 * p.cov @ np.linalg.inv(q.cov)  # (K, d, d)
    shift = p.mean - (gain @ q.mean[..., None])[..., 0]  # (K, d)
    each = np.einsum("kij,nj->nki", gain, x) + shift
    return np.einsum("nk,nki->ni", r, each)


def denoise_points(
    points: np.ndarray, x: np.ndarray, alpha_bar: float, *, std: float = 0.0,
    weight: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """E[x_0 | x_t = x] for data that are ``points`` (N, d), each with a round Gaussian of ``std``.

    With std = 0 the data are the points and nothing else. (n, d) -> (n, d).
    """
    var = alpha_bar * std**2 + 1 - alpha_bar
    drawn = alpha_bar**0.5 * std**2 / var  # how much of x_t is trusted
    r = recall(points, x, alpha_bar, std=std, weight=weight)
    return drawn * x + (1 - alpha_bar**0.5 * drawn) * (r @ points)


def recall(
    points: np.ndarray, x: np.ndarray, alpha_bar: float, *, std: float = 0.0,
    weight: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """r_i(x): the chance that x was made of each point, (n, N)."""
    _check(alpha_bar)
    # |x|^2 is the same for every point and drops out
    near = alpha_bar**0.5 * (x @ points.T) - 0.5 * alpha_bar * (points * points).sum(1)
    near = near / (alpha_bar * std**2 + 1 - alpha_bar)
    return gmm.soft_max(near if weight is None else near + np.log(weight))[0]


def of_mixture(p: gmm.Params) -> Eps:
    """E[e | x_t] as the function that a sampler asks for."""
    gmm.check_params(p)

    def eps(x: np.ndarray, alpha_bar: float) -> np.ndarray:
        return parts("x0", denoise_mixture(p, x, alpha_bar), x, alpha_bar).eps

    return eps


def of_points(points: ArrayLike, *, std: float = 0.0, weight: np.ndarray | None = None) -> Eps:
    """The same for data that are some points (N, d), or round Gaussians about them."""
    known = np.asarray(points, dtype=float)
    if known.ndim != 2 or len(known) == 0 or not np.isfinite(known).all():
        raise ValueError(f"one or more finite points (N, d), got shape {known.shape}")

    def eps(x: np.ndarray, alpha_bar: float) -> np.ndarray:
        x0 = denoise_points(known, x, alpha_bar, std=std, weight=weight)
        return parts("x0", x0, x, alpha_bar).eps

    return eps


def _check(alpha_bar: float) -> None:
    if not 0 < alpha_bar < 1:
        raise ValueError(f"there is noise to take away for 0 < alpha_bar < 1, got {alpha_bar}")
