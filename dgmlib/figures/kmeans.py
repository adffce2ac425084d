"""The scene of k-means: points by their nearest mean, and the sum of squares that falls."""

import numpy as np

from dgmlib.data.sets import Shown
from dgmlib.figures.mixture_plane import brush, data_panel, mean_layers, start_handles, truth_layers
from dgmlib.figures.mixture_words import changed, number
from dgmlib.figures.scene import Axis, Layer, Lines, Panel, Points, Scene


def kmeans_scene(shown: Shown) -> Scene:
    data, t = shown.data, shown.found
    T, K = t.centre.shape[:2]
    frames = np.arange(T)
    weights = np.where(t.label[..., None] < 0, 1 / K, t.label[..., None] == np.arange(K))
    layers: list[Layer] = [
        *brush(data),
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
