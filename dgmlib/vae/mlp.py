"""A multilayer perceptron as a function of a dictionary of arrays.

Layer i of network ``prefix`` is ``<prefix>.<i>.weight`` (out, in) and ``<prefix>.<i>.bias`` (out,):
the names and shapes of PyTorch, so that the files open there, too.

References:
    Understanding the difficulty of training deep feedforward neural networks
    (Glorot & Bengio, 2010) https://proceedings.mlr.press/v9/glorot10a.html
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from dgmlib.vae.arrays import Array, cast, library

Activation = Literal["tanh", "relu", "leaky-relu"]
SLOPE = 0.2  # of the leaky ReLU left of 0
Params = dict[str, Array]


def init(prefix: str, sizes: Sequence[int], *, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Glorot's uniform weights and zero biases, in float32, for layers of the given sizes."""
    params: dict[str, np.ndarray] = {}
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        reach = (6.0 / (n_in + n_out)) ** 0.5
        weight = rng.uniform(-reach, reach, (n_out, n_in))
        params[f"{prefix}.{i}.weight"] = weight.astype(np.float32)
        params[f"{prefix}.{i}.bias"] = np.zeros(n_out, np.float32)
    return params


def forward(params: Params, prefix: str, x: Array, activation: Activation = "tanh") -> Array:
    """(..., in) -> (..., out): the activation after every layer but the last."""
    xp, y, i = library(x), x, 0
    while f"{prefix}.{i}.weight" in params:
        if i > 0:
            y = xp.tanh(y) if activation == "tanh" else _rectified(y, activation)
        y = y @ params[f"{prefix}.{i}.weight"].T + params[f"{prefix}.{i}.bias"]
        i += 1
    if i == 0:
        raise ValueError(f"there is no network {prefix!r} among {', '.join(sorted(params))}")
    return cast(y, x)


def _rectified(y: Array, activation: Activation) -> Array:
    if activation == "relu":
        return y * (y > 0)
    xp = library(y)
    if xp is np:
        return np.maximum(y, SLOPE * y)
    return xp.nn.functional.leaky_relu(y, SLOPE)
