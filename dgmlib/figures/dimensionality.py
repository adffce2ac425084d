"""Scenes of the number of dimensions: counting, a Gaussian's mass, volumes, distances."""

import numpy as np

from dgmlib.dimensionality.sweep import Sweep
from dgmlib.figures.scene import Axis, Color, Layer, Lines, Panel, Path, Points, Rules, Scene
from dgmlib.figures.table import Table

UP = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DECADES = 12  # of the axis of counts
AT = np.array([1, 2, 3, 5, 8, 12, 18, 25, 35, 50, 70, 100])  # where draws are marked
DIMENSIONS = Axis(label="dimensions d", range=(0.0, 101.0))


def number(value: float) -> str:
    """As words carry it: 1,023 or 1.27·10³⁰ or 0.0123 or 1.9·10⁻⁷⁰."""
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        whole = float(value).is_integer()
        text = f"{value:,.0f}" if whole or abs(value) >= 1e3 else f"{value:.3g}"
        return text.replace("-", "−")
    mantissa, power = f"{value:.2e}".split("e")
    return f"{mantissa}·10{str(int(power)).translate(UP)}".replace("-", "−")


def whiskers(x: np.ndarray, low: np.ndarray, high: np.ndarray, *, color: Color) -> Path:
    """Vertical error bars at x (N,) from low to high (N,)."""
    gap = np.full_like(np.asarray(low, dtype=float), np.nan)
    y = np.stack([low, high, gap], axis=-1)  # (N, 3)
    xy = np.stack([np.repeat(np.asarray(x, dtype=float)[:, None], 3, 1), y], axis=-1)
    return Path(xy=xy.reshape(-1, 2), color=color, width=1.5)


def sweep_scene(s: Sweep) -> list[Scene | Table]:
    """All of it for d = 1 .. 100; opens at ten dimensions."""
    scene = Scene(
        panels=[_mass(s), _numbers(s), _volumes(s), _distances(s)],
        alt="For d = 1 to 100 dimensions: the density of the length of a Gaussian point, the "
        "numbers that a table over d variables needs under four assumptions, the share of a cube "
        "that a ball fills, and how much the distances between random points differ.",
        frame_values=s.d, frame_label="dimensions d", captions=[caption(s, i) for i in s.d - 1],
        start=9, fps=8.0, columns=2, aspect=1.5,
    )  # fmt: skip
    return [scene, sweep_table(s)]


def caption(s: Sweep, i: int) -> str:
    """What the picture says at d = i + 1."""
    low, high = s.bounds[i]
    return (
        f"d = {s.d[i]}: numbers to store, {number(s.full[i])} for a full table of {s.k} states, "
        f"{number(s.markov[i])} for Markov order {s.order}, {number(s.gaussian[i])} for a "
        f"Gaussian, {number(s.independent[i])} if independent. 95% of a Gaussian's mass lies "
        f"at radius {low:.2f} to {high:.2f} (√d = {s.d[i] ** 0.5:.2f}), "
        f"{number(s.near_mode[i])} within 1 of its mode. A ball fills "
        f"{number(s.ball[i])} of its cube; squared distances vary by {s.spread[i]:.0%} of "
        "their mean."
    )


def _mass(s: Sweep) -> Panel:
    F = len(s.d)
    radius = np.sqrt(s.d)[:, None]
    height = 0.86
    up = 0.03 + 0.03 * (np.arange(s.lengths.shape[1]) % 3)  # three rows, so that points part
    dots = np.stack([s.lengths, np.tile(up, (F, 1))], axis=-1)
    layers: list[Layer] = [
        Lines(x=s.r, y=s.density, colors=[0], fill=True, width=2.5, name="density of |x|, exact"),
        Rules(at=s.bounds, color="muted", width=1.0, name="95% of the mass"),
        Rules(at=radius, color="accent", dash=False, name="√d"),
        Points(xy=dots, color="ink", size=2.5, opacity=0.6, name="60 draws"),
        Points(xy=np.zeros((1, 2)), color="accent", symbol="star", size=9.0, opacity=1.0,
               name="mode of p(x)"),
    ]  # fmt: skip
    return Panel(
        layers=layers, title="x ~ N(0, I): where is the mass?",
        x=Axis(label="distance |x| from the mode", range=(-0.4, 13.5)),
        y=Axis(label="density of |x|", range=(0.0, height)), area=(0, 0, 1, 1),
    )  # fmt: skip


def _numbers(s: Sweep) -> Panel:
    y = np.log10(np.stack([s.full, s.gaussian, s.markov, s.independent]))  # 10^100 is no float32
    names = [f"full table, {s.k} states", "Gaussian, full covariance", f"Markov, order {s.order}",
             "independent"]  # fmt: skip
    lines = Lines(x=s.d, y=y, names=names, colors=["bad", 1, 0, "ink"],
                  dashes=[False, True, False, True], cursor=True)  # fmt: skip
    # cut where the full table leaves: up to its end, the three others would be one line
    ticks = [(float(t), f"10{str(t).translate(UP)}") for t in range(0, DECADES + 1, 3)]
    return Panel(layers=[lines], title="Free numbers that p(x) needs", x=DIMENSIONS,
                 y=Axis(range=(-0.4, DECADES), ticks=ticks), area=(1, 0, 1, 1))  # fmt: skip


def _volumes(s: Sweep) -> Panel:
    y = np.stack([s.ball, s.shell, s.near_mode])
    names = ["ball / its cube", f"outer {s.thickness:.0%} of a ball", "Gaussian within 1 of mode"]
    lines = Lines(x=s.d, y=y, names=names, colors=[0, "accent", "ink"],
                  dashes=[False, False, True], cursor=True)  # fmt: skip
    return Panel(layers=[lines], title="Shares of volume and mass", x=DIMENSIONS,
                 y=Axis(range=(-0.03, 1.03)), area=(0, 1, 1, 1))  # fmt: skip


def _distances(s: Sweep) -> Panel:
    i = AT - 1
    layers: list[Layer] = [
        Lines(x=s.d, y=s.spread[None], names=["sd / mean of |x − y|², exact"], colors=["ink"],
              cursor=True),
        whiskers(AT, s.spread_drawn[i] - 2 * s.spread_error[i],
                 s.spread_drawn[i] + 2 * s.spread_error[i], color="accent"),
        Points(xy=np.stack([AT, s.spread_drawn[i]], axis=1), color="accent", size=4.0,
               opacity=1.0, name="400 random pairs ± 2 s.e."),
        whiskers(AT, *s.contrast_range[i].T, color=1),
        Points(xy=np.stack([AT, s.contrast[i]], axis=1), color=1, symbol="triangle", size=4.5,
               opacity=1.0, name="(far − near) / near of 100: median, 10–90%"),
    ]  # fmt: skip
    return Panel(layers=layers, title="Uniform in a cube: all equally far", x=DIMENSIONS,
                 y=Axis(log=True, range=(0.05, 2e4),
                        ticks=[(0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100"),
                               (1000.0, "1,000"), (10_000.0, "10,000")]),
                 area=(1, 1, 1, 1))  # fmt: skip


def sweep_table(s: Sweep) -> Table:
    """Some dimensions in numbers, with the typical set of coins."""
    rows = []
    for n in (1, 2, 3, 10, 20, 50, 100):
        i = n - 1
        states = f"2{str(n).translate(UP)}"
        bits = s.typical_bits[i]
        size = "none" if np.isinf(bits) else f"2^{bits:.1f} of {states}"
        rows.append([str(n), number(s.full[i]), number(s.ball[i]), number(s.near_mode[i]),
                     f"{s.typical_share[i]:.3g}", size])  # fmt: skip
    return Table(
        ["d", f"full table, {s.k} states", "ball / cube", "Gaussian within 1 of its mode",
         "coins in the typical set", "states in it"],
        rows,
        "Coins show 1 with probability 0.1. The typical set holds the sequences whose "
        "information is within 0.1 bits a coin of the entropy, 0.469. The most probable sequence, "
        "all zeros, is not in it (0.152 bits a coin).",
    )  # fmt: skip
