r"""One Gaussian for grey images: d + d (d + 1) / 2 numbers, or 2 d when pixels are independent.

A pixel is one of L levels; a density needs real numbers, so noise fills the gaps:

    z = (x + u) / L,    u ~ U[0, 1)^d
    S = (1 - a) S_n + a diag(S_n) + e^2 I

S_n is the sample covariance, a the shrinkage and e the noise floor: without them fewer images
than pixels, or a pixel that is always black, have no density at all. In bits a pixel,

    -log2 p(z) / d + log2 L    >=    -log2 P(x) / d    on average over u

where P(x) is the mass that p puts on x's cell (Jensen), so it is what this model needs at most.

References:
    A note on the evaluation of generative models (Theis, van den Oord & Bethge, 2016)
    https://arxiv.org/abs/1511.01844
    A well-conditioned estimator for large-dimensional covariance matrices (Ledoit & Wolf, 2004)
    https://doi.org/10.1016/S0047-259X(03)00096-4
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cholesky, solve_triangular


class Gaussian(NamedTuple):
    mean: np.ndarray  # (d,)
    root: np.ndarray  # (d, d) lower, S = root root^T; (d,) standard deviations when diagonal


def dequantise(x: np.ndarray, levels: int, *, rng: np.random.Generator) -> np.ndarray:
    """(x + u) / L in [0, 1) for integers x in 0 .. L - 1."""
    x = np.asarray(x)
    if x.min(initial=0) < 0 or x.max(initial=0) >= levels:
        raise ValueError(f"levels run from 0 to {levels - 1}, got {x.min()} to {x.max()}")
    return (x + rng.random(x.shape)) / levels


def fit(
    z: np.ndarray, *, diagonal: bool = False, shrinkage: float = 0.1, floor: float = 0.0
) -> Gaussian:
    """Maximum likelihood on z (n, d), then shrinkage a towards the diagonal and a floor e."""
    if not 0 <= shrinkage <= 1 or floor < 0:
        raise ValueError(f"shrinkage lies in [0, 1] and the floor is not negative, "
                         f"got {shrinkage} and {floor}")  # fmt: skip
    mean = z.mean(0)
    if diagonal:
        return Gaussian(mean, np.sqrt(z.var(0) + floor**2))
    away = z - mean
    S = away.T @ away / len(z)
    diag = np.diag(S).copy()
    S *= 1 - shrinkage
    S[np.diag_indices_from(S)] = diag + floor**2
    try:
        return Gaussian(mean, cholesky(S, lower=True))
    except np.linalg.LinAlgError:
        raise ValueError(
            f"{len(z)} images do not give {len(mean)} pixels a density; shrink, or raise the floor"
        ) from None


def log_prob(g: Gaussian, z: np.ndarray) -> np.ndarray:
    """Nats of each z (n, d), a density: (n,)."""
    away = z - g.mean
    if g.root.ndim == 1:
        white, log_det = away / g.root, np.log(g.root).sum()
    else:
        white = solve_triangular(g.root, away.T, lower=True, check_finite=False).T
        log_det = np.log(np.diag(g.root)).sum()
    return -0.5 * (white**2).sum(1) - log_det - 0.5 * z.shape[1] * np.log(2 * np.pi)


def bits_per_pixel(g: Gaussian, z: np.ndarray, levels: int) -> tuple[float, float]:
    """Bits a grey pixel of dequantised z: mean over images and its standard error."""
    bits = -log_prob(g, z) / (np.log(2) * z.shape[1]) + np.log2(levels)
    return float(bits.mean()), float(bits.std(ddof=1) / np.sqrt(len(bits)))


def sample(g: Gaussian, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """mean + root white noise: (n, d), not cut to [0, 1]."""
    white = rng.standard_normal((n, len(g.mean)))
    return g.mean + (white * g.root if g.root.ndim == 1 else white @ g.root.T)
