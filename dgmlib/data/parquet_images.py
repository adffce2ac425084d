"""Labelled images in a parquet file, as the Hub keeps them: a PNG and a whole number in each row.

image   struct of bytes (a PNG, grey, 28 x 28) and path
label   integer, 0 .. 9
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

SIDE = 28
REMEDY = "download it again"


def read(path: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) and labels (n,) of a file, which errors call ``name``.

    ValueError says what is wrong with it.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            if {"image", "label"} <= set(schema.names):
                table = file.read(["image", "label"])
            else:
                table = None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        why = str(error).partition("\n")[0].replace(str(path), name)[:120]
        raise ValueError(f"{name} is truncated or no parquet file ({why}); {REMEDY}") from None
    if table is None:
        told = ", ".join(schema.names[:5]) or "none"
        raise ValueError(f"{name} has no columns image and label but {told}; {REMEDY}")
    kind = table.schema.field("image").type
    png = kind.field("bytes").type if pa.types.is_struct(kind) and "bytes" in kind.names else None
    if png is None or not (pa.types.is_binary(png) or pa.types.is_large_binary(png)):
        raise ValueError(f"{name}: its column image is {kind}, not a struct with bytes; {REMEDY}")
    if not pa.types.is_integer(table.schema.field("label").type) or table["label"].null_count:
        raise ValueError(f"{name}: its column label is not of whole numbers alone; {REMEDY}")
    label = table["label"].to_numpy()
    wrong = (label < 0) | (label > 9)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{name}: the label in row {row + 1:,} is {label[row]}, not 0 to 9; {REMEDY}"
        )
    x = np.empty((len(label), SIDE, SIDE), np.uint8)
    row = 0
    for chunk in table["image"].chunks:
        for value in chunk.field("bytes"):
            x[row] = _png(value.as_py(), f"{name}: the image in row {row + 1:,}")
            row += 1
    return x, label.astype(np.uint8)


def _png(raw: bytes | None, name: str) -> np.ndarray:
    if raw is None:
        raise ValueError(f"{name} is missing; {REMEDY}")
    try:
        image = Image.open(io.BytesIO(raw), formats=("PNG",))  # only its header
        if image.size == (SIDE, SIDE) and image.mode == "L":
            return np.asarray(image)
    except UnidentifiedImageError:
        raise ValueError(f"{name} is no PNG; {REMEDY}") from None
    except (OSError, SyntaxError, ValueError) as error:  # whatever Pillow calls it
        raise ValueError(f"{name} is damaged ({error}); {REMEDY}") from None
    raise ValueError(
        f"{name} has {image.width} x {image.height} pixels of mode {image.mode}, not"
        f" {SIDE} x {SIDE} grey ones; {REMEDY}"
    )
