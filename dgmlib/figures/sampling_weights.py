"""Scenes of importance weights and of one Markov chain, each with what it claims and the truth."""

import numpy as np

from dgmlib.experiments import line_chain, line_importance
from dgmlib.figures.divergences import num
from dgmlib.figures.sampling import (
    GRIP,
    WINDOW,
    big,
    counts_axis,
    height_handles,
    line_panel,
    plus_minus,
    proposal_handle,
    proposal_name,
    target_layer,
)
from dgmlib.figures.sampling_views import BIN, CENTRES
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Band,
    Bars,
    Lines,
    Panel,
    Points,
    Rules,
    Scene,
)
from dgmlib.figures.table import Table
from dgmlib.samplers.importance import RELIABLE

HEIGHT = 2.2  # of the axis of the weighted histogram, in units of the target's highest point


def weights_scene(r: line_importance.Watched) -> list[Scene | Table]:
    """Proposal and target, the running mean with its claim, and the weights."""
    pic, F = r.picture, len(r.at)
    peak = np.stack([np.clip(r.heaviest, -9, 9), np.full(F, 0.03)], 1)[:, None]
    bars = Bars(x=CENTRES, height=np.minimum(r.density * pic.z, 2.5), width=0.94 * BIN, color=1,
                opacity=0.4, name="weighted draws")  # fmt: skip
    top = float(np.clip(1.1 * (pic.z * pic.q).max(), 1.25, HEIGHT))
    left = line_panel(
        [
            bars, target_layer(pic),
            Lines(x=pic.x, y=np.minimum(pic.z * pic.q, 2 * HEIGHT)[None],
                  names=[proposal_name(pic)], colors=["accent"], dashes=[True]),
            Points(xy=peak, color="bad", symbol="diamond", size=5.0, opacity=1.0,
                   name="heaviest draw"),
            height_handles(pic), proposal_handle(pic),
        ],
        "Draws of q, weighted to count as p", area=(0, 0, 3, 5), top=top,
    )  # fmt: skip
    x = r.at.astype(float)
    now = np.arange(F) <= np.arange(F)[:, None]
    middle = np.stack([r.own, r.plain])
    reach = max(
        3 * float(np.median(r.own_error)),
        1.3 * float(np.abs(middle[:, F // 4 :] - pic.mean).max()),
        0.05,
    )
    low, high = pic.mean - 1.6 * reach, pic.mean + 1.6 * reach
    band = [np.where(now, r.own + s * r.own_error, r.own[0]) for s in (-2, 2)]
    mean = Panel(
        layers=[
            Band(x=x, low=band[0], high=band[1], color=1, name="claimed ± 2 s.e."),
            Lines(x=x, y=middle, names=["self-normalised", "plain, Z known"], colors=[1, 3],
                  dashes=[False, True], cursor=True),
            Rules(at=np.array([pic.mean]), axis="y", color="ink", name="exact mean"),
        ],
        title="The running mean of x", x=counts_axis("draws", x[0], x[-1]),
        y=Axis(range=(low, high)), area=(3, 0, 2, 3),
    )  # fmt: skip
    edges = line_importance.DECADES
    middle_w = 0.5 * (edges[1:] + edges[:-1])
    ticks = [(-4.0, "≤ 0.0001"), (-2.0, "0.01"), (0.0, "1"), (3.0, "≥ 1,000")]
    weights = Panel(
        layers=[
            Bars(x=middle_w, height=np.sqrt(r.decades), width=0.9 * (edges[1] - edges[0]), color=1),
            Rules(at=np.zeros(1), axis="x", color="ink", name="exact mean weight"),
        ],
        title="Weights p/q (square roots of counts)", x=Axis(ticks=ticks, range=(-4.1, 3.1)),
        y=Axis(ticks=_root_ticks(float(r.decades.max()))), area=(3, 3, 2, 2),
    )  # fmt: skip
    scene = Scene(
        panels=[left, mean, weights],
        alt="Target and proposal on the line with the weighted histogram of the draws, the running "
        "mean with the standard error it claims beside the exact mean, and a histogram of weights.",
        frame_values=x, frame_label="draws", captions=[_weights_said(r, f) for f in range(F)],
        start=F - 1, fps=8.0, columns=5, aspect=1.75, interpolate=False,
    )  # fmt: skip
    return [scene, weights_table(r)]


def _root_ticks(top: float) -> list[tuple[float, str]]:
    return [(float(np.sqrt(c)), f"{c:,}") for c in (0, 10, 100, 500, 2000) if c <= 1.3 * top]


def pareto_words(k: float) -> str:
    if k == np.inf:
        return "too few large weights for a Pareto k"
    sign = "above" if k > RELIABLE else "below"
    return f"Pareto k {num(k)}, {sign} {RELIABLE}"


def _weights_said(r: line_importance.Watched, f: int) -> str:
    value, error = float(r.own[f]), float(r.own_error[f])
    off = abs(value - r.picture.mean) / error if error > 0 else np.inf
    far = (
        "many claimed errors"
        if not np.isfinite(off) or off > 999
        else f"{num(off, 1)} claimed errors"
    )
    return (
        f"{r.at[f]:,} draws: mean {plus_minus(value, error)}, exact {num(r.picture.mean, 3)}, "
        f"{far} away. Effective size {r.ess[f]:,.0f}; the largest weight holds "
        f"{r.largest[f]:.1%}; {pareto_words(float(r.pareto[f]))}."
    )


def weights_table(r: line_importance.Watched) -> Table:
    """The two estimators at the end, beside their exact errors."""
    n = int(r.at[-1])

    def exact(v: float) -> str:
        if not np.isfinite(v):
            return "infinite variance"
        if v > 1e290:
            return "finite, over 10^140"
        error = float(np.sqrt(max(v, 0.0) / n))
        return f"± {big(error, 4)}"

    s, z = r.spread, r.picture.z
    small = s.second >= n  # not one effective draw: the limit for large n is far away
    share = f"{n / s.second:,.0f} in the limit" if not small else "n is far too small"
    own = exact(s.own)
    if np.isfinite(s.own):
        own = "n is far too small" if small else f"{own} in the limit"
    rows: list[list[str | float]] = [
        ["mean, self-normalised", plus_minus(float(r.own[-1]), float(r.own_error[-1]), 4),
         own, num(r.picture.mean, 4)],
        ["mean, plain (needs Z)", plus_minus(float(r.plain[-1]), float(r.plain_error[-1]), 4),
         exact(s.plain), num(r.picture.mean, 4)],
        ["Z, the mean weight", num(float(r.total[-1]) * z, 4), exact((s.second - 1) * z * z),
         num(z, 4)],
        ["effective sample size", f"{r.ess[-1]:,.0f}", "", share],
    ]  # fmt: skip
    return Table(
        ["", "estimate ± what it claims", "exact error", "exact"], rows,
        f"{n:,} draws; {pareto_words(float(r.pareto[-1]))}; {int(r.zeros[-1]):,} have weight 0. "
        "The self-normalised mean is biased by about 1/n and needs no Z. In the limit: what its "
        "error, and the effective sample size, tend to for large n.",
    )  # fmt: skip


def chain_scene(r: line_chain.Watched) -> list[Scene | Table]:
    """One walk: where it is, where it was, what its mean claims, how long it remembers."""
    pic, F = r.picture, len(r.at)
    t = np.arange(len(r.x), dtype=float)
    tried = np.minimum(r.at - 1, len(r.proposal)) - 1  # the latest proposal of each frame
    here, to, yes = r.x[tried], r.proposal[tried], r.accepted[tried]
    y = GRIP
    there = np.stack([to, np.full(F, y)], 1)[:, None]
    away = np.array([0.0, -9.0])
    counts = Bars(x=CENTRES, height=np.minimum(r.density * pic.z, 3.0),
                  width=0.94 * BIN, color=2, opacity=0.45, name="visited")  # fmt: skip
    top = float(np.clip(1.1 * (r.density[-1] * pic.z).max(), 1.25, 2.2))
    left = line_panel(
        [
            counts, target_layer(pic),
            Arrows(start=np.stack([here, np.full(F, y)], 1)[:, None], end=there, color="muted"),
            Points(xy=np.where(yes[:, None, None], there, away), color="good", size=6.0,
                   opacity=1.0, name="accepted"),
            Points(xy=np.where(yes[:, None, None], away, there), color="bad", symbol="cross",
                   size=6.0, opacity=1.0, name="refused"),
            height_handles(pic),
        ],
        "Where the walk has been", area=(0, 0, 3, 3), top=top,
    )  # fmt: skip
    tries = np.stack([t[1:], r.proposal], 1)
    trace = Panel(
        layers=[
            Points(xy=tries[~r.accepted], color="bad", symbol="cross", size=2.0, opacity=0.4,
                   name="refused"),
            Lines(x=t, y=r.x[None], names=["walk"], colors=[2], width=1.5),
            Rules(at=(r.at - 1.0)[:, None], color="ink", dash=False),
        ],
        title="Its path", x=Axis(label="step"), y=Axis(label="x", range=WINDOW), area=(0, 3, 3, 2),
    )  # fmt: skip
    x = r.at.astype(float)
    claimed = np.nan_to_num(r.claimed, nan=0.0)
    reach = 1.15 * max(float(np.abs(r.mean - pic.mean)[F // 3 :].max()), 2 * float(r.exact[F // 2]))
    running = Panel(
        layers=[
            Band(x=x, low=pic.mean - 2 * r.exact, high=pic.mean + 2 * r.exact, color="ink",
                 opacity=0.1, name="exact ± 2 r.m.s. error"),
            Band(x=x, low=r.mean - 2 * claimed, high=r.mean + 2 * claimed, color=2, opacity=0.3,
                 name="claimed ± 2 s.e."),
            Lines(x=x, y=r.mean[None], names=["running mean"], colors=[2], cursor=True),
            Rules(at=np.array([pic.mean]), axis="y", color="ink"),
        ],
        title="The running mean of x", x=counts_axis("states", x[0], x[-1]),
        y=Axis(range=(pic.mean - reach, pic.mean + reach)), area=(3, 0, 2, 3),
    )  # fmt: skip
    lags = np.arange(r.rho.shape[1], dtype=float)
    memory = Panel(
        layers=[
            Bars(x=lags, height=r.rho, color=2, opacity=0.55, name="estimated"),
            Lines(x=lags, y=r.exact_rho[None], names=["exact"], colors=["ink"], dashes=[True]),
        ],
        title="Autocorrelation", x=Axis(label="lag"), y=Axis(range=(-0.3, 1.02)), area=(3, 3, 2, 2),
    )  # fmt: skip
    scene = Scene(
        panels=[left, trace, running, memory],
        alt="A random walk on the line: the histogram of its states over the target, its path with "
        "refused proposals, the running mean beside the exact one, and its autocorrelation.",
        frame_values=x, frame_label="states", captions=[_chain_said(r, f) for f in range(F)],
        start=F - 1, fps=8.0, columns=5, aspect=1.5, interpolate=False,
    )  # fmt: skip
    return [scene, chain_table(r)]


def _chain_said(r: line_chain.Watched, f: int) -> str:
    value, claim = float(r.mean[f]), float(r.claimed[f])
    count = f"{r.ess[f]:,.0f}"
    worth = "1 draw's worth" if count == "1" else f"{count} draws' worth"
    worth = worth if np.isfinite(r.ess[f]) else "nothing has moved"
    said = plus_minus(value, claim)
    return (
        f"{r.at[f]:,} states, {r.share[f]:.0%} of proposals accepted: mean {said} ({worth}), exact "
        f"{num(r.picture.mean, 3)}. The true error of such a mean is {num(float(r.exact[f]), 3)}."
    )


def chain_table(r: line_chain.Watched) -> Table:
    n = int(r.at[-1])
    moved = bool(np.isfinite(r.claimed[-1]))
    worth = n * (r.picture.std / np.sqrt(n) / float(r.exact[-1])) ** 2
    rows: list[list[str | float]] = [
        ["mean of x", plus_minus(float(r.mean[-1]), float(r.claimed[-1]), 4),
         num(r.picture.mean, 4)],
        ["error of the mean", num(float(r.claimed[-1]), 4) if moved else "nothing moved",
         num(float(r.exact[-1]), 4)],
        ["worth so many exact draws", f"{r.ess[-1]:,.0f}" if moved else "nothing moved",
         f"{worth:,.0f}"],
        ["accepted share", f"{r.share[-1]:.1%}", f"{r.exact_share:.1%}"],
        ["autocorrelation at lag 1", num(float(r.rho[-1, 1]), 4), num(float(r.exact_rho[1]), 4)],
    ]  # fmt: skip
    return Table(
        ["", "as the chain tells it", "exact"], rows,
        f"{n:,} states, step {num(r.scale, 1)}. Exact: the kernel on a grid of 200 cells; the error"
        " of the mean contains the start at the 10% quantile. Accepted share and autocorrelation "
        "are those of a chain that has settled.",
    )  # fmt: skip
