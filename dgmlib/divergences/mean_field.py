r"""A correlated Gaussian target and the best product of independent Gaussians, both ways round.

    p = N(m, S),    q(x) = prod_i N(x_i; m_i, v_i)
    reverse KL(q||p):  v_i = 1 / (S^-1)_ii    variance of x_i *given* the others
    forward KL(p||q):  v_i = S_ii             variance of x_i

The reverse optimum is too narrow, by ``1 - rho^2`` in two dimensions, and the more so the stronger
the correlation; the forward optimum has the right marginals and covers what p never visits. Both
leave the same thing out: at d = 2 each divergence is ``-log(1 - rho^2) / 2``, the information the
two coordinates share. A full Gaussian q recovers p either way.

References:
    Pattern Recognition and Machine Learning, section 10.1.2 (Bishop, 2006)
    https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
"""

import numpy as np

from dgmlib.divergences.gaussian_nd import Gaussian, gaussian


def correlated(rho: float, std: tuple[float, float] = (1.0, 1.0)) -> Gaussian:
    """Two coordinates of mean 0 with correlation ``rho``, strictly between -1 and 1."""
    if not -1 < rho < 1:
        raise ValueError(f"a correlation lies strictly between -1 and 1, got {rho}")
    c = rho * std[0] * std[1]
    return gaussian([0, 0], [[std[0] ** 2, c], [c, std[1] ** 2]])


def reverse_optimum(p: Gaussian) -> Gaussian:
    """The diagonal q with the least ``KL(q||p)``: conditional variances.

    Example:
        >>> np.round(np.diag(reverse_optimum(correlated(0.8)).cov), 12).tolist()
        [0.36, 0.36]
    """
    return gaussian(p.mean, 1 / np.diag(np.linalg.inv(p.cov)))


def forward_optimum(p: Gaussian) -> Gaussian:
    """The diagonal q with the least ``KL(p||q)``: marginal variances."""
    return gaussian(p.mean, np.diag(p.cov))


def w2_optimum(p: Gaussian, *, tol: float = 1e-14, max_steps: int = 10_000) -> Gaussian:
    """The diagonal q with the least W_2, where the optimal map ``T`` from q to p has ``T_ii = 1``.

    Iterates ``v_i <- v_i T_ii^2`` with ``T = V^-1/2 (V^1/2 S V^1/2)^1/2 V^-1/2``.
    """
    v = np.diag(p.cov).copy()
    for _ in range(max_steps):
        root = np.sqrt(v)
        value, axes = np.linalg.eigh(p.cov * np.outer(root, root))
        cross = ((axes * np.sqrt(np.maximum(value, 0))) @ axes.T).diagonal()
        new = (cross / root) ** 2
        if np.all(np.abs(new - v) <= tol * v):
            break
        v = new
    return gaussian(p.mean, v)


def reverse_gap(p: Gaussian) -> float:
    """``KL(q||p)`` at its diagonal optimum: ``(log |S| + sum_i log (S^-1)_ii) / 2``."""
    precision = np.diag(np.linalg.inv(p.cov))
    return float(0.5 * (np.linalg.slogdet(p.cov)[1] + np.log(precision).sum()))


def forward_gap(p: Gaussian) -> float:
    """``KL(p||q)`` at its diagonal optimum: ``(sum_i log S_ii - log |S|) / 2``."""
    return float(0.5 * (np.log(np.diag(p.cov)).sum() - np.linalg.slogdet(p.cov)[1]))
