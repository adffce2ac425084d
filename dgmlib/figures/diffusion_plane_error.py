"""Where a trained denoiser differs from the best one, frame by frame of the noise level."""

import numpy as np

from dgmlib.diffusion.plane_error import REACH, Errors
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Arrows, Axis, HeatMap, Lines, Panel, Path, Points, Rules, Scene

MOST = 0.5  # of the error that has a colour of its own
LENGTH = 0.28  # of an arrow for a noise of 1
FAINT = 1e-5  # the lowest mean square that is drawn
NAMES = ("network from best", "best from noise", "network from noise")


def error_scene(e: Errors) -> Scene:
    side = Axis(range=(-REACH, REACH))
    return Scene(
        panels=[
            Panel(layers=[heat(e, e.off, "|e_net − e*|"), dots(e), *arrows(e)],
                  title="Error anywhere", x=side, y=side, equal=True, area=(0, 0, 4, 4)),
            Panel(layers=[heat(e, e.off * e.density, "weighted by q(x)"), dots(e)],
                  title="Error where data come", x=side, y=side, equal=True, area=(4, 0, 4, 4)),
            guesses(e, (8, 0, 4, 4)), curve(e, (0, 4, 12, 3)),
        ],
        alt="The error of a trained denoiser over the plane, the same weighted by the density of "
        "noisy data, what network and best denoiser make of noisy points, and mean squares over "
        f"noise levels. {caption(e, len(e.angle) // 2)}",
        frame_values=e.angle, frame_label="noise level, degrees",
        captions=[caption(e, f) for f in range(len(e.angle))],
        start=len(e.angle) // 2, fps=4.0, columns=12, aspect=1.7,
    )  # fmt: skip


def heat(e: Errors, value: np.ndarray, name: str) -> HeatMap:
    half = 0.5 * (e.axis[1] - e.axis[0])
    low, high = float(e.axis[0] - half), float(e.axis[-1] + half)
    return HeatMap(
        value=value, extent=(low, high, low, high), range=(0.0, MOST), colormap="sequential",
        opacity=0.8, legend=True, name=name,
    )  # fmt: skip


def dots(e: Errors) -> Points:
    return Points(xy=e.x, color="ink", size=1.8, opacity=0.7, name="x: noisy data")


def arrows(e: Errors) -> list[Arrows]:
    """Scores times the noise's deviation, which is minus the noise that a denoiser names."""
    start = np.broadcast_to(e.place, e.best.shape)
    return [
        Arrows(start=start, end=start + LENGTH * said, color=color, width=width, opacity=0.9,
               name=name)
        for said, color, width, name in (
            (e.best, "good", 2.6, "exact score"), (e.net, "bad", 1.2, "trained score"),
        )
    ]  # fmt: skip


def guesses(e: Errors, area: tuple[int, int, int, int]) -> Panel:
    """x0-hat of both for the same noisy points, joined by lines."""
    F, m = e.x0_best.shape[:2]
    gap = np.full((F, m, 1, 2), np.nan)
    lines = np.concatenate([e.x0_best[:, :, None], e.x0_net[:, :, None], gap], 2)
    side = Axis(range=(-REACH, REACH))
    return Panel(
        layers=[
            Points(xy=e.data.centre, color="muted", size=2.0, opacity=0.5, name="data"),
            Path(xy=lines.reshape(F, -1, 2), color="bad", width=1.0, name="apart"),
            Points(xy=e.x0_best, color=2, symbol="ring", size=3.2, opacity=1.0, name="best x̂₀"),
            Points(xy=e.x0_net, color=1, symbol="diamond", size=2.2, opacity=0.9,
                   name="network's x̂₀"),
        ],
        title="Guesses x̂₀ of the noisy data", x=side, y=side, equal=True, area=area,
    )  # fmt: skip


def curve(e: Errors, area: tuple[int, int, int, int]) -> Panel:
    """Means over q(x_t), with two standard errors as bars."""
    layers = []
    colors = ("bad", "good", "ink")
    for i, (mean, error) in enumerate(zip(e.mean, e.error, strict=True)):
        ends = np.stack([mean - 2 * error, mean + 2 * error], 1)  # (F, 2)
        bars = np.stack([np.stack([e.angle, e.angle], 1), ends], -1)  # (F, 2, 2) lines
        layers.append(Path(xy=np.maximum(bars, FAINT), many=True, color=colors[i], width=1.5))
    layers += [
        Lines(x=e.angle, y=np.maximum(e.mean, FAINT), names=list(NAMES), colors=list(colors),
              dashes=[False, False, True]),
        Rules(at=e.angle[:, None], color="muted", width=1.0),
    ]  # fmt: skip
    return Panel(
        layers=layers, title="Mean square over q(x), two coordinates together", area=area,
        x=Axis(label="noise level, degrees"), y=Axis(log=True, range=(1e-4, 4.0),
        ticks=[(10.0**k, f"1e{k}".replace("-", "−")) for k in range(-4, 1)]),
    )  # fmt: skip


def caption(e: Errors, f: int) -> str:
    own, left, total = e.mean[:, f]
    q = e.density[f] / e.density[f].sum()
    empty = e.density[f] < 1e-3
    words = (
        f"Noise level {e.angle[f]:.0f}°. E|e_net − e*|² = {num(own, 4)} ± {num(e.error[0, f], 4)}"
    )
    words += f", E|e* − e|² = {num(left, 3)} ± {num(e.error[1, f], 3)}; together they are what the "
    words += f"loss sees, {num(total, 3)}."
    if not empty.any():
        return words
    return (
        f"{words} On the map: mean error {num(float((q * e.off[f]).sum()), 3)} weighted by q, "
        f"{num(float(e.off[f][empty].mean()), 3)} where q is below a thousandth of its top."
    )
