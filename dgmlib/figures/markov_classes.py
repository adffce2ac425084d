"""The scene of communicating classes, times of return and powers of a finite chain."""

import numpy as np

from dgmlib.figures.markov_graph import (
    arrow_layers,
    cells,
    graph_panel,
    matrix_panel,
    name_layer,
    num,
    places,
    rings,
    title_of,
)
from dgmlib.figures.scene import Axis, Layer, Lines, Panel, Path, Points, Scene, Text
from dgmlib.figures.table import Table
from dgmlib.markov.returns import Returns
from dgmlib.markov.text import LETTERS

FIRST = 6  # the time at which powers are first shown
SHAPES = ("circle", "square", "diamond", "triangle", "star", "plus")


def classes_scene(r: Returns) -> list[Scene | Table]:
    """Communicating classes, times of return and the powers of P; frames are t."""
    P, e = r.chain.P, r.ends
    n, frames = len(P), np.arange(len(r.power))
    layers: list[Layer] = arrow_layers(P)
    at, ring, k = places(n), rings(n), 0
    for c in e.classes:
        here = list(c.states)
        name = f"{', '.join(LETTERS[i] for i in here)}: {kind(c.recurrent)}, {period(c.period)}"
        color, symbol = (k, SHAPES[k]) if c.recurrent else ("muted", "ring")
        k += c.recurrent
        layers += [
            Path(xy=ring[here], many=True, color=color, dash=not c.recurrent, width=2.5),
            Points(xy=at[here], color=color, symbol=symbol, size=13.0, opacity=0.55, name=name),
        ]
    layers.append(name_layer(n))
    graph = graph_panel(layers, title=title_of(r.chain.about), area=(0, 0, 3, 3))
    t, i = np.nonzero(r.back)
    stamps = Panel(layers=[
        Lines(x=frames, y=np.full((1, len(frames)), np.nan), cursor=True),
        Points(xy=np.stack([t, n - 1 - i], 1), color=0, size=3.4, opacity=1.0),
    ], title="Times when a return is possible",
       x=Axis(label="t", range=(0, len(frames) - 0.5)),
       y=Axis(range=(-0.6, n - 0.4), ticks=[(n - 1.0 - k, LETTERS[k]) for k in range(n)]),
       area=(3, 0, 3, 3))  # fmt: skip
    i, j = np.divmod(np.arange(n * n), n)
    power = Panel(layers=[
        cells(r.power),
        Text(xy=np.stack([j + 0.5, n - 0.5 - i], 1), size=12.0,
             text=[[_cell(p) for p in now.ravel()] for now in r.power]),
    ], title="Pᵗ, row to column: t steps",
       x=Axis(ticks=[(k + 0.5, LETTERS[k]) for k in range(n)]),
       y=Axis(ticks=[(n - k - 0.5, LETTERS[k]) for k in range(n)]), area=(3, 3, 3, 2))  # fmt: skip
    scene = Scene(
        panels=[graph, stamps, matrix_panel(P, area=(0, 3, 3, 2)), power],
        alt=f"The graph of a chain with {n} states and {len(e.classes)} communicating classes, the "
        f"times at which each state can be met again, and the powers of P. {_verdict(r)}",
        frame_values=frames, frame_label="time t", captions=[_told(r, int(t)) for t in frames],
        start=FIRST, fps=2.5, columns=6, aspect=1.3, interpolate=False,
    )  # fmt: skip
    return [scene, class_table(r)]


def kind(recurrent: bool) -> str:
    return "recurrent" if recurrent else "transient"


def period(d: int) -> str:
    return f"period {d}" if d else "no return"


def class_table(r: Returns) -> Table:
    """Each state: its class, chance and time of return, and where it ends."""
    e = r.ends
    inside = [c for c in e.classes if c.recurrent]
    ends = ["".join(LETTERS[i] for i in c.states) for c in inside]
    columns = ["state", "class", "period", "ever back", "mean time of return", "steps to a class"]
    columns += [f"ends in {name}" for name in ends] + [f"π on {name}" for name in ends]
    rows = []
    for i in range(len(r.chain.P)):
        c = e.classes[e.label[i]]
        rows.append([
            LETTERS[i], kind(c.recurrent), str(c.period or "none"), float(e.returns[i]),
            "∞" if np.isinf(e.return_time[i]) else float(e.return_time[i]), float(e.steps[i]),
            *(float(v) for v in e.absorbed[i]), *(float(v) for v in e.stationary[:, i]),
        ])  # fmt: skip
    return Table(columns, rows, _verdict(r))


def _verdict(r: Returns) -> str:
    inside = [c for c in r.ends.classes if c.recurrent]
    if len(inside) > 1:
        return (
            f"{len(inside)} recurrent classes: each has a stationary distribution of its own, and "
            "all their mixtures are stationary too."
        )
    d = inside[0].period
    alone = "Irreducible" if len(r.ends.classes) == 1 else "One recurrent class"
    rest = "aperiodic: Pᵗ converges" if d == 1 else f"period {d}: Pᵗ does not converge"
    return f"{alone}, so there is one stationary distribution; {rest}."


def _told(r: Returns, t: int) -> str:
    """Which states can be met again now, and the gcd so far."""
    if t == 0:
        return f"t = 0: P⁰ is the identity; no time has passed. {_verdict(r)}"
    back = "".join(LETTERS[i] for i in np.flatnonzero(r.back[t]))
    so_far = ", ".join(f"{LETTERS[i]} {g or 'none'}" for i, g in enumerate(r.gcd[t]))
    rows = r.power[t]
    spread = 0.5 * np.abs(rows[:, None] - rows[None]).sum(-1).max()
    who = f"a return is possible to {', '.join(back)}" if back else "no return is possible"
    said = (
        f"t = {t}: {who}. gcd of the times so far: {so_far}. "
        f"Two rows of Pᵗ are {num(spread)} apart at most."
    )
    return f"{said} {_verdict(r)}" if t in (FIRST, len(r.power) - 1) else said


def _cell(p: float) -> str:
    if p in (0, 1):
        return f"{p:.0f}"
    return f"{p:.2f}" if 0.005 <= p < 0.995 else ("≈0" if p < 0.5 else "≈1")
