"""The plane of the points: where they lie, are painted, and where the means go."""

import numpy as np

from dgmlib.data.sets import FEWEST, OWN, Data
from dgmlib.figures.scene import Axis, Brush, Ellipses, Handles, Layer, Panel, Path, Points, Scene

PLANE = 4.0  # half the side of the plane to paint on


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


def truth_layers(data: Data) -> list[Layer]:
    if data.truth is None:
        return []
    k = len(data.truth.weights)
    ellipses = Ellipses(
        mean=data.truth.means, cov=data.truth.covs, sd=(2.0,), colors=["target"] * k,
        dash=True, fill=False, width=1.5, name="what made the data, 2 sd",
    )  # fmt: skip
    return [ellipses]


def brush(data: Data) -> list[Layer]:
    if data.name != OWN:
        return []
    size = max(2 * PLANE, float(np.ptp(data.x, axis=0).max()))
    return [Brush(xy=data.x, at_most=1000, spread=size / 32)]


def start_handles(mean: np.ndarray) -> Handles:  # (K, 2)
    K = len(mean)
    labels = [f"start {k + 1}" for k in range(K)]
    return Handles(xy=mean, labels=labels, colors=list(range(K)), at_least=K, at_most=K,
                   name="starts")  # fmt: skip


def mean_layers(mean: np.ndarray) -> list[Layer]:  # (T, K, 2)
    K = mean.shape[1]
    return [
        Path(xy=mean.transpose(1, 0, 2), trail=True, color="ink", width=1.5, opacity=0.55,
             name="path of the means"),
        Points(xy=mean, group=np.arange(K), size=7.0, opacity=1.0),
    ]  # fmt: skip
