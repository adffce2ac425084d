"""Scene of a Bayesian network: its graph, arrows to switch, draws beside exact marginals."""

from typing import Literal

import numpy as np

from dgmlib.dimensionality import graph_text
from dgmlib.dimensionality.graph_text import LONGEST
from dgmlib.dimensionality.network_run import NetworkRun
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Bars,
    Layer,
    Panel,
    Path,
    Pick,
    Points,
    Rules,
    Scene,
    Text,
)
from dgmlib.figures.table import Table

RING = 7  # the palette's last symbol: not drawn yet
ROWS = 24  # of the conditional tables that are listed


def network_scene(r: NetworkRun) -> list[Scene | Table]:
    """Graph, adjacency matrix, marginals; frames are draws."""
    F = len(r.draws)
    scene = Scene(
        panels=[_graph(r), _matrix(r), _marginals(r)],
        alt=f"A graph of {len(r.order)} variables with the table of its arrows, beside the "
        f"frequencies of ancestral draws and the exact marginals. {sentence(r)}",
        frame_values=np.arange(F), frame_label="step", captions=[caption(r, f) for f in range(F)],
        start=F - 1, fps=2.0, columns=5, aspect=1.45, interpolate=False,
    )  # fmt: skip
    return [scene, tables(r)]


def toggled(done: dict) -> str:
    """The graph's text after a click on the cell (child, parent) of the matrix."""
    graph = graph_text.parse(done["p"].graph)
    child, row = (round(float(v)) for v in done["xy"])
    parent, names = len(graph.names) - 1 - row, graph.names
    if not (0 <= child < len(names) and 0 <= parent < len(names)):
        raise ValueError("there is no cell; click inside the table of arrows")
    return graph_text.format(graph_text.toggle(graph, names[parent], names[child]))


def sentence(r: NetworkRun) -> str:
    """The factorisation and what it costs, and what was refused."""
    of = ", ".join(r.graph.names)
    total = int(r.sizes.sum())
    said = (
        f"p({of}) = {r.factorisation}: {total:,} number{'' if total == 1 else 's'}, "
        f"the full table {r.full:,}."
    )
    for arrow, cycle in zip(r.graph.refused, r.cycles, strict=True):
        said += f" Refused: {' → '.join(arrow)} would close the cycle {' → '.join(cycle)}."
    return said


def caption(r: NetworkRun, f: int) -> str:
    """What has been drawn, and how far the frequencies are from the marginals."""
    names, d = r.graph.names, len(r.order)
    if f <= d:
        got = [f"{n} = {r.shown[f, names.index(n)]}" for n in r.order[:f]]
        drawn = f"First draw: {', then '.join(got)}." if got else "Nothing is drawn yet."
        return f"{drawn} {sentence(r)}"
    away = np.abs(r.share[f] - r.marginal)
    i, j = np.unravel_index(away.argmax(), away.shape)
    outside = int(((r.marginal < r.low[f]) | (r.marginal > r.high[f])).sum())
    return (
        f"After {r.draws[f]:,} draws: farthest from its marginal is {names[i]} = {j}, seen in "
        f"{r.share[f, i, j]:.3f} of them (95% {r.low[f, i, j]:.3f} to {r.high[f, i, j]:.3f}), "
        f"exact {r.marginal[i, j]:.3f}; {outside} of {away.size} intervals miss. {sentence(r)}"
    )


def _places(d: int) -> np.ndarray:
    """Corners of a polygon, the first at the top, clockwise (d, 2)."""
    angle = np.pi / 2 - 2 * np.pi * np.arange(d) / d
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * (0.0 if d == 1 else 1.0)


def _labels(at: np.ndarray, names: tuple[str, ...]) -> list[Text]:
    """Names outside the polygon: beside the nodes at its sides, over or under the others."""
    side = np.where(np.abs(at[:, 0]) < 0.3, 0, np.sign(at[:, 0]))
    up = np.where(at[:, 1] < 0, -0.33, 0.33) * (side == 0)
    xy = at + np.stack([0.25 * side, up], axis=1)
    anchors: dict[int, Literal["start", "middle", "end"]] = {-1: "end", 0: "middle", 1: "start"}
    return [
        Text(xy=xy[side == s], text=[n for n, t in zip(names, side, strict=True) if t == s],
             anchor=anchor, size=14.0)
        for s, anchor in anchors.items() if (side == s).any()
    ]  # fmt: skip


def _short(names: tuple[str, ...], most: int) -> list[str]:
    """Names of at most ``most`` characters; what would look the same is numbered."""
    short = [n if len(n) <= most else f"{n[: most - 1]}." for n in names]
    stems = [n[: most - 2] for n in names]
    same = [i for i, s in enumerate(short) if short.count(s) > 1]
    for i in same:
        nth = sum(stems[j] == stems[i] for j in same if j <= i)
        short[i] = f"{stems[i]}.{nth}"
    return short


def _graph(r: NetworkRun) -> Panel:
    names = r.graph.names
    at = _places(len(names))

    def arrows(pairs, **style) -> Arrows:
        ends = np.array([[names.index(a), names.index(b)] for a, b in pairs]).reshape(-1, 2)
        start, end = at[ends[:, 0]], at[ends[:, 1]]
        way = end - start
        way *= 0.2 / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
        back = np.array([(b, a) in r.graph.arrows for a, b in pairs])[:, None]
        aside = 0.5 * back * way[:, ::-1] * [1, -1]  # so that it does not cover the arrow back
        return Arrows(start=start + way + aside, end=end - way + aside, **style)

    layers: list[Layer] = []
    if r.graph.arrows:
        layers.append(arrows(r.graph.arrows, color="ink", width=2.0, opacity=0.8))
    if r.graph.refused:
        no = arrows(r.graph.refused, color="bad", width=2.5)
        layers += [no, Points(xy=(no.start + no.end) / 2, color="bad", symbol="cross", size=7.0,
                              opacity=1.0, name="refused: would close a cycle")]  # fmt: skip
    group = np.where(r.shown < 0, RING, r.shown)
    words = [["" if s < 0 else str(s) for s in row] for row in r.shown]
    layers += [
        Points(xy=at, group=group, size=15.0, opacity=1.0),
        Text(xy=at, text=words, size=13.0),
        *_labels(at, names),
    ]
    return Panel(
        layers=layers, title="Arrows, and the last draw's states",
        x=Axis(hidden=True, range=(-2.0, 2.0)), y=Axis(hidden=True, range=(-1.5, 1.5)),
        equal=True, area=(0, 0, 3, 3),
    )  # fmt: skip


def _matrix(r: NetworkRun) -> Panel:
    names = r.graph.names
    d = len(names)
    spots = {n: i for i, n in enumerate(names)}

    def cells(pairs) -> np.ndarray:
        return np.array([[spots[b], d - 1 - spots[a]] for a, b in pairs], float).reshape(-1, 2)

    size = 12.0 if d <= 4 else 8.0
    between = np.arange(d - 1) + 0.5
    layers: list[Layer] = [
        Rules(at=between, axis="x", dash=False, width=0.7),
        Rules(at=between, axis="y", dash=False, width=0.7),
        Text(xy=cells([(n, n) for n in names]), text=["–"] * d, color="muted"),
    ]
    if r.graph.arrows:
        layers.append(Points(xy=cells(r.graph.arrows), color="ink", symbol="square", size=size,
                             opacity=0.9, name="arrow"))  # fmt: skip
    if r.graph.refused:
        layers.append(Points(xy=cells(r.graph.refused), color="bad", symbol="cross", size=size,
                             opacity=1.0, name="refused"))  # fmt: skip
    layers.append(Pick(label="click a cell to add or remove an arrow", name="arrows"))
    short = _short(names, 4 if d > 5 else 6)
    ends = (-0.5, d - 0.5)
    return Panel(
        layers=layers, title="Click: row → column",
        x=Axis(label="child", range=ends, ticks=[(float(i), n) for i, n in enumerate(short)]),
        y=Axis(label="parent", range=ends,
               ticks=[(float(d - 1 - i), n) for i, n in enumerate(short)]),
        equal=True, area=(3, 0, 2, 3), legend=False,
    )  # fmt: skip


def _marginals(r: NetworkRun) -> Panel:
    d, k = r.marginal.shape
    F = len(r.draws)
    width = 0.8 / k
    x = (np.arange(d)[:, None] + width * (np.arange(k) - (k - 1) / 2)).ravel()  # (d k,)
    low, high = r.low.reshape(F, -1), r.high.reshape(F, -1)
    some = (r.draws > 0)[:, None]
    bar = np.stack([low, high, np.full_like(low, np.nan)], axis=-1).reshape(F, -1)
    bar = np.where(some, bar, np.nan)
    path = np.stack([np.broadcast_to(np.repeat(x, 3), bar.shape), bar], axis=-1)
    layers: list[Layer] = [
        Bars(x=x, height=r.share.reshape(F, -1), colors=list(range(k)) * d, width=0.9 * width,
             opacity=0.55, name="share of the draws, 95%"),
        Path(xy=path, color="ink", width=1.2),
        Points(xy=np.stack([x, r.marginal.ravel()], axis=1), color="target", symbol="diamond",
               size=5.0, opacity=1.0, name="exact"),
    ]  # fmt: skip
    short = _short(r.graph.names, 6 if d > 4 else LONGEST)
    return Panel(
        layers=layers, title=f"Marginals; left to right: states 0 to {k - 1}",
        x=Axis(range=(-0.6, d - 0.4),
               ticks=[(float(i), n) for i, n in enumerate(short)]),
        y=Axis(label="probability", range=(0.0, 1.15)), area=(0, 3, 5, 2),
    )  # fmt: skip


def tables(r: NetworkRun) -> Table:
    """The conditional tables, row by row, and how many free numbers each has."""
    k, parents, rows = r.marginal.shape[1], r.graph.parents, []
    for name, table in zip(r.graph.names, r.tables, strict=True):
        for at in np.ndindex(table.shape[:-1]):
            given = ", ".join(f"{p} = {s}" for p, s in zip(parents[name], at, strict=True))
            rows.append([f"p({name} | {given})" if given else f"p({name})",
                         *(f"{v:.3f}" for v in table[at])])  # fmt: skip
    left = len(rows) - ROWS
    each = ", ".join(f"{n} {size:,}" for n, size in zip(r.graph.names, r.sizes, strict=True))
    said = f"Free numbers: {each}; together {r.sizes.sum():,}, the full table {r.full:,}. "
    said += "Each row is drawn from the uniform distribution over all possible rows."
    more = "row is" if left == 1 else "rows are"
    said += f" {left:,} more {more} in the data." if left > 0 else ""
    return Table(["table", *(f"state {j}" for j in range(k))], rows[:ROWS], said)
