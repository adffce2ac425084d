r"""EM as a stream of half-steps.

    start, E, M, E, M, ...

After every half-step: bound + gap = free energy (= log-likelihood at temperature 1), and
bound + log prior has not fallen. The E-step moves only r, the M-step only the parameters.

References:
    A View of the EM Algorithm that Justifies Incremental, Sparse, and other Variants
    (Neal & Hinton, 1998) https://doi.org/10.1007/978-94-011-5014-9_12
"""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.collapse import CollapseError
from dgmlib.mixtures.em import decompose, m_step
from dgmlib.mixtures.gmm import Params, log_joint, soft_max
from dgmlib.mixtures.prior import Prior, log_prior


class State(NamedTuple):
    params: Params
    r: np.ndarray  # (n, K)
    log_joint: np.ndarray  # (n, K): log p(x_n, z = k) under params
    free_energy: float  # as the last E-step found it; -inf before one
    sd: np.ndarray  # (d,): of the data, the unit of what counts as collapsed
    kind: str  # the half-step that led here: start, E or M
    i: int  # how many half-steps have been taken


class Info(NamedTuple):
    """Sums over the points, in nats."""

    log_likelihood: np.ndarray  # (...)
    free_energy: np.ndarray  # (...): bound + gap; the log-likelihood at temperature 1
    bound: np.ndarray  # (...)
    gap: np.ndarray  # (...)
    log_prior: np.ndarray  # (...): up to a constant; 0 without a prior


def init(x: np.ndarray, params: Params, *, r: np.ndarray | None = None) -> State:
    """Before the first E-step r knows nothing of the points: it is the weights, unless given."""
    log_j = log_joint(params, x)
    r = np.broadcast_to(params.weight, log_j.shape).copy() if r is None else r
    return State(params, r, log_j, -np.inf, x.std(0), "start", 0)


def advance(
    state: State,
    x: np.ndarray,
    *,
    covariance: str = "full",
    temperature: float = 1.0,
    prior: Prior | None = None,
    update: str = "all",
) -> State:
    """The next half-step: E after a start or an M, M after an E.

    ``update="means"`` holds weights and covariances still: at temperature 0, with equal weights
    and equal balls, that is k-means.

    Raises:
        CollapseError: names the component, the iteration, the eigenvalue and the remedy.
    """
    i = state.i + 1
    if state.kind != "E":
        r, value = soft_max(state.log_joint, temperature)
        return state._replace(r=r, free_energy=float(value.sum()), kind="E", i=i)
    try:
        params = m_step(x, state.r, covariance=covariance, prior=prior, sd=state.sd)
    except CollapseError as e:
        raise CollapseError(e.component, e.eigenvalue, e.count, i // 2) from None
    if update == "means":
        params = state.params._replace(mean=params.mean)
    return state._replace(params=params, log_joint=log_joint(params, x), kind="M", i=i)


def measure(
    params: Params,
    log_j: np.ndarray,
    r: np.ndarray,
    *,
    covariance: str = "full",
    temperature: float = 1.0,
    prior: Prior | None = None,
) -> Info:
    """What a person wants to see of half-steps, from log p(x, z) and r, both (..., n, K)."""
    free, lower, apart = decompose(log_j, r, temperature)
    likelihood = free if temperature == 1 else soft_max(log_j)[1].sum(-1)
    zero = np.zeros_like(free)
    before = zero if prior is None else log_prior(*params, prior, covariance=covariance)
    return Info(likelihood, free, lower, apart, before)


def step(
    state: State,
    x: np.ndarray,
    *,
    covariance: str = "full",
    temperature: float = 1.0,
    prior: Prior | None = None,
    update: str = "all",
) -> tuple[State, Info]:
    """The next half-step, and what there is to see of it; raises as ``advance`` does."""
    state = advance(
        state, x, covariance=covariance, temperature=temperature, prior=prior, update=update
    )
    return state, measure(
        state.params,
        state.log_joint,
        state.r,
        covariance=covariance,
        temperature=temperature,
        prior=prior,
    )
