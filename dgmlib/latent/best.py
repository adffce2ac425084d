r"""The Gaussian with the highest bound, and every other one that no small change improves.

    max over (m, s) of ELBO(m, s) = log p(x) - min KL(N(m, s^2) || p(z | x))

What is left of the gap at the top is the approximation gap: no Gaussian closes it. A coarse map
finds every hill, L-BFGS its top.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from dgmlib.latent.bound import CENTRE, WIDTH, elbo, gradient
from dgmlib.latent.line import Model

C = np.linspace(*CENTRE, 41)
LOG_S = np.linspace(np.log(WIDTH[0]), np.log(WIDTH[1]), 23)


class Best(NamedTuple):
    """The tops of the bound, the highest first."""

    centre: np.ndarray  # (k,)
    width: np.ndarray  # (k,)
    elbo: np.ndarray  # (k,)


def best(m: Model, x: float) -> Best:
    c, log_s = np.meshgrid(C, LOG_S, indexing="ij")
    coarse = np.pad(elbo(m, x, c, np.exp(log_s)), 1, constant_values=-np.inf)  # (43, 25)
    around = [np.roll(coarse, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    hill = (coarse >= np.max(around, axis=0))[1:-1, 1:-1]
    found = [_top(m, x, start) for start in np.stack([c[hill], log_s[hill]], 1)]
    found.sort(key=lambda t: -t[2])
    tops: list[tuple[float, float, float]] = []
    for t in found:
        if all(abs(t[0] - u[0]) + abs(t[1] - u[1]) > 1e-3 for u in tops):
            tops.append(t)
    centre, width, value = np.array(tops).T
    return Best(centre, width, value)


def _top(m: Model, x: float, start: np.ndarray) -> tuple[float, float, float]:
    def cost(v: np.ndarray) -> tuple[float, np.ndarray]:
        width = np.exp(v[1])
        value = float(elbo(m, x, v[:1], np.array([width]))[0])
        return -value, -np.array(gradient(m, x, float(v[0]), float(width)))

    ends = [CENTRE, tuple(np.log(WIDTH))]
    r = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=ends,
                 options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 200})  # fmt: skip
    return float(r.x[0]), float(np.exp(r.x[1])), -float(r.fun)
