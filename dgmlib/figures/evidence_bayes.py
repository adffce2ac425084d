"""Maximum likelihood, MAP and full Bayes on a straight line, point after point."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import (
    Axis,
    Band,
    Ellipses,
    Handles,
    Lines,
    Panel,
    Path,
    Points,
    Rules,
    Scene,
)
from dgmlib.figures.table import Table
from dgmlib.latent.regression import TRUE, WAYS, Belief, T
from dgmlib.latent.regression_text import ENDS, MOST

HIGH = 5.0  # of the y axis
COLORS: tuple[int | str, ...] = (3, 2, "accent")


def bayes_scene(b: Belief) -> list[Scene | Table]:
    """Frames are points seen: 0, ..., N."""
    F = len(b.mean)
    scene = Scene(
        panels=[_line(b), _plane(b), _width(b)],
        alt="Points with the predictions of maximum likelihood, MAP and full Bayes; the posterior "
        "of intercept and slope as an ellipse; and the deviation of each prediction.",
        frame_values=np.arange(F, dtype=float), frame_label="points seen",
        captions=[_said(b, n) for n in range(F)], start=min(3, F - 1), fps=1.5, columns=5,
        aspect=1.62, interpolate=False,
    )  # fmt: skip
    return [scene, _table(b)]


def _line(b: Belief) -> Panel:
    F, N = len(b.mean), len(b.t)
    seen = np.arange(N) < np.arange(F)[:, None]  # (F, N)
    xy = np.stack([b.t, b.y], 1)
    shown = np.where(seen[..., None], xy, np.array([0.0, -99.0]))
    low, high = (b.line[:, 2] + k * b.sd[:, 2] for k in (-2, 2))
    edges = np.stack([b.line[:, i] + k * b.sd[:, i] for i in (0, 1) for k in (-2, 2)], 1)
    names = ["ML", "MAP = mean of Bayes"]
    return Panel(
        layers=[
            Band(x=T, low=_cut(low), high=_cut(high), color="accent", opacity=0.22,
                 name="full Bayes ± 2 sd"),
            Lines(x=T, y=_cut(edges[:, 2:]), names=["", "MAP plug-in ± 2 sd"], colors=[2, 2],
                  dashes=[True, True], width=1.5),
            Lines(x=T, y=_cut(edges[:, :2]), names=["", "ML plug-in ± 2 sd"], colors=[3, 3],
                  dashes=[True, True], width=1.5),
            Lines(x=T, y=_cut(b.line[:, :2]), names=names, colors=[3, 2], width=2.5),
            Points(xy=shown, color="ink", symbol="ring", size=11.0, opacity=1.0,
                   name="seen so far"),
            Handles(xy=xy, labels=[f"point {i + 1}" for i in range(N)], spoken=True,
                    colors=["muted"] * N, low=(ENDS[0][0], ENDS[1][0]),
                    high=(ENDS[0][1], ENDS[1][1]), editable=True, at_least=1, at_most=MOST,
                    name="points"),
        ],
        title="What the next y will be", x=Axis(label="t", range=(-3.1, 3.1)),
        y=Axis(label="y", range=(-HIGH, HIGH)), area=(0, 0, 3, 5),
    )  # fmt: skip


def _cut(y: np.ndarray) -> np.ndarray:
    """Curves that leave the panel stop a little outside of it; a gap stays a gap."""
    return np.clip(y, -4 * HIGH, 4 * HIGH)


def _plane(b: Belief) -> Panel:
    F = len(b.mean)
    prior = np.eye(2) / b.alpha
    far = 1.15 * max(2.0, float(np.abs(b.mean).max()))
    ml = np.where(np.isnan(b.ml), 99.0, np.clip(b.ml, -99, 99))[:, None]
    truth = [Points(xy=TRUE[None], color="target", symbol="star", size=7.0, opacity=1.0,
                    name="the truth")] if b.sampled else []  # fmt: skip
    return Panel(
        layers=[
            Ellipses(mean=np.zeros((1, 2)), cov=prior[None], colors=["muted"], dash=True,
                     fill=False, width=1.5, name="prior"),
            Ellipses(mean=b.mean[:, None], cov=b.cov[:, None], colors=["accent"],
                     name="posterior, 1 and 2 sd"),
            Path(xy=b.mean, trail=True, color=2, width=1.5),
            Points(xy=np.broadcast_to(b.mean[:, None], (F, 1, 2)), color=2, symbol="diamond",
                   size=6.0, opacity=1.0, name="MAP"),
            Points(xy=ml, color=3, symbol="cross", size=6.0, opacity=1.0, name="ML"),
            *truth,
        ],
        title="Intercept and slope", x=Axis(label="a", range=(-far, far)),
        y=Axis(label="b", range=(-far, far)), area=(3, 0, 2, 3), equal=True,
    )  # fmt: skip


def _width(b: Belief) -> Panel:
    top = float(min(max(1.15 * np.nanmax(b.sd[1:, 2]), 2 * b.noise), 5.0))
    return Panel(
        layers=[
            Lines(x=T, y=np.minimum(b.sd[:, 1:], 1.1 * top),
                  names=["plug-in: the noise alone", "full Bayes: noise and doubt"],
                  colors=[2, "accent"], dashes=[True, False]),
            Rules(at=np.array([0.0]), axis="y", color="muted", dash=False, width=1.0),
        ],
        title="Deviation of y (dashed: noise)", area=(3, 3, 2, 2), legend=False,
        x=Axis(label="t", range=(-3.1, 3.1)), y=Axis(range=(0, top)),
    )  # fmt: skip


def _w(w: np.ndarray) -> str:
    return f"({num(w[0], 3)}, {num(w[1], 3)})"


def _said(b: Belief, n: int) -> str:
    ml = f"ML {_w(b.ml[n])}" if np.isfinite(b.ml[n, 0]) else "ML is not unique"
    ends = [0, len(T) // 2, len(T) - 1]
    sd = [num(b.sd[n, 2, i], 2) for i in ends]
    return (
        f"{n} point{'' if n == 1 else 's'} seen. (a, b): {ml}, MAP {_w(b.mean[n])}. "
        f"Deviation of the next y: plug-in {num(b.noise, 2)} everywhere, full Bayes {sd[0]} at "
        f"t = −3, {sd[1]} at 0, {sd[2]} at 3. log p(y) = {num(b.log_evidence[n], 4)}."
    )


def _table(b: Belief) -> Table:
    N = len(b.t)
    defined = np.isfinite(b.score[:, 0])
    rows: list[list[str | float]] = []
    for i, way in enumerate(WAYS):
        w = b.ml[-1] if i == 0 else b.mean[-1]
        every = num(b.score[:, i].sum(), 4) if i else "not defined from the start"
        fair = num(b.score[defined, i].sum(), 4) if defined.any() else "none"
        rows.append([way, _w(w) if np.isfinite(w[0]) else "not unique", every, fair])
    count = int(defined.sum())
    return Table(
        ["", "(a, b) after all points", f"log score of all {N}",
         f"of the {count} for which ML is defined"], rows,
        "Log score: the log-probability given to each point before it was seen, summed. For full "
        f"Bayes it is log p(y) = {num(b.log_evidence[-1], 4)}, whatever the order of the points.",
    )  # fmt: skip
