r"""The best Gaussian for each x: what a perfect encoder would answer.

    ELBO(x; m, s) = E[log p(x | m + s e)] - KL(N(m, s^2) || N(0, 1)),    e ~ N(0, 1)

maximised over m and log s, from the peaks of a grid. Derivatives need no slope of the decoder:
d^k/dm^k E[r(m + s e)] = E[r He_k(e)] / s^k and d/d log s E[r] = E[r He_2(e)], He_k of Hermite.

References:
    Inference suboptimality in variational autoencoders (Cremer, Li & Duvenaud, 2018)
    https://arxiv.org/abs/1801.03558
"""

from typing import NamedTuple

import numpy as np

from dgmlib.evidence.curves import LOG_2PI, Curve

E = np.linspace(-8.0, 8.0, 81)  # the trapezoid rule over e: exact to rounding for smooth curves
_P = np.exp(-0.5 * E * E) / np.sqrt(2 * np.pi) * (E[1] - E[0])
HERMITE = _P[:, None] * np.stack(
    [E**0, E, E**2 - 1, E**3 - 3 * E, E**4 - 6 * E**2 + 3], 1
)  # (Q, 5): weights of He_0 ... He_4
MEANS = np.linspace(-3.5, 3.5, 101)  # the grid of starts
LOG_STDS = np.log(np.geomspace(0.02, 1.25, 25))
PEAKS = 4  # of the grid, tried for each x
NO_GAIN = 1e-14  # nats that a step promises: less than the rounding of an ELBO


class Slopes(NamedTuple):
    """Of the ELBO at (m, log s) for each x."""

    value: np.ndarray  # (n,)
    first: np.ndarray  # (n, 2)
    second: np.ndarray  # (n, 2, 2)


class Gaussians(NamedTuple):
    mean: np.ndarray  # (n,)
    log_std: np.ndarray  # (n,)
    elbo: np.ndarray  # (n,)


def elbo(one: Curve, x: np.ndarray, at: np.ndarray, sigma: float) -> Slopes:
    """The ELBO of x (n,) with q at ``at`` (n, 2) = (m, log s), and its derivatives."""
    m, log_s = at[:, 0], np.clip(at[:, 1], -12.0, 4.0)
    s = np.exp(log_s)
    square = (x[:, None] - one.f(m[:, None] + s[:, None] * E)) ** 2
    r = square @ HERMITE * (-0.5 / sigma**2)  # (n, 5)
    value = r[:, 0] - np.log(sigma) - 0.5 * LOG_2PI + log_s + 0.5 * (1 - m * m - s * s)
    first = np.stack([r[:, 1] / s - m, r[:, 2] + 1 - s * s], 1)
    cross = r[:, 3] / s
    second = np.stack(
        [r[:, 2] / s**2 - 1, cross, cross, 2 * r[:, 2] + r[:, 4] - 2 * s * s], 1
    ).reshape(-1, 2, 2)
    return Slopes(value, first, second)


def best(one: Curve, x: np.ndarray, sigma: float, *, steps: int = 40) -> Gaussians:
    """The highest ELBO for each x that Newton steps reach from the peaks of a grid."""
    x = np.asarray(x, dtype=float)
    ends = [climb(one, x, at, sigma, steps) for at in starts(one, x, sigma)]
    # of two equally good ones, as in a fold, the right one
    top = np.argmax([e.elbo + 1e-9 * np.sign(e.mean) for e in ends], 0)
    return Gaussians(*(np.choose(top, part) for part in zip(*ends, strict=True)))


def climb(one: Curve, x: np.ndarray, at: np.ndarray, sigma: float, steps: int) -> Gaussians:
    """Damped Newton steps for every x at once; a step that would lower its ELBO is not taken."""
    now, damping = elbo(one, x, at, sigma), np.full(len(x), 1e-3)
    for _ in range(steps):
        move = uphill(now.first, now.second, damping)
        if (move * now.first).sum(1).max() < NO_GAIN:
            break
        tried = elbo(one, x, at + move, sigma)
        better = tried.value >= now.value
        at = np.where(better[:, None], at + move, at)
        now = Slopes(*(
            np.where(better.reshape(-1, *(1,) * (a.ndim - 1)), a, b)
            for a, b in zip(tried, now, strict=True)
        ))  # fmt: skip
        damping = np.where(better, damping / 5, damping * 8)
    return Gaussians(at[:, 0], at[:, 1], now.value)


def starts(one: Curve, x: np.ndarray, sigma: float) -> list[np.ndarray]:
    """The highest peaks along m of a grid, at their best width, for each x: (n, 2) each."""
    m, log_s = np.meshgrid(MEANS, LOG_STDS, indexing="ij")
    f = one.f(m[..., None] + np.exp(log_s)[..., None] * E)  # (M, S, Q)
    first, square = f @ HERMITE[:, 0], (f * f) @ HERMITE[:, 0]
    prior = log_s - 0.5 * (m * m + np.exp(2 * log_s))
    score = (np.multiply.outer(x, first) - 0.5 * square) / sigma**2 + prior  # (n, M, S)
    width = score.argmax(2)
    profile = score.max(2) + 1e-9 * MEANS  # of two equally high ones the right one
    edged = np.pad(profile, ((0, 0), (1, 1)), constant_values=-np.inf)
    peak = (profile >= edged[:, :-2]) & (profile >= edged[:, 2:])
    order = np.argsort(np.where(peak, -profile, np.inf), axis=1)[:, :PEAKS]
    widths = np.take_along_axis(width, order, 1)
    return [np.stack([MEANS[i], LOG_STDS[j]], 1) for i, j in zip(order.T, widths.T, strict=True)]


def uphill(first: np.ndarray, second: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """A damped Newton step (n, p) that rises: curvatures the wrong way round are turned."""
    size, axes = np.linalg.eigh(second)  # (n, p), (n, p, p)
    steep = np.abs(size) + damping[..., None]
    along = np.einsum("...ij,...i->...j", axes, first) / steep
    return np.einsum("...ij,...j->...i", axes, along)
