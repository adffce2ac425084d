"""MNIST and Fashion-MNIST as they were published: four idx files, known by their sums.

The sums are of the uncompressed files, so that the images and labels are the published ones
whatever they were read from: a gzip or plain idx file, or another format altogether.

References:
    The MNIST database of handwritten digits (LeCun, Cortes & Burges, 1998)
    https://yann.lecun.org/exdb/mnist/
    Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms
    (Xiao, Rasul & Vollgraf, 2017) https://arxiv.org/abs/1708.07747
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from dgmlib.data import idx

SIDE = 28
FOLDERS = {"mnist": "mnist", "fashion-mnist": "fashion_mnist"}
STARTS = {"train": "train", "test": "t10k"}
SUMS = {  # sha256 of the uncompressed files: images, labels
    ("mnist", "train"): (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    ("mnist", "test"): (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    ("fashion-mnist", "train"): (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    ("fashion-mnist", "test"): (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}


class Labelled(NamedTuple):
    x: np.ndarray  # (n, 784) uint8
    y: np.ndarray  # (n,) uint8


def read(name: str, folder: Path) -> dict[str, Labelled] | None:
    """ "train" and "test" from the files in the folder. None if it has none of the four."""
    some = {(part, kind): _names(part, kind) for part in STARTS for kind in ("images", "labels")}
    found = {
        key: next((name for name in names if (folder / name).exists()), None)
        for key, names in some.items()
    }
    if not any(found.values()):
        return None
    missing = [some[key][0] for key, one in found.items() if one is None]
    if missing:
        raise ValueError(f"{FOLDERS[name]} has no {' and no '.join(missing)}; {idx.AGAIN}")
    parts = {}
    for part in STARTS:
        called = [f"{FOLDERS[name]}/{found[part, kind]}" for kind in ("images", "labels")]
        x, y = (idx.read(folder.parent / one, one) for one in called)
        parts[part] = checked(name, part, x, y, called=called, remedy=idx.AGAIN)
    return parts


def _names(part: str, kind: str) -> list[str]:
    start, dims = f"{STARTS[part]}-{kind}", 3 if kind == "images" else 1
    dashed = f"{start}-idx{dims}-ubyte"
    return [f"{dashed}.gz", dashed, f"{start}.idx{dims}-ubyte"]  # as some programs unpack it


def checked(
    name: str, part: str, x: np.ndarray, y: np.ndarray, *, called: list[str], remedy: str
) -> Labelled:
    """The images and labels if they are the published ones, else a ValueError.

    Args:
        x: (n, 28, 28) uint8.
        y: (n,) uint8.
        called: the names of the files with the images and with the labels.
        remedy: what to do with a file that is refused.
    """
    if x.ndim != 3 or x.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"{called[0]} has shape {x.shape}, not n x {SIDE} x {SIDE}; {remedy}")
    if y.ndim != 1:
        raise ValueError(f"{called[1]} has shape {y.shape}, not one label after another; {remedy}")
    if y.max(initial=0) > 9:
        at = int((y > 9).argmax())
        raise ValueError(f"{called[1]}: label {at + 1:,} is {y[at]}, not 0 to 9; {remedy}")
    if len(x) != len(y):
        raise ValueError(
            f"{called[0]} has {len(x):,} images and {called[1]} has {len(y):,} labels; {remedy}"
        )
    for one, array, right in zip(called, (x, y), SUMS[name, part], strict=True):
        if idx.sha256(array) != right:
            raise ValueError(
                f"{one} does not hold the {part} set of {name}: the sha256 of its content is not"
                f" the published one; {remedy}"
            )
    x = x.reshape(len(x), -1)
    x.flags.writeable = y.flags.writeable = False
    return Labelled(x, y)
