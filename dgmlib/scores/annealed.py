r"""Annealed Langevin dynamics: from much noise to little, a few steps at each level.

    sigma_1 > ... > sigma_L,    e_i = e (sigma_i / sigma_L)^2
    at level i, T times:  x <- x + e_i grad log p_{sigma_i}(x) + sqrt(2 e_i) z

Where the noise is wide the modes are one hill and chains cross; as it falls they are caught in the
proportions that the wide hill had. e is the step of :mod:`dgmlib.samplers.langevin`, half of the
paper's. Levels are stable for every i at once: p_sigma is no narrower than sigma, so e < sigma_L^2
will do, and the data's own width helps.

References:
    Generative modeling by estimating gradients of the data distribution (Song & Ermon, 2019)
    https://arxiv.org/abs/1907.05600
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.mixtures import gmm
from dgmlib.samplers import langevin
from dgmlib.samplers.chain import check_positive
from dgmlib.scores import chains, exact, network
from dgmlib.scores.chains import Rule
from dgmlib.targets.target import Target

Targets = Callable[[float], Target]  # sigma -> what is known of p_sigma
LEVELS, STEPS = 200, 10_000


class State(NamedTuple):
    x: np.ndarray  # (C, d)
    level: int  # 0 is the noisiest
    done: int  # steps in all


class Info(NamedTuple):
    sigma: float
    step_size: float  # e_i
    accepted: np.ndarray  # (C,), bool; all for ULA


class Path(NamedTuple):
    """Time first; frame 0 is the start."""

    x: np.ndarray  # (F, C, d)
    done: np.ndarray  # (F,) steps so far
    sigma: np.ndarray  # (F,) of the step that led here; of the first level at the start
    step_size: np.ndarray  # (F,)


def geometric(first: float, last: float, levels: int) -> np.ndarray:
    """sigma_1 = ``first``, ..., sigma_L = ``last``, each the same share of the one before: (L,)."""
    if not (1 <= levels <= LEVELS and first >= last > 0) or not np.isfinite(first):
        raise ValueError(f"first >= last > 0 and 1 to {LEVELS} levels, got {first}, {last}, "
                         f"{levels}")  # fmt: skip
    return np.geomspace(first, last, levels) if levels > 1 else np.array([float(last)])


def step_sizes(sigmas: ArrayLike, step_size: float) -> np.ndarray:
    """e_i = e (sigma_i / sigma_L)^2: (L,)."""
    s = check_sigmas(sigmas)
    check_positive("step_size", step_size)
    return step_size * (s / s[-1]) ** 2


def of_mixture(p: gmm.Params) -> Targets:
    """The exact smoothed densities of a mixture."""
    return lambda sigma: chains.of_mixture(exact.smoothed(p, sigma))


def of_network(params: dict[str, np.ndarray], dim: int) -> Targets:
    """The scores of a network that is told the noise."""
    return lambda sigma: chains.of_score(network.at(params, sigma), dim)


def stream(
    targets: Targets, sigmas: ArrayLike, x: np.ndarray, *, steps: int, step_size: float,
    rng: np.random.Generator, rule: Rule = "ula",
) -> Iterator[tuple[State, Info]]:  # fmt: skip
    """Yields after every step, ``steps`` of them at each level, from x (C, d).

    Raises:
        FloatingPointError: chains left for infinity; the message says at which level.
    """
    if not 1 <= steps <= STEPS:
        raise ValueError(f"between 1 and {STEPS} steps at a level, got {steps}")
    levels, done = check_sigmas(sigmas), 0
    for i, e in enumerate(step_sizes(levels, step_size)):
        target = targets(float(levels[i]))
        move, state = chains.stepper(rule, target), langevin.init(x, target)
        for _ in range(steps):
            state, info = move(state, target, step_size=float(e), rng=rng)
            if not np.isfinite(state.x).all():
                raise FloatingPointError(f"a chain left at sigma {levels[i]:.3g}: lower step_size")
            done += 1
            yield State(state.x, i, done), Info(float(levels[i]), float(e), info.accepted)
        x = state.x


def sample(
    targets: Targets, sigmas: ArrayLike, x: np.ndarray, *, steps: int, step_size: float,
    rng: np.random.Generator, rule: Rule = "ula", every: int = 1,
) -> Path:  # fmt: skip
    """Every ``every``-th state of a stream, its start and its end.

    Example:
        >>> p = exact.round_mixture([0.2, 0.8], [-4.0, 4.0], [0.5, 0.5])
        >>> rng = np.random.default_rng(0)
        >>> path = sample(of_mixture(p), geometric(6, 0.1, 8), rng.uniform(-8, 8, (500, 1)),
        ...               steps=20, step_size=0.002, rng=rng)
        >>> bool(0.1 < (path.x[-1] < 0).mean() < 0.3)
        True
    """
    if every < 1:
        raise ValueError(f"every first state or fewer, got every = {every}")
    s = check_sigmas(sigmas)
    total = len(s) * steps
    kept = [(np.asarray(x, dtype=float), 0, s[0], step_sizes(s, step_size)[0])]
    for state, info in stream(
        targets, s, kept[0][0], steps=steps, step_size=step_size, rng=rng, rule=rule
    ):
        if state.done % every == 0 or state.done == total:
            kept.append((state.x, state.done, info.sigma, info.step_size))
    return Path(*(np.array(column) for column in zip(*kept, strict=True)))


def check_sigmas(sigmas: ArrayLike) -> np.ndarray:
    """Noise levels (L,) as floats, positive and falling."""
    s = np.asarray(sigmas, dtype=float)
    if s.ndim != 1 or not 1 <= len(s) <= LEVELS or not np.isfinite(s).all():
        raise ValueError(f"1 to {LEVELS} finite noise levels, got {sigmas}")
    if not (s > 0).all() or not (np.diff(s) < 0).all():
        raise ValueError(f"noise levels must be positive and fall, got {s.tolist()}")
    return s
