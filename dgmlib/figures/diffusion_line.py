"""Particles on their way through q(x_t), which is drawn for all times at once."""

import numpy as np

from dgmlib.diffusion.line import N, Walk, X
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Band, Bars, HeatMap, Lines, Panel, Path, Rules, Scene

DRAWN = 14  # particles whose way is drawn
EDGES = np.linspace(-4.0, 4.0, 65)


def walk_scene(w: Walk) -> Scene:
    """Frames are times, in the order of the walk."""
    back = w.way != "forth"
    return Scene(
        panels=[_map(w), _now(w), _distance(w)],
        alt="The density of x_t over time as a heat map with the ways of some particles; the "
        "density and a histogram of all particles at one time; and their distance from it.",
        frame_values=w.t, frame_label="time t",
        captions=[_said(w, f) for f in range(len(w.t))],
        start=len(w.t) - 1 if back else len(w.t) // 2, fps=12.0, columns=3, aspect=1.75,
    )  # fmt: skip


def _map(w: Walk) -> Panel:
    T = float(w.t.max())
    order = np.argsort(w.t)
    columns = w.density[order] / w.density[order].max(1, keepdims=True)  # (F, g)
    # times are about evenly apart, so a column stands for each
    half = 0.5 * T / (len(w.t) - 1)
    rows = np.stack([np.broadcast_to(w.t, (DRAWN, len(w.t))), w.x[:, :DRAWN].T], -1)  # (L, F, 2)
    return Panel(
        layers=[
            HeatMap(value=columns.T, extent=(-half, T + half, X[0], X[-1]), range=(0.0, 1.0),
                    opacity=0.75, name="q(x_t), each column by its own maximum"),
            Path(xy=rows, trail=True, color="accent", width=1.3, opacity=0.9,
                 name=f"{DRAWN} of {N} particles"),
            Rules(at=w.t[:, None].astype(float), color="ink", dash=False),
        ],
        title="All times at once: data on the left, noise on the right",
        x=Axis(label="time t", range=(0.0, T)), y=Axis(label="x", range=(-4.0, 4.0)),
        area=(0, 0, 2, 2),
    )  # fmt: skip


def _now(w: Walk) -> Panel:
    width = EDGES[1] - EDGES[0]
    counts = np.stack([np.histogram(row, EDGES)[0] for row in w.x])
    normal = np.exp(-0.5 * X * X) / np.sqrt(2 * np.pi)
    top = 1.15 * float(max(w.density.max(), 0.5))
    return Panel(
        layers=[
            Bars(x=0.5 * (EDGES[1:] + EDGES[:-1]), height=counts / (N * width), width=width,
                 color="accent", opacity=0.55, name=f"{N} particles"),
            Lines(x=X, y=w.density[:, None], names=["q(x_t), exact"], colors=["target"], width=2.5),
            Lines(x=X, y=normal[None], names=["N(0, 1)"], colors=["muted"], dashes=[True]),
        ],
        title="This time", x=Axis(label="x", range=(-4.0, 4.0)),
        y=Axis(label="density", range=(0.0, min(top, 2.2))), area=(2, 0, 1, 1),
    )  # fmt: skip


def _distance(w: Walk) -> Panel:
    back = w.way != "forth"
    names = ["particles from q(x_t)", "as many drawn from q(x_t)"] if back else ["particles"]
    y = np.stack([w.w1, w.chance] if back else [w.w1])
    order = np.argsort(w.t)
    low, high = _usual(w)
    return Panel(
        layers=[
            Band(x=w.t[order].astype(float), low=np.full(len(w.t), low),
                 high=np.full(len(w.t), high), color="muted", name="what chance gives"),
            Lines(x=w.t.astype(float), y=y, names=names, colors=["accent", "muted"][: len(y)],
                  dashes=[False, True][: len(y)], cursor=True),
        ],
        title="Distance W₁ from q(x_t)", x=Axis(label="time t", range=(0.0, float(w.t.max()))),
        y=Axis(label="units of x", range=(0.0, 1.2 * max(float(y.max()), high))),
        area=(2, 1, 1, 1),
    )  # fmt: skip


def _usual(w: Walk) -> tuple[float, float]:
    """The middle 90 % of what clouds drawn from q(x_t) had on this walk."""
    return float(np.quantile(w.chance, 0.05)), float(np.quantile(w.chance, 0.95))


def _said(w: Walk, f: int) -> str:
    a = float(w.alpha_bar[f])
    return (
        f"t = {w.t[f]} of {w.t.max()}: x_t = {num(a**0.5, 3)} x₀ + {num((1 - a) ** 0.5, 3)} ε. "
        f"{N} particles are {num(float(w.w1[f]), 3)} from q(x_t) in W₁; as many drawn from it "
        f"{num(float(w.chance[f]), 3)}."
    )
