r"""Four learners of one energy on the line, side by side; they differ in where the push comes from.

    step      theta <- theta + lr (- E_data phi + E_model phi)
    at x      f(x) <- f(x) + lr (pull(x) + push(x)),
              pull(x) = - E_data phi . phi(x),    push(x) = + E_model phi . phi(x)

The pull is the mean over data, the same for all. E_model phi is exact by quadrature, or the mean
over chains of :mod:`.contrastive`: k steps from the data, k steps from where they ended, or
``far`` steps from anywhere.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures import gmm
from dgmlib.scores import contrastive, energy, features
from dgmlib.scores.contrastive import HOWS, How, Settings
from dgmlib.scores.features import Features

ENERGIES = {  # learning rate, places
    "bumps": (1.2, np.linspace(-4.0, 4.0, 161)),
    "powers": (0.08, np.linspace(-3.0, 3.0, 161)),
}
CENTRES = np.linspace(-3.0, 3.0, 7)[:, None]
DATA, CHAINS, STEPS = 300, 150, 36


class Learner(NamedTuple):
    """Frame f is theta after f steps, and the step that is made from there."""

    how: How
    k: int  # Langevin steps for each step; 0 for the exact one
    theta: np.ndarray  # (F, K)
    chains: np.ndarray  # (F, CHAINS) where they ended; of the exact learner no columns
    used: np.ndarray  # (F, K) E_model phi as it was used
    error: np.ndarray  # (F, K) its standard error
    right: np.ndarray  # (F, K) E_model phi at the same theta
    log_likelihood: np.ndarray  # (F,) exact, nats for a point of the data
    energy: np.ndarray  # (F, g)
    density: np.ndarray  # (F, g)
    push: np.ndarray  # (F, g) as used
    right_push: np.ndarray  # (F, g)


class Forces(NamedTuple):
    name: str  # of the energy
    features: tuple[str, ...]  # (K,)
    lr: float
    x: np.ndarray  # (g,)
    data: np.ndarray  # (n,)
    density: np.ndarray  # (g,) of the data
    mean: np.ndarray  # (K,) E_data phi
    pull: np.ndarray  # (g,)
    best: float  # the mean of the data's own log density, nats
    learners: dict[str, Learner]  # by :data:`contrastive.HOWS`


def forces(name: str, k: int, far: int, *, step_size: float, seed: int) -> Forces:
    """``STEPS`` steps of each learner; the rest is of its chains."""
    what, lr, x = made(name)
    truth = features.wells()
    data, _ = gmm.sample(truth, DATA, rng=np.random.default_rng([seed, 0]))
    shape = what.phi(x[:, None])  # (g, K)
    mean = what.phi(data).mean(0)
    learners = {}
    for how in HOWS:
        steps = {"exact": 1, "long": far}.get(how, k)
        settings = Settings(how, steps, step_size, n=CHAINS, lr=lr)
        learners[how] = learner(what, shape, x, data, settings, seed=seed)
    return Forces(
        name, what.names, lr, x, data[:, 0], np.exp(gmm.log_prob(truth, x[:, None])), mean,
        -shape @ mean, float(gmm.log_prob(truth, data).mean()), learners,
    )  # fmt: skip


def made(name: str) -> tuple[Features, float, np.ndarray]:
    """Features, learning rate and places of an energy."""
    if name not in ENERGIES:
        raise ValueError(f"there is no energy {name!r}; there are {', '.join(ENERGIES)}")
    what = features.powers() if name == "powers" else features.bumps(CENTRES, 0.7)
    return what, *ENERGIES[name]


def learner(
    what: Features, shape: np.ndarray, x: np.ndarray, data: np.ndarray, settings: Settings, *,
    seed: int,
) -> Learner:  # fmt: skip
    """One of them, told at places x (g,) where the features are ``shape`` (g, K)."""
    theta, rows = np.zeros(shape.shape[1]), []
    for state, info in contrastive.stream(what, data, settings, steps=STEPS, seed=seed):
        used = info.used
        rows.append((theta, state.chains[:, 0], used.negative, used.error, info.exact.negative,
                     info.log_likelihood.value))  # fmt: skip
        theta = state.theta
    thetas, chains, negative, noise, right, told = (np.array(c) for c in zip(*rows, strict=True))
    exact = settings.how == "exact"
    f = what.base(x[:, None]) + thetas @ shape.T  # (F, g)
    log_z = -told - np.array([energy.energy(what, t, data).mean() for t in thetas])
    return Learner(
        settings.how, 0 if exact else settings.k, thetas, chains[:, :0] if exact else chains,
        negative, np.zeros_like(noise) if exact else noise, right, told, f,
        np.exp(-f - log_z[:, None]), negative @ shape.T, right @ shape.T,
    )  # fmt: skip
