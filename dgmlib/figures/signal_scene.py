"""p, a q that theta moves, six divergences between them, and the slope that each one sends."""

import numpy as np

from dgmlib.divergences.mixture1d import Mixture1D, log_prob
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Arrows, Axis, Layer, Lines, Panel, Path, Points, Rules, Scene, Text
from dgmlib.figures.signal_words import NAMES, Words, power, said, table, words
from dgmlib.figures.table import Table
from dgmlib.gan.signal import FAR, Signal

COLORS = [0, 1, 2, 3, 4, 5]
DASHES = [False, True] * 3  # equal curves: one shows between the other's dashes
X = np.linspace(-12.0, 12.0, 241)
TOP = 8.6  # of the values' axis; for mixtures just above W_1 at their false minimum
FLOOR = 1e-9  # the smallest slope that is drawn as such
FAR_AWAY = -5.0  # theta to open at
AXIS = Axis(label="θ", range=(-FAR, FAR), ticks=[(float(k), num(k, 0)) for k in (-8, -4, 0, 4, 8)])


def signal_scene(s: Signal) -> list[Scene | Table]:
    """Frames are theta; play, and q passes by p."""
    theta = s.sweep.theta
    value = words(s.sweep.value, s.sweep.value_error)
    slope = words(s.sweep.slope, s.sweep.slope_error)
    scene = Scene(
        panels=[_picture(s), _advice(s, value, slope), _values(s), _slopes(s)],
        alt="A distribution p and the same or another one moved by theta; six divergences between "
        "them against theta; the size of their slopes; and where each of them would move q.",
        frame_values=theta, frame_label="θ, where q stands",
        captions=[said(*all_) for all_ in zip(theta, value, slope, strict=True)], start=_start(s),
        fps=10.0, columns=5, aspect=1.55,
    )  # fmt: skip
    return [scene, table(theta, value, slope)]


def _start(s: Signal) -> int:
    """Far away; of two mixtures, where q's right mode lies on p's left one."""
    return int(np.argmin(np.abs(s.sweep.theta - (-_gap(s) or FAR_AWAY))))


def _gap(s: Signal) -> float:
    """From mode to mode of a mixture, else 0."""
    return float(np.ptp(s.p.mean)) if s.p is not None else 0.0


def _picture(s: Signal) -> Panel:
    theta = s.sweep.theta
    if s.p is not None and s.q is not None:
        return _densities(s.p, s.q, theta)
    F, one = len(theta), np.ones(len(theta))
    if s.family == "points":
        tops = np.stack([theta, one], 1)[:, None]
        layers: list[Layer] = [
            Arrows(start=np.array([[0.0, 0.0]]), end=np.array([[0.0, 1.0]]), color="target",
                   width=4.0, name="p: all mass at 0"),
            Arrows(start=tops * np.array([1.0, 0.0]), end=tops, color="accent", width=4.0,
                   name="q: all mass at θ"),
        ]  # fmt: skip
        heights = np.array([0.5])
    else:
        still = np.array([[0.0, 0.0], [0.0, 1.0]])
        moved = still + np.stack([theta, 0 * one], 1)[:, None]
        layers = [
            Path(xy=still, color="target", width=5.0, name="p: (0, z), z uniform"),
            Path(xy=moved, color="accent", width=5.0, name="q: (θ, z), z uniform"),
        ]
        heights = np.linspace(0.1, 0.9, 5)
    N = len(heights)
    at = np.stack([np.repeat(theta[:, None], N, 1), np.tile(heights, (F, 1))], -1)  # (F, N, 2)
    layers.append(Arrows(start=at, end=at * np.array([0.0, 1.0]), color=4, opacity=0.8,
                         name="cheapest transport: |θ| for all of the mass"))  # fmt: skip
    return Panel(
        layers=layers, title="Two points" if s.family == "points" else "Two lines in the plane",
        x=Axis(label="x", range=(-9, 9)),
        y=Axis(label="mass" if s.family == "points" else "z", range=(-0.08, 1.3)),
        area=(0, 0, 3, 10),
    )  # fmt: skip


def _densities(p: Mixture1D, q: Mixture1D, theta: np.ndarray) -> Panel:
    on_p = np.exp(log_prob(p, X))
    on_q = np.exp(log_prob(q, X - theta[:, None]))  # (F, N)
    return Panel(
        layers=[
            Lines(x=X, y=on_p[None], names=["p"], colors=["target"], fill=True, width=2.5),
            Lines(x=X, y=on_q[:, None], names=["q, moved by θ"], colors=["accent"], fill=True,
                  width=2.5),
        ],
        title="Two densities",
        x=Axis(label="x", range=(-12, 12)),
        y=Axis(label="density", range=(0, 1.12 * float(max(on_p.max(), on_q.max())))),
        area=(0, 0, 3, 10),
    )  # fmt: skip


def _advice(s: Signal, value: Words, size: Words) -> Panel:
    """A line for each divergence: its value, its slope, and where a step down would take q."""
    F = len(s.sweep.theta)
    rows = 6.0 - np.arange(6)
    slope = np.array(s.sweep.slope).T  # (F, 6)
    layers: list[Layer] = [
        Points(xy=np.stack([np.full(6, 0.25), rows], 1), group=np.arange(6), size=5.0, opacity=1.0),
        Text(xy=np.stack([np.full(6, 0.55), rows], 1), text=NAMES, anchor="start"),
        Text(xy=np.array([[4.1, 7.1], [6.8, 7.1], [8.6, 7.1]]), size=12.0, color="muted",
             text=["D", "dD/dθ", "step (≤ 1)"]),
        Text(xy=np.stack([np.full(6, 4.1), rows], 1), text=value),
        Text(xy=np.stack([np.full(6, 6.8), rows], 1), text=size),
    ]  # fmt: skip
    length = np.clip(np.nan_to_num(-slope, nan=0.0), -1, 1)
    for k in range(6):
        y = np.full(F, rows[k])
        begin = np.stack([8.6 - 0.6 * np.sign(length[:, k]) * (length[:, k] != 0), y], 1)
        end = begin + np.stack([1.2 * length[:, k], 0 * y], 1)
        layers.append(Arrows(start=begin[:, None], end=end[:, None], color=COLORS[k], width=3.0))
    silent = [["no slope" if np.isnan(v) else "flat" if abs(v) < FLOOR else "" for v in row]
              for row in slope]  # fmt: skip
    layers.append(Text(xy=np.stack([np.full(6, 8.6), rows], 1), text=silent, color="muted"))
    return Panel(
        layers=layers, title="What each divergence tells q at this θ", legend=False,
        x=Axis(range=(0, 9.6), hidden=True), y=Axis(range=(0.4, 7.6), hidden=True),
        area=(0, 10, 3, 10),
    )  # fmt: skip


def _values(s: Signal) -> Panel:
    theta, y = s.sweep.theta, np.array(s.sweep.value)
    layers: list[Layer] = [Rules(at=np.array([np.log(2)]), axis="y", color="muted")]
    infinite = bool(np.isinf(y).any())
    if infinite:  # a jump is no slope: the curves stop, and a mark stands where they jump to
        y = np.where(np.isinf(y), np.nan, y)
        jumps = y.copy()
        jumps[2:4, theta == 0] = np.nan
        at = np.array([-7.0, -5, -3, -1, 1, 3, 5, 7])
        for k in (0, 1):
            foot = np.stack([at + (k - 0.5) * 0.5, np.full(8, 0.88 * TOP)], 1)
            layers.append(
                Arrows(start=foot, end=foot + np.array([0.0, 0.1 * TOP]), color=k, width=2.5)
            )
        layers.append(Text(xy=np.array([[0.0, 0.8 * TOP]]), text=["both KL are ∞ unless θ = 0"]))
        layers.append(Points(xy=np.zeros((1, 2)), color="ink", size=5.0, opacity=1.0,
                             name="all are 0 at θ = 0"))  # fmt: skip
        y = jumps
    layers.append(Lines(x=theta, y=np.minimum(y, 4 * TOP), names=NAMES, colors=COLORS,
                        dashes=DASHES, cursor=True))  # fmt: skip
    top = max(1.1 * _gap(s), 1.3) if s.family == "mixtures" else TOP
    layers.append(Text(xy=np.array([[7.8, 1 + 0.065 * top]]), text=["JS ≤ log 2"], size=12.0,
                       anchor="end", color="muted"))  # fmt: skip
    return Panel(
        layers=layers, title="Six divergences", x=AXIS,
        y=Axis(label="nats; W: units of x", range=(0, top)), area=(3, 0, 2, 11),
    )  # fmt: skip


def _slopes(s: Signal) -> Panel:
    theta, size = s.sweep.theta, np.abs(np.array(s.sweep.slope))
    top = 10 ** np.ceil(np.log10(2 * max(float(np.nanmax(size)), 5.0)))
    powers = np.arange(-8, np.log10(top) + 1, 2)
    # where a slope changes sign its curve has a gap, not a dip to the bottom
    alone = (size < FLOOR) & (np.roll(size, 1, 1) > FLOOR) & (np.roll(size, -1, 1) > FLOOR)
    size = np.where(alone, np.nan, size)
    ticks = [(FLOOR, "0"), *((10.0**k, power(int(k))) for k in powers)]
    layers: list[Layer] = [
        Lines(x=theta, y=np.maximum(size, FLOOR), names=NAMES, colors=COLORS, dashes=DASHES,
              cursor=True)
    ]  # fmt: skip
    if np.isnan(size[:2]).all():
        layers.append(Text(xy=np.array([[0.0, 0.3], [0.0, 6e-9]]),
                           text=["KL: infinite, no slope", "JS, TV: slope exactly 0"]))  # fmt: skip
    return Panel(
        layers=layers, title="How strong the signal is: |dD/dθ|", legend=False,
        x=AXIS,
        y=Axis(log=True, range=(0.5 * FLOOR, top), ticks=ticks), area=(3, 11, 2, 9),
    )  # fmt: skip
