"""The Dirac-GAN at every step size, and with every remedy."""

import numpy as np

from dgmlib.figures.dirac_game import (
    CIRCLE,
    HIGH,
    LOW,
    WIDE,
    drawn,
    equilibrium,
    start_handle,
)
from dgmlib.figures.dirac_words import size, verdict
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import (
    Axis,
    Layer,
    Lines,
    Panel,
    Path,
    Points,
    Rules,
    Scene,
    Symbol,
    Text,
)
from dgmlib.figures.table import Table
from dgmlib.gan.dirac_many import RATES, REMEDIES, Remedied, Sized

ORDERS = ["simultaneous", "in turns"]
SYMBOLS: list[Symbol] = ["circle", "square", "diamond", "triangle", "cross", "ring", "star"]
FAR = 2.2  # of the eigenvalues that are drawn
TICKS = [(0.02, "0.02"), (0.1, "0.1"), (0.5, "0.5"), (1.0, "1"), (2.0, "2"), (5.0, "5")]


def sizes_scene(r: Sized) -> list[Scene | Table]:
    """Frames are step sizes."""
    scene = Scene(
        panels=[_paths(r), _eigen(r), _growth(r)],
        alt="The paths of simultaneous and alternating steps of one size, the eigenvalues of both "
        "in the complex plane with the unit circle, and their size against the step size.",
        frame_values=RATES, frame_label="step size h", start=20,
        captions=[_sized(r, f) for f in range(len(RATES))], fps=10.0, columns=5, aspect=1.5,
    )  # fmt: skip
    return [scene, _sizes_table(r)]


def _paths(r: Sized) -> Panel:
    paths = r.paths
    layers: list[Layer] = [equilibrium()]
    for k, name in enumerate(ORDERS):
        layers += [
            Path(xy=paths[:, k], color=k, width=1.2, opacity=0.7),
            Points(xy=paths[:, k], color=k, size=3.0, opacity=0.8, name=name,
                   symbol="circle" if k == 0 else "square"),
        ]  # fmt: skip
    return Panel(
        layers=[*layers, start_handle(*r.paths[0, 0, 0])],
        title=f"{r.paths.shape[2] - 1} steps of size h", equal=True,
        x=Axis(label="θ", range=(-WIDE, WIDE)), y=Axis(label="ψ", range=(-WIDE, WIDE)),
        area=(0, 0, 3, 6),
    )  # fmt: skip


def _eigen(r: Sized) -> Panel:
    layers: list[Layer] = [Path(xy=CIRCLE, color="muted", width=1.5)]
    if r.eigen is None:
        layers.append(Text(xy=np.array([[0.0, 0.2], [0.0, -0.2]]), size=12.0,
                           text=["none: the penalty's pull", "jumps at ψ = 0"]))  # fmt: skip
    else:
        at = np.clip(np.stack([r.eigen.real, r.eigen.imag], -1), -1.5 * FAR, 1.5 * FAR)
        for k, name in enumerate(ORDERS):
            layers += [
                Points(xy=at[:, k].reshape(-1, 2), color=k, size=1.5, opacity=0.5),
                Points(xy=at[:, k], color=k, size=8.0 - 4.0 * k, opacity=1.0, name=name,
                       symbol="circle" if k == 0 else "square"),
            ]  # fmt: skip
    return Panel(
        layers=layers, title="Eigenvalues of a step", equal=True,
        x=Axis(range=(-FAR, FAR)), y=Axis(range=(-FAR, FAR)), area=(3, 0, 2, 3), legend=False,
    )  # fmt: skip


def _growth(r: Sized) -> Panel:
    layers: list[Layer] = [Rules(at=np.ones(1), axis="y", color="muted")]
    if r.eigen is not None:
        most = np.abs(r.eigen).max(-1).T  # (2, R)
        layers.append(Lines(x=RATES, y=np.minimum(most, 10.0), names=ORDERS, colors=[0, 1],
                            dashes=[False, True], cursor=True))  # fmt: skip
        if RATES[0] < r.limit < RATES[-1]:
            layers.append(
                Rules(at=np.array([r.limit]), color=0, name="simultaneous: largest h that shrinks")
            )
    return Panel(
        layers=layers, title="Growth per step |λ|: < 1 shrinks",
        x=Axis(label="step size h", log=True, range=(RATES[0], RATES[-1]), ticks=TICKS),
        y=Axis(range=(0.0, FAR)), area=(3, 3, 2, 3),
    )  # fmt: skip


def _sized(r: Sized, f: int) -> str:
    far = np.hypot(*r.paths[f, :, -1].T)
    said = f"h = {num(RATES[f], 3)}. After {r.paths.shape[2] - 1} steps: "
    parts = []
    for k, name in enumerate(ORDERS):
        part = f"{name} {size(float(far[k]))} away" if far[k] < 100 else f"{name} gone"
        if r.eigen is not None:
            part += f" (|λ| = {num(np.abs(r.eigen[f, k]).max(), 4)})"
        parts.append(part)
    return said + "; ".join(parts) + "."


def _sizes_table(r: Sized) -> Table:
    at = [int(np.argmin(np.abs(RATES - h))) for h in (0.1, 0.5, 1.0, 2.0, 4.0)]
    rows: list[list[str | float]] = []
    for k, name in enumerate(ORDERS):
        far = np.hypot(*r.paths[at, k, -1].T)
        rows.append([f"{name}: distance", *(size(float(d)) if d < 100 else "gone" for d in far)])
        if r.eigen is not None:
            rows.append([f"{name}: |λ|", *(num(np.abs(r.eigen[f, k]).max(), 4) for f in at)])
    limit = "The two-sided penalty has no linear theory."
    if r.eigen is not None:
        limit = (
            f"Simultaneous steps shrink near (0, 0) below h = {num(r.limit, 4)}."
            if r.limit > 0
            else "Simultaneous steps of no size shrink near (0, 0)."
        )
    return Table(["", *(f"h = {num(RATES[f], 2)}" for f in at)], rows, limit)


def remedies_scene(r: Remedied) -> list[Scene | Table]:
    """Frames are steps."""
    F, N = r.paths.shape[:2]
    paths = r.paths
    far = np.hypot(r.paths[..., 0], r.paths[..., 1])  # (F, N)
    portrait = Panel(
        layers=[
            equilibrium(),
            *(Path(xy=paths[:, k], trail=True, color=k, width=2.0, dash=k == N - 1)
              for k in range(N)),
            *(Points(xy=paths[:, [k]], color=k, symbol=SYMBOLS[k], size=5.0, opacity=1.0,
                     name=r.names[k]) for k in range(N)),
            start_handle(*r.paths[0, 0]),
        ],
        title="One start, one step size, seven ways", equal=True,
        x=Axis(label="θ", range=(-WIDE, WIDE)), y=Axis(label="ψ", range=(-WIDE, WIDE)),
        area=(0, 0, 3, 5),
    )  # fmt: skip
    distance = Panel(
        layers=[Lines(x=np.arange(F, dtype=float), y=drawn(far.T), names=r.names,
                      colors=list(range(N)), dashes=[k == N - 1 for k in range(N)], cursor=True)],
        title="Distance from the equilibrium", x=Axis(label="step"),
        y=Axis(log=True, range=(LOW, HIGH)), area=(3, 0, 2, 5),
    )  # fmt: skip
    said = [
        f"Step {n}: " + ", ".join(f"{name} {size(float(d)) if d < 100 else 'gone'}"
                                  for name, d in zip(r.names, far[n], strict=True)) + "."
        for n in range(F)
    ]  # fmt: skip
    scene = Scene(
        panels=[portrait, distance],
        alt="Seven paths of the Dirac-GAN from one start, one for each remedy, and their distances "
        "from the equilibrium against the step.",
        frame_values=np.arange(F, dtype=float), frame_label="step", captions=said, start=F // 4,
        fps=20.0, columns=5, aspect=1.5,
    )  # fmt: skip
    strength = [*REMEDIES.values(), 0.0]
    what: dict[str, str] = dict(
        zip(REMEDIES, ["", "r = ", "g = ", "c = ", "σ = ", "k = "], strict=True)
    )
    rows: list[list[str | float]] = [
        [name, f"{what[name]}{s:g}" if what.get(name) else "–",
         "none" if np.isnan(g) else num(g, 4), size(float(d)) if d < 100 else "gone",
         verdict(None if np.isnan(g) else np.array([g]))]
        for name, s, g, d in zip(r.names, strength, r.growth, far[-1], strict=True)
    ]  # fmt: skip
    head = ["", "strength", "|λ| of a step", f"distance after {F - 1}", "near (0, 0) it"]
    return [scene, Table(head, rows, "|λ| is exact; it speaks of small distances only.")]
