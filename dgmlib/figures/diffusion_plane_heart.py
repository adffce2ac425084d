"""Training points that are painted, samples that are these points, and how near samples come."""

import numpy as np

from dgmlib.data.points import encode
from dgmlib.diffusion.plane_choice import FEWEST
from dgmlib.diffusion.plane_error import REACH
from dgmlib.diffusion.plane_heart import GRID, SAME, Heart, share_below
from dgmlib.diffusion.sets import MOST
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Brush, Layer, Lines, Panel, Points, Rules, Scene

COLORS = {"by heart": 1, "smooth": 2, "trained": 3, "fresh data": "ink"}
NAMES = {"by heart": "by heart", "smooth": "smooth, exact", "trained": "trained network",
         "fresh data": "fresh data"}  # fmt: skip


def heart_scene(h: Heart) -> Scene:
    """Frames are sizes of the training set; the plane to paint on stays where it is."""
    panels = [samples(h, (0, 0, 4, 4)), shares(h, (4, 0, 4, 4)), paint(h, (8, 0, 4, 4))]
    if h.data is None:
        words = f"{len(h.raw)} points of your own. Paint {FEWEST - len(h.raw)} more at least."
        return Scene(panels=panels, alt=f"A plane to paint on. {words}", captions=[words],
                     columns=12, aspect=2.2)  # fmt: skip
    F = len(h.sizes)
    return Scene(
        panels=panels,
        alt="Samples of a denoiser that knows N training points by heart, the share of samples "
        f"near a training point, and a plane to paint training points on. {caption(h, F - 1)}",
        frame_values=h.sizes.astype(float), frame_label="training points N",
        captions=[caption(h, f) for f in range(F)], start=F // 2, fps=2.0, columns=12,
        aspect=2.2, interpolate=False,
    )  # fmt: skip


def samples(h: Heart, area: tuple[int, int, int, int]) -> Panel:
    layers: list[Layer] = [
        Points(xy=x, color=COLORS[name], size=2.2, opacity=0.5, symbol="cross", name=NAMES[name])
        for name, x in h.others.items()
        if name != "fresh data"
    ]
    known = [np.resize(h.training[:n], h.training.shape) for n in h.sizes]
    layers += [
        Points(xy=np.stack(known) if known else h.raw, color="ink", symbol="ring", size=4.5,
               opacity=0.9, name="training points"),
        Points(xy=h.by_heart if known else h.raw[:0], color=1, symbol="diamond", size=2.4,
               opacity=0.9, name="by heart"),
    ]  # fmt: skip
    side = Axis(range=(-REACH, REACH))
    return Panel(layers=layers, title="Samples from the same noise", x=side, y=side, equal=True,
                 area=area)  # fmt: skip


def shares(h: Heart, area: tuple[int, int, int, int]) -> Panel:
    layers: list[Layer] = [Rules(at=np.array([SAME]), color="muted", width=1.0)]
    if names := list(h.distance):
        y = np.stack([share_below(d) for d in h.distance.values()], 1)  # (F, L, g)
        layers.append(
            Lines(x=GRID, y=y, names=[NAMES[n] for n in names], colors=[COLORS[n] for n in names],
                  dashes=[n in ("trained", "fresh data") for n in names])
        )  # fmt: skip
    return Panel(
        layers=layers,
        title="Share this near a training point", area=area,
        x=Axis(label="distance", range=(GRID[0], GRID[-1]), log=True,
               ticks=[(1e-4, "≤ 0.0001"), *((v, f"{v:g}") for v in (1e-3, 0.01, 0.1, 1.0))]),
        y=Axis(range=(-0.02, 1.05)),
    )  # fmt: skip


def paint(h: Heart, area: tuple[int, int, int, int]) -> Panel:
    """The reader's points where they were painted, before they are moved and scaled."""
    size = max(REACH, 1.05 * float(np.abs(h.raw).max(initial=0.0)))
    layers: list[Layer] = [Brush(xy=h.raw, at_most=MOST, spread=size / 24)]
    if not h.own:
        layers.insert(0, Points(xy=h.training, color="muted", size=1.8, opacity=0.5,
                                name="the chosen set"))  # fmt: skip
    side = Axis(range=(-size, size))
    title = "Your points" if h.own else "Paint points of your own"
    return Panel(layers=layers, title=title, x=side, y=side, equal=True, area=area)


def painted(done: dict) -> str:
    """The text of what was painted."""
    return encode(np.array(done["xy"]))


def caption(h: Heart, f: int) -> str:
    """Who is on a training point, and how far the others are."""
    on = float((h.distance["by heart"][f] < SAME).mean())
    median = {k: float(np.median(d[f])) for k, d in h.distance.items() if k != "by heart"}
    same = {k: float((h.distance[k][f] < SAME).mean()) for k in median}
    far = ", ".join(f"{NAMES[k]} {num(v, 3)}" for k, v in median.items())
    return (
        f"N = {h.sizes[f]}: {on:.1%} of the samples by heart are within {SAME:g} of a training "
        f"point; of the others at most {max(same.values()):.1%}. Their median distances: {far}."
    )
