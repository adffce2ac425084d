r"""One budget, four methods: how close to the exact mean does each come?

    exact draws     mean of n draws F^-1(u): a yardstick, since F^-1 is rarely known
    rejection       mean of what n proposals leave under the envelope k* q
    importance      sum w x / sum w over the same n proposals
    Markov chain    mean of the n states of a random walk that begins at the 10 % quantile

One evaluation of the density is one proposal, of whichever method. Every method is repeated, so
that its root mean squared error is measured, with an error of its own, beside the exact one.

References:
    Monte Carlo theory, methods and examples (Owen, 2013) https://artowen.su.domains/mc/
"""

from typing import NamedTuple

import numpy as np

from dgmlib.experiments.line_proposal import Proposal, constant, smallest_log_k
from dgmlib.experiments.line_variance import exact_rmse, rejection_rmse, spread
from dgmlib.experiments.line_walk import kernel, mean_rmse, walk
from dgmlib.samplers import diagnostics, inverse
from dgmlib.targets.choose import KNOTS
from dgmlib.targets.line import Line

METHODS = ("exact draws", "rejection", "importance", "Markov chain")
EXACT, REJECTION, IMPORTANCE, CHAIN = range(4)
REPEATS = 48
DOTS = 200
START = 0.1  # the quantile where walks begin
SHOWN = np.linspace(-5.0, 5.0, 251)  # the window on the line


class Picture(NamedTuple):
    """A target and a proposal as every view draws them."""

    name: str
    x: np.ndarray  # (m,)
    shape: np.ndarray  # (m,) p~, its highest point is 1 (painted: as drawn)
    q: np.ndarray  # (m,) density of the proposal
    knots: np.ndarray  # (9,) p~ at the handles
    proposal: Proposal
    mean: float
    std: float
    z: float


class Race(NamedTuple):
    """F budgets, four methods, R repetitions; NaN where a method has no estimate."""

    picture: Picture
    n: np.ndarray  # (F,) evaluations so far
    dots: np.ndarray  # (D, 2) the first exact draws of the first run, evenly under p~
    estimate: np.ndarray  # (F, 4, R)
    error: np.ndarray  # (F, 4) what the first repetition says its standard error is
    rmse: np.ndarray  # (F, 4) over the repetitions
    rmse_error: np.ndarray  # (F, 4) its standard error
    theory: np.ndarray  # (F, 4) the exact rmse; importance: its limit for large n
    empty: np.ndarray  # (F, 4) repetitions that have no estimate yet
    k: float  # the smallest constant of the envelope; inf if there is none
    scale: float


def picture(p: Line, q: Proposal) -> Picture:
    return Picture(
        p.name, SHOWN, p.shape(SHOWN), np.exp(q.log_q(SHOWN)), p.shape(KNOTS), q, p.mean,
        float(np.sqrt(p.variance)), float(np.exp(p.log_z)),
    )  # fmt: skip


def race(
    p: Line, q: Proposal, *, budget: int, scale: float, repeats: int = REPEATS,
    rng: np.random.Generator,
) -> Race:  # fmt: skip
    """Every method up to ``budget`` evaluations of p~.

    Args:
        scale: of the random walk's steps.
    """
    if budget < 16 or repeats < 2:
        raise ValueError(f"a race needs a budget of 16 and 2 repetitions, got {budget}, {repeats}")
    n = np.unique(np.geomspace(8, budget, 29).round().astype(int))
    log_k, _ = smallest_log_k(p, q)

    _, exact = inverse.sample(repeats * budget, p.quantile, rng=rng)
    exact = exact.reshape(repeats, budget)
    x = q.draw((repeats, budget), rng)
    log_w = p.log_shape(x) - q.log_q(x)
    height = rng.random(x.shape)
    kept = np.log1p(-height) <= log_w - log_k  # none where k is infinite
    top = float(np.max(log_w))
    w = np.exp(log_w - (top if np.isfinite(top) else 0.0))
    start = float(p.quantile(np.array(START)))
    chain = walk(p, np.full(repeats, start), budget - 1, scale=scale, rng=rng).x.T

    first = exact[0, :DOTS]
    dots = np.stack([first, height[0, :DOTS] * p.shape(first)], 1)
    equal = np.ones_like(x)
    pairs = [(exact, equal), (x, kept.astype(float)), (x, w), (chain, equal)]
    estimate = np.stack([_running(v, weight, n) for v, weight in pairs], 1)  # (F, 4, R)
    error = np.stack([_claimed(v[0], weight[0], n) for v, weight in pairs[:3]], 1)
    slow = [mcse(chain[0, :m]) for m in n]
    miss = (estimate - p.mean) ** 2
    empty = np.isnan(miss).sum(2)
    some = empty < repeats - 1
    mse = np.full(empty.shape, np.nan)
    mse_error = np.full(empty.shape, np.nan)
    mse[some] = np.nanmean(miss[some], 1)
    mse_error[some] = np.nanstd(miss[some], 1, ddof=1) / np.sqrt(repeats - empty[some])
    rmse = np.sqrt(mse)
    theory = np.stack([
        exact_rmse(p, n),
        rejection_rmse(p, n, 1 / constant(log_k - p.log_z)) if log_k < np.inf
        else np.full(len(n), np.nan),
        np.sqrt(spread(p, q).own / n),
        mean_rmse(kernel(p, scale), start, n),
    ], 1)  # fmt: skip
    return Race(
        picture(p, q), n, dots, estimate, np.column_stack([error, slow]), rmse,
        mse_error / (2 * rmse), theory, empty, constant(log_k), scale,
    )  # fmt: skip


def _running(x: np.ndarray, w: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Weighted means of the first n of each row, (F, R); NaN while all weights are 0."""
    total = np.cumsum(w, 1)[:, n - 1]
    sums = np.cumsum(w * x, 1)[:, n - 1]
    out = np.full(total.shape, np.nan)
    return np.divide(sums, total, out=out, where=total > 0).T


def _claimed(x: np.ndarray, w: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The standard error of a weighted mean as its draws tell it: (F,), NaN from one draw."""
    total, square = np.cumsum(w)[n - 1], np.cumsum(w * w)[n - 1]
    mean = _running(x[None], w[None], n)[:, 0]
    # sum w^2 (x - m)^2 from running sums of w^2, w^2 x and w^2 x^2
    s1, s2 = np.cumsum(w * w * x)[n - 1], np.cumsum(w * w * x * x)[n - 1]
    left = np.maximum(s2 - 2 * mean * s1 + mean**2 * square, 0.0)
    several = total**2 > square * (1 + 1e-9)
    return np.divide(np.sqrt(left), total, out=np.full(len(n), np.nan), where=several)


def mcse(x: np.ndarray) -> float:
    """What one chain (n,) says the standard error of its mean is; NaN while nothing has moved."""
    return float(diagnostics.mcse(x[:, None])) if np.ptp(x) > 0 else np.nan
