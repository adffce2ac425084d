"""Where EM starts: it only finds the optimum whose basin it starts in.

Starts from means give every component the same weight and the data's covariance shrunk to a K-th
of its volume. All take leading axes: means (..., K, d) give Params (..., K), many starts at once.

References:
    k-means++: The Advantages of Careful Seeding (Arthur & Vassilvitskii, 2007)
    https://theory.stanford.edu/~sergei/papers/kMeansPP-soda.pdf
"""

import numpy as np

from dgmlib.mixtures.em import m_step
from dgmlib.mixtures.gmm import Params, check_covariance, check_points
from dgmlib.mixtures.kmeans import plus_plus
from dgmlib.mixtures.prior import Prior

KINDS = ("++", "random")


def from_means(x: np.ndarray, mean: np.ndarray, *, covariance: str = "full") -> Params:
    """Equal weights, the given means (..., K, d), each component a K-th of the data's volume."""
    mean = np.asarray(mean, dtype=float)
    K, d = mean.shape[-2:]
    x = check_points(x, K, full=covariance in ("full", "tied"))
    if d != x.shape[1]:
        raise ValueError(f"means have {d} columns, x has {x.shape[1]}: they must agree")
    if not np.isfinite(mean).all():
        raise ValueError(f"start means must be finite, got {mean}")
    cov = np.cov(x, rowvar=False, ddof=0).reshape(d, d) / K ** (2 / d)
    if check_covariance(covariance) == "diag":
        cov = cov * np.eye(d)
    elif covariance == "spherical":
        cov = np.trace(cov) / d * np.eye(d)
    return Params(
        np.full(mean.shape[:-1], 1 / K), mean, np.broadcast_to(cov, (*mean.shape, d)).copy()
    )


def from_responsibilities(
    x: np.ndarray, r: np.ndarray, *, covariance: str = "full", prior: Prior | None = None
) -> Params:
    """One M-step on given responsibilities (..., n, K)."""
    x, r = check_points(x, r.shape[-1]), np.asarray(r, dtype=float)
    if r.shape[-2] != len(x) or (r < 0).any() or np.abs(r.sum(-1) - 1).max() > 1e-6:
        raise ValueError(
            f"responsibilities need shape (n, K) with n = {len(x)}, no entry below 0 and rows "
            f"that sum to 1, got shape {r.shape}: divide each row by its sum"
        )
    return m_step(x, r, covariance=covariance, prior=prior)


def start(
    x: np.ndarray,
    K: int,
    *,
    kind: str = "++",
    covariance: str = "full",
    size: int | None = None,
    rng: np.random.Generator,
) -> Params:
    """A start of a named kind; with ``size``, that many at once: Params (size, K).

    ``"++"`` spreads K data points out (k-means++ seeding); ``"random"`` takes any K of them.
    """
    x = check_points(x, K)
    if kind == "++":
        mean = plus_plus(x, K, size=size, rng=rng)
    elif kind == "random":
        order = rng.random((1 if size is None else size, len(x))).argsort(1)[:, :K]
        mean = x[order[0] if size is None else order]
    else:
        raise ValueError(f"kind of start must be one of {', '.join(KINDS)}, got {kind!r}")
    return from_means(x, mean, covariance=covariance)
