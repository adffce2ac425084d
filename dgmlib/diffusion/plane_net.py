r"""A network that names the noise of points in the plane, as a function of a dictionary of arrays.

    e(x, w) = MLP[x, cos(B x), sin(B x), cos(k w), sin(k w)],    x_t = cos(w) x_0 + sin(w) e

Told the angle of the noise and not a step's number, it can be used with any schedule. Without waves
of x a small network takes long to see narrow modes. B is drawn once and stored with the weights.

References:
    Fourier features let networks learn high frequency functions in low dimensional domains
    (Tancik et al., 2020) https://arxiv.org/abs/2006.10739
"""

from typing import Any

import numpy as np

from dgmlib.diffusion.exact import Eps
from dgmlib.vae import mlp
from dgmlib.vae.arrays import Array, library

WAVES, TURNS = 24, 4  # waves of x, and multiples of the angle
SHARPEST = 4.0  # standard deviation of the waves' frequencies, radians a unit of x
SIZES = (2 + 2 * WAVES + 2 * TURNS, 128, 128, 128, 2)
PREFIX = "net"
Params = dict[str, Array]


def init(*, rng: np.random.Generator, prefix: str = PREFIX) -> dict[str, np.ndarray]:
    """Glorot's weights, and the frequencies as ``waves.weight`` (WAVES, 2)."""
    waves = (SHARPEST * rng.standard_normal((WAVES, 2))).astype(np.float32)
    return {"waves.weight": waves} | mlp.init(prefix, SIZES, rng=rng)


def features(waves: Array, x: Array, angle: Array) -> Array:
    """(n, 2) and (n,) -> (n, SIZES[0])."""
    xp: Any = library(x)
    turn = angle[:, None] * (xp.arange(TURNS) + 1)
    phase = x @ waves.T
    parts = [x, xp.cos(phase), xp.sin(phase), xp.cos(turn), xp.sin(turn)]
    return xp.concatenate(parts, -1)


def predict(params: Params, x: Array, angle: Array, prefix: str = PREFIX) -> Array:
    """E[e | x_t = x]: (n, 2) and the angle of each, (n,), -> (n, 2)."""
    return mlp.forward(params, prefix, features(params["waves.weight"], x, angle), "leaky-relu")


def network(params: Params) -> Eps:
    """The function that a sampler asks for, of stored weights."""

    def eps(x: np.ndarray, alpha_bar: float) -> np.ndarray:
        angle = np.full(len(x), np.arctan2((1 - alpha_bar) ** 0.5, alpha_bar**0.5), np.float32)
        return predict(params, x.astype(np.float32, copy=False), angle)

    return eps
