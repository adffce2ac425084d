r"""Collapse: where the likelihood of a mixture has no maximum.

A component whose points lie in a plane (one point, two points, a line) can make its covariance
singular, and then the density there, (2 pi)^(-d/2) |Sigma|^(-1/2), grows without bound. EM walks
into such a place like into any other; without a prior that is an error, never a NaN.

References:
    Pattern Recognition and Machine Learning, section 9.2.1 (Bishop, 2006)
    https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
"""

import numpy as np

from dgmlib.mixtures.prior import Prior

SINGULAR = 1e-10  # variance along some direction, in units of the data's, below which we stop
EMPTY = 1e-10  # a count below which a component has no points


class CollapseError(ValueError):
    """A component shrank onto too few points, where the likelihood is unbounded, or lost them all
    (``count`` below EMPTY): then its weight goes to 0 and the likelihood stays bounded."""

    def __init__(
        self, component: int, eigenvalue: float, count: float, iteration: int | None = None
    ):
        self.component, self.eigenvalue, self.count = component, eigenvalue, count
        self.iteration = iteration
        when = "" if iteration is None else f" in iteration {iteration}"
        super().__init__(
            f"component {component} collapsed{when}: it holds {count:.3g} points and the smallest "
            f"eigenvalue of its covariance is {eigenvalue:.3g}. A prior on the "
            "covariances (prior=default_prior(x, K); on the page: Prior against collapse) prevents "
            "it; so may fewer components, a tied covariance or another start"
        )


def collapsed(
    cov: np.ndarray, count: np.ndarray, sd: np.ndarray, prior: Prior | None = None
) -> np.ndarray:
    """Which components are no density any more: (..., K), bool. ``sd`` (d,) is the data's."""
    scaled = cov / (sd[:, None] * sd)
    empty = (count < EMPTY) & (prior is None)
    try:  # positive definite after taking SINGULAR off: the cheap way to say that none is
        np.linalg.cholesky(scaled - SINGULAR * np.eye(len(sd)))
    except np.linalg.LinAlgError:
        return empty | (np.linalg.eigvalsh(scaled)[..., 0] < SINGULAR)
    return empty


def raise_if_collapsed(
    cov: np.ndarray,
    count: np.ndarray,
    sd: np.ndarray,
    prior: Prior | None = None,
    iteration: int | None = None,
) -> None:
    """CollapseError for the first component that is no density any more."""
    if (bad := collapsed(cov, count, sd, prior)).any():
        at = tuple(int(i) for i in np.argwhere(bad)[0])
        low = float(np.linalg.eigvalsh(cov[at])[0])
        raise CollapseError(at[-1], low, float(count[at]), iteration)
