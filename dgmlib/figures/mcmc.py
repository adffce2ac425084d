"""Two Markov chains side by side on one density, and what their averages say so far."""

import numpy as np

from dgmlib.experiments.arena import Plane
from dgmlib.experiments.laboratory import Duel, Record
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Ellipses,
    Handles,
    HeatMap,
    Layer,
    Lines,
    Panel,
    Path,
    Points,
    Rules,
    Scene,
    Symbol,
)
from dgmlib.figures.table import Table

SYMBOLS: tuple[Symbol, Symbol] = ("circle", "square")
TICKS = [(0.03, "0.03"), (0.1, "0.1"), (0.3, "0.3"), (1.0, "1"), (3.0, "3")]


def num(value: float, digits: int = 2) -> str:
    """A number in a sentence: fixed digits, a true minus sign."""
    if np.isnan(value):
        return "unknown"
    return "∞" if np.isinf(value) else f"{value:.{digits}f}".replace("-", "−")


def at(xy: np.ndarray) -> str:
    return f"({num(xy[0])}, {num(xy[1])})"


def duel_scene(d: Duel) -> list[Scene | Table]:
    """Each frame is one step of both: where it stood, what it proposed, what became of it."""
    T = len(d.first.proposal)
    frames = np.arange(T + 1)
    labels = [f"1: {d.first.name}", f"2: {d.second.name}"]
    both = [d.first, d.second]
    panels = [
        plane_panel(d.plane, [*_chain_layers(d, r, i), *_start(d, i)], labels[i], (i, 0, 1, 3))
        for i, r in enumerate(both)
    ]  # fmt: skip
    means = np.stack([r.mean[:, 0] for r in both])  # (2, F)
    middle, sd = float(d.plane.mean[0]), float(np.sqrt(d.plane.cov[0, 0]))
    span, ticks = 2.2 * sd, _ticks(middle, sd)
    panels += [
        Panel(
            layers=[
                Rules(at=d.plane.mean[:1], axis="y", color="target", name="exact"),
                Lines(x=frames, y=np.clip(means, middle - 4 * span, middle + 4 * span),
                      names=labels, colors=[0, 1], dashes=[False, True], cursor=True),
            ],
            title="Running mean of x₁", x=Axis(label="step"),
            y=Axis(range=(middle - span, middle + span), ticks=ticks), area=(0, 3, 1, 2),
        ),
        _distance(d, both),
    ]  # fmt: skip
    scene = Scene(
        panels=panels,
        alt=f"{d.first.name} and {d.second.name} step by step on the {d.plane.name} density, with "
        "their running means and how far these are from the exact mean.",
        frame_values=frames, frame_label="step", captions=_said(d), start=min(60, T), fps=6.0,
        columns=2, aspect=1.35, interpolate=False,
    )  # fmt: skip
    return [scene, _table(d)]


def plane_panel(
    p: Plane, layers: list[Layer], title: str, area: tuple[int, int, int, int]
) -> Panel:
    """The density under the layers: its root, so that thin places are seen as well."""
    (x0, x1), (y0, y1) = p.extent
    root = np.sqrt(p.density / p.density.max())
    heat = HeatMap(value=root, extent=(x0, x1, y0, y1), range=(0.0, 1.6), opacity=0.55)
    return Panel(
        layers=[heat, *layers], title=title, x=Axis(label="x₁", range=(x0, x1)),
        y=Axis(label="x₂", range=(y0, y1)), area=area,
    )  # fmt: skip


def _chain_layers(d: Duel, r: Record, color: int) -> list[Layer]:
    way = np.concatenate([np.repeat(r.x[:1, None], r.way.shape[1], axis=1), r.way])  # (F, P, 2)
    yes = np.concatenate([[False], r.accepted])
    no = np.concatenate([[False], ~r.accepted])
    here = np.concatenate([r.x[:1], r.x[:-1]])  # (F, 2): before the step
    size = np.diff(d.plane.extent, axis=1)[:, 0]
    away = d.plane.extent[:, 1] + size  # where nothing is seen
    ends = np.concatenate([r.x[:1], r.proposal])
    layers: list[Layer] = []
    if r.biased is not None:
        mean = d.plane.mean[None]
        layers += [
            Ellipses(mean=mean, cov=d.plane.cov[None], sd=(1.0,), colors=["target"], fill=False,
                     name="the target, 1 sd"),
            Ellipses(mean=mean, cov=r.biased[None], sd=(1.0,), colors=[color], fill=False,
                     dash=True, name="where ULA settles, 1 sd"),
        ]  # fmt: skip
    layers += [
        Path(xy=r.x, trail=True, color=color, width=1.6, opacity=0.6),
        Path(xy=way, color="ink", width=1.2, opacity=0.7, dash=True),
    ]
    kinds: list[tuple[np.ndarray, str, Symbol, str]] = [
        (yes, "good", "circle", "accepted"),
        (no, "bad", "cross", "refused"),
    ]
    for mask, tint, symbol, name in kinds:
        last = way[:, -2]
        layers += [
            Arrows(start=np.where(mask[:, None], last, here)[:, None],
                   end=np.where(mask[:, None], ends, here)[:, None], color=tint, width=2.2),
            Points(xy=np.where(mask[:, None], ends, away)[:, None], color=tint, symbol=symbol,
                   size=6.5, opacity=1.0, name=f"proposal {name}"),
        ]  # fmt: skip
    layers.append(
        Points(xy=d.plane.mean[None], color="target", symbol="star", size=8.0, opacity=1.0,
               name="exact mean")
    )  # fmt: skip
    return layers


def _start(d: Duel, panel: int) -> list[Layer]:
    if panel == 1:
        return [Points(xy=d.start[None], color="muted", symbol="plus", size=6.0)]
    low, high = d.plane.extent.T
    return [
        Handles(xy=d.start[None], labels=["start"], colors=["ink"], at_least=1, at_most=1,
                low=(float(low[0]), float(low[1])), high=(float(high[0]), float(high[1])),
                name="start")
    ]  # fmt: skip


def _ticks(middle: float, sd: float) -> list[tuple[float, str]]:
    """Round numbers, about one for each deviation."""
    unit = 10.0 ** np.floor(np.log10(sd))
    step = next(k * unit for k in (1, 2, 5, 10) if k * unit >= 0.9 * sd)
    first = int(np.ceil((middle - 2.2 * sd) / step))
    places = max(0, -int(np.floor(np.log10(step))))
    return [(k * step, num(k * step, places)) for k in range(first, first + 5)]


def _distance(d: Duel, both: list[Record]) -> Panel:
    """The same averages by what they cost: the axis where samplers can be compared."""
    T = len(d.first.proposal)
    step = np.arange(1, T + 1)
    layers: list[Layer] = []
    ends = [step[0] * min(r.evaluations for r in both), T * max(r.evaluations for r in both)]
    x = np.geomspace(ends[0], ends[1], 30)
    layers.append(Lines(x=x, y=1 / np.sqrt(x), names=["exact draws, root mean square"],
                        colors=["target"], dashes=[True], width=1.5))  # fmt: skip
    for i, r in enumerate(both):
        cost = step * r.evaluations
        y = np.where(np.isnan(r.distance[1:]), np.nan, np.clip(r.distance[1:], 1e-3, 1e3))
        if np.isnan(y).all():  # lost at the first step: there is no average
            continue
        layers.append(Lines(x=cost, y=y[None], colors=[i], dashes=[i == 1], width=2.0))
        held = np.concatenate([y[:1], y])  # (F,)
        good = np.flatnonzero(~np.isnan(held))
        held = held[np.maximum.accumulate(np.where(np.isnan(held), good[0], np.arange(T + 1)))]
        where = np.stack([np.concatenate([cost[:1], cost]), held], -1)[:, None]
        layers.append(Points(xy=where, color=i, symbol=SYMBOLS[i], size=5.0,
                             opacity=1.0))  # fmt: skip
    return Panel(
        layers=layers, title="Distance from the exact mean, in sd",
        x=Axis(label="evaluations of log p or its gradient", log=True),
        y=Axis(log=True, range=(0.02, 4.0), ticks=TICKS), area=(1, 3, 1, 2),
    )  # fmt: skip


def _said(d: Duel) -> list[str]:
    moved = " (moved: p is 0 there, or it is out of sight)" if d.moved else ""
    said = [f"Both start at {at(d.start)}{moved}. The exact mean is {at(d.plane.mean)}."]
    counts = [np.cumsum(r.accepted) for r in (d.first, d.second)]
    for t in range(1, len(d.first.x)):
        parts = [
            f"{i + 1}: {r.name} left for infinity at step {r.lost + 1}."
            if 0 <= r.lost < t
            else f"{i + 1}: {r.name} {_deed(r, t)}; {counts[i][t - 1]} of {t} accepted, "
            f"{_count(t * r.evaluations, r)} evaluated."
            for i, r in enumerate((d.first, d.second))
        ]
        said.append(f"Step {t}. " + " ".join(parts))
    return said


def _count(n: int, r: Record) -> str:
    one, many = ("gradient", "gradients") if r.gradients else ("density", "densities")
    return f"{n:,} {one if n == 1 else many}"


def _deed(r: Record, t: int) -> str:
    took = "moves to" if r.accepted[t - 1] else "refuses " + at(r.proposal[t - 1]) + ", stays at"
    if r.swapped[t - 1]:
        took = "swaps places with a warmer chain:"
    return f"{took} {at(r.x[t])}"


def _table(d: Duel) -> Table:
    rows = []
    for r in (d.first, d.second):
        T = len(r.proposal)
        alive = T if r.lost < 0 else r.lost
        jump = float(((r.x[1:] - r.x[:-1]) ** 2 / np.diag(d.plane.cov)).mean())
        rows.append([
            r.name, f"{r.accepted[:alive].mean():.0%}" if alive else "none",
            f"{T * r.evaluations:,}", f"{T * r.gradients:,}",
            at(r.mean[-1]) if r.lost < 0 else f"lost at step {r.lost + 1}",
            float(r.distance[-1]) if r.lost < 0 else "unknown",
            1000 * jump / r.evaluations if r.lost < 0 else "unknown",
        ])  # fmt: skip
    rows.append(["exact", "", "", "", at(d.plane.mean), 0.0, ""])
    columns = ["", "accepted", "evaluations", "of these gradients", "running mean",
               "its distance, sd", "squared jump per 1,000 evaluations"]  # fmt: skip
    said = "Squared jumps are in units of the target's variances, a coordinate."
    settled = [r for r in (d.first, d.second) if r.name == "ULA" and d.plane.gaussian]
    for r in settled[:1]:
        v = None if r.biased is None else np.diag(r.biased)
        said += " " + (
            "ULA never settles with this step: it is longer than the narrowest direction allows."
            if v is None
            else f"ULA settles at variances {num(v[0], 3)} and {num(v[1], 3)}; the target has "
            f"{num(d.plane.cov[0, 0], 3)} and {num(d.plane.cov[1, 1], 3)}."
        )
    return Table(columns, rows, said)
