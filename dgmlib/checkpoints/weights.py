"""From the bytes of a file to arrays that are what the card says, or one clear sentence.

Only safetensors, a list of arrays and nothing else. A pickle is a program: it is never read.

Reference:
    safetensors (Hugging Face) https://github.com/huggingface/safetensors
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np

Weights = dict[str, np.ndarray]


def read(data: bytes, card: Mapping[str, Any], file: str) -> Weights:
    """The arrays in ``data``, float32 (or integers) and read-only. ValueError names ``file``."""
    safe = looks_safe(data)
    if data.startswith((b"PK\x03\x04", b"\x80")) and not safe:
        raise ValueError(
            f"{file} is a pickle under another name: it runs any program it holds when it is"
            " read, so it is refused; save the weights as safetensors"
        )
    if data.startswith(b"version https://git-lfs"):
        raise ValueError(f"{file} is a note of Git LFS, not the weights; run: git lfs pull")
    if len(data) != card["bytes"]:
        raise ValueError(f"{file} has {len(data):,} bytes where its card says {card['bytes']:,}")
    found = sha256(data).hexdigest()
    if found != card["sha256"]:
        raise ValueError(
            f"{file} has the checksum {found[:12]}… where its card says {card['sha256'][:12]}…"
        )
    if not safe:
        raise ValueError(f"{file} is not a safetensors file: its first 8 bytes are not a length")
    return _as_the_card_says(_arrays(data, file), card, file)


def looks_safe(data: bytes) -> bool:
    """Whether it begins as safetensors do: the length of a header in 8 bytes, then the header.

    The first byte alone does not tell: a pickle begins with 0x80, and so does a length of 640.
    """
    length = int.from_bytes(data[:8], "little")
    return data[8:9] == b"{" and length <= len(data) - 8


def _arrays(data: bytes, file: str) -> Weights:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{file} is not a whole safetensors file: {error}") from None


def _as_the_card_says(arrays: Weights, card: Mapping[str, Any], file: str) -> Weights:
    weights: Weights = {}
    for name, stored in arrays.items():
        if not name or not name.isprintable():
            raise ValueError(f"{file} holds an array with the name {name!r}")
        if stored.dtype == card["dtype"]:
            if not np.isfinite(stored).all():
                raise ValueError(f"{file}: {name} holds numbers that are not finite")
            array = stored.astype(np.float32)
        elif np.issubdtype(stored.dtype, np.integer) or stored.dtype == np.bool_:
            array = stored.copy()
        else:
            raise ValueError(f"{file}: {name} is {stored.dtype}; its card says {card['dtype']}")
        array.setflags(write=False)  # readers share it
        weights[name] = array
    count = sum(array.size for array in weights.values())
    if count != card["parameters"]:
        raise ValueError(
            f"{file} holds {count:,} numbers where its card says {card['parameters']:,}"
        )
    return weights
