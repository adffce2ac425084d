"""Scenes of samplers in the plane: two side by side, and a network that has just learned."""

from collections.abc import Sequence

import numpy as np

from dgmlib.diffusion.plane_error import REACH
from dgmlib.diffusion.plane_learned import Here
from dgmlib.diffusion.plane_two import Run, Two
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Band, Layer, Lines, Panel, Path, Points, Rules, Scene

Area = tuple[int, int, int, int]
PATHS = 12  # samples whose way is drawn
WORDS = {"exact": "the best denoiser", "trained": "the trained network"}


def two_scene(t: Two) -> Scene:
    """Both planes above the distances of their clouds from the data."""
    runs = named([t.first, t.second])
    return Scene(
        panels=[
            plane(runs[0], t.points, (0, 0, 4, 4)), plane(runs[1], t.points, (4, 0, 4, 4)),
            distances(runs, "w2_x0", t, "W₂ of the guess x̂₀ from data", (0, 4, 4, 2)),
            distances(runs, "w2_x", t, "W₂ of x from data", (4, 4, 4, 2)),
        ],
        alt=f"{runs[0].title} and {runs[1].title} take {WORDS[t.denoiser]} of {t.data.name} from "
        f"the same noise to data in {t.steps} steps. {ends(runs, t.floors)}",
        frame_values=t.at.astype(float), frame_label="steps done",
        captions=[caption(runs, t, f) for f in range(len(t.at))],
        start=len(t.at) // 2, fps=6.0, columns=8, aspect=1.45,
    )  # fmt: skip


def learned_scene(h: Here) -> Scene:
    """What the network makes of noise, what the best denoiser makes of it, and the loss."""
    runs = [h.learned, h.best]
    return Scene(
        panels=[
            plane(runs[0], h.points, (0, 0, 4, 4)), plane(runs[1], h.points, (4, 0, 4, 4)),
            losses(h, (0, 4, 4, 2)),
            distances(runs, "w2_x0", h, "W₂ of the guess x̂₀ from data", (4, 4, 4, 2)),
        ],
        alt=f"A network that learned {h.data.name} for {h.steps[-1]:,} steps turns noise into "
        f"points, beside the best denoiser; its loss. {learned_words(h)} {ends(runs, h.floors)}",
        frame_values=h.at.astype(float), frame_label="steps done",
        captions=[f"{caption(runs, h, f)} {learned_words(h)}" for f in range(len(h.at))],
        start=len(h.at) - 1, fps=6.0, columns=8, aspect=1.45,
    )  # fmt: skip


def plane(r: Run, data: np.ndarray, area: Area) -> Panel:
    """All layers have names, so that each can be taken away."""
    x = r.x.astype(float)
    side = Axis(range=(-REACH, REACH))
    return Panel(
        layers=[
            Points(xy=data, color="muted", size=2.2, opacity=0.55, name="data"),
            Path(xy=x[:, :PATHS].swapaxes(0, 1), trail=True, color="ink", width=1.0, opacity=0.5,
                 name="paths"),
            Points(xy=r.x0.astype(float), color=2, symbol="ring", size=2.8, opacity=0.8,
                   name="x̂₀, the guess"),
            Points(xy=x, color=1, symbol="diamond", size=2.6, opacity=0.85, name="x"),
        ],
        title=r.title, x=side, y=side, equal=True, area=area,
    )  # fmt: skip


def distances(runs: Sequence[Run], which: str, t: Two | Here, title: str, area: Area) -> Panel:
    """One curve for each sampler, with the band of two clouds of data."""
    x, n = t.at[t.measured].astype(float), len(t.measured)
    low, high = float(t.floors.min()), float(t.floors.max())
    y = np.stack([getattr(r, which) for r in runs])
    return Panel(
        layers=[
            Band(x=x, low=np.full(n, low), high=np.full(n, high), color="muted", opacity=0.3,
                 name="data from data"),
            Lines(x=x, y=y, names=[r.title for r in runs], colors=["accent", 3],
                  dashes=[False, True]),
            Rules(at=t.at[:, None].astype(float), color="muted", width=1.0),
        ],
        title=title, x=Axis(label="steps done"), y=Axis(range=(0.0, 1.05 * max(high, y.max()))),
        area=area,
    )  # fmt: skip


def losses(h: Here, area: Area) -> Panel:
    least, error = h.least
    layers: list[Layer] = [
        Rules(at=np.array([least]), axis="y", color="good", name="the best denoiser's"),
        Lines(x=h.steps.astype(float), y=h.loss[None], names=["loss"], colors=["accent"]),
    ]
    if error > 0:
        ends_ = h.steps[[0, -1]].astype(float) if len(h.steps) > 1 else np.array([0.0, 1.0])
        layers.insert(0, Band(x=ends_, low=np.full(2, least - 2 * error),
                              high=np.full(2, least + 2 * error), color="good"))  # fmt: skip
    return Panel(
        layers=layers, title="Loss: mean squared error of the noise", area=area,
        x=Axis(label="steps of training"),
        y=Axis(range=(0.0, max(0.6, 1.05 * float(h.loss.max())))),
    )  # fmt: skip


def named(runs: Sequence[Run]) -> list[Run]:
    """The same sampler twice is told apart by a number."""
    if len({r.title for r in runs}) == len(runs):
        return list(runs)
    return [r._replace(title=f"{r.title} ({i + 1})") for i, r in enumerate(runs)]


def caption(runs: Sequence[Run], t: Two | Here, f: int) -> str:
    """Where the frame stands, and distances where they were measured."""
    words = f"{t.at[f]} of {t.at[-1]} steps done, noise level {t.angle[f]:.0f}°."
    found = np.flatnonzero(t.measured == f)
    if len(found) == 0:
        return words
    each = [
        f"{r.title}: W₂ of x̂₀ {num(float(r.w2_x0[found[0]]))}, of x {num(float(r.w2_x[found[0]]))}"
        for r in runs
    ]
    return f"{words} {'; '.join(each)}. {floor_words(t.floors)}"


def ends(runs: Sequence[Run], floors: np.ndarray) -> str:
    each = [f"{r.title} {num(float(r.w2_x[-1]))} with {r.calls} calls" for r in runs]
    return f"W₂ at the end: {', '.join(each)}. {floor_words(floors)}"


def floor_words(floors: np.ndarray) -> str:
    return f"Data from data: {num(float(floors.min()))} to {num(float(floors.max()))}."


def learned_words(h: Here) -> str:
    return (
        f"Loss at the end {num(float(h.loss[-1]), 3)}; the best denoiser's "
        f"{num(h.least[0], 3)} ± {num(h.least[1], 3)}."
    )
