"""Where a critic is steep, what its weights look like, and what it calls the distance."""

import numpy as np

from dgmlib.figures.critic_perfect import short, ticks
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Bars, HeatMap, Layer, Lines, Panel, Points, Rules, Scene
from dgmlib.figures.table import Table
from dgmlib.gan.steep import EDGE, Steep

DECADES = 1.0  # the map goes from a tenth to ten times the slope 1
WORDS = {
    "nothing": "nothing holds it",
    "clipping": "weights in ±{0:g}",
    "penalty": "penalty, λ = {0:g}",
    "spectral norm": "spectral norm, K = {0:g}",
}


def steepness_scene(r: Steep) -> list[Scene | Table]:
    """Frames are steps of the critic; the colour is the logarithm of the slope."""
    scene = Scene(
        panels=[_map(r), _weights(r), _slopes(r), _distance(r)],
        alt="The slope of a critic over the plane while it learns to tell two clouds apart, the "
        "histogram of its weights, its certified bound beside the largest slope seen, and what it "
        "calls the distance of the clouds.",
        frame_values=r.steps.astype(float), frame_label="steps of the critic",
        captions=[_said(r, f) for f in range(len(r.steps))], start=len(r.steps) - 1, fps=8.0,
        columns=5, aspect=1.38,
    )  # fmt: skip
    return [scene, _table(r)]


def how(r: Steep) -> str:
    return WORDS[r.way].format(r.amount)


def _map(r: Steep) -> Panel:
    half = 0.5 * (r.axis[1] - r.axis[0])
    low, high = float(r.axis[0] - half), float(r.axis[-1] + half)
    value = np.log10(np.clip(r.slope, 10.0**-DECADES, 10.0**DECADES))
    return Panel(
        layers=[
            HeatMap(value=value, extent=(low, high, low, high), range=(-DECADES, DECADES),
                    colormap="diverging", legend=True, name="|∇f|"),
            Points(xy=r.real, color="target", size=2.5, opacity=0.9, name="data"),
            Points(xy=r.fake, color="ink", symbol="cross", size=2.5, opacity=0.9,
                   name="generated"),
        ],
        title=f"log₁₀ |∇f|, 0 where the slope is 1: {how(r)}", equal=True,
        x=Axis(range=(low, high)), y=Axis(range=(low, high)), area=(0, 0, 3, 6),
    )  # fmt: skip


def _weights(r: Steep) -> Panel:
    share = 100 * r.counts / r.counts.sum(1, keepdims=True)
    middle = 0.5 * (r.edges[1:] + r.edges[:-1])
    layers: list[Layer] = [
        Bars(x=middle, height=share, width=0.9 * float(middle[1] - middle[0]), color=0)
    ]
    if r.way == "clipping":
        layers.append(Rules(at=np.array([-r.amount, r.amount]), color="bad", name="the bounds"))
    return Panel(
        layers=layers, title="Weights f is computed with, %", legend=False,
        x=Axis(range=(-1.04 * EDGE, 1.04 * EDGE), ticks=[(-EDGE, f"≤ −{EDGE:g}"), (0.0, "0"),
                                                         (EDGE, f"≥ {EDGE:g}")]),
        y=Axis(), area=(3, 0, 2, 2),
    )  # fmt: skip


def _slopes(r: Steep) -> Panel:
    y = np.stack([r.bound, r.largest, r.usual])
    low, high = _decades(y)
    return Panel(
        layers=[
            Rules(at=np.ones(1), axis="y", color="muted"),
            Lines(x=r.steps.astype(float), y=np.maximum(y, low), cursor=True, width=2.0,
                  names=["K, certified", "largest seen", "usual, between"], colors=["bad", 1, 0]),
        ],
        title="Slopes of f", x=Axis(),
        y=Axis(log=True, range=(low, high), ticks=ticks(low, high)), area=(3, 2, 2, 2),
    )  # fmt: skip


def _distance(r: Steep) -> Panel:
    y = np.stack([r.bound * r.w1, r.estimate])
    low, high = _decades(np.append(y, r.w1))
    return Panel(
        layers=[
            Rules(at=np.array([r.w1]), axis="y", color="good", name="W₁, exact"),
            Lines(x=r.steps.astype(float), y=np.maximum(y, low), cursor=True, width=2.0,
                  names=["K · W₁", "E_p f − E_q f"], colors=["bad", "ink"]),
        ],
        title="f's distance and its ceiling", x=Axis(label="steps"),
        y=Axis(log=True, range=(low, high), ticks=ticks(low, high)), area=(3, 4, 2, 2),
    )  # fmt: skip


def _decades(y: np.ndarray) -> tuple[float, float]:
    """Whole powers of ten around the values, four of them at most."""
    high = 10.0 ** np.ceil(np.log10(float(y.max())))
    low = 10.0 ** np.floor(np.log10(max(float(y.min()), 1e-9)))
    return max(low, 1e-4 * high), high


def _said(r: Steep, f: int) -> str:
    pinned = f" {r.pinned[f]:.0%} of the weights are at a bound." if r.way == "clipping" else ""
    return (
        f"Step {r.steps[f]}, {how(r)}: no slope exceeds K = {short(r.bound[f])}, the largest seen "
        f"is {short(r.largest[f])}, between the clouds {short(r.usual[f])} is usual. f calls the "
        f"distance {short(r.estimate[f])}, at most K W₁ = {short(r.bound[f] * r.w1)}; over K it "
        f"proves W₁ ≥ {short(max(r.estimate[f], 0.0) / r.bound[f])}, of {num(r.w1, 3)}.{pinned}"
    )


def _table(r: Steep) -> Table:
    last = len(r.steps) - 1
    at = sorted({0, last // 8, last // 2, last})
    named = [
        ("K, certified", r.bound), ("largest |∇f| seen", r.largest),
        ("root mean square of |∇f| between the clouds", r.usual),
        ("E_p f − E_q f", r.estimate), ("K W₁, its ceiling", r.bound * r.w1),
        ("(E_p f − E_q f) / K ≤ W₁", r.estimate / r.bound),
    ]  # fmt: skip
    rows = [[name, *(short(float(v[f])) for f in at)] for name, v in named]
    if r.way == "clipping":
        rows.append(["weights at a bound", *(f"{r.pinned[f]:.1%}" for f in at)])
    return Table(
        ["", *(f"step {r.steps[f]}" for f in at)], rows,
        f"{how(r)[0].upper()}{how(r)[1:]}. W₁ of the two clouds of {len(r.real)} points is "
        f"{num(r.w1, 4)}, exactly. Every step sees all points. Slopes are looked at on the grid of "
        "the map and at one place between each of as many pairs of points; K holds everywhere.",
    )  # fmt: skip
