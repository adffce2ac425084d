"""The exact distribution of a Metropolis chain at every time, beside many running chains."""

import numpy as np

from dgmlib.experiments.discretised import HALF, Watched
from dgmlib.figures.mcmc import num
from dgmlib.figures.scene import Axis, Band, Bars, HeatMap, Lines, Panel, Scene

SMALLEST = 1e-4  # of a distance that is still drawn
TICKS = [(1.0, "1"), (0.3, "0.3"), (0.1, "0.1"), (0.03, "0.03"), (0.01, "0.01"), (1e-3, "0.001")]


def exact_scene(w: Watched) -> Scene:
    """Frames are times: pi_t as a line, the chains as bars, their distance from p below."""
    T, d = len(w.pi) - 1, w.cells
    frames = np.arange(T + 1)
    width = d.x[1] - d.x[0]
    spread = 2 * np.sqrt(w.pi * (1 - w.pi) / w.chains)
    top = min(1.05, max(2.2 * float(d.p.max()), 1.15 * float(w.pi[min(20, T)].max())))
    now = Panel(
        layers=[
            Bars(x=d.x, height=w.seen, width=width, color=0, opacity=0.45,
                 name=f"{w.chains:,} chains"),
            Band(x=d.x, low=np.maximum(w.pi - spread, 0), high=w.pi + spread, color="ink",
                 opacity=0.18, name="± 2 binomial sd"),
            Lines(x=d.x, y=w.pi[:, None], names=["exact πₜ"], colors=["ink"], width=2.0),
            Lines(x=d.x, y=d.p[None], names=["target p"], colors=["target"], dashes=[True],
                  width=2.0),
        ],
        title="Where the chain is after t steps", x=Axis(label="x", range=(-HALF, HALF)),
        y=Axis(label="probability of a cell", range=(0.0, top)), area=(0, 0, 3, 3),
    )  # fmt: skip
    matrix = Panel(
        layers=[HeatMap(value=np.sqrt(w.P), extent=(-HALF, HALF, -HALF, HALF))],
        title="Transition matrix, √P", x=Axis(label="to x′"), y=Axis(label="from x"),
        area=(3, 0, 2, 3),
    )  # fmt: skip
    bound = np.where(w.bound <= 2, w.bound, np.nan)  # above, it says nothing
    curves = np.stack([w.distance, w.distance_seen, w.noise, bound])
    low = max(SMALLEST, 0.3 * float(min(w.distance.min(), w.noise[1:].min())))
    curves = np.where(curves >= low, curves, np.nan)
    below = Panel(
        layers=[
            Lines(x=frames, y=curves,
                  names=["exact", "of the chains", "noise alone", "spectral bound"],
                  colors=["ink", 0, "muted", "accent"], dashes=[False, False, True, True],
                  cursor=True),
        ],
        title="Total variation from p", x=Axis(label="t"),
        y=Axis(log=True, range=(low, 2.0), ticks=[t for t in TICKS if t[0] >= low]),
        area=(0, 3, 5, 2),
    )  # fmt: skip
    return Scene(
        panels=[now, matrix, below],
        alt="The exact distribution of a Metropolis chain on a line of cells beside the histogram "
        f"of {w.chains:,} running chains, and its total variation from the target. {_summary(w)}",
        frame_values=frames, frame_label="t", captions=[_said(w, t) for t in range(T + 1)],
        start=min(8, T), fps=12.0, columns=5, aspect=1.35, interpolate=False,
    )  # fmt: skip


def _summary(w: Watched) -> str:
    if w.period > 1:
        return f"The chain has period {w.period}: it never settles."
    half = np.log(2) / -np.log(w.second)
    said = f"in the long run the distance halves every {half:,.0f} steps."
    if w.second > 0.99995:  # four digits would say 1: a chain that never settles
        return f"1 − |λ₂| = {num(1 - w.second, 7)}: {said}"
    return f"|λ₂| = {num(w.second, 4)}: {said}"


def _said(w: Watched, t: int) -> str:
    start = num(float(w.cells.x[w.pi[0].argmax()]))
    said = (
        f"t = {t}, from x = {start}: πₜ is {num(w.distance[t], 3)} away from p (total variation; "
        "the bound says "
        f"{'at most ' + num(w.bound[t], 3) if w.bound[t] < 1 else 'nothing yet'}). The "
        f"{w.chains:,} chains are {num(w.distance_seen[t], 3)} away from p; sampling noise alone "
        f"would put them {num(w.noise[t], 3)} away from πₜ on average."
    )
    return f"{said} {_summary(w)}"
