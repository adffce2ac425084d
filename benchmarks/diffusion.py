"""Digits a second from one network: this library's DDIM against the pipeline of diffusers.

    python -m benchmarks.diffusion

The same weights, the same number of steps, no guidance, one core, PyTorch for both. Times are of
the processor; the order alternates, and the ratio is of medians. Ends with 1 if it is below 1.
"""

import statistics
import sys
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.ddim.pipeline_ddim import DDIMPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler

from dgmlib.diffusion import digits, samplers, schedule, unet
from dgmlib.diffusion.digit_net import network

STEPS, ROUNDS = 25, 7


class Named(torch.nn.Module):
    """The U-Net as the pipeline asks for it: e of images (n, 1, 28, 28) at a time of T."""

    def __init__(self, params: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.params = params
        self.config = SimpleNamespace(sample_size=28, in_channels=1)
        self.levels = schedule.cosine(digits.T).alpha_bar
        self.dtype, self.device = torch.float32, torch.device("cpu")

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> SimpleNamespace:
        a = float(self.levels[int(t) + 1])
        flat, label = x.reshape(len(x), -1), torch.full((len(x),), unet.NO_CLASS)
        v = unet.velocity(self.params, flat, torch.full((len(x),), a), label)
        return SimpleNamespace(sample=((1 - a) ** 0.5 * flat + a**0.5 * v).reshape(x.shape))


def main() -> int:
    torch.set_num_threads(1)
    params, _ = digits.weights()
    scheduler = DDIMScheduler(num_train_timesteps=digits.T, beta_schedule="squaredcos_cap_v2",
                              clip_sample=True, timestep_spacing="trailing")  # fmt: skip
    network_for_it: Any = Named(params)  # it asks for no more of a UNet2DModel
    pipeline = DDIMPipeline(unet=network_for_it, scheduler=scheduler)
    pipeline.set_progress_bar_config(disable=True)
    fair = True
    for n in (1, 16, 64):
        label = np.full(n, unet.NO_CLASS)

        def ours(n: int = n, label: np.ndarray = label) -> None:
            noise = np.random.default_rng(0).standard_normal((n, 784)).astype(np.float32)
            eps = network(params, label)
            for _ in samplers.stream(eps, digits.grid(STEPS), noise, rule="ddim", clip=1.0):
                pass

        def theirs(n: int = n) -> None:
            pipeline(batch_size=n, num_inference_steps=STEPS, output_type="np", eta=0.0)

        took = {ours: [], theirs: []}
        ours()
        theirs()
        for _ in range(ROUNDS):
            for run in took:
                before = time.process_time()
                run()
                took[run].append(time.process_time() - before)
        mine, other = (n / statistics.median(took[run]) for run in (ours, theirs))
        fair &= mine >= 0.98 * other  # the network is nearly all of it; 2 % is noise
        sys.stdout.write(
            f"{n:3d} digits, {STEPS} steps: {mine:6.1f} a second, diffusers {other:6.1f}, "
            f"ratio {mine / other:.2f}\n"
        )
    return 0 if fair else 1


if __name__ == "__main__":
    sys.exit(main())
