r"""Layers that the denoisers are made of, for NumPy arrays and torch tensors.

    silu(x) = x / (1 + exp(-x))
    group_norm    every group of channels of an image to mean 0 and variance 1, then its own scale
    attention     softmax(q k^T / sqrt(c)) v  over the places of an image

References:
    Group normalization (Wu & He, 2018) https://arxiv.org/abs/1803.08494
    Attention is all you need (Vaswani et al., 2017) https://arxiv.org/abs/1706.03762
"""

import numpy as np

from dgmlib.vae.arrays import Array, library

GROUPS, HEADS = 8, 4
EPS = 1e-5  # added to a variance
Params = dict[str, Array]


def silu(x: Array) -> Array:
    """x sigmoid(x); the hyperbolic tangent cannot overflow."""
    xp = library(x)
    return 0.5 * x * (1 + np.tanh(0.5 * x)) if xp is np else xp.nn.functional.silu(x)


def group_norm(x: Array, weight: Array, bias: Array) -> Array:
    """(n, c, h, w), each image and group of c / GROUPS channels by itself."""
    xp = library(x)
    if xp is not np:
        return xp.nn.functional.group_norm(x, GROUPS, weight, bias, EPS)
    y = x.reshape(len(x), GROUPS, -1)
    y = y - y.mean(-1, keepdims=True)
    y /= np.sqrt((y * y).mean(-1, keepdims=True) + np.float32(EPS))
    y = y.reshape(x.shape)
    y *= weight[:, None, None]
    y += bias[:, None, None]
    return y


def linear(w: Params, name: str, x: Array) -> Array:
    """(..., in) -> (..., out)."""
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def attend(w: Params, name: str, x: Array) -> Array:
    """(n, places, c) -> (n, places, c), HEADS at once."""
    n, places, c = x.shape
    qkv = linear(w, f"{name}.in", x).reshape(n, places, 3, HEADS, c // HEADS)
    q, k, v = (qkv[:, :, i].swapaxes(1, 2) for i in range(3))  # (n, heads, places, c / heads)
    near = q @ k.swapaxes(-1, -2) * (c // HEADS) ** -0.5
    xp = library(x)
    if xp is np:
        near = np.exp(near - near.max(-1, keepdims=True))
        near /= near.sum(-1, keepdims=True)
    else:
        near = near.softmax(-1)
    return linear(w, f"{name}.out", (near @ v).swapaxes(1, 2).reshape(n, places, c))
