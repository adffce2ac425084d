"""The plane decoded; the aggregate posterior over the prior; its holes; a place that is picked."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.latent_digit import middles
from dgmlib.figures.latent_words import SHOWN, SIDE, column, place, told
from dgmlib.figures.scene import (
    Axis,
    Ellipses,
    HeatMap,
    Layer,
    Panel,
    Pick,
    Points,
    Scene,
    Text,
)
from dgmlib.figures.table import Table
from dgmlib.vae.aggregate import Surgery
from dgmlib.vae.holes import INSIDE, RADIUS
from dgmlib.vae.plane import REACH
from dgmlib.vae.whole_plane import Map

TICKS = [(float(t), num(t, 0)) for t in (-3, -2, -1, 0, 1, 2, 3)]
MOST = 6.0  # nats: the colours of log q / p end here


def map_scene(r: Map) -> list[Scene | Table]:
    """Left what every place decodes to, right where the digits are; below the picked place."""
    p = r.picked
    near = [f"a {label}, {num(away)} off" for label, away in zip(p.labels, p.distance, strict=True)]
    cut = (p.decoded >= 0.5).astype(float)
    panels = [
        _decoded(r),
        _ratio(r),
        column(np.stack([p.decoded, cut, *p.bits.astype(float)]),
               ["p(ink)", "p(ink) ≥ ½", *near], f"At {place(p.z)}", (16, 0, 5, 4)),
    ]  # fmt: skip
    scene = Scene(
        panels=panels,
        alt="The plane of two latents: decoded pictures on a grid; log q(z) − log p(z) with the "
        "holes of the aggregate posterior marked; and one picked place decoded.",
        captions=[_said(r)], columns=21, aspect=2.25,
    )  # fmt: skip
    return [scene, _table(r)]


def _axes(title: str, layers: list[Layer], area: tuple[int, int, int, int]) -> Panel:
    return Panel(
        layers=layers, title=title, x=Axis(label="z₁", range=(-REACH, REACH), ticks=TICKS),
        y=Axis(label="z₂", range=(-REACH, REACH), ticks=TICKS), equal=True, area=area,
    )  # fmt: skip


def _marks(r: Map, *, named: bool) -> list[Layer]:
    here: list[Layer] = [
        Points(xy=r.picked.z[None], color="accent", symbol="star", size=8.0, opacity=1.0,
               name="picked" if named else "")
    ] if seen(r.picked.z) else []  # fmt: skip
    if len(r.holes.at):
        here.insert(0, Points(xy=r.holes.at, color="bad", symbol="ring", size=9.0, opacity=1.0,
                              name="holes" if named else ""))  # fmt: skip
        names = [str(i + 1) for i in range(len(r.holes.at))]
        here.append(Text(xy=r.holes.at + np.array([0.0, 0.3]), text=names, color="bad", size=12.0))
    return here


def seen(z: np.ndarray) -> bool:
    """Whether a place lies in the picture."""
    return bool((np.abs(z) <= REACH).all())


def _decoded(r: Map) -> Panel:
    T = len(r.tiles)
    upright = r.tiles.reshape(T, T, SIDE, SIDE)[:, :, ::-1]  # row 0 of a heat map is at its foot
    sheet = upright.swapaxes(1, 2).reshape(T * SIDE, T * SIDE)
    extent = (-REACH, REACH, -REACH, REACH)
    return _axes(
        "Decoded: p(ink) at every place",
        [HeatMap(value=sheet, extent=extent, range=(0.0, 1.0), colormap="gray"),
         *_marks(r, named=True),
         Pick(label="click a place to decode it", name="pick")],
        (0, 0, 8, 4),
    )  # fmt: skip


def _ratio(r: Map) -> Panel:
    half = (r.density.line[1] - r.density.line[0]) / 2
    extent = (-REACH - half, REACH + half, -REACH - half, REACH + half)
    log_ratio = np.clip(r.density.log_q - r.density.log_p, -MOST, MOST)
    disc = Ellipses(mean=np.zeros((1, 2)), cov=np.eye(2)[None], sd=(RADIUS,),
                    colors=["ink"], fill=False, dash=True, width=1.2,
                    name=f"{INSIDE:.0%} of the prior")  # fmt: skip
    return _axes(
        "log q(z) − log p(z): blue below 0",
        [
            HeatMap(value=log_ratio, extent=extent, range=(-MOST, MOST), colormap="diverging",
                    unit="nats"),
            Points(xy=r.codes[:SHOWN], color="ink", size=1.0, opacity=0.35, name="codes"),
            disc, Text(xy=middles(r.codes, r.labels), text=[str(c) for c in range(10)], size=15.0),
            *_marks(r, named=False), Pick(label="click a hole", name="hole"),
        ],
        (8, 0, 8, 4),
    )  # fmt: skip


def _said(r: Map) -> str:
    p = r.picked
    gap = p.log_q - p.log_p
    inside = gap < -np.log(r.holes.factor) and np.hypot(*p.z) <= RADIUS
    what = "a hole" if inside else "no hole"
    off = "" if seen(p.z) else f" It lies outside the picture, which ends at {num(REACH, 1)}."
    how = f"{num(abs(gap))} nats {'below' if gap < 0 else 'above'} the prior"
    return (
        f"{r.holes.total:.1%} of the prior's mass lies in holes: q(z) < p(z)/"
        f"{num(r.holes.factor, 0)} inside the disc. {place(p.z)} is {what}: the aggregate "
        f"posterior is {how} there.{off}{told(r.told)}"
    )


def _table(r: Map) -> Table:
    e = r.exact
    total = num(e.mutual + e.marginal, 3)
    body = [["2, by quadrature", num(e.rate, 3), num(e.mutual, 3), num(e.marginal, 3), total],
            ["2, from draws", *_parts(r.drawn)]]  # fmt: skip
    if r.many is not None:
        body.append(["50, from draws", *_parts(r.many)])
    return Table(
        ["latents", "rate, closed form", "I(z; n)", "KL(q(z) ‖ p(z))", "their sum"], body,
        f"Nats; ± one standard error of {r.drawn.draws:,} draws. The mean rate of the 5,000 "
        "bundled digits is the sum of the other two, exactly. I(z; n), how well z tells which of "
        f"them was encoded, cannot pass log 5,000 = {num(r.drawn.ceiling, 3)}: where it is "
        "near, the split says more about the number of digits than about the model. These digits "
        "are in MNIST's training set.",
    )  # fmt: skip


def _parts(s: Surgery) -> list[str]:
    total = s.mutual.value + s.marginal.value
    return [num(s.rate, 3), f"{num(s.mutual.value)} ± {num(s.mutual.error)}",
            f"{num(s.marginal.value)} ± {num(s.marginal.error)}", num(total)]  # fmt: skip
