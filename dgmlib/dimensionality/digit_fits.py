r"""Handwritten digits under each assumption, fitted to few images and to many.

    binary pixels    independent, chain, best tree, neighbours, mixture of Bernoullis: bits a pixel
    grey pixels      Gaussian, full and diagonal, on (x + u) / L: bits a grey pixel

More arrows are more numbers; they pay once there are images enough to count them. The held-out
bits say which assumption is best at each n, with standard errors over the same test images.
"""

from itertools import islice
from typing import NamedTuple

import numpy as np

from dgmlib.data import digits
from dgmlib.dimensionality import bernoulli_mixture, counts, gaussian_images, pixel_networks, trees

BINARY = ("independent", "chain", "best tree", "neighbours", "mixture")
GREY = ("diagonal Gaussian", "full Gaussian")
SIZES = {
    "14 x 14": (20, 80, 300, 1200),
    "8 x 8": (10, 20, 50, 100, 200, 400, 800, 1200),
    "28 x 28": (50, 500, 4000),
}
STEPS = 10  # of EM
SHRINKAGE, FLOOR = 0.1, 0.03
SAMPLES = 8


class Fits(NamedTuple):
    """F sizes of the training set; M = 5 models of binary pixels, then 2 of grey ones."""

    name: str
    source: str
    side: int
    levels: int
    neighbours: str
    K: np.ndarray  # (F,) components of the mixture: no more than there are images
    n: np.ndarray  # (F,) training images
    n_test: int
    bits: np.ndarray  # (F, 5) a binary pixel
    bits_error: np.ndarray  # (F, 5) standard error
    grey: np.ndarray  # (F, 2) bits a grey pixel
    grey_error: np.ndarray  # (F, 2)
    n_parameters: np.ndarray  # (F, 7)
    drawn: np.ndarray  # (F, 5, SAMPLES, side, side) 0 or 1
    drawn_grey: np.ndarray  # (F, 2, SAMPLES, side, side) in units of the brightest, not cut
    real: np.ndarray  # (SAMPLES, side, side) test images, 0 or 1
    real_grey: np.ndarray  # (SAMPLES, side, side)


def fits(name: str, *, neighbours: str, K: int, pseudo: float, rng: np.random.Generator) -> Fits:
    """All models on the first n training images, for each n of ``SIZES``."""
    data = digits.load(name)
    side, sizes = data.side, SIZES[name]
    x, test = (digits.binary(part, data.levels) for part in (data.train, data.test))
    make, draw, noise = rng.spawn(3)
    z, z_test = (gaussian_images.dequantise(p, data.levels, rng=noise)
                 for p in (data.train, data.test))  # fmt: skip
    bits, error = np.empty((2, len(sizes), len(BINARY)))
    grey, grey_error = np.empty((2, len(sizes), len(GREY)))
    drawn = np.empty((len(sizes), len(BINARY), SAMPLES, side * side))
    drawn_grey = np.empty((len(sizes), len(GREY), SAMPLES, side * side))
    above = pixel_networks.neighbours(side, neighbours)
    d = side * side
    for f, n in enumerate(sizes):
        some = x[:n]
        for m, parent in enumerate(
            (trees.independent(d), trees.chain(d), trees.chow_liu(some, pseudo=pseudo))
        ):
            tree = trees.fit(some, parent, pseudo=pseudo)
            bits[f, m], error[f, m] = trees.bits_per_pixel(tree, test)
            drawn[f, m] = trees.sample(tree, SAMPLES, rng=draw)
        net = pixel_networks.fit(some, above, pseudo=pseudo)
        bits[f, 3], error[f, 3] = pixel_networks.bits_per_pixel(net, test)
        drawn[f, 3] = pixel_networks.sample(net, SAMPLES, rng=draw)
        state = bernoulli_mixture.init(some, min(K, n), rng=make)
        *_, (state, _) = islice(bernoulli_mixture.fit(some, state, b=pseudo), STEPS)
        each = -bernoulli_mixture.log_prob(state, test) / (np.log(2) * d)
        bits[f, 4], error[f, 4] = each.mean(), each.std(ddof=1) / np.sqrt(len(each))
        drawn[f, 4] = bernoulli_mixture.sample(state, SAMPLES, rng=draw)[0]
        for g, diagonal in enumerate((True, False)):
            model = gaussian_images.fit(z[:n], diagonal=diagonal, shrinkage=SHRINKAGE, floor=FLOOR)
            grey[f, g], grey_error[f, g] = gaussian_images.bits_per_pixel(
                model, z_test, data.levels
            )
            drawn_grey[f, g] = gaussian_images.sample(model, SAMPLES, rng=draw)
    square = (side, side)
    components = np.minimum(K, sizes)
    n_parameters = [[d, 2 * d - 1, 2 * d - 1, pixel_networks.n_parameters(net),
                     counts.bernoulli_mixture(d, int(k)), 2 * d, counts.gaussian(d)]
                    for k in components]  # fmt: skip
    return Fits(
        name=name, source=data.source, side=side, levels=data.levels, neighbours=neighbours,
        K=components,
        n=np.array(sizes), n_test=len(test), bits=bits, bits_error=error, grey=grey,
        grey_error=grey_error, n_parameters=np.array(n_parameters),
        drawn=drawn.reshape(*drawn.shape[:-1], *square),
        drawn_grey=drawn_grey.reshape(*drawn_grey.shape[:-1], *square),
        real=test[:SAMPLES].reshape(-1, *square).astype(float),
        real_grey=z_test[:SAMPLES].reshape(-1, *square),
    )  # fmt: skip
