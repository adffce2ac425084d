"""The format of the original MNIST files: a header of big-endian integers, then the bytes.

    0 0 8 d   n_1 .. n_d (4 bytes each)   n_1 * .. * n_d unsigned bytes, the last index fastest

8 stands for unsigned bytes; other kinds of numbers exist and are not read here. The files come
compressed by gzip or plain; which one it is, is seen in the first bytes.

References:
    The MNIST database of handwritten digits (LeCun, Cortes & Burges, 1998)
    https://yann.lecun.org/exdb/mnist/
"""

import gzip
import hashlib
import io
import math
import zlib
from pathlib import Path

import numpy as np

LARGEST = 100_000_000  # bytes of a file or its content; MNIST's largest has 47,040,016
AGAIN = "put the original file there again"


def read(path: Path, name: str) -> np.ndarray:
    """The read-only array in a file, which errors call ``name``. ValueError says what is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"{name} cannot be read ({error.strerror}); {AGAIN}") from None
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(LARGEST + 1)
        except EOFError:
            raise ValueError(f"{name} is truncated: its gzip stream has no end; {AGAIN}") from None
        except (OSError, zlib.error) as error:
            raise ValueError(f"{name} is damaged: {error}; {AGAIN}") from None
    return parse(data, name)


def parse(data: bytes, name: str) -> np.ndarray:
    """The array that ``data`` holds, as a view of it."""
    if len(data) < 4 or data[:3] != b"\0\0\x08" or not 1 <= data[3] <= 4:
        raise ValueError(
            f"{name} is no idx file of unsigned bytes: it begins with {data[:4].hex(' ') or 'none'}"
            f" and not with 00 00 08 and the number of dimensions; {AGAIN}"
        )
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise ValueError(f"{name} is truncated: it ends in its header; {AGAIN}")
    shape = tuple(int(n) for n in np.frombuffer(data[4:start], ">u4"))
    size = math.prod(shape)
    if len(data) != start + size:
        kind = "truncated" if len(data) < start + size else "too long"
        raise ValueError(
            f"{name} is {kind}: its header promises {' x '.join(map(str, shape))} bytes,"
            f" {len(data) - start:,} follow; {AGAIN}"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def header(shape: tuple[int, ...]) -> bytes:
    """What comes before the bytes of an array of this shape."""
    return bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()


def sha256(x: np.ndarray) -> str:
    """The sum of the uncompressed file that holds ``x``, whatever it was read from."""
    found = hashlib.sha256(header(x.shape))
    found.update(np.ascontiguousarray(x, np.uint8).data)
    return found.hexdigest()
