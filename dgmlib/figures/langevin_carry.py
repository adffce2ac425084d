"""Langevin on the data of the diffusion page, in the plane, and a link that carries them there."""

from urllib.parse import urlencode

import numpy as np

from dgmlib.diffusion.plane_choice import FEWEST
from dgmlib.diffusion.plane_error import REACH
from dgmlib.diffusion.sets import MOST
from dgmlib.figures.diffusion_plane import floor_words
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Band,
    Brush,
    Layer,
    Lines,
    Panel,
    Path,
    Points,
    Rules,
    Scene,
)
from dgmlib.figures.table import Table
from dgmlib.scores.carry import FEW, Carried, N, places, shares

Area = tuple[int, int, int, int]
COLORS = {"plain": "ink", "annealed": "accent"}
PATHS, LENGTH = 3, 0.22  # chains whose way is drawn; of an arrow for a noise of 1
FAR = 50.0  # chains beyond are drawn here, out of sight
TICKS = [(0.1, "0.1"), (0.3, "0.3"), (1.0, "1"), (3.0, "3"), (10.0, "10")]
PLANES: dict[str, Area] = {"plain": (0, 0, 4, 4), "annealed": (4, 0, 4, 4)}


def carry_scene(c: Carried) -> list[Scene | Table]:
    """Frames are steps; the plane to paint on stays where it is."""
    panels = [*(plane(c, which) for which in PLANES), paint(c, (8, 0, 4, 4)), curve(c)]
    if c.data is None:
        words = f"{len(c.raw)} points of your own. Paint {FEWEST - len(c.raw)} more at least."
        return [Scene(panels=panels, alt=f"A plane to paint on. {words}", captions=[words],
                      columns=12, aspect=1.45)]  # fmt: skip
    F = len(c.at)
    scene = Scene(
        panels=panels,
        alt="Langevin chains in the plane, plain and annealed, with the score of the noisy data; a "
        f"plane to paint data on; and distances from the data over steps. {caption(c, F - 1)}",
        frame_values=c.at.astype(float), frame_label="step",
        captions=[caption(c, f) for f in range(F)], start=F - 1, fps=12.0, columns=12, aspect=1.45,
    )  # fmt: skip
    return [scene, table(c)]


def plane(c: Carried, which: str) -> Panel:
    name = "data" if which == "plain" else ""  # one row of names in either panel
    layers: list[Layer] = [Points(xy=c.cloud, color="muted", size=2.2, opacity=0.6, name=name)]
    if c.data is not None:
        x = np.clip(c.ways[which].x, -FAR, FAR)
        if which == "annealed":
            start = np.broadcast_to(places(), c.arrows.shape)
            layers.append(Arrows(start=start, end=start + LENGTH * bounded(c.arrows), color="good",
                                 width=1.3, opacity=0.7, name="score"))  # fmt: skip
        layers += [
            Path(xy=x[:, :PATHS].swapaxes(0, 1), trail=True, color="ink", width=1.0, opacity=0.35,
                 name="ways"),
            Points(xy=x, color=COLORS[which], symbol="diamond", size=2.6, opacity=0.85,
                   name="chains"),
        ]  # fmt: skip
    side = Axis(range=(-REACH, REACH))
    return Panel(layers=layers, title=f"{which.capitalize()} Langevin", x=side, y=side, equal=True,
                 area=PLANES[which])  # fmt: skip


def bounded(arrows: np.ndarray) -> np.ndarray:
    """No longer than for a noise of 3, where there is hardly any density."""
    size = np.linalg.norm(arrows, axis=-1, keepdims=True)
    return arrows * np.minimum(1.0, 3.0 / np.maximum(size, 1e-12))


def paint(c: Carried, area: Area) -> Panel:
    """The reader's points where they were painted, before they are moved and scaled."""
    size = max(REACH, 1.05 * float(np.abs(c.raw).max(initial=0.0)))
    layers: list[Layer] = [Brush(xy=c.raw, at_most=MOST, spread=size / 24)]
    if not len(c.raw):
        layers.insert(0, Points(xy=c.cloud, color="muted", size=1.8, opacity=0.5,
                                name="the chosen set"))  # fmt: skip
    side = Axis(range=(-size, size))
    title = "Your points" if len(c.raw) else "Paint points of your own"
    return Panel(layers=layers, title=title, x=side, y=side, equal=True, area=area)


def curve(c: Carried) -> Panel:
    layers: list[Layer] = []
    if c.data is not None:
        x = c.at[c.measured].astype(float)
        ends = np.full((2, len(x)), [[c.floors.min()], [c.floors.max()]])
        layers = [
            Band(x=x, low=ends[0], high=ends[1], color="muted", opacity=0.3,
                 name="data from data"),
            Lines(x=x, y=np.stack([w.w2 for w in c.ways.values()]), names=list(c.ways),
                  colors=list(COLORS.values()), dashes=[True, False]),
            Rules(at=c.at[:, None].astype(float), color="muted", width=1.0),
        ]  # fmt: skip
    return Panel(layers=layers, title="W₂ of the chains from data", x=Axis(label="step"),
                 y=Axis(log=True, range=(0.08, 12.0), ticks=TICKS), area=(0, 4, 12, 3))  # fmt: skip


def caption(c: Carried, f: int) -> str:
    words = f"Step {c.at[f]} of {c.at[-1]}, noise σ = {num(c.sigma[f], 3)} when annealed."
    found = np.flatnonzero(c.measured == f)
    if len(found):
        each = ", ".join(f"{k} {short(float(w.w2[found[0]]))}" for k, w in c.ways.items())
        words += f" W₂ from data: {each}. {floor_words(c.floors)}"
    if (far := max(float(np.abs(w.x[f]).max()) for w in c.ways.values())) > FAR:
        words += f" Unstable: chains are thrown out to {short(far)}. Lower the step size."
    return words


def short(value: float) -> str:
    return num(value) if value < 1000 else f"{value:.0e}".replace("e+", "e")


def table(c: Carried) -> Table:
    """Shares of the modes if they are few, else distances; the link stands below."""
    caption = f"Standard errors of {N} chains. {link(c)}"
    if c.data is None or len(c.data.weight) > FEW:
        rows = [[k, num(w.w2[-1])] for k, w in c.ways.items()]
        rows.append(["data from data", f"{num(c.floors.min())} to {num(c.floors.max())}"])
        return Table(["at the end", "W₂ from data"], rows, link(c))
    ends = {k: shares(c.data, w.x[-1]) for k, w in c.ways.items()}
    rows = [
        [f"({num(m[0])}, {num(m[1])})", num(w, 3), *(
            f"{num(s[i], 3)} ± {num((s[i] * (1 - s[i]) / N) ** 0.5, 3)}" for s in ends.values())]
        for i, (m, w) in enumerate(zip(c.data.centre, c.data.weight, strict=True))
    ]  # fmt: skip
    return Table(["nearest to", "weight", *ends], rows, caption)


def link(c: Carried) -> str:
    """To the same data, denoiser and seed, with the sampler of diffusion."""
    asked = {"data": c.name, "denoiser": c.denoiser, "seed": c.seed, "points": c.points}
    asked = {k: v for k, v in asked.items() if v != ""}
    return f"[Carry this state to the diffusion page](diffusion_plane?{urlencode(asked)})"
