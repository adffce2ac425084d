"""The clusters of a VaDE: their draws, who falls in, and where this digit belongs."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.latent_words import apart, pad, rows, told
from dgmlib.figures.scene import (
    Axis,
    Bars,
    HeatMap,
    Layer,
    Panel,
    Points,
    Rules,
    Scene,
    Text,
)
from dgmlib.figures.table import Table
from dgmlib.vae.clusters_seen import SAMPLES, SHOWN, Clusters

WIDE = 6  # samples in a row
NEAR = 0.1  # of the panel: what the number of a cluster takes
CLASSES = [(float(c), str(c)) for c in range(10)]


def clusters_scene(r: Clusters) -> list[Scene | Table]:
    """The frame is the cluster."""
    C = len(r.weight)
    grid = r.samples.reshape(C, SAMPLES // WIDE, WIDE, -1)
    panels = [
        pad(r.digit, (0, 0, 4, 3)),
        rows(grid, [""] * (SAMPLES // WIDE), "Draws of the cluster: p(ink)", (4, 0, 4, 3),
             margin=0.0),
        _plane(r), _chance(r), _who(r), _table_map(r),
    ]  # fmt: skip
    scene = Scene(
        panels=panels,
        alt="Draws of one cluster, the plane of all codes with this cluster's digits, the cluster "
        "of the drawn digit, and the classes of the digits that fall into each cluster.",
        frame_values=np.arange(1, C + 1), frame_label="cluster",
        captions=[_said(r, k) for k in range(C)], start=int(r.chance.argmax()), fps=2.0,
        columns=12, aspect=1.45, interpolate=False,
    )  # fmt: skip
    return [scene, _table(r)]


def _plane(r: Clusters) -> Panel:
    c = r.census
    C = len(r.weight)
    flat, fallen = c.flat[:SHOWN], c.fallen[:SHOWN]
    low, high = np.quantile(c.flat, [0.002, 0.998], axis=0)
    low, high = np.minimum(low, r.place) - 0.4, np.maximum(high, r.place) + 0.4
    far = high + 10 * (high - low)  # out of sight
    inside = np.stack([np.where((fallen == k)[:, None], flat, far) for k in range(C)])
    layers: list[Layer] = [
        Points(xy=flat, color="muted", size=1.6, opacity=0.35, name="all digits' codes"),
        Points(xy=inside, color=0, symbol="square", size=2.2, opacity=0.7, name="this cluster's"),
        Points(xy=c.centres, color="ink", symbol="plus", size=3.5, opacity=1.0, name="centres"),
        Text(xy=apart(c.centres, NEAR * (high - low)), text=[str(k + 1) for k in range(C)],
             size=14.0),
        Points(xy=r.place[None], color="accent", symbol="star", size=8.0, opacity=1.0,
               name="this digit"),
    ]  # fmt: skip
    return Panel(
        layers=layers, title="Codes, flattened", x=Axis(range=(float(low[0]), float(high[0]))),
        y=Axis(range=(float(low[1]), float(high[1]))), area=(8, 0, 4, 3),
    )  # fmt: skip


def _ticks(C: int) -> list[tuple[float, str]]:
    return [(float(k + 1), str(k + 1)) for k in range(C)]


def _chance(r: Clusters) -> Panel:
    C = len(r.weight)
    return Panel(
        layers=[Bars(x=np.arange(1, C + 1), height=r.chance, color=0)],
        title="q(c|x) of this digit", x=Axis(label="cluster", ticks=_ticks(C)),
        y=Axis(range=(0.0, 1.05)), area=(0, 3, 4, 3), legend=False,
    )  # fmt: skip


def _who(r: Clusters) -> Panel:
    return Panel(
        layers=[Bars(x=np.arange(10), height=r.census.table.astype(float), color=1)],
        title="Classes in cluster", x=Axis(label="class", ticks=CLASSES),
        y=Axis(range=(0.0, 1.08 * max(float(r.census.table.max()), 1.0))), area=(4, 3, 3, 3),
        legend=False,
    )  # fmt: skip


def _table_map(r: Clusters) -> Panel:
    C = len(r.weight)
    table = r.census.table.astype(float)
    k, c = (m.ravel() for m in np.meshgrid(np.arange(C), np.arange(10), indexing="ij"))
    words = [str(int(v)) if v else "" for v in table.ravel()]
    at = np.stack([c, k + 1], axis=1).astype(float)
    here = np.arange(C)[:, None] + np.array([0.5, 1.5])  # (F, 2) below and above the row
    layers: list[Layer] = [
        HeatMap(value=table, extent=(-0.5, 9.5, 0.5, C + 0.5), range=(0.0, 2.5 * table.max())),
        Rules(at=here, axis="y", color="accent", dash=False, width=2.0, name="this cluster"),
        Text(xy=at, text=words, size=11.5),
    ]
    return Panel(
        layers=layers, title="Digits of each class in each cluster",
        x=Axis(label="class", ticks=CLASSES), y=Axis(label="cluster", ticks=_ticks(C)),
        area=(7, 3, 5, 3), legend=False,
    )  # fmt: skip


def _said(r: Clusters, k: int) -> str:
    c = r.census
    n, name = int(c.table[k].sum()), int(c.name[k])
    held = f"{n:,} of the 5,000 bundled digits fall in" if n else "no bundled digit falls in"
    most = f", most of them {int(c.table[k].argmax())}s" if n and 2 * c.table[k].max() > n else ""
    called = f"; the best one-to-one naming calls it {name}" if name >= 0 else ""
    return (
        f"Cluster {k + 1}, prior weight {r.weight[k]:.1%}: {held}{most}{called}. "
        f"This digit: q = {r.chance[k]:.1%}.{told(r.told)}"
    )


def _table(r: Clusters) -> Table:
    c = r.census
    body = [[k + 1, f"{r.weight[k]:.1%}", f"{c.table[k].sum():,}",
             str(c.name[k]) if c.name[k] >= 0 else "none", f"{r.chance[k]:.4f}"]
            for k in range(len(r.weight))]  # fmt: skip
    held_out = (
        f"; on MNIST's test images {num(r.card[0])} ± {num(r.card[1])}%, from the model's card"
        if r.card
        else ""
    )
    return Table(
        ["cluster", "prior weight", "bundled digits", "named", "q(c|x) of this digit"], body,
        f"{r.digit.words[0].upper()}{r.digit.words[1:]}. The network never saw a class. Under the "
        f"best one-to-one naming {num(100 * c.accuracy)} ± {num(100 * c.error)}% of the bundled "
        f"digits, which are in its training set, are in the right cluster{held_out}.",
    )  # fmt: skip
