"""One Gaussian as a short text, "0.5 1.2": what a link carries and a reader types or drags."""

from collections.abc import Mapping
from typing import Any

from dgmlib.data import pair_text
from dgmlib.latent.bound import CENTRE, WIDTH


def parse(text: str) -> tuple[float, float]:
    """Centre and width of q."""
    return pair_text.parse(text, ("centre", "width"), (CENTRE, WIDTH), like="0 1")


def of_handle(edit: Mapping[str, Any]) -> str:
    """A dragged q to text."""
    return pair_text.write((edit["xy"][0][0], edit["width"][0]), (CENTRE, WIDTH))
