"""The distance of samples from data against the number of steps, with its spread over seeds."""

import numpy as np

from dgmlib.diffusion.plane_many import CLOUD, RULES, SEEDS, Many
from dgmlib.figures.diffusion_plane import WORDS
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Band, Layer, Lines, Panel, Points, Scene
from dgmlib.figures.table import Table

SYMBOLS = ("circle", "diamond", "square", "triangle")
LABELS = {"DDIM": "DDIM, η = 0"}


def many_scene(m: Many) -> list[Scene | Table]:
    mean, error = m.w2.mean(-1), m.w2.std(-1, ddof=1) / m.w2.shape[-1] ** 0.5
    x = m.steps.astype(float)
    low, high = float(m.floors.min()), float(m.floors.max())
    layers: list[Layer] = [
        Band(x=x, low=np.full(len(x), low), high=np.full(len(x), high), color="muted",
             opacity=0.35, name="data from data")
    ]  # fmt: skip
    for i, rule in enumerate(RULES):
        asked = np.isfinite(mean[i])
        y, e, at = mean[i, asked], error[i, asked], x[asked]
        name = LABELS.get(rule, rule)
        layers += [
            Band(x=at, low=y - e, high=y + e, color=i, opacity=0.2),
            Lines(x=at, y=y[None], names=[name], colors=[i], dashes=[i % 2 == 1]),
            Points(xy=np.stack([at, y], 1), color=i, symbol=SYMBOLS[i], size=3.5, opacity=1.0),
        ]
    top = 1.08 * max(float(np.nanmax(mean + error)), high)
    scene = Scene(
        panels=[
            Panel(
                layers=layers, area=(0, 0, 1, 1), y=Axis(label="W₂ at the end", range=(0.0, top)),
                title=f"{m.name}, {WORDS[m.denoiser]}",
                x=Axis(label="steps", log=True, ticks=[(float(s), f"{s:,}") for s in m.steps]),
            )
        ],
        alt=f"Exact W2 of samples from data after 1 to {m.steps[-1]:,} steps. {said(m)}",
        captions=[said(m)], columns=1, aspect=1.75,
    )  # fmt: skip
    return [scene, table(m)]


def said(m: Many) -> str:
    """The fewest steps with which each sampler comes down to the floor, in numbers."""
    words = []
    for i, rule in enumerate(RULES):
        s = enough(m, i)
        name = LABELS.get(rule, rule)
        words.append(f"{name}: {s} steps, {m.calls[i, list(m.steps).index(s)]} calls" if s
                     else f"{name}: at none of these")  # fmt: skip
    low, high = num(float(m.floors.min())), num(float(m.floors.max()))
    return (
        f"{m.name}, {WORDS[m.denoiser]}. Two clouds of {CLOUD} data are {low} to {high} apart. "
        f"Mean W₂ comes into that band with {'; '.join(words)}."
    )


def enough(m: Many, rule: int) -> int:
    """The fewest steps whose mean W2 is within the band; 0 where there are none."""
    within = np.flatnonzero(m.w2[rule].mean(-1) <= m.floors.max())
    return int(m.steps[within[0]]) if len(within) else 0


def table(m: Many) -> Table:
    rows: list[list[str | float]] = []
    for i, rule in enumerate(RULES):
        cells = [
            f"{num(float(each.mean()))} ± {num(float(each.std(ddof=1) / len(each) ** 0.5))}"
            if np.isfinite(each).all() else "not asked"
            for each in m.w2[i]
        ]  # fmt: skip
        rows.append([LABELS.get(rule, rule), *cells])
    return Table(
        ["W₂ at the end", *(f"{s:,}" for s in m.steps)],
        rows,
        f"Steps from left to right. Mean ± standard error over {SEEDS} seeds of {CLOUD} samples, "
        "each against as many data. All set out from the same noise. Heun asks the denoiser twice "
        "in every step but the last.",
    )
