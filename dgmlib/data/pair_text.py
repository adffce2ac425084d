"""Two numbers as a short text, "0.5 1.2": what a link carries and a reader types or drags."""

import numpy as np

Range = tuple[float, float]


def parse(
    text: str, names: tuple[str, str], ranges: tuple[Range, Range], *, like: str
) -> tuple[float, float]:
    """Both numbers. ValueError says what was expected, with ``like`` as the example."""
    words = text.split() if len(text) <= 80 else []
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != 2 or not np.isfinite(values).all():
        said = f"{text.strip()!r} is not" if len(text) <= 80 else "that is not"
        raise ValueError(f"{said} a {names[0]} and a {names[1]}, like {like}")
    for name, value, (low, high) in zip(names, values, ranges, strict=True):
        if not low <= value <= high:
            raise ValueError(f"the {name} lies between {low:g} and {high:g}, got {value:g}")
    return values[0], values[1]


def write(values: tuple[float, float], ranges: tuple[Range, Range]) -> str:
    """The text of two numbers, moved into their ranges, with at most two decimals."""
    both = zip(values, ranges, strict=True)
    return " ".join(f"{min(max(float(v), a), b):.2f}".rstrip("0").rstrip(".") for v, (a, b) in both)
