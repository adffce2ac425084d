"""One code turned in every category; what the reader says of one picture; what the code means."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.latent_words import square, told
from dgmlib.figures.scene import (
    Axis,
    Band,
    Bars,
    Images,
    Layer,
    Lines,
    Panel,
    Path,
    Pick,
    Rules,
    Scene,
    Text,
)
from dgmlib.figures.table import Table
from dgmlib.gan.digit_looks import NAMES
from dgmlib.gan.digit_sweep import REACH, TRAINED, YARDSTICK, Sweep

HIGH = 2.6  # deviations and codes shown


def codes_scene(r: Sweep) -> list[Scene | Table]:
    """The frame is the value of the code that is turned."""
    scene = Scene(
        panels=[_sheet(r), _categories(r), _read(r), _looks(r)],
        alt="Generated digits, ten categories across and draws of the noise down, as one code is "
        "turned; the reader's answer for the marked one; ink, lean and width of all.",
        frame_values=r.values, frame_label=_u(r.which),
        captions=[_said(r, f) for f in range(len(r.values))], start=len(r.values) // 2,
        fps=4.0, columns=12, aspect=1.6, interpolate=False,
    )  # fmt: skip
    return [scene, _table(r)]


def outline(row: int, column: int, rows: int) -> Path:
    """A frame around one picture of a sheet with ``rows`` rows."""
    x, y = column, rows - 1 - row
    xy = np.array([[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]], float)
    return Path(xy=xy, color="accent", width=3.0, name="picked")


def _u(which: int) -> str:
    return "u" + "₁₂₃₄₅₆₇₈₉"[which]


def _majority(r: Sweep) -> np.ndarray:
    """(F, categories) the class seen most often in a column, the smallest of equals."""
    return (r.seen[..., None] == np.arange(10)).sum(1).argmax(-1)


def _sheet(r: Sweep) -> Panel:
    R, C = r.grid.shape[1:3]
    flat = r.grid.reshape(len(r.grid), R * C, -1)
    x = np.arange(C) + 0.5
    words = [[str(c) for c in row] for row in _majority(r)]
    layers: list[Layer] = [
        Images(value=square(flat), columns=C),
        outline(*r.picked, R),
        Text(xy=np.stack([x, np.full(C, R + 0.25)], 1), text=[str(c) for c in range(C)],
             size=12.0),
        Text(xy=np.stack([x, np.full(C, -0.28)], 1), text=words, size=14.0),
        Text(xy=np.array([[-0.1, R + 0.25], [-0.1, -0.28]]), text=["c", "seen"], anchor="end",
             size=12.0),
        Pick(label="click a picture: the reader is asked about it", name="image"),
    ]  # fmt: skip
    left, low, high = -1.0, -0.6, R + 0.5
    return Panel(
        layers=layers, title=f"G(noise, c, u): {_u(r.which)} turns, all else stays",
        x=Axis(range=(left, float(C)), hidden=True), y=Axis(range=(low, high), hidden=True),
        equal=True, area=(0, 0, 12, 5), aspect=(C - left) / (high - low), legend=False,
    )  # fmt: skip


def _categories(r: Sweep) -> Panel:
    C = r.reading.log_p.shape[1]
    colors = ["good" if c == r.picked[1] else "muted" for c in range(C)]
    return Panel(
        layers=[Bars(x=np.arange(C), height=np.exp(r.reading.log_p), colors=colors)],
        title="Picked: q(c|x)",
        x=Axis(label="category c", ticks=[(float(c), str(c)) for c in range(C)]),
        y=Axis(range=(0.0, 1.05)), area=(0, 5, 4, 4), legend=False,
    )  # fmt: skip


def _edges() -> Rules:
    return Rules(at=np.array([-TRAINED, TRAINED]), color="muted")  # trained inside


def _read(r: Sweep) -> Panel:
    q, d = r.reading, r.reading.mean.shape[1]
    truth = np.zeros((d, len(r.values)))
    truth[r.which] = r.values
    bands = [Band(x=r.values, low=q.mean[:, j] - q.std[:, j], high=q.mean[:, j] + q.std[:, j],
                  color=j) for j in range(d)]  # fmt: skip
    return Panel(
        layers=[
            *bands, _edges(),
            Lines(x=r.values, y=q.mean.T, names=[_u(j) for j in range(d)],
                  colors=list(range(d)), cursor=True),
            Lines(x=r.values, y=truth, colors=list(range(d)), dashes=[True] * d, width=1.5,
                  name="put in"),
        ],
        title="Picked: u read ± sd",
        x=Axis(label=_u(r.which), range=(-REACH, REACH)),
        y=Axis(range=(-HIGH, HIGH)), area=(4, 5, 4, 4),
    )  # fmt: skip


def _looks(r: Sweep) -> Panel:
    high = max(HIGH, 1.05 * float(np.abs(r.looks).max()))
    return Panel(
        layers=[_edges(), Lines(x=r.values, y=r.looks.T, names=list(NAMES), colors=[2, 3, 4],
                                cursor=True)],
        title="All: looks, in sd of digits", x=Axis(label=_u(r.which),
                                                            range=(-REACH, REACH)),
        y=Axis(range=(-high, high)), area=(8, 5, 4, 4),
    )  # fmt: skip


def _said(r: Sweep, f: int) -> str:
    v, (row, c) = r.values[f], r.picked
    p = float(np.exp(r.reading.log_p[f, c]))
    beyond = "" if abs(v) <= TRAINED else ", where it was never trained"
    times = "" if r.times == 1 else f" The noise is {num(r.times, 1)} times the trained one."
    return (
        f"{_u(r.which)} = {num(v, 1)}{beyond}. The picked picture, row {row + 1}, category {c}: "
        f"the reader says category {int(r.reading.log_p[f].argmax())}, q(c = {c}|x) = {p:.3f}, and "
        f"{_u(r.which)} = {num(r.reading.mean[f, r.which])} ± {num(r.reading.std[f, r.which])}."
        f"{times}{told(r.told)}"
    )


def _table(r: Sweep) -> Table:
    seen = _majority(r)
    steps = [int(np.abs(r.values - v).argmin()) for v in (-REACH, -TRAINED, 0.0, TRAINED, REACH)]
    inside = np.abs(r.values) <= TRAINED
    one = [len(np.unique(r.seen[inside][..., c])) == 1 for c in range(seen.shape[1])]
    rows = [[f"c = {c}", *(str(seen[f, c]) for f in steps), "yes" if one[c] else "no"]
            for c in range(seen.shape[1])]  # fmt: skip
    return Table(
        ["category", *(f"{_u(r.which)} = {num(r.values[f], 0)}" for f in steps),
         "one class while trained"],
        rows,
        f"The class that {YARDSTICK}, trained with labels, sees most often in a column; the last "
        f"column asks whether it is one and the same in all {r.seen.shape[1]} rows and for all "
        f"|{_u(r.which)}| ≤ 1 shown. InfoGAN saw no labels: its categories are its own.",
    )  # fmt: skip
