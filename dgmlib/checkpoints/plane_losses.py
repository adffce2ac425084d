"""What the denoisers of points in the plane train on and are measured by, for their recipes."""

import numpy as np
import torch
from torch import Generator, Tensor

from dgmlib.checkpoints.recipe import Batch
from dgmlib.diffusion import plane_net, plane_steps, samplers, schedule
from dgmlib.diffusion.process import leap
from dgmlib.diffusion.sets import eps as best_of
from dgmlib.diffusion.sets import named

ANGLES = 16


def denoise(params: dict[str, Tensor], batch: Batch, draws: Generator) -> Tensor:
    """Mean squared error of e at angles spread evenly over the batch."""
    x0 = batch.x
    share = torch.rand(len(x0), generator=draws, device=x0.device)
    eps = torch.randn(x0.shape, generator=draws, device=x0.device)
    return plane_steps.loss(params, x0, share, eps)


def measure(
    params: dict[str, Tensor], batch: Batch, draws: Generator, *, data: str
) -> dict[str, Tensor]:
    """Per test point: errors of e at ANGLES noise levels, and samples by DDIM and DDPM."""
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws).item()))
    net = plane_net.network({k: v.cpu().numpy() for k, v in params.items()})
    best = best_of(named(data))
    x0 = batch.x.cpu().numpy().astype(float)
    off, left = [], []
    for w in 0.5 * np.pi * (np.arange(ANGLES) + 0.5) / ANGLES:
        a, e = float(np.cos(w) ** 2), rng.standard_normal(x0.shape)
        x = leap(x0, a, e)
        truth = best(x, a)
        off.append(((net(x, a) - truth) ** 2).sum(1))
        left.append(((truth - e) ** 2).sum(1))
    noise = rng.standard_normal(x0.shape).astype(np.float32)
    short, long = schedule.cosine(50).alpha_bar, schedule.cosine(250).alpha_bar
    found = {
        "off": np.stack(off, 1),
        "left": np.stack(left, 1),
        "ddim": samplers.sample(net, short, noise, rule="ddim").x[-1],
        "ddpm": samplers.sample(net, long, noise, rule="ddpm", rng=rng).x[-1],
    }
    return {k: torch.from_numpy(v) for k, v in found.items()}
