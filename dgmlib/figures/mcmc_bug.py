"""Five samplers, one of them wrong, seen with one of three tools."""

import numpy as np

from dgmlib.experiments.spot_the_bug import (
    EDGES,
    EXACT,
    FEW,
    QUANTITIES,
    Calibrated,
    Known,
    Mixing,
    Riddle,
)
from dgmlib.experiments.suspects import CHAINS, KEPT, LETTERS
from dgmlib.figures.mcmc import num
from dgmlib.figures.scene import Axis, Band, Bars, Layer, Lines, Panel, Points, Rules, Scene, Symbol
from dgmlib.figures.table import Table

DASHES = [False, True, False, True, False]
SYMBOLS: tuple[Symbol, ...] = ("circle", "square", "diamond", "triangle", "cross")
FAR = 12.0  # of a z-score that is drawn
FAINT = 1e-8  # of a p-value that is drawn
Z = (-10.0, -3.0, 3.0, 10.0)
P = [(1.0, "1"), (1e-2, "0.01"), (1e-4, "0.0001"), (1e-6, "10⁻⁶"), (1e-8, "10⁻⁸")]


def bug_scene(r: Riddle) -> list[Scene | Table]:
    """The picture of the chosen tool, and a table that tells once it is asked to."""
    shown = r.shown
    if isinstance(shown, Mixing):
        scene = _mixing(shown, r)
    elif isinstance(shown, Known):
        scene = _known(shown, r)
    else:
        scene = _calibrated(shown, r)
    return [scene, _verdict(r)]


def _names(r: Riddle) -> list[str]:
    """A to E; once revealed with who they are."""
    if not r.reveal:
        return list(LETTERS)
    c = r.shown.case
    return [f"{x}: {k}" + (", wrong" if i == c.wrong else "")
            for i, (x, k) in enumerate(zip(LETTERS, c.kinds, strict=True))]  # fmt: skip


def _outcome(r: Riddle) -> str:
    c = r.shown.case
    if not r.reveal:
        return f" You say {r.guess}." if r.guess else ""
    said = f" It is {LETTERS[c.wrong]}: {c.kinds[c.wrong]}, {c.bug.name}."
    if not r.guess:
        return said
    return f"{said} You {'are right' if r.guess == LETTERS[c.wrong] else f'said {r.guess}'}."


def _small(i: int, layers: list[Layer], title: str, x: Axis, y: Axis) -> Panel:
    return Panel(layers=layers, title=title, x=x, y=y, area=(2 * i, 1, 2, 1), legend=False)


def _scene(r: Riddle, panels: list[Panel], frames, label: str, said: list[str], alt: str) -> Scene:
    return Scene(
        panels=panels, alt=alt + _outcome(r), frame_values=frames, frame_label=label,
        captions=[s + _outcome(r) for s in said], start=len(frames) - 1, fps=4.0, columns=10,
        aspect=1.7, interpolate=False,
    )  # fmt: skip


def _mixing(m: Mixing, r: Riddle) -> Scene:
    names, steps = _names(r), np.arange(1, m.y.shape[1] + 1)
    sd = np.array([-1, 1]) * 4.2 * np.sqrt(EXACT[2])
    traces = [
        _small(i, [Lines(x=steps, y=m.y[i][None], colors=[i], width=1.0)], name,
               Axis(label="step"), Axis(range=(float(EXACT[0] + sd[0]), float(EXACT[0] + sd[1]))))
        for i, name in enumerate(names)
    ]  # fmt: skip
    colors = list(range(5))
    rhat = Panel(
        layers=[Rules(at=np.array([1.01]), axis="y", color="good", name="1.01"),
                Lines(x=m.lengths, y=np.minimum(m.rhat, 2.0).T, names=names, colors=colors,
                      dashes=DASHES, cursor=True)],
        title=f"R-hat of {FEW} chains", x=Axis(label="draws of a chain", log=True),
        y=Axis(range=(0.98, 1.6)), area=(0, 0, 5, 1),
    )  # fmt: skip
    ess = Panel(
        layers=[Lines(x=m.lengths, y=m.ess.T, names=names, colors=colors, dashes=DASHES,
                      cursor=True)],
        title=f"Effective draws of {FEW} chains", x=Axis(label="draws of a chain", log=True),
        y=Axis(log=True), area=(5, 0, 5, 1), legend=False,
    )  # fmt: skip
    said = [
        f"{n} draws a chain. R-hat: " + _list(names, m.rhat[f], 3) + ". Effective draws: "
        + _list(names, m.ess[f], 0) + "."
        for f, n in enumerate(m.lengths)
    ]  # fmt: skip
    alt = "Traces, R-hat and effective draws of five samplers, one of them wrong."
    return _scene(r, [rhat, ess, *traces], m.lengths, "draws of a chain", said, alt)


def _known(k: Known, r: Riddle) -> Scene:
    names, middle = _names(r), (EDGES[1:] + EDGES[:-1]) / 2
    top = 1.9 * float(k.density.max())
    small = [
        _small(i, [
            Bars(x=middle, height=k.histogram[:, i], width=float(EDGES[1] - EDGES[0]), color=i,
                 opacity=0.5),
            Lines(x=middle, y=k.density[None], colors=["target"], dashes=[True], width=2.0),
        ], name, Axis(label=f"x₁, R-hat {num(k.rhat[i], 2)}"), Axis(range=(0, top), hidden=True))
        for i, name in enumerate(names)
    ]  # fmt: skip
    F, _, Q = k.z.shape
    layers: list[Layer] = [
        Rules(at=np.array([-3.0, 3.0]), axis="y", color="good", name="± 3 standard errors"),
        Rules(at=np.zeros(1), axis="y", color="muted", dash=False, width=1.0),
    ]
    for q in range(Q):
        x = np.broadcast_to(np.arange(5.0) + 0.14 * (q - 2), (F, 5))
        y = np.clip(k.z[:, :, q], -FAR, FAR)
        layers.append(Points(xy=np.stack([x, y], -1), color=q, symbol=SYMBOLS[q], size=5.5,
                             opacity=1.0, name=QUANTITIES[q]))  # fmt: skip
    scores = Panel(
        layers=layers, title=f"(estimate − exact) / standard error, cut at ± {FAR:.0f}",
        x=Axis(range=(-0.5, 4.5), ticks=[(float(i), n) for i, n in enumerate(LETTERS)]),
        y=Axis(label="z", range=(-FAR - 1.5, FAR + 1.5), ticks=[(v, num(v, 0)) for v in Z]),
        area=(0, 0, 10, 1),
    )  # fmt: skip
    worst = np.abs(k.z).max(2)
    said = [
        f"{n} draws of each of {CHAINS} chains. The largest of the five |z|: "
        + _list(names, worst[f], 1) + "."
        for f, n in enumerate(k.lengths)
    ]  # fmt: skip
    alt = "Histograms of five samplers on the exact density, and how many standard errors their "
    alt += "averages are off; one sampler is wrong."
    return _scene(r, [scores, *small], k.lengths, "draws of a chain", said, alt)


def _calibrated(c: Calibrated, r: Riddle) -> Scene:
    names, x = _names(r), np.arange(KEPT + 1.0)
    scale = (KEPT + 1) / c.data_sets[:, None]  # (F, 1): 1 is an equal share
    band, ends = c.band * scale, np.array([-0.5, KEPT + 0.5])
    small = [
        _small(i, [
            Band(x=ends, low=np.repeat(band[:, :1], 2, axis=1), color="ink", opacity=0.18,
                 high=np.repeat(band[:, 1:], 2, axis=1)),
            Bars(x=x, height=c.counts[:, i] * scale, width=0.9, color=i, opacity=0.6),
        ], name, Axis(label="rank of 2θ₁ − θ₂"), Axis(range=(0, 3.0), hidden=i > 0))
        for i, name in enumerate(names)
    ]  # fmt: skip
    p = np.maximum(c.p_value, FAINT).T
    values = Panel(
        layers=[Rules(at=np.array([0.002]), axis="y", color="good", name="0.01 / 5"),
                Lines(x=c.data_sets, y=p, names=names, colors=list(range(5)), dashes=DASHES,
                      cursor=True)],
        title="p-value of uniform ranks (chi-squared)", x=Axis(label="data sets so far"),
        y=Axis(log=True, range=(FAINT / 2, 2.0), ticks=P), area=(0, 0, 10, 1),
    )  # fmt: skip
    said = [
        f"{n:,} simulated data sets. p-value of uniform ranks: "
        + ", ".join(f"{names[i]} {_p(c.p_value[f, i])}" for i in range(5)) + "."
        for f, n in enumerate(c.data_sets)
    ]  # fmt: skip
    alt = "Ranks of the true 2θ₁ − θ₂ among posterior draws of five samplers, one of them wrong."
    return _scene(r, [values, *small], c.data_sets, "data sets so far", said, alt)


def _p(value: float) -> str:
    return "below 0.0001" if value < 1e-4 else f"{value:.4f}"


def _list(names: list[str], values: np.ndarray, digits: int) -> str:
    return ", ".join(f"{n} {num(v, digits)}" for n, v in zip(names, values, strict=True))


def _numbers(shown: Mixing | Known | Calibrated, said: str) -> Table:
    if isinstance(shown, Mixing):
        columns = ["", "R-hat", "effective draws", "of"]
        total = f"{FEW * shown.y.shape[1]:,}"
        rows = [[x, num(shown.rhat[-1, i], 3), f"{shown.ess[-1, i]:.0f}", total]
                for i, x in enumerate(LETTERS)]  # fmt: skip
    elif isinstance(shown, Known):
        columns = ["", *QUANTITIES]
        both = zip(LETTERS, shown.estimate[-1], shown.error[-1], strict=True)
        rows = [[x, *[f"{num(a, 3)} ± {num(b, 3)}" for a, b in zip(e, s, strict=True)]]
                for x, e, s in both]  # fmt: skip
        rows.append(["exact", *[num(v, 3) for v in EXACT]])
    else:
        columns = ["", f"chi-squared, {KEPT} degrees", "p-value"]
        rows = [[x, num(shown.chi_squared[-1, i], 1), _p(shown.p_value[-1, i])]
                for i, x in enumerate(LETTERS)]  # fmt: skip
    return Table(columns, rows, said)


def _verdict(r: Riddle) -> Table:
    c = r.shown.case
    if not r.reveal:
        said = "Turn on “Reveal” to see who they are and the line that is wrong."
        return _numbers(r.shown, said)
    rows = [
        ["wrong", LETTERS[c.wrong]],
        ["sampler", c.kinds[c.wrong]],
        ["mistake", c.bug.name],
        ["the right line", f"`{c.bug.right}`"],
        ["the wrong line", f"`{c.bug.wrong}`"],
    ]
    return Table(["", "the answer"], rows, c.bug.effect)
