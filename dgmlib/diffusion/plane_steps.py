"""One step of learning the noise of points in the plane, with PyTorch."""

import math

import numpy as np
import torch
from torch import Tensor

from dgmlib.diffusion import plane_net
from dgmlib.diffusion.plane_train import BATCH, DECAY, LR
from dgmlib.diffusion.process import leap

EDGE = 1e-3  # of the angles: without noise there is nothing to name


def loss(params: dict[str, Tensor], x0: Tensor, share: Tensor, eps: Tensor) -> Tensor:
    """Mean over points and coordinates; ``share`` (n,) in (0, 1) spreads the angles evenly."""
    n = len(x0)
    angle = 0.5 * math.pi * (torch.arange(n, device=x0.device) + share) / n
    angle = angle.clamp(EDGE, 0.5 * math.pi - EDGE)
    x = leap(x0, angle.cos().square()[:, None], eps)
    return (plane_net.predict(params, x, angle) - eps).square().mean()


class Run:
    """Weights, their moving average, and Adam's memory."""

    def __init__(self, params: dict[str, np.ndarray], seed: int) -> None:
        self._params = {k: torch.from_numpy(v.copy()) for k, v in params.items()}
        self._trained = [v for k, v in self._params.items() if k.startswith(plane_net.PREFIX)]
        for value in self._trained:
            value.requires_grad_(True)
        self._mean = [v.detach().clone() for v in self._trained]
        self._adam = torch.optim.Adam(self._trained, lr=LR[0], fused=True)
        self._seed, self._steps = seed, 0

    def step(self, points: np.ndarray, progress: float) -> float:
        """One update on a batch of ``points`` (N, 2); the loss before it."""
        rng = np.random.Generator(np.random.Philox(key=self._seed, counter=[0, 0, 5, self._steps]))
        x0 = points[rng.integers(len(points), size=BATCH)].astype(np.float32)
        share = rng.random(BATCH, dtype=np.float32)
        eps = rng.standard_normal((BATCH, 2), dtype=np.float32)
        first, last = LR
        for group in self._adam.param_groups:
            group["lr"] = last + (first - last) * (1 + math.cos(math.pi * progress)) / 2
        value = loss(self._params, *(torch.from_numpy(a) for a in (x0, share, eps)))
        self._adam.zero_grad()
        value.backward()
        self._adam.step()
        self._steps += 1
        decay = min(DECAY, (1 + self._steps) / (10 + self._steps))
        with torch.no_grad():
            for mean, now in zip(self._mean, self._trained, strict=True):
                mean.lerp_(now, 1 - decay)
        return float(value.detach())

    def average(self) -> dict[str, np.ndarray]:
        """The moving average of the weights, with the waves."""
        names = [k for k in self._params if k.startswith(plane_net.PREFIX)]
        means = dict(zip(names, (m.numpy().copy() for m in self._mean), strict=True))
        return {k: means.get(k, v.detach().numpy()) for k, v in self._params.items()}
