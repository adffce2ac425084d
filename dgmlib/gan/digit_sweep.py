r"""One code turned while all others hold: what the picture does, and what the reader says of it.

    x(r, c, v) = G(noise_r, c, u)      u_j = v for the code that is turned, 0 for the others

Training showed the generator -1 <= u_j <= 1 only; beyond is extrapolation. What a code means is
measured: ink, lean and width of the pictures, and the class that a classifier sees in them.

References:
    InfoGAN: interpretable representation learning by information maximizing generative adversarial
    nets (Chen et al., 2016) https://arxiv.org/abs/1606.03657 (figure 2)
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.classifiers import digit_cnn
from dgmlib.gan import digit_looks, digit_net
from dgmlib.gan.digit_net import Reading

ROWS, FRAMES, REACH = 3, 9, 2.0
TRAINED = 1.0  # |u| of the training
YARDSTICK = "digit-cnn"


class Sweep(NamedTuple):
    values: np.ndarray  # (F,) of the code that is turned
    which: int  # 0 ..: that code
    grid: np.ndarray  # (F, ROWS, categories, 784)
    seen: np.ndarray  # (F, ROWS, categories) the class that the classifier sees
    looks: np.ndarray  # (F, 3) means of ink, lean, width, in deviations of real digits
    picked: tuple[int, int]  # row, category
    reading: Reading  # of the picked image in every frame
    times: float  # the noise is so many times that of the training
    told: str


def turn(name: str, *, which: int, picked: tuple[int, int], times: float, seed: int) -> Sweep:
    """Every category under a few draws of the noise, along one continuous code.

    Args:
        which: 0 for the first continuous code, ...
        picked: row and category, from 0, of the image that is read.
        times: the noise is so many times that of the training.
    """
    net = digit_net.load(name)
    if not 0 <= which < net.shape.continuous:
        raise ValueError(f"which lies between 0 and {net.shape.continuous - 1}, got {which}")
    row, category = picked
    if not (0 <= row < ROWS and 0 <= category < net.shape.categories):
        raise ValueError(f"no image {picked}: {ROWS} rows and {net.shape.categories} categories")
    values, grid, seen, looks = _grid(name, net.card["sha256"], which, times, seed)
    return Sweep(
        values, which, grid, seen, looks, picked, digit_net.read(net, grid[:, row, category]),
        times, net.told,
    )  # fmt: skip


@lru_cache(maxsize=8)
def _grid(name: str, _sha256: str, which: int, times: float, seed: int) -> tuple:
    """The pictures do not depend on which of them is picked."""
    net = digit_net.load(name)
    values = np.linspace(-REACH, REACH, FRAMES)
    draws = np.random.default_rng(seed).standard_normal((ROWS, net.shape.noise))
    u = np.zeros((FRAMES, 1, 1, net.shape.continuous))
    u[..., which] = values[:, None, None]
    noise = times * net.shape.spread * draws[:, None]
    grid = digit_net.draw(net, noise, np.arange(net.shape.categories), u)
    grid.flags.writeable = False
    yard = store.load(YARDSTICK).weights
    seen = digit_cnn.log_prob(yard, grid.reshape(-1, grid.shape[-1])).argmax(-1)
    looks = digit_looks.in_deviations(grid).mean((1, 2))
    return values, grid, seen.reshape(grid.shape[:-1]), looks
