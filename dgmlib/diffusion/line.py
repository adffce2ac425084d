r"""Noise put on data on the line, and taken off again, beside the density known at any time.

    q(x_t) = sum_k w_k N(sqrt(abar) m_k, abar s_k^2 + 1 - abar),    e = -sqrt(1 - abar) d log q / dx

Particles go forth step by step, or come back from N(0, 1) by a sampler with the best e there is.
How far a cloud of n particles is from q(x_t) is W_1 = int |F_n - F| dx; a cloud that went forth was
drawn from q(x_t) itself, so its distance is what chance alone gives.

References:
    Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020)
    https://arxiv.org/abs/2006.11239
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dgmlib.diffusion import own_schedule, process, samplers, schedule
from dgmlib.diffusion.exact import Eps
from dgmlib.diffusion.samplers import Rule
from dgmlib.diffusion.schedule import Schedule
from dgmlib.divergences import mixture1d
from dgmlib.divergences.mixture1d import Mixture1D, gaussian, mixture

DATA: dict[str, Mixture1D] = {
    "two bumps": mixture([0.35, 0.65], [-1.3, 0.8], [0.22, 0.3]),
    "narrow and wide": mixture([0.5, 0.5], [-0.8, 0.6], [0.08, 0.8]),
    "three": mixture([0.2, 0.5, 0.3], [-1.8, 0.0, 1.4], [0.12, 0.2, 0.3]),
    "one bump": gaussian(0.5, 0.4),
}
PLANS = ("cosine", "linear", "sigmoid", "linear of T = 1000")
WAYS: dict[str, Rule | None] = {
    "forth": None, "back, DDPM": "ddpm", "back, DDIM": "ddim", "back, Heun": "heun",
}  # fmt: skip
X = np.linspace(-4.0, 4.0, 321)
FINE = np.linspace(-9.0, 9.0, 3601)
N, FRAMES = 600, 60


class Walk(NamedTuple):
    """Frames in the order of the walk: F of them, forth from t = 0 or back from t = T."""

    data: str
    way: str
    t: np.ndarray  # (F,)
    alpha_bar: np.ndarray  # (F,)
    density: np.ndarray  # (F, len(X)) of q(x_t) on X
    x: np.ndarray  # (F, N) particles
    w1: np.ndarray  # (F,) of the particles from q(x_t)
    chance: np.ndarray  # (F,) of as many drawn from q(x_t)


def plan(name: str, T: int) -> Schedule:
    """A schedule by its name, or the four shares of one that was drawn (:mod:`.own_schedule`).

    "linear" has its betas made for T, the last has those of T = 1000.
    """
    if name == "linear":
        return schedule.linear(T, first=min(0.1 / T, 0.9), last=min(20 / T, 0.99))
    if name == "linear of T = 1000":
        return schedule.linear(T)
    if name[:1].isdigit():
        return own_schedule.through(own_schedule.parse(name), T)
    if name not in PLANS:
        raise ValueError(f"there is no schedule {name!r}; there are {', '.join(PLANS)}")
    return {"cosine": schedule.cosine, "sigmoid": schedule.sigmoid}[name](T)


def diffused(p: Mixture1D, alpha_bar: np.ndarray | float) -> Mixture1D:
    """q(x_t): (...,) noise levels give a batch of mixtures (..., K)."""
    a = np.asarray(alpha_bar, dtype=float)[..., None]
    std = np.sqrt(a * p.std**2 + 1 - a)
    return Mixture1D(np.broadcast_to(p.weight, std.shape), np.sqrt(a) * p.mean, std)


def eps(p: Mixture1D) -> Eps:
    """E[e | x_t] for points (n, 1), by Tweedie's formula."""

    def named(x: np.ndarray, alpha_bar: float) -> np.ndarray:
        return -((1 - alpha_bar) ** 0.5) * mixture1d.score(diffused(p, alpha_bar), x)

    return named


def walk(data: str, way: str, schedule_name: str, T: int, *, seed: int) -> Walk:
    """N particles on their way.

    Example:
        >>> there = walk("one bump", "forth", "cosine", 20, seed=0)
        >>> there.x.shape, bool(there.w1[-1] < 0.1)
        ((21, 600), True)
    """
    if data not in DATA or way not in WAYS:
        raise ValueError(f"choose of {', '.join(DATA)} and of {', '.join(WAYS)}")
    p, levels, rng = DATA[data], plan(schedule_name, T).alpha_bar, np.random.default_rng(seed)
    at = schedule.thin(T, min(FRAMES, T))
    there = forth(p, levels, rng=rng)[at]
    chance = distances(there, diffused(p, levels[at]))
    rule = WAYS[way]
    if rule is None:
        x, w1 = there, chance
    else:
        at, start = at[::-1], rng.standard_normal((N, 1))
        x = samplers.sample(eps(p), levels, start, rule=rule, rng=rng).x[::-1, :, 0][at]
        chance, w1 = chance[::-1], distances(x, diffused(p, levels[at]))
    log_q = mixture1d.log_prob(diffused(p, levels[at]), np.broadcast_to(X, (len(at), len(X))))
    return Walk(data, way, at, levels[at], np.exp(log_q), x, w1, chance)


def forth(p: Mixture1D, levels: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """(T + 1, N) particles, every one noised step by step."""
    x = [mixture1d.sample(p, N, rng=rng)]
    for before, now in pairwise(levels):
        x.append(process.step(x[-1], now / before, rng.standard_normal(N)))
    return np.stack(x)


def distances(x: np.ndarray, q: Mixture1D) -> np.ndarray:
    """W_1 of clouds (F, n) from mixtures (F, K): sums of |F_n - F| over FINE."""
    cdf = mixture1d.cdf(q, np.broadcast_to(FINE, (len(x), len(FINE))))
    counted = np.stack([np.searchsorted(np.sort(row), FINE, side="right") for row in x])
    return np.abs(counted / x.shape[1] - cdf).sum(1) * (FINE[1] - FINE[0])
