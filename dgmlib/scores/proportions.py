r"""How chains share two far modes, step by step: Langevin plain and annealed, on the same noise.

    p = w N(-a, 1) + (1 - w) N(a, 1)
    plain      x <- x + r grad log p(x) + sqrt(2 r) z
    annealed   x <- x + e_i grad log p_{sigma_i}(x) + sqrt(2 e_i) z,    e_i = r sigma_i^2

The rate r is a step in units of a variance: of the modes, or of the noise. A level throws chains
farther with every step from e_i = 2 (1 + sigma_i^2) on. It keeps up if the share of its chains is
at its end what p_{sigma_i} has. All chains know are scores; shares come from :mod:`.law`, too.

References:
    Generative modeling by estimating gradients of the data distribution (Song & Ermon, 2019)
    https://arxiv.org/abs/1907.05600
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from dgmlib.mixtures import gmm
from dgmlib.scores import annealed, chains, exact, weights
from dgmlib.scores.proportions_law import laws, score_at, swelling
from dgmlib.scores.weights import Blind

N = 400  # chains
SIDE = 4.0  # chains start anywhere up to this far beyond the means
GAP = 0.05  # a share that is farther off has not been repaired
PLACES = 160  # where densities are told
DISTANCES = np.arange(1.0, 9.0)


class Run(NamedTuple):
    """F states, the start first."""

    x: np.ndarray  # (F, N)
    share: np.ndarray  # (F,) of the chains that are left of 0
    error: np.ndarray  # (F,) standard error
    exact: np.ndarray  # (F,) the share of infinitely many; nan where it is not known
    law: np.ndarray  # (F, g) their density; no rows where it is not known


class Proportions(NamedTuple):
    weight: float  # w, of the mode at -a
    distance: float  # a
    rate: float  # r
    truth: float  # the mass of p left of 0
    sigmas: np.ndarray  # (L,)
    sizes: np.ndarray  # (L,) e_i
    steps: int  # of each level
    sigma: np.ndarray  # (F,) of the step that led here
    size: np.ndarray  # (F,) its e
    wanted: np.ndarray  # (L,) the mass of p_sigma left of 0
    throw: np.ndarray  # (L,) e_i / (1 + sigma_i^2); unstable from 2 on
    y: np.ndarray  # (g,) places of the densities
    plain: Run
    annealed: Run
    blind: Blind  # w against 1/2 over half distances
    here: int  # the entry of ``blind`` that is this a


def proportions(
    weight: float, distance: float, *, first: float, last: float, levels: int, steps: int,
    rate: float, seed: int,
) -> Proportions:  # fmt: skip
    """Chains from anywhere, as many steps without annealing as with."""
    p, sigmas = weights.modes(weight, distance), annealed.geometric(first, last, levels)
    sizes = annealed.step_sizes(sigmas, rate * last**2)
    y = np.linspace(-1.0, 1.0, PLACES) * (distance + SIDE + first)
    throw = sizes / (1 + sigmas**2)
    blind, here = divergences(weight, distance)
    plain, noisy = (
        run(p, np.zeros(1), np.array([rate]), levels * steps, y, swell=swelling(rate), seed=seed),
        run(p, sigmas, sizes, steps, y, swell=swelling(float(throw.max())), seed=seed),
    )
    led = np.append(0, np.repeat(np.arange(levels), steps))
    return Proportions(
        weight, distance, rate, mass_left(p), sigmas, sizes, steps, sigmas[led], sizes[led],
        np.array([mass_left(exact.smoothed(p, float(s))) for s in sigmas]), throw, y, plain,
        noisy, blind, here,
    )  # fmt: skip


def best_known(r: Run) -> np.ndarray:
    """(F,) the exact share where it is known, that of the chains where not."""
    return np.where(np.isnan(r.exact), r.share, r.exact)


def keeps(p: Proportions) -> np.ndarray:
    """(L,) whether chains have at the end of each level the share that its density has."""
    return np.abs(best_known(p.annealed)[p.steps :: p.steps] - p.wanted) <= GAP


def repaired(p: Proportions) -> bool:
    """Whether annealed chains end with the share of the density."""
    return bool(abs(best_known(p.annealed)[-1] - p.truth) <= GAP)


def mass_left(p: gmm.Params) -> float:
    """Of a mixture on the line, left of 0."""
    return float(p.weight @ ndtr(-p.mean[:, 0] / p.cov[:, 0, 0] ** 0.5))


@lru_cache(maxsize=64)
def divergences(weight: float, distance: float) -> tuple[Blind, int]:
    """F and KL of the weights w and 1/2 over ``DISTANCES`` and this one, and where this one is."""
    every = np.union1d(DISTANCES, [distance])
    return weights.blind(every, weight, 0.5), int(np.searchsorted(every, distance))


def run(
    p: gmm.Params, sigmas: np.ndarray, sizes: np.ndarray, steps: int, y: np.ndarray, *,
    swell: float, seed: int,
) -> Run:  # fmt: skip
    """``steps`` of each level; one level of sigma 0 is plain Langevin."""
    reach = float(np.abs(p.mean).max()) + SIDE
    rng = np.random.default_rng([seed, 1])
    states = [np.random.default_rng([seed, 0]).uniform(-reach, reach, (N, 1))]
    for sigma, size in zip(sigmas, sizes, strict=True):
        target = chains.of_score(score_at(p, float(sigma)), 1)
        walked = chains.run("ula", target, states[-1], step_size=size, n_steps=steps, rng=rng)
        states += list(walked.x[1:])
    x = np.stack(states)[..., 0]
    share = (x < 0).mean(1)
    error = (share * (1 - share) / N) ** 0.5
    try:
        told = list(laws(p, sigmas, sizes, steps, y, reach=reach, swell=swell))
    except ValueError:  # no grid is both wide and fine enough
        told = []
    if not told:
        return Run(x, share, error, np.full(len(x), np.nan), np.zeros((0, len(y))))
    density = np.concatenate([(np.abs(y) < reach)[None] / (2 * reach), *(d for d, _ in told)])
    return Run(x, share, error, np.concatenate([[0.5], *(s for _, s in told)]), density)
