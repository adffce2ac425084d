"""Terms of the bound, two sums of them, and how much either varies."""

import numpy as np

from dgmlib.diffusion.line_bound import Bound
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Lines, Panel, Path, Points, Scene
from dgmlib.figures.table import Table

SUMS = ("denoising", "consistency")


def bound_scene(b: Bound) -> list[Scene | Table]:
    """Frames are numbers of steps T."""
    scene = Scene(
        panels=[_terms(b), _noise(b), _totals(b), _errors(b)],
        alt="Terms of the bound over time with their exact values; the deviation of each term of "
        "both sums; the bound against the number of steps; and the errors of both sums.",
        frame_values=b.steps, frame_label="steps T",
        captions=[_said(b, f) for f in range(len(b.steps))], start=len(b.steps) - 3, fps=2.0,
        columns=2, aspect=1.6, interpolate=False,
    )  # fmt: skip
    return [scene, _table(b)]


def _padded(rows: list[np.ndarray]) -> np.ndarray:
    """(F, T_max + 1); a short row repeats its last term, so that nothing new is drawn."""
    most = max(len(row) for row in rows)
    return np.stack([np.append(row, np.full(most - len(row), row[-1])) for row in rows])


def _places(b: Bound) -> np.ndarray:
    """(F, T_max + 1): the index of a term, between 0 and 1."""
    return _padded([np.arange(T + 1) / T for T in b.steps])


def _terms(b: Bound) -> Panel:
    x, exact = _places(b), _padded([e.terms for e in b.exact])
    seen = _padded([m.mean[0] for m in b.measured])
    error = _padded([2 * m.error[0] for m in b.measured])
    low, high = (np.stack([x, seen + s * error], -1) for s in (-1, 1))
    bars = np.stack([low, high, np.full_like(low, np.nan)], 2).reshape(len(x), -1, 2)
    top = float(np.nanmax(exact[:, 1:]))
    return Panel(
        layers=[
            Path(xy=bars, color="accent", width=1.5, opacity=0.8, name="± 2 standard errors"),
            Points(xy=np.stack([x, seen], -1), color="accent", size=3.0, name="estimated"),
            Points(xy=np.stack([x, exact], -1), color="target", symbol="ring", size=4.5,
                   opacity=1.0, name="exact"),
        ],
        title="What each denoising term takes away",
        x=Axis(label="place of the term: 0 is log p(x₀|x₁), 1 is the prior", range=(-0.03, 1.03)),
        y=Axis(label="nats", range=(min(float(np.nanmin(exact)), 0.0) - 0.1, max(1.1 * top, 0.2))),
        area=(0, 0, 1, 1),
    )  # fmt: skip


def _noise(b: Bound) -> Panel:
    x = _places(b)
    each = [
        _padded([np.maximum(m.error[k] * b.draws**0.5, 1e-6) for m in b.measured]) for k in (0, 1)
    ]
    inside = [np.flatnonzero((row > 0) & (row < 1)) for row in x]
    shown = [np.append(k, np.full(x.shape[1] - len(k), k[0] if len(k) else 0)) for k in inside]
    x, *inner = (np.take_along_axis(a, np.stack(shown), 1) for a in (x, *each))
    return Panel(
        layers=[
            Points(xy=np.stack([x, y], -1), color=color, symbol=symbol, size=4.0, opacity=0.9,
                   name=name)
            for y, color, symbol, name in zip(
                inner, ("target", "bad"), ("circle", "cross"), SUMS, strict=True)
        ],
        title="How much one draw of a term varies",
        x=Axis(label="place of the term", range=(-0.03, 1.03)),
        y=Axis(label="standard deviation, nats", log=True, range=(1e-5, 5.0)), area=(1, 0, 1, 1),
    )  # fmt: skip


def _totals(b: Bound) -> Panel:
    T = b.steps.astype(float)
    exact = np.array([-e.terms.sum() for e in b.exact])
    model, data = (np.array([getattr(e, n) for e in b.exact]) for n in ("model", "data"))
    values = np.concatenate([exact, model, data])
    low, high = float(values.min()), float(values.max())
    room = 0.12 * (high - low) + 0.02
    return Panel(
        layers=[
            Lines(x=T, y=np.stack([exact, model, data]),
                  names=["the bound", "E log p(x₀), the model", "−entropy of the data"],
                  colors=["accent", "target", "muted"], dashes=[False, False, True], cursor=True),
        ],
        title="The bound, and what it bounds: exact", x=_steps(), area=(0, 1, 1, 1),
        y=Axis(label="nats", range=(low - room, high + room)),
    )  # fmt: skip


def _errors(b: Bound) -> Panel:
    names = [f"{s}, {how}" for how in ("each term alone", "along one path") for s in SUMS]
    y = [[getattr(m, how)[k] for m in b.measured] for how in ("apart", "along") for k in (0, 1)]
    return Panel(
        layers=[
            Lines(x=b.steps.astype(float), y=np.array(y), names=names,
                  colors=["target", "bad", "target", "bad"], dashes=[False, False, True, True],
                  cursor=True),
        ],
        title=f"Standard error of the bound from {b.draws} draws", x=_steps(),
        y=Axis(label="nats", log=True, range=(0.5 * float(np.min(y)), 2 * float(np.max(y)))),
        area=(1, 1, 1, 1),
    )  # fmt: skip


def _steps() -> Axis:
    ticks = [(float(k), str(k)) for k in (2, 5, 10, 20, 50, 80)]
    return Axis(label="steps T", log=True, range=(1.9, 85.0), ticks=ticks)


def _said(b: Bound, f: int) -> str:
    e, m = b.exact[f], b.measured[f]
    return (
        f"T = {b.steps[f]}: the bound is {num(-float(e.terms.sum()), 4)} nats, log p(x₀) of the "
        f"model {num(e.model, 4)}, of the data {num(e.data, 4)}. From {b.draws} draws: denoising "
        f"{_pm(m.total[0], m.along[0])}, consistency {_pm(m.total[1], m.along[1])}, both along "
        "whole paths."
    )


def _pm(value: float, error: float) -> str:
    return f"{num(float(value), 3)} ± {num(float(error), 3)}"


def _table(b: Bound) -> Table:
    rows = [
        [str(T), num(-float(e.terms.sum()), 4), num(e.model, 4), num(e.data, 4),
         *(f"{_pm(m.total[k], m.along[k])} (± {num(float(m.apart[k]), 3)})" for k in (0, 1))]
        for T, e, m in zip(b.steps, b.exact, b.measured, strict=True)
    ]  # fmt: skip
    return Table(
        ["steps T", "bound, exact", "log p, model", "log p, data", "denoising", "consistency"],
        rows,
        f"Nats, means over the data. The last two from the same {b.draws} draws of x₀ and all "
        "noise: ± one standard error along whole paths; in brackets, if every term had draws of "
        "its own.",
    )  # fmt: skip
