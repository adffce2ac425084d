"""What an objective costs and how far its examples scatter, exact and measured."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Layer, Lines, Panel, Path, Points, Rules, Scene
from dgmlib.figures.score_field_words import count
from dgmlib.figures.table import Table
from dgmlib.scores.dials import EXAMPLES, PROBES, Dial, Dials, Measured, std

NAMES = ("Hutchinson, signs", "Hutchinson, Gaussian", "sliced, signs")
SYMBOLS = ("circle", "diamond", "triangle")
Area = tuple[int, int, int, int]


def dials_scene(s: Dials) -> list[Scene | Table]:
    """Frames are numbers of probes."""
    captions = [caption(s, i) for i in range(len(PROBES))]
    scene = Scene(
        panels=[probes(s, (0, 0, 1, 1)), noise(s, (1, 0, 1, 1))],
        alt="Standard deviation of one example's objective against what it costs, for 1 to 32 "
        f"probes, and that of denoising against its noise. {captions[0]}",
        frame_values=PROBES.astype(float), frame_label="probes m", captions=captions, columns=2,
        aspect=1.9, fps=1.5, interpolate=False,
    )  # fmt: skip
    return [scene, table(s)]


def probes(s: Dials, area: Area) -> Panel:
    cost = 1.0 + PROBES
    layers: list[Layer] = [
        Rules(at=np.array([float(std(s.implicit))]), axis="y", color="ink",
              name="the exact trace"),
        Lines(x=cost, y=np.stack([std(dial, PROBES) for dial in s.sliced]), names=list(NAMES),
              colors=[0, 1, 2], dashes=[False, True, False]),
    ]  # fmt: skip
    for i, row in enumerate(s.measured_sliced):
        layers += points(cost, row, i)
    layers += [
        Points(xy=np.array([[1.0 + s.d, float(std(s.implicit))]]), color="ink", symbol="square",
               size=6.0, opacity=1.0, name="implicit: one for each dimension"),
        Rules(at=cost[:, None], color="muted", width=1.0),
    ]  # fmt: skip
    return Panel(
        layers=layers, title="Spread of one example against its cost", area=area,
        x=Axis(label="networks for one example", log=True, range=(1.7, 40.0),
               ticks=[(v, f"{v:g}") for v in (2.0, 3.0, 5.0, 9.0, 17.0, 33.0)]),
        y=Axis(label="standard deviation", log=True,
               ticks=ticks(0.1, 300, (1, 1.5, 2, 3, 4, 5, 7))),
    )  # fmt: skip


def noise(s: Dials, area: Area) -> Panel:
    y = np.stack([[float(std(dial)) for dial in s.denoising], (0.5 * s.d) ** 0.5 / s.sigma**2])
    return Panel(
        layers=[
            Rules(at=np.array([float(std(s.implicit))]), axis="y", color="ink",
                  name="the exact trace"),
            Lines(x=s.sigma, y=y, names=["denoising", "√(d/2) / σ²"], colors=["accent", "muted"],
                  dashes=[False, True]),
            *points(s.sigma, s.measured_denoising, "accent"),
        ],
        title="Spread of one example of denoising", area=area,
        x=Axis(label="noise σ", log=True,
               ticks=[(v, f"{v:g}") for v in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)]),
        y=Axis(log=True, ticks=ticks(0.1, 3000, (1, 3))),
    )  # fmt: skip


def points(x: np.ndarray, row: list[Measured], color: str | int) -> list[Layer]:
    """Measured, with two standard errors as bars."""
    y, e = np.array([[m.std.value, 2 * m.std.error] for m in row]).T
    low = np.maximum(y - e, 0.02 * y)
    bars = np.stack([np.stack([x, x], 1), np.stack([low, y + e], 1)], -1)  # (n, 2, 2)
    symbol = SYMBOLS[color] if isinstance(color, int) else "circle"
    return [
        Path(xy=bars, many=True, color=color, width=1.5),
        Points(xy=np.stack([x, y], 1), color=color, symbol=symbol, size=3.5, opacity=1.0),
    ]


def ticks(low: float, high: float, steps: tuple[float, ...]) -> list[tuple[float, str]]:
    each = [m * 10.0**k for k in range(-3, 5) for m in steps]
    return [(v, f"{v:g}") for v in each if low <= v <= high]


def caption(s: Dials, i: int) -> str:
    m = int(PROBES[i])
    words = [
        f"{name} {num(float(std(dial, m)), 2)} (measured {num(row[i].std.value, 2)} ± "
        f"{num(row[i].std.error, 2)})"
        for name, dial, row in zip(NAMES, s.sliced, s.measured_sliced, strict=True)
    ]
    return (
        f"{count(s.d, 'dimension')}, {count(m, 'probe')}, {1 + m} networks an example. "
        f"Standard deviations: {'; '.join(words)}; exact trace {num(float(std(s.implicit)), 2)} "
        f"for {1 + s.d} networks."
    )


def table(s: Dials) -> Table:
    rows = [row("explicit", 1, s.explicit, s.measured_explicit),
            row("implicit, exact trace", 1 + s.d, s.implicit, s.measured_implicit)]  # fmt: skip
    for name, dial, seen in zip(NAMES, s.sliced, s.measured_sliced, strict=True):
        for i in (0, len(PROBES) - 1):
            m = int(PROBES[i])
            rows.append(row(f"{name}, m = {m}", 1 + m, dial, seen[i], m))
    for i in range(0, len(s.sigma), 2):
        rows.append(row(f"denoising, σ = {s.sigma[i]:.2g}", 1, s.denoising[i],
                        s.measured_denoising[i]))  # fmt: skip
    e, i, c = (num(v, 6) for v in (s.explicit.mean, s.implicit.mean, s.constant))
    return Table(
        ["objective", "networks", "mean, exact", "measured", "deviation, exact", "measured"], rows,
        f"One example each; measured on {EXAMPLES}, ± one standard error. Explicit less implicit: "
        f"{e} − ({i}) = {c} = ½ tr Σ⁻¹, whatever the score.",
    )  # fmt: skip


def row(name: str, cost: int, dial: Dial, seen: Measured, m: int = 1) -> list[str | float]:
    mean, spread = (f"{num(v.value, 3)} ± {num(v.error, 3)}" for v in seen)
    return [name, str(cost), num(dial.mean, 4), mean, num(float(std(dial, m)), 3), spread]
