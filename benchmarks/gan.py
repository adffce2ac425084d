"""Steps of the six GANs in the plane against plain PyTorch loops with the same networks, one run.

    python -m benchmarks.gan

The plain loop is what one would write: nn.Sequential, torch.optim.Adam(fused=True), two forward
passes of D, autodiff through autodiff for the penalty, torch's spectral_norm. Batches and noise are
drawn by torch inside the loop. Both play in turns of ROUNDS rounds on one core; a ratio is the
median over the turns of (plain seconds / ours), in CPU time. Promised is 0.9 for every method.
"""

import os
import sys
import time
from collections.abc import Callable
from statistics import median

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from dgmlib.gan import plane, train
from dgmlib.gan.losses import critic_loss, generator_loss
from dgmlib.gan.methods import DEFAULTS, LOSS, METHODS, Method

ROUNDS, TURNS, WIDTH = 10, 15, 128
PROMISED = 0.9


def network(n_in: int, n_out: int, *, spectral: bool = False) -> nn.Sequential:
    wrap = spectral_norm if spectral else lambda layer: layer
    return nn.Sequential(
        wrap(nn.Linear(n_in, WIDTH)), nn.LeakyReLU(0.2),
        wrap(nn.Linear(WIDTH, WIDTH)), nn.LeakyReLU(0.2),
        wrap(nn.Linear(WIDTH, n_out)),
    )  # fmt: skip


def plain(method: Method, data: torch.Tensor) -> Callable[[], None]:
    """Plays ROUNDS rounds more at each call."""
    s, kind = DEFAULTS[method], LOSS[method]
    G, D = network(2, 2), network(2, 1, spectral=method == "spectral-norm")
    betas = (s.beta1, s.beta2)
    of_g = torch.optim.Adam(G.parameters(), lr=s.lr, betas=betas, fused=True)
    of_d = torch.optim.Adam(D.parameters(), lr=s.critic_lr, betas=betas, fused=True)
    gain = s.gain if method == "spectral-norm" else 1.0

    def go() -> None:
        for _ in range(ROUNDS):
            for _ in range(s.n_critic):
                real = data[torch.randint(len(data), (s.batch,))]
                fake = G(torch.randn(s.batch, 2)).detach()
                loss = critic_loss(kind, gain * D(real), gain * D(fake))
                if method == "wgan-gp":
                    e = torch.rand(s.batch, 1)
                    x = (e * real + (1 - e) * fake).requires_grad_()
                    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
                    loss = loss + s.penalty * ((g.norm(dim=1) - 1) ** 2).mean()
                of_d.zero_grad()
                loss.backward()
                of_d.step()
                if method == "wgan-clip":
                    with torch.no_grad():
                        for w in D.parameters():
                            w.clamp_(-s.clip, s.clip)
            loss = generator_loss(kind, gain * D(G(torch.randn(s.batch, 2))))
            of_g.zero_grad()
            loss.backward()
            of_g.step()

    return go


def ours(method: Method, data: np.ndarray) -> Callable[[], None]:
    state = train.init(method, data, width=WIDTH, seed=0)

    def go() -> None:
        nonlocal state
        for _ in range(ROUNDS):
            state, _ = train.one_round(state, DEFAULTS[method])

    return go


def seconds(go: Callable[[], None]) -> float:
    start = time.process_time()
    go()
    return time.process_time() - start


def main() -> int:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    data = plane.named("8 Gaussians", rng=np.random.default_rng(0)).points
    print(f"{'method':<16}{'plain, ms':>11}{'ours, ms':>11}{'ratio':>8}   a round, h = {WIDTH}")
    kept = True
    for method in METHODS:
        both = plain(method, torch.from_numpy(data)), ours(method, data)
        for go in both:
            go()
        turns = [[seconds(go) for go in both] for _ in range(TURNS)]
        ratio = median(a / b for a, b in turns)
        a, b = (1000 * median(column) / ROUNDS for column in zip(*turns, strict=True))
        print(f"{method:<16}{a:>11.2f}{b:>11.2f}{ratio:>8.2f}", flush=True)
        kept = kept and ratio >= PROMISED
    print(
        f"promised: {PROMISED} of the plain loop's steps a second: {'kept' if kept else 'BROKEN'}"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
