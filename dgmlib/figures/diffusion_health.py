"""A schedule over the number of its steps: what is left of the data at its end, and the damage."""

import numpy as np

from dgmlib.diffusion import own_schedule
from dgmlib.diffusion.health import FAR
from dgmlib.diffusion.line import PLANS
from dgmlib.diffusion.line_health import CURVE, GRID, Sweep, U
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Handles, Layer, Lines, Panel, Rules, Scene
from dgmlib.figures.table import Table

FLOOR = 1e-8


def health_scene(s: Sweep) -> list[Scene | Table]:
    """Frames are numbers of steps T."""
    scene = Scene(
        panels=[_curve(s), _end(s), _price(s), _made(s)],
        alt="alpha bar over time; the density of x_T beside N(0, 1); what the wrong start costs "
        "against the number of steps; and the data beside what is sampled from N(0, 1).",
        frame_values=s.steps, frame_label="steps T",
        captions=[_said(s, f) for f in range(len(s.steps))],
        start=int(np.searchsorted(s.steps, 200)), fps=3.0, columns=2, aspect=1.6,
        interpolate=False,
    )  # fmt: skip
    return [scene, _table(s)]


def _curve(s: Sweep) -> Panel:
    t = np.linspace(0, 1, CURVE)
    left = np.sqrt(s.alpha_bar)  # (F, CURVE)
    layers: list[Layer] = [
        Lines(x=t, y=np.stack([left, np.sqrt(1 - s.alpha_bar)], 1),
              names=["√ᾱ, share of x₀", "√(1 − ᾱ), noise"], colors=["target", "accent"],
              dashes=[False, True], width=2.5),
    ]  # fmt: skip
    own = s.name not in PLANS
    if own:
        layers.append(_grips(own_schedule.parse(s.name)))
    return Panel(
        layers=layers, title="Your schedule: drag it" if own else f"Schedule: {s.name}",
        x=Axis(label="t / T", range=(0.0, 1.0)), y=Axis(label="factor", range=(0.0, 1.05)),
        area=(0, 0, 1, 1),
    )  # fmt: skip


def _grips(shares: tuple[float, ...]) -> Handles:
    return Handles(
        xy=np.stack([own_schedule.KNOTS, shares], 1), axes="y", spoken=True,
        labels=[f"√ᾱ at t = {k:g} T" for k in own_schedule.KNOTS], colors=["target"] * len(shares),
        low=(0.0, own_schedule.LEAST), high=(1.0, own_schedule.MOST), name="shares",
    )  # fmt: skip


def _end(s: Sweep) -> Panel:
    normal = np.exp(-0.5 * GRID * GRID) / np.sqrt(2 * np.pi)
    seen = np.abs(GRID) <= 4
    good = [bool(w) for w in s.well]
    ill = np.where(np.array(good)[:, None], np.nan, s.end[:, seen])
    fine = np.where(np.array(good)[:, None], s.end[:, seen], np.nan)
    return Panel(
        layers=[
            Lines(x=GRID[seen], y=ill[:, None], names=["q(x_T), sick"], colors=["bad"], fill=True,
                  width=2.5),
            Lines(x=GRID[seen], y=fine[:, None], names=["q(x_T), healthy"], colors=["good"],
                  fill=True, width=2.5),
            Lines(x=GRID[seen], y=normal[seen][None], names=["N(0, 1), where sampling starts"],
                  colors=["ink"], dashes=[True]),
        ],
        title="The end of the noise", x=Axis(label="x_T", range=(-4.0, 4.0)),
        y=Axis(label="density", range=(0.0, 1.1 * float(max(s.end.max(), 0.45)))),
        area=(1, 0, 1, 1),
    )  # fmt: skip


def _price(s: Sweep) -> Panel:
    y = np.maximum(np.stack([s.most, s.kl, s.w2]), FLOOR)
    return Panel(
        layers=[
            Lines(x=s.steps.astype(float), y=y,
                  names=["price in the bound (nats)", "KL(q(x_T) ‖ N(0, 1)) (nats)",
                         "W₂ of the samples (units of x)"],
                  colors=["bad", "muted", "accent"], dashes=[False, True, False], cursor=True),
            Rules(at=np.array([FAR]), axis="y", color="good", name=f"healthy below {FAR} nats"),
        ],
        title="What the wrong start costs", x=Axis(label="steps T", log=True, range=(4.5, 1100.0),
            ticks=[(float(k), str(k)) for k in (5, 10, 30, 100, 300, 1000)]),
        y=Axis(label="see the legend", log=True, range=(FLOOR / 2, 5.0)), area=(0, 1, 1, 1),
    )  # fmt: skip


def _made(s: Sweep) -> Panel:
    """Quantile functions: on the line they are all there is to know of a distribution."""
    return Panel(
        layers=[
            Lines(x=U, y=s.wanted[None], names=["data"], colors=["target"], width=4.0),
            Lines(x=U, y=s.made[:, None], names=["samples that start from N(0, 1)"],
                  colors=["accent"], width=1.8),
        ],
        title="Where sampling arrives", x=Axis(label="share of the mass below", range=(0.0, 1.0)),
        y=Axis(label="x", range=(-3.2, 3.2)), area=(1, 1, 1, 1),
    )  # fmt: skip


def _said(s: Sweep, f: int) -> str:
    healthy = "healthy" if s.well[f] else "not healthy, as sampling starts from N(0, 1)"
    return (
        f"T = {s.steps[f]}: ᾱ_T = {s.last[f]:.3g}, so {num(100 * float(s.last[f]) ** 0.5, 1)} % of "
        f"x₀ is left in x_T. The bound pays {s.most[f]:.3g} nats for it: {healthy}. Samples miss "
        f"the data by W₂ = {num(float(s.w2[f]), 4)}."
    )


def _table(s: Sweep) -> Table:
    rows = [
        [f"{T:,}", f"{a:.3g}", f"{least:.2e}", f"{kl:.2e}", f"{most:.2e}", num(float(w), 4),
         "healthy" if well else "not healthy"]
        for T, a, least, kl, most, w, well in zip(
            s.steps, s.last, s.least, s.kl, s.most, s.w2, s.well, strict=True)
    ]  # fmt: skip
    return Table(
        ["steps T", "ᾱ_T", "KL at least", "KL(q(x_T) ‖ N(0, 1))", "price in the bound",
         "W₂ of samples", "verdict"], rows,
        "Nats; W₂ in units of x. KL: a sum over a fine grid. At least: from mean and variance of "
        "the data alone. The price, E KL(q(x_T | x₀) ‖ N(0, 1)), is the prior term of the bound.",
    )  # fmt: skip
