"""An image file of one handwritten digit, brought into the form of MNIST's digits.

MNIST scales a digit so that the longer side of its box is 20 pixels, keeping its proportions,
and moves its centre of mass to the middle of 28 x 28 pixels. The same is done here, after the
file was turned as its camera says and, if it is dark on light, inverted. Nothing is guessed in
silence: the words tell every step, and what cannot be read is refused with a reason.

References:
    The MNIST database of handwritten digits (LeCun, Cortes & Burges, 1998)
    https://yann.lecun.org/exdb/mnist/
"""

import io
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
LARGEST = 4_000_000  # bytes
SIDES = (8, 6_000)  # pixels, fewest and most
CONTRAST = 0.1  # of the range from black to white
SIDE, BOX = 28, 20


def read(raw: bytes) -> tuple[np.ndarray, str]:
    """(784,) bits and what was done, in words. ValueError says why a file cannot be read."""
    if len(raw) > LARGEST:
        raise ValueError(
            f"the file has {len(raw) / 1e6:.1f} MB; at most {LARGEST / 1e6:.0f} MB is read"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a strange palette or tag: the pixels decide
            image = Image.open(io.BytesIO(raw), formats=FORMATS)
            _check_size(*image.size)
            turned = ImageOps.exif_transpose(image)
            flat = Image.new("RGBA", turned.size, "white")
            flat.alpha_composite(turned.convert("RGBA"))
    except UnidentifiedImageError:
        raise ValueError(
            f"this is no image that can be read here; save it as one of {', '.join(FORMATS)}"
        ) from None
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f"the image is damaged ({error}); save it again") from None
    gray = np.asarray(flat.convert("L"), dtype=float) / 255  # (h, w)
    done = [f"{image.width} × {image.height} pixels"]
    if turned.size != image.size or image.getexif().get(0x0112, 1) != 1:
        done.append("turned as its camera says")
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    low, high = float(gray.min()), float(gray.max())
    if high - low < CONTRAST:
        raise ValueError("the image is all of one shade: there is no digit to see")
    if np.median(border) > (low + high) / 2:
        gray, low, high = 1 - gray, 1 - high, 1 - low
        done.append("inverted, because it is dark on light")
    gray = (gray - low) / (high - low)
    if gray.shape == (SIDE, SIDE):
        done.append("taken pixel by pixel")
        bits = (gray >= 0.5).astype(np.uint8)
    else:
        bits = as_mnist(gray)
        done.append("cropped to its ink, scaled to 20 pixels and centred by mass")
    share = bits.mean()
    if not 0.005 <= share <= 0.4:  # the bundled digits have 0.03 to 0.31
        raise ValueError(
            f"{share:.0%} of the pixels would be ink; photograph one digit, dark on white paper"
        )
    done.append("ink is what has at least half of the strongest shade")
    return bits.reshape(-1), ", ".join(done)


def as_mnist(gray: np.ndarray) -> np.ndarray:
    """(28, 28) bits of a gray image (h, w), 0 paper to 1 ink: cropped, scaled, centred by mass."""
    ink = gray >= 0.5
    if not ink.any():
        raise ValueError("there is no ink in the image")
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    part = gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    h, w = part.shape
    size = max(1, round(BOX * w / max(h, w))), max(1, round(BOX * h / max(h, w)))
    small = part
    if size != (w, h):
        shape = Image.Resampling.BOX if max(h, w) > BOX else Image.Resampling.BILINEAR
        small = np.asarray(
            Image.fromarray(part.astype(np.float32)).resize(size, shape), dtype=float
        )
    small = small / small.max()  # thin strokes of a large image turn pale when it shrinks
    h, w = small.shape
    mass = small.sum()
    y, x = (small.sum(1) @ np.arange(h)) / mass, (small.sum(0) @ np.arange(w)) / mass
    middle = SIDE / 2  # as in MNIST, where pixels are counted from 0
    top = int(np.clip(round(middle - y), 0, SIDE - h))
    left = int(np.clip(round(middle - x), 0, SIDE - w))
    out = np.zeros((SIDE, SIDE), np.uint8)
    out[top : top + h, left : left + w] = small >= 0.5
    return out


def _check_size(width: int, height: int) -> None:
    low, high = SIDES
    if not (low <= width <= high and low <= height <= high):
        raise ValueError(
            f"the image has {width} × {height} pixels; each side needs {low} to {high}"
        )
