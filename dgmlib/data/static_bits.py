"""The fixed binarisation of MNIST on which log-likelihoods are published: one draw of the bits.

Each pixel was drawn once as 0 or 1, with its grey value as the probability. It is read from what
is in the folder, in this order: the bits packed into one npz, the original text ("0 1 ... 0", a
row per image), or MATLAB files with a variable X. A copy of the text in MATLAB's format is common
under the name of the text, so the first bytes decide. All are held against the published sums of
the text.

References:
    The neural autoregressive distribution estimator (Larochelle & Murray, 2011)
    https://proceedings.mlr.press/v15/larochelle11a.html
"""

import hashlib
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dgmlib.data.idx import AGAIN

FOLDER = "binarized_mnist_static"
PACKED = "binarized_mnist_static_packed.npz"
PIXELS = 784
LARGEST = 100_000_000  # bytes of a file; the text of the training images has 78,400,000
PARTS = {  # rows, and sha256 of the original text
    "train": (50_000, "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d"),
    "valid": (10_000, "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2"),
    "test": (10_000, "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c"),
}


class Bits(NamedTuple):
    kind: str  # of file
    train: np.ndarray  # (n, 784) uint8, read-only
    valid: np.ndarray
    test: np.ndarray


def read(folder: Path) -> Bits | None:
    """The bits from the files in the folder. None if there are none."""
    if (folder / PACKED).exists():
        kind, parts = "packed", _packed(folder / PACKED)
        names = dict.fromkeys(PARTS, PACKED)
    else:
        found = {
            part: path
            for part in PARTS
            for end in ("mat", "amat")  # the text, if both are there
            if (path := folder / f"binarized_mnist_{part}.{end}").exists()
        }
        if not found:
            return None
        if missing := [f"binarized_mnist_{part}.amat" for part in PARTS if part not in found]:
            raise ValueError(f"{FOLDER} has no {' and no '.join(missing)}; {AGAIN}")
        names = {part: path.name for part, path in found.items()}
        parts = {part: _part(path) for part, path in found.items()}
        kind = "text or MATLAB files"
    for part, x in parts.items():
        name, (rows, right) = f"{FOLDER}/{names[part]}", PARTS[part]
        if x.shape != (rows, PIXELS) or x.dtype != np.uint8 or x.max(initial=0) > 1:
            raise ValueError(
                f"{name} holds {x.dtype} of shape {x.shape} as the {part} images, not"
                f" {rows:,} rows of {PIXELS} zeros and ones; {AGAIN}"
            )
        if text_sha256(x) != right:
            raise ValueError(
                f"{name} holds {part} images that are not those of the fixed binarisation"
                f" (their sha256 is another one); {AGAIN}"
            )
        x.flags.writeable = False
    return Bits(kind, **parts)


def _packed(path: Path) -> dict[str, np.ndarray]:
    raw = _bytes(path)
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            packed = {part: arrays[part] for part in PARTS}
            return {part: np.unpackbits(x, axis=1)[:, :PIXELS].copy() for part, x in packed.items()}
    except KeyError as error:
        raise ValueError(f"{FOLDER}/{path.name} has no array {error}; {AGAIN}") from None
    except (AttributeError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile,
            zlib.error, NotImplementedError, struct.error, RuntimeError) as error:  # fmt: skip
        why = str(error).partition("\n")[0][:80]
        raise ValueError(
            f"{FOLDER}/{path.name} is damaged or no npz of bits ({type(error).__name__}: {why});"
            f" {AGAIN}"
        ) from None


def _part(path: Path) -> np.ndarray:
    raw = _bytes(path)
    if raw.startswith(b"MATLAB 5.0 MAT-file"):
        from scipy.io import loadmat

        try:
            return np.array(loadmat(io.BytesIO(raw), variable_names=["X"])["X"])
        except Exception as error:  # noqa: BLE001 (scipy's reader fails in its own ways)
            raise ValueError(
                f"{FOLDER}/{path.name} is damaged, or has no variable X"
                f" ({type(error).__name__}); {AGAIN}"
            ) from None
    x = np.frombuffer(raw, np.uint8)
    if len(x) % (2 * PIXELS):
        raise ValueError(
            f"{FOLDER}/{path.name} is truncated: {len(x):,} bytes are not whole rows of"
            f" {2 * PIXELS}; {AGAIN}"
        )
    x = x.reshape(-1, PIXELS, 2)
    wrong = (x[..., 0] > ord("1")) | (x[..., 0] < ord("0"))
    wrong[:, :-1] |= x[:, :-1, 1] != ord(" ")
    wrong[:, -1] |= x[:, -1, 1] != ord("\n")
    if wrong.any():
        row = int(wrong.any(1).argmax()) + 1
        raise ValueError(
            f"{FOLDER}/{path.name} is damaged: row {row:,} is not {PIXELS} zeros and ones with"
            f" blanks between; {AGAIN}"
        )
    return x[..., 0] - np.uint8(ord("0"))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        name = f"{FOLDER}/{path.name}"
        raise ValueError(f"{name} cannot be read ({error.strerror}); {AGAIN}") from None


def text_sha256(x: np.ndarray) -> str:
    """The sum of the original text of bits (n, 784)."""
    found = hashlib.sha256()
    for start in range(0, len(x), 5_000):
        some = x[start : start + 5_000]
        text = np.full((len(some), PIXELS, 2), ord(" "), np.uint8)
        text[..., 0] = some + ord("0")
        text[:, -1, 1] = ord("\n")
        found.update(text.data)
    return found.hexdigest()
