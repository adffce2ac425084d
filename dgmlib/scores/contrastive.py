r"""The negative force by Langevin chains: how long they run, and where they start.

    g = - mean phi(data) + mean phi(y),    y after k steps of a chain
    cd          y starts at the data, anew for every step of learning        (CD-k)
    persistent  y starts where the chain of the last step of learning ended
    long        y starts anywhere, for as many steps as you like
    exact       E_p phi by quadrature

CD-k is biased: a chain that starts at the data has not left them after k steps, and where no chain
has been the energy is not pushed up. As k grows the bias goes, with MALA all of it. On the line the
mean of g over all chains is known: :func:`expected`.

References:
    Training products of experts by minimizing contrastive divergence (Hinton, 2002)
    https://doi.org/10.1162/089976602760128018 (CD-k)
    Training restricted Boltzmann machines using approximations to the likelihood gradient
    (Tieleman, 2008) https://doi.org/10.1145/1390156.1390290 (persistent)
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

import numpy as np

from dgmlib.divergences.quadrature import Estimate
from dgmlib.mixtures import gmm
from dgmlib.samplers import langevin
from dgmlib.samplers.chain import check_positive
from dgmlib.scores import chains, energy, law
from dgmlib.scores.chains import Rule
from dgmlib.scores.energy import Forces, Table
from dgmlib.scores.features import Features
from dgmlib.targets.target import Target

How = Literal["exact", "cd", "persistent", "long"]
HOWS: tuple[How, ...] = get_args(How)


class Settings(NamedTuple):
    how: How = "cd"
    k: int = 1  # Langevin steps for each step of learning
    step_size: float = 0.05  # of Langevin
    rule: Rule = "mala"
    n: int = 500  # chains
    lr: float = 0.05  # of theta, up the gradient; bumps stand ten times as much


class State(NamedTuple):
    theta: np.ndarray  # (K,)
    chains: np.ndarray  # (n, d) where the chains ended
    steps: int
    seed: int


class Info(NamedTuple):
    """At theta before the step."""

    used: Forces  # what the step followed
    exact: Forces
    log_likelihood: Estimate  # exact, nats


def init(features: Features, settings: Settings, *, seed: int) -> State:
    """theta = 0, and chains anywhere."""
    if settings.how not in HOWS:
        raise ValueError(f"the force is one of {', '.join(HOWS)}, not {settings.how!r}")
    if settings.k < 1 or settings.n < 2:
        raise ValueError(f"1 step and 2 chains at least, got {settings.k} and {settings.n}")
    check_positive("lr", settings.lr)
    rng = np.random.default_rng([seed, 0])
    start = features.start * rng.standard_normal((settings.n, features.dim))
    return State(np.zeros(len(features.names)), start, 0, seed)


def step(
    state: State, features: Features, seen: Table, data: np.ndarray, settings: Settings
) -> tuple[State, Info]:
    """One step up the gradient; its random numbers are a function of (seed, step)."""
    rng = np.random.default_rng([state.seed, state.steps + 1])
    right = energy.forces(features, seen, state.theta, data)
    ends, used = state.chains, right
    if settings.how != "exact":
        start = starts(state, features, data, settings, rng=rng)
        goal = energy.target(features, seen, state.theta)
        ends = walk(goal, start, settings, rng=rng)
        used = estimate(features, data, ends)
    info = Info(used, right, energy.log_likelihood(features, seen, state.theta, data))
    theta = state.theta + settings.lr * used.gradient
    return State(theta, ends, state.steps + 1, state.seed), info


def stream(
    features: Features, data: np.ndarray, settings: Settings, *, steps: int, seed: int
) -> Iterator[tuple[State, Info]]:
    """``steps`` steps of learning from theta = 0, for data (n, d)."""
    seen, state = energy.table(features), init(features, settings, seed=seed)
    for _ in range(steps):
        state, info = step(state, features, seen, data, settings)
        if not np.isfinite(state.theta).all():
            raise FloatingPointError(f"theta left at step {state.steps}: lower lr or step_size")
        yield state, info


def starts(
    state: State, features: Features, data: np.ndarray, settings: Settings, *,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Where the chains of the coming step begin: (n, d)."""
    if settings.how == "persistent":
        return state.chains
    if settings.how == "cd":
        return data[rng.integers(len(data), size=settings.n)]
    return features.start * rng.standard_normal((settings.n, features.dim))


def walk(
    goal: Target, x: np.ndarray, settings: Settings, *, rng: np.random.Generator
) -> np.ndarray:
    """x (n, d) after k steps of Langevin."""
    move, state = chains.stepper(settings.rule, goal), langevin.init(x, goal)
    for _ in range(settings.k):
        state, _ = move(state, goal, step_size=settings.step_size, rng=rng)
    return state.x


def estimate(features: Features, data: np.ndarray, ends: np.ndarray) -> Forces:
    """The forces with the mean over chains (n, d) in place of the model's; standard errors."""
    phi = features.phi(ends)
    error = phi.std(0, ddof=1) / len(phi) ** 0.5
    return Forces(-features.phi(data).mean(0), phi.mean(0), error)


def expected(
    features: Features, theta: np.ndarray, data: gmm.Params, settings: Settings, ks: np.ndarray
) -> np.ndarray:
    """On the line: the mean of CD-k's gradient for every k in ``ks``, over data and chains.

    (len(ks), K). Data are a mixture; k = 0 is 0: data against themselves.
    """
    if features.dim != 1:
        raise ValueError("the law of a chain is computed on the line, not in the plane")
    x = law.grid(-features.reach, features.reach, settings.step_size)

    def slope(y: np.ndarray) -> np.ndarray:
        return energy.score(features, theta, y)

    if settings.rule == "ula":
        kernel = law.ula_kernel(slope, x, settings.step_size)
    else:
        kernel = law.mala_kernel(
            slope, lambda y: -energy.energy(features, theta, y), x, settings.step_size
        )
    mass = law.cells(lambda y: gmm.log_prob(data, y), x)
    phi = features.phi(x[:, None])
    return (law.push(mass, kernel, int(np.max(ks)))[ks] - mass) @ phi
