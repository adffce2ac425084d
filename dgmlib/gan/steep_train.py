r"""The training behind :mod:`.steep`: steps of Adam up E_p f - E_q f, and what each way adds.

    clipping        w <- min(max(w, -c), c), after the step (and before the first)
    penalty         - lambda E (|grad f(x^)| - 1)^2 in the objective, x^ between pairs of points
    spectral norm   f is computed with W / sigma(W), K times the last; Adam moves W

References:
    Wasserstein GAN (Arjovsky, Chintala & Bottou, 2017) https://arxiv.org/abs/1701.07875
    Improved training of Wasserstein GANs (Gulrajani et al., 2017) https://arxiv.org/abs/1704.00028
    Spectral normalization for generative adversarial networks (Miyato et al., 2018)
    https://arxiv.org/abs/1802.05957
"""

import numpy as np
import torch

from dgmlib.divergences.transport import wasserstein
from dgmlib.gan import lipschitz, players
from dgmlib.gan.losses import critic_loss
from dgmlib.gan.players import Player
from dgmlib.gan.steep import POINTS, REACH, Steep, amount, beside, clouds, look
from dgmlib.gan.train import critic_weights
from dgmlib.jobs import Job, Progress

LR = 1e-3


def learn(
    way: str, strength: str, seed: int, steps: int, frames: int, width: int, grid: int
) -> Job[Steep]:
    far = amount(way, strength)
    real, fake = clouds(rng=np.random.default_rng([seed, 0]))
    rng = np.random.default_rng([seed, 1])
    critic = players.init((2, width, width, 1), rng=rng)
    u: tuple[torch.Tensor, ...] = ()
    if way == "spectral norm":
        u = tuple(
            torch.from_numpy(rng.standard_normal(n, dtype=np.float32)) for n in critic.sizes[1:]
        )
        u = critic_weights(critic.theta, critic, u, far, n=20)[1]
    critic = _clipped(critic, way, far)
    axis = np.linspace(-REACH, REACH, grid)
    place = np.stack(np.meshgrid(axis, axis), -1)  # (g, g, 2), row = y
    pairs = lipschitz.between(real, fake, rng.random((POINTS, 1)))
    x, y = torch.from_numpy(real), torch.from_numpy(fake)
    when = set(np.linspace(0, steps, min(frames, steps + 1)).round().astype(int).tolist())
    rows = []
    for k in range(steps + 1):
        if k > 0:
            share = torch.from_numpy(rng.random((POINTS, 1), dtype=np.float32))
            critic, u = move(critic, u, way, far, x, y, share)
        if k in when:
            params = {
                n: w.numpy()
                for n, w in critic_weights(critic.theta, critic, u, far, n=0)[0].items()
            }
            rows.append(
                (k, *look(params, place, pairs, real, fake, far if way == "clipping" else 0.0))
            )
            yield Progress(k, steps, f"step {k} of {steps}")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    w1 = wasserstein(real, fake, order=1).value
    return beside(way, strength, seed, w1, *columns)


def move(
    critic: Player, u: tuple[torch.Tensor, ...], way: str, far: float,
    real: torch.Tensor, fake: torch.Tensor, share: torch.Tensor,
) -> tuple[Player, tuple[torch.Tensor, ...]]:  # fmt: skip
    """One step of Adam up E_p f - E_q f, with what ``way`` adds to it."""
    theta = critic.theta.detach().requires_grad_()
    params, u = critic_weights(theta, critic, u, far, n=1)
    loss = critic_loss("wasserstein", players.answer(params, real), players.answer(params, fake))
    if way == "penalty":
        loss = loss + far * lipschitz.penalty(params, lipschitz.between(real, fake, share))
    (grad,) = torch.autograd.grad(loss, theta)
    beta1 = 0.0 if way == "clipping" else 0.5
    critic = players.adam(critic, grad, lr=LR, beta1=beta1, beta2=0.99)
    return _clipped(critic, way, far), u


def _clipped(critic: Player, way: str, c: float) -> Player:
    if way != "clipping":
        return critic
    return critic._replace(theta=lipschitz.clip(critic.theta, c))
