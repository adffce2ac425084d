"""Spot the error: five forms of the bound, one of them wrong, computed for a q that moves."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Layer, Lines, Panel, Path, Rules, Scene, Text
from dgmlib.figures.table import Table
from dgmlib.latent.forms import MU, TAU
from dgmlib.latent.slips import KINDS, LETTERS, Riddle

Z = np.linspace(-4.0, 4.0, 201)
DASHES = [False, True, False, True, False]
SAME = 1e-9  # nats


def slips_scene(r: Riddle) -> list[Scene | Table]:
    """The frames move q through the posterior; the lines are computed when they are asked for."""
    F = len(r.at)
    panels = [_lines(r), _densities(r)]
    if r.compute:
        panels.append(_curves(r))
    scene = Scene(
        panels=panels, alt="Five lines about the bound, one of them wrong." + _outcome(r),
        frame_values=r.at, frame_label=r.sweep, captions=[_said(r, f) for f in range(F)],
        start=F // 2 + 8, fps=10.0, columns=5, aspect=1.6 if r.compute else 2.6,
    )  # fmt: skip
    return [scene, _verdict(r)]


def _normal(m: np.ndarray, s: np.ndarray) -> np.ndarray:
    m, s = np.asarray(m)[..., None], np.asarray(s)[..., None]
    return np.exp(-0.5 * ((Z - m) / s) ** 2) / (s * np.sqrt(2 * np.pi))


def _densities(r: Riddle) -> Panel:
    top = 1.6 * float(_normal(np.array(MU), np.array(TAU)).max())
    return Panel(
        layers=[
            Lines(x=Z, y=_normal(np.array(MU), np.array(TAU))[None], names=["posterior"],
                  colors=["target"], fill=True),
            Lines(x=Z, y=_normal(np.array(0.0), np.array(1.0))[None], names=["prior"],
                  colors=["muted"], dashes=[True]),
            Lines(x=Z, y=np.minimum(_normal(r.centre, r.width), 1.05 * top)[:, None], names=["q"],
                  colors=["accent"], width=2.5),
        ],
        title="q on its way past the posterior", area=(3, 0, 2, 2),
        x=Axis(label="z", range=(-4, 4), ticks=[(v, num(v, 0)) for v in (-4, -2, 0, 2, 4)]),
        y=Axis(range=(0, top)),
    )  # fmt: skip


def _lines(r: Riddle) -> Panel:
    y = 5.0 - np.arange(5.0)
    F = len(r.at)
    is_ = "   left side " if r.kind == "claim" else "  =  "
    text = [[f"{LETTERS[i]}   {r.texts[i]}" + (f"{is_}{num(r.value[f, i], 4)}" if r.compute else "")
             for i in range(5)] for f in range(F)]  # fmt: skip
    exact = [[f"exact: log p(x) = {num(r.log_p, 4)}, ELBO {num(r.elbo[f], 4)}"] for f in range(F)]
    layers: list[Layer] = [
        Text(xy=np.stack([np.full(5, 0.02), y], 1), text=text, anchor="start", size=13.0),
    ]
    if r.compute:
        layers.append(Text(xy=np.array([[0.02, 0.05]]), text=exact, anchor="start", size=12.0,
                           color="muted"))  # fmt: skip
    if r.reveal:
        mark = np.array([[0.0, y[r.wrong] - 0.25], [0.98, y[r.wrong] - 0.25]])
        layers.append(Path(xy=mark, color="bad", width=2.0))
    return Panel(
        layers=layers, title=KINDS[r.kind], x=Axis(range=(0, 1), hidden=True),
        y=Axis(range=(-0.4, 5.6), hidden=True), area=(0, 0, 3, 2), legend=False,
    )  # fmt: skip


def _curves(r: Riddle) -> Panel:
    if r.kind == "bound":
        low, high = r.log_p - 6.0, max(r.log_p + 0.6, min(float(r.value.max()) + 0.4, r.log_p + 4))
    else:
        low, high = float(r.value.min()), float(r.value.min()) + 9.0
        low, high = max(low, -4.0) - 0.5, max(low, -4.0) + 9.0
    layers: list[Layer] = []
    if r.kind == "bound":
        layers.append(Rules(at=np.array([r.log_p]), axis="y", color="target", dash=False, width=2.5,
                            name="exact log p(x)"))  # fmt: skip
    else:
        layers.append(Rules(at=np.array([0.0]), axis="y", color="ink", dash=False, width=1.0,
                            name="0"))  # fmt: skip
    inside = (r.value >= low - 2) & (r.value <= high + 2)
    y = np.where(inside, r.value, np.nan)
    names = [f"{x}" for x in LETTERS]
    layers.append(Lines(x=r.at, y=y.T, names=names, colors=list(range(5)), dashes=DASHES,
                        cursor=True, width=2.5))  # fmt: skip
    rule = Rules(at=r.at[[len(r.at) // 2]], color="muted", name="q is the posterior")
    wide = r.sweep.startswith("width")
    titles = {"bound": "Each line for every q, beside log p(x)", "loss": "Which lead downhill to "
              "the posterior?", "claim": "The side that must not be negative"}  # fmt: skip
    ticks = [(v, num(v, 2)) for v in (0.1, 0.2, 0.5, 1.0, 2.0, 4.0)] if wide else None
    return Panel(
        layers=[*layers, rule], title=titles[r.kind],
        x=Axis(label=r.sweep, log=wide, range=(float(r.at[0]), float(r.at[-1])), ticks=ticks),
        y=Axis(label="nats", range=(low, high)), area=(0, 2, 5, 2),
    )  # fmt: skip


def right(r: Riddle) -> bool:
    return r.guess == LETTERS[r.wrong]


def _outcome(r: Riddle) -> str:
    said = ""
    if r.guess:
        said = f" You say {r.guess}: {'right' if right(r) else 'no, that line is right'}."
    return said + (f" The wrong one is {LETTERS[r.wrong]}." if r.reveal else "")


def _said(r: Riddle, f: int) -> str:
    said = f"q = N({num(r.centre[f])}, {num(r.width[f])}²), log p(x) = {num(r.log_p, 4)}."
    if r.compute:
        each = ", ".join(f"{x} {num(v, 3)}" for x, v in zip(LETTERS, r.value[f], strict=True))
        said += f" {each}."
        if r.kind == "bound":
            over = [x for x, v in zip(LETTERS, r.value[f], strict=True) if v > r.log_p + SAME]
            said += f" Above log p(x): {', '.join(over)}." if over else " None is above log p(x)."
        if r.kind == "claim":
            under = [x for x, v in zip(LETTERS, r.value[f], strict=True) if v < -SAME]
            zero = [x for x, v in zip(LETTERS, r.value[f], strict=True) if abs(v) <= SAME]
            said += f" Zero: {', '.join(zero)}." if zero else ""
            said += f" Negative: {', '.join(under)}." if under else ""
    return said + _outcome(r)


def _verdict(r: Riddle) -> Table:
    """The five lines with their extremes over the sweep; the answer once it is asked for."""
    columns = ["", "line"]
    rows: list[list[str | float]] = [[x, t] for x, t in zip(LETTERS, r.texts, strict=True)]
    if r.compute:
        middle = len(r.at) // 2
        columns += ["lowest", "highest", "where q is the posterior"]
        for i, row in enumerate(rows):
            row += [num(v, 4) for v in (r.value[:, i].min(), r.value[:, i].max(),
                                        r.value[middle, i])]  # fmt: skip
    said = "Choose the wrong line under “Your guess”."
    if r.guess:
        said = f"You say {r.guess}. " + ("That is the one. " if right(r) else "That line holds. ")
    if r.reveal or (r.guess and right(r)):
        said += f"{LETTERS[r.wrong]} is wrong. {r.why} {_numbers(r)}"
    elif r.guess:
        said += "Compare the five columns, or sweep the other number. "
    return Table(columns, rows, said)


def _numbers(r: Riddle) -> str:
    """Why, in numbers."""
    wrong, middle = r.value[:, r.wrong], len(r.at) // 2
    if r.kind == "bound":
        over = float((wrong - r.log_p).max())
        far = float(np.abs(wrong - r.elbo).max())
        tail = (f"it passes log p(x) by up to {num(over, 4)}" if over > SAME else
                "it never passes log p(x)")  # fmt: skip
        return f"In this sweep it differs from the ELBO by up to {num(far, 4)} nats, and {tail}."
    if r.kind == "loss":
        return (f"In this sweep its lowest value is at {num(r.at[int(wrong.argmin())], 3)}; the "
                f"others are lowest at {num(r.at[middle], 3)}, the posterior.")  # fmt: skip
    return f"In this sweep its smallest value is {num(float(wrong.min()), 4)}."
