r"""The Frechet distance between two sets of features, as if both were Gaussian.

    d^2 = |m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2))

This is the squared Wasserstein-2 distance of N(m_1, S_1) and N(m_2, S_2). From samples it is too
large on average, by less the more there are: compare it with what two sets of real images give.

References:
    The Frechet distance between multivariate normal distributions (Dowson & Landau, 1982)
    https://doi.org/10.1016/0047-259X(82)90077-X
    GANs trained by a two time-scale update rule converge to a local Nash equilibrium
    (Heusel et al., 2017) https://arxiv.org/abs/1706.08500
"""

import numpy as np


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """d^2 of features (n, d) and (m, d), in squared units of a feature.

    Raises:
        ValueError: different widths, or too few rows for a covariance.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"features must be (n, d) and (m, d), not {a.shape} and {b.shape}")
    if min(len(a), len(b)) < 2:
        raise ValueError(f"a covariance needs two rows at least; there are {len(a)} and {len(b)}")
    return of_gaussians(a.mean(0), np.cov(a.T, ddof=1), b.mean(0), np.cov(b.T, ddof=1))


def of_gaussians(m1: np.ndarray, s1: np.ndarray, m2: np.ndarray, s2: np.ndarray) -> float:
    """d^2 of N(m1, s1) and N(m2, s2): means (d,), covariances (d, d)."""
    s1, s2 = np.atleast_2d(s1), np.atleast_2d(s2)
    # S_1 S_2 has the eigenvalues of the symmetric R S_2 R with R = S_1^(1/2)
    value, vector = np.linalg.eigh(s1)
    root = (vector * np.sqrt(np.maximum(value, 0))) @ vector.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ s2 @ root), 0)).sum()
    return float(((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * cross)
