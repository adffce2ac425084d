"""The scene of a chain against its film run backwards: net flows, detailed balance."""

import numpy as np

from dgmlib.figures.markov_graph import (
    RADIUS,
    graph_panel,
    matrix_panel,
    name_layer,
    num,
    places,
    prob,
    rings,
)
from dgmlib.figures.scene import Arrows, Axis, Bars, Layer, Lines, Panel, Path, Scene, Text
from dgmlib.markov.reversal import Cycle, Turned
from dgmlib.markov.text import LETTERS

TINY = 1e-12  # of a net flow, hardly more than rounding
MOST_PAIRS = 10  # of states, those with the most flow


def flows_scene(u: Turned) -> Scene:
    """Net flows on the graph and both flows of each pair; frames turn the film round."""
    n, at = len(u.pi), places(len(u.pi))
    net = u.flow - u.flow.transpose(0, 2, 1)  # (F, n, n)
    some = (u.flow > 0).any(0)
    i, j = np.nonzero(np.triu(some | some.T, 1))
    largest = float(np.abs(net).max())
    layers: list[Layer] = []
    if len(i):
        lines = np.stack([at[i], at[j]], 1)
        layers.append(Path(xy=lines, many=True, color="muted", width=1.0, opacity=0.35))
    if largest > TINY:
        middle, way = (at[i] + at[j]) / 2, at[j] - at[i]
        room = 1 - 2 * (RADIUS + 0.05) / np.linalg.norm(way, axis=-1, keepdims=True)
        half = 0.5 * way * room * (net[:, i, j] / largest)[..., None]  # (F, m, 2)
        layers.append(Arrows(start=middle - half, end=middle + half, color="accent", width=3.0,
                             name="net flow, by length"))  # fmt: skip
    share = [f"π {prob(float(v))}" for v in u.pi]
    layers += [
        Path(xy=rings(n), many=True, color="ink", width=1.25),
        Text(xy=(1 + RADIUS + 0.3) * at, text=share, size=11.0),
        name_layer(n),
    ]
    graph = graph_panel(layers, title="Net flow: there minus back", area=(0, 0, 3, 3))
    return Scene(
        panels=[graph, _pairs(u, i, j), matrix_panel(u.chain.P, area=(0, 3, 3, 2)), _entropy(u)],
        alt=f"Stationary flows in a Markov chain ({u.chain.about}) as it is mixed with its time "
        f"reversal. {_criterion(u.cycle)}",
        frame_values=u.s, frame_label="share of the reversal s",
        captions=[_said(u, f) for f in range(len(u.s))], fps=10.0, columns=6, aspect=1.3,
    )  # fmt: skip


def _pairs(u: Turned, i: np.ndarray, j: np.ndarray) -> Panel:
    """Both flows of the pairs with the most of it: equal bars are detailed balance."""
    title, area = "Flow there and back", (3, 0, 3, 3)
    if not len(i):
        note = Text(xy=np.array([[0.5, 0.5]]), text=["No flow between different states"])
        hidden = Axis(range=(0, 1), hidden=True)
        return Panel(layers=[note], title=title, x=hidden, y=hidden, area=area)
    total = (u.flow[0] + u.flow[0].T)[i, j]
    if len(total) > MOST_PAIRS:
        title += f": the {MOST_PAIRS} largest"
    keep = np.sort(np.argsort(-total, kind="stable")[:MOST_PAIRS])
    i, j = i[keep], j[keep]
    x, there, back = np.arange(len(i)), u.flow[:, i, j], u.flow[:, j, i]
    names = [LETTERS[a] + LETTERS[b] for a, b in zip(i, j, strict=True)]
    return Panel(layers=[
        Bars(x=x - 0.2, height=there, width=0.38, color=0, name="first to second"),
        Bars(x=x + 0.2, height=back, width=0.38, color="target", opacity=0.6, name="back"),
    ], title=title, area=area,
       x=Axis(range=(-0.6, len(x) - 0.4), ticks=list(enumerate(names))),
       y=Axis(label="probability a step", range=(0, 1.08 * float(there.max()))))  # fmt: skip


def _entropy(u: Turned) -> Panel:
    finite = np.where(np.isfinite(u.entropy), u.entropy, np.nan)
    top = 1.1 * max(float(np.nanmax(finite)), 0.1)
    curve = Lines(x=u.s, y=finite[None], names=["entropy"], colors=["ink"], cursor=True)
    return Panel(
        layers=[curve], title="Entropy production, nats a step", legend=False, area=(3, 3, 3, 2),
        x=Axis(label="s: 0 the chain, ½ reversible, 1 backwards"),
        y=Axis(range=(-0.04 * top, top)),
    )  # fmt: skip


def _said(u: Turned, f: int) -> str:
    last, s = len(u.s) - 1, num(u.s[f])
    net = u.flow[f] - u.flow[f].T
    i, j = np.unravel_index(int(np.argmax(net)), net.shape)
    most = float(net[i, j])
    where = f"largest net flow {num(most)} from {LETTERS[i]} to {LETTERS[j]}"
    entropy = num(u.entropy[f]) if np.isfinite(u.entropy[f]) else "infinite"
    what = {0: " (the chain)", last // 2: " (half and half)", last: " (backwards)"}.get(f, "")
    if not most > TINY:
        where = "no net flow" if u.cycle is None or f == last // 2 else "net flows below 10⁻¹²"
    said = f"s = {s}{what}: {where}; entropy production {entropy} nats a step; π is the same."
    if f == 0:
        said += " " + _criterion(u.cycle)
        if not u.unique:
            said += f" π is where the start {u.start} leads."
    return said


def _criterion(cycle: Cycle | None) -> str:
    """Kolmogorov's criterion, with the cycle that breaks it."""
    if cycle is None:
        return "Reversible: every cycle is as likely forwards as backwards."
    way = "→".join(LETTERS[k] for k in (*cycle.states, cycle.states[0]))
    both = [(f"{cycle.forward:.{k}g}", f"{cycle.backward:.{k}g}") for k in (3, 6, 9, 17)]
    forward, backward = next((p for p in both if p[0] != p[1]), both[-1])  # as they differ
    return f"Not reversible: {way} has probability {forward} forwards, {backward} backwards."
