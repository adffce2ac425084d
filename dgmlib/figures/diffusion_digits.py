"""Digits on their way out of the noise: x_t, the guess of its end, and what a classifier sees."""

import numpy as np

from dgmlib.diffusion.digits import Course
from dgmlib.diffusion.unet import NO_CLASS
from dgmlib.figures.divergences import num
from dgmlib.figures.latent_words import square, told
from dgmlib.figures.scene import (
    Axis,
    HeatMap,
    Images,
    Layer,
    Lines,
    Pad,
    Panel,
    Rules,
    Scene,
    Text,
)


def sixteen_scene(c: Course) -> Scene:
    """Frames are steps."""
    alt = "Sixteen digits on their way out of the noise, beside the guess of their end"
    return _scene(c, _pair(c, 0), alt, 2.5)


def forks_scene(c: Course) -> Scene:
    """One way, then eight."""
    alt = "One way out of the noise that parts into eight, beside the guess of their ends"
    return _scene(c, _pair(c, 0), alt, 1.9)


def returned_scene(c: Course) -> Scene:
    """A given digit noised, and eight ways back."""
    pad = Panel(layers=[Pad(size=28, pixels=c.drawn.reshape(28, 28).astype(int))],
                title="Draw here", area=(0, 0, 4, 4))  # fmt: skip
    alt = "A given digit with noise on it, and eight ways back to a digit"
    return _scene(c, [pad, *_pair(c, 4)], alt, 2.2)


def _pair(c: Course, left: int) -> list[Panel]:
    """Two grids and two panels of numbers; eight digits lie in two rows."""
    low = c.x.shape[1] <= 8
    first, second = ((0, 0, 5, 2), (0, 2, 5, 2)) if low else ((0, 0, 4, 4), (4, 0, 4, 4))
    right = left + (5 if low else 8)
    return [
        _grid(c.x, "x_t, digit and noise", (left + first[0], *first[1:])),
        _grid(c.x0, "x̂₀, the guess of the end", (left + second[0], *second[1:])),
        _seen(c, (right, 0, 4, 2)), _levels(c, (right, 2, 4, 2)),
    ]  # fmt: skip


def _scene(c: Course, panels: list[Panel], alt: str, aspect: float) -> Scene:
    columns = max(p.area[0] + p.area[2] for p in panels if p.area)
    return Scene(
        panels=panels, alt=f"{alt}. {_end(c)}", frame_values=np.arange(len(c.x)),
        frame_label="step", captions=[_said(c, f) for f in range(len(c.x))], start=len(c.x) - 1,
        fps=10.0, columns=columns, aspect=aspect, interpolate=False,
    )  # fmt: skip


def _grid(
    pixels: np.ndarray, title: str, area: tuple[int, int, int, int], columns: int = 4
) -> Panel:
    """Black ink on paper: bytes (F, n, 784) of which 255 is ink."""
    n = pixels.shape[1]
    rows = -(-n // columns)
    return Panel(
        layers=[Images(value=square(pixels / 255.0), columns=columns)], title=title,
        x=Axis(range=(0.0, float(columns)), hidden=True),
        y=Axis(range=(0.0, float(rows)), hidden=True), equal=True, area=area, legend=False,
        aspect=columns / rows,
    )  # fmt: skip


def _seen(c: Course, area: tuple[int, int, int, int]) -> Panel:
    """The classifier's probabilities of the finished digits, a row for each."""
    n = len(c.seen)
    layers: list[Layer] = [
        HeatMap(value=c.seen[::-1], extent=(-0.5, 9.5, 0.0, float(n)), range=(0.0, 1.0),
                name="probability", legend=False),
    ]  # fmt: skip
    named = [(i, int(k)) for i, k in enumerate(c.label) if k != NO_CLASS]
    if named:
        at = np.array([[k, n - 0.5 - i] for i, k in named], dtype=float)
        layers.append(Text(xy=at, text=["×"] * len(named), size=13.0, color="accent",
                           name="asked for"))  # fmt: skip
    return Panel(
        layers=layers, title="Classifier, at the end",
        x=Axis(range=(-0.5, 9.5), ticks=[(float(k), str(k)) for k in range(10)], label="class"),
        y=Axis(range=(0.0, float(n)), hidden=True), area=area, legend=False,
    )  # fmt: skip


def _levels(c: Course, area: tuple[int, int, int, int]) -> Panel:
    step = np.arange(len(c.alpha_bar), dtype=float)
    layers: list[Layer] = [
        Lines(x=step, y=np.stack([np.sqrt(c.alpha_bar), np.append(c.clipped, np.nan)]),
              names=["√ᾱ, share of x₀ in x_t", "pixels of x̂₀ cut to black or white"],
              colors=["target", "bad"], dashes=[False, True], cursor=True),
    ]  # fmt: skip
    if c.begun:
        layers.append(Rules(at=np.array([float(c.begun)]), color="ink", name="here it parts"))
    return Panel(
        layers=layers, title="How far it is", x=Axis(label="step", range=(0.0, float(step[-1]))),
        y=Axis(label="share", range=(0.0, 1.05)), area=area,
    )  # fmt: skip


def _said(c: Course, f: int) -> str:
    a = float(c.alpha_bar[f])
    where = f"Step {f} of {len(c.x) - 1}: √ᾱ = {num(a**0.5, 3)}."
    return f"{where} {_end(c)}{told(c.words)}"


def _end(c: Course) -> str:
    sure = c.seen.max(1)
    many = int((sure > 0.9).sum())
    said = f"At the end the classifier is surer than 0.9 of {many} of {len(sure)}"
    asked = c.label != NO_CLASS
    if asked.any():
        right = int((c.seen.argmax(1) == c.label)[asked].sum())
        said += f", and {right} of {int(asked.sum())} are what was asked for"
    return said + "."
