r"""Long runs of Metropolis and HMC, compiled: the same chains from the same random numbers.

:func:`dgmlib.samplers.chain.run` calls NumPy a dozen times a step, and for a hundred chains in the
plane the calls cost more than the arithmetic. Here the loop over steps, chains and coordinates is
one machine-code function (Numba), with nothing left out: refused proposals repeat the state, a
ratio that is NaN is refused, and a generator in the same state gives the same run as the stream of
steps, to rounding.

The target is two functions that Numba can compile, of one point at a time: those of
:mod:`dgmlib.targets.compiled`, or a reader's own ::

    @njit
    def log_prob(x): ...           # (d,) -> float

    @njit
    def grad(x, out): ...          # writes the gradient into out (d,)

The first run of a target compiles it (a second or two). Needs Numba: ``pip install dgmlib[fast]``.

Reference:
    Numba: a LLVM-based Python JIT compiler (Lam, Pitrou & Seibert, 2015)
    https://doi.org/10.1145/2833157.2833162
"""

from typing import NamedTuple

import numpy as np

from dgmlib.samplers.chain import check_positive, check_start
from dgmlib.samplers.hmc import check
from dgmlib.targets.compiled import Compiled, njit


class Run(NamedTuple):
    x: np.ndarray  # (T + 1, C, d), with the start
    accept_prob: np.ndarray  # (T, C)
    energy_error: np.ndarray  # (T, C): H' - H; of Metropolis -log of the ratio


def metropolis(
    x: np.ndarray,
    target: Compiled,
    *,
    scale: float | np.ndarray,
    n_steps: int,
    rng: np.random.Generator,
) -> Run:
    """``n_steps`` of :func:`dgmlib.samplers.metropolis.step` from every row of x (C, d)."""
    check_positive("scale", scale)
    x = _start(x, target, n_steps)
    return Run(*_metropolis(x, target.log_prob, np.full(x.shape[1], scale), n_steps, rng))


def hmc(
    x: np.ndarray,
    target: Compiled,
    *,
    step_size: float,
    n_leapfrog: int,
    n_steps: int,
    rng: np.random.Generator,
) -> Run:
    """``n_steps`` of :func:`dgmlib.samplers.hmc.step` from every row of x (C, d)."""
    check(step_size, n_leapfrog)
    x = _start(x, target, n_steps)
    return Run(*_hmc(x, target.log_prob, target.grad, step_size, n_leapfrog, n_steps, rng))


def _start(x: np.ndarray, target: Compiled, n_steps: int) -> np.ndarray:
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, got {n_steps}")
    x = np.array(x, dtype=float, order="C")
    return check_start(x, np.array([target.log_prob(row) for row in np.atleast_2d(x)]))


@njit
def _accept(log_ratio, uniform):
    prob = np.exp(min(0.0, log_ratio)) if log_ratio == log_ratio else 0.0  # NaN is refused
    return prob, uniform < prob


@njit
def _metropolis(start, log_prob, scale, n_steps, rng):
    C, d = start.shape
    x = np.empty((n_steps + 1, C, d))
    prob = np.empty((n_steps, C))
    fall = np.empty((n_steps, C))
    proposal = np.empty((C, d))
    log_p = np.empty(C)
    x[0] = start
    for c in range(C):
        log_p[c] = log_prob(start[c])
    for t in range(n_steps):
        for c in range(C):
            for j in range(d):
                proposal[c, j] = x[t, c, j] + scale[j] * rng.standard_normal()
        for c in range(C):
            new = log_prob(proposal[c])
            fall[t, c] = log_p[c] - new
            prob[t, c], yes = _accept(-fall[t, c], rng.random())
            if yes:
                log_p[c] = new
            for j in range(d):
                x[t + 1, c, j] = proposal[c, j] if yes else x[t, c, j]
    return x, prob, fall


@njit
def _hmc(start, log_prob, grad, step_size, n_leapfrog, n_steps, rng):
    C, d = start.shape
    x = np.empty((n_steps + 1, C, d))
    prob = np.empty((n_steps, C))
    error = np.empty((n_steps, C))
    log_p, slope = np.empty(C), np.empty((C, d))
    v, at, g = np.empty((C, d)), np.empty(d), np.empty(d)
    x[0] = start
    for c in range(C):
        log_p[c] = log_prob(start[c])
        grad(start[c], slope[c])
    for t in range(n_steps):
        for c in range(C):
            for j in range(d):
                v[c, j] = rng.standard_normal()
        for c in range(C):
            w = v[c]
            before = after = 0.0
            for j in range(d):
                before += 0.5 * w[j] * w[j]
                at[j], g[j] = x[t, c, j], slope[c, j]
            for _ in range(n_leapfrog):
                for j in range(d):
                    w[j] += 0.5 * step_size * g[j]
                    at[j] += step_size * w[j]
                grad(at, g)
                for j in range(d):
                    w[j] += 0.5 * step_size * g[j]
            new = log_prob(at)
            for j in range(d):
                after += 0.5 * w[j] * w[j]
            error[t, c] = (after - new) - (before - log_p[c])
            prob[t, c], yes = _accept(-error[t, c], rng.random())
            if yes:
                log_p[c] = new
                slope[c] = g
            for j in range(d):
                x[t + 1, c, j] = at[j] if yes else x[t, c, j]
    return x, prob, error
