"""The recipes of the networks that name the noise of points in the plane, one for each set.

    eps-<set>    e(x_t, angle of the noise), for every set of :mod:`dgmlib.diffusion.sets`

The sets are known exactly, so a card tells how far the network is from the best one.

References:
    Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020)
    https://arxiv.org/abs/2006.11239
"""

from functools import partial

import numpy as np

from dgmlib.checkpoints.recipe import Phase, Recipe, Score, Weights, late, mean_of, with_mean
from dgmlib.checkpoints.vae_scores import mean_score
from dgmlib.data.images import Images
from dgmlib.diffusion import plane_net
from dgmlib.diffusion.sets import SETS, draw, named
from dgmlib.divergences.transport import wasserstein

TRAIN, TEST, CLOUD = 32_768, 2_000, 1_000
EPOCHS, BATCH = 160, 256
MEAN = (plane_net.PREFIX, "mean", 0.999)

_late = partial(late, "dgmlib.checkpoints.plane_losses")


def checkpoint(name: str) -> str:
    """The checkpoint's name of a set: "eps-two-moons"."""
    return f"eps-{name.lower().replace(' ', '-')}"


def points(name: str) -> Images:
    """Points (n, 2) where a recipe expects images: numbers as they are, without classes."""
    train, test = (
        draw(named(name), n, rng=np.random.default_rng([7, i])).astype(np.float32)
        for i, n in enumerate((TRAIN, TEST))
    )
    return Images(name, "drawn from its formula", train, None, train[:0], test, None, 2, 0)


def score(measured: Weights, images: Images) -> list[Score]:
    """How far e is from the best e, and the samples from the data."""
    n = len(measured["off"])
    times = f"{measured['off'].shape[1]} angles evenly from 0 to pi/2"
    rng = np.random.default_rng(0)
    fresh = draw(named(images.name), CLOUD, rng=rng)
    other = draw(named(images.name), CLOUD, rng=rng)
    words = f"exact W2 of {CLOUD:,} points from {CLOUD:,} points of the set"
    return [
        mean_score("error of e", 1000 * measured["off"].mean(1), "thousandths",
                   f"E|e - best e|^2, mean over {times} and {n:,} points"),
        mean_score("unknowable", 1000 * measured["left"].mean(1), "thousandths",
                   f"E|best e - true e|^2, which no network can avoid; {times}"),
        *(
            dict(name=name, value=round(wasserstein(x, fresh, order=2).value, 4), error=None,
                 unit="units of x", protocol=f"{told}; {words}")
            for name, x, told in (
                ("W2, 50 steps", measured["ddim"][:CLOUD], "DDIM, 50 cosine steps"),
                ("W2, 250 steps", measured["ddpm"][:CLOUD], "DDPM, 250 cosine steps"),
                ("W2, real", other, "the floor"),
            )
        ),
    ]  # fmt: skip


def _recipe(name: str) -> Recipe:
    def init(_mean: np.ndarray, rng: np.random.Generator) -> Weights:
        return with_mean(plane_net.init(rng=rng), plane_net.PREFIX)

    def keep(weights: Weights) -> Weights:
        return mean_of(weights, plane_net.PREFIX) | {"waves.weight": weights["waves.weight"]}

    phase = Phase("e at random noise levels", EPOCHS, _late("denoise"), (2e-3, 1e-5),
                  (plane_net.PREFIX,), average=MEAN)  # fmt: skip
    return Recipe(
        checkpoint(name), f"Denoiser of points in the plane: {name}",
        dict(model="plane-eps", data=name, predicts="eps"), partial(points, name), init, [phase],
        _late("measure", data=name), score, dynamic=False, batch=BATCH, family="diffusion",
        grey=True, keep=keep,
    )  # fmt: skip


RECIPES = {checkpoint(name): _recipe(name) for name in SETS}
