r"""Random-walk Metropolis on the line: many short walks at once, and what they must do exactly.

    P(x, y) = N(y | x, s^2) min(1, p(y) / p(x))    y != x;    what is refused stays at x

On a fine grid the kernel is a matrix, and the error of a chain's mean follows without a draw.
With g = x - mu, S_n = g(x_1) + ... + g(x_n) and x_0 = x,

    U_n(x) = E[S_n]   = P (g + U_{n-1})
    V_n(x) = E[S_n^2] = P (g^2 + 2 g U_{n-1} + V_{n-1})
    rho_t  = <g, P^t g> / <g, g>    with <a, b> = int a b p

Bias of the start and correlation of the steps are both in V_n. The midpoint rule on the grid is
exact to many digits while s is wider than a cell; the kink of min(1, .) leaves an error of O(h^2).

References:
    Equation of State Calculations by Fast Computing Machines (Metropolis, Rosenbluth, Rosenbluth,
    Teller & Teller, 1953) https://doi.org/10.1063/1.1699114
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dgmlib.targets.line import LOG_2PI, Line

CELLS = 200


class Walk(NamedTuple):
    x: np.ndarray  # (T + 1, C), with the start
    proposal: np.ndarray  # (T, C)
    accepted: np.ndarray  # (T, C), bool


class Kernel(NamedTuple):
    x: np.ndarray  # (m,) midpoints of the cells that hold mass
    prob: np.ndarray  # (m,) stationary, sums to 1
    step: np.ndarray  # (m, m) rows sum to 1


def walk(
    p: Line, start: np.ndarray, n_steps: int, *, scale: float, rng: np.random.Generator
) -> Walk:
    """``n_steps`` of random-walk Metropolis from every ``start`` (C,).

    The same chain as ``metropolis.step`` on this one line, with all its random numbers drawn
    beforehand: a tenth of the time.
    """
    if not scale > 0:
        raise ValueError(f"the step must be positive, got {scale}")
    start = np.asarray(start, dtype=float)
    return follow(
        p, start, scale * rng.standard_normal((n_steps, *start.shape)),
        np.log1p(-rng.random((n_steps, *start.shape))),
    )  # fmt: skip


def follow(p: Line, start: np.ndarray, jump: np.ndarray, log_u: np.ndarray) -> Walk:
    """The walk of given jumps and log-uniforms (T, C); ``log_u`` <= 0."""
    x, log_p = start, p.log_shape(start)
    if not np.isfinite(log_p).all():
        raise ValueError("a walk starts where the density is positive")
    xs, proposals, taken = [x], [], []
    for z, v in zip(jump, log_u, strict=True):
        to = x + z
        log_to = p.log_shape(to)
        yes = v < log_to - log_p
        x, log_p = np.where(yes, to, x), np.where(yes, log_to, log_p)
        xs.append(x)
        proposals.append(to)
        taken.append(yes)
    return Walk(np.stack(xs), np.stack(proposals), np.stack(taken))


def kernel(p: Line, scale: float, *, cells: int = CELLS) -> Kernel:
    """The transition matrix on a grid over the extent of p."""
    edges = np.linspace(*p.extent, cells + 1)
    h = float(edges[1] - edges[0])
    x = 0.5 * (edges[1:] + edges[:-1])
    log_p = p.log_shape(x)
    x, log_p = x[np.isfinite(log_p)], log_p[np.isfinite(log_p)]
    z = (x[:, None] - x) / scale
    go = np.exp(-0.5 * z * z - 0.5 * LOG_2PI + np.minimum(0.0, log_p - log_p[:, None])) * h / scale
    go[go < 1e-200] = 0.0  # numbers near the smallest there is make every product slow
    np.fill_diagonal(go, 0.0)
    np.fill_diagonal(go, 1 - go.sum(1))
    prob = np.exp(log_p)
    return Kernel(x, prob / prob.sum(), go)


def mean_rmse(k: Kernel, start: float, n: np.ndarray) -> np.ndarray:
    """Exact root mean squared error of the mean of x_0, ..., x_{n-1}, for rising n >= 1. (n,)"""
    g = k.x - k.prob @ k.x
    at = np.interp(start, k.x, g)
    wanted, found = {int(i) for i in n}, {}
    both = np.zeros((len(g), 2))  # U, V
    add = np.empty_like(both)
    for m in range(1, int(np.max(n)) + 1):
        if m in wanted:  # x_0 itself and S_{m-1} after it
            u, v = (np.interp(start, k.x, column) for column in both.T)
            found[m] = at * at + 2 * at * u + v
        add[:, 0] = g + both[:, 0]
        add[:, 1] = g * (g + 2 * both[:, 0]) + both[:, 1]
        both = k.step @ add
    return np.sqrt([max(found[int(i)], 0.0) for i in n]) / np.asarray(n)


def refined(p: Line, scale: float, f: Callable[[Kernel], Any]) -> Any:
    """A quantity on two grids, extrapolated to cells of width 0: its error falls with h^2."""
    coarse, fine = (f(kernel(p, scale, cells=c)) for c in (CELLS, 2 * CELLS))
    return (4 * fine - coarse) / 3


def acceptance(k: Kernel, scale: float) -> float:
    """The share of accepted proposals of the stationary chain, on the kernel's grid."""
    stay = np.diagonal(k.step)
    own = (k.x[1] - k.x[0]) / (scale * np.sqrt(2 * np.pi))  # proposed and taken within the cell
    return float(k.prob @ (1 - stay)) + min(float(own), 1.0)


def autocorrelation(k: Kernel, lags: int) -> np.ndarray:
    """Exact rho_0, ..., rho_lags of the stationary chain. (lags + 1,)"""
    g = k.x - k.prob @ k.x
    weight, y = k.prob * g, g
    rho = [1.0]
    for _ in range(lags):
        y = k.step @ y
        rho.append(float(weight @ y / (weight @ g)))
    return np.array(rho)
