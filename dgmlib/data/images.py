"""Real images by name, with the source they came from."""

import gzip
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Images(NamedTuple):
    name: str
    source: str  # where they come from, for people
    train: np.ndarray  # (n, side * side) uint8, read-only
    train_labels: np.ndarray | None  # (n,) uint8
    valid: np.ndarray  # (m, side * side), may have no rows
    test: np.ndarray
    test_labels: np.ndarray | None
    levels: int  # pixels are 0 .. levels - 1
    side: int


@lru_cache(maxsize=3)
def load(name: str, *, source: str = "auto") -> Images:
    """The images called ``name``. Their arrays are shared and cannot be written to."""
    folder = Path(os.environ["DGM_DATA_DIR"])
    if name == "static-mnist":
        packed = np.load(folder / "binarized_mnist_static" / "binarized_mnist_static_packed.npz")
        train, valid, test = (
            np.unpackbits(packed[k], axis=1)[:, :784] for k in ("train", "valid", "test")
        )
        for part in (train, valid, test):
            part.flags.writeable = False
        words = "static binarisation under DGM_DATA_DIR"
        return Images(name, words, train, None, valid, test, None, 2, 28)
    if name != "mnist":
        raise ValueError(f"no images are called {name!r}; choose mnist or static-mnist")

    def idx(file: str, skip: int) -> np.ndarray:
        with gzip.open(folder / "mnist" / file) as f:
            return np.frombuffer(f.read(), np.uint8)[skip:]  # read-only, as bytes are

    x, y = idx("train-images-idx3-ubyte.gz", 16), idx("train-labels-idx1-ubyte.gz", 8)
    tx, ty = idx("t10k-images-idx3-ubyte.gz", 16), idx("t10k-labels-idx1-ubyte.gz", 8)
    x, tx = x.reshape(-1, 784), tx.reshape(-1, 784)
    words = "original idx files under DGM_DATA_DIR"
    return Images(name, words, x, y, x[:0], tx, ty, 256, 28)
