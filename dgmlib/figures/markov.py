"""The scene of a crowd of walkers on a finite chain, beside its exact distribution."""

import numpy as np

from dgmlib.figures.markov_graph import (
    RADIUS,
    arrow_layers,
    graph_panel,
    matrix_panel,
    name_layer,
    num,
    places,
    rings,
    state_axis,
    title_of,
)
from dgmlib.figures.scene import Axis, Bars, Panel, Path, Points, Scene
from dgmlib.markov.text import LETTERS
from dgmlib.markov.walked import Walked

DRAWN = 240  # walkers that are drawn; all of them are counted
GOLDEN = np.pi * (3 - np.sqrt(5))


def walkers_scene(w: Walked) -> Scene:
    """Walkers on the graph beside exact probabilities; frames are steps."""
    P = w.chain.P
    n, frames = len(P), np.arange(len(w.exact))
    W = w.path.shape[1]
    shown = w.path[:, :DRAWN]  # (T + 1, m)
    k = np.arange(shown.shape[1])
    spiral = 0.9 * RADIUS * np.sqrt((k + 0.5) / len(k))
    offset = np.stack([spiral * np.cos(GOLDEN * k), spiral * np.sin(GOLDEN * k)], 1)
    crowd = f"{W} walkers" if W <= DRAWN else f"{DRAWN} of {W} walkers"
    group = shown[0] if w.start == "uniform" else None
    how = crowd if group is None else f"{crowd}, marked by their start"
    graph = graph_panel([
        *arrow_layers(P),
        Path(xy=rings(n), many=True, color="ink", width=1.25),
        Points(xy=places(n)[shown] + offset, group=group, size=2.6, opacity=0.75, name=how),
        name_layer(n),
    ], title=title_of(w.chain.about), area=(0, 0, 3, 2))  # fmt: skip
    x = np.arange(n)
    dashes = np.stack([np.stack([x - 0.45, w.long_run], 1), np.stack([x + 0.45, w.long_run], 1)], 1)
    name = "stationary π" if w.unique else "long-run average"
    top = 1.08 * max(float((w.seen + w.error).max()), float(w.long_run.max()))
    bars = Panel(layers=[
        Bars(x=x - 0.2, height=w.exact, width=0.38, color="target", name="exact π₀Pᵗ"),
        Bars(x=x + 0.2, height=w.seen, error=w.error, width=0.38, color=0, opacity=0.55,
             name="walkers ± 1 sd"),
        Path(xy=dashes, many=True, color="ink", dash=True, width=2.0, name=name),
    ], title="Where they are at time t", area=(3, 0, 2, 1), x=state_axis(n),
       y=Axis(label="probability", range=(0, min(top, 1.12))))  # fmt: skip
    return Scene(
        panels=[graph, bars, matrix_panel(P, area=(3, 1, 2, 1))],
        alt=f"{W} walkers on the graph of a Markov chain with {n} states ({w.chain.about}), beside "
        f"bars of the exact distribution, of the walkers, and the matrix. {_fate(w)}",
        frame_values=frames, frame_label="step t", captions=[_said(w, int(t)) for t in frames],
        start=0, fps=2.5, columns=5, aspect=1.6,
    )  # fmt: skip


def _said(w: Walked, t: int) -> str:
    i = int(np.argmax(w.long_run))
    far = w.distance[t]
    state = LETTERS[i]
    said = (
        f"t = {t}: state {state} holds {num(w.exact[t, i])} exactly, {num(w.seen[t, i])} ± "
        f"{num(w.error[t, i])} of the walkers, {num(w.long_run[i])} in the long run. "
        f"Distance from the long run: {num(far, 4)}."
    )
    return said + (f" {_fate(w)}" if t == len(w.exact) - 1 else "")


def _fate(w: Walked) -> str:
    """What becomes of it in the end."""
    if w.unique and w.settles:
        return "It settles to its one stationary distribution."
    if w.settles:
        return "It settles, but the start decides to what."
    kind = "Only its average over time settles"
    return f"{kind}: it has a period." if w.unique else f"{kind}, and the start decides to what."
