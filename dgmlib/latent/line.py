r"""One latent number and a decoder that may bend.

    z ~ N(0, 1),    x | z ~ N(f(z), sigma^2)

With a straight f the posterior p(z | x) is Gaussian. With a bent f it is skewed, and with a
bowl it has two modes: two different z explain one x.
"""

from typing import NamedTuple

import numpy as np

DECODERS = ("straight", "bent", "bowl", "tilted bowl")
FORMULAS = {
    "straight": "f(z) = z",
    "bent": "f(z) = 2 tanh(1.5 z)",
    "bowl": "f(z) = z²",
    "tilted bowl": "f(z) = z² + z/2",
}
LOG_2PI = float(np.log(2 * np.pi))


class Model(NamedTuple):
    decoder: str
    noise: float  # sigma


def model(decoder: str, noise: float) -> Model:
    """A checked model."""
    if decoder not in DECODERS:
        raise ValueError(f"no decoder is called {decoder!r}; choose one of {', '.join(DECODERS)}")
    if not 0 < noise < np.inf:
        raise ValueError(f"the noise must be a positive number, got {noise}")
    return Model(decoder, noise)


def decode(decoder: str, z: np.ndarray) -> np.ndarray:
    """f(z), any shape."""
    if decoder == "straight":
        return z
    if decoder == "bent":
        return 2 * np.tanh(1.5 * z)
    return z * z if decoder == "bowl" else z * z + 0.5 * z


def slope(decoder: str, z: np.ndarray) -> np.ndarray:
    """f'(z)."""
    if decoder == "straight":
        return np.ones_like(z)
    if decoder == "bent":
        return 3 * (1 - np.tanh(1.5 * z) ** 2)
    return 2 * z if decoder == "bowl" else 2 * z + 0.5


def log_prior(z: np.ndarray) -> np.ndarray:
    return -0.5 * (z * z + LOG_2PI)


def log_likelihood(m: Model, x: float, z: np.ndarray) -> np.ndarray:
    """log p(x | z)."""
    away = (x - decode(m.decoder, z)) / m.noise
    return -0.5 * (away * away + LOG_2PI) - np.log(m.noise)


def log_joint(m: Model, x: float, z: np.ndarray) -> np.ndarray:
    """log p(x, z) = log p(z) + log p(x | z)."""
    return log_prior(z) + log_likelihood(m, x, z)


def force(m: Model, x: float, z: np.ndarray) -> np.ndarray:
    """d log p(x, z) / dz, the slope of the log posterior."""
    return -z + (x - decode(m.decoder, z)) * slope(m.decoder, z) / m.noise**2
