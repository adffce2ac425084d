r"""Convolutions of images (n, channels, side, side) as functions of arrays.

    forward     y[o, i, j] = b[o] + sum_{c, u, v} w[o, c, u, v] x[c, s i + u - p, s j + v - p]
    transposed  y[o, s i + u - p, s j + v - p] += w[c, o, u, v] x[c, i, j]

with stride s and padding p; names and shapes of weights are PyTorch's. The transposed one is the
derivative of the first, so it makes an image larger: every value of x stamps its filter into y.

References:
    A guide to convolution arithmetic for deep learning (Dumoulin & Visin, 2016)
    https://arxiv.org/abs/1603.07285
    Progressive growing of GANs for improved quality, stability, and variation (Karras et al., 2018)
    https://arxiv.org/abs/1710.10196 (normalisation of every pixel)
"""

import numpy as np

from dgmlib.vae.arrays import Array, library


def conv(x: Array, weight: Array, bias: Array, *, stride: int = 1, padding: int = 1) -> Array:
    """(n, c, h, w) with weight (o, c, k, k) -> (n, o, h', w'), h' = (h + 2p - k) // s + 1."""
    xp = library(x)
    if xp is not np:
        return xp.nn.functional.conv2d(x, weight, bias, stride=stride, padding=padding)
    o, c, k, _ = weight.shape
    if stride == 1 and o < c and k == 2 * padding + 1:  # few outputs: first the sum over channels
        n, _, h, w = x.shape
        taps = weight.transpose(0, 2, 3, 1).reshape(-1, c) @ x.transpose(1, 0, 2, 3).reshape(c, -1)
        taps = taps.reshape(o, k, k, n, h, w)
        y = np.zeros((o, n, h + 2 * padding, w + 2 * padding), taps.dtype)
        for u in range(k):
            for v in range(k):
                y[:, :, k - 1 - u : k - 1 - u + h, k - 1 - v : k - 1 - v + w] += taps[:, u, v]
        inner = y[:, :, padding : padding + h, padding : padding + w]
        return inner.transpose(1, 0, 2, 3) + bias[:, None, None]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    seen = np.lib.stride_tricks.sliding_window_view(x, (k, k), (2, 3))[:, :, ::stride, ::stride]
    n, c, h, w = seen.shape[:4]
    rows = seen.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, c * k * k)
    y = rows @ weight.reshape(len(weight), -1).T + bias
    return y.reshape(n, h, w, -1).transpose(0, 3, 1, 2)


def conv_transpose(x: Array, weight: Array, bias: Array, *, stride: int, padding: int) -> Array:
    """(n, c, h, w) with weight (c, o, k, k) -> (n, o, h', w'), h' = (h - 1) s - 2p + k."""
    xp = library(x)
    if xp is not np:
        return xp.nn.functional.conv_transpose2d(x, weight, bias, stride=stride, padding=padding)
    n, c, h, w = x.shape
    o, k = weight.shape[1], weight.shape[-1]
    # channels last: what is added lies together in memory
    stamps = x.transpose(0, 2, 3, 1).reshape(-1, c) @ weight.transpose(0, 2, 3, 1).reshape(c, -1)
    stamps = stamps.reshape(n, h, w, k, k, o)
    y = np.zeros((n, (h - 1) * stride + k, (w - 1) * stride + k, o), stamps.dtype)
    for u in range(k):
        for v in range(k):
            y[:, u : u + h * stride : stride, v : v + w * stride : stride] += stamps[:, :, :, u, v]
    rows, columns = (slice(padding, side - padding) for side in y.shape[1:3])
    return (y[:, rows, columns] + bias).transpose(0, 3, 1, 2)


def leaky_relu(x: Array, slope: float = 0.2) -> Array:
    """x where positive, else ``slope * x``."""
    xp = library(x)
    return np.maximum(x, slope * x) if xp is np else xp.nn.functional.leaky_relu(x, slope)


def pixel_norm(x: Array) -> Array:
    """Every pixel's channels divided by their root mean square; knows no other image."""
    return x / ((x * x).mean(1)[:, None] + 1e-8) ** 0.5
