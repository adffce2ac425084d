"""One place of the latent plane as a short text, "0.5 -1.2": what a link carries."""

from collections.abc import Mapping
from typing import Any

import numpy as np

REACH = 4.0


def parse(text: str) -> np.ndarray | None:
    """(2,) the place, or None for "": wherever the picture puts it."""
    if not text.strip():
        return None
    words = text.split() if len(text) <= 40 else []
    try:
        z = np.array([float(word) for word in words])
    except ValueError:
        z = np.empty(0)
    if z.shape != (2,) or not (np.abs(z) <= REACH).all():  # NaN fails too
        said = repr(text[:40])
        raise ValueError(f"{said} is not a place: two numbers from -{REACH:g} to {REACH:g}")
    return z


def of_edit(edit: Mapping[str, Any]) -> str:
    """A dragged handle's ``[[x, y]]`` or a click's ``[x, y]`` as text."""
    xy = np.asarray(edit["xy"], float).reshape(-1)
    if xy.shape != (2,) or not np.isfinite(xy).all():
        raise ValueError(f"a place has two numbers, got {edit['xy']!r}")
    return " ".join(f"{v:.2f}" for v in np.clip(xy, -REACH, REACH) + 0.0)
