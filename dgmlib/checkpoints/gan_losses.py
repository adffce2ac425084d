"""What the GANs and their yardstick train on, for :mod:`dgmlib.checkpoints.gan_recipes`."""

from functools import lru_cache

import torch
from torch import Generator, Tensor
from torch.nn import functional

from dgmlib.checkpoints import store
from dgmlib.checkpoints.recipe import Batch
from dgmlib.checkpoints.vae_losses import jitter
from dgmlib.classifiers import digit_cnn
from dgmlib.gan import codes, losses, pixels
from dgmlib.vae import vade

Params = dict[str, Tensor]
R1_EACH = 4  # the zero-centred penalty is taken on every fourth image of a batch


def classify(params: Params, batch: Batch, draws: Generator) -> Tensor:
    """Cross-entropy of the true class on moved digits, in nats."""
    return -(batch.c * digit_cnn.log_prob(params, jitter(batch.x, draws))).sum(1).mean()


def judge_turn(
    params: Params, batch: Batch, draws: Generator, *, kind: losses.Kind, shape: codes.Shape,
    r1: float = 0.0, penalty: float = 0.0, info: float = 0.0, teacher: str = "",
) -> Tensor:  # fmt: skip
    """The critic's loss, with its penalty, and with the reader's if there is one.

    With a ``teacher`` the reader also learns to name real digits as that VaDE clusters them.
    """
    z = codes.draw(shape, len(batch.x), draws)
    with torch.no_grad():
        fake = pixels.generate(params, z)
    real, made = pixels.judge(params, batch.x), pixels.judge(params, fake)
    loss = losses.critic_loss(kind, real.float(), made.float())
    if r1:
        loss = loss + r1 / 2 * slope(params, batch.x[::R1_EACH]).square().mean()
    if penalty:
        share = torch.rand(len(z), 1, generator=draws, device=z.device)
        between = share * batch.x + (1 - share) * fake
        loss = loss + penalty * (slope(params, between) - 1).square().mean()
    if info:
        loss = loss + info * unread(params, shape, z, fake, draws)
    if teacher:
        q = pixels.read(params, pixels.features(params, jitter(batch.x, draws)), shape.categories)
        named = clusters(batch.x, teacher)
        loss = loss - (named * functional.log_softmax(q.logits.float(), 1)).sum(1).mean()
    return loss


def clusters(x: Tensor, teacher: str) -> Tensor:
    """q(c|x) of a stored VaDE at its mean code, (n, 784) grey -> (n, clusters)."""
    params = _stored(teacher, x.device)
    with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
        return vade.clusters(params, vade.encode(params, x.float()).mean)


@lru_cache(maxsize=1)
def _stored(name: str, device: torch.device) -> Params:
    found = store.load(name, source="bundled").weights
    return {k: torch.from_numpy(v.astype("float32")).to(device) for k, v in found.items()}


def generator_turn(
    params: Params, batch: Batch, draws: Generator, *, kind: losses.Kind, shape: codes.Shape,
    info: float = 0.0,
) -> Tensor:  # fmt: skip
    """The generator's loss."""
    z = codes.draw(shape, len(batch.x), draws)
    fake = pixels.generate(params, z)
    loss = losses.generator_loss(kind, pixels.judge(params, fake).float())
    return loss + info * unread(params, shape, z, fake, draws) if info else loss


def slope(params: Params, x: Tensor) -> Tensor:
    """(n,) the norm of the critic's gradient at images (n, 784); differentiable."""
    x = x.detach().requires_grad_(True)
    (by_x,) = torch.autograd.grad(pixels.judge(params, x).float().sum(), x, create_graph=True)
    return by_x.square().sum(1).add(1e-12).sqrt()


def unread(params: Params, shape: codes.Shape, z: Tensor, fake: Tensor, draws: Generator) -> Tensor:
    """- E log q(c|x) in nats, the continuous codes at a tenth: H(c) less the bound on I(c; x).

    The reader is shown moved images, so a category cannot mean where or how slanted a digit is.
    """
    q = pixels.read(params, pixels.features(params, jitter(fake, draws)), shape.categories)
    told = codes.log_prob(shape, z, *(part.float() for part in q))
    return -(told.category + 0.1 * told.continuous).mean()


def measure_classifier(params: Params, batch: Batch, draws: Generator) -> dict:
    """Per image: log p(class|x)."""
    return {"log_prob": digit_cnn.log_prob(params, batch.x)}


def measure_generator(
    params: Params, batch: Batch, draws: Generator, *, shape: codes.Shape
) -> dict:
    """Per test image: a generated one (bytes), and what the reader says of the real one."""
    z = codes.draw(shape, len(batch.x), draws)
    found = {"made": (255 * pixels.generate(params, z)).round().byte()}
    if shape.categories:
        q = pixels.read(params, pixels.features(params, batch.x), shape.categories)
        told = codes.log_prob(
            shape,
            z,
            *pixels.read(
                params, pixels.features(params, pixels.generate(params, z)), shape.categories
            ),
        )
        found |= {
            "q_c": functional.softmax(q.logits, 1),
            "told": told.category,
            "told_continuous": told.continuous,
            "asked": z[:, shape.noise :],
        }
    return found
