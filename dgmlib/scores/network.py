r"""A score network s(x), or s(x, sigma) for many noise levels, and its derivative along directions.

    s(x)        = mlp(x)
    s(x, sigma) = mlp(x / sqrt(1 + sigma^2), log sigma) / sigma
    (ds/dx) v   carried forward beside s: y = tanh(a) turns v into (1 - y^2) v, a layer into W v

Forward derivatives cost one network each, and the loss may be differentiated through them: no
second backward pass. Functions take NumPy arrays and torch tensors; nothing here imports torch.

References:
    Generative modeling by estimating gradients of the data distribution (Song & Ermon, 2019)
    https://arxiv.org/abs/1907.05600 (the output over sigma)
    Evaluating derivatives, chapter 3 (Griewank & Walther, 2008)
    https://doi.org/10.1137/1.9780898717761 (the forward mode)
"""

from typing import NamedTuple

import numpy as np

from dgmlib.scores.exact import Score, check_sigma
from dgmlib.vae import mlp
from dgmlib.vae.arrays import Array, library

Params = dict[str, Array]
PREFIX = "net"


class Along(NamedTuple):
    score: Array  # (n, d)
    jv: Array  # (m, n, d): (ds/dx) v for every probe


def sizes(d: int, width: int, depth: int, *, told: bool) -> tuple[int, ...]:
    """Of the layers: ``depth`` hidden ones, and one input more if the noise is ``told``."""
    if not (1 <= width <= 1024 and 1 <= depth <= 8):
        raise ValueError(f"width 1 to 1024 and depth 1 to 8, got {width} and {depth}")
    return (d + told, *(width,) * depth, d)


def init(shape: tuple[int, ...], *, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Glorot's weights for layers of these sizes."""
    return mlp.init(PREFIX, shape, rng=rng)


def score(params: Params, x: Array, sigma: Array | None = None) -> Array:
    """(n, d) -> (n, d); ``sigma`` (n, 1) for a network that is told the noise."""
    if sigma is None:
        return mlp.forward(params, PREFIX, x, "tanh")
    return mlp.forward(params, PREFIX, _told(x, sigma), "tanh") / sigma


def along(params: Params, x: Array, v: Array, sigma: Array | None = None) -> Along:
    """The score at x (n, d) and its derivatives along the probes v (m, n, d)."""
    y, dy = x, v
    if sigma is not None:
        still = v[..., :1] * 0.0  # the noise stays as it is
        shrunk = v / (1 + sigma * sigma) ** 0.5
        y, dy = _told(x, sigma), library(x).concatenate([shrunk, still], -1)
    for i in range(len(params) // 2):
        if i > 0:
            y = library(y).tanh(y)
            dy = (1 - y * y) * dy
        weight = params[f"{PREFIX}.{i}.weight"]
        y, dy = y @ weight.T + params[f"{PREFIX}.{i}.bias"], dy @ weight.T
    return Along(y, dy) if sigma is None else Along(y / sigma, dy / sigma)


def at(params: dict[str, np.ndarray], sigma: float | None = None) -> Score:
    """The score as a function of x (n, d) alone, in float64; with the noise it is to be told."""
    wide = {name: np.asarray(w, dtype=float) for name, w in params.items()}
    if sigma is not None:
        check_sigma(sigma)

    def of(x: np.ndarray) -> np.ndarray:
        return score(wide, x, None if sigma is None else np.full((len(x), 1), sigma))

    return of


def _told(x: Array, sigma: Array) -> Array:
    """(n, d) -> (n, d + 1)."""
    xp = library(x)
    return xp.concatenate([x / (1 + sigma * sigma) ** 0.5, xp.log(sigma)], -1)
