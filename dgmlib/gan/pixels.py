r"""Generator, critic and the reader of codes for 28 x 28 digits, as functions of dictionaries.

    generator    z -> 64 x 7 x 7 -> 32 x 14 x 14 -> 16 x 28 x 28 -> 1 x 28 x 28
    critic       1 x 28 x 28 -> 32 x 14 x 14 -> 64 x 7 x 7 -> 128 x 4 x 4 -> a number
    reader       the critic's 2,048 features -> 128 -> Q(c|x): logits of the categories,
                 means and log variances of the continuous codes

No layer looks at another image of the batch (as batch normalisation would), so that a generator
gives the same picture for a code alone as for one among many.

References:
    Unsupervised representation learning with deep convolutional generative adversarial networks
    (Radford, Metz & Chintala, 2016) https://arxiv.org/abs/1511.06434
    InfoGAN: interpretable representation learning by information maximizing generative adversarial
    nets (Chen et al., 2016) https://arxiv.org/abs/1606.03657 (one trunk for D and Q)
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from dgmlib.gan.convolution import conv, conv_transpose, leaky_relu, pixel_norm
from dgmlib.vae.arrays import Array, cast, sigmoid

SIDE = 28
CHANNELS = (64, 32, 16)  # of the generator
WIDTHS = (32, 64, 128)  # of the critic
FEATURES = WIDTHS[-1] * 4 * 4
Params = dict[str, Array]


class Read(NamedTuple):
    """Q(c|x): what the reader makes of an image."""

    logits: Array  # (n, categories)
    mean: Array  # (n, continuous)
    log_var: Array  # (n, continuous)


def init_generator(latent: int, *, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """He's normal weights and zero biases, float32."""
    a, b, c = CHANNELS
    shapes = {"0": (a * 49, latent), "1": (a, b, 4, 4), "2": (b, c, 4, 4), "3": (1, c, 3, 3)}
    inputs = {"0": latent, "1": 4 * a, "2": 4 * b, "3": 9 * c}  # each output sees so many
    outputs = {"0": a * 49, "1": b, "2": c, "3": 1}
    return _filled("generator", shapes, inputs, outputs, rng)


def init_critic(*, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The trunk ``critic.0`` to ``critic.2`` and the head ``critic.3``."""
    a, b, c = WIDTHS
    shapes = {"0": (a, 1, 4, 4), "1": (b, a, 4, 4), "2": (c, b, 3, 3), "3": (1, FEATURES)}
    return _by_fan("critic", shapes, rng)


def init_reader(categories: int, continuous: int, *, rng: np.random.Generator) -> dict:
    """``reader.0`` and ``reader.1``, whose answers are logits, means and log variances."""
    shapes = {"0": (128, FEATURES), "1": (categories + 2 * continuous, 128)}
    return _by_fan("reader", shapes, rng)


def generate(params: Params, z: Array) -> Array:
    """(n, latent) -> (n, 784) grey values between 0 and 1."""
    return sigmoid(generate_logits(params, z))


def generate_logits(params: Params, z: Array) -> Array:
    """(n, latent) -> (n, 784), before the sigmoid."""
    w = [params[f"generator.{i}.weight"] for i in range(4)]
    b = [params[f"generator.{i}.bias"] for i in range(4)]
    x = (z @ w[0].T + b[0]).reshape(len(z), CHANNELS[0], 7, 7)
    for i in (1, 2):
        x = conv_transpose(leaky_relu(pixel_norm(x)), w[i], b[i], stride=2, padding=1)
    return cast(conv(leaky_relu(pixel_norm(x)), w[3], b[3]), z).reshape(len(z), SIDE * SIDE)


def features(params: Params, x: Array) -> Array:
    """(n, 784) grey values between 0 and 1 -> (n, 2048), what critic and reader share."""
    y = 2 * x.reshape(len(x), 1, SIDE, SIDE) - 1
    for i in range(3):
        weight, bias = params[f"critic.{i}.weight"], params[f"critic.{i}.bias"]
        y = leaky_relu(conv(y, weight, bias, stride=2, padding=1))
    return y.reshape(len(x), FEATURES)


def judge(params: Params, x: Array) -> Array:
    """(n, 784) -> (n,): the critic's answer, a logit or any number."""
    return verdict(params, features(params, x))


def verdict(params: Params, seen: Array) -> Array:
    """(n, 2048) -> (n,)."""
    y = seen @ params["critic.3.weight"].T + params["critic.3.bias"]
    return y[:, 0]


def read(params: Params, seen: Array, categories: int) -> Read:
    """(n, 2048) -> Q(c|x)."""
    y = leaky_relu(seen @ params["reader.0.weight"].T + params["reader.0.bias"])
    y = y @ params["reader.1.weight"].T + params["reader.1.bias"]
    continuous = (y.shape[1] - categories) // 2
    middle = categories + continuous
    return Read(y[:, :categories], y[:, categories:middle], y[:, middle:])


def _by_fan(prefix: str, shapes: Mapping[str, Sequence[int]], rng: np.random.Generator) -> dict:
    inputs = {k: int(np.prod(s[1:])) for k, s in shapes.items()}
    return _filled(prefix, shapes, inputs, {k: s[0] for k, s in shapes.items()}, rng)


def _filled(
    prefix: str,
    shapes: Mapping[str, Sequence[int]],
    inputs: dict[str, int],
    outputs: dict[str, int],
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    params: dict[str, np.ndarray] = {}
    for name, shape in shapes.items():
        weight = rng.standard_normal(shape) * (2.0 / inputs[name]) ** 0.5
        params[f"{prefix}.{name}.weight"] = weight.astype(np.float32)
        params[f"{prefix}.{name}.bias"] = np.zeros(outputs[name], np.float32)
    return params
