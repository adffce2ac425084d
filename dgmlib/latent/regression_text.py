"""Points of a regression as a short text, "t y, t y": what a link carries and a reader drags."""

from collections.abc import Mapping
from typing import Any

import numpy as np

ENDS = ((-3.0, 3.0), (-5.0, 5.0))  # of t and of y
MOST = 16


def parse(text: str) -> np.ndarray:
    """The points (n, 2) in the order in which they are seen; ``""`` has none."""
    words = [row.split() for row in text.split(",")] if text.strip() else []
    if len(words) > MOST:
        raise ValueError(f"{len(words)} points are given, at most {MOST} are used; remove some")
    try:
        values = [[float(v) for v in row] for row in words]
    except ValueError:
        values = [[]]
    if any(len(row) != 2 for row in values) or not np.isfinite(values).all():
        raise ValueError(f'{text[:60]!r} is not a list of points; write "t y, t y"')
    points = np.array(values).reshape(-1, 2)
    for j, (name, (low, high)) in enumerate(zip("ty", ENDS, strict=True)):
        if len(points) and not ((points[:, j] >= low) & (points[:, j] <= high)).all():
            raise ValueError(f"{name} lies between {low:g} and {high:g} for every point")
    return points


def of_handles(edit: Mapping[str, Any]) -> str:
    """Dragged points to text, to two decimals."""
    rows = [
        [min(max(float(v), low), high) for v, (low, high) in zip(xy, ENDS, strict=True)]
        for xy in edit["xy"]
    ]
    return ", ".join(f"{_short(t)} {_short(y)}" for t, y in rows)


def _short(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
