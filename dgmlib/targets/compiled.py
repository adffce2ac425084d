"""The densities of :mod:`dgmlib.targets.closed` one point at a time, for Numba to compile.

Each is the same density with the same constants; used by :mod:`dgmlib.samplers.compiled`.
"""

from collections.abc import Callable
from math import exp, log, pi
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.targets import closed

try:
    from numba import njit  # pyright: ignore[reportAssignmentType]
except ImportError as error:  # an extra: nothing else in dgmlib needs it
    raise ImportError("compiled samplers need Numba: pip install dgmlib[fast]") from error

LOG_2PI = log(2 * pi)


class Compiled(NamedTuple):
    log_prob: Callable[[np.ndarray], float]  # (d,) -> float
    grad: Callable[[np.ndarray, np.ndarray], Any]  # of log_prob at (d,), written into (d,)


def gaussian(mean: ArrayLike = (0.0, 0.0), cov: ArrayLike = ((1.0, 0.0), (0.0, 1.0))) -> Compiled:
    """N(mean, cov) in d dimensions."""
    known = closed.gaussian(mean, cov)  # checks the arguments
    m, d = known.mean.astype(float), known.dim
    precision = np.ascontiguousarray(np.linalg.inv(known.cov))
    constant = float(known.log_prob(m))

    @njit
    def grad(x, out):
        for i in range(d):
            s = 0.0
            for j in range(d):
                s += precision[i, j] * (m[j] - x[j])
            out[i] = s

    @njit
    def log_prob(x):
        square = 0.0
        for i in range(d):
            for j in range(d):
                square += (x[i] - m[i]) * precision[i, j] * (x[j] - m[j])
        return constant - 0.5 * square

    return Compiled(log_prob, grad)


def banana(a: float = 2.0, b: float = 0.25) -> Compiled:
    """A Gaussian bent along a parabola."""
    closed.banana(a, b)
    a, b = float(a), float(b)
    constant = -LOG_2PI - log(a)

    @njit
    def log_prob(x):
        u, v = x[0] / a, x[1] - b * (x[0] * x[0] - a * a)
        return constant - 0.5 * (u * u + v * v)

    @njit
    def grad(x, out):
        v = x[1] - b * (x[0] * x[0] - a * a)
        out[0] = -x[0] / (a * a) + 2 * b * x[0] * v
        out[1] = -v

    return Compiled(log_prob, grad)


def funnel(scale: float = 1.5, dim: int = 2) -> Compiled:
    """Neal's funnel: the first coordinate is the log-variance of the others."""
    closed.funnel(scale, dim)
    scale, dim = float(scale), int(dim)
    constant = -log(scale) - 0.5 * dim * LOG_2PI

    @njit
    def log_prob(x):
        square = 0.0
        for j in range(1, dim):
            square += x[j] * x[j]
        u = x[0] / scale
        return constant - 0.5 * (u * u + square * exp(-x[0]) + (dim - 1) * x[0])

    @njit
    def grad(x, out):
        precision, square = exp(-x[0]), 0.0
        for j in range(1, dim):
            square += x[j] * x[j]
            out[j] = -x[j] * precision
        out[0] = -x[0] / (scale * scale) + 0.5 * (square * precision - (dim - 1))

    return Compiled(log_prob, grad)
