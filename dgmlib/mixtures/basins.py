r"""EM from many starts at once: which optimum each one reaches.

The same iteration as :mod:`dgmlib.mixtures.em` with a leading axis of starts; a start that has
converged or collapsed leaves the batch. Two ends are the same optimum when their log-likelihoods
agree: that ignores the order of the components, of which there are K!.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.collapse import EMPTY, collapsed
from dgmlib.mixtures.em import maximise
from dgmlib.mixtures.fast import expect, prepare
from dgmlib.mixtures.gmm import Params, check_params, check_points
from dgmlib.mixtures.prior import Prior, check_prior, log_prior


class Many(NamedTuple):
    """The ends of S runs. Sums over the points, in nats."""

    params: Params  # (S, K), ...; the last good ones where a run collapsed
    log_likelihood: np.ndarray  # (S,), of those
    objective: np.ndarray  # (S,): log-likelihood plus log prior
    optimum: np.ndarray  # (S,), int: 0 is the best; -1 where a run collapsed
    collapsed: np.ndarray  # (S,), bool
    n_iterations: np.ndarray  # (S,), int
    converged: np.ndarray  # (S,), bool
    empty: np.ndarray  # (S,), bool: collapsed, and only because a component lost all its points

    @property
    def best(self) -> Params:
        """The parameters with the highest objective."""
        i = int(np.argmax(np.where(self.collapsed, -np.inf, self.objective)))
        return Params(*(a[i] for a in self.params))


def fit_many(
    x: np.ndarray,
    params: Params,
    *,
    covariance: str = "full",
    prior: Prior | None = None,
    n_iterations: int = 200,
    tol: float = 1e-7,
    same: float = 1e-3,
) -> Many:
    """Runs EM from every start in ``params`` (S, K) until each gains below ``tol`` nats a point.

    Without a prior a component of weight 0 takes no part, so that mixtures of several sizes can
    be fitted together.

    Args:
        same: ends within this many nats (in all) of one another count as the same optimum.
    """
    x, params = check_points(x, params.mean.shape[-2]), check_params(params)
    if prior is not None:
        check_prior(prior, x.shape[1])
    S, data = len(params.weight), prepare(x)
    end, now = Params(*(a.copy() for a in params)), params
    objective, likelihood = np.full(S, -np.inf), np.zeros(S)
    dead, done, empty = (np.zeros(S, dtype=bool) for _ in range(3))
    count, live, before = np.zeros(S, dtype=int), np.arange(S), np.full(S, -np.inf)
    absent = (params.weight == 0) & (prior is None)  # (S, K)
    some = bool(absent.any())

    def keep(rows: np.ndarray, values: np.ndarray, goals: np.ndarray, i: int) -> None:
        """Notes where the chosen of the live runs are, after i iterations."""
        where = live[rows]
        for old, new in zip(end, now, strict=True):
            old[where] = new[rows]
        likelihood[where], objective[where], count[where] = values[rows], goals[rows], i

    for i in range(n_iterations + 1):
        stats, value = expect(now, data)
        goal = value
        if prior is not None:
            goal = value + log_prior(*now, prior, covariance=covariance)
        leaving = finished = goal - before < tol * len(x)
        new = maximise(stats, covariance=covariance, prior=prior)
        out = absent[live]
        if some:
            new.cov[out] = np.eye(x.shape[1])
        if prior is None:
            which = collapsed(new.cov, stats.count, data.sd) & ~out  # (S', K)
        else:  # which keeps every covariance away from singular
            which = np.zeros(stats.count.shape, dtype=bool)
        if (bad := which.any(-1) & ~finished).any():
            dead[live[bad]] = True
            empty[live[bad]] = ~(which & (stats.count >= EMPTY))[bad].any(-1)
            leaving = finished | bad
        done[live[finished]] = True
        if i == n_iterations:
            leaving = np.ones_like(leaving)
        before = goal
        if leaving.any():
            keep(leaving, value, goal, i)
            live, before = live[~leaving], goal[~leaving]
            new = Params(*(a[~leaving] for a in new))
        if not len(live):
            break
        now = new
    optimum = _group(objective, dead, same)
    return Many(end, likelihood, objective, optimum, dead, count, done, empty)


def _group(objective: np.ndarray, dead: np.ndarray, same: float) -> np.ndarray:
    """Numbers the ends from the best down; a new number wherever the next is lower by > same."""
    order = np.argsort(-np.where(dead, -np.inf, objective), kind="stable")
    drop = -np.diff(objective[order], prepend=objective[order[0]])
    optimum = np.empty(len(order), dtype=int)
    optimum[order] = np.cumsum(drop > same)
    optimum[dead] = -1
    return optimum
