r"""What becomes of samples when the noise ends too early: a sweep over the number of steps.

    KL(q(x_T) || N(0, 1))         by a sum over a fine grid, for Gaussian mixtures on the line
    W_2^2 = int_0^1 (F^-1(u) - flow(Phi^-1(u)))^2 du

Samples start from N(0, 1), whatever q(x_T) is, and follow the exact probability flow to the data.
On the line a flow keeps the order of points, so it carries quantiles to quantiles: what it makes of
N(0, 1) is known, and W_2 to the data is an integral over u. Nothing but the wrong start is in it.

References:
    Common diffusion noise schedules and sample steps are flawed (Lin, Liu, Li & Yang, 2024)
    https://arxiv.org/abs/2305.08891
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from dgmlib.diffusion import health, line, samplers
from dgmlib.divergences import mixture1d
from dgmlib.divergences.mixture1d import Mixture1D, gaussian, moments

LENGTHS = np.array([5, 7, 10, 14, 20, 30, 40, 60, 80, 120, 200, 300, 500, 700, 1000])
U = (np.arange(300) + 0.5) / 300
GRID = np.linspace(-10.0, 10.0, 2501)
CURVE = 101  # points of a schedule's curve
HEUN = 40  # steps of the flow, evenly in the logarithm of k


class Sweep(NamedTuple):
    """F numbers of steps."""

    data: str
    name: str
    steps: np.ndarray  # (F,)
    alpha_bar: np.ndarray  # (F, CURVE) over t / T
    last: np.ndarray  # (F,) alpha_bar_T
    kl: np.ndarray  # (F,) nats, of q(x_T) from N(0, 1)
    least: np.ndarray  # (F,) what the moments say it is at least
    most: np.ndarray  # (F,) what the bound on log p pays for it
    well: np.ndarray  # (F,) whether that is little
    end: np.ndarray  # (F, len(GRID)) density of q(x_T)
    made: np.ndarray  # (F, len(U)) quantiles of what the flow makes of N(0, 1)
    wanted: np.ndarray  # (len(U),) quantiles of the data
    w2: np.ndarray  # (F,)


def sweep(data: str, name: str) -> Sweep:
    """Of one of ``line.DATA`` and one of ``line.PLANS``."""
    p = line.DATA[data]
    plans = [line.plan(name, int(T)) for T in LENGTHS]
    last = np.array([plan.alpha_bar[-1] for plan in plans])
    m = moments(p)
    checks = [health.check(plan, [float(m.mean)], [[float(m.var)]]) for plan in plans]
    q = line.diffused(p, last)
    log_q = mixture1d.log_prob(q, np.broadcast_to(GRID, (len(last), len(GRID))))
    end = np.exp(log_q)
    gap = log_q - mixture1d.log_prob(gaussian(0.0, 1.0), GRID)
    kl = (end * gap).sum(1) * (GRID[1] - GRID[0])
    made = np.stack([flow(p, ndtri(U), a) for a in last])
    wanted = mixture1d.quantile(p, U)
    places = np.linspace(0, 1, CURVE)
    curves = [np.interp(places, np.linspace(0, 1, len(s.beta)), s.alpha_bar) for s in plans]
    return Sweep(
        data, name, LENGTHS, np.stack(curves), last, kl, np.array([c.least for c in checks]),
        np.array([c.most for c in checks]), np.array([c.well for c in checks]), end, made, wanted,
        np.sqrt(((made - wanted) ** 2).mean(1)),
    )  # fmt: skip


def flow(p: Mixture1D, x: np.ndarray, alpha_bar: float) -> np.ndarray:
    """Where the probability flow carries points (n,) from noise level ``alpha_bar`` to the data."""
    top = (1 / alpha_bar - 1) ** 0.5
    k = np.append(0.0, np.geomspace(min(0.01, 0.5 * top), top, HEUN))
    return samplers.sample(line.eps(p), 1 / (1 + k * k), x[:, None], rule="heun").x[-1][:, 0]
