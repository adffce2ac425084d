r"""InfoGAN's reader shown a real digit: which category it says, and what the generator makes of it.

    x real  ->  Q(c, u | x)  ->  G(noise, argmax_c q(c|x), E_q[u])

The networks never saw a class, so a category is not a digit: accuracy is that of the best
one-to-one naming, found by the Hungarian algorithm. In the game the reader is only asked about
generated pictures: that it sorts real ones is a hope, and is measured.

References:
    InfoGAN: interpretable representation learning by information maximizing generative adversarial
    nets (Chen et al., 2016) https://arxiv.org/abs/1606.03657 (section 7.2)
    The Hungarian method for the assignment problem (Kuhn, 1955)
    https://doi.org/10.1002/nav.3800020109
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dgmlib.data import own_digit
from dgmlib.data.own_digit import Digit
from dgmlib.gan import digit_looks, digit_net
from dgmlib.gan.digit_net import Reading
from dgmlib.vae.clusters_seen import named

NOISES = 4


class Census(NamedTuple):
    """Of the bundled digits."""

    table: np.ndarray  # (categories, 10) how many digits of each class
    name: np.ndarray  # (categories,) the class of the best one-to-one naming, or -1
    accuracy: float
    error: float  # binomial standard error


class Seen(NamedTuple):
    digit: Digit
    x: np.ndarray  # (784,) what the reader is shown
    reading: Reading  # (1, ...)
    category: int  # the likeliest
    back: np.ndarray  # (1 + NOISES, 784) from the codes read: without noise, then draws of it
    every: np.ndarray  # (categories, 784) every category at the continuous codes read, no noise
    census: Census
    card: tuple[float, float] | None  # accuracy and error on test images, from the card, in %
    told: str


def look(name: str, text: str, *, centre: bool, rng: np.random.Generator) -> Seen:
    """The digit of a link as the checkpoint ``name`` reads it, and drawn back.

    A bundled digit is shown in its grey values; the reader's own has only black and white.
    """
    net = digit_net.load(name)
    digit = own_digit.parse(text, centre=centre)
    text = text or own_digit.TEXT
    bundled = text.startswith("n:")
    x = digit_looks.grey()[own_digit.number(text)] if bundled else digit.bits.astype(np.float32)
    reading = digit_net.read(net, x[None])
    category = int(reading.log_p[0].argmax())
    noise = net.shape.spread * rng.standard_normal((1 + NOISES, net.shape.noise))
    noise[0] = 0
    every = np.arange(net.shape.categories)
    scores = [s for s in net.card["scores"] if s["name"] == "code accuracy"]
    card = (float(scores[0]["value"]), float(scores[0]["error"] or 0.0)) if scores else None
    return Seen(
        digit, x, reading, category, digit_net.draw(net, noise, category, reading.mean[0]),
        digit_net.draw(net, 0 * noise[0], every, reading.mean[0]), census(name), card, net.told,
    )  # fmt: skip


def census(name: str) -> Census:
    """Which category the reader gives to each of the 5,000 bundled digits."""
    return _census(name, digit_net.load(name).card["sha256"])


@lru_cache(maxsize=2)
def _census(name: str, _sha256: str) -> Census:
    net, labels = digit_net.load(name), own_digit.bundled().labels
    category = digit_net.read(net, digit_looks.grey()).log_p.argmax(1)
    table = np.zeros((net.shape.categories, 10), int)
    np.add.at(table, (category, labels), 1)
    name_, accuracy = named(table)
    error = float(np.sqrt(accuracy * (1 - accuracy) / len(labels)))
    return Census(table, name_, accuracy, error)
