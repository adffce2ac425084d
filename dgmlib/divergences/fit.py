r"""Fits of one Gaussian q = N(m, s^2) to a mixture p, under several divergences at once.

    forward KL(p||q),  reverse KL(q||p),  JS(p, q),  W2(p, q),  and for 0 < a < 1
    D_a(p||q) = (1 - integral p^a q^(1-a)) / (a (1 - a)),   D_0 = reverse, D_1 = forward

Each but W2 is the integral of some f(p, q) over x, with gradient E_q[g(x) d log q(x)] where
g = df/dq. The Fisher information of (m, log s) is diag(1/s^2, 2): dividing by it gives the
natural gradient, Newton's step where p is nearly Gaussian near q. A step that would raise its
divergence is halved until it does not. All fits move together, one row each.

References:
    Divergence measures and message passing (Minka, 2005)
    https://www.microsoft.com/en-us/research/publication/divergence-measures-and-message-passing/
    Natural Gradient Works Efficiently in Learning (Amari, 1998)
    https://doi.org/10.1162/089976698300017746
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from dgmlib.divergences import mixture1d
from dgmlib.divergences.mixture1d import Mixture1D

DIVERGENCES = ("forward", "reverse", "js", "alpha", "w2")
CAP, GROWTH = 0.25, 1.04  # of one step: small enough to watch, growing for far starts
_LOG_FLOOR = -300.0  # densities below e^-300 count as that: subnormal numbers are slow
_TINY = 1e-300
_HALVINGS = 20
_STILL = 1e-7  # a natural gradient this small promises a gain of 1e-14, below rounding


class Problem(NamedTuple):
    """A target on quadrature nodes dense around its modes, and which divergence each row is."""

    x: np.ndarray  # (n,)
    dx: np.ndarray  # (n,) quadrature weights
    p: np.ndarray  # (n,)
    log_p: np.ndarray  # (n,)
    entropy: float  # of p, nats
    mean: float  # of p: where forward KL and W2 end
    std: float  # of p: where forward KL ends
    w2_std: float  # where W2 ends, the integral of Q_p(u) Phi^-1(u) over u
    kinds: tuple[str, ...]  # (B,) rows of DIVERGENCES
    alpha: float  # of the rows "alpha"


class State(NamedTuple):
    """Where every fit is. ``value`` and ``direction`` belong to ``mean`` and ``std``."""

    mean: np.ndarray  # (B,)
    std: np.ndarray  # (B,)
    value: np.ndarray  # (B,) the row's own divergence; nats, or units of x for W2
    direction: np.ndarray  # (B, 2) downhill in m / s and log s: natural gradient, for W2 the plain


class Info(NamedTuple):
    """How far the step went; not needed to take the next one."""

    rate: np.ndarray  # (B,) accepted multiple of ``direction``; 0 where no step descends


def problem(
    p: Mixture1D, kinds: Sequence[str] = DIVERGENCES, *, alpha: float = 0.5, reach: float = 0.0,
    n: int = 256,
) -> Problem:  # fmt: skip
    """Tabulates ``p``. ``reach``: the nodes also cover ``mean +- reach``, room for a wide start."""
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha lies between 0 (reverse KL) and 1 (forward KL), got {alpha}")
    if unknown := set(kinds) - set(DIVERGENCES):
        raise ValueError(f"no divergence {sorted(unknown)}; choose from {DIVERGENCES}")
    mean, var = (float(v) for v in mixture1d.moments(p))
    std = var**0.5
    # x = mean + a sinh(u): nearly even over the modes, thinning out in the tails, and the
    # trapezoid rule keeps its exponential accuracy.
    core = float(np.max(np.abs(p.mean - mean) + 3 * p.std))
    far = max(float(np.max(np.abs(p.mean - mean) + 9 * p.std)), 9 * std, reach)
    u = np.linspace(-1, 1, n) * np.arcsinh(far / core)
    x, dx = mean + core * np.sinh(u), core * np.cosh(u) * (u[1] - u[0])
    log_p = mixture1d.log_prob(p, x)
    density = np.exp(np.maximum(log_p, _LOG_FLOOR))
    entropy = -float((density * dx) @ log_p)
    w2_std = _w2_std(p, x, dx)
    return Problem(x, dx, density, log_p, entropy, mean, std, w2_std, tuple(kinds), alpha)


def _w2_std(p: Mixture1D, x: np.ndarray, dx: np.ndarray) -> float:
    # By parts, the integral of Q_p(u) Phi^-1(u) du is that of phi(Phi^-1(F_p(x))) dx.
    upper = x > np.median(p.mean)
    z = ndtri(np.where(upper, mixture1d.sf(p, x), mixture1d.cdf(p, x)))
    return float(dx @ np.exp(-0.5 * z**2)) / np.sqrt(2 * np.pi)


def evaluate(problem: Problem, mean: np.ndarray, std: np.ndarray) -> State:
    """Values and natural gradients of all rows at ``mean``, ``std`` (B,)."""
    value, direction = np.empty(len(mean)), np.empty((len(mean), 2))
    closed, open_, counts = _rows(problem.kinds, problem.alpha)
    for kind, at in closed.items():
        formula = _forward if kind == "forward" else _w2
        value[at], direction[at, 0], direction[at, 1] = formula(problem, mean[at], std[at])
    if counts:
        value[open_], direction[open_, 0], direction[open_, 1] = _integrals(
            problem, counts, mean[open_], std[open_]
        )
    return State(mean, std, value, direction)


@lru_cache(maxsize=256)
def _rows(
    kinds: tuple[str, ...], alpha: float
) -> tuple[dict[str, np.ndarray], np.ndarray, dict[str, int]]:
    """Rows with a closed form by kind; the others, kind by kind, and how many of each."""
    rows: dict[str, list[int]] = {}
    for i, kind in enumerate(kinds):
        if kind == "alpha" and alpha in (0.0, 1.0):
            kind = "forward" if alpha else "reverse"
        rows.setdefault(kind, []).append(i)
    closed = {kind: np.array(rows.pop(kind)) for kind in ("forward", "w2") if kind in rows}
    order = [i for block in rows.values() for i in block]
    return closed, np.array(order, dtype=int), {kind: len(block) for kind, block in rows.items()}


def _forward(problem: Problem, m: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, ...]:
    # E_p[log p - log q] needs p only through its entropy, mean and variance.
    shift, spread = (problem.mean - m) / s, (problem.std / s) ** 2
    value = 0.5 * (spread + shift**2) + np.log(s) + 0.5 * np.log(2 * np.pi) - problem.entropy
    return np.maximum(value, 0.0), shift, 0.5 * (spread + shift**2 - 1)


def _w2(problem: Problem, m: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, ...]:
    rest = problem.std**2 - problem.w2_std**2  # what no Gaussian can follow
    rest = rest if rest > 1e-12 * problem.std**2 else 0.0  # rounding, when p is a Gaussian
    a, b = problem.mean - m, problem.w2_std - s
    return np.sqrt(a * a + b * b + rest), a / s, b / s


def _integrals(
    problem: Problem, counts: dict[str, int], m: np.ndarray, s: np.ndarray
) -> tuple[np.ndarray, ...]:
    """The divergences without a closed form; rows of one kind stand together."""
    z = (problem.x - m[:, None]) / s[:, None]  # (b, n)
    log_q = z * z
    log_q *= -0.5
    log_q -= np.log(s * np.sqrt(2 * np.pi))[:, None]
    q = np.exp(np.maximum(log_q, _LOG_FLOOR))
    f, g = np.empty_like(z), np.empty_like(z)
    start = 0
    for kind, n in counts.items():
        block = slice(start, start := start + n)
        f[block], g[block] = _integrand(
            kind, problem.alpha, problem.p, problem.log_p, q[block], log_q[block]
        )
    g *= problem.dx
    gz = g * z
    value = np.maximum(f @ problem.dx, 0.0)  # every f is, up to rounding
    return value, -gz.sum(1), -0.5 * (np.einsum("bn,bn->b", gz, z) - g.sum(1))


def _integrand(
    kind: str, alpha: float, p: np.ndarray, log_p: np.ndarray, q: np.ndarray, log_q: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """``f(p, q) >= 0``, and ``q df/dq`` over ``f''`` at p = q, less a multiple of q."""
    if kind == "reverse":
        g = q * (log_q - log_p)
        return g + p - q, g
    if kind == "alpha":
        both = np.exp(np.maximum(alpha * log_p + (1 - alpha) * log_q, _LOG_FLOOR))
        return (alpha * p + (1 - alpha) * q - both) / (alpha * (1 - alpha)), (q - both) / alpha
    log_half = np.log(0.5 * (p + q))  # js
    g = q * (log_q - log_half)
    return 0.5 * (p * (log_p - log_half) + g), 2.0 * g  # f'' is 1/4 where p = q


def step(
    problem: Problem, state: State, *, rate: np.ndarray | float = 1.0, cap: float = np.inf
) -> tuple[State, Info]:
    """Moves every row downhill once; a row whose divergence would rise tries half the step.

    ``cap`` bounds one step's change of ``m / s`` and of ``log s``, so that a descent enters the
    basin it starts in.
    """
    length = np.abs(state.direction).max(1)
    live = length > _STILL * np.maximum(1.0, state.value)
    r = np.where(live, np.minimum(rate, cap / (length + _TINY)), 0.0)
    if not live.any():
        return state, Info(r)
    for i in range(_HALVINGS + 1):
        new = evaluate(problem, *_moved(state, r))
        worse = ~(new.value <= state.value) & live
        if not worse.any():
            break
        r = np.where(worse, 0.5 * r if i < _HALVINGS else 0.0, r)
    else:
        new = evaluate(problem, *_moved(state, r))
    return new, Info(r)


def _moved(state: State, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    d = state.direction
    return state.mean + rate * d[:, 0] * state.std, state.std * np.exp(rate * d[:, 1])


def descend(problem: Problem, mean: float, std: float) -> Iterator[State]:
    """Every row from the same start, for as long as the caller looks."""
    B = len(problem.kinds)
    state, rate = evaluate(problem, np.full(B, float(mean)), np.full(B, float(std))), np.ones(B)
    cap = CAP
    while True:
        yield state
        state, info = step(problem, state, rate=rate, cap=cap)
        rate = np.minimum(1.0, np.where(info.rate > 0, 1.25 * info.rate, 1.0))
        cap *= GROWTH
