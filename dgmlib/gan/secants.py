r"""Lipschitz or not: the slopes of all secants, not the smoothness of the curve.

    |f(a) - f(b)| <= K |a - b| for all a, b,    the smallest K = sup of the secants' slopes

Where f has a derivative everywhere, the mean value theorem makes that sup |f'|. So continuously
differentiable is not enough: x^2 has secants of slope a + b, as steep as one likes. Nor is it
needed: |x| has a corner and K = 1. sqrt |x| is continuous and has no K near 0.

References:
    Wasserstein GAN (Arjovsky, Chintala & Bottou, 2017) https://arxiv.org/abs/1701.07875
    Optimal transport, old and new, theorem 5.10 (Villani, 2009)
    https://doi.org/10.1007/978-3-540-71050-9
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

REACH = 4.0  # the picture is [-REACH, REACH]
APART = 0.05  # of two points, as they are typed: closer ones would show rounding, not a slope


class Curve(NamedTuple):
    f: Callable[[np.ndarray], np.ndarray]
    largest: Callable[[np.ndarray], np.ndarray]  # R -> the sup of the slopes on [-R, R]
    touch: Callable[[np.ndarray], np.ndarray]  # R -> where secants come near to it
    smooth: bool  # continuously differentiable on the whole line
    everywhere: float  # the sup on the whole line


class Secants(NamedTuple):
    name: str
    x: np.ndarray  # (g,)
    y: np.ndarray  # (g,)
    pair: np.ndarray  # (2,) a, b
    value: np.ndarray  # (2,) f(a), f(b)
    slope: float  # (f(b) - f(a)) / (b - a)
    reach: np.ndarray  # (F,) R
    largest: np.ndarray  # (F,) sup of |slope| on [-R, R]; infinite where there is none
    touch: np.ndarray  # (F,) x of the tangent that has it
    y_touch: np.ndarray  # (F,) f there
    all: np.ndarray  # (K, F) the same for each of CURVES


def _same(r: np.ndarray) -> np.ndarray:
    return r


CURVES: dict[str, Curve] = {
    "x²": Curve(np.square, lambda r: 2 * r, _same, True, np.inf),
    "sin x": Curve(np.sin, np.ones_like, np.zeros_like, True, 1.0),
    "|x|": Curve(np.abs, np.ones_like, _same, False, 1.0),
    "√|x|": Curve(lambda x: np.sqrt(np.abs(x)), lambda r: np.inf * r, np.zeros_like, False, np.inf),
}


def secants(name: str, a: float, b: float, *, frames: int = 40) -> Secants:
    """The secant through ``a`` and ``b``, and the largest slope on [-R, R] as R grows to REACH."""
    if name not in CURVES:
        raise ValueError(f"there is no curve {name!r}; there are {', '.join(CURVES)}")
    if not abs(a - b) >= 0.999 * APART:
        raise ValueError(f"a and b must be at least {APART} apart, got {a} and {b}")
    curve, pair = CURVES[name], np.array([a, b], dtype=float)
    value = curve.f(pair)
    x = np.union1d(np.linspace(-REACH, REACH, 161), np.linspace(-0.05, 0.05, 21))
    reach = np.linspace(REACH / frames, REACH, frames)
    every = np.stack([c.largest(reach) for c in CURVES.values()])
    slope = float((value[1] - value[0]) / (pair[1] - pair[0]))
    largest, touch = curve.largest(reach), curve.touch(reach)
    return Secants(
        name, x, curve.f(x), pair, value, slope, reach, largest, touch, curve.f(touch), every
    )


def parse_pair(text: str) -> tuple[float, float]:
    """``"-1 2"``: two places at least 0.05 apart."""
    words = text.split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != 2 or not np.all(np.isfinite(values)):
        raise ValueError(f"{text.strip()!r} is not two numbers, like -1 2")
    a, b = values
    if max(abs(a), abs(b)) > REACH:
        raise ValueError(f"a and b lie between {-REACH:g} and {REACH:g}, got {text.strip()}")
    if abs(a - b) < 0.999 * APART:
        raise ValueError(f"a and b must be at least {APART} apart, got {text.strip()}")
    return a, b


def pair_of_handles(edit: Mapping[str, Any]) -> str:
    """Dragged grips to text; the second makes room where they meet."""
    a, b = (min(max(float(x), -REACH), REACH) for x, _ in edit["xy"])
    a, b = round(a, 2), round(b, 2)
    if abs(a - b) < 0.999 * APART:
        b = round(a + APART if a < REACH - APART else a - APART, 2)
    return f"{a + 0.0:g} {b + 0.0:g}"  # no minus zero
