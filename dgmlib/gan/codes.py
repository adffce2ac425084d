r"""What goes into the generator, and how well a reader finds it again on the picture.

    z = (noise ~ N(0, s^2 I), c ~ Cat(1/K) as a one-hot vector, u ~ U(-1, 1))
    log q(c, u | x) = log softmax(logits)[c] + sum_j log N(u_j; mean_j, var_j)

With a small s the category speaks louder than the noise, so that it decides what is drawn and the
noise only how.

References:
    InfoGAN: interpretable representation learning by information maximizing generative adversarial
    nets (Chen et al., 2016) https://arxiv.org/abs/1606.03657
    ClusterGAN: latent space clustering in generative adversarial networks (Mukherjee et al., 2019)
    https://arxiv.org/abs/1809.03627 (small noise beside a one-hot vector)
"""

import math
from typing import Any, NamedTuple

from dgmlib.vae.arrays import Array, library, logsumexp


class Shape(NamedTuple):
    """How many numbers of each kind, in this order."""

    noise: int
    categories: int = 0
    continuous: int = 0
    spread: float = 1.0  # standard deviation of the noise

    @property
    def latent(self) -> int:
        return self.noise + self.categories + self.continuous


class Told(NamedTuple):
    """log q of what was put in, nats."""

    category: Array  # (n,)
    continuous: Array  # (n,)


def draw(shape: Shape, n: int, generator: Any) -> Any:
    """(n, latent) torch tensor on the device of its ``torch.Generator``."""
    import torch

    where: Any = dict(generator=generator, device=generator.device)
    parts = [shape.spread * torch.randn(n, shape.noise, **where)]
    if shape.categories:
        chosen = torch.randint(shape.categories, (n,), **where)
        parts.append(torch.eye(shape.categories, device=generator.device)[chosen])
    if shape.continuous:
        parts.append(2 * torch.rand(n, shape.continuous, **where) - 1)
    return torch.cat(parts, 1)


def log_prob(shape: Shape, z: Array, logits: Array, mean: Array, log_var: Array) -> Told:
    """How much of its probability the reader gave to the codes in ``z`` (n, latent)."""
    xp = library(z)
    first, last = shape.noise, shape.noise + shape.categories
    category = (z[:, first:last] * (logits - logsumexp(logits, 1)[:, None])).sum(1)
    gap = z[:, last:] - mean
    squares = gap * gap * xp.exp(-log_var) + log_var + math.log(2 * math.pi)
    return Told(category, -0.5 * squares.sum(1))
