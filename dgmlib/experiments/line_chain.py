r"""One random walk on the line, watched: what it visits, what it says, what is true of it.

    mean of n states,   claimed error  sd / sqrt(ESS)   beside the exact root mean squared error
    autocorrelation at lag t, as estimated, beside the exact one of the kernel

A chain that has not found a mode does not know it: its claimed error is small and wrong.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.experiments.line_proposal import Proposal
from dgmlib.experiments.line_race import SHOWN, START, Picture, mcse, picture
from dgmlib.experiments.line_rejection import EDGES, histogram
from dgmlib.experiments.line_walk import (
    acceptance,
    autocorrelation,
    kernel,
    mean_rmse,
    refined,
    walk,
)
from dgmlib.samplers import diagnostics
from dgmlib.targets.line import Line

LAGS = 40


class Watched(NamedTuple):
    """n states, F frames, B bins, L lags."""

    picture: Picture
    scale: float
    x: np.ndarray  # (n,) the states, with the start
    proposal: np.ndarray  # (n - 1,)
    accepted: np.ndarray  # (n - 1,) bool
    at: np.ndarray  # (F,) states so far
    mean: np.ndarray  # (F,)
    claimed: np.ndarray  # (F,) its standard error as the chain tells it; NaN while nothing moves
    exact: np.ndarray  # (F,) root mean squared error of such a mean
    ess: np.ndarray  # (F,) NaN while nothing moves
    share: np.ndarray  # (F,) accepted share
    exact_share: float
    rho: np.ndarray  # (F, L + 1) estimated autocorrelation; 0 beyond what is known
    exact_rho: np.ndarray  # (L + 1,)
    target: np.ndarray  # (m,) p
    density: np.ndarray  # (F, B)


def watch(p: Line, *, scale: float, n: int, rng: np.random.Generator) -> Watched:
    """A walk of ``n`` evaluations from the 10 % quantile: n - 1 proposals."""
    if n < 50:
        raise ValueError(f"watching a chain needs at least 50 states, got {n}")
    start = float(p.quantile(np.array(START)))
    found = walk(p, np.array([start]), n - 1, scale=scale, rng=rng)
    x, accepted = found.x[:, 0], found.accepted[:, 0]
    at = np.unique(np.concatenate([np.arange(8, 41), np.geomspace(40, n, 28).round()]).astype(int))
    k = kernel(p, scale)
    draws = [x[:m, None] for m in at]
    rho = np.zeros((len(at), LAGS + 1))
    moved = np.array([np.ptp(d) > 0 for d in draws])
    for row, d, some in zip(rho, draws, moved, strict=True):
        row[: len(d)] = diagnostics.autocorrelation(d)[: LAGS + 1, 0] if some else 1.0
    return Watched(
        picture(p, Proposal(start, scale, 0.0)), scale, x, found.proposal[:, 0], accepted, at,
        np.cumsum(x)[at - 1] / at, np.array([mcse(d[:, 0]) for d in draws]),
        mean_rmse(k, start, at),
        np.where(moved, [float(diagnostics.ess(d)) for d in draws], np.nan),
        np.cumsum(accepted)[at - 2] / (at - 1),
        refined(p, scale, lambda k: acceptance(k, scale)), rho,
        refined(p, scale, lambda k: autocorrelation(k, LAGS)), p.pdf(SHOWN),
        histogram(x, np.ones(n), at, EDGES),
    )  # fmt: skip
