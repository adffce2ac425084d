"""A score network while it learns: its arrows, how far from the truth, what its loss says."""

import numpy as np

from dgmlib.figures.scene import Axis, Layer, Lines, Panel, Path, Points, Rules, Scene
from dgmlib.figures.score_field import POWERS, arrows, density, distance, square
from dgmlib.figures.score_field_contour import contour
from dgmlib.figures.score_field_words import amount
from dgmlib.scores.field_choice import EMPTY
from dgmlib.scores.field_learned import Here
from dgmlib.scores.learned import Learned

FAINT = 1e-3
EVERY = 3  # cells from arrow to arrow
DRAWN = 300  # training points
NAMES = {"explicit": "explicit", "implicit": "implicit", "hutchinson": "Hutchinson",
         "sliced": "sliced", "denoising": "denoising"}  # fmt: skip


def learned_scene(h: Here) -> Scene:
    f = h.found
    near = f.density[0] / f.density[0].max()
    step = (slice(None, None, EVERY), slice(None, None, EVERY))
    place = np.stack(np.meshgrid(f.axis[step[0]], f.axis[step[1]]), -1).reshape(-1, 2)
    thin = near[step].reshape(-1)
    said = f.field[:, 0, *step].reshape(len(f.steps), -1, 2).astype(float)
    of = f"p * N(0, {f.sigma[0]:g}² I)" if f.sigma[0] else "p"
    captions = [caption(h, i) for i in range(len(f.steps))]
    return Scene(
        panels=[
            square([density(near), *arrows(place, thin, said, "accent")],
                   f"Learned score, {NAMES[f.settings.method]}", (0, 0, 9, 6)),
            square([density(near), dots(f),
                    *arrows(place, thin, f.exact[0][step].reshape(-1, 2), "good")],
                   f"Exact score of {of}", (9, 0, 9, 6)),
            square(error(f, near), "How far apart, log₁₀", (18, 0, 10, 6)),
            losses(h, (0, 6, 14, 4)), sides(f, (14, 6, 14, 4)),
        ],
        alt=f"A network learns the score of {h.name} by the {NAMES[f.settings.method]} objective: "
        f"its arrows beside the exact ones, their distance, and its loss. {captions[-1]}",
        frame_values=f.steps.astype(float), frame_label="steps", captions=captions,
        start=len(f.steps) - 1, fps=4.0, columns=28, aspect=1.55, interpolate=False,
    )  # fmt: skip


def dots(f: Learned) -> Points:
    return Points(xy=f.data[:DRAWN], color="ink", size=1.5, opacity=0.5, name="training points")


def error(f: Learned, near: np.ndarray) -> list[Layer]:
    off = np.linalg.norm(f.field[:, 0].astype(float) - f.exact[0], axis=-1)
    edge = contour(f.axis, np.log(np.maximum(near, 1e-300)), float(np.log(EMPTY)))
    return [distance(off), Path(xy=edge, color="ink", width=2.0, name="data end here")]


def losses(h: Here, area: tuple[int, int, int, int]) -> Panel:
    """On fresh data both curves would have one mean: the loss knows its training points alone."""
    f = h.found
    y = np.stack([f.loss - h.least, f.fisher[:, 0]])
    late = y[:, min(2, len(f.steps) - 1) :]  # the first fall would hide the rest
    low, high = min(0.0, float(late.min())), max(0.0, float(late.max()))
    air = 0.15 * (high - low)
    return Panel(
        layers=[
            Rules(at=np.zeros(1), axis="y", color="good"),
            Lines(x=f.steps.astype(float), y=y, colors=["accent", "ink"], dashes=[True, False],
                  names=["loss above the exact score's", "Fisher divergence"]),
            Rules(at=f.steps[:, None].astype(float), color="muted", width=1.0),
        ],
        title="What the loss says, and what is true", area=area, x=Axis(label="steps"),
        y=Axis(range=(low - air, high + air)),
    )  # fmt: skip


def sides(f: Learned, area: tuple[int, int, int, int]) -> Panel:
    y = np.maximum(np.stack([f.inside[:, 0], f.outside[:, 0]]), FAINT)
    return Panel(
        layers=[
            Lines(x=f.steps.astype(float), y=y, colors=["accent", "bad"], dashes=[False, True],
                  names=["where 99 % of the data are", "elsewhere"]),
            Rules(at=f.steps[:, None].astype(float), color="muted", width=1.0),
        ],
        title="½ |learned − exact|², mean over the map", area=area, x=Axis(label="steps"),
        y=Axis(log=True, range=(FAINT, max(1e3, 2 * float(np.nanmax(y)))),
               ticks=[*POWERS[1:], (1e4, "1e4"), (1e5, "1e5")]),
    )  # fmt: skip


def caption(h: Here, i: int) -> str:
    f = h.found
    words = f"{f.steps[i]:,} of {f.steps[-1]:,} steps. Fisher divergence {amount(f.fisher[i, 0])}"
    if np.isfinite(f.loss[i]):
        words += (
            f"; loss {amount(float(f.loss[i]))}, of the exact score {amount(h.least)}, difference "
            f"{amount(float(f.loss[i]) - h.least)}"
        )
    inside, outside = f.inside[i, 0], f.outside[i, 0]
    return (
        f"{words}. Mean of ½ |learned − exact|² over the map: {amount(float(inside), 2)} where "
        f"99 % of the data are, {amount(float(outside), 1)} elsewhere."
    )
