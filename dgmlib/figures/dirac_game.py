"""One game of the Dirac-GAN: its players, its phase portrait, its eigenvalues."""

import numpy as np

from dgmlib.figures.dirac_words import color_of, radius, said, symbol_of, table
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Handles,
    Layer,
    Lines,
    Panel,
    Path,
    Points,
    Rules,
    Scene,
    Text,
)
from dgmlib.figures.table import Table
from dgmlib.gan.dirac import State
from dgmlib.gan.dirac_games import GRID, REACH, Played

WIDE = 3.0  # of the phase portrait
OPEN = 80  # the step to open at: by default one turn, and G is not on the data
LOW, HIGH = 1e-3, 30.0  # of the distances that are drawn
TURN = np.linspace(0.0, 2 * np.pi, 121)
CIRCLE = np.stack([np.cos(TURN), np.sin(TURN)], 1)
PLAYED, THEORY = "accent", 2


def game_scene(r: Played) -> list[Scene | Table]:
    """Frames are steps."""
    F = len(r.steps.theta)
    scene = Scene(
        panels=[_portrait(r), _players(r), _distance(r), _eigen(r)],
        alt="The field of the Dirac-GAN with the path of its two players, the data with generator "
        "and discriminator, the distance from the equilibrium, and the eigenvalues of a step.",
        frame_values=np.arange(F, dtype=float), frame_label="step",
        captions=[said(r, n) for n in range(F)], start=min(F - 1, OPEN), fps=20.0,
        columns=5, aspect=1.25,
    )  # fmt: skip
    return [scene, table(r)]


def path_of(w: State) -> np.ndarray:
    """(F, 2)"""
    return np.stack([w.theta, w.psi], 1)


def drawn(r: np.ndarray) -> np.ndarray:
    """Distances for a log axis, a little beyond its ends; nan stays."""
    return np.clip(r, 0.5 * LOW, 2 * HIGH)


def start_handle(theta: float, psi: float) -> Handles:
    return Handles(
        xy=np.array([[theta, psi]]), labels=["start"], colors=["ink"], low=(-REACH, -REACH),
        high=(REACH, REACH), at_most=1, name="start",
    )  # fmt: skip


def equilibrium() -> Points:
    return Points(xy=np.zeros((1, 2)), color="target", symbol="plus", size=8.0, opacity=1.0,
                  name="equilibrium")  # fmt: skip


def _portrait(r: Played) -> Panel:
    at = np.stack(np.meshgrid(GRID, GRID), -1).reshape(-1, 2)
    v = np.stack([r.arrows.d_theta.ravel(), r.arrows.d_psi.ravel()], 1)
    speed = np.hypot(*v.T)[:, None]
    shown = 0.34 * v / np.maximum(speed, 1e-12) * np.sqrt(speed / max(float(speed.max()), 1e-12))
    layers: list[Layer] = [
        Arrows(start=at - 0.5 * shown, end=at + 0.5 * shown, color="muted", width=1.0, opacity=0.8,
               name="where both want to go"),
        equilibrium(),
    ]  # fmt: skip
    if np.isfinite(r.game.clip):
        ends = np.array([-r.game.clip, r.game.clip])
        layers.append(Rules(at=ends, axis="y", color="bad", name="ψ is clipped here"))
    if r.flow is not None:
        layers.append(Path(xy=path_of(r.flow), color="ink", width=1.2, opacity=0.7,
                           name="the flow: infinitely small steps"))  # fmt: skip
    if r.theory is not None:
        label = "closed form, exact" if r.exact else "linear theory, exact near the middle"
        layers.append(Path(xy=path_of(r.theory), trail=True, color=THEORY, width=5.0, opacity=0.45,
                           name=label))  # fmt: skip
    steps = path_of(r.steps)
    layers += [
        Path(xy=steps, trail=True, color=PLAYED, width=2.0, name="played, step by step"),
        start_handle(*steps[0]),
    ]
    return Panel(
        layers=layers, title="Generator θ against discriminator ψ", equal=True,
        x=Axis(label="θ, where the generator puts its point", range=(-WIDE, WIDE)),
        y=Axis(label="ψ, the slope of D", range=(-WIDE, WIDE)), area=(0, 0, 3, 6),
    )  # fmt: skip


def _players(r: Played) -> Panel:
    x = np.array([-WIDE, WIDE])
    theta, psi = r.steps
    zero = np.zeros_like(theta)
    push = np.stack([theta + np.clip(2 * r.push.d_theta, -2, 2), zero], 1)[:, None]
    return Panel(
        layers=[
            Rules(at=np.zeros(1), axis="y", color="muted", width=1.0),
            Lines(x=x, y=(psi[:, None] * x)[:, None], names=["D(x) = ψx"], colors=[0], width=2.5),
            Points(xy=np.zeros((1, 2)), color="target", symbol="star", size=8.0, opacity=1.0,
                   name="data"),
            Arrows(start=np.stack([theta, zero], 1)[:, None], end=push, color=PLAYED, width=2.5),
            Points(xy=np.stack([theta, zero], 1)[:, None], color=PLAYED, symbol="diamond", size=7.0,
                   opacity=1.0, name="G, pushed"),
        ],
        title="The players: D leans, G climbs", x=Axis(label="x", range=(-WIDE, WIDE)),
        y=Axis(range=(-WIDE, WIDE)), area=(3, 0, 2, 2),
    )  # fmt: skip


def _distance(r: Played) -> Panel:
    curves = [radius(r.steps)]
    names, colors, dashes = ["played"], [PLAYED], [False]
    if r.theory is not None:
        curves.append(radius(r.theory))
        names, colors, dashes = [*names, "theory"], [*colors, THEORY], [*dashes, True]
    if r.flow is not None:
        curves.append(radius(r.flow))
        names, colors, dashes = [*names, "flow"], [*colors, "ink"], [*dashes, True]
    n = np.arange(len(curves[0]), dtype=float)
    seen = np.clip(np.array(curves), LOW, HIGH)
    low, high = 0.7 * float(np.nanmin(seen)), 1.4 * float(np.nanmax(seen))
    high = max(high, 10 * low)
    return Panel(
        layers=[Lines(x=n, y=drawn(np.array(curves)), names=names, colors=colors, dashes=dashes,
                      cursor=True)],
        title="Distance from the equilibrium", x=Axis(label="step"),
        y=Axis(log=True, range=(low, high)), area=(3, 2, 2, 2),
    )  # fmt: skip


def _eigen(r: Played) -> Panel:
    layers: list[Layer] = [Path(xy=CIRCLE, color="muted", width=1.5, name="unit circle")]
    far = 1.25
    if r.eigen is None:
        layers.append(Text(xy=np.array([[0.0, 0.15], [0.0, -0.15]]), size=12.0,
                           text=["none: the penalty's pull", "jumps at ψ = 0"]))  # fmt: skip
    else:
        far = max(far, 1.15 * float(np.abs(r.eigen).max()))
        at = np.stack([r.eigen.real, r.eigen.imag], 1)
        layers += [
            Points(
                xy=at, color=color_of(r.eigen), symbol=symbol_of(r.eigen), size=6.0, opacity=1.0
            ),
            Text(xy=np.zeros((1, 2)), text=[f"|λ| = {num(np.abs(r.eigen).max(), 4)}"]),
        ]
    return Panel(
        layers=layers, title="Eigenvalues of a step", equal=True, legend=False,
        x=Axis(range=(-far, far)), y=Axis(range=(-far, far)), area=(3, 4, 2, 2),
    )  # fmt: skip
