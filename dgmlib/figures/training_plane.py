"""The plane of a game: D's landscape, the data, G's samples, its grid, and the pushes on them."""

import numpy as np

from dgmlib.figures.scene import Arrows, Axis, HeatMap, Layer, Panel, Path, Points
from dgmlib.gan.methods import LOSS
from dgmlib.gan.watched import Watched

DATA = 500  # points of the data that are drawn
LONG = 0.7  # of the arrows' 95 % quantile over the run, in units of the plane


def plane(w: Watched, title: str, area: tuple[int, int, int, int], *, arrows: bool = True) -> Panel:
    """All layers have names, so that each can be taken away."""
    reach = float(w.axis[-1])
    layers: list[Layer] = [
        landscape(w),
        Points(xy=w.data.points[:DATA].astype(float), color="ink", size=2.0, opacity=0.45,
               name="data"),
        Path(xy=net(w.lines), color="muted", width=1.0, opacity=0.8, name="G's grid"),
        Points(xy=w.samples.astype(float), color=1, symbol="diamond", size=2.8, opacity=0.85,
               name="samples"),
    ]  # fmt: skip
    if arrows:
        start = w.samples[:, : w.arrows.shape[1]].astype(float)
        end = start + arrow_scale(w) * w.arrows
        layers.append(Arrows(start=start, end=end, color="bad", width=1.4, name="D's push"))
    side = Axis(range=(-reach, reach))
    return Panel(layers=layers, title=title, x=side, y=side, equal=True, area=area)


def landscape(w: Watched) -> HeatMap:
    """What D answers, in the units of its loss."""
    reach = float(w.axis[-1] + (w.axis[1] - w.axis[0]) / 2)
    value, ends, name = said_by_critic(w)
    return HeatMap(
        value=value, extent=(-reach, reach, -reach, reach), range=ends, colormap="diverging",
        opacity=0.55, name=name,
    )  # fmt: skip


def said_by_critic(w: Watched) -> tuple[np.ndarray, tuple[float, float], str]:
    """D's answers as they are drawn (F, g, g), the ends of their colours, and their name."""
    t, loss = w.answers.astype(float), LOSS[w.method]
    if loss == "least-squares":
        return t, (0.0, 1.0), "D: blue 0, samples; red 1, data"
    if loss == "wasserstein":  # known up to a constant
        t = t - np.median(t, axis=(1, 2), keepdims=True)
        most = max(float(np.quantile(np.abs(t), 0.98)), 1e-6)
        return t, (-most, most), "critic, less its median: red is high"
    return 1 / (1 + np.exp(-t)), (0.0, 1.0), "D: probability of data, blue 0, red 1"


def net(lines: np.ndarray) -> np.ndarray:
    """(F, L, k, 2) as one path a frame, (F, L (k + 1), 2), broken by NaN after every line."""
    F, L = lines.shape[:2]
    gap = np.full((F, L, 1, 2), np.nan)
    return np.concatenate([lines.astype(float), gap], axis=2).reshape(F, -1, 2)


def arrow_scale(w: Watched) -> float:
    """One factor for the whole run, so that a push that dies away is seen to do so."""
    long = float(np.quantile(push(w.arrows), 0.95))
    return LONG / long if long > 0 else 1.0


def push(arrows: np.ndarray) -> np.ndarray:
    """(..., m) lengths."""
    return np.linalg.norm(arrows.astype(float), axis=-1)
