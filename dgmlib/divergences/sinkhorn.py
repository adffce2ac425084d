r"""Entropic optimal transport by Sinkhorn's iterations, as a stream.

    OT_e = min_P <P, C> + e KL(P || a b^T),    P 1 = a, P^T 1 = b
         = max_{f,g} <a, f> + <b, g> - e (sum_ij P_ij - 1)
    P_ij = a_i b_j exp((f_i + g_j - C_ij) / e)
    f_i <- -e log sum_j b_j exp((g_j - C_ij) / e),    g_j <- -e log sum_i a_i exp((f_i - C_ij) / e)

Each half-step maximises over one potential, which puts one marginal right. With f = f0 + e log u
the sums are matrix products with a kernel exp((f0 + g0 - C) / e) that is made once. Potentials
absorb u and v before these leave the range of floats; where a product vanishes all the same, the
iteration is done in logarithms. S = OT(x,y) - (OT(x,x) + OT(y,y)) / 2 is 0 only of equal measures.

References:
    Sinkhorn Distances: Lightspeed Computation of Optimal Transport (Cuturi, 2013)
    https://arxiv.org/abs/1306.0895
    Stabilized Sparse Scaling Algorithms for Entropy Regularized Transport Problems
    (Schmitzer, 2019) https://arxiv.org/abs/1610.06519
    Interpolating between Optimal Transport and MMD using Sinkhorn Divergences
    (Feydy, Sejourne, Vialard, Amari, Trouve, Peyre, 2019) https://arxiv.org/abs/1810.08278
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.divergences import transport

FAR = 1e50  # scalings beyond it, or below its inverse, are absorbed
TINY = 1e-200  # less than this in the kernel is 0: FAR cannot save it, and subnormals are slow
BLOCK = 64
CHECK = 5  # iterations between two looks at the error


class Problem(NamedTuple):
    """Costs, masses and the regularisation."""

    cost: np.ndarray  # (n, m)
    a: np.ndarray  # (n,), sums to 1
    b: np.ndarray  # (m,), sums to 1
    epsilon: float  # in units of the cost


class State(NamedTuple):
    """Potentials ``f0 + e log u`` and ``g0 + e log v``, and the kernel they start from."""

    f0: np.ndarray  # (n,)
    g0: np.ndarray  # (m,)
    kernel: np.ndarray  # (n, m), exp((f0 + g0 - C) / e)
    u: np.ndarray  # (n,)
    v: np.ndarray  # (m,)
    row: np.ndarray  # (n,), K (b v): what the next u is the inverse of


class Info(NamedTuple):
    """Where the iteration stands: ``dual <= OT_e <= dual + gap``."""

    f: np.ndarray  # (n,), in units of the cost
    g: np.ndarray  # (m,)
    error: float  # sum_i |(P 1)_i - a_i|; the other marginal is exact after a step
    transport: float  # <P, C>, of a plan whose marginal is off by ``error``
    dual: float
    gap: float


class Divergence(NamedTuple):
    """``value`` is known to ``error``, in units of the cost."""

    value: float
    error: float


def problem(
    cost: ArrayLike, epsilon: float, *, a: ArrayLike | None = None, b: ArrayLike | None = None
) -> Problem:
    """A checked problem; weights are divided by their sum."""
    c = np.asarray(cost, dtype=float)
    if c.ndim != 2 or c.size == 0 or not np.all(np.isfinite(c)):
        raise ValueError(f"cost must be a finite table (n, m), got shape {c.shape}")
    if not 0 < epsilon < np.inf:
        raise ValueError(
            f"epsilon is positive and finite, got {epsilon}; for 0 use transport.wasserstein"
        )
    weights = transport.weights(a, c.shape[0], "a"), transport.weights(b, c.shape[1], "b")
    return Problem(c, *weights, float(epsilon))


def init(p: Problem, *, g: np.ndarray | None = None) -> State:
    """Starts from ``g`` (m,), 0 if not given. The first half-step is f's, so no f is asked for."""
    if g is None:
        return _absorbed(p, p.cost.min(1), np.zeros(p.cost.shape[1]))  # so that no row vanishes
    g = np.asarray(g, dtype=float)
    if g.shape != p.b.shape or not np.all(np.isfinite(g)):
        raise ValueError(f"g must be {len(p.b)} finite numbers, got shape {g.shape}")
    return _absorbed(p, (p.cost - g).min(1), g)


def step(p: Problem, state: State, *, n: int = 1) -> tuple[State, Info]:
    """``n`` iterations, f then g in each, and where they led."""
    state = iterate(p, state, n)
    return state, info(p, state)


def iterate(p: Problem, state: State, n: int) -> State:
    """``n`` iterations without the cost of looking at them."""
    u, v, row, kernel = state.u, state.v, state.row, state.kernel
    with np.errstate(all="ignore"):
        for _ in range(n):
            u = 1 / row
            v = 1 / ((p.a * u) @ kernel)
            row = kernel @ (p.b * v)
    size = np.concatenate([u, v, row])
    low, high = size.min(), size.max()  # nan if any is
    if not (low > 0 and high < np.inf):
        return _in_logs(p, state, n)
    state = State(state.f0, state.g0, kernel, u, v, row)
    return state if low > 1 / FAR and high < FAR else _absorbed(p, *potentials(p, state))


def potentials(p: Problem, state: State) -> tuple[np.ndarray, np.ndarray]:
    """f (n,) and g (m,)."""
    return state.f0 + p.epsilon * np.log(state.u), state.g0 + p.epsilon * np.log(state.v)


def marginal_error(p: Problem, state: State) -> float:
    """``sum_i |(P 1)_i - a_i|``."""
    return float(p.a @ np.abs(state.u * state.row - 1))


def plan(p: Problem, state: State) -> np.ndarray:
    """P, ``(n, m)``."""
    out = (p.a * state.u)[:, None] * state.kernel
    out *= p.b * state.v
    return out


def info(p: Problem, state: State) -> Info:
    """What a person wants to see of a state that a step has reached."""
    f, g = potentials(p, state)
    error = marginal_error(p, state)
    left, right = p.a * state.u, p.b * state.v
    cost = 0.0
    for i in range(0, len(left), BLOCK):  # rows at a time: no second table as large as the kernel
        at = slice(i, i + BLOCK)
        cost += float(left[at] @ ((state.kernel[at] * p.cost[at]) @ right))
    # A plan of this form is optimal for its own marginals, and moving mass costs at most the range.
    gap = error * float(np.ptp(p.cost))
    return Info(f, g, error, cost, float(p.a @ f + p.b @ g), gap)


def solve(
    p: Problem, *, tol: float = 1e-9, max_iter: int = 100_000, g: np.ndarray | None = None
) -> State:
    """Drains the stream until the marginal error is at most ``tol``.

    After ``max_iter`` iterations it ends as it is: ask :func:`info` for the error that was reached.
    """
    state = init(p, g=g)
    for _ in range(0, max_iter, CHECK):
        state = iterate(p, state, CHECK)
        if marginal_error(p, state) <= tol:
            break
    return state


def divergence(
    x: ArrayLike,
    y: ArrayLike,
    epsilon: float,
    *,
    order: int = 2,
    x_weight: ArrayLike | None = None,
    y_weight: ArrayLike | None = None,
    tol: float = 1e-9,
) -> Divergence:
    """The debiased divergence between clouds (n, d) and (m, d), cost ``|x - y|^order``.

    Near ``W_p^p`` for small ``epsilon`` (not rooted), never negative up to its error.
    """
    x, y = transport.clouds(x, y)
    transport.check_order(order)
    a = transport.weights(x_weight, len(x), "x_weight")
    b = transport.weights(y_weight, len(y), "y_weight")
    x, y, a, b = x[a > 0], y[b > 0], a[a > 0], b[b > 0]
    p = problem(transport.ground_cost(x, y, order), epsilon, a=a, b=b)
    between = info(p, solve(p, tol=tol))
    value, error = between.dual + 0.5 * between.gap, 0.5 * between.gap
    for z, c in ((x, a), (y, b)):
        within = _with_itself(problem(transport.ground_cost(z, z, order), epsilon, a=c, b=c), tol)
        value -= 0.5 * (within.dual + 0.5 * within.gap)
        error += 0.25 * within.gap
    return Divergence(value, error)


def _with_itself(p: Problem, tol: float) -> Info:
    """Of a cloud and itself f = g, and half-way between f and its half-step it is quickly found."""
    kernel, u = np.exp(-p.cost / p.epsilon), np.ones(len(p.a))
    for _ in range(1000):
        row = kernel @ (p.a * u)  # each has its point's own mass: nothing vanishes
        if p.a @ np.abs(u * row - 1) <= 0.1 * tol:
            break
        u = np.sqrt(u / row)
    return step(p, init(p, g=p.epsilon * np.log(u)))[1]


def _absorbed(p: Problem, f: np.ndarray, g: np.ndarray) -> State:
    """The same potentials with scalings of 1 and the kernel made anew."""
    kernel = np.empty_like(p.cost)
    with np.errstate(over="ignore", under="ignore"):
        for i in range(0, len(f), BLOCK):
            k = kernel[i : i + BLOCK]
            np.subtract(g, p.cost[i : i + BLOCK], out=k)
            k += f[i : i + BLOCK, None]
            k /= p.epsilon
            np.minimum(k, 300.0, out=k)  # further out are only pairs of points without mass
            np.exp(k, out=k)
            k[k < TINY] = 0.0
    return State(f, g, kernel, np.ones(len(f)), np.ones(len(g)), kernel @ p.b)


def _in_logs(p: Problem, state: State, n: int) -> State:
    """The same iterations by log-sum-exp, which nothing can overflow."""
    g = potentials(p, state)[1]
    f = g
    with np.errstate(divide="ignore"):
        log_a, log_b = np.log(p.a), np.log(p.b)
    for _ in range(n):
        f = -p.epsilon * _log_sum_exp((g - p.cost) / p.epsilon + log_b)
        g = -p.epsilon * _log_sum_exp((f[:, None] - p.cost).T / p.epsilon + log_a)
    return _absorbed(p, f, g)


def _log_sum_exp(z: np.ndarray) -> np.ndarray:
    """Over the last axis, written over ``z``."""
    top = z.max(-1, keepdims=True)
    z -= top
    return top[:, 0] + np.log(np.exp(z, out=z).sum(-1))
