"""ULA and MALA on the line: chains, the exact laws they follow, and where these settle."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Bars, Layer, Lines, Panel, Points, Rules, Scene
from dgmlib.figures.table import Table
from dgmlib.scores.chains import RULES
from dgmlib.scores.settle import N, Rule, Settled, Y
from dgmlib.scores.settle_law import MOST, RATES

Area = tuple[int, int, int, int]
EDGES = np.linspace(-5.0, 5.0, 51)
FLOOR = 1e-6  # the lowest distance that is drawn


def settle_scene(s: Settled) -> list[Scene | Table]:
    """Frames are steps of the chains."""
    F = len(s.at)
    scene = Scene(
        panels=[
            chains(s, s.ula, "ULA: takes every step", (0, 0, 3, 2)),
            chains(s, s.mala, "MALA: may refuse a step", (3, 0, 3, 2)),
            distances(s, (0, 2, 3, 2)), sizes(s, (3, 2, 3, 2)),
        ],
        alt=f"Histograms of {N} chains of ULA and of MALA beside the density, the exact law after "
        "as many steps and the law they settle at; how far laws are from the density over steps; "
        f"and, over step sizes, how far ULA settles and how often MALA accepts. {ends(s)}",
        frame_values=s.at, frame_label="step", captions=[caption(s, f) for f in range(F)],
        start=F - 1, fps=8.0, columns=6, aspect=1.55,
    )  # fmt: skip
    return [scene, table(s)]


def chains(s: Settled, r: Rule, title: str, area: Area) -> Panel:
    width = EDGES[1] - EDGES[0]
    counts = np.stack([np.histogram(x, EDGES)[0] for x in r.x])
    layers: list[Layer] = [
        Bars(x=0.5 * (EDGES[1:] + EDGES[:-1]), height=counts / (N * width), width=width,
             color="accent", opacity=0.45, name=f"{N:,} chains"),
        Lines(x=Y, y=s.density[None], names=["the density"], colors=["target"], width=3.5),
    ]  # fmt: skip
    if len(r.law):
        layers += [
            Lines(x=Y, y=r.settled[None], names=["settled"], colors=[2], dashes=[True],
                  width=2.5),
            Lines(x=Y, y=r.law[:, None], names=["exact law"], colors=["accent"]),
        ]  # fmt: skip
    return Panel(
        layers=layers, title=title, x=Axis(label="x", range=(-5.0, 5.0)),
        y=Axis(label="density", range=(0.0, 1.6 * float(s.density.max()))), area=area,
    )  # fmt: skip


def distances(s: Settled, area: Area) -> Panel:
    known = [(r, name, color, dash) for r, name, color, dash in (
        (s.ula, "ULA", "bad", False), (s.mala, "MALA", "good", True)) if len(r.law)]  # fmt: skip
    layers: list[Layer] = [
        Lines(x=s.at + 1.0, y=np.maximum(np.stack([r.tv for r, *_ in known]), FLOOR),
              names=[n for _, n, *_ in known], colors=[c for *_, c, _ in known],
              dashes=[d for *_, d in known]),
        Rules(at=s.at[:, None] + 1.0, color="muted", width=1.0),
    ]  # fmt: skip
    if len(s.ula.law):
        layers.append(Rules(at=np.array([s.ula.tv_settled]), axis="y", color="bad", width=1.0,
                            name="where ULA settles"))  # fmt: skip
    return Panel(
        layers=layers, title="Total variation from the density, exact", area=area,
        x=Axis(label="step", log=True, range=(1.0, MOST + 1.0),
               ticks=[(k + 1.0, str(k)) for k in (0, 2, 10, 50, MOST)]),
        y=Axis(log=True, range=(FLOOR / 2, 1.5), ticks=[
            (FLOOR, "≤ 1e−6"), (1e-4, "1e−4"), (1e-2, "1e−2"), (1.0, "1")]),
    )  # fmt: skip


def sizes(s: Settled, area: Area) -> Panel:
    y = np.stack([s.sweep.tv, s.sweep.w1, s.sweep.accepted])
    layers: list[Layer] = [
        Lines(x=RATES, y=y, names=["ULA: total variation", "ULA: W₁", "MALA: accepted"],
              colors=["bad", "bad", "good"], dashes=[False, True, False]),
        Rules(at=np.array([s.rate]), color="ink", dash=False),
    ]  # fmt: skip
    if s.target == "Gaussian" and len(s.ula.law):
        xy = np.array([[s.rate, v] for v in s.closed[1:]])
        layers.append(Points(xy=xy, symbol="ring", size=5.0, color="ink", name="closed form"))
    return Panel(
        layers=layers, title="Settled, over the step size", area=area,
        x=Axis(label="step size r"), y=Axis(range=(0.0, 1.05)),
    )  # fmt: skip


def caption(s: Settled, f: int) -> str:
    ula = f"ULA {num(s.ula.tv[f], 4)}" if len(s.ula.law) else "ULA unknown"
    return (
        f"Step {s.at[f]}, of size e = {num(s.size, 3)}. Total variation of the law from the "
        f"density: {ula}, MALA {num(s.mala.tv[f], 4)}. {ends(s)}"
    )


def ends(s: Settled) -> str:
    """Where both settle."""
    seen, error = s.seen
    mala = (
        f"MALA settles on the density and accepts {num(100 * s.accepted, 1)} % of its moves "
        f"(chains {num(100 * seen, 1)} ± {num(100 * error, 1)} %)."
    )
    if not len(s.ula.law):
        out = float((np.abs(s.ula.x[-1]) > EDGES[-1]).mean())
        return (
            "ULA does not settle: far out a step throws it farther out; after the last "
            f"{num(100 * out, 0)} % of its chains are off the picture. {mala}"
        )
    closed = f" (closed form {num(s.closed[0], 3)})" if np.isfinite(s.closed[0]) else ""
    return (
        f"ULA settles at variance {num(s.ula.var_settled, 3)}{closed}, where the density has "
        f"{num(variance(s), 3)}: {num(s.ula.tv_settled, 4)} off in total variation. {mala}"
    )


def variance(s: Settled) -> float:
    """Of the density."""
    w, m, v = s.p.weight, s.p.mean[:, 0], s.p.cov[:, 0, 0]
    return float(w @ (v + m**2) - (w @ m) ** 2)


def table(s: Settled) -> Table:
    rows = [
        [name.upper(), *(num(v, 4) if np.isfinite(v) else "does not settle" for v in (
            r.var_settled, r.tv_settled, r.w1_settled))]
        for name, r in zip(RULES, (s.ula, s.mala), strict=True)
    ]  # fmt: skip
    if np.isfinite(s.closed[0]):
        rows.insert(1, ["ULA, closed form", *(num(v, 4) for v in s.closed)])
    rows.append(["the density", num(variance(s), 4), num(0.0, 4), num(0.0, 4)])
    return Table(
        ["settled law of", "variance", "total variation", "W₁"], rows,
        "Distances are from the density; W₁ in units of x. Laws are computed on a grid.",
    )  # fmt: skip
