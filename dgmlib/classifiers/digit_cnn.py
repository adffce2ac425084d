r"""A convolutional network that tells the ten digits apart: the yardstick of the generators.

    1 x 28 x 28 -> 16 x 14 x 14 -> 32 x 7 x 7 -> 64 x 4 x 4 -> 64 features -> 10 logits

Its 64 features are to digits what Inception's are to photographs. Distances between them can be
compared with others from this network only.

References:
    Gradient-based learning applied to document recognition (LeCun, Bottou, Bengio & Haffner, 1998)
    https://doi.org/10.1109/5.726791
    GANs trained by a two time-scale update rule converge to a local Nash equilibrium
    (Heusel et al., 2017) https://arxiv.org/abs/1706.08500 (Frechet distance of features)
"""

import numpy as np

from dgmlib.gan.convolution import conv, leaky_relu
from dgmlib.vae.arrays import Array, logsumexp

SIDE = 28
FEATURES = 64
Params = dict[str, Array]


def init(*, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """He's normal weights and zero biases, float32."""
    shapes = [(16, 1, 4, 4), (32, 16, 3, 3), (64, 32, 3, 3), (FEATURES, 64 * 16), (10, FEATURES)]
    params: dict[str, np.ndarray] = {}
    for i, shape in enumerate(shapes):
        weight = rng.standard_normal(shape) * (2.0 / np.prod(shape[1:])) ** 0.5
        params[f"classifier.{i}.weight"] = weight.astype(np.float32)
        params[f"classifier.{i}.bias"] = np.zeros(shape[0], np.float32)
    return params


def features(params: Params, x: Array) -> Array:
    """(n, 784) grey values between 0 and 1 -> (n, 64)."""
    y = 2 * x.reshape(len(x), 1, SIDE, SIDE) - 1
    for i in range(3):
        weight, bias = params[f"classifier.{i}.weight"], params[f"classifier.{i}.bias"]
        y = leaky_relu(conv(y, weight, bias, stride=2, padding=1))
    y = y.reshape(len(x), -1) @ params["classifier.3.weight"].T + params["classifier.3.bias"]
    return leaky_relu(y)


def logits(params: Params, seen: Array) -> Array:
    """(n, 64) features -> (n, 10)."""
    return seen @ params["classifier.4.weight"].T + params["classifier.4.bias"]


def log_prob(params: Params, x: Array) -> Array:
    """log p(class|x), (n, 784) -> (n, 10), nats."""
    answers = logits(params, features(params, x))
    return answers - logsumexp(answers, 1)[:, None]
