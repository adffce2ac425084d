"""What the denoiser of digits trains on and is measured by, for its recipe."""

import math
import time
from itertools import pairwise

import numpy as np
import torch
from torch import Generator, Tensor

from dgmlib.checkpoints.recipe import Batch
from dgmlib.diffusion import digit_net, elbo, samplers, schedule, unet
from dgmlib.diffusion.process import leap, parts, target

Params = dict[str, Tensor]
UNNAMED = 0.15  # of the images of a batch come without their class
MOST_SNR = 5.0  # above it, a noise level counts no more than there
T = 1000  # steps of the bound that the card tells, by the cosine schedule
LEVELS = 8  # of them are looked at for each test image
STEPS = (10, 25, 50, 250)  # of the samplers that the card compares
GUIDED = 25  # steps, with guidance 1 or without a class


def denoise(params: Params, batch: Batch, draws: Generator) -> Tensor:
    """Mean squared error of v at random noise levels, those with little noise weighed down.

    The weight is min(SNR, 5) / SNR in units of x_0, which is min(SNR, 5) / (SNR + 1) in those of v.

    References:
        Efficient diffusion training via min-SNR weighting strategy (Hang et al., 2023)
        https://arxiv.org/abs/2303.09556
    """
    n, device = len(batch.x), batch.x.device
    x0 = 2 * batch.x - 1
    spread = (torch.arange(n, device=device) + torch.rand(n, generator=draws, device=device)) / n
    angle = (0.5 * math.pi * spread).clamp(1e-3, 0.5 * math.pi - 1e-3)  # one in every n-th part
    a = angle.cos().square()
    eps = torch.randn(x0.shape, generator=draws, device=device)
    unnamed = torch.rand(n, generator=draws, device=device) < UNNAMED
    label = torch.where(unnamed, unet.NO_CLASS, batch.c.argmax(1))
    x = leap(x0, a[:, None], eps)
    away = unet.velocity(params, x, a, label).float() - target("v", x0, eps, a[:, None])
    snr = a / (1 - a)
    return (snr.clamp(max=MOST_SNR) / (snr + 1) * away.square().mean(1)).mean()


def measure(params: Params, batch: Batch, draws: Generator) -> dict[str, Tensor]:
    """Per test image: its bound in nats, and samples of its class by every number of steps.

    "seconds" is what one guided digit takes of the processor.
    """
    label = batch.c.argmax(1)
    found = measure_bound(params, batch, draws)
    noise = torch.randn(batch.x.shape, generator=draws, device=batch.x.device)
    for steps in STEPS:
        found[f"made_{steps}"] = ddim(params, noise, label, steps, guidance=0.0)
    begin = time.process_time()
    found["guided"] = ddim(params, noise, label, GUIDED, guidance=1.0)
    found["seconds"] = torch.full((len(label),), (time.process_time() - begin) / len(label))
    nobody = torch.full_like(label, unet.NO_CLASS)
    found["unnamed"] = ddim(params, noise, nobody, GUIDED, guidance=0.0)
    return found


def measure_bound(params: Params, batch: Batch, draws: Generator) -> dict[str, Tensor]:
    """Per test image: its bound in nats."""
    return {"bound": bound(params, 2 * batch.x - 1, batch.c.argmax(1), draws)}


def ddim(params: Params, noise: Tensor, label: Tensor, steps: int, *, guidance: float) -> Tensor:
    """Digits as bytes, (n, 784)."""
    levels = schedule.cosine(T).alpha_bar[schedule.thin(T, steps)]
    eps = digit_net.asked(params, label.cpu().numpy(), guidance=guidance)
    x = noise.cpu().numpy()
    for state, _ in samplers.stream(eps, levels, x, rule="ddim", clip=1.0):
        x = state.x
    return torch.from_numpy(127.5 * (x.clip(-1, 1) + 1)).round().byte()


def bound(params: Params, x0: Tensor, label: Tensor, draws: Generator) -> Tensor:
    """- log p(x_0) from above in nats, (n,): an unbiased estimate of the bound with T steps.

    Pixels are 256 levels. One step of every LEVELS-th part of 2 .. T stands for its part.
    """
    plan = schedule.cosine(T)
    a, var = plan.alpha_bar, elbo.variances(plan, "posterior")
    n, d = x0.shape

    def guess(x: Tensor, t: np.ndarray) -> Tensor:
        level = torch.from_numpy(a[t].astype(np.float32)).to(x.device)
        v = unet.velocity(params, x, level, label)
        return parts("v", v, x, level[:, None]).x0.clamp(-1, 1)

    def noisy(t: np.ndarray) -> Tensor:
        level = torch.from_numpy(a[t].astype(np.float32)).to(x0.device)[:, None]
        return leap(x0, level, torch.randn(x0.shape, generator=draws, device=x0.device))

    total = torch.zeros(n, dtype=torch.float64, device=x0.device)
    edges = np.linspace(2, T + 1, LEVELS + 1).astype(int)
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws).item()))
    for low, high in pairwise(edges):
        t = rng.integers(low, high, size=n)
        off = (guess(noisy(t), t) - x0).double().square().sum(1)
        # KL of two Gaussians of one variance: |m_q - m_p|^2 / (2 var), m = ... + gain x_0
        gain = a[t - 1] ** 0.5 * (1 - a[t] / a[t - 1]) / (1 - a[t])
        each = torch.from_numpy(gain**2 / (2 * var[t])).to(x0.device) * off
        total = total + (high - low) * each
    one = np.ones(n, dtype=int)
    mean = guess(noisy(one), one)  # of p(x_0 | x_1): the posterior mean at t = 1 is x_0-hat
    prior = 0.5 * (a[T] * x0.double().square().sum(1) - d * (a[T] + math.log1p(-a[T])))
    return total + prior + pixels(x0.double(), mean.double(), var[1] ** 0.5)


def pixels(x0: Tensor, mean: Tensor, std: float) -> Tensor:
    """- log p of 256 grey levels (n,): a Gaussian's mass between the middles of neighbours."""
    normal = torch.distributions.Normal(mean, std)
    half = 1 / 255
    upper = torch.where(x0 > 0.999, 1.0, normal.cdf(x0 + half))
    lower = torch.where(x0 < -0.999, 0.0, normal.cdf(x0 - half))
    return -(upper - lower).clamp(min=1e-12).log().sum(1)
