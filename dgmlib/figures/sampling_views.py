"""Scenes of rejection under an envelope and of the inverse transform."""

import numpy as np

from dgmlib.experiments.line_inverse import Inverted
from dgmlib.experiments.line_rejection import EDGES, Kept
from dgmlib.figures.divergences import num
from dgmlib.figures.sampling import (
    BELOW,
    TOP,
    WINDOW,
    big,
    height_handles,
    line_panel,
    plus_minus,
    proposal_handle,
    proposal_name,
    revealed,
    small,
    target_layer,
)
from dgmlib.figures.scene import Arrows, Axis, Band, Bars, Layer, Lines, Panel, Path, Points, Scene
from dgmlib.figures.table import Table

CENTRES = 0.5 * (EDGES[1:] + EDGES[:-1])
BIN = float(EDGES[1] - EDGES[0])
SEEN = 1e-3  # a share of p that can be seen
HIGHEST = 6.0  # of the axis, in units of the target's highest point


def histogram_panel(
    density: np.ndarray, curves: list[Layer], title: str, *, area, color: str | int, name: str,
    top: float,
) -> Panel:  # fmt: skip
    bars = Bars(x=CENTRES, height=np.minimum(density, 1.2 * top), width=0.94 * BIN, color=color,
                opacity=0.55, name=name)  # fmt: skip
    return Panel(
        layers=[bars, *curves], title=title, x=Axis(label="x", range=WINDOW),
        y=Axis(label="density", range=(0, top)), area=area,
    )  # fmt: skip


def bar_band(x: np.ndarray, density: np.ndarray, count: np.ndarray, top: float) -> Band:
    """Where the bars of a histogram of ``count`` (F,) draws of ``density`` (m,) should end."""
    x, density = x[::2], density[::2]
    share = np.minimum(density * BIN, 1.0)
    error = np.sqrt(share * (1 - share) / np.maximum(count, 1)[:, None]) / BIN  # (F, m)
    low, high = np.maximum(density - 2 * error, 0.0), np.minimum(density + 2 * error, 1.2 * top)
    name = "± 2 s.e. of a bar"
    return Band(x=x, low=low, high=high, color="ink", opacity=0.1, name=name)


def rejection_scene(r: Kept) -> list[Scene | Table]:
    """Points under the envelope, what is accepted of them, and the share of it."""
    pic, F = r.picture, len(r.at)
    envelope = r.envelope
    top = float(np.clip(1.1 * envelope.max(), TOP, HIGHEST))
    order = np.arange(len(r.x))
    points = np.stack([np.clip(r.x, -9, 9), np.minimum(r.y, 3 * top)], 1)
    hidden = BELOW - top
    yes, no = r.accepted, ~r.accepted
    layers: list[Layer] = [target_layer(pic)]
    over = pic.shape > envelope * (1 + 1e-9)
    if over.any():
        layers.append(
            Band(x=pic.x, low=np.where(over, envelope, np.nan),
                 high=np.where(over, pic.shape, np.nan), color="bad", opacity=0.45, name="cut off")
        )  # fmt: skip
    layers += [
        Lines(x=pic.x, y=np.minimum(envelope, 2 * top)[None], names=[f"envelope {big(r.k)} q"],
              colors=["accent"]),
        Points(xy=revealed(points[no], order[no], r.at, hidden), color="muted", symbol="cross",
               size=3.0, name="refused"),
        Points(xy=revealed(points[yes], order[yes], r.at, hidden), color="good", size=3.2,
               name="accepted"),
        Points(xy=points[r.at - 1][:, None], color="ink", symbol="ring", size=6.0, opacity=1.0),
        height_handles(pic),
        proposal_handle(pic),
    ]  # fmt: skip
    wrong = bool(r.raised) or r.worst[1] > 1 + 1e-9
    title = "The envelope is too low" if wrong else "Points under the envelope"
    title = "No constant covers the tail" if r.fitted_here and r.cut < SEEN else title
    left = line_panel(layers, title, area=(0, 0, 3, 5), top=top)
    high = 1.5 * float(max(r.target.max(), r.outcome.max() if r.cut > SEEN else 0.0))
    both: list[Layer] = [
        bar_band(pic.x, r.outcome, np.cumsum(r.accepted)[r.at - 1], high),
        Lines(x=pic.x, y=r.target[None], names=["exact p"], colors=["target"], width=2.5),
    ]
    if r.cut > SEEN:
        both.append(
            Lines(x=pic.x, y=r.outcome[None], names=["what comes out"], colors=["bad"],
                  dashes=[True], width=2.5)
        )  # fmt: skip
    kept = histogram_panel(r.density, both, "The accepted ones", area=(3, 0, 2, 3), color="good",
                           name="accepted", top=high)  # fmt: skip
    x = r.at.astype(float)
    share = Panel(
        layers=[
            Band(x=x, low=r.share_range[0], high=r.share_range[1], color="good",
                 name="95% interval"),
            Lines(x=x, y=r.share[None], names=["accepted share"], colors=["good"], cursor=True),
            Lines(x=x, y=np.full((1, F), r.exact_share), names=["exact"], colors=["ink"],
                  dashes=[True]),
        ],
        title=f"Accepted share; exact {small(r.exact_share)}",
        x=Axis(label="proposals"), y=Axis(range=(0, min(1.0, max(0.1, 2.2 * r.exact_share)))),
        area=(3, 3, 2, 2),
    )  # fmt: skip
    scene = Scene(
        panels=[left, kept, share],
        alt="Points drawn evenly under an envelope over the target: those under the target are "
        "accepted (dots), the others refused (crosses), beside a histogram of the accepted and "
        "their share.",
        frame_values=x, frame_label="proposals", captions=[_kept_said(r, f) for f in range(F)],
        start=F - 1, fps=8.0, columns=5, aspect=1.75, interpolate=False,
    )  # fmt: skip
    return [scene, rejection_table(r)]


def _kept_said(r: Kept, f: int) -> str:
    n = int(r.at[f])
    count = int(r.accepted[:n].sum())
    tried = f"{n} proposal{'s' if n > 1 else ''}"
    said = f"{tried}: {count} of {n} accepted, a share of "
    said += f"{plus_minus(float(r.share[f]), float(r.share_error[f]))}; "
    if count in (0, n):  # exact 95 % limit where no standard error can be given
        limit = 0.05 ** (1 / n)
        span = f"0 to {num(1 - limit, 3)}" if count == 0 else f"{num(limit, 3)} to 1"
        said = f"{tried}: {count} of {n} accepted (95% interval {span}); "
    said += f"the exact share is {small(r.exact_share)}"
    if r.worst[1] > 1 + 1e-9:
        lost = f"{r.cut:.1%}" if r.cut >= 5e-4 else "less than 0.1%"
        return said + f", and {lost} of p is cut off."
    return said + ", Z/k."


def rejection_table(r: Kept) -> Table:
    """The constant, what it covers, and what the sampler says when it is asked to check."""
    where, ratio = r.worst
    if r.fitted_here:
        best = "∞: the tails of q are lighter"
        over = "in the tail, without bound"
    else:
        best = big(r.smallest, 4)
        over = (
            "nowhere" if ratio <= 1 + 1e-9 else f"most at x = {num(where)}, {big(ratio, 2)} times"
        )
    verdict = f"EnvelopeError: {r.raised}" if r.raised else "no objection to any of its draws"
    rows: list[list[str | float]] = [
        ["smallest constant that covers p", best],
        ["constant k used", big(r.k, 4)],
        ["p exceeds the envelope", over],
        ["mean of p", num(r.picture.mean, 4)],
        ["mean of what comes out", num(r.outcome_mean, 4)],
        ["the sampler, when it checks", verdict],
    ]
    words = (
        "The picture shows what a sampler that does not check would give: min(p, kq), normalised."
    )
    if r.fitted_here:
        words = "k was fitted on the window −5 to 5. Outside, p rises above every k q. " + words
    return Table(["", f"{proposal_name(r.picture)[9:]}"], rows, words if r.worst[1] > 1 else "")


def inverse_scene(r: Inverted) -> list[Scene | Table]:
    """u on the vertical axis, read across to F and down to x; the histogram of x."""
    pic, F = r.picture, len(r.at)
    S = len(r.stripe) - 1
    levels = np.arange(1, S) / S
    inner = r.stripe[1:-1]
    floor = -0.1
    guides = np.stack([
        np.stack([np.full(S - 1, WINDOW[0]), levels], 1), np.stack([inner, levels], 1),
        np.stack([inner, np.full(S - 1, floor)], 1),
    ], 1)  # (S - 1, 3, 2)  # fmt: skip
    u, x = r.u[r.at - 1], np.nan_to_num(r.x[r.at - 1], nan=WINDOW[1])
    valid = np.isfinite(r.x[r.at - 1])
    left_edge = np.full(F, WINDOW[0])
    turn = np.stack([x, u], 1)
    across = np.stack([np.stack([left_edge, u], 1), turn], 1)  # (F, 2, 2)
    down = np.where(valid, floor, u)
    order = np.arange(len(r.x))
    real = np.isfinite(r.x)
    y_axis = np.stack([np.full(len(r.u), WINDOW[0] + 0.08), r.u], 1)
    x_axis = np.stack([np.where(real, r.x, 0.0), np.where(real, floor / 2, -9.0)], 1)
    odd = r.source == "normal numbers"
    bottom, top = (-2.6, 2.6) if odd else (floor, 1.02)
    layers: list[Layer] = [
        Path(xy=guides, many=True, color="muted", width=1.0, opacity=0.5,
             name=f"{S} equal stripes of u"),
        Lines(x=pic.x, y=r.cdf[None], names=["exact F"], colors=["target"], width=2.5),
        Points(xy=revealed(y_axis[real], order[real], r.at, bottom - 5), color="accent",
               symbol="plus", size=3.0, name="u"),
        Points(xy=revealed(x_axis, order, r.at, bottom - 5), color=0, size=2.6, opacity=0.6,
               name="x"),
        Arrows(start=across[:, :1], end=across[:, 1:], color="accent", width=2.0),
        Arrows(start=turn[:, None], end=np.stack([x, down], 1)[:, None], color=0, width=2.0),
    ]  # fmt: skip
    if odd:
        lost = revealed(y_axis[~real], order[~real], r.at, bottom - 5)
        layers.insert(3, Points(xy=lost, color="bad", symbol="cross", size=3.5, name="no quantile"))
    left = Panel(
        layers=layers, title="From u across to F, down to x",
        x=Axis(label="x", range=WINDOW), y=Axis(label="u", range=(bottom, top)), area=(0, 0, 3, 5),
    )  # fmt: skip
    curves: list[Layer] = [
        Lines(x=pic.x, y=r.target[None], names=["exact p"], colors=["target"], width=2.5)
    ]
    high = 1.5 * float(max(r.target.max(), r.outcome.max()))
    if r.source != "equal stripes":  # there the bars are truer than that
        curves.insert(0, bar_band(pic.x, r.outcome, r.used, high))
    if odd:
        curves.append(Lines(x=pic.x, y=r.outcome[None], names=["what comes out"], colors=["bad"],
                            dashes=[True], width=2.5))  # fmt: skip
    shown = histogram_panel(r.density, curves, "The draws", area=(3, 2, 2, 3), color=0,
                            name="draws of x", top=high)  # fmt: skip
    paint = Panel(
        layers=[target_layer(pic, "p, up to a constant"), height_handles(pic)],
        title="Draw the target here", x=Axis(range=WINDOW),
        y=Axis(range=(-0.06, TOP), ticks=[(0.0, "0"), (1.0, "1")]), area=(3, 0, 2, 2), legend=False,
    )  # fmt: skip
    scene = Scene(
        panels=[left, paint, shown],
        alt="Uniform numbers on the vertical axis, carried across to the distribution function and "
        "down to the line, where equal stripes become intervals of equal probability; beside a "
        "histogram of the draws and the exact density.",
        frame_values=r.at.astype(float), frame_label="draws",
        captions=[_inverse_said(r, f) for f in range(F)], start=F - 1, fps=6.0, columns=5,
        aspect=1.75, interpolate=False,
    )  # fmt: skip
    return [scene]


def _inverse_said(r: Inverted, f: int) -> str:
    n, used = int(r.at[f]), int(r.used[f])
    u, x = float(r.u[n - 1]), float(r.x[n - 1])
    lands = f"gives x = {num(x)}" if np.isfinite(x) else "has no quantile and is lost"
    said = f"Draw {n}: u = {num(u, 3)} {lands}. "
    if used < n:
        said += f"{used} of {n} could be used; exactly 34.1% would be. "
    if not used:
        return said + "There is no mean yet."
    if r.source == "normal numbers":
        return said + (
            f"The mean of x is {num(float(r.mean[f]), 3)}; with many it tends to "
            f"{num(r.limit, 3)} and not to the exact {num(r.picture.mean, 3)}."
        )
    return said + (
        f"Mean of x {num(float(r.mean[f]), 3)}, exact {num(r.picture.mean, 3)}; independent "
        f"numbers leave ± {num(float(r.error[f]), 3)}."
    )
