"""What is put in against what is read: the table, its entropies, the bound and its gap."""

import math

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.latent_words import told
from dgmlib.figures.scene import (
    Axis,
    Band,
    Bars,
    HeatMap,
    Layer,
    Lines,
    Panel,
    Path,
    Points,
    Rules,
    Scene,
    Text,
)
from dgmlib.figures.table import Table
from dgmlib.gan.digit_information import Known

LOW = -1.0  # nats: bounds below are not drawn


def information_scene(r: Known) -> list[Scene | Table]:
    """The frame is the temperature of the reader: how sure it says it is."""
    scene = Scene(
        panels=[_counts(r), _bounds(r), _gap(r), _continuous(r)],
        alt="The table of categories put in and read; the mutual information of the table and the "
        "bounds over the reader's temperature; what the reader's doubt should be and what it is.",
        frame_values=r.temperature, frame_label="temperature T of q",
        captions=[_said(r, f) for f in range(len(r.temperature))],
        start=int(np.abs(r.temperature - 1).argmin()), fps=6.0, columns=12, aspect=1.5,
        interpolate=False,
    )  # fmt: skip
    return [scene, _table(r), _continuous_table(r)]


def _ticks(K: int) -> list[tuple[float, str]]:
    return [(float(k), str(k)) for k in range(K)]


def _counts(r: Known) -> Panel:
    K = len(r.table)
    c, y = (m.ravel() for m in np.meshgrid(np.arange(K), np.arange(K), indexing="ij"))
    layers: list[Layer] = [
        HeatMap(value=r.table.astype(float), extent=(-0.5, K - 0.5, -0.5, K - 0.5),
                range=(0.0, 2.0 * float(r.table.max()))),
        Rules(at=r.hardest + np.array([-0.5, 0.5]), color="accent", dash=False,
              name="hardest to tell"),
        Text(xy=np.stack([y, c], 1).astype(float), size=11.5,
             text=[str(n) if n else "" for n in r.table.ravel()]),
    ]  # fmt: skip
    return Panel(
        layers=layers, title=f"{r.n} pictures: put in and read",
        x=Axis(label="category read, r", ticks=_ticks(K)),
        y=Axis(label="category put in, c", ticks=_ticks(K)), area=(0, 0, 6, 4), legend=False,
    )  # fmt: skip


def _bounds(r: Known) -> Panel:
    F, top = len(r.temperature), float(r.entropies.x)
    mutual = np.full(F, r.entropies.mutual[0])
    return Panel(
        layers=[
            Rules(at=np.array([top]), axis="y", color="muted", name="H(c) = log 10"),
            Band(x=r.temperature, low=np.maximum(r.bound - 2 * r.error, LOW - 1),
                 high=np.maximum(r.bound + 2 * r.error, LOW - 1), color=0),
            Lines(x=r.temperature,
                  y=np.stack([np.maximum(r.bound, LOW - 1), mutual,
                              np.maximum(r.told_r.value, LOW - 1)]),
                  names=["L ± 2 s.e.", "I(c; r) of the table", "bound of q(c|r)"],
                  colors=[0, 1, 2], dashes=[False, False, True], cursor=True),
        ],
        title="The bound moves, not the information",
        x=Axis(label="temperature T", log=True, range=(1 / 16, 16),
               ticks=[(2.0**k, f"{2.0**k:g}") for k in (-4, -2, 0, 2, 4)]),
        y=Axis(label="nats", range=(LOW, 1.1 * top)), area=(6, 0, 6, 4),
    )  # fmt: skip


def _gap(r: Known) -> Panel:
    K = len(r.posterior)
    return Panel(
        layers=[Bars(x=np.arange(K) - 0.2, height=r.posterior, width=0.38, color=1,
                     name="p(c|r), the table"),
                Bars(x=np.arange(K) + 0.2, height=r.guess, width=0.38, color=2,
                     name="q(c|r), the reader")],
        title=f"Read as {r.hardest}: what was it?",
        x=Axis(label="category put in, c", ticks=_ticks(K)), y=Axis(range=(0.0, 1.05)),
        area=(0, 4, 6, 3),
    )  # fmt: skip


def _continuous(r: Known) -> Panel:
    d = r.u.shape[1]
    points: list[Layer] = [
        Points(xy=np.stack([r.u[:, j], r.reading.mean[:, j]], 1), color=j, size=2.4, opacity=0.6,
               symbol=("circle", "square", "diamond")[j % 3], name="u" + "₁₂₃₄₅₆₇₈₉"[j])
        for j in range(d)
    ]  # fmt: skip
    ends = np.array([[-1.0, -1.0], [1.0, 1.0]])
    return Panel(
        layers=[Path(xy=ends, color="muted", dash=True, width=1.5), *points],
        title="Continuous codes", x=Axis(label="put in", range=(-1.1, 1.1)),
        y=Axis(label="E[u|x], read", range=(-1.7, 1.7),
               ticks=[(k, num(k, 0)) for k in (-1.0, 0.0, 1.0)]),
        area=(6, 4, 6, 3),
    )  # fmt: skip


def _said(r: Known, f: int) -> str:
    e, kl = r.entropies, float(r.told_r.gap[f])
    return (
        f"T = {r.temperature[f]:.3g}: L = {num(r.bound[f], 3)} ± {num(r.error[f], 3)} nats. "
        f"The table: H(c) = {num(e.x, 3)}, H(c|r) = {num(e.x_given_y, 3)}, I(c; r) = "
        f"{num(e.mutual[0], 3)}. Told r only, q's bound is {num(r.told_r.value[f], 3)}: "
        f"less by {num(kl, 3)}, the mean KL between the bars.{told(r.told)}"
    )


def _table(r: Known) -> Table:
    e = r.entropies
    one = int(np.abs(r.temperature - 1).argmin())
    best = int(r.bound.argmax())
    rows = [
        ["H(c), put in", num(e.x, 4), "exact: all ten equally often; the ceiling, log 10"],
        ["H(r), read", num(e.y, 4), "of the table"],
        ["H(c, r)", num(e.joint, 4), "of the table"],
        ["H(c|r) = E_r[H(c|r = y)]", num(e.x_given_y, 4), "column by column; = H(c, r) − H(r)"],
        ["I(c; r) = H(c) − H(c|r)", num(e.mutual[0], 4), "of the table"],
        ["I of a shuffled table", num(r.floor, 4),
         "mean of 50 shuffles: what chance gives with so few pictures, where the truth is 0"],
        ["L, T = 1", f"{num(r.bound[one], 4)} ± {num(r.error[one], 4)}",
         "H(c) + mean of log q(c|x) over the pictures"],
        [f"L, T = {r.temperature[best]:.3g}", f"{num(r.bound[best], 4)} ± {num(r.error[best], 4)}",
         "the best of the temperatures, chosen on the same pictures"],
        ["bound of q(c|r), T = 1", num(r.told_r.value[one], 4),
         f"I(c; r) less the mean KL, {num(r.told_r.gap[one], 4)}"],
    ]  # fmt: skip
    return Table(
        ["nats", "", "how"], rows,
        f"{r.n} generated pictures, noise {num(r.times, 1)} times the trained one. L bounds "
        "I(c; x), the information in the whole picture; so does I(c; r), which knows only the "
        "reader's first choice. Neither of the two must be the larger one. The error is of L only; "
        "a table of few pictures tends to show too much I.",
    )  # fmt: skip


def _continuous_table(r: Known) -> Table:
    miss = np.sqrt(((r.u - r.reading.mean) ** 2).mean(0))
    rows = [["u" + "₁₂₃₄₅₆₇₈₉"[j], num(math.log(2), 4),
             f"{num(r.u_bound[j], 4)} ± {num(r.u_error[j], 4)}", num(miss[j], 3),
             num(float(r.reading.std[:, j].mean()), 3)] for j in range(r.u.shape[1])]  # fmt: skip
    return Table(
        ["code", "h(u), nats", "bound on I(u; x), nats", "rms miss", "mean sd of q"], rows,
        "h(u) = log 2 is the differential entropy of U(−1, 1). It is no ceiling: a code read ever "
        "more exactly carries ever more nats. A bound below 0 says that this q knows less than a "
        "uniform guess.",
    )  # fmt: skip
