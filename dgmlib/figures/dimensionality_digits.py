"""Scene of handwritten digits under each assumption: draws, and held-out bits."""

import numpy as np

from dgmlib.dimensionality.digit_fits import BINARY, FLOOR, GREY, SHRINKAGE, Fits
from dgmlib.figures.dimensionality import whiskers
from dgmlib.figures.scene import (
    Axis,
    Color,
    Images,
    Layer,
    Lines,
    Panel,
    Points,
    Scene,
    Symbol,
    Text,
)
from dgmlib.figures.table import Table

SYMBOLS: tuple[Symbol, ...] = ("circle", "square", "diamond", "triangle", "star")
COLORS: tuple[Color, ...] = ("ink", 0, 1, "accent", "good")


def digits_scene(r: Fits) -> list[Scene | Table]:
    """Frames are sizes of the training set; opens at all the images."""
    scene = Scene(
        panels=[_binary(r), _bits(r), _grey(r), _grey_bits(r)],
        alt=f"Digits drawn from {len(BINARY)} models of binary pixels and {len(GREY)} Gaussians, "
        f"and their held-out bits a pixel, for more and more training images. Data: {r.source}.",
        frame_values=r.n, frame_label="images n",
        captions=[caption(r, f) for f in range(len(r.n))], start=len(r.n) - 1, fps=1.0,
        columns=5, aspect=1.3, interpolate=False,
    )  # fmt: skip
    return [scene, digits_table(r)]


def caption(r: Fits, f: int) -> str:
    """Every score at one size of the training set."""
    scores = ", ".join(
        f"{name} {r.bits[f, m]:.3f} ± {r.bits_error[f, m]:.3f}" for m, name in enumerate(BINARY)
    )
    fewer = f" (of only {r.K[f]} components)" if r.K[f] < r.K[-1] else ""
    grey = " and ".join(
        f"{name} {r.grey[f, g]:.2f} ± {r.grey_error[f, g]:.2f}" for g, name in enumerate(GREY)
    )
    return (
        f"{r.n[f]:,} training images: held-out bits a binary pixel (± one standard error) "
        f"{scores}{fewer}; best: "
        f"{BINARY[int(r.bits[f].argmin())]}. Bits a grey pixel: {grey}. "
        f"{r.side} × {r.side} pixels, {r.source}."
    )


def _images(r: Fits, rows: list[tuple[str, np.ndarray]], title: str, area) -> Panel:
    """Rows of images with their names; each row (F, S, side, side)."""
    F, S = len(r.n), len(r.real)
    stack = [np.broadcast_to(v, (F, S, r.side, r.side)) for _, v in rows]
    names = [name for name, _ in rows]
    at = np.array([[-0.15, len(rows) - i - 0.5] for i in range(len(rows))])
    return Panel(
        layers=[
            Images(value=np.clip(np.concatenate(stack, axis=1), 0, 1), columns=S),
            Text(xy=at, text=names, anchor="end", size=12.5),
        ],
        title=title, x=Axis(range=(-2.4, float(S)), hidden=True),
        y=Axis(range=(0.0, float(len(rows))), hidden=True), equal=True, area=area, legend=False,
    )  # fmt: skip


def _binary(r: Fits) -> Panel:
    rows = [("real", r.real), *((n, r.drawn[:, m]) for m, n in enumerate(BINARY))]
    return _images(r, rows, "Binary pixels: real and drawn", (0, 0, 3, 3))


def _grey(r: Fits) -> Panel:
    rows = [("real", r.real_grey), *((n.split()[0], r.drawn_grey[:, g])
                                     for g, n in enumerate(GREY))]  # fmt: skip
    return _images(r, rows, "Grey pixels: real and Gaussian", (0, 3, 3, 2))


def _curves(r: Fits, y: np.ndarray, error: np.ndarray, names) -> list[Layer]:
    layers: list[Layer] = [
        Lines(x=r.n, y=y.T, names=names, colors=COLORS[: len(names)], cursor=True,
              dashes=[m == 0 for m in range(len(names))])
    ]  # fmt: skip
    for m in range(len(names)):
        layers += [
            whiskers(r.n, y[:, m] - 2 * error[:, m], y[:, m] + 2 * error[:, m], color=COLORS[m]),
            Points(xy=np.stack([r.n, y[:, m]], axis=1)[np.isfinite(y[:, m])], color=COLORS[m],
                   symbol=SYMBOLS[m], size=4.0, opacity=1.0),
        ]  # fmt: skip
    return layers


def _sizes(r: Fits) -> Axis:
    at = [n for i, n in enumerate(r.n) if i % 2 == 0 or len(r.n) < 5]
    return Axis(label="training images n", log=True, range=(0.8 * r.n[0], 1.25 * r.n[-1]),
                ticks=[(float(n), f"{n:,}") for n in at])  # fmt: skip


def _bits(r: Fits) -> Panel:
    top = min(1.0, float((r.bits + 2 * r.bits_error).max()) * 1.1)
    return Panel(
        layers=_curves(r, r.bits, r.bits_error, BINARY),
        title="Held-out bits a binary pixel ± 2 s.e.",
        x=_sizes(r), y=Axis(range=(0.9 * float(r.bits.min()), top)), area=(3, 0, 2, 3),
    )  # fmt: skip


def _levels(low: float, high: float) -> Axis:
    whole = range(int(np.ceil(low)), int(high) + 1)
    return Axis(range=(low, high), ticks=[(float(t), str(t)) for t in whole])


def _grey_bits(r: Fits) -> Panel:
    top = float(np.log2(r.levels))
    seen = np.where(r.grey < 1.5 * top, r.grey, np.nan)  # worse ones are cut, and in the caption
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    return Panel(
        layers=_curves(r, seen, r.grey_error, GREY),
        title="Bits a grey pixel ± 2 s.e.", x=_sizes(r), y=_levels(0.9 * low, 1.05 * high),
        area=(3, 3, 2, 2),
    )  # fmt: skip


def _mixture(r: Fits) -> str:
    """Of at most n components: each begins at an image of its own."""
    few = f" ({r.K[0]} at n = {r.n[0]:,})" if r.K[0] < r.K[-1] else ""
    return f"mixture of {r.K[-1]}{few}"


def digits_table(r: Fits) -> Table:
    """Numbers a model has, and its held-out bits with few images and with all."""
    rows = []
    names = (*BINARY, *GREY)
    bits = np.concatenate([r.bits, r.grey], axis=1)
    error = np.concatenate([r.bits_error, r.grey_error], axis=1)
    for m, name in enumerate(names):
        label = {"neighbours": f"neighbours: {r.neighbours}", "mixture": _mixture(r)}
        few, all_ = (f"{bits[f, m]:.3f} ± {error[f, m]:.3f}" for f in (0, -1))
        rows.append([label.get(name, name), "grey" if m >= len(BINARY) else "binary",
                     " to ".join(dict.fromkeys(f"{r.n_parameters[f, m]:,}" for f in (0, -1))),
                     few, all_])  # fmt: skip
    return Table(
        ["model", "pixels", "numbers", f"bits, n = {r.n[0]:,}", f"bits, n = {r.n[-1]:,}"],
        rows,
        f"{r.source}; {r.n_test:,} test images, ± one standard error over them. A pixel is 1 from "
        f"half of the brightest on. Gaussians: (x + u) / {r.levels}, correlations shrunk by "
        f"{SHRINKAGE:.0%}, noise of standard deviation {FLOOR} ({FLOOR}² is added to every "
        "variance; the grey bits depend on it); a uniform density needs "
        f"{np.log2(r.levels):.2f} bits a grey pixel. Bits of binary and of grey pixels are "
        "different units.",
    )  # fmt: skip
