"""Scene of posterior collapse: the KL of every coordinate, and what turning one does to a digit."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.rate_plane import missing_words
from dgmlib.figures.scene import Axis, Bars, Images, Lines, Panel, Points, Rules, Scene, Text
from dgmlib.figures.table import Table
from dgmlib.vae.collapse import ACTIVE, TURNED, Collapse

FLOOR = 1e-6  # where the logarithmic axes end


def collapse_scene(r: Collapse) -> list[Scene | Table]:
    """Frames are the checkpoints of the sweep, by beta; opens at beta = 1 if it is there."""
    F = len(r.beta)
    start = int(np.abs(np.log(r.beta)).argmin())
    scene = Scene(
        panels=[_spectrum(r), _turned(r), _plane(r), _counts(r)],
        alt="The KL of every coordinate of z, sorted, for VAEs of different beta; their variance "
        "over images; a digit decoded while one coordinate is turned; and how many coordinates "
        f"are active. {sentence(r, start)}",
        frame_values=r.beta, frame_label="β", captions=[caption(r, f) for f in range(F)],
        start=start, fps=1.5, columns=5, aspect=1.5, interpolate=False,
    )  # fmt: skip
    return [scene, collapse_table(r)]


def sentence(r: Collapse, f: int) -> str:
    J = r.kl.shape[1]
    n = int(r.active[f])
    held = f"; {r.card_active[f]:.0f} on held-out ones" if np.isfinite(r.card_active[f]) else ""
    return (
        f"β = {r.beta[f]:g}: {n} of {J} coordinates are active on {r.n} bundled digits{held}. "
        f"{'It has' if n == 1 else 'They have'} {num(r.kl[f, r.variance[f] > ACTIVE].sum())} of "
        f"{num(r.kl[f].sum())} nats."
    )


def caption(r: Collapse, f: int) -> str:
    """How many are active, and what turning the chosen coordinate did."""
    j = r.rank - 1
    state = "active" if r.variance[f, j] > ACTIVE else "collapsed"
    first = "" if r.rank == 1 else f"by up to {share(r.change[f, 0])}; rank {r.rank} "
    return (
        f"{sentence(r, f)} Rank 1 turned from {num(TURNED[0], 0)} to {TURNED[-1]:.0f} changes a "
        f"pixel of the digit {first}({state}, {small(r.kl[f, j])} nats) by up to "
        f"{share(r.change[f, j])}. The digit: {r.words}.{missing_words(r.missing, r.told)}"
    )


def small(nats: float) -> str:
    return num(nats) if nats >= 0.005 else ("less than 0.005" if nats > 0 else "0")


def share(p: float) -> str:
    """Of a probability that may be small."""
    return f"{p:.0%}" if p >= 0.095 else f"{p:.1%}" if p >= 0.0005 else "less than 0.05%"


def _spectrum(r: Collapse) -> Panel:
    J = r.kl.shape[1]
    at = np.arange(1, J + 1)
    return Panel(
        layers=[
            Bars(x=at, height=r.kl, width=0.8, color=0, opacity=0.85),
            Rules(at=r.active[:, None] + 0.5, color="accent", name="active to the left"),
            Rules(at=np.array([float(r.rank)]), color="muted", name=f"rank {r.rank}, turned"),
        ],
        title="KL of each coordinate, sorted",
        x=Axis(label="rank", range=(0.0, J + 1.0)),
        y=Axis(label="nats", range=(0.0, 1.08 * float(r.kl.max()))), area=(0, 0, 3, 2),
    )  # fmt: skip


def _plane(r: Collapse) -> Panel:
    kl, variance = np.maximum(r.kl, FLOOR), np.maximum(r.variance, FLOOR)
    j = r.rank - 1
    chosen = np.stack([kl[:, j], variance[:, j]], axis=-1)[:, None]
    active = r.variance > ACTIVE
    ticks = [(10.0**e, t) for e, t in
             ((-6, "≤ 10⁻⁶"), (-4, "10⁻⁴"), (-2, "0.01"), (0, "1"))]  # fmt: skip
    return Panel(
        layers=[
            Rules(at=np.array([ACTIVE]), axis="y", color="accent", name=f"active above {ACTIVE}"),
            Points(xy=np.stack([kl, variance], axis=-1), group=np.where(active, 0, 1), size=4.5),
            Points(xy=chosen, color="ink", symbol="ring", size=9.0, opacity=1.0,
                   name=f"rank {r.rank}"),
        ],
        title="Carries nothing, costs nothing",
        x=Axis(label="KL, nats", log=True, range=(0.5 * FLOOR, 20.0), ticks=ticks),
        y=Axis(label="variance of the mean of q", log=True, range=(0.5 * FLOOR, 5.0), ticks=ticks),
        area=(0, 2, 3, 2),
    )  # fmt: skip


def _turned(r: Collapse) -> Panel:
    F, R, T = r.rows.shape[:3]
    value = r.rows.reshape(F, R * T, *r.rows.shape[3:]).astype(np.float32)
    beside = np.array([[-0.15, R - i - 0.5] for i in range(R)])
    below = np.stack([np.arange(T) + 0.5, np.full(T, -0.25)], axis=1)
    return Panel(
        layers=[
            Images(value=value, columns=T),
            Text(xy=beside, text=[f"rank {k}" for k in r.ranks], anchor="end", size=12.5),
            Text(xy=below, text=[num(t, 0) for t in TURNED], size=12.0),
        ],
        title="One coordinate turned",
        x=Axis(range=(-1.7, float(T)), hidden=True), y=Axis(range=(-0.5, float(R)), hidden=True),
        equal=True, area=(3, 0, 2, 2), aspect=(T + 1.7) / (R + 0.5), legend=False,
    )  # fmt: skip


def _counts(r: Collapse) -> Panel:
    names = [f"on {r.n} bundled digits"]
    y = [r.active.astype(float)]
    if np.isfinite(r.card_active).any():
        names.append("held out, from the cards")
        y.append(r.card_active)
    ticks = [(float(b), f"{b:g}") for b in r.beta]
    return Panel(
        layers=[
            Lines(x=r.beta, y=np.stack(y), names=names, colors=[0, "ink"][: len(y)],
                  dashes=[False, True][: len(y)], cursor=True),
        ],
        title=f"Active coordinates of {r.kl.shape[1]}",
        x=Axis(label="β", log=True, range=(0.8 * r.beta[0], 1.25 * r.beta[-1]), ticks=ticks),
        y=Axis(range=(0.0, r.kl.shape[1] + 2.0)), area=(3, 2, 2, 2),
    )  # fmt: skip


def collapse_table(r: Collapse) -> Table:
    J = r.kl.shape[1]
    rows = [
        [f"{b:g}", r.names[f], str(r.active[f]), str(J - r.active[f]),
         "not stated" if np.isnan(r.card_active[f]) else f"{r.card_active[f]:.0f}",
         num(r.kl[f].sum()), "not stated" if np.isnan(r.card_rate[f]) else num(r.card_rate[f]),
         num(r.kl[f, 0]), small(r.kl[f, -1]), share(r.change[f, -1])]
        for f, b in enumerate(r.beta)
    ]  # fmt: skip
    return Table(
        ["β", "checkpoint", "active", "collapsed", "active, held out", "rate", "rate, held out",
         "largest KL", "smallest KL", "turning the last changes a pixel by up to"],
        rows,
        f"Over the first {r.n} bundled digits, which are all in MNIST's training set; held out: "
        f"test images, from the cards. Active: the variance of E_q[z_j] over images is above "
        f"{ACTIVE} (Burda et al., 2016). Rates in nats.",
    )  # fmt: skip
