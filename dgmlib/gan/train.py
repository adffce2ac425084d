r"""Two players in turns: a stream in which every move of either can be seen.

    round = n_critic moves of D, then one move of G

A move is a pure function of the state: it returns a new state and leaves the old one as it was.
The random numbers of a move depend on (seed, whose move, the how-manyth) alone, so that two methods
that start from one seed meet the same batches and the same noise, and a run that was steered by
hand can be told in words. Plain Adam throughout; b1 = 0 is RMSprop with a corrected start.

References:
    Generative adversarial nets (Goodfellow et al., 2014) https://arxiv.org/abs/1406.2661
    Wasserstein GAN (Arjovsky, Chintala & Bottou, 2017) https://arxiv.org/abs/1701.07875
    Improved training of Wasserstein GANs (Gulrajani et al., 2017) https://arxiv.org/abs/1704.00028
"""

from typing import Literal, NamedTuple

import numpy as np
import torch

from dgmlib.gan import lipschitz, players
from dgmlib.gan.losses import critic_loss, generator_loss
from dgmlib.gan.methods import LATENT, LOSS, METHODS, Method, Settings
from dgmlib.gan.players import Player

Turn = Literal["critic", "generator"]


class State(NamedTuple):
    """What the next move needs; ``steps`` of each player count its moves."""

    method: Method
    data: torch.Tensor  # (N, d)
    generator: Player
    critic: Player
    u: tuple[torch.Tensor, ...]  # of the spectral norm, one for each layer of D; else empty
    seed: int


class Info(NamedTuple):
    """What one move was about."""

    turn: Turn
    loss: float  # of this batch, the penalty included
    estimate: float  # D: minus its loss without the penalty; G: minus its loss
    penalty: float
    gradient: float  # length of the gradient of the loss in the player's weights


class Batch(NamedTuple):
    x: torch.Tensor  # (B, d) data
    z: torch.Tensor  # (B, LATENT)
    share: torch.Tensor  # (B, 1) where between a pair the penalty looks


def init(method: Method, data: np.ndarray, *, width: int = 128, depth: int = 2, seed: int) -> State:
    """Both players before their first move; ``depth`` hidden layers of ``width``, data (N, d)."""
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}; there are {', '.join(METHODS)}")
    if not (1 <= width <= 1024 and 1 <= depth <= 8):
        raise ValueError(f"width 1 to 1024 and depth 1 to 8, got {width} and {depth}")
    x = torch.from_numpy(np.array(data, dtype=np.float32))
    if x.ndim != 2 or len(x) == 0 or not bool(x.isfinite().all()):
        raise ValueError(f"data must be finite points (N, d), got shape {tuple(x.shape)}")
    hidden, d = (width,) * depth, x.shape[1]
    generator = players.init((LATENT, *hidden, d), rng=_stream(seed, 2, 0))
    critic = players.init((d, *hidden, 1), rng=_stream(seed, 3, 0))
    u: tuple[torch.Tensor, ...] = ()
    if method == "spectral-norm":
        rng = _stream(seed, 4, 0)
        u = tuple(_normal(rng, n) for n in critic.sizes[1:])
        matrices = [w for w in _weights(critic).values() if w.ndim == 2]
        u = tuple(lipschitz.power_iteration(w, a, 20).u for w, a in zip(matrices, u, strict=True))
    return State(method, x, generator, critic, u, seed)


def draw(state: State, turn: Turn, batch: int) -> Batch:
    """The batch and the noise of the coming move: a function of (seed, turn, how-manyth)."""
    player = state.critic if turn == "critic" else state.generator
    rng = _stream(state.seed, 0 if turn == "critic" else 1, player.steps)
    x = state.data[torch.from_numpy(rng.integers(len(state.data), size=batch))]
    z = _normal(rng, batch, LATENT)
    return Batch(x, z, torch.from_numpy(rng.random((batch, 1), dtype=np.float32)))


def critic_step(state: State, settings: Settings) -> tuple[State, Info]:
    """One move of D: it tells a batch of data from a batch of G, which stands still."""
    batch = draw(state, "critic", settings.batch)
    with torch.no_grad():
        fake = players.answer(_weights(state.generator), batch.z)
    critic, u, info = critic_move(
        state.method, state.critic, state.u, batch.x, fake, batch.share, settings
    )
    return state._replace(critic=critic, u=u), info


def generator_step(state: State, settings: Settings) -> tuple[State, Info]:
    """One move of G: its points follow the slope of D, which stands still."""
    batch, player = draw(state, "generator", settings.batch), state.generator
    theta = player.theta.detach().requires_grad_()
    params, _ = critic_weights(state.critic.theta, state.critic, state.u, settings.gain, n=0)
    fake = players.answer(players.weights(theta, player.sizes), batch.z)
    loss = generator_loss(LOSS[state.method], players.answer(params, fake))
    (grad,) = torch.autograd.grad(loss, theta)
    player = players.adam(player, grad, lr=settings.lr, beta1=settings.beta1, beta2=settings.beta2)
    value = float(loss.detach())
    return state._replace(generator=player), Info(
        "generator", value, -value, 0.0, float(grad.norm())
    )


def one_round(state: State, settings: Settings) -> tuple[State, tuple[Info, ...]]:
    """``n_critic`` moves of D, then one of G."""
    infos: list[Info] = []
    for _ in range(settings.n_critic):
        state, info = critic_step(state, settings)
        infos.append(info)
    state, info = generator_step(state, settings)
    return state, (*infos, info)


def critic_move(
    method: Method, critic: Player, u: tuple[torch.Tensor, ...],
    real: torch.Tensor, fake: torch.Tensor, share: torch.Tensor, settings: Settings,
) -> tuple[Player, tuple[torch.Tensor, ...], Info]:  # fmt: skip
    """D against given points (B, d) and (B, d); also for a G that is no network."""
    theta = critic.theta.detach().requires_grad_()
    params, u = critic_weights(theta, critic, u, settings.gain)
    f = players.answer(params, real), players.answer(params, fake)
    loss = critic_loss(LOSS[method], *f)
    estimate, extra = -float(loss.detach()), 0.0
    if method == "wgan-gp":
        steep = lipschitz.penalty(params, lipschitz.between(real, fake, share))
        loss, extra = loss + settings.penalty * steep, settings.penalty * float(steep.detach())
    (grad,) = torch.autograd.grad(loss, theta)
    critic = players.adam(
        critic, grad, lr=settings.critic_lr, beta1=settings.beta1, beta2=settings.beta2
    )
    if method == "wgan-clip":
        critic = critic._replace(theta=lipschitz.clip(critic.theta, settings.clip))
    return critic, u, Info("critic", extra - estimate, estimate, extra, float(grad.norm()))


def critic_weights(
    theta: torch.Tensor,
    critic: Player,
    u: tuple[torch.Tensor, ...],
    gain: float = 1.0,
    *,
    n: int = 1,
) -> tuple[dict[str, torch.Tensor], tuple[torch.Tensor, ...]]:
    """The weights D answers with: as they are, or each layer over its largest gain."""
    params, new, last = players.weights(theta, critic.sizes), [], len(u) - 1
    for i, each in enumerate(u):
        found = lipschitz.power_iteration(params[f"net.{i}.weight"], each, n)
        params[f"net.{i}.weight"] = params[f"net.{i}.weight"] / found.sigma
        new.append(found.u)
    if u:
        params[f"net.{last}.weight"] = gain * params[f"net.{last}.weight"]
    return params, tuple(new)


def _weights(player: Player) -> dict[str, torch.Tensor]:
    return players.weights(player.theta, player.sizes)


def _stream(seed: int, what: int, step: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, what, step]))


def _normal(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
