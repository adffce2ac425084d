"""Scenes of k-means and EM: half-steps over the points, and the staircase they climb."""

import numpy as np

from dgmlib.data.sets import FEWEST, OWN, Data, Shown
from dgmlib.figures.scene import (
    Axis,
    Band,
    Brush,
    Ellipses,
    Handles,
    Layer,
    Lines,
    Panel,
    Path,
    Points,
    Scene,
)
from dgmlib.figures.table import Table
from dgmlib.mixtures import kmeans
from dgmlib.mixtures.collapse import EMPTY
from dgmlib.mixtures.runs import Run

PLANE = 4.0  # half the side of the plane to paint on
FLOOR = 1e-3  # nats below the end that are still drawn


def number(value: float, digits: int = 3) -> str:
    """A number in a sentence: fixed digits, a true minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def steps_scene(shown: Shown) -> list[Scene | Table]:
    """Half-steps of EM (or k-means) with the staircase; a plane to paint on when it is empty."""
    if shown.found is None:
        return [paint_scene(shown.data)]
    if isinstance(shown.found, kmeans.Trace):
        return [_kmeans_scene(shown)]
    scene = _em_scene(shown)
    return [scene, collapse_table(shown.found)] if shown.found.collapse else [scene]


def paint_scene(data: Data) -> Scene:
    """Where a reader paints points of their own."""
    panel = Panel(
        layers=[Points(xy=data.x, color="ink"), Brush(xy=data.x, at_most=500, spread=0.25)],
        x=Axis(label="x", range=(-PLANE, PLANE)),
        y=Axis(label="y", range=(-PLANE, PLANE)),
        equal=True,
    )
    left = FEWEST - len(data.x)
    title = "Paint some points here" if left > 0 else "More points than components are needed"
    alt = f"An empty plane with {len(data.x)} points, to paint on or to fill from a CSV file."
    return Scene(panels=[panel], alt=alt, title=title, aspect=1.6)


def data_panel(data: Data, layers: list[Layer], *, title: str = "", area=(0, 0, 3, 2)) -> Panel:
    """The points' own plane, cut to the points; equal units where both columns have the same."""
    low, high = data.x.min(0), data.x.max(0)
    pad = np.maximum(0.08 * (high - low), 1e-9)
    if data.name == OWN and np.abs(data.x).max() <= PLANE:  # painted: the plane stays as it is
        low, high = np.full(2, -PLANE), np.full(2, PLANE)
        pad = np.zeros(2)
    ranges = [(float(low[j] - pad[j]), float(high[j] + pad[j])) for j in (0, 1)]
    x, y = (Axis(label=data.columns[j], range=ranges[j]) for j in (0, 1))
    return Panel(layers=layers, title=title, x=x, y=y, equal=data.truth is not None, area=area)


def changed(n: int) -> str:
    return "1 point changes" if n == 1 else f"{n} points change"


def truth_layers(data: Data) -> list[Layer]:
    if data.truth is None:
        return []
    k = len(data.truth.weights)
    ellipses = Ellipses(
        mean=data.truth.means, cov=data.truth.covs, sd=(2.0,), colors=["target"] * k,
        dash=True, fill=False, width=1.5, name="what made the data, 2 sd",
    )  # fmt: skip
    return [ellipses]


def _brush(data: Data) -> list[Layer]:
    if data.name != OWN:
        return []
    size = max(2 * PLANE, float(np.ptp(data.x, axis=0).max()))
    return [Brush(xy=data.x, at_most=1000, spread=size / 32)]


def start_handles(mean: np.ndarray) -> Handles:  # (K, 2)
    K = len(mean)
    labels = [f"start {k + 1}" for k in range(K)]
    return Handles(xy=mean, labels=labels, colors=list(range(K)), at_least=K, at_most=K,
                   name="starts")  # fmt: skip


def _em_scene(shown: Shown) -> Scene:
    data, run = shown.data, shown.found
    t = run.trace
    T, K = t.weight.shape
    frames = np.arange(T)
    layers: list[Layer] = [
        *_brush(data),
        *truth_layers(data),
        Points(xy=data.x, weights=t.responsibilities, size=4.5, name="points, by responsibility"),
        Ellipses(mean=t.mean, cov=t.cov, weight=t.weight, name="components, 1 and 2 sd"),
        *mean_layers(t.mean),
        start_handles(t.mean[0]),
    ]
    top, low = t.free_energy + t.log_prior, t.bound + t.log_prior  # (T,)
    low = np.where(t.kind == "start", np.nan, low)  # before the first E-step there is no bound
    value = value_name(run)
    return Scene(
        panels=[data_panel(data, layers), *_staircase(frames, top, low, value)],
        alt=f"{K} Gaussian components fitted to {len(data.x)} points by EM, beside the {value} "
        "and its lower bound after every half-step.",
        frame_values=frames,
        frame_label="half-step",
        captions=em_captions(run, shown.agreement),
        start=min(1, T - 1),
        fps=4.0,
        columns=5,
        aspect=1.75,
    )


def value_name(run: Run) -> str:
    """What is climbed: three names for three objectives."""
    t = run.trace
    if t.temperature[0] != 1:
        return f"free energy at T = {t.temperature[0]:g}"
    return "log-likelihood + log prior" if t.log_prior.any() else "log-likelihood"


def mean_layers(mean: np.ndarray) -> list[Layer]:  # (T, K, 2)
    K = mean.shape[1]
    return [
        Path(xy=mean.transpose(1, 0, 2), trail=True, color="ink", width=1.5, opacity=0.55,
             name="path of the means"),
        Points(xy=mean, group=np.arange(K), size=7.0, opacity=1.0),
    ]  # fmt: skip


def _staircase(frames: np.ndarray, top: np.ndarray, low: np.ndarray, value: str) -> list[Panel]:
    """The climb as it is, and once more as the distance that is left, on a log axis."""

    def curves(y: np.ndarray) -> Lines:
        return Lines(x=frames, y=y, names=[value, "bound"], colors=["ink", "accent"], cursor=True)

    both = np.stack([top, low])  # (2, T)
    floor = np.where(np.isnan(low), top, low)
    gap = Band(x=frames, low=floor, high=top, color="accent", opacity=0.25, name="gap")
    up = Panel(
        layers=[gap, curves(both)],
        title="The staircase, nats",
        x=Axis(hidden=True),
        y=Axis(),
        area=(3, 0, 2, 1),
    )  # fmt: skip
    end = float(top[-1])
    left = end - both
    left = np.where(left > FLOOR, left, np.nan)  # (2, T)
    most = float(np.nanmax(left)) if np.isfinite(left).any() else 1.0
    rest = np.isfinite(left).all(axis=0)  # T
    open_ = Band(
        x=frames, low=np.where(rest, left[0], np.nan), high=np.where(rest, left[1], np.nan),
        color="accent", opacity=0.25,
    )  # fmt: skip
    close = Panel(
        layers=[open_, curves(left)],
        title="Close up: nats below the end",
        x=Axis(label="half-step"),
        y=Axis(log=True, range=(max(2 * most, 4 * FLOOR), FLOOR)),  # upside down: up is better
        area=(3, 1, 2, 1),
        legend=False,
    )
    return [up, close]


def em_captions(run: Run, agreement: float = np.nan) -> list[str]:
    """One sentence a half-step, with what it changed to three decimals."""
    t, value = run.trace, value_name(run)
    top, low = t.free_energy + t.log_prior, t.bound + t.log_prior
    said = [f"Start: the {value} is {number(top[0])}. No point belongs to anyone yet."]
    for i in range(1, len(top)):
        step = (i + 1) // 2
        if t.kind[i] == "E":
            said.append(
                f"E-step {step}: points change colour, ellipses stay. "
                + (f"The bound rises by {number(low[i] - low[i - 1])} to {number(low[i])} and "
                   f"closes the gap; the {value} stays."
                   if i > 1
                   else f"The bound now touches the {value}, {number(top[i])}.")
            )  # fmt: skip
        else:
            said.append(
                f"M-step {step}: ellipses move, colours stay. The bound rises by "
                f"{number(low[i] - low[i - 1])}, the {value} by {number(top[i] - top[i - 1])} to "
                f"{number(top[i])}: a gap of {number(t.gap[i])} opens."
            )
    if run.collapse:
        said[-1] += f" The next M-step fails: {collapse_words(run)}"
    elif t.converged:
        said[-1] += " Converged."
    if np.isfinite(agreement):
        said[-1] += f" {agreement:.0%} of the points are where the truth would put them."
    return said


def collapse_words(run: Run) -> str:
    """What happened and what helps, with the names the picture uses."""
    if run.count < EMPTY:
        return (
            f"component {run.component + 1} lost all its points. Its weight goes to 0, and what "
            f"remains is {fewer(run)}. Start its mean nearer to the points, or take fewer "
            "components."
        )
    return (
        f"component {run.component + 1} collapses. It holds {run.count:.3g} points and would have "
        f"variance {max(run.eigenvalue, 0.0):.2g} in its thinnest direction. The likelihood is "
        "unbounded: with the mean on these points it grows without limit as σ → 0. "
        "Turn on the prior, or take fewer components, a tied shape or another start."
    )


def fewer(run: Run) -> str:
    left = run.trace.weight.shape[1] - 1
    return "one Gaussian" if left == 1 else f"a mixture of {left}"


def collapse_table(run: Run) -> Table:
    """The last steps of a component that shrinks onto a point or loses its points, in numbers."""
    t, k = run.trace, run.component
    at = np.flatnonzero(t.kind != "E")[-6:]
    rows = []
    for i in at:
        sd = float(np.sqrt(np.linalg.eigvalsh(t.cov[i, k])[0]))
        peak = float(1 / (2 * np.pi * np.sqrt(np.linalg.det(t.cov[i, k]))))
        held = float(t.weight[i, k] * t.responsibilities.shape[1])
        rows.append([str((i + 1) // 2), held, sd, peak, float(t.log_likelihood[i])])
    refused = f"{(at[-1] + 1) // 2 + 1}, refused"
    if run.count < EMPTY:
        rows.append([refused, run.count, "none", "none", f"that of {fewer(run)}"])
    else:
        sd, limit = float(np.sqrt(max(run.eigenvalue, 0.0))), "unbounded as σ → 0"
        rows.append([refused, run.count, sd, limit, limit])
    return Table(
        ["M-step", "points held", "smallest sd", "density at the mean", "log-likelihood"],
        rows,
        "C" + collapse_words(run)[1:],
    )


def _kmeans_scene(shown: Shown) -> Scene:
    data, t = shown.data, shown.found
    T, K = t.centre.shape[:2]
    frames = np.arange(T)
    weights = np.where(t.label[..., None] < 0, 1 / K, t.label[..., None] == np.arange(K))
    layers: list[Layer] = [
        *_brush(data),
        *truth_layers(data),
        Points(xy=data.x, weights=weights, size=4.5, name="points, by nearest mean"),
        *mean_layers(t.centre),
        start_handles(t.centre[0]),
    ]
    said = [
        f"Start: the points are {number(t.inertia[0])} from their nearest means (squares, added)."
    ]
    for i in range(1, T):
        fall, step = number(t.inertia[i - 1] - t.inertia[i]), (i + 1) // 2
        moved = int((t.label[i] != t.label[i - 1]).sum())
        said.append(
            f"Assignment {step}: {changed(moved)} colour; the sum of squares falls by {fall} "
            f"to {number(t.inertia[i])}."
            if t.kind[i] == "assign"
            else f"Move {step}: every mean goes to the middle of its points; the sum of squares "
            f"falls by {fall} to {number(t.inertia[i])}."
        )
    said[-1] += " Nothing changes any more." if t.converged else ""
    if np.isfinite(shown.agreement):
        said[-1] += f" {shown.agreement:.0%} of the points are where the truth would put them."
    left = np.where(t.inertia - t.inertia[-1] > 1e-6, t.inertia - t.inertia[-1], np.nan)

    def curve(y: np.ndarray) -> Lines:
        return Lines(x=frames, y=y[None], names=["sum of squares"], colors=["ink"], cursor=True)

    down = Panel(layers=[curve(t.inertia)],
        title="Sum of squared distances", x=Axis(hidden=True), y=Axis(), area=(3, 0, 2, 1),
    )  # fmt: skip
    most = float(np.nanmax(left)) if np.isfinite(left).any() else 1.0
    close = Panel(layers=[curve(left)],
        title="Close up: above the end", x=Axis(label="half-step"),
        y=Axis(log=True, range=(min(1e-3, most / 10), 2 * most)), area=(3, 1, 2, 1), legend=False,
    )  # fmt: skip
    return Scene(
        panels=[data_panel(data, layers), down, close],
        alt=f"{K} means and {len(data.x)} points coloured by the nearest mean, beside the sum of "
        "squared distances after every half-step of k-means.",
        frame_values=frames, frame_label="half-step", captions=said, start=min(1, T - 1), fps=4.0,
        columns=5,
        aspect=1.75,
    )  # fmt: skip
