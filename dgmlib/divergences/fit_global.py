r"""The best Gaussian q for a mixture p, not merely the one a descent falls into.

Forward KL and W2 have closed forms: q takes the mean and variance of p; or the mean of p and
s = integral of Q_p(u) Phi^-1(u) over u, where Q_p is the quantile function of p. The others may
have one local optimum per group of neighbouring modes, so a descent starts from the moments of
every such group, the best end wins, and Newton's method settles its last digits.

References:
    Pattern Recognition and Machine Learning, section 10.1.2 (Bishop, 2006)
    https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
    Computational Optimal Transport, remarks 2.30 and 2.31 (Peyre & Cuturi, 2019)
    https://arxiv.org/abs/1803.00567
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences import fit, mixture1d
from dgmlib.divergences.mixture1d import Mixture1D


class Best(NamedTuple):
    """The global optimum of each row."""

    mean: np.ndarray  # (B,)
    std: np.ndarray  # (B,)
    value: np.ndarray  # (B,)


def best(p: Mixture1D, problem: fit.Problem, also: fit.State, *, keep: int = 3) -> Best:
    """The optimum of every row of ``problem``, never worse than the same row of ``also``."""
    closed = {"forward": (problem.mean, problem.std), "w2": (problem.mean, problem.w2_std)}
    rows = np.array([i for i, kind in enumerate(problem.kinds) if kind not in closed])
    at = np.array([closed.get(kind, (np.nan, np.nan)) for kind in problem.kinds])  # (B, 2)
    if len(rows):
        open_ = problem._replace(kinds=tuple(problem.kinds[i] for i in rows))
        end = _search(p, open_, also.mean[rows], also.std[rows], also.value[rows], keep)
        at[rows] = np.stack([end.mean, end.std], 1)
    return Best(*fit.evaluate(problem, at[:, 0], at[:, 1])[:3])


def _search(
    p: Mixture1D, problem: fit.Problem, mean: np.ndarray, std: np.ndarray, value: np.ndarray,
    keep: int,
) -> fit.State:  # fmt: skip
    B = len(problem.kinds)
    of_mean, of_std = groups(p)
    C = len(of_mean)
    # Every group of modes for every row; a row's candidates lie next to one another.
    start = fit.evaluate(repeat(problem, C), np.tile(of_mean, B), np.tile(of_std, B))
    keep = min(keep, C)
    order = np.argsort(start.value.reshape(B, C), axis=1)[:, :keep]  # (B, keep)
    few, chosen = repeat(problem, keep), (np.arange(B)[:, None] * C + order).ravel()
    state = fit.State(*(a[chosen] for a in start))
    for _ in range(4):
        state, _ = fit.step(few, state, cap=1.0)

    pick = np.arange(B) * keep + np.argmin(state.value.reshape(B, keep), axis=1)
    won = state.value[pick] < value
    m, s = np.where(won, state.mean[pick], mean), np.where(won, state.std[pick], std)
    return polish(problem, fit.evaluate(problem, m, s))


def repeat(problem: fit.Problem, times: int) -> fit.Problem:
    """Every row ``times`` times over, copies next to one another."""
    return problem._replace(kinds=tuple(k for k in problem.kinds for _ in range(times)))


def groups(p: Mixture1D) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every run of neighbouring modes: ``K (K + 1) / 2`` of each."""
    order = np.argsort(p.mean)
    w, m, s = p.weight[order], p.mean[order], p.std[order]
    K = len(w)
    first, last = np.triu_indices(K)
    inside = (np.arange(K) >= first[:, None]) & (np.arange(K) <= last[:, None])  # (C, K)
    share = inside * w / (inside @ w)[:, None]
    run = mixture1d.moments(
        Mixture1D(share, np.tile(m, (len(first), 1)), np.tile(s, (len(first), 1)))
    )
    return run.mean, np.sqrt(run.var)


def polish(problem: fit.Problem, state: fit.State, *, n_steps: int = 4) -> fit.State:
    """Newton's method on the natural gradient, kept only where it lowers the divergence."""
    B, h = len(problem.kinds), 1e-5
    thrice = repeat(problem, 3)

    def around(mean: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, ...]:
        """A point, its value (B,), and the direction there and a little off in m / s and log s."""
        m = mean[:, None] + h * std[:, None] * np.array([0.0, 1.0, 0.0])
        s = std[:, None] * np.exp(h * np.array([0.0, 0.0, 1.0]))
        at = fit.evaluate(thrice, m.ravel(), s.ravel())
        return mean, std, at.value[::3], at.direction.reshape(B, 3, 2)

    here = around(state.mean, state.std)
    for _ in range(n_steps):
        mean, std, value, d = here
        slope = (d[:, 1:] - d[:, :1]).swapaxes(1, 2) / h  # (B, 2, 2): change of d with m / s, log s
        det = slope[:, 0, 0] * slope[:, 1, 1] - slope[:, 0, 1] * slope[:, 1, 0]
        det = np.where(np.abs(det) > 1e-9, det, np.inf)  # no curvature: stay
        move = np.stack(
            [
                slope[:, 0, 1] * d[:, 0, 1] - slope[:, 1, 1] * d[:, 0, 0],
                slope[:, 1, 0] * d[:, 0, 0] - slope[:, 0, 0] * d[:, 0, 1],
            ],
            1,
        ) / det[:, None]  # fmt: skip
        move = np.clip(move, -0.3, 0.3)
        there = around(mean + move[:, 0] * std, std * np.exp(move[:, 1]))
        # Rounding moves a value in its last digits; a smaller gradient there is the better point.
        gain = (there[2] <= value + 1e-13 * (1 + value)) & (
            np.abs(there[3][:, 0]).max(1) < np.abs(d[:, 0]).max(1)
        )
        gain |= there[2] < value - 1e-13 * (1 + value)
        if not gain.any():
            break
        here = tuple(
            np.where(gain.reshape(-1, *[1] * (a.ndim - 1)), b, a)
            for a, b in zip(here, there, strict=True)
        )
    mean, std, value, d = here
    return fit.State(mean, std, value, d[:, 0])
