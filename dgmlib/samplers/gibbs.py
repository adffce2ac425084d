r"""Gibbs sampling: every coordinate in turn from its distribution given the others.

    x_j ~ p(x_j | x_1, ..., x_{j-1}, x_{j+1}, ..., x_d),    j = 1, ..., d

Nothing is refused. On a bivariate normal with correlation rho each coordinate is an AR(1) process
with coefficient rho^2: the narrower the ridge, the slower the walk along it.

References:
    Stochastic Relaxation, Gibbs Distributions, and the Bayesian Restoration of Images
    (Geman & Geman, 1984) https://doi.org/10.1109/TPAMI.1984.4767596
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dgmlib.samplers.chain import LogProb, check_start

Conditional = Callable[[np.ndarray, np.random.Generator], np.ndarray]  # x (C, d) -> x_j (C,)


class State(NamedTuple):
    x: np.ndarray  # (C, d)


class Info(NamedTuple):
    path: np.ndarray  # (d, C, d): after each coordinate's turn


def init(x: np.ndarray, log_prob: LogProb) -> State:
    """Starts a chain at every row of x (C, d)."""
    x = np.asarray(x, dtype=float)
    return State(check_start(x, log_prob(x)))


def step(
    state: State, conditionals: Sequence[Conditional], *, rng: np.random.Generator
) -> tuple[State, Info]:
    """One sweep over the coordinates of every chain."""
    x = state.x.copy()
    if len(conditionals) != x.shape[1]:
        raise ValueError(f"{x.shape[1]} coordinates need as many conditionals, "
                         f"got {len(conditionals)}")  # fmt: skip
    path = np.empty((x.shape[1], *x.shape))
    for j, conditional in enumerate(conditionals):
        x[:, j] = conditional(x, rng)
        path[j] = x
    return State(x), Info(path)


def gaussian(mean: np.ndarray, cov: np.ndarray) -> list[Conditional]:
    """The conditionals of N(mean, cov): x_j given the rest is normal with variance 1 / P_jj."""
    precision = np.linalg.inv(cov)

    def of(j: int) -> Conditional:
        pull = precision[j] / precision[j, j]
        pull[j] = 0.0
        std = precision[j, j] ** -0.5

        def draw(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            return mean[j] - (x - mean) @ pull + std * rng.standard_normal(len(x))

        return draw

    return [of(j) for j in range(len(mean))]


def numerical(
    log_prob: LogProb, extent: Sequence[tuple[float, float]], *, n: int = 256
) -> list[Conditional]:
    """Conditionals of any density, tabulated on ``n`` cells across ``extent`` (d pairs).

    Within a cell the draw is uniform: the error is that of the midpoint rule.
    """

    def of(j: int) -> Conditional:
        low, high = extent[j]
        width = (high - low) / n
        middle = low + width * (np.arange(n) + 0.5)

        def draw(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            at = np.broadcast_to(x[:, None], (len(x), n, x.shape[1])).copy()
            at[..., j] = middle
            log_p = log_prob(at)  # (C, n)
            top = log_p.max(1, keepdims=True)
            if not np.isfinite(top).all():
                raise ValueError(f"the density is 0 along coordinate {j} within {extent[j]}")
            cdf = np.exp(log_p - top).cumsum(1)
            u = rng.random((len(x), 1)) * cdf[:, -1:]
            cell = (cdf <= u).sum(1)
            return middle[cell] + width * (rng.random(len(x)) - 0.5)

        return draw

    return [of(j) for j in range(len(extent))]
