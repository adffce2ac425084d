"""The exact score, the learned one and how far they are apart, frame by frame of the noise."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dgmlib.data.points import encode
from dgmlib.diffusion.sets import MOST
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Band,
    Brush,
    HeatMap,
    Layer,
    Lines,
    Panel,
    Path,
    Rules,
    Scene,
)
from dgmlib.figures.score_field_contour import contours
from dgmlib.figures.score_field_words import caption
from dgmlib.scores.field import ARROWS, Field, means
from dgmlib.scores.field_choice import EMPTY, REACH

Area = tuple[int, int, int, int]
HALF = 2.0  # the length of a score that is drawn half as long as an arrow can be
WORST, BEST = 2.0, -2.0  # log10 of the errors at the ends of the colours
FAINT = 1e-4  # the smallest number that is drawn
CLASSES = (("much data", 0.1, np.inf, 1.0), ("some data", EMPTY, 0.1, 0.6),
           ("no data", -1.0, EMPTY, 0.25))  # fmt: skip
SIDE = Axis(range=(-REACH, REACH))
EXTENT = (-REACH, REACH, -REACH, REACH)


def field_scene(f: Field) -> Scene:
    """The panel to paint on and its neighbours stay where they are without a network, too."""
    start = int(np.argmin(np.abs(f.sigma - 0.2)))
    own = f.data.centre if f.data.name == "own" else np.zeros((0, 2))
    exact = [density(f.density), *arrows(f.place, f.near, f.exact, "good"),
             Brush(xy=own, at_most=MOST, spread=0.15)]  # fmt: skip
    captions = [caption(f, i) for i in range(len(f.sigma))]
    return Scene(
        panels=[
            square(exact, "Exact score of p_σ", (0, 0, 9, 6)),
            square(said(f), "Learned score" if f.learned else "No network learned these points",
                   (9, 0, 9, 6)),
            square(error(f), "How far apart, log₁₀" if f.learned else "Where the data end",
                   (18, 0, 10, 6)), curves(f, (0, 6, 28, 4)),
        ],
        alt="Arrows of the exact and of the learned score over the density of noisy data, a map "
        f"of their distance, and its means at all noise levels. {captions[start]}",
        frame_values=f.sigma, frame_label="noise σ", captions=captions,
        start=start, fps=2.0, columns=28, aspect=1.55, interpolate=False,
    )  # fmt: skip


def painted(done: Mapping[str, Any]) -> str:
    """The text of the points that were painted."""
    return encode(np.array(done["xy"], dtype=float).reshape(-1, 2))


def square(layers: list[Layer], title: str, area: Area) -> Panel:
    return Panel(layers=layers, title=title, x=SIDE, y=SIDE, equal=True, area=area, legend=False)


def density(value: np.ndarray) -> HeatMap:
    return HeatMap(value=value, extent=EXTENT, range=(0.0, 1.0), opacity=0.35, name="density")


def arrows(place: np.ndarray, near: np.ndarray, score: np.ndarray, color: str) -> list[Layer]:
    """Fainter where fewer data are: every layer has all arrows, those of the others without length.

    ``place`` (k, 2), ``near`` and ``score`` (k,) and (k, 2), or with frames in front.
    """
    length = np.linalg.norm(score, axis=-1, keepdims=True)
    step = 1.8 * REACH / ARROWS * score / (HALF + length)
    start = np.broadcast_to(place, step.shape)
    return [
        Arrows(start=start, end=start + step * ((near >= low) & (near < high))[..., None],
               color=color, width=1.8, opacity=opacity, name=name)
        for name, low, high, opacity in CLASSES
    ]  # fmt: skip


def said(f: Field) -> list[Layer]:
    if f.learned is None:
        return [density(f.density)]
    return [density(f.density), *arrows(f.place, f.near, f.learned.score, "accent")]


def error(f: Field) -> list[Layer]:
    edge = Path(xy=contours(f.axis, np.log(np.maximum(f.density, 1e-300)), float(np.log(EMPTY))),
                color="ink", width=2.0, name="data end here")  # fmt: skip
    return [edge] if f.learned is None else [distance(f.learned.off), edge]


def distance(off: np.ndarray) -> HeatMap:
    return HeatMap(
        value=np.log10(np.maximum(off, 10**BEST)), extent=EXTENT, range=(BEST, WORST),
        opacity=0.9, legend=True, name="log₁₀ |learned − exact|",
    )  # fmt: skip


def curves(f: Field, area: Area) -> Panel:
    """Means over the two parts of the map, and the Fisher divergence with two standard errors."""
    rows, names, layers = [f.size], ["Fisher divergence of s = 0"], []
    if f.learned is not None:
        rows = [*means(f, f.learned), f.learned.fisher, *rows]
        names = ["distance with data", "without data", "Fisher divergence", *names]
        low, high = (f.learned.fisher + k * f.learned.error for k in (-2, 2))
        layers.append(Band(x=f.sigma, low=np.maximum(low, FAINT), high=np.maximum(high, FAINT),
                           color="ink"))  # fmt: skip
    layers += [
        Lines(x=f.sigma, y=np.maximum(np.stack(rows), FAINT), names=names,
              colors=["accent", "bad", "ink", "muted"][-len(rows) :],
              dashes=[False, True, False, True][-len(rows) :]),
        Rules(at=f.sigma[:, None], color="muted", width=1.0),
    ]  # fmt: skip
    return Panel(
        layers=layers, title="Mean distance over the map, and Fisher divergence over data",
        area=area, x=Axis(label="noise σ", log=True, ticks=[(v, f"{v:g}") for v in TICKS]),
        y=Axis(log=True, range=(FAINT, 1000.0), ticks=POWERS),
    )  # fmt: skip


TICKS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
POWERS = [(10.0**k, f"1e{k}".replace("-", "−")) for k in range(-4, 4)]
