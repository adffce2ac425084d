"""Scenes of what surrounds EM: the touching bound, the M-step by hand, basins, the choice of K."""

import numpy as np

from dgmlib.data.sets import Shown
from dgmlib.figures.mixture_plane import data_panel, mean_layers, truth_layers
from dgmlib.figures.mixture_words import collapse_words, number
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Band,
    Bars,
    Ellipses,
    Handles,
    HeatMap,
    Layer,
    Lines,
    Panel,
    Pick,
    Points,
    Rules,
    Scene,
)
from dgmlib.figures.table import Table
from dgmlib.mixtures.basin_map import optima

SYMBOLS = ("circle", "square", "diamond", "triangle", "cross", "plus", "star", "ring")


def slice_scene(shown: Shown) -> Scene:
    """The likelihood along the way of one mean, with the bound below it; frames are iterations."""
    data, s = shown.data, shown.found
    t, k, at = s.trace, s.component, s.frame
    iterations = np.arange(1, len(at) + 1)
    line = np.stack([s.now, s.next], axis=1)  # (I, 2, 2)
    layers: list[Layer] = [
        Points(xy=data.x, weights=t.responsibilities[at], size=4.0),
        Ellipses(mean=t.mean[at], cov=t.cov[at], weight=t.weight[at]),
        Arrows(
            start=line[:, :1], end=line[:, 1:], color="ink", width=2.5, name="the M-step's move"
        ),
        Points(xy=s.now[:, None], color=k, size=8.0, opacity=1.0, name=f"mean {k + 1}"),
    ]
    low = -1.1 * max(float(s.gained.max()), float(s.top[:, 1].max()), 1.0)
    high = 1.15 * max(float(s.log_likelihood.max()), 1.0)
    high = min(high, -4 * low)
    touch = np.zeros((len(at), 1, 2))
    curve = Panel(layers=[
            Rules(at=s.top[:, :1], color="accent", name="the bound's top = the next mean"),
            Lines(
                x=s.offset, y=np.stack([s.log_likelihood, s.bound], axis=1),
                names=["log-likelihood", "bound"], colors=["ink", "accent"], dashes=[False, False],
            ),
            Points(xy=touch, color="ink", size=6.0, opacity=1.0, symbol="ring",
                   name="they touch here"),
            Points(xy=s.top[:, None], color="accent", size=6.0, opacity=1.0, symbol="diamond"),
        ],
        title=f"Along the line of mean {k + 1}: nats above the value now",
        x=Axis(label="distance from the mean now"),
        y=Axis(range=(low, high)),
        area=(2, 0, 3, 1),
    )  # fmt: skip
    said = [
        f"Iteration {i}: the bound's top is {number(s.top[j, 0], 4)} along the line and "
        f"{number(s.top[j, 1], 4)} nats up; the log-likelihood gains {number(s.gained[j], 4)}."
        for j, i in enumerate(iterations)
    ]
    return Scene(
        panels=[data_panel(data, layers, area=(0, 0, 2, 1)), curve],
        alt=f"The log-likelihood as mean {k + 1} moves along a line, and the parabola of the bound "
        "that touches it from below, for every iteration of EM.",
        frame_values=iterations, frame_label="iteration", captions=said, fps=2.0, columns=5,
        aspect=1.95,
    )  # fmt: skip


def by_hand_scene(shown: Shown) -> list[Scene | Table]:
    """The reader's M-step for the means beside the best possible one."""
    data, h, reveal = shown.data, shown.found, shown.found.reveal
    K = len(h.best)
    names = [f"mean {k + 1}" for k in range(K)]
    layers: list[Layer] = [
        Points(xy=data.x, weights=h.r, size=4.5, name="points, by responsibility"),
        Ellipses(mean=h.mean, cov=h.start.cov, sd=(1.0,), name="components, 1 sd"),
        Points(xy=h.start.mean, color="muted", symbol="plus", size=6.0, name="means before"),
    ]
    if reveal:
        layers += [
            Arrows(start=h.mean, end=h.best, color="target", width=1.5),
            Points(
                xy=h.best, color="target", symbol="star", size=8.0, opacity=1.0, name="closed form"
            ),
        ]
    layers += [
        Handles(xy=h.mean, labels=names, colors=list(range(K)), at_least=K, at_most=K, name="mine")
    ]
    x = np.arange(1.0, K + 1)
    share, tallest = f"{h.share:.1%}".replace("-", "−"), max(float(h.most.max()), 1e-9)
    lowest = -max(0.4 * tallest, min(-1.15 * float(h.gain.min()), 2 * tallest))
    bars = Panel(layers=[
            Bars(x=x, height=h.most, color="muted", opacity=0.35, width=0.8, name="best possible"),
            Bars(x=x, height=h.gain, colors=list(range(K)), width=0.5, name="yours"),
            Rules(at=np.zeros(1), axis="y", color="ink", dash=False, width=1.0),
        ],
        title=f"You: {number(h.gain.sum())} of {number(h.most.sum())} nats, {share}",
        x=Axis(ticks=[(float(v), n) for v, n in zip(x, names, strict=True)]),
        y=Axis(label="gain of the bound, nats", range=(lowest, 1.15 * tallest)),
        area=(3, 0, 2, 1),
    )  # fmt: skip
    said = (
        f"The bound goes from {number(h.bound[0])} to {number(h.bound[1])}; the closed form "
        f"reaches {number(h.bound[2])}. You have {share} of what can be gained."
    )
    scene = Scene(
        panels=[data_panel(data, layers, area=(0, 0, 3, 1)), bars],
        alt="Points coloured by responsibility with means to drag, beside bars of the gain each "
        "mean makes and the most it could make. " + said,
        captions=[said], columns=5, aspect=1.75,
    )  # fmt: skip
    rows = [
        [n, float(h.count[k]), float(h.gain[k]), float(h.most[k]), float(h.most[k] - h.gain[k])]
        for k, n in enumerate(names)
    ]
    total = [float(h.gain.sum()), float(h.most.sum()), float((h.most - h.gain).sum())]
    rows.append(["all", float(h.count.sum()), *total])
    return [scene, Table(["", "points held", "your gain", "best gain", "left, nats"], rows)]


def basin_scene(shown: Shown) -> list[Scene | Table]:
    """Where each start of the first mean ends, and the run from the chosen one."""
    data, m, run = shown.data, shown.found, shown.found.run
    t = run.trace
    at = np.flatnonzero(t.kind != "E")
    good = ~m.collapsed
    values = np.where(good, m.log_likelihood, np.nan)
    best, worst = (float(np.nanmax(values)), float(np.nanmin(values))) if good.any() else (1.0, 0.0)
    dx, dy = m.xs[1] - m.xs[0], m.ys[1] - m.ys[0]
    x0, x1 = float(m.xs[0] - dx / 2), float(m.xs[-1] + dx / 2)
    y0, y1 = float(m.ys[0] - dy / 2), float(m.ys[-1] + dy / 2)
    extent = (x0, x1, y0, y1)
    heat = HeatMap(
        value=np.where(good, m.log_likelihood, worst), extent=extent,
        range=(worst, max(best, worst + 1e-6)), legend=True, unit="nats", opacity=0.85,
        name="log-likelihood at the end",
    )  # fmt: skip
    gx, gy = np.meshgrid(m.xs, m.ys)
    layers: list[Layer] = [heat]
    if (dead := m.collapsed & ~m.empty).any():
        xy = np.stack([gx[dead], gy[dead]], axis=-1)
        layers.append(Points(xy=xy, color="bad", symbol="cross", size=3.0, name="collapses"))
    if m.empty.any():
        xy = np.stack([gx[m.empty], gy[m.empty]], axis=-1)
        layers.append(Points(xy=xy, color="bad", symbol="ring", size=3.0, name="loses a component"))
    layers += [
        Points(xy=data.x, color="accent", size=1.8, opacity=0.7, name="points"),
        Ellipses(mean=t.mean[at], cov=t.cov[at], sd=(1.0,), fill=False, name="the run from here"),
        *mean_layers(t.mean[at]),
        Pick(label="click to start mean 1 there", name="pick"),
    ]
    place = m.place[..., None] == np.arange(1 + len(m.others))  # (H, W, K)
    spots = np.stack([gx, gy], axis=-1)  # (H, W, 2)
    became = [
        Points(xy=spots[place[..., k]], color=k, symbol=SYMBOLS[k], size=4.0,
               name=f"number {k + 1} from the left")
        for k in range(place.shape[-1])
        if place[..., k].any()
    ]  # fmt: skip
    x, y = Axis(label=data.columns[0], range=(x0, x1)), Axis(label=data.columns[1], range=(y0, y1))
    panels = [
        Panel(layers=layers, title="Where mean 1 starts, and the log-likelihood EM ends with",
              x=x, y=y, area=(0, 0, 3, 1)),
        Panel(layers=[*became, Points(xy=data.x, color="ink", size=1.5, opacity=0.5)],
              title="In the best optimum mean 1 becomes",
              x=x, y=Axis(range=(y0, y1)), area=(3, 0, 2, 1)),
    ]  # fmt: skip
    where = ", ".join(number(v, 2) for v in t.mean[0, 0])
    said = [
        f"From ({where}), iteration {i}: log-likelihood {number(t.log_likelihood[j])}."
        for i, j in enumerate(at)
    ]
    said[-1] += f" Then {collapse_words(run)}" if run.collapse else ""
    scene = Scene(
        panels=panels,
        columns=5,
        alt=f"Map of {len(m.xs)} by {len(m.ys)} starts of the first mean, coloured by the "
        f"log-likelihood EM ends with: best {number(best)}, worst {number(worst)}; "
        f"{(m.collapsed & ~m.empty).mean():.0%} collapse, {m.empty.mean():.0%} lose a component.",
        frame_values=np.arange(len(at)), frame_label="iteration", captions=said,
        start=len(at) - 1, fps=6.0, aspect=1.75,
    )  # fmt: skip
    return [scene, optima_table(shown)]


def optima_table(shown: Shown, most: int = 6) -> Table:
    """The different ends, best first."""
    ends = shown.found.ends
    found = optima(ends)
    best = found[0].log_likelihood if found else np.nan
    rows = [
        [str(i + 1), o.log_likelihood, o.log_likelihood - best,
         f"{o.share:.1%}", f"{o.n_iterations:.0f}"]
        for i, o in enumerate(found[:most])
    ]  # fmt: skip
    if len(found) > most:
        rest = sum(o.share for o in found[most:])
        rows.append([f"{len(found) - most} more", "", "", f"{rest:.1%}", ""])
    late = ~ends.converged & ~ends.collapsed
    if late.any():
        rows.append(["still climbing", "", "", f"{late.mean():.1%}", f"{ends.n_iterations.max()}"])
    if (onto := ends.collapsed & ~ends.empty).any():
        rows.append(["collapse", "unbounded as σ → 0", "", f"{onto.mean():.1%}", ""])
    if ends.empty.any():
        left = ends.params.weight.shape[-1] - 1
        what = "one Gaussian" if left == 1 else f"a mixture of {left}"
        rows.append(["a component lost its points", f"that of {what}", "",
                     f"{ends.empty.mean():.1%}", ""])  # fmt: skip
    return Table(
        ["optimum", "log-likelihood", "below the best", "share of starts", "iterations (median)"],
        rows,
        "Ends within 0.05 nats count as one optimum. A collapsing run has no maximum to reach.",
    )


def sweep_k_scene(shown: Shown) -> Scene:
    """One to eight components: the fits, and three ways to choose among them."""
    data, s = shown.data, shown.found
    K_max = len(s.fit)
    ks = np.arange(1, K_max + 1)
    n = len(s.train)
    low, high = data.x.min(0), data.x.max(0)
    mean = np.tile(high + 2 * (high - low), (K_max, K_max, 1))  # absent ones wait outside
    cov = np.zeros((K_max, K_max, 2, 2))
    weight = np.zeros((K_max, K_max))
    r = np.full((K_max, n, K_max), 1 / K_max)
    for i, (params, of_train) in enumerate(zip(s.params, s.responsibilities, strict=True)):
        if params is not None:
            k = i + 1
            mean[i, :k], cov[i, :k], weight[i, :k] = params.mean, params.cov, params.weight
            r[i], r[i, :, :k] = 0.0, of_train
    layers: list[Layer] = [
        *truth_layers(data),
        Points(xy=s.train, weights=r, size=4.5, name="points fitted"),
        Points(xy=s.test, color="ink", symbol="ring", size=4.0, name="points held out"),
        Ellipses(mean=mean, cov=cov, weight=weight, name="components, 1 and 2 sd"),
    ]
    curves = np.stack([s.held_out, s.bic, s.aic, s.fit])
    names = ["held out ± standard error", "−BIC / 2n", "−AIC / 2n", "the fitted points"]
    right = Panel(layers=[
            Band(x=ks, low=s.held_out - s.error, high=s.held_out + s.error, color="accent"),
            Lines(x=ks, y=curves, names=names, colors=["accent", 0, 1, "muted"],
                  dashes=[False, False, False, True], cursor=True),
        ],
        title="Nats a point: higher is better",
        x=Axis(label="number of components K", ticks=[(float(k), str(k)) for k in ks]),
        area=(3, 0, 2, 1),
    )  # fmt: skip
    said = [_said_of_k(s, i) for i in range(K_max)]
    best = int(np.nanargmax(s.bic)) if np.isfinite(s.bic).any() else 0
    chosen = (
        f"BIC chooses {best + 1}, the held-out likelihood {int(np.nanargmax(s.held_out)) + 1}."
        if np.isfinite(s.bic).any() and np.isfinite(s.held_out).any()
        else "Every start collapsed."
    )
    return Scene(
        panels=[data_panel(data, layers, area=(0, 0, 3, 1)), right],
        alt=f"Fits of 1 to {K_max} components and their scores. {chosen}",
        frame_values=ks, frame_label="components K", captions=said, start=best, fps=1.0,
        columns=5, aspect=1.75, interpolate=False,
    )  # fmt: skip


def _said_of_k(s, i: int) -> str:
    lost = f" {s.lost[i]} of the starts collapsed." if s.lost[i] else ""
    if not np.isfinite(s.fit[i]):
        return f"K = {i + 1}: every start collapsed; the prior would prevent it."
    said = (
        f"K = {i + 1}: held out {number(s.held_out[i])} ± {number(s.error[i])}, "
        f"−BIC/2n {number(s.bic[i])}, −AIC/2n {number(s.aic[i])}, fitted points {number(s.fit[i])} "
        "nats a point."
    )
    scores = {"BIC": s.bic, "AIC": s.aic, "held-out likelihood": s.held_out}
    marks = [name for name, v in scores.items() if np.isfinite(v).any() and np.nanargmax(v) == i]
    return said + (f" Best by {' and '.join(marks)}." if marks else "") + lost
