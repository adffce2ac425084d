"""Eight games of one kind as small pictures, and what they have in common."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Layer, Panel, Points, Rules, Scene, Text
from dgmlib.figures.table import Table
from dgmlib.gan.eight_seeds import Seeds

DATA, STEP = 250, 6.8  # points of the data, and from centre to centre
EDGE, UP = 3.3, STEP / 2 - 0.7  # where samples from beyond are drawn, and the names


def seeds_scene(s: Seeds) -> list[Scene | Table]:
    """A picture for each seed, over one axis of moves; the ends in numbers."""
    F, S = len(s.moves), len(s.seeds)
    scene = Scene(
        panels=[_four(s, i) for i in range(0, S, 4)],
        alt=f"{S} games of {s.method} on {s.data.name} that differ in the seed alone. {end(s, -1)}",
        frame_values=s.moves, frame_label="moves", captions=[end(s, f) for f in range(F)],
        start=F - 1, fps=4.0, columns=-(-S // 4), aspect=0.9 * -(-S // 4),
    )  # fmt: skip
    return [scene, seeds_table(s)]


def end(s: Seeds, f: int) -> str:
    """Mean and spread over the seeds at a frame."""
    words = f"{int(s.moves[f]):,} moves. W2 {spread(s.w2[:, f])}; data from data "
    words += f"{spread(s.floors)}."
    if s.data.centres is None:
        return words
    k, modes = len(s.data.centres), np.sort(s.modes[:, f])
    return (
        f"{words} Modes of {k}, from the poorest seed to the richest: "
        f"{', '.join(str(int(m)) for m in modes)}. Near a mode: {spread(100 * s.share[:, f], 0)} %."
    )


def spread(x: np.ndarray, digits: int = 2) -> str:
    """Mean, standard deviation of one (not of the mean), and the ends."""
    sd = float(x.std(ddof=1)) if len(x) > 1 else float("nan")
    low, high = float(x.min()), float(x.max())
    return (
        f"{num(float(x.mean()), digits)} ± {num(sd, digits)} "
        f"({num(low, digits)} to {num(high, digits)})"
    )


def seeds_table(s: Seeds) -> Table:
    counted = s.data.centres is not None
    rows: list[list[str | float]] = [
        [f"{seed}", num(float(s.w2[i, -1])),
         *([f"{int(s.modes[i, -1])}", f"{s.share[i, -1]:.0%}"] if counted else [])]
        for i, seed in enumerate(s.seeds)
    ]  # fmt: skip
    return Table(
        ["seed", "W2", *(["modes", "near a mode"] if counted else [])],
        rows,
        f"At the end of the games. W2 over seeds: {spread(s.w2[:, -1])}, mean ± standard deviation "
        f"of one game (least to most). Two clouds of data: {spread(s.floors)}.",
    )


def _four(s: Seeds, first: int) -> Panel:
    """Four games in a square, each around a centre of its own."""
    at = np.arange(first, min(first + 4, len(s.seeds)))
    centre = STEP * np.stack([at % 2, -((at - first) // 2)], axis=1)  # (k, 2)
    data = (s.data.points[:DATA] + centre[:, None]).reshape(-1, 2)
    moving = (np.clip(s.samples[at].astype(float), -EDGE, EDGE) + centre[:, None, None]).swapaxes(
        0, 1
    )  # (F, k, n, 2)
    layers: list[Layer] = [
        Points(xy=data, color="ink", size=1.8, opacity=0.4, name="data"),
        Points(xy=moving.reshape(len(moving), -1, 2), color=1, symbol="diamond", size=2.0,
               opacity=0.85, name="samples"),
        Text(xy=centre + np.array([0.0, UP]), text=[title(s, int(i)) for i in at], size=12.0),
        Rules(at=np.array([STEP / 2]), color="muted", dash=False, width=1.0),
        Rules(at=np.array([-STEP / 2]), axis="y", color="muted", dash=False, width=1.0),
    ]  # fmt: skip
    return Panel(
        layers=layers, equal=True, area=(first // 4, 0, 1, 1),
        x=Axis(range=(-STEP / 2, 1.5 * STEP), hidden=True),
        y=Axis(range=(-1.5 * STEP, STEP / 2), hidden=True),
    )  # fmt: skip


def title(s: Seeds, i: int) -> str:
    if s.data.centres is None:
        return f"seed {s.seeds[i]}: W2 {num(float(s.w2[i, -1]))}"
    return f"seed {s.seeds[i]}: ends with {int(s.modes[i, -1])} of {len(s.data.centres)}"
