r"""Training a score network as a stream, by any of the ways to match a score.

    explicit, implicit, hutchinson, sliced    the density of the data itself
    denoising                                 the data with noise sigma
    annealed                                  denoising at all levels at once, told sigma:
                                              E sigma^2 1/2 |s(x~, sigma) + e / sigma|^2

A step is a pure function of the state; its batch, its noise and its probes are a function of
(seed, step), so that two methods that start from one seed meet the same examples.

References:
    Estimation of non-normalized statistical models by score matching (Hyvarinen, 2005)
    https://jmlr.org/papers/v6/hyvarinen05a.html
    Sliced score matching: a scalable approach to density and score estimation
    (Song, Garg, Shi & Ermon, 2019) https://arxiv.org/abs/1905.07088
    Generative modeling by estimating gradients of the data distribution (Song & Ermon, 2019)
    https://arxiv.org/abs/1907.05600
"""

from typing import NamedTuple

import numpy as np
import torch

from dgmlib.gan import players
from dgmlib.gan.players import Player
from dgmlib.mixtures import gmm
from dgmlib.scores import exact, matching, network
from dgmlib.scores.learned import Settings, check


class State(NamedTuple):
    """What the next step needs; ``player.steps`` counts them."""

    player: Player
    data: np.ndarray  # (N, d)
    truth: np.ndarray | None  # (N, d) score at the data, for the explicit method
    sigmas: np.ndarray  # (L,) noise levels, falling; empty for methods without noise
    seed: int


class Info(NamedTuple):
    loss: float  # mean over the batch
    gradient: float  # length of its gradient in the weights


class Batch(NamedTuple):
    """What a step draws."""

    rows: np.ndarray  # (B,) of the data
    noise: np.ndarray  # (B, d) standard normal
    sigma: np.ndarray  # (B, 1); 1 for methods without noise
    probes: np.ndarray  # (m, B, d)


def init(data: np.ndarray, truth: gmm.Params | None, settings: Settings, *, seed: int) -> State:
    """A network before its first step. ``truth`` is needed by the explicit method alone."""
    x, sigmas = check(data, truth, settings)
    shape = network.sizes(
        x.shape[1], settings.width, settings.depth, told=settings.method == "annealed"
    )
    player = players.init(shape, rng=np.random.default_rng([seed, 0]))
    known = exact.score(truth, x) if truth is not None and settings.method == "explicit" else None
    return State(player, x, known, sigmas, seed)


def draw(state: State, settings: Settings) -> Batch:
    """The random numbers of the coming step: a function of (seed, step)."""
    rng = np.random.default_rng([state.seed, state.player.steps + 1])
    n, d = settings.batch, state.data.shape[1]
    rows, noise = rng.integers(len(state.data), size=n), rng.standard_normal((n, d))
    sigma = np.ones((n, 1))
    if len(state.sigmas):
        sigma = state.sigmas[rng.integers(len(state.sigmas), size=(n, 1))]
    if settings.method in ("hutchinson", "sliced"):
        probes = matching.probes(settings.probe, settings.probes, n, d, rng=rng)
    else:
        probes = matching.units(n, d)
    return Batch(rows, noise, sigma, probes)


def step(state: State, settings: Settings, *, lr: float | None = None) -> tuple[State, Info]:
    """One step of Adam down the mean objective of a batch, at this rate or the settings'."""
    theta = state.player.theta.detach().requires_grad_()
    params = players.weights(theta, state.player.sizes)
    loss = losses(params, state, draw(state, settings), settings).mean()
    (grad,) = torch.autograd.grad(loss, theta)
    rate = settings.lr if lr is None else lr
    player = players.adam(state.player, grad, lr=rate, beta1=0.9)
    info = Info(float(loss.detach()), float(grad.norm()))
    return state._replace(player=player), info


def losses(
    params: dict[str, torch.Tensor], state: State, batch: Batch, settings: Settings
) -> torch.Tensor:
    """The objective of every example of a batch: (B,)."""
    method = settings.method
    x = _tensor(state.data[batch.rows])
    if method in ("denoising", "annealed"):
        sigma = _tensor(batch.sigma)
        noisy = x + sigma * _tensor(batch.noise)
        if method == "denoising":
            return matching.denoising(network.score(params, noisy), x, noisy, sigma)
        s = network.score(params, noisy, sigma)
        return sigma[:, 0] ** 2 * matching.denoising(s, x, noisy, sigma)
    if state.truth is not None:
        return matching.explicit(network.score(params, x), _tensor(state.truth[batch.rows]))
    v = _tensor(batch.probes)
    s, jv = network.along(params, x, v)
    if method == "implicit":
        return matching.implicit(s, matching.along(v, jv).sum(0))
    return (matching.sliced if method == "sliced" else matching.hutchinson)(s, v, jv)


def _tensor(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(x, dtype=np.float32))
