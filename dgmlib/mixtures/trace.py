"""A recorded run of EM, half-step by half-step.

The stream itself is in :mod:`dgmlib.mixtures.half_steps`. What there is to see of the run is
measured once, over all half-steps together.

References:
    Maximum Likelihood from Incomplete Data via the EM Algorithm (Dempster, Laird & Rubin, 1977)
    https://doi.org/10.1111/j.2517-6161.1977.tb01600.x
"""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.gmm import Params, check_covariance, check_params, check_points
from dgmlib.mixtures.half_steps import advance, init, measure
from dgmlib.mixtures.prior import Prior, check_prior, log_prior


class Trace(NamedTuple):
    """A finished run, time first: start, E, M, E, M, ... Sums over the points, in nats."""

    weight: np.ndarray  # (T, K)
    mean: np.ndarray  # (T, K, d)
    cov: np.ndarray  # (T, K, d, d)
    responsibilities: np.ndarray  # (T, n, K); at the start the weights, or those given
    log_likelihood: np.ndarray  # (T,)
    free_energy: np.ndarray  # (T,): bound + gap; the log-likelihood at temperature 1
    bound: np.ndarray  # (T,)
    gap: np.ndarray  # (T,)
    log_prior: np.ndarray  # (T,); 0 without a prior
    temperature: np.ndarray  # (T,)
    kind: np.ndarray  # (T,), str: start, E or M
    converged: bool

    @property
    def params(self) -> Params:
        """The parameters at every half-step, with time as a leading axis."""
        return Params(self.weight, self.mean, self.cov)

    @property
    def last(self) -> Params:
        """The final parameters."""
        return Params(self.weight[-1], self.mean[-1], self.cov[-1])


def fit(
    x: np.ndarray,
    params: Params,
    *,
    r: np.ndarray | None = None,
    covariance: str = "full",
    temperature: float = 1.0,
    prior: Prior | None = None,
    update: str = "all",
    n_steps: int = 100,
    tol: float = 1e-8,
) -> Trace:
    """Half-steps until an iteration gains less than ``tol`` nats per point, or ``n_steps``.

    Args:
        x: (n, d).
        params: the start, see :mod:`dgmlib.mixtures.starts`.
        r: responsibilities (n, K) to show at the start, if it came from some.
        temperature: one number >= 0; 1 is EM, 0 gives every point to one component.
        prior: to climb the posterior; without it a collapse is an error.
        update: "all", or "means" to hold weights and covariances still.

    Raises:
        ValueError: for points, parameters or options that make no sense, with the remedy.
        CollapseError: names the component, the iteration, the eigenvalue and the remedy.

    Example:
        >>> from dgmlib.mixtures.starts import start
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(50, 2))
        >>> trace = fit(x, start(x, 2, rng=rng))
        >>> bool(np.all(np.diff(trace.log_likelihood) >= -1e-9))
        True
    """
    x, params = check_points(x, params.weight.shape[-1]), check_params(params)
    check_covariance(covariance)
    if not (np.isfinite(temperature) and temperature >= 0):
        raise ValueError(f"temperature must be a number >= 0 (1 is EM), got {temperature}")
    if update not in ("all", "means"):
        raise ValueError(f"update must be 'all' or 'means', got {update!r}")
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, got {n_steps}")
    if params.mean.ndim != 2 or params.mean.shape[1] != x.shape[1]:
        raise ValueError(f"means must have shape (K, {x.shape[1]}), got {params.mean.shape}")
    if prior is not None:
        check_prior(prior, x.shape[1])
    states = [init(x, params, r=r)]
    converged, before = False, -np.inf
    while not converged and (state := states[-1]).i < n_steps:
        state = advance(
            state, x, covariance=covariance, temperature=temperature, prior=prior, update=update
        )
        states.append(state)
        if state.kind == "E":
            now = state.free_energy
            if prior is not None:
                now += float(log_prior(*state.params, prior, covariance=covariance))
            converged, before = now - before < tol * len(x), now
    stacked = Params(
        np.stack([s.params.weight for s in states]),
        np.stack([s.params.mean for s in states]),
        np.stack([s.params.cov for s in states]),
    )
    # stacked with points last, so that sums over the few components run along whole rows
    r = np.swapaxes(np.stack([s.r.T for s in states]), 1, 2)  # (T, n, K)
    log_j = np.swapaxes(np.stack([s.log_joint.T for s in states]), 1, 2)
    info = measure(stacked, log_j, r, covariance=covariance, temperature=temperature, prior=prior)
    return Trace(
        *stacked,
        r,
        *info,
        np.full(len(states), float(temperature)),
        np.array([s.kind for s in states]),
        converged,
    )
