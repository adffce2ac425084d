"""Chains that share two far modes: plain and annealed, their shares, and the schedule to edit."""

import numpy as np

from dgmlib.figures.langevin_words import caption, verdict
from dgmlib.figures.scene import (
    Axis,
    Band,
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
from dgmlib.scores.proportions import N, Proportions, Run, keeps

Area = tuple[int, int, int, int]
DRAWN = 8  # chains whose way is drawn
FAR = 1e4  # chains beyond are drawn here, out of sight
FIRST, LAST = (2.5, 12.0), (0.3, 2.0)  # where the ends of a schedule may be put


def weights_scene(p: Proportions) -> Scene:
    """Frames are steps of the chains."""
    F = len(p.sigma)
    return Scene(
        panels=[
            ways(p, p.plain, "Plain Langevin", "ink", (0, 0, 3, 2)),
            ways(p, p.annealed, "Annealed Langevin", "accent", (3, 0, 3, 2)),
            shares(p, (0, 2, 2, 2)), schedule(p, (2, 2, 2, 2)), divergences(p, (4, 2, 2, 2)),
        ],
        alt="The law of Langevin chains over their steps, plain and annealed, with the ways of "
        "some; the share of the chains in the left mode; the noise of each level; and how Fisher "
        f"divergence and KL see weights. {verdict(p)}",
        frame_values=np.arange(F), frame_label="step",
        captions=[caption(p, f) for f in range(F)], start=F - 1, fps=20.0, columns=6, aspect=1.5,
    )  # fmt: skip


def ways(p: Proportions, r: Run, title: str, color: str, area: Area) -> Panel:
    F = len(r.x)
    step = np.arange(F, dtype=float)
    rows = np.stack([np.broadcast_to(step, (DRAWN, F)), seen(r.x[:, :DRAWN].T)], -1)
    layers: list[Layer] = []
    if len(r.law):
        high = r.law.max(1, keepdims=True)
        layers.append(
            HeatMap(value=(r.law / high).T, extent=(-0.5, F - 0.5, p.y[0], p.y[-1]),
                    range=(0.0, 1.0), opacity=0.75, name="exact law, each step by its maximum")
        )  # fmt: skip
    layers += [
        Path(xy=rows, trail=True, color=color, width=1.1, opacity=0.85, name=f"{DRAWN} of {N}"),
        Rules(at=step[:, None], color="ink", dash=False),
    ]
    return Panel(
        layers=layers, title=title, x=Axis(label="step", range=(-0.5, F - 0.5)),
        y=Axis(label="x", range=(float(p.y[0]), float(p.y[-1]))), area=area,
    )  # fmt: skip


def shares(p: Proportions, area: Area) -> Panel:
    """Bands are two standard errors."""
    step = np.arange(len(p.sigma), dtype=float)
    runs = ((p.plain, "ink", "plain"), (p.annealed, "accent", "annealed"))
    layers: list[Layer] = [
        Band(x=step, low=r.share - 2 * r.error, high=r.share + 2 * r.error, color=color)
        for r, color, _ in runs
    ]
    known = [(r, color, name) for r, color, name in runs if len(r.law)]
    layers += [
        Lines(x=step, y=np.stack([r.share for r, *_ in runs]), names=[n for *_, n in runs],
              colors=[c for _, c, _ in runs], width=1.5, cursor=True),
        Rules(at=np.array([p.truth]), axis="y", color="good", dash=False,
              name="the density"),
    ]  # fmt: skip
    if known:
        layers.append(
            Lines(x=step, y=np.stack([r.exact for r, *_ in known]),
                  names=["dashed: exact", *[""] * (len(known) - 1)],
                  colors=[c for _, c, _ in known], dashes=[True] * len(known), cursor=True)
        )  # fmt: skip
    return Panel(
        layers=layers, title="Share in the left mode", x=Axis(label="step"),
        y=Axis(range=(0.0, 0.72)), area=area,
    )  # fmt: skip


def schedule(p: Proportions, area: Area) -> Panel:
    """Both ends can be dragged; a level is a cross where chains end with a wrong share."""
    level, good = np.arange(1, len(p.sigmas) + 1, dtype=float), keeps(p)
    xy = np.stack([level, p.sigmas], 1)
    names: list[tuple[str, Symbol, str, np.ndarray]] = [
        ("good", "circle", "right share", good), ("bad", "cross", "wrong share", ~good),
    ]  # fmt: skip
    line: Layer = Points(xy=xy, color="muted", size=1.0)
    if len(level) > 1:
        line = Lines(x=level, y=p.sigmas[None], colors=["muted"], names=[""])
    layers: list[Layer] = [
        line,
        *(Points(xy=xy[which], color=color, symbol=symbol, size=4.5, name=name)
          for color, symbol, name, which in names if which.any()),
        Rules(at=p.sigma[:, None], axis="y", color="ink", width=1.0),
        grip("last", (level[-1], p.sigmas[-1]), LAST, good[-1]),
        grip("first", (level[0] - 0.4 * (len(level) == 1), max(p.sigmas[0], FIRST[0])), FIRST,
             good[0]),
    ]  # fmt: skip
    ticks = [(v, f"{v:g}") for v in (0.3, 0.5, 1.0, 2.0, 4.0, 8.0)]
    return Panel(
        layers=layers, title="Noise of each level", area=area,
        x=Axis(label="level", range=(0.0, level[-1] + 1)),
        y=Axis(label="σ", log=True, range=(0.22, 16.0), ticks=ticks),
    )  # fmt: skip


def grip(name: str, at: tuple[float, float], ends: tuple[float, float], good: bool) -> Handles:
    x, color = float(at[0]), "good" if good else "bad"
    return Handles(
        xy=np.array([at], float), labels=[f"σ {name}"], spoken=True, axes="y", live=False,
        low=(x, ends[0]), high=(x, ends[1]), colors=[color], name=name,
    )  # fmt: skip


def sigma_of_handle(done: dict) -> str:
    """Where a grip was let go."""
    return f"{float(done['xy'][0][1]):.2g}"


def divergences(p: Proportions, area: Area) -> Panel:
    """What the weights w and 1/2 differ by, over half the distance of the modes."""
    b = p.blind
    return Panel(
        layers=[
            Lines(x=b.distance, y=np.stack([b.kl, b.fisher]), names=["KL, nats", "Fisher"],
                  colors=["target", "bad"], dashes=[False, True]),
            Points(xy=np.array([[p.distance, v[p.here]] for v in (b.kl, b.fisher)]), color="ink",
                   size=4.0),
        ],
        title=f"Weights {p.weight:g} against 0.5", x=Axis(label="half distance a"),
        y=Axis(log=True, range=(1e-16, 10.0), ticks=[
            (10.0**k, f"1e{k}".replace("-", "−")) for k in (-15, -10, -5, 0)]),
        area=area,
    )  # fmt: skip


def seen(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -FAR, FAR)
