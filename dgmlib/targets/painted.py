r"""A density painted on a grid: constant on every cell, so that every integral is a sum.

p(x) = w_ij / (sum w  A)    in cell (i, j) of area A,    0 where nothing was painted
"""

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.targets.target import Target


def painted(
    weight: ArrayLike, extent: tuple[tuple[float, float], tuple[float, float]] = ((-3, 3), (-3, 3))
) -> Target:
    """``weight`` (H, W) >= 0, row 0 at the bottom; ``log_prob`` is the log of the weight.

    Raises:
        ValueError: nothing was painted, or a weight is negative or not a number.
    """
    w = np.asarray(weight, dtype=float)
    if w.ndim != 2 or not np.isfinite(w).all() or (w < 0).any() or not w.sum() > 0:
        raise ValueError("a painted density needs a grid of weights >= 0, some of them above 0")
    H, W = w.shape
    low = np.array([extent[0][0], extent[1][0]], dtype=float)
    size = (np.array([extent[0][1], extent[1][1]], dtype=float) - low) / (W, H)  # of a cell
    if not (size > 0).all():
        raise ValueError(f"extent must be ((x_min, x_max), (y_min, y_max)), got {extent}")
    with np.errstate(divide="ignore"):
        log_w = np.log(w)

    def log_prob(x: np.ndarray) -> np.ndarray:
        cell = np.floor((np.asarray(x) - low) / size)
        inside = np.all((cell >= 0) & (cell < (W, H)), axis=-1)
        i = np.where(inside[..., None], cell, 0).astype(int)
        return np.where(inside, log_w[i[..., 1], i[..., 0]], -np.inf)

    share = (w / w.sum()).ravel()
    rows, columns = np.divmod(np.arange(H * W), W)
    centre = low + size * np.stack([columns + 0.5, rows + 0.5], -1)  # (H W, 2)
    mean = share @ centre
    away = centre - mean
    cov = (share[:, None] * away).T @ away + np.diag(size**2 / 12)

    def sample(n: int, rng: np.random.Generator) -> np.ndarray:
        k = rng.choice(H * W, size=n, p=share)
        return centre[k] + size * (rng.random((n, 2)) - 0.5)

    area = float(size[0] * size[1])
    spans = ((float(low[0]), float(extent[0][1])), (float(low[1]), float(extent[1][1])))
    return Target(
        "painted", 2, log_prob, None, float(np.log(w.sum() * area)), mean, cov, sample, spans
    )
