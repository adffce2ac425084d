"""Scene of what d does to sampling and to density estimates: exact curves, measured points."""

import numpy as np

from dgmlib.dimensionality.acceptance import Counted
from dgmlib.dimensionality.methods import Methods
from dgmlib.figures.dimensionality import number, whiskers
from dgmlib.figures.scene import Axis, Layer, Lines, Panel, Points, Rules, Scene, Text

FLOOR = 1e-5


def methods_scene(m: Methods) -> Scene:
    """Four ways to fail, for d = 1 .. 30; opens where rejection first accepts none, or at 10."""
    none = m.rejection_seen is not None and m.rejection_seen.hits == 0
    start = int(np.argmax(none)) if np.any(none) else 9
    at = Axis(label="dimensions d", range=(0.0, m.d[-1] + 1.0))
    return Scene(
        panels=[_rejection(m, at), _importance(m, at), _walk(m, at), _gap(m, at)],
        alt="For d = 1 to 30 dimensions and the target N(0, I): how often rejection sampling "
        "accepts, the effective share of importance samples, how often a random walk accepts, and "
        "what density estimates lose; exact curves beside measured points.",
        frame_values=m.d, frame_label="dimensions d", captions=[caption(m, i) for i in m.d - 1],
        start=start, fps=4.0, columns=2, aspect=1.5,
    )  # fmt: skip


def hits(c: Counted, i: int) -> str:
    """ "12 of 500", and for none the end of the interval."""
    k, upper = int(c.hits[i]), c.interval.high[i]
    return f"{k:,} of {c.n:,}" + ("" if k else f" (so at most {number(upper)}, 95%)")


def signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def caption(m: Methods, i: int) -> str:
    """What the picture says at d = i + 1."""
    low, high = m.effective_seen.interval.low[i], m.effective_seen.interval.high[i]
    rejection = (
        "rejection is impossible, no multiple of the proposal covers the target"
        if m.rejection_seen is None
        else f"rejection accepts {number(m.rejection[i])}, here {hits(m.rejection_seen, i)}"
    )
    weights = (
        "the weights have infinite variance, so ESS/n tends to 0, and still runs show "
        if m.effective[i] == 0
        else f"ESS/n tends to {number(m.effective[i])}, runs show "
    )
    g = m.gap
    alone = ", where only the made-up point N(0, 9 I) / (n + 1) is left" if g.empty[i] else ""
    return (
        f"d = {m.d[i]}: {rejection}; {weights}{number(low)} to {number(high)}; the random walk "
        f"accepts {number(m.walk[i])}, here {hits(m.walk_seen, i)}. Lost a dimension: histogram "
        f"{signed(g.histogram[i])} nats ({g.empty[i]} of {g.held_out} held-out points fall in "
        f"empty cells{alone}), kernels {signed(g.kernels[i])}."
    )


def _share(title: str, at: Axis, layers: list[Layer], area, lowest: float = FLOOR) -> Panel:
    """A log axis down to the decade of the lowest number, not below ``FLOOR``."""
    floor = 10.0 ** np.floor(np.log10(max(min(lowest, 0.1), FLOOR)) + 1e-9)
    return Panel(layers=layers, title=title, x=at, y=Axis(log=True, range=(floor, 1.6)), area=area)


def _curve(d: np.ndarray, y: np.ndarray, name: str) -> Lines:
    """An exact curve; what is below the panel is cut."""
    y = np.where(y > 0, y, np.nan)
    return Lines(x=d, y=y[None], names=[name], colors=["ink"], cursor=True)


def _counted(d: np.ndarray, c: Counted, *, name: str, color: str | int = "accent") -> list[Layer]:
    """Points where something was hit; where nothing was, the upper end as a triangle."""
    some = c.hits > 0
    layers: list[Layer] = [
        whiskers(d, np.maximum(c.interval.low, FLOOR), c.interval.high, color=color),
        Points(xy=np.stack([d, c.share], axis=1)[some], color=color, size=3.5, opacity=1.0,
               name=name),
    ]  # fmt: skip
    if not some.all():
        top = np.stack([d, c.interval.high], axis=1)[~some]
        layers.append(Points(xy=top, color="bad", symbol="triangle", size=5.0, opacity=1.0,
                             name=f"0 of {c.n:,}: at most this"))  # fmt: skip
    return layers


def _rejection(m: Methods, at: Axis) -> Panel:
    title, area = f"Rejection from N(0, {m.s:g}² I): accepted", (0, 0, 1, 1)
    if m.rejection_seen is None:
        words = Text(xy=np.array([[m.d.mean(), 0.01]]), text=["impossible: p/q has no bound"],
                     color="bad")  # fmt: skip
        return _share(title, at, [words], area)
    seen = _counted(m.d, m.rejection_seen, name=f"of {m.n:,} proposals, 95%")
    curve = _curve(m.d, m.rejection, f"{m.s:g}⁻ᵈ, exact")
    return _share(title, at, [curve, *seen], area, float(m.rejection.min()))


def _importance(m: Methods, at: Axis) -> Panel:
    e = m.effective_seen
    layers: list[Layer] = [Rules(at=np.array([1 / m.n]), axis="y", name="1 / n: one sample counts")]
    if m.effective[0] > 0:
        layers.append(_curve(m.d, m.effective, "limit, exact"))
    else:
        words = Text(xy=np.array([[m.d.mean(), 0.6]]), color="bad",
                     text=["exact limit: 0 (infinite variance)"])  # fmt: skip
        layers.append(words)
    layers += [
        whiskers(m.d, e.interval.low, e.interval.high, color="accent"),
        Points(xy=np.stack([m.d, e.median], axis=1), color="accent", size=3.5, opacity=1.0,
               name=f"{e.runs} runs of {m.n:,}, 10–90%"),
    ]  # fmt: skip
    lowest = min(float(m.effective.min()) or 1.0, 1 / m.n)
    return _share("Importance weights: ESS / n", at, layers, (1, 0, 1, 1), lowest)


def _walk(m: Methods, at: Axis) -> Panel:
    layers: list[Layer] = [
        _curve(m.d, m.walk, f"step {m.step:g}, exact"),
        Lines(x=m.d, y=m.walk_best[None], names=["step 2.38 / √d, exact"], colors=["good"],
              dashes=[True]),
        *_counted(m.d, m.walk_seen, name=f"of {m.n:,} steps, 95%"),
    ]  # fmt: skip
    return _share("Random walk: accepted", at, layers, (0, 1, 1, 1), float(m.walk.min()))


def _gap(m: Methods, at: Axis) -> Panel:
    g = m.gap
    exact = np.stack([m.gap_gaussian, m.gap_diagonal])
    layers: list[Layer] = [
        Lines(x=m.d, y=np.where(exact < 3, exact, np.nan), colors=["ink", "good"],
              names=["full Gaussian, exact", "independent Gaussian, exact"], dashes=[False, True],
              cursor=True),
    ]  # fmt: skip
    some = g.empty < g.held_out
    squares = np.stack([m.d, g.histogram], axis=1)
    bars: list[Layer] = [
        whiskers(m.d, g.histogram - 2 * g.histogram_error, g.histogram + 2 * g.histogram_error,
                 color="accent"),
        Points(xy=squares[some], color="accent", symbol="square", size=3.5, opacity=1.0,
               name="histogram ± 2 s.e."),
        whiskers(m.d, g.kernels - 2 * g.kernels_error, g.kernels + 2 * g.kernels_error, color=1),
        Points(xy=np.stack([m.d, g.kernels], axis=1), color=1, size=3.5, opacity=1.0,
               name="kernels ± 2 s.e."),
    ]  # fmt: skip
    if not some.all():
        bars.append(Points(xy=squares[~some], color="accent", symbol="ring", size=4.0, opacity=1.0,
                           name="all cells empty: made-up point alone"))  # fmt: skip
    top = max(1.05 * float((g.histogram + 2 * g.histogram_error).max()), 0.5)
    return Panel(
        layers=[*layers, *bars], title=f"Fitted to {m.n:,} points: nats a dimension lost", x=at,
        y=Axis(range=(min(-0.08, float((g.kernels - 2 * g.kernels_error).min())), top)),
        area=(1, 1, 1, 1),
    )  # fmt: skip
