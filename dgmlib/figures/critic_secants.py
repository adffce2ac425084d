"""Secants of four curves: which of them are Lipschitz, and on what."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Handles, Layer, Lines, Panel, Path, Rules, Scene, Text
from dgmlib.figures.table import Table
from dgmlib.gan.secants import CURVES, REACH, Secants

HIGH = 9.0  # of the axis of slopes


def secants_scene(r: Secants) -> list[Scene | Table]:
    """Frames are R; the grips are the ends of one secant."""
    scene = Scene(
        panels=[_curve(r), _largest(r)],
        alt=f"{r.name} with a secant through two points to drag, and the largest slope of a secant "
        "on [-R, R] against R for four curves.",
        frame_values=r.reach, frame_label="R",
        captions=[_said(r, f) for f in range(len(r.reach))], start=len(r.reach) // 2 - 1, fps=10.0,
        columns=5, aspect=1.75,
    )  # fmt: skip
    return [scene, _table(r)]


def _curve(r: Secants) -> Panel:
    low, high = min(float(r.y.min()), 0.0), float(r.y.max())
    room = 0.12 * (high - low)
    x = np.array([-REACH, REACH])
    line = r.value[0] + r.slope * (x - r.pair[0])
    grips = Handles(
        xy=np.stack([r.pair, r.value], 1), labels=["a", "b"], colors=["accent", "accent"],
        axes="x", low=(-REACH, low), high=(REACH, high), at_most=2, at_least=2, name="pair",
    )  # fmt: skip
    layers: list[Layer] = [
        Lines(x=r.x, y=r.y[None], names=[r.name], colors=["ink"], width=2.5),
        Path(xy=np.stack([x, line], 1), color="accent", width=2.0,
             name=f"secant a–b, slope {num(r.slope)}"),
        Rules(at=np.stack([-r.reach, r.reach], 1), color="muted", name="−R and R"),
    ]  # fmt: skip
    if np.isfinite(r.largest).all():
        steepest = r.y_touch[:, None] + r.largest[:, None] * (x - r.touch[:, None])
        layers.append(Path(xy=np.stack([np.tile(x, (len(r.reach), 1)), steepest], -1), color="bad",
                           dash=True, name="what secants in [−R, R] come near to"))  # fmt: skip
    else:
        layers.append(Rules(at=np.zeros(1), color="bad", width=2.0,
                            name="secants at 0 come near to upright"))  # fmt: skip
    return Panel(
        layers=[*layers, grips], title=f"{r.name}: drag a and b",
        x=Axis(label="x", range=(-REACH, REACH)),
        y=Axis(range=(low - room, high + room)), area=(0, 0, 3, 4),
    )  # fmt: skip


def _largest(r: Secants) -> Panel:
    names = list(CURVES)
    finite = [bool(np.isfinite(row).all()) for row in r.all]
    few = [i for i in range(len(names)) if finite[i]]
    # sin x and |x| lie on each other: one shows between the other's dashes
    dashes = [names[i] == "|x|" for i in few]
    endless = [n for n, ok in zip(names, finite, strict=True) if not ok]
    return Panel(
        layers=[
            Lines(x=r.reach, y=r.all[few], names=[names[i] for i in few], colors=few,
                  dashes=dashes, cursor=True, width=2.5),
            Text(xy=np.array([[0.04 * REACH, 0.94 * HIGH]]), size=12.0, anchor="start",
                 text=[f"{', '.join(endless)}: ∞ for every R"]),
        ],
        title="Steepest secant on [−R, R]", x=Axis(label="R", range=(0, REACH)),
        y=Axis(range=(0, HIGH)), area=(3, 0, 2, 4),
    )  # fmt: skip


def _said(r: Secants, f: int) -> str:
    a, b = (num(v) for v in r.pair)
    top = (
        f"come as near to {num(r.largest[f])} as you like, and not beyond"
        if np.isfinite(r.largest[f])
        else "are as steep as you like, next to 0"
    )
    return (
        f"{r.name}: the secant through a = {a} and b = {b} has slope {num(r.slope, 3)}. On [−R, R] "
        f"with R = {num(r.reach[f], 1)} slopes {top}."
    )


def _table(r: Secants) -> Table:
    rows = []
    for name, curve in CURVES.items():
        inside = float(curve.largest(np.array([REACH]))[0])
        local = f"yes, K = {num(inside, 0)}" if np.isfinite(inside) else "no"
        whole = f"yes, K = {num(curve.everywhere, 0)}" if np.isfinite(curve.everywhere) else "no"
        here = curve.f(r.pair)
        slope = num(float((here[1] - here[0]) / (r.pair[1] - r.pair[0])), 3)
        rows.append([name, "yes" if curve.smooth else "no", local, whole, slope])
    return Table(
        ["curve", "continuously differentiable", f"Lipschitz on [−{REACH:g}, {REACH:g}]",
         "Lipschitz on the whole line", "slope of the secant a–b"],
        rows,
        "Neither property implies the other. A critic with (leaky) ReLUs is like |x|: corners "
        "everywhere, and Lipschitz on the whole plane.",
    )  # fmt: skip
