"""Targets and Gaussians as short texts: what a link carries and what a reader types or drags.

"-2 0.6 0.5, 2 0.9 0.5"   two modes: mean, standard deviation, relative weight of each
"0.5 1.2"                 one Gaussian: mean, standard deviation
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from dgmlib.divergences.mixture1d import Mixture1D, mixture

MEAN = (-7.0, 7.0)
STD = (0.5, 3.0)
WEIGHT = (0.05, 0.8)
MODES = 4


class Normal(NamedTuple):
    mean: float
    std: float


def parse_modes(text: str) -> Mixture1D:
    """The target; its weights are divided by their sum.

    Example:
        >>> parse_modes("-2 0.6 0.3, 2 0.9 0.3").weight
        array([0.5, 0.5])
    """
    rows = [_numbers(part, 3, "mean, sd and weight, like -2 0.6 0.5") for part in text.split(",")]
    if len(rows) > MODES:
        raise ValueError(f"{len(rows)} modes are too many: at most {MODES}, separated by commas")
    for mean, std, weight in rows:
        _within("a mode's mean", mean, MEAN)
        _within("a mode's standard deviation", std, STD)
        _within("a mode's weight", weight, WEIGHT)
    mean, std, weight = np.array(rows).T
    return mixture(weight / weight.sum(), mean, std)


def parse_normal(text: str) -> Normal:
    mean, std = _numbers(text, 2, "a mean and a standard deviation, like 0.5 1.2")
    _within("the mean", mean, MEAN)
    _within("the standard deviation", std, STD)
    return Normal(mean, std)


def weights(text: str) -> np.ndarray:
    """The relative weights as typed, before they are divided by their sum. (K,)"""
    return np.array([float(part.split()[2]) for part in text.split(",")])


def modes_of_handles(edit: Mapping[str, Any]) -> str:
    """Dragged grips to text: x is the mean, y the relative weight, width the deviation."""
    return ", ".join(
        f"{_clip(x, MEAN)} {_clip(s, STD)} {_clip(y, WEIGHT)}"
        for (x, y), s in zip(edit["xy"], edit["width"], strict=True)
    )


def normal_of_handle(edit: Mapping[str, Any]) -> str:
    """The dragged start of q to text."""
    return f"{_clip(edit['xy'][0][0], MEAN)} {_clip(edit['width'][0], STD)}"


def _clip(value: float, ends: tuple[float, float]) -> str:
    return f"{min(max(float(value), ends[0]), ends[1]):.2f}".rstrip("0").rstrip(".")


def _numbers(text: str, count: int, wanted: str) -> list[float]:
    words = text.split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != count or not np.all(np.isfinite(values)):
        raise ValueError(f"{text.strip()!r} is not {wanted}")
    return values


def _within(name: str, value: float, ends: tuple[float, float]) -> None:
    if not ends[0] <= value <= ends[1]:
        raise ValueError(f"{name} lies between {ends[0]:g} and {ends[1]:g}, got {value:g}")
