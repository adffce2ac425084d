r"""A U-Net for 28 x 28 digits that names the noise, as a function of a dictionary of arrays.

    x (1 x 28 x 28) -> 4 x 14 x 14 -> 32 x 14 x 14 -> 64 x 7 x 7 -> 128 x 4 x 4, attention, and back

Every pixel of the first layer is a block of 2 x 2: a quarter of the work. What was seen on the way
down is laid beside what comes up. Noise level and class shift and scale the channels of a block.
The noise level enters as the angle of x_t = cos(w) x_0 + sin(w) e, so that a network can be used
with any schedule; the network says v, which is the derivative of x_t in that angle.

References:
    Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020)
    https://arxiv.org/abs/2006.11239 (the U-Net)
    Progressive distillation for fast sampling of diffusion models (Salimans & Ho, 2022)
    https://arxiv.org/abs/2202.00512 (v)
"""

from typing import Any

import numpy as np

from dgmlib.diffusion.layers import attend, group_norm, linear, silu
from dgmlib.gan.convolution import conv, conv_transpose
from dgmlib.vae.arrays import Array, cast, library

SIDE = 28
CHANNELS = (32, 64, 128)  # at 14, 7 and 4 pixels a side
EMBEDDING, WAVES = 128, 32
CLASSES = 10
NO_CLASS = 10  # the label that says nothing
SLOWEST, FASTEST = 0.5, 100.0  # angular frequencies of the waves the angle is told in
# name: channels in, channels out of the blocks, in the order of the layers
BLOCKS = {
    "down0": (32, 32), "down1": (64, 64), "down2": (128, 128), "middle": (128, 128),
    "up1": (128, 64), "up0": (64, 32),
}  # fmt: skip
PREFIX = "net"
Params = dict[str, Array]


def init(*, rng: np.random.Generator, prefix: str = PREFIX) -> dict[str, np.ndarray]:
    """He's normal weights; the last layer of every block and of the network is 0."""
    a, b, c = CHANNELS
    shapes: dict[str, tuple[int, ...]] = {
        "time.0": (EMBEDDING, 2 * WAVES), "time.1": (EMBEDDING, EMBEDDING),
        "stem": (a, 4, 3, 3), "shrink0": (b, a, 4, 4), "shrink1": (c, b, 3, 3),
        "attention.in": (3 * c, c), "attention.out": (c, c),
        "grow1": (c, b, 3, 3), "grow0": (b, a, 4, 4), "last": (4, a, 3, 3),
    }  # fmt: skip
    for name, (n_in, n_out) in BLOCKS.items():
        shapes |= {
            f"{name}.0": (n_out, n_in, 3, 3), f"{name}.1": (n_out, n_out, 3, 3),
            f"{name}.told": (2 * n_out, EMBEDDING),
        }  # fmt: skip
        if n_in != n_out:
            shapes[f"{name}.skip"] = (n_out, n_in, 1, 1)
    params: dict[str, np.ndarray] = {}
    for name, shape in shapes.items():
        quiet = name in ("last", "attention.out") or (name[-2:] == ".1" and name != "time.1")
        fan = shape[0] * 4 if name in ("grow0", "grow1") else int(np.prod(shape[1:]))
        scale = 0.0 if quiet else (2.0 / fan) ** 0.5
        out = shape[1] if name in ("grow0", "grow1") else shape[0]
        params[f"{name}.weight"] = (scale * rng.standard_normal(shape)).astype(np.float32)
        params[f"{name}.bias"] = np.zeros(out, np.float32)
    params["class.weight"] = rng.standard_normal((CLASSES + 1, EMBEDDING)).astype(np.float32)
    for name, width in _norms().items():
        params[f"{name}.weight"] = np.ones(width, np.float32)
        params[f"{name}.bias"] = np.zeros(width, np.float32)
    return {f"{prefix}.{k}": v for k, v in params.items()}


def velocity(
    params: Params, x: Array, alpha_bar: Array, label: Array, prefix: str = PREFIX
) -> Array:
    """v(x_t): (n, 784) -> (n, 784), with ``alpha_bar`` and the class, or NO_CLASS, of each (n,)."""
    w = {k.removeprefix(f"{prefix}."): v for k, v in params.items() if k.startswith(f"{prefix}.")}
    n, c = len(x), CHANNELS[-1]
    told = _embedding(w, alpha_bar, label)
    top = _block(w, "down0", _conv(w, "stem", _patches(x)), told)
    middle = _block(w, "down1", _conv(w, "shrink0", top, stride=2), told)
    low = _block(w, "down2", _conv(w, "shrink1", middle, stride=2), told)
    tokens = group_norm(low, w["attention.norm.weight"], w["attention.norm.bias"])
    seen = attend(w, "attention", tokens.reshape(n, c, -1).swapaxes(1, 2))
    low = _block(w, "middle", low + seen.swapaxes(1, 2).reshape(low.shape), told)
    up = _block(w, "up1", _join(_grow(w, "grow1", low), middle), told)
    up = _block(w, "up0", _join(_grow(w, "grow0", up), top), told)
    up = silu(group_norm(up, w["last.norm.weight"], w["last.norm.bias"]))
    return cast(_pixels(_conv(w, "last", up)), x)


def _norms() -> dict[str, int]:
    """The width of every normalisation."""
    a, _, c = CHANNELS
    found = {"attention.norm": c, "last.norm": a}
    for name, (n_in, n_out) in BLOCKS.items():
        found |= {f"{name}.norm0": n_in, f"{name}.norm1": n_out}
    return found


def _embedding(w: Params, alpha_bar: Array, label: Array) -> Array:
    """(n,) noise levels and classes -> (n, EMBEDDING)."""
    xp: Any = library(alpha_bar)
    angle = xp.arctan2((1 - alpha_bar) ** 0.5, alpha_bar**0.5)[:, None]  # (n, 1), 0 to pi / 2
    rate = np.geomspace(SLOWEST, FASTEST, WAVES, dtype=np.float32)
    phase = angle * (rate if xp is np else xp.from_numpy(rate).to(angle.device))
    waves = xp.concatenate([xp.cos(phase), xp.sin(phase)], -1)
    told = linear(w, "time.1", silu(linear(w, "time.0", waves)))
    return silu(told + w["class.weight"][label])


def _block(w: Params, name: str, x: Array, told: Array) -> Array:
    """Two convolutions beside a shortcut."""
    y = silu(group_norm(x, w[f"{name}.norm0.weight"], w[f"{name}.norm0.bias"]))
    y = _conv(w, f"{name}.0", y)
    y = group_norm(y, w[f"{name}.norm1.weight"], w[f"{name}.norm1.bias"])
    change = linear(w, f"{name}.told", told)[:, :, None, None]
    half = change.shape[1] // 2
    y = _conv(w, f"{name}.1", silu(y * (1 + change[:, :half]) + change[:, half:]))
    return y + (_conv(w, f"{name}.skip", x, padding=0) if f"{name}.skip.weight" in w else x)


def _conv(w: Params, name: str, x: Array, *, stride: int = 1, padding: int = 1) -> Array:
    return conv(x, w[f"{name}.weight"], w[f"{name}.bias"], stride=stride, padding=padding)


def _grow(w: Params, name: str, x: Array) -> Array:
    return conv_transpose(x, w[f"{name}.weight"], w[f"{name}.bias"], stride=2, padding=1)


def _join(x: Array, y: Array) -> Array:
    return library(x).concatenate([cast(x, y), y], 1)


def _patches(x: Array) -> Array:
    """(n, 784) -> (n, 4, 14, 14): the four pixels of a block are its channels."""
    half = SIDE // 2
    x = x.reshape(len(x), half, 2, half, 2)
    order = (0, 2, 4, 1, 3)
    x = x.transpose(order) if library(x) is np else x.permute(order)
    return x.reshape(len(x), 4, half, half)


def _pixels(x: Array) -> Array:
    """(n, 4, 14, 14) -> (n, 784)."""
    half = SIDE // 2
    x = x.reshape(len(x), 2, 2, half, half)
    order = (0, 3, 1, 4, 2)
    x = x.transpose(order) if library(x) is np else x.permute(order)
    return x.reshape(len(x), SIDE * SIDE)
