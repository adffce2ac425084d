"""A real digit and InfoGAN's reader: its category, the picture drawn back, who falls where."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.latent_words import pad, strip, told
from dgmlib.figures.scene import (
    Axis,
    Bars,
    HeatMap,
    Layer,
    Panel,
    Path,
    Points,
    Rules,
    Scene,
    Text,
)
from dgmlib.figures.table import Table
from dgmlib.gan.digit_reader import Seen


def reader_scene(r: Seen) -> list[Scene | Table]:
    """Nothing moves but what is drawn."""
    names = ["given", "back", *(f"noise {i}" for i in range(1, len(r.back)))]
    K = len(r.every)
    panels = [
        pad(r.digit, (0, 0, 3, 5)), _categories(r), _codes(r), _who(r),
        strip(np.concatenate([r.x[None], r.back]), names, "From the codes read", (0, 5, 6, 2)),
        strip(r.every, [_named(r, k) for k in range(K)], "The same u, category 0 to 9 (named)",
              (6, 5, 6, 2)),
    ]  # fmt: skip
    scene = Scene(
        panels=panels,
        alt="A digit, the reader's probabilities of the ten categories, its continuous codes, "
        "pictures generated from them, and the classes of digits in each category.",
        captions=[_said(r)], columns=12, aspect=1.8,
    )  # fmt: skip
    return [scene, _table(r)]


def _named(r: Seen, k: int) -> str:
    name = int(r.census.name[k])
    return f"“{name}”" if name >= 0 else "–"


def _colors(r: Seen) -> list[str | int]:
    return ["good" if k == r.category else "muted" for k in range(len(r.every))]


def _categories(r: Seen) -> Panel:
    K = len(r.every)
    return Panel(
        layers=[Bars(x=np.arange(K), height=np.exp(r.reading.log_p[0]), colors=_colors(r))],
        title="q(c|x)", x=Axis(label="category", ticks=[(float(k), str(k)) for k in range(K)]),
        y=Axis(range=(0.0, 1.05)), area=(3, 0, 3, 5), legend=False,
    )  # fmt: skip


def _codes(r: Seen) -> Panel:
    mean, std = r.reading.mean[0], r.reading.std[0]
    d = len(mean)
    j = np.arange(d, dtype=float)
    ends = np.stack([np.stack([j, mean - std], 1), np.stack([j, mean + std], 1)], 1)  # (d, 2, 2)
    high = max(2.0, 1.1 * float(np.abs(ends[..., 1]).max()))
    return Panel(
        layers=[Rules(at=np.array([-1.0, 1.0]), axis="y", color="muted", name="trained inside"),
                Path(xy=ends, many=True, color=0, width=2.5),
                Points(xy=np.stack([j, mean], 1), color=0, size=6.0, opacity=1.0)],
        title="u read ± sd", x=Axis(range=(-0.6, d - 0.4),
                                       ticks=[(float(k), "u" + "₁₂₃₄"[k]) for k in range(d)]),
        y=Axis(range=(-high, high)), area=(6, 0, 2, 5), legend=False,
    )  # fmt: skip


def _who(r: Seen) -> Panel:
    c = r.census
    K = len(c.table)
    k, y = (m.ravel() for m in np.meshgrid(np.arange(K), np.arange(10), indexing="ij"))
    layers: list[Layer] = [
        HeatMap(value=c.table.astype(float), extent=(-0.5, 9.5, -0.5, K - 0.5),
                range=(0.0, 2.5 * float(c.table.max()))),
        Rules(at=r.category + np.array([-0.5, 0.5]), axis="y", color="accent", dash=False),
        Text(xy=np.stack([y, k], 1).astype(float), size=11.0,
             text=[str(n) if n else "" for n in c.table.ravel()]),
    ]  # fmt: skip
    return Panel(
        layers=layers, title="Bundled digits, counted",
        x=Axis(label="class", ticks=[(float(k), str(k)) for k in range(10)]),
        y=Axis(label="category", ticks=[(float(k), str(k)) for k in range(K)]),
        area=(8, 0, 4, 5), legend=False,
    )  # fmt: skip


def _said(r: Seen) -> str:
    p = float(np.exp(r.reading.log_p[0, r.category]))
    name = int(r.census.name[r.category])
    called = f", named {name}" if name >= 0 else ", which has no name"
    u = " and ".join(f"{num(m)} ± {num(s)}"
                     for m, s in zip(r.reading.mean[0], r.reading.std[0], strict=True))  # fmt: skip
    return (
        f"{r.digit.words[0].upper()}{r.digit.words[1:]}. The reader says category {r.category}"
        f"{called}, with q = {p:.3f}, and u = {u}.{told(r.told)}"
    )


def _table(r: Seen) -> Table:
    c = r.census
    total = c.table.sum(1)
    rows = [
        [k, str(c.name[k]) if c.name[k] >= 0 else "none", f"{total[k]:,}",
         f"{c.table[k].max() / total[k]:.0%} are {c.table[k].argmax()}s" if total[k] else "",
         f"{np.exp(r.reading.log_p[0, k]):.4f}"]
        for k in range(len(total))
    ]  # fmt: skip
    held_out = (
        f"; on MNIST's test images {num(r.card[0])} ± {num(r.card[1])}%, from the model's card"
        if r.card
        else ""
    )
    return Table(
        ["category", "named", "bundled digits", "purest part", "q(c|x) of this digit"], rows,
        "The networks saw no class. Under the "
        f"best one-to-one naming {num(100 * c.accuracy)} ± {num(100 * c.error)}% of the bundled "
        "digits, which are among the images the critic was trained on, are in the right category"
        f"{held_out}. Bundled digits are read in their grey values, your own in black and white.",
    )  # fmt: skip
