r"""A player: a multilayer perceptron in one flat vector, moved by Adam.

    m <- b1 m + (1 - b1) g      v <- b2 v + (1 - b2) g^2
    theta <- theta - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

One vector makes one update of a few operations out of one for every layer, and lets a player be
kept, compared and put back: nothing is changed in place.

References:
    Adam: a method for stochastic optimization (Kingma & Ba, 2015) https://arxiv.org/abs/1412.6980
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from dgmlib.vae import mlp

EPS = 1e-8


class Player(NamedTuple):
    """A network and the memory of its optimiser."""

    theta: torch.Tensor  # (P,) all weights and biases, layer by layer
    m: torch.Tensor  # (P,) mean of the gradients
    v: torch.Tensor  # (P,) mean of their squares
    steps: int  # taken so far
    sizes: tuple[int, ...]  # (in, hidden, ..., out)


def init(sizes: tuple[int, ...], *, rng: np.random.Generator) -> Player:
    """Glorot's weights, zero biases, an optimiser without memories."""
    params = mlp.init("net", sizes, rng=rng)
    theta = torch.from_numpy(np.concatenate([a.ravel() for a in params.values()]))
    return Player(theta, torch.zeros_like(theta), torch.zeros_like(theta), 0, sizes)


def weights(theta: torch.Tensor, sizes: tuple[int, ...]) -> dict[str, torch.Tensor]:
    """The layers as views of the flat vector; autodiff passes through."""
    shapes = [shape for a, b in pairwise(sizes) for shape in ((b, a), (b,))]
    parts = theta.split([int(np.prod(shape)) for shape in shapes])
    names = [f"net.{i}.{kind}" for i in range(len(sizes) - 1) for kind in ("weight", "bias")]
    return {n: p.view(s) for n, p, s in zip(names, parts, shapes, strict=True)}


def arrays(player: Player) -> dict[str, np.ndarray]:
    """The layers as NumPy arrays, for what needs no torch."""
    return {k: w.numpy() for k, w in weights(player.theta, player.sizes).items()}


def answer(params: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """(..., in) -> (..., out): ``mlp.forward`` with leaky ReLUs, in PyTorch's fused operations."""
    for i in range(len(params) // 2):
        x = x if i == 0 else F.leaky_relu(x, mlp.SLOPE)
        x = F.linear(x, params[f"net.{i}.weight"], params[f"net.{i}.bias"])
    return x


def adam(
    player: Player, grad: torch.Tensor, *, lr: float, beta1: float = 0.5, beta2: float = 0.999
) -> Player:
    """One step down ``grad`` (P,)."""
    t = player.steps + 1
    m = torch.lerp(player.m, grad, 1 - beta1)
    v = torch.lerp(player.v, grad * grad, 1 - beta2)
    size = (v / (1 - beta2**t)).sqrt_().add_(EPS)
    theta = torch.addcdiv(player.theta, m, size, value=-lr / (1 - beta1**t))
    return Player(theta, m, v, t, player.sizes)
