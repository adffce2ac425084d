r"""What a reader chooses of a density and a step, and what is known of where ULA and MALA settle.

    e = r s^2                                      s the narrowest deviation of the density
    TV(m, p) = 1/2 sum |m_i - p_i|,    W_1(m, p) = int |F_m - F_p|
    N(0, 1) and N(0, v):  TV = 2 Phi(c) - 2 Phi(c / sqrt(v)),  c^2 = v log v / (v - 1), v > 1
                          W_1 = (sqrt(v) - 1) sqrt(2 / pi)
    accepted   sum_i p_i sum_j q_ij min(1, p_j q_ji / (p_i q_ij))

m is a settled law on the grid of :mod:`.law`.

References:
    Exponential convergence of Langevin distributions and their discrete approximations
    (Roberts & Tweedie, 1996) https://doi.org/10.2307/3318418
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from dgmlib.mixtures import gmm
from dgmlib.samplers.langevin import ula_variance
from dgmlib.scores import exact, law

TARGETS = {
    "Gaussian": exact.round_mixture([1.0], [0.0], [1.0]),
    "two modes": exact.round_mixture([0.3, 0.7], [-1.3, 1.3], [0.6, 0.6]),
    "narrow and wide": exact.round_mixture([0.5, 0.5], [-1.0, 1.0], [0.5, 1.2]),
}
START, SPREAD = 3.0, 0.4  # they start from N(START, SPREAD^2)
MOST = 300  # steps
RATES = np.linspace(0.1, 2.4, 24)
FINE = 8.0  # cells in the noise of a step


class Sweep(NamedTuple):
    """Over ``RATES``."""

    tv: np.ndarray  # of settled ULA from the density; nan where it never settles
    w1: np.ndarray
    accepted: np.ndarray  # by MALA, on average


def named(target: str) -> gmm.Params:
    if target not in TARGETS:
        raise ValueError(f"there is no density {target!r}; there are {', '.join(TARGETS)}")
    return TARGETS[target]


def narrowest(p: gmm.Params) -> float:
    return float(p.cov.min())


def settles(p: gmm.Params, size: float) -> bool:
    """Whether ULA does: far out the widest component pulls alone."""
    return size < 2 * float(p.cov.max())


def grid(p: gmm.Params, size: float, *, mala: bool) -> np.ndarray:
    """As wide as the law gets; ULA is wider than the density."""
    wide = float(p.cov.max()) if mala else ula_variance(float(p.cov.max()), size)
    reach = max(float(np.abs(p.mean).max()) + 8 * wide**0.5, START + 8 * SPREAD)
    return law.grid(-reach, reach, size, FINE)


def kernel(rule: str, p: gmm.Params, x: np.ndarray, size: float) -> np.ndarray:
    def score(y: np.ndarray) -> np.ndarray:
        return exact.score(p, y)

    if rule == "ula":
        return law.ula_kernel(score, x, size)
    return law.mala_kernel(score, lambda y: gmm.log_prob(p, y), x, size)


def apart(m: np.ndarray, p: np.ndarray, cell: float) -> tuple[float, float]:
    """TV and W_1 of two masses (g,) on one grid."""
    return float(0.5 * np.abs(m - p).sum()), float(np.abs(np.cumsum(m - p)).sum() * cell)


def accepted(p: gmm.Params, size: float) -> float:
    """How many proposals settled MALA accepts."""
    x = grid(p, size, mala=True)
    q, k = kernel("ula", p, x, size), kernel("mala", p, x, size)
    moved = k.sum(1) - np.diag(k) + np.diag(q)
    return float(law.cells(lambda y: gmm.log_prob(p, y), x) @ moved)


@lru_cache(maxsize=8)
def sweep(target: str) -> Sweep:
    p, rows = named(target), []
    for size in RATES * narrowest(p):
        away = (np.nan, np.nan)
        if settles(p, size):
            x = grid(p, size, mala=False)
            m = law.settled(kernel("ula", p, x, size))
            away = apart(m, law.cells(lambda y: gmm.log_prob(p, y), x), x[1] - x[0])
        rows.append((*away, accepted(p, size)))
    return Sweep(*np.array(rows).T)


def gaussian(rate: float) -> tuple[float, float, float]:
    """Variance, TV and W_1 of settled ULA on N(0, 1), in closed form; nan if it never settles."""
    v = ula_variance(1.0, rate)
    if not np.isfinite(v):
        return np.nan, np.nan, np.nan
    c = (v * np.log(v) / (v - 1)) ** 0.5
    return v, float(2 * ndtr(c) - 2 * ndtr(c / v**0.5)), (v**0.5 - 1) * (2 / np.pi) ** 0.5
