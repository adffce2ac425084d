r"""The M-step for the means, done by hand and scored against its closed form.

    gain(m) = bound(r; m) - bound(r; mu)
            = sum_k N_k / 2 [ |mu_k - best_k|^2 - |m_k - best_k|^2 ],    |v|^2 = v^T Sigma_k^{-1} v
    best_k = sum_n r_nk x_n / N_k

With r, weights and covariances held still the bound is a parabola in each mean, so the closed
form is its top: gain(best) is the most anyone can reach in this half-step.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.collapse import EMPTY
from dgmlib.mixtures.em import bound, e_step, statistics
from dgmlib.mixtures.gmm import Params


class ByHand(NamedTuple):
    """Nats, summed over the points; per component the gains add up to the whole."""

    start: Params
    r: np.ndarray  # (n, K): the posterior under the start, held still
    count: np.ndarray  # (K,): N_k
    mean: np.ndarray  # (K, d): what was tried
    best: np.ndarray  # (K, d): the closed form
    bound: np.ndarray  # (3,): at the start (= the log-likelihood there), by hand, the most possible
    gain: np.ndarray  # (K,): by hand
    most: np.ndarray  # (K,): with the closed form
    reveal: bool = False  # show where the closed form is

    @property
    def share(self) -> float:
        """The part of the possible gain that was reached: 1 at best, negative when it got worse."""
        return float(self.gain.sum() / self.most.sum())


def score(x: np.ndarray, start: Params, mean: np.ndarray, *, reveal: bool = False) -> ByHand:
    """Scores the means (m, d) that somebody put in place of the first m of the start's."""
    r = e_step(start, x)
    best, count = statistics(x, r).mean, r.sum(0)  # (K, d), (K,)
    if count[k := int(count.argmin())] < EMPTY:
        raise ValueError(
            f"mean {k + 1} owns no points, so there is no best place for it; choose fewer "
            "components or another seed"
        )
    K, d = best.shape
    if mean.ndim != 2 or mean.shape[1] != d:
        raise ValueError(f"means have shape {mean.shape}; {d} columns are needed")
    mean = np.concatenate([mean[:K], start.mean[len(mean) :]])

    def with_means(m: np.ndarray) -> float:
        return float(bound(start._replace(mean=m), r, x))

    before = with_means(start.mean)
    one = np.eye(K, dtype=bool)[:, :, None]  # (K, K, 1): move one component, keep the others
    gain = np.array([with_means(np.where(row, mean, start.mean)) - before for row in one])
    most = np.array([with_means(np.where(row, best, start.mean)) - before for row in one])
    bounds = np.array([before, with_means(mean), with_means(best)])
    return ByHand(start, r, count, mean, best, bounds, gain, most, reveal)
