"""Words, images and small pieces that the pictures of trained VAEs share."""

import numpy as np

from dgmlib.data.own_digit import Digit
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Images, Layer, Pad, Panel, Text

SIDE = 28
SHOWN = 1_500  # of the 5,000 codes: more would only be darker
LOW = 1.7  # aspect of a strip of one or two images: they need not be as large as the phone


def square(pixels: np.ndarray) -> np.ndarray:
    """(..., 784) -> (..., 28, 28)."""
    return np.asarray(pixels, float).reshape(*np.shape(pixels)[:-1], SIDE, SIDE)


def place(z: np.ndarray) -> str:
    return f"({num(z[0])}, {num(z[1])})"


def apart(at: np.ndarray, near: np.ndarray | float) -> np.ndarray:
    """Places of labels (n, 2), pushed away from each other until none is nearer than ``near``.

    ``near`` is a length, or one along each axis. Labels that have room stay where they are.
    """
    places = np.asarray(at, float) / near
    for _ in range(500):
        away = places[:, None] - places  # (n, n, 2)
        length = np.linalg.norm(away, axis=-1)
        lack = np.triu(1.001 - length, 1)
        if not (lack > 0.001).any():
            break
        # on one spot: apart along x
        way = np.where(length[..., None] > 1e-9, away / np.maximum(length, 1e-9)[..., None], [1, 0])
        push = 0.5 * np.maximum(lack, 0)[..., None] * way
        places = places + push.sum(1) - push.sum(0)
    return places * near


def strip(
    images: np.ndarray, names: list[str], title: str, area: tuple[int, int, int, int]
) -> Panel:
    """A row of images (F?, N, 784) with a name below each."""
    n = images.shape[-2]
    down = max(0.16, 0.03 * n)  # small images of a long row: a name stays below them
    words: list[Layer] = [
        Text(xy=np.array([[i + 0.5, -down] for i in range(n)]), text=names, size=12.0)
    ]
    below = 2 * down if any(names) else 0.0
    return Panel(
        layers=[Images(value=square(images), columns=n), *(words if any(names) else [])],
        title=title, x=Axis(range=(0.0, float(n)), hidden=True),
        y=Axis(range=(-below, 1.0), hidden=True), equal=True, area=area,
        aspect=max(n / (1 + below), LOW), legend=False,
    )  # fmt: skip


def rows(
    images: np.ndarray, names: list[str], title: str, area: tuple[int, int, int, int],
    heads: list[str] | None = None, margin: float = 1.0,
) -> Panel:  # fmt: skip
    """Rows of images (F?, R, C, 784), a name before each row and, with ``heads``, above columns."""
    R, C = images.shape[-3:-1]
    at = np.array([[-0.12, R - i - 0.5] for i in range(R)])
    layers: list[Layer] = [
        Images(value=square(images.reshape(*images.shape[:-3], R * C, -1)), columns=C),
        Text(xy=at, text=names, anchor="end", size=12.0),
    ]
    if heads:
        over = np.array([[i + 0.5, R + 0.2] for i in range(C)])
        layers.append(Text(xy=over, text=heads, size=12.5))
    high = R + (0.4 if heads else 0.0)
    return Panel(
        layers=layers, title=title, x=Axis(range=(-margin, float(C)), hidden=True),
        y=Axis(range=(0.0, high), hidden=True), equal=True, area=area, aspect=(C + margin) / high,
        legend=False,
    )  # fmt: skip


def column(images: np.ndarray, names: list[str], title: str, area) -> Panel:
    """Images (N, 784) one below the other, a name beside each."""
    n = len(images)
    at = np.array([[1.12, n - i - 0.5] for i in range(n)])
    return Panel(
        layers=[Images(value=square(images), columns=1),
                Text(xy=at, text=names, anchor="start", size=12.0)],
        title=title, x=Axis(range=(0.0, 2.2), hidden=True),
        y=Axis(range=(0.0, float(n)), hidden=True),
        equal=True, area=area, legend=False,
    )  # fmt: skip


def pad(digit: Digit, area: tuple[int, int, int, int]) -> Panel:
    """Where a digit is drawn: it shows what was drawn, before that was moved to the middle."""
    bits = digit.bits if digit.drawn is None else digit.drawn
    pixels = 255 * bits.reshape(SIDE, SIDE).astype(int)
    return Panel(layers=[Pad(size=SIDE, pixels=pixels)], title="Draw here", area=area)


def told(words: str) -> str:
    """A sentence on the weights, where there is something to say."""
    return f" {words[0].upper()}{words[1:]}." if words else ""
