r"""The data of the diffusion page, sampled by Langevin: the same denoiser is a score.

    s(x, sigma) = - e*(sqrt(a) x, a) / sigma,    a = 1 / (1 + sigma^2)

since x + sigma e is what diffusion calls x_t / sqrt(a). So what was trained to name the noise can
be followed, plainly or with annealing, in the plane; chains are measured by W_2 as samplers are.

References:
    A connection between score matching and denoising autoencoders (Vincent, 2011)
    https://doi.org/10.1162/NECO_a_00142
    Generative modeling by estimating gradients of the data distribution (Song & Ermon, 2019)
    https://arxiv.org/abs/1907.05600
"""

from typing import NamedTuple

import numpy as np

from dgmlib.data.points import decode
from dgmlib.diffusion import sets
from dgmlib.diffusion.exact import Eps
from dgmlib.diffusion.plane_choice import FEWEST, chosen, denoiser, floors, w2
from dgmlib.diffusion.sets import Set
from dgmlib.scores import annealed, chains
from dgmlib.scores.exact import Score

N = 128  # chains, and data to measure them by
FIRST = 3.0  # the first noise; the sets have mean square 1 in each coordinate
FRAMES, MEASURED = 97, 9  # at most
SIDE = np.linspace(-2.7, 2.7, 10)  # where arrows begin
FEW = 8  # centres of a set whose shares are counted


class Way(NamedTuple):
    """F states of the chains, the start first."""

    x: np.ndarray  # (F, N, 2)
    w2: np.ndarray  # (M,) from the data


class Carried(NamedTuple):
    raw: np.ndarray  # (n, 2) the reader's points, before they are moved and scaled
    name: str  # what was asked for, as the diffusion page is asked
    points: str
    denoiser: str
    seed: int
    data: Set | None  # None while the reader's points are too few; then the rest is empty
    cloud: np.ndarray  # (N, 2) data
    sigmas: np.ndarray  # (L,)
    at: np.ndarray  # (F,) steps done
    sigma: np.ndarray  # (F,) of the step that led here
    arrows: np.ndarray  # (F, g, 2) sigma s(x, sigma) at the places of ``places()``
    measured: np.ndarray  # (M,) frames
    floors: np.ndarray  # (P,) W_2 of clouds of data
    ways: dict[str, Way]  # "plain", "annealed"


def carried(
    name: str, points: str, kind: str, *, levels: int, steps: int, rate: float, seed: int
) -> Carried:
    """Chains from N(0, 1 + sigma_1^2), as many steps at the last noise alone as with annealing.

    The last noise is half the width of the set; steps are ``rate`` times a variance, of the set's
    parts when plain, of the noise when annealed.
    """
    raw = decode(points)
    if 0 < len(raw) < FEWEST:
        none = np.zeros(0)
        return Carried(raw, name, points, kind, seed, None, raw[:0], none, none, none,
                       np.zeros((0, 0, 2)), none, none, {})  # fmt: skip
    data, eps = chosen(name, points), denoiser(kind, name, points)
    sigmas = annealed.geometric(FIRST, 0.5 * data.std, levels)
    sizes = rate * sigmas**2
    at, measured = frames(levels * steps)
    led = np.append(0, np.repeat(np.arange(levels), steps))[at]
    cloud = sets.draw(data, N, rng=np.random.default_rng([seed, 1]))
    last, size = sigmas[-1:], np.array([rate * data.std**2])
    seen = {"plain": walk(eps, last, size, levels * steps, seed=seed),
            "annealed": walk(eps, sigmas, sizes, steps, seed=seed)}  # fmt: skip
    field = np.stack([s * score(eps, float(s))(places()) for s in sigmas])
    return Carried(
        raw, name, points, kind, seed, data, cloud, sigmas, at, sigmas[led], field[led], measured,
        np.array(floors(name, points, N)),
        {k: Way(x[at], np.array([w2(x[at[m]], cloud) for m in measured])) for k, x in seen.items()},
    )  # fmt: skip


def score(eps: Eps, sigma: float) -> Score:
    """Of the data after noise sigma > 0, by a denoiser."""
    a = 1 / (1 + sigma**2)
    return lambda x: -eps(a**0.5 * x, a) / sigma


def walk(eps: Eps, sigmas: np.ndarray, sizes: np.ndarray, steps: int, *, seed: int) -> np.ndarray:
    """(steps in all + 1, N, 2), from the same start and with the same noise for every schedule.

    Raises:
        ValueError: chains left for infinity.
    """
    start = (1 + FIRST**2) ** 0.5 * np.random.default_rng([seed, 0]).standard_normal((N, 2))
    rng, parts = np.random.default_rng([seed, 2]), [start[None]]
    for sigma, size in zip(sigmas, sizes, strict=True):
        target = chains.of_score(score(eps, float(sigma)), 2)
        with np.errstate(over="ignore", invalid="ignore"):
            run = chains.run("ula", target, parts[-1][-1], step_size=float(size), n_steps=steps,
                             rng=rng)  # fmt: skip
        if not np.isfinite(run.x).all():
            raise ValueError(f"chains left for infinity at noise {sigma:.2g}: lower the step size")
        parts.append(run.x[1:])
    return np.concatenate(parts)


def frames(total: int) -> tuple[np.ndarray, np.ndarray]:
    """The steps that are shown, and the frames that are measured: about evenly, both ends in."""
    at = np.unique(np.linspace(0, total, min(total + 1, FRAMES)).round().astype(int))
    measured = np.linspace(0, len(at) - 1, min(len(at), MEASURED)).round().astype(int)
    return at, np.unique(measured)


def places() -> np.ndarray:
    """(g, 2) where arrows begin."""
    return np.stack(np.meshgrid(SIDE, SIDE), -1).reshape(-1, 2)


def shares(data: Set, x: np.ndarray) -> np.ndarray:
    """(k,) how many of x (n, 2) are nearest to each centre."""
    away = ((x[:, None] - data.centre) ** 2).sum(-1)
    return np.bincount(away.argmin(1), minlength=len(data.centre)) / len(x)
