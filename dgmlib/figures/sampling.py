"""The race of four sampling methods, and what the pictures of samplers on the line share."""

import numpy as np

from dgmlib.experiments.line_race import EXACT, IMPORTANCE, METHODS, REJECTION, Picture, Race
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import (
    Axis,
    Band,
    Handles,
    Layer,
    Lines,
    Panel,
    Path,
    Points,
    Rules,
    Scene,
)
from dgmlib.figures.table import Table
from dgmlib.targets.choose import KNOTS

WINDOW = (-5.0, 5.0)
BELOW = -0.24  # where the grip of the proposal hangs, in units of the highest point
GRIP = -0.14
TOP = 1.12
FAR_OFF = 1e6  # an error larger than this is not drawn
COLORS = ("ink", 0, 1, 2)
SYMBOLS = ("square", "circle", "diamond", "triangle")


def height_handles(pic: Picture) -> Handles:
    """Nine heights to drag: the shape at the knots."""
    return Handles(
        xy=np.stack([KNOTS, pic.knots], 1), labels=[f"height {i}" for i in range(1, 10)],
        spoken=True, colors=["target"] * 9, axes="y", low=(KNOTS[0], 0.0), high=(KNOTS[-1], 1.0),
        at_least=9, at_most=9, name="heights",
    )  # fmt: skip


def proposal_handle(pic: Picture) -> Handles:
    """Centre and width of the proposal."""
    q = pic.proposal
    return Handles(
        xy=np.array([[q.centre, GRIP]]), width=np.array([q.width]), labels=["proposal"],
        spoken=True, colors=["accent"], axes="x", low=(-4.0, GRIP), high=(4.0, GRIP),
        width_range=(0.2, 4.0), at_most=1, name="proposal",
    )  # fmt: skip


def target_layer(pic: Picture, name: str = "target p, up to a constant") -> Lines:
    return Lines(x=pic.x, y=pic.shape[None], names=[name], colors=["target"], fill=True, width=2.5)


def proposal_name(pic: Picture) -> str:
    tail = pic.proposal.tail
    if tail == 0:
        return "proposal q: Gaussian"
    return "proposal q: Cauchy" if tail == 1 else f"proposal q: Student t, ν = {1 / tail:.3g}"


def line_panel(layers: list[Layer], title: str, *, area, top: float = TOP, low: float = BELOW):
    """The line with the shape of the target over it."""
    ticks = [(0.0, "0"), (0.5, "0.5"), (1.0, "1")]
    return Panel(
        layers=layers, title=title, x=Axis(label="x", range=WINDOW),
        y=Axis(range=(low, top), ticks=ticks if top < 1.5 else None), area=area,
    )  # fmt: skip


def big(value: float, digits: int = 1) -> str:
    """A constant, however large."""
    if np.isinf(value) or value < 1e5:
        return num(value, digits)
    power = np.log10(value)
    return f"10^{power:.0f}" if power < 299 else "over 10^299"


def small(value: float) -> str:
    """A share, however small."""
    if value >= 5e-4 or value == 0:
        return num(value, 3)
    return f"10^{num(np.log10(value), 0)}" if value > 1e-299 else "below 10^−299"


def counts_axis(label: str, low: float, high: float) -> Axis:
    """A logarithmic axis of counts with a tick at every 1 and 3."""
    marks = [m * 10**e for e in range(5) for m in (1, 3)]
    ticks = [(float(m), f"{m:,}") for m in marks if low <= m <= high]
    return Axis(label=label, log=True, range=(float(low), float(high)), ticks=ticks)


def plus_minus(value: float, error: float, digits: int = 3) -> str:
    if not np.isfinite(value):
        return "none"
    return f"{num(value, digits)} ± {num(error, digits) if np.isfinite(error) else 'unknown'}"


def revealed(xy: np.ndarray, order: np.ndarray, at: np.ndarray, hidden: float) -> np.ndarray:
    """Points (N, 2) that appear one after the other: (F, N, 2), waiting below the plot."""
    seen = order < at[:, None]  # (F, N)
    return np.where(seen[..., None], xy, np.array([0.0, hidden]))


def race_scene(r: Race) -> list[Scene | Table]:
    """The target, the errors of four methods up to the budget, and their estimates now."""
    pic, F = r.picture, len(r.n)
    picture = line_panel(
        [
            target_layer(pic, "target p"),
            Points(xy=revealed(r.dots, np.arange(len(r.dots)), r.n, 5 * BELOW), color="target",
                   size=2.2, opacity=0.45, name="exact draws"),
            Lines(x=pic.x, y=pic.z * pic.q[None], names=[proposal_name(pic)], colors=["accent"],
                  dashes=[True]),
            Rules(at=np.array([pic.mean]), color="ink"),
            height_handles(pic),
            proposal_handle(pic),
        ],
        f"Draw p: its exact mean is {num(pic.mean, 3)}", area=(0, 0, 2, 3),
    )  # fmt: skip
    scene = Scene(
        panels=[picture, _errors(r), _estimates(r)],
        alt="A target density on the line with heights to drag, the error of four sampling methods "
        "against the number of density evaluations on logarithmic axes, and their estimates "
        f"beside the exact mean {num(pic.mean, 3)}.",
        frame_values=r.n.astype(float), frame_label="evaluations",
        captions=[_race_said(r, f) for f in range(F)], start=F // 3, fps=5.0, columns=5,
        aspect=1.65, interpolate=False,
    )  # fmt: skip
    return [scene, race_table(r)]


def _errors(r: Race) -> Panel:
    """Measured errors with their own, and the exact ones dashed, as far as the budget has come."""
    x, F = r.n.astype(float), len(r.n)
    so_far = np.arange(F) <= np.arange(F)[:, None]  # (F, F): frame, budget
    able = [i for i in range(4) if np.isfinite(r.rmse[:, i]).any()]
    factor = np.exp(2 * r.rmse_error / r.rmse)
    layers: list[Layer] = []
    for i in able:
        low, high = r.rmse[:, i] / factor[:, i], r.rmse[:, i] * factor[:, i]
        layers.append(
            Band(x=x, low=np.where(so_far, low, np.nan), high=np.where(so_far, high, np.nan),
                 color=COLORS[i], opacity=0.14)
        )  # fmt: skip
    exact = np.where(r.theory < FAR_OFF, r.theory, np.nan)[:, able]
    hidden = np.array([x[0], 1e-9])
    heads = np.stack([np.broadcast_to(x[:, None], (F, len(able))), r.rmse[:, able]], -1)
    heads = np.where(np.isnan(heads).any(-1, keepdims=True), hidden, heads)
    layers += [
        Rules(at=x[:, None], color="muted", dash=False, width=1.0),
        Lines(x=x, y=np.where(so_far[:, None], r.rmse[:, able].T, np.nan),
              names=[METHODS[i] for i in able], colors=[COLORS[i] for i in able]),
        Lines(x=x, y=np.where(so_far[:, None], exact.T, np.nan), dashes=[True] * len(able),
              names=["theory", *[""] * (len(able) - 1)], colors=[COLORS[i] for i in able],
              width=1.5),
        *(
            Points(xy=heads[:, [j]], color=COLORS[i], symbol=SYMBOLS[i], size=5.0, opacity=1.0)
            for j, i in enumerate(able)
        ),
    ]  # fmt: skip
    low, high = float(np.nanmin(r.rmse)), float(np.nanmax(r.rmse))
    return Panel(
        layers=layers, title=f"Root mean squared error of the mean, {r.estimate.shape[2]} runs",
        x=counts_axis("evaluations of p", 0.9 * x[0], 1.1 * x[-1]),
        y=Axis(label="units of x", log=True, range=(0.6 * low, 1.5 * high)), area=(2, 0, 3, 5),
    )  # fmt: skip


def _estimates(r: Race) -> Panel:
    """Every repetition's estimate, and the first one's with the error it claims."""
    pic, (F, _, R) = r.picture, r.estimate.shape
    reach = float(np.nanmax(r.rmse[F // 2]))
    low, high = pic.mean - 3 * reach, pic.mean + 3 * reach
    hidden = low - (high - low)
    spread = np.linspace(-0.28, 0.28, R)
    layers: list[Layer] = [
        Rules(at=np.array([pic.mean]), axis="y", color="ink", name="exact mean"),
    ]
    bars = np.full((F, 12, 2), np.nan)
    for i in range(4):
        cloud = np.stack([np.broadcast_to(i + spread, (F, R)), r.estimate[:, i]], -1)
        cloud = np.where(np.isnan(cloud), hidden, cloud)
        layers.append(Points(xy=cloud, color=COLORS[i], symbol=SYMBOLS[i], size=2.4, opacity=0.45))
        first, wide = r.estimate[:, i, 0], 2 * r.error[:, i]
        bars[:, 3 * i, :] = np.stack([np.full(F, i), first - wide], -1)
        bars[:, 3 * i + 1, :] = np.stack([np.full(F, i), first + wide], -1)
    bars[np.isnan(bars).any(-1)] = np.nan
    bars[..., 1] = np.clip(bars[..., 1], low - 1, high + 1)
    firsts = np.stack([np.broadcast_to(np.arange(4.0), (F, 4)), r.estimate[..., 0]], -1)
    firsts = np.where(np.isnan(firsts), hidden, firsts)
    layers += [
        Path(xy=bars, color="ink", width=2.0, name="one run and its own ± 2 s.e."),
        Points(xy=firsts, color="ink", symbol="ring", size=5.0, opacity=1.0),
    ]
    ticks = [(0.0, "exact"), (1.0, "rejection"), (2.0, "importance"), (3.0, "chain")]
    return Panel(
        layers=layers, title="The estimates now", x=Axis(range=(-0.5, 3.5), ticks=ticks),
        y=Axis(label="mean of x", range=(low, high)), area=(0, 3, 2, 2),
    )  # fmt: skip


def _race_said(r: Race, f: int) -> str:
    parts = []
    for i, name in enumerate(METHODS):
        if i == REJECTION and r.k == np.inf:
            parts.append("rejection is impossible, no constant covers p")
            continue
        lost = f" ({r.empty[f, i]} of {r.estimate.shape[2]} have none)" if r.empty[f, i] else ""
        parts.append(f"{name} {plus_minus(float(r.rmse[f, i]), float(r.rmse_error[f, i]))}{lost}")
    return f"{r.n[f]:,} evaluations. Root mean squared error: {'; '.join(parts)}."


def race_table(r: Race) -> Table:
    """At the whole budget: estimate of one run, measured and exact error."""
    rows: list[list[str | float]] = []
    for i, name in enumerate(METHODS):
        exact: str | float = float(r.theory[-1, i])
        if i == REJECTION and r.k == np.inf:
            exact = "no constant covers p"
        elif i == IMPORTANCE and not np.isfinite(exact):
            exact = "infinite variance"
        rows.append([
            name, plus_minus(float(r.estimate[-1, i, 0]), float(r.error[-1, i])),
            plus_minus(float(r.rmse[-1, i]), float(r.rmse_error[-1, i])), exact,
            _worth(float(r.theory[-1, i]), float(r.theory[-1, EXACT]), int(r.n[-1])),
        ])  # fmt: skip
    return Table(
        [
            "method",
            "one run ± what it claims",
            "measured error ± s.e.",
            "theory",
            "worth exact draws",
        ],
        rows,
        f"The mean of x is {num(r.picture.mean, 4)}; {r.n[-1]:,} evaluations. Theory is exact for "
        "exact draws, rejection (if anything is left) and the chain (on a grid of 200 cells), and "
        f"the limit for large n for importance sampling. The chain's step is {num(r.scale, 1)}.",
    )


def _worth(error: float, exact: float, n: int) -> str:
    if not np.isfinite(error):
        return "unknown"
    return f"{n * (exact / error) ** 2:,.0f} of {n:,}"
