"""The densities on the line that a reader can choose or paint, as words and as short texts.

"0 0.4 1 0.5 0.2 0.5 0.9 0.3 0"   the heights of a painted density at the knots -4, -3, ..., 4
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dgmlib.targets.line import Line, mixture, skewed
from dgmlib.targets.polyline import polyline

NAMES = ("two modes", "far modes", "skewed", "painted")
KNOTS = np.arange(-4.0, 5.0)
PAINTED = "0 0.1 0.4 1 0.5 0.2 0.3 0.7 0"


def choose(name: str, heights: str = PAINTED) -> Line:
    """The density of that name; ``heights`` are those of the painted one."""
    if name == "two modes":
        return mixture(name, [0.65, 0.35], [-1.6, 1.6], [0.5, 0.9])
    if name == "far modes":
        return mixture(name, [0.7, 0.3], [-2.7, 2.7], [0.4, 0.4])
    if name == "skewed":
        return skewed()
    if name == "painted":
        return polyline(KNOTS, parse_heights(heights))
    raise ValueError(f"{name!r} is not one of {', '.join(NAMES)}")


def parse_heights(text: str) -> np.ndarray:
    """Nine heights between 0 and 1, not all 0. (9,)

    Example:
        >>> parse_heights("0 0 0 1 1 1 0 0 0").sum()
        np.float64(3.0)
    """
    words = text.split() if len(text) <= 200 else []
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        values = np.zeros(0)
    if len(values) != len(KNOTS) or not np.isfinite(values).all():
        said = f"{text.strip()!r} is not" if len(text) <= 80 else "that is not"
        raise ValueError(f"{said} {len(KNOTS)} heights between 0 and 1, like {PAINTED}")
    if values.min() < 0 or values.max() > 1:
        raise ValueError(f"heights lie between 0 and 1, got {values.min():g} to {values.max():g}")
    if values.max() < 0.01:
        raise ValueError("nothing is painted: raise at least one height to 0.01 or more")
    return values


def heights_of_handles(edit: Mapping[str, Any]) -> str:
    """Dragged heights to text; the highest is lifted off the ground if all were put to 0."""
    values = [min(max(float(y), 0.0), 1.0) for _, y in edit["xy"]]
    if max(values) < 0.01:
        values[int(np.argmax(values))] = 0.01
    return " ".join(f"{v:.2f}".rstrip("0").rstrip(".") for v in values)
