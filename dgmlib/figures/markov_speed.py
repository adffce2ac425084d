"""The scene of how fast a finite chain forgets its start, with bounds; frames are its laziness."""

import numpy as np

from dgmlib.figures.markov_graph import matrix_panel, num
from dgmlib.figures.scene import Axis, Color, Lines, Panel, Path, Points, Rules, Scene, Text
from dgmlib.markov.forgetting import MIXED, Forgetting

FLOOR = 1e-6  # of a distance that is drawn


def speed_scene(f: Forgetting) -> Scene:
    """Distances with their bounds on a log axis, eigenvalues and mixing time."""
    captions = [_told(f, k) for k in range(len(f.lazy))]
    panels = [_distances(f), _disc(f), matrix_panel(f.chain.P, area=(0, 3, 3, 2)), _mixing(f)]
    return Scene(
        panels=panels,
        alt="Distance from the stationary distribution over time with bounds, and the eigenvalues "
        f"of a Markov chain ({f.chain.about}), as it is made lazier. {captions[0]}",
        frame_values=f.lazy, frame_label="laziness a", captions=captions,
        fps=6.0, columns=6, aspect=1.3,
    )  # fmt: skip


def _distances(f: Forgetting) -> Panel:
    curves: list[tuple[str, np.ndarray, Color, bool]] = []
    if f.unique:
        curves.append(("from π, d(t)", f.d, "ink", False))
    curves.append(("two starts apart, d̄(t)", f.dd, 0, False))
    curves.append(("Dobrushin bound", f.dobrushin, 0, True))
    if f.reversible:
        curves.append(("spectral bound", f.spectral, "accent", True))
    names, ys, colors, dashes = zip(*curves, strict=True)
    y = np.stack(ys, axis=1)  # (F, L, T + 1)
    return Panel(layers=[
        Rules(at=np.array([MIXED]), axis="y", name="¼"),
        Lines(x=np.arange(y.shape[-1]), y=np.where(y > FLOOR, y, np.nan), names=names,
              colors=colors, dashes=dashes),
    ], title="Total variation from the worst start", x=Axis(label="t"),
       y=Axis(log=True, range=(FLOOR, 3.0)), area=(0, 0, 3, 3))  # fmt: skip


def _disc(f: Forgetting) -> Panel:
    angle = np.linspace(0, 2 * np.pi, 97)
    unit = np.stack([np.cos(angle), np.sin(angle)], 1)
    second = (1 - f.gap)[:, None, None] * unit  # (F, 97, 2)
    xy = np.stack([np.real(f.values), np.imag(f.values)], -1)  # (F, n, 2)
    return Panel(layers=[
        Path(xy=unit, color="muted", width=1.25),
        Path(xy=second, color="accent", dash=True, width=1.5, name="|λ₂|"),
        Points(xy=xy[:, 1:], color=0, size=5.5, opacity=0.9, name="eigenvalues"),
        Points(xy=xy[:, :1], color="ink", symbol="diamond", size=5.5, name="λ = 1"),
    ], title="Eigenvalues in the unit disc", equal=True, area=(3, 0, 3, 3),
       x=Axis(label="real part", range=(-1.15, 1.15)),
       y=Axis(label="imaginary part", range=(-1.15, 1.15)))  # fmt: skip


def _mixing(f: Forgetting) -> Panel:
    time = np.where(np.isfinite(f.mixing), np.maximum(f.mixing, 1), np.nan)
    known = bool(np.isfinite(time).any())
    curve = Lines(x=f.lazy, y=time[None], names=["mixing time"], colors=["ink"], cursor=True)
    note = Text(xy=np.array([[0.475, 3.0]]), text=["never"])
    return Panel(
        layers=[curve] if known else [curve, note], title="Steps until d(t) ≤ ¼", legend=False,
        x=Axis(label="laziness a"), y=Axis(log=True, range=None if known else (1.0, 10.0)),
        area=(3, 3, 3, 2),
    )  # fmt: skip


def _told(f: Forgetting, k: int) -> str:
    T, a, gap = f.dd.shape[1] - 1, num(f.lazy[k]), f.gap[k]
    head = f"Laziness a = {a}: |λ₂| = {num(1 - gap, 4)}, gap {num(gap, 4)}; "
    if not f.unique:
        return (
            f"{head}two starts are {num(f.dd[k, -1])} apart at t = {T}. There is more than one "
            "recurrent class, so no laziness makes it forget its start."
        )
    t = f.mixing[k]
    steps = f"d(t) ≤ ¼ from t = {_size(t)}" if np.isfinite(t) else "d(t) never falls to ¼"
    said = f"{head}d({T}) = {_size(f.d[k, -1])}; {steps}."
    if k == 0 and f.period > 1:
        said += f" Its period is {f.period}: any laziness cures that."
    if not f.reversible:
        why = "Not reversible" if f.irreducible else "Not irreducible"
        said += f" {why}: the spectral bound does not apply."
    return said


def _size(value: float) -> str:
    """A distance or a number of steps: plain digits, or a power of ten."""
    if value < 1e-12:
        return "less than 10⁻¹²"
    if 0.001 <= value < 1e6:
        return f"{value:,.0f}" if value >= 1 else num(value)
    digits, power = f"{value:.1e}".split("e")
    sign = "⁻" if power.startswith("-") else ""
    return f"{digits}·10{sign}{''.join('⁰¹²³⁴⁵⁶⁷⁸⁹'[int(d)] for d in power[1:].lstrip('0'))}"
