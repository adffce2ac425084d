"""The recipes of the score networks of points in the plane, one for each set, for all noise levels.

    score-<set>    s(x, sigma), for every set of :mod:`dgmlib.scores.field_choice`

The sets are known exactly, so a card tells how far the network is from the exact score: where the
data are, and where there are none.

References:
    Generative modeling by estimating gradients of the data distribution (Song & Ermon, 2019)
    https://arxiv.org/abs/1907.05600
"""

from functools import partial

import numpy as np

from dgmlib.checkpoints.plane_recipes import points
from dgmlib.checkpoints.recipe import Phase, Recipe, Score, Weights, late, mean_of, with_mean
from dgmlib.checkpoints.vae_scores import mean_score
from dgmlib.data.images import Images
from dgmlib.scores import network
from dgmlib.scores.field_choice import DATA, EMPTY, REACH, SIGMAS, checkpoint

WIDTH, DEPTH = 96, 3
EPOCHS, BATCH = 160, 512
MEAN = (network.PREFIX, "mean", 0.999)
TOLD = (0, 4, 8)  # of SIGMAS: levels that a card tells one by one

_late = partial(late, "dgmlib.checkpoints.score_losses")


def score(measured: Weights, _images: Images) -> list[Score]:
    """How far s is from the exact score, over all levels and at some."""
    n, levels = measured["fisher"].shape
    every = f"mean over {levels} levels from {SIGMAS[0]:g} to {SIGMAS[-1]:g} and {n:,} points"
    found = [
        mean_score("excess", (SIGMAS**2 * measured["fisher"]).mean(1), "squared units of e",
                   f"E sigma^2 1/2 |s - exact score|^2 on noisy data, {every}"),
        mean_score("unknowable", measured["left"].mean(1), "squared units of e",
                   "E sigma^2 1/2 |exact score + e / sigma|^2, which no network can avoid; "
                   f"{every}"),
    ]  # fmt: skip
    for i in TOLD:
        off = measured["empty"][:, i]
        off = off[np.isfinite(off)]
        told = f"E 1/2 |s - exact score|^2 at sigma = {SIGMAS[i]:g}"
        found += [
            mean_score(f"Fisher divergence, sigma = {SIGMAS[i]:g}", measured["fisher"][:, i],
                       "per square unit of x", f"{told}, noisy data, {n:,} points"),
            mean_score(f"without data, sigma = {SIGMAS[i]:g}", off, "per square unit of x",
                       f"{told}, where the density is below {EMPTY:g} of its top; {len(off):,} "
                       f"points of the square of half side {REACH:g}"),
        ]  # fmt: skip
    return found


def _recipe(name: str) -> Recipe:
    def init(_mean: np.ndarray, rng: np.random.Generator) -> Weights:
        shape = network.sizes(2, WIDTH, DEPTH, told=True)
        return with_mean(network.init(shape, rng=rng), network.PREFIX)

    phase = Phase("denoising at random noise levels", EPOCHS, _late("denoise"), (3e-3, 1e-5),
                  (network.PREFIX,), average=MEAN)  # fmt: skip
    return Recipe(
        checkpoint(name), f"Scores of points in the plane at all noise levels: {name}",
        dict(model="plane-score", data=name, predicts="score", sigma=[SIGMAS[0], SIGMAS[-1]]),
        partial(points, name), init, [phase], _late("measure", data=name), score, dynamic=False,
        batch=BATCH, family="score", grey=True, keep=lambda w: mean_of(w, network.PREFIX),
    )  # fmt: skip


RECIPES = {checkpoint(name): _recipe(name) for name in DATA}
