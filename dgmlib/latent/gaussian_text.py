"""One Gaussian as a short text, "0.5 1.2": what a link carries and a reader types or drags."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dgmlib.latent.bound import CENTRE, WIDTH


def parse(text: str) -> tuple[float, float]:
    """Centre and width of q."""
    words = text.split() if len(text) <= 80 else []
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != 2 or not np.isfinite(values).all():
        said = f"{text.strip()!r} is not" if len(text) <= 80 else "that is not"
        raise ValueError(f"{said} a centre and a width, like 0 1")
    for name, value, (low, high) in zip(("centre", "width"), values, (CENTRE, WIDTH), strict=True):
        if not low <= value <= high:
            raise ValueError(f"the {name} lies between {low:g} and {high:g}, got {value:g}")
    return values[0], values[1]


def of_handle(edit: Mapping[str, Any]) -> str:
    """A dragged q to text."""
    both = zip((edit["xy"][0][0], edit["width"][0]), (CENTRE, WIDTH), strict=True)
    return " ".join(f"{min(max(float(v), a), b):.2f}".rstrip("0").rstrip(".") for v, (a, b) in both)
