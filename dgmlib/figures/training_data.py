"""The data of a game: a plane to paint on, beside what the networks will be given."""

import numpy as np

from dgmlib.figures.scene import Axis, Brush, Layer, Panel, Points, Scene
from dgmlib.gan.given import Given
from dgmlib.gan.watched import FEWEST

REACH, DATA = 3.2, 800


def data_scene(g: Given) -> Scene:
    words = _words(g)
    return Scene(
        panels=[_paint(g), _seen(g)],
        alt="A plane to paint points on, beside the points as the networks see them. " + words,
        captions=[words], columns=2, aspect=1.9,
    )  # fmt: skip


def _words(g: Given) -> str:
    if g.data is None:
        left = FEWEST - len(g.raw)
        return f"{len(g.raw)} points of your own. Paint {left} more at least."
    if g.own:
        return (
            f"{len(g.raw)} points of your own. The networks see them moved to mean 0 and scaled to "
            "a root mean square distance of 2 from there."
        )
    k = 0 if g.data.centres is None else len(g.data.centres)
    modes = f"{k} modes to count" if k else "no modes to count"
    return f"{g.data.name}: {len(g.data.points):,} points, {modes}."


def _paint(g: Given) -> Panel:
    size = max(REACH, 1.05 * float(np.abs(g.raw).max(initial=0.0)))
    layers: list[Layer] = [Brush(xy=g.raw, at_most=1000, spread=size / 24)]
    if not g.own and g.data is not None:
        faint = Points(xy=g.data.points[:DATA].astype(float), color="muted", size=1.8, opacity=0.4,
                       name="the chosen set")  # fmt: skip
        layers.insert(0, faint)
    side = Axis(range=(-size, size))
    title = "Paint here" if g.own else "Paint here: your points replace the set"
    return Panel(layers=layers, title=title, x=side, y=side, equal=True, area=(0, 0, 1, 1))


def _seen(g: Given) -> Panel:
    points = np.zeros((0, 2)) if g.data is None else g.data.points[:DATA].astype(float)
    layers: list[Layer] = [Points(xy=points, color="ink", size=2.2, opacity=0.6, name="data")]
    if g.data is not None and g.data.centres is not None:
        layers.append(Points(xy=g.data.centres, color="accent", symbol="plus", size=6.0,
                             opacity=1.0, name="modes to count"))  # fmt: skip
    side = Axis(range=(-REACH, REACH))
    title = "What the networks see" + (": mean 0, size 2" if g.own else "")
    return Panel(layers=layers, title=title, x=side, y=side, equal=True, area=(1, 0, 1, 1))
