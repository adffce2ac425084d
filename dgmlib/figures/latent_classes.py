"""One style in ten classes, along one coordinate of z; and which class explains the digit."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.latent_words import pad, rows, told
from dgmlib.figures.scene import Axis, Bars, Panel, Scene
from dgmlib.figures.table import Table
from dgmlib.vae.told_class import DRAWS, Told

CLASSES = [str(c) for c in range(10)]
DEEP = 60.0  # nats: bars of the bound reach this far below the best


def classes_scene(r: Told) -> list[Scene | Table]:
    """The frame is the value of one coordinate; the columns are the classes."""
    names = ["its style", *(f"draw {i}" for i in range(1, r.grid.shape[1]))]
    panels = [
        pad(r.digit, (0, 0, 2, 3)),
        rows(r.grid, names, f"p(ink): z{_below(r.direction + 1)} moves, all else stays",
             (2, 0, 5, 5), CLASSES, 1.5),
        _bars(r),
    ]  # fmt: skip
    scene = Scene(
        panels=panels,
        alt="A digit, its style and drawn styles decoded in all ten classes, and how well "
        "each class explains the digit.",
        frame_values=r.values, frame_label=f"z{_below(r.direction + 1)}",
        captions=[_said(r, f) for f in range(len(r.values))],
        start=int(np.abs(r.values - r.own).argmin()), fps=10.0, columns=7, aspect=1.7,
        interpolate=False,
    )  # fmt: skip
    return [scene, _table(r)]


def _below(n: int) -> str:
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(c)] for c in str(n))


def _bars(r: Told) -> Panel:
    away = np.maximum(r.bound - r.bound.max(), -DEEP)
    colors = ["good" if c == r.told else "muted" for c in range(10)]
    return Panel(
        layers=[Bars(x=np.arange(10), height=away + DEEP, colors=colors)],
        title="log p(x|c) − best, nats",
        x=Axis(label="class", range=(-0.6, 9.6), ticks=[(c, str(c)) for c in range(10)]),
        y=Axis(range=(0.0, DEEP * 1.05),
               ticks=[(0.0, f"−{DEEP:.0f} or less"), (DEEP / 2, f"−{DEEP / 2:.0f}"), (DEEP, "0")]),
        area=(0, 3, 2, 2), legend=False,
    )  # fmt: skip


def _said(r: Told, f: int) -> str:
    best = int(r.bound.argmax())
    truth = "" if r.digit.label is None else f" (it is a {r.digit.label})"
    return (
        f"z{_below(r.direction + 1)} = {num(r.values[f])}; the digit's own, told that it is a "
        f"{r.told}, is {num(r.own)}. By Bayes' rule the digit is a {best} with "
        f"{r.chance[best]:.1%}{truth}.{told(r.words)}"
    )


def _table(r: Told) -> Table:
    body = [[c, f"{num(r.bound[c], 1)} ± {num(r.error[c], 1)}", f"{r.chance[c]:.4f}"]
            for c in range(10)]  # fmt: skip
    used = int((r.spread > 0.01).sum())
    return Table(
        ["class c", "log p(x|c), nats", "p(c|x)"], body,
        f"{r.digit.words[0].upper()}{r.digit.words[1:]}. log p(x|c) is the bound of {DRAWS} draws, "
        "from below on average, ± one standard error; the errors are of one noise shared by all "
        "classes. p(c|x) takes these bounds at their word, with p(c) = 1/10. "
        f"{used} of the {len(r.spread)} coordinates have a mean that moves with the image "
        "(variance above 0.01 over the bundled digits).",
    )  # fmt: skip
