"""What the recipes of score networks of points in the plane train on and are measured by."""

import numpy as np
import torch
from torch import Generator, Tensor

from dgmlib.checkpoints.recipe import Batch
from dgmlib.diffusion.sets import Set, named
from dgmlib.scores import field_choice, matching, network
from dgmlib.scores.field_choice import EMPTY, REACH, SIGMAS


def denoise(params: dict[str, Tensor], batch: Batch, draws: Generator) -> Tensor:
    """Mean of sigma^2 times the denoising objective, log sigma spread evenly over the batch."""
    x, n = batch.x, len(batch.x)
    share = torch.arange(n, device=x.device) + torch.rand(n, generator=draws, device=x.device)
    sigma = SIGMAS[0] * (SIGMAS[-1] / SIGMAS[0]) ** (share / n)[:, None]
    noisy = x + sigma * torch.randn(x.shape, generator=draws, device=x.device)
    each = matching.denoising(network.score(params, noisy, sigma), x, noisy, sigma)
    return (sigma[:, 0] ** 2 * each).mean()


def measure(
    params: dict[str, Tensor], batch: Batch, draws: Generator, *, data: str
) -> dict[str, Tensor]:
    """Per test point and level of SIGMAS, each (n, L).

    ``fisher``  1/2 |s - grad log q|^2 at the point with noise, q the density of noisy data
    ``left``    sigma^2 times what the denoising objective is for the exact score there
    ``empty``   1/2 |s - grad log q|^2 at a uniform point of the square; nan where q is not tiny
    """
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws).item()))
    net = {k: v.cpu().numpy() for k, v in params.items()}
    x, p = batch.x.cpu().numpy().astype(float), named(data)
    found = [_level(p, net, x, float(sigma), rng) for sigma in SIGMAS]
    names = ("fisher", "left", "empty")
    return {
        name: torch.from_numpy(np.stack(columns, 1))
        for name, columns in zip(names, zip(*found, strict=True), strict=True)
    }


def _level(
    p: Set, net: dict[str, np.ndarray], x: np.ndarray, sigma: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    noisy = x + sigma * rng.standard_normal(x.shape)
    right = field_choice.score(p, noisy, sigma)
    fisher = matching.explicit(field_choice.said(net, noisy, sigma), right)
    left = sigma**2 * matching.denoising(right, x, noisy, np.array(sigma))
    far = REACH * (2 * rng.random(x.shape) - 1)
    off = matching.explicit(field_choice.said(net, far, sigma), field_choice.score(p, far, sigma))
    tiny = field_choice.density(p, far, sigma) < EMPTY
    return fisher, left, np.where(tiny, off, np.nan)
