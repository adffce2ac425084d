r"""Deterministic annealing: EM at one temperature after another, each from the end of the last.

    r_nk ~ (pi_k N(x_n | mu_k, Sigma_k))^(1/T)

Cooling from T > 1 to 1 smooths the objective first and depends less on the start. Cooling below
1 hardens the assignments; at T = 0, with equal weights and equal balls held still
(``update="means"``), what is left is k-means.

References:
    Deterministic Annealing EM Algorithm (Ueda & Nakano, 1998)
    https://doi.org/10.1016/S0893-6080(97)00133-0
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dgmlib.mixtures import trace
from dgmlib.mixtures.em import e_step, free_energy
from dgmlib.mixtures.gmm import Params, check_points, log_prob
from dgmlib.mixtures.prior import Prior


class Annealed(NamedTuple):
    """Where each temperature ends, in the order given. Sums over the points, in nats."""

    temperature: np.ndarray  # (T,)
    weight: np.ndarray  # (T, K)
    mean: np.ndarray  # (T, K, d)
    cov: np.ndarray  # (T, K, d, d)
    responsibilities: np.ndarray  # (T, n, K): tempered
    log_likelihood: np.ndarray  # (T,): of the mixture itself
    free_energy: np.ndarray  # (T,): what this temperature maximises
    n_steps: np.ndarray  # (T,), int: half-steps taken


def anneal(
    x: np.ndarray,
    params: Params,
    temperatures: Sequence[float],
    *,
    covariance: str = "full",
    prior: Prior | None = None,
    update: str = "all",
    n_steps: int = 200,
    tol: float = 1e-8,
) -> Annealed:
    """At most ``n_steps`` half-steps at each temperature; arguments as in ``trace.fit``.

    Raises:
        CollapseError: as ``trace.fit`` does.
    """
    if len(temperatures) == 0:
        raise ValueError("temperatures is empty: give at least one, such as [4, 2, 1]")
    x = check_points(x, params.weight.shape[-1])
    ends, r, steps = [], [], []
    for t in temperatures:
        run = trace.fit(
            x,
            params,
            covariance=covariance,
            temperature=t,
            prior=prior,
            update=update,
            n_steps=n_steps,
            tol=tol,
        )
        params = run.last
        ends.append((params, free_energy(params, x, temperature=t), log_prob(params, x).sum()))
        r.append(e_step(params, x, temperature=t))
        steps.append(len(run.kind) - 1)
    all_params, free, likelihood = zip(*ends, strict=True)
    weight, mean, cov = (np.stack(a) for a in zip(*all_params, strict=True))
    return Annealed(
        np.asarray(temperatures, dtype=float),
        weight,
        mean,
        cov,
        np.stack(r),
        np.array(likelihood),
        np.array(free),
        np.array(steps),
    )
