"""The recipe of the denoiser of 28 x 28 handwritten digits.

    ddpm    a U-Net of 1.3 million weights that names v at any noise level, for a class or for none

Stored is the moving average of the weights, which samples better than the weights themselves.

References:
    Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020)
    https://arxiv.org/abs/2006.11239
    Classifier-free diffusion guidance (Ho & Salimans, 2022) https://arxiv.org/abs/2207.12598
"""

from functools import partial

import numpy as np

from dgmlib.checkpoints import diffusion_scores
from dgmlib.checkpoints.recipe import Phase, Recipe, Weights, late, mean_of, with_mean
from dgmlib.data import images
from dgmlib.diffusion import unet

MEAN = ("net", "mean", 0.999)
TEST_EVERY = 4  # of the test images: each costs 410 looks of the network

_late = partial(late, "dgmlib.checkpoints.diffusion_losses")


def _init(pixel_mean: np.ndarray, rng: np.random.Generator) -> Weights:
    return with_mean(unet.init(rng=rng), unet.PREFIX)


def _denoiser(epochs: int) -> Recipe:
    phase = Phase("v at random noise levels", epochs, _late("denoise"), (1.5e-3, 1e-5),
                  (unet.PREFIX,), bfloat16=True, average=MEAN)  # fmt: skip
    settings = dict(
        model="unet", data="mnist", channels=list(unet.CHANNELS), predicts="v", scale=[-1, 1]
    )
    return Recipe(
        "ddpm", "Denoiser of digits: noise taken away step by step, guided by a class or not",
        settings, partial(images.load, "mnist"), _init, [phase], _late("measure"),
        diffusion_scores.of_denoiser, dynamic=False, test_every=TEST_EVERY, family="diffusion",
        grey=True, keep=partial(mean_of, part=unet.PREFIX),
    )  # fmt: skip


RECIPES = {"ddpm": _denoiser(20)}
