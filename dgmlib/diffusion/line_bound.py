r"""The bound for Gaussian data on the line, where everything is a closed form: a sweep over T.

    x_0 ~ N(m, s^2),    e-hat(x) = best e(x) + off,    so every step back is linear in x

    E bound  <=  E log p(x_0)  <=  E log q(x_0) = - entropy of the data

p is what the steps back make of N(0, 1): a Gaussian, whose mean and variance go from step to step.
Beside the closed forms stand estimates from ``draws`` draws, by both sums of
:mod:`dgmlib.diffusion.elbo`, and how much they vary.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.diffusion import elbo, line, schedule
from dgmlib.diffusion.elbo import Variance
from dgmlib.diffusion.exact import Eps
from dgmlib.diffusion.schedule import Schedule

MEAN, STD = 0.5, 0.4  # of the data
STEPS = np.array([2, 3, 5, 8, 12, 20, 30, 50, 80])


class Exact(NamedTuple):
    """Nats, means over the data."""

    terms: np.ndarray  # (T + 1,) of the first sum, each what it takes away
    model: float  # E log p(x_0)
    data: float  # E log q(x_0)


class Measured(NamedTuple):
    """Both sums from the same draws; index 0 the first sum (denoising), 1 the second."""

    mean: np.ndarray  # (2, T + 1) of each term
    error: np.ndarray  # (2, T + 1) its standard error
    total: np.ndarray  # (2,) the bound
    apart: np.ndarray  # (2,) its standard error if every term had draws of its own
    along: np.ndarray  # (2,) its standard error along whole paths


class Bound(NamedTuple):
    """F numbers of steps."""

    name: str
    variance: str
    off: float
    draws: int
    steps: np.ndarray  # (F,)
    exact: tuple[Exact, ...]
    measured: tuple[Measured, ...]


def bound(name: str, variance: Variance, *, off: float, draws: int, seed: int) -> Bound:
    """For one of ``line.PLANS`` and e that is wrong by ``off`` everywhere."""
    plans = [line.plan(name, int(T)) for T in STEPS]
    return Bound(
        name, variance, off, draws, STEPS,
        tuple(closed_form(plan, variance, off=off) for plan in plans),
        tuple(measure(plan, variance, off=off, draws=draws, seed=seed) for plan in plans),
    )  # fmt: skip


def eps(off: float) -> Eps:
    """E[e | x_t] of the data, plus ``off``."""

    def named(x: np.ndarray, a: float) -> np.ndarray:
        return (1 - a) ** 0.5 * (x - a**0.5 * MEAN) / (a * STD**2 + 1 - a) + off

    return named


def closed_form(plan: Schedule, variance: Variance, *, off: float) -> Exact:
    """All terms, and the model's own log-likelihood."""
    a, var, small = plan.alpha_bar, elbo.variances(plan, variance), schedule.derive(plan)
    T, terms = len(a) - 1, []
    mean, spread = 0.0, 1.0  # of x_t on the way back
    for t in range(T, 0, -1):
        noise = (1 - a[t]) ** 0.5
        slope = noise / (a[t] * STD**2 + 1 - a[t])  # e-hat = slope x + level
        level = off - slope * a[t] ** 0.5 * MEAN
        g, h = (1 - noise * slope) / a[t] ** 0.5, -noise * level / a[t] ** 0.5  # x_0-hat = g x + h
        ratio = a[t] / a[t - 1]
        gain = a[t - 1] ** 0.5 * (1 - ratio) / (1 - a[t])  # of x_0-hat in the step's mean
        # x_0 - x_0-hat = (1 - g sqrt(a)) x_0 - h - g noise e
        keep = 1 - g * a[t] ** 0.5
        square = keep**2 * STD**2 + (keep * MEAN - h) ** 2 + (g * noise) ** 2
        if t == 1:
            terms.append(0.5 * (square / var[1] + np.log(2 * np.pi * var[1])))
        else:
            true = small.posterior_var[t] / var[t]
            terms.append(0.5 * (gain**2 * square / var[t] + true - 1 - np.log(true)))
        rest = ratio**0.5 * (1 - a[t - 1]) / (1 - a[t])  # of x_t in the step's mean
        mean, spread = (rest + gain * g) * mean + gain * h, (rest + gain * g) ** 2 * spread + var[t]
    prior = 0.5 * (a[T] * (MEAN**2 + STD**2) - a[T] - np.log1p(-a[T]))
    model = -0.5 * ((STD**2 + (MEAN - mean) ** 2) / spread + np.log(2 * np.pi * spread))
    data = -0.5 * (1 + np.log(2 * np.pi * STD**2))
    return Exact(np.array([*terms[::-1], prior]), float(model), float(data))


def measure(plan: Schedule, variance: Variance, *, off: float, draws: int, seed: int) -> Measured:
    """From draws of x_0 and of the noise."""
    rng = np.random.default_rng(seed)
    x0 = MEAN + STD * rng.standard_normal((draws, 1))
    both = np.stack(elbo.draw(eps(off), x0, plan, rng=rng, variance=variance))  # (2, T + 1, n)
    error = both.std(2, ddof=1) / draws**0.5
    totals = -both.sum(1)
    return Measured(
        both.mean(2), error, totals.mean(1), np.sqrt((error**2).sum(1)),
        totals.std(1, ddof=1) / draws**0.5,
    )  # fmt: skip
