"""EM as ascent of one bound: the curve that q lifts, the theta that walks along it."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.evidence_words import adding_up, say
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Ellipses,
    Handles,
    Layer,
    Lines,
    Panel,
    Path,
    Points,
    Rules,
    Scene,
)
from dgmlib.figures.table import Table
from dgmlib.latent import loading, mixture
from dgmlib.latent.coordinate import E_STEPS, ENDS, KINDS, Ascent

SYMBOL = {"mixture: a mean": "θ, the right mean", "mixture: a weight": "θ, the right weight",
          "one loading": "θ, the first loading"}  # fmt: skip
FALL = 1e-9  # nats; less is rounding


def em_scene(a: Ascent) -> list[Scene | Table]:
    """Frames are half-steps: start, E, M, E, M, ..."""
    F = len(a.theta)
    scene = Scene(
        panels=[_curve(a), _stairs(a), _data(a), _latents(a)],
        alt="The log-likelihood of one unknown with the bound below it, touching after a whole E "
        "step; both along the half-steps; the data with the model; and q against the posterior.",
        frame_values=np.arange(F, dtype=float), frame_label="half-step",
        captions=[_said(a, f) for f in range(F)], fps=1.5, columns=5, aspect=1.6,
    )  # fmt: skip
    return [scene, _table(a)]


def _curve(a: Ascent) -> Panel:
    low_end, high_end = ENDS[a.kind]
    top = float(a.log_p.max())
    low = min(float(a.bound[: min(3, len(a.bound))].min()), float(a.value.min()))
    low = max(low - 0.3 * (top - low), top - 500.0) - 1.0
    high = top + 0.1 * (top - low)
    here = np.stack([a.theta, np.maximum(a.bound, low)], 1)[:, None]
    above = np.stack([a.theta, a.value], 1)[:, None]
    grip = low + 0.06 * (high - low)
    curves = np.stack([np.broadcast_to(a.log_p, a.curve.shape), a.curve], 1)  # (F, 2, T)
    return Panel(
        layers=[
            Lines(x=a.grid, y=np.where(curves >= low, curves, np.nan),
                  names=["log p(X | θ)", "the bound F(q, θ) of q now"], colors=["target", "accent"],
                  dashes=[False, False], width=2.5),
            Arrows(start=here, end=above, color="bad", width=3.0, name="gap: KL(q‖posterior)"),
            Points(xy=here, color="accent", size=6.5, opacity=1.0, name="where EM is"),
            Handles(xy=np.array([[a.theta[0], grip]]), labels=["start"], spoken=True,
                    colors=["ink"], axes="x", low=(low_end, grip), high=(high_end, grip),
                    at_most=1, name="start"),
        ],
        title="E lifts the curve to the likelihood, M walks to its top"
        if a.e_step == E_STEPS[0] else "E lifts the curve, M walks to its top",
        x=Axis(label=SYMBOL[a.kind], range=(low_end, high_end)),
        y=Axis(label="nats", range=(low, high)), area=(0, 0, 3, 3),
    )  # fmt: skip


def _stairs(a: Ascent) -> Panel:
    F = len(a.theta)
    both = np.stack([a.value, a.bound])
    low = float(both[:, 1:].min())  # the start may lie far below
    top = a.top[1]
    room = max(0.06 * (top - low), 1e-3)
    return Panel(
        layers=[
            Rules(at=np.array([top]), axis="y", color="muted", name="highest log p(X | θ)"),
            Lines(x=np.arange(F, dtype=float), y=np.maximum(both, low - 5 * room),
                  names=["log p(X | θ)", "bound F"], colors=["target", "accent"],
                  dashes=[False, False], cursor=True),
        ],
        title="The bound never falls", x=Axis(label="half-step"),
        y=Axis(range=(low - room, top + room)), area=(0, 3, 3, 2), legend=False,
    )  # fmt: skip


def _data(a: Ascent) -> Panel:
    if a.kind == KINDS[2]:
        w = np.stack([a.theta, np.ones_like(a.theta)], 1)  # (F, 2)
        cov = w[:, :, None] * w[:, None, :] + loading.NOISE**2 * np.eye(2)
        line = np.stack([-3 * w, 3 * w], 1)
        reconstructed = a.q[:, :, None] * w[:, None, :]  # (F, n, 2)
        layers: list[Layer] = [
            Points(xy=a.x, color="ink", size=3.5, name="x"),
            Ellipses(mean=np.zeros((len(w), 1, 2)), cov=cov[:, None], colors=["target"],
                     name="the model, 1 and 2 sd"),
            Path(xy=line, color="accent", width=2.0, name="the line w z"),
            Points(xy=reconstructed, color="accent", size=3.0, opacity=0.7, name="w E_q[z]"),
        ]  # fmt: skip
        return Panel(layers=layers, title="The data and the model", x=Axis(range=(-5, 5)),
                     y=Axis(range=(-4, 4)), area=(3, 0, 2, 3), equal=True)  # fmt: skip
    t = np.linspace(-6, 6, 121)
    unknown = mixture.MEAN if a.kind == KINDS[0] else mixture.WEIGHT
    p = mixture.params(unknown, a.theta)
    each = p.weight[:, :, None] * np.exp(-0.5 * (t - p.mean) ** 2) / np.sqrt(2 * np.pi)
    r = a.q
    y = -0.03 - 0.05 * (np.arange(len(a.x)) % 3)
    xy = np.stack([a.x[:, 0], y], 1)
    return Panel(
        layers=[
            Lines(x=t, y=each, names=["left component", "right component"], colors=[0, 1]),
            Lines(x=t, y=each.sum(1), names=["p(x | θ)"], colors=["target"], fill=True),
            Points(xy=xy, weights=np.stack([1 - r, r], -1), size=4.0, opacity=0.9,
                   name="x, coloured by q"),
        ],
        title="The data and the model", x=Axis(label="x", range=(-6, 6)),
        y=Axis(range=(-0.18, 0.5), ticks=[(0, "0"), (0.2, "0.2"), (0.4, "0.4")]),
        area=(3, 0, 2, 3),
    )  # fmt: skip


def _latents(a: Ascent) -> Panel:
    discrete = a.kind != KINDS[2]
    low, high = (-0.05, 1.05) if discrete else (-3.2, 3.2)
    name = "q(z = right)" if discrete else "mean of q(z)"
    return Panel(
        layers=[
            Path(xy=np.array([[low, low], [high, high]]), color="muted", dash=True,
                 name="q agrees with the posterior"),
            Points(xy=np.clip(np.stack([a.posterior, a.q], -1), low, high), color="accent",
                   size=4.0, opacity=0.7, name="each point"),
        ],
        title="Each point's q and its posterior",
        x=Axis(label="posterior" if discrete else "posterior mean", range=(low, high)),
        y=Axis(label=name, range=(low, high)), area=(3, 3, 2, 2), legend=False,
    )  # fmt: skip


def what(f: int) -> str:
    """The half-step that led to frame f."""
    return "Start" if f == 0 else f"{'E' if f % 2 else 'M'} step {(f + 1) // 2}"


def _said(a: Ascent, f: int) -> str:
    v = adding_up(a.value[f], a.gap[f], 0.0, 0.0)
    said = (
        f"{what(f)}: θ = {num(a.theta[f], 3)}. Bound {say(v.elbo)} + gap {say(v.gap)} = "
        f"log p(X | θ) {say(v.log_p)}."
    )
    if f % 2:
        same = (a.q[f] == a.q[f - 1]).all() and a.spread[f, 0] == a.spread[f - 1, 0]
        rose = say(max(a.bound[f] - a.bound[f - 1], 0.0))
        said += " q stays." if same else f" q moved: the bound rose by {rose}."
    elif f:
        change = a.value[f] - a.value[f - 1]
        if a.theta[f] == a.theta[f - 1]:
            said += " θ stays."
        elif change < -FALL:
            said += f" θ moved: the bound rose, the likelihood FELL by {say(-change)}."
        else:
            said += f" θ moved: the likelihood rose by {say(max(change, 0.0))}."
    if a.theta[f] in ENDS[a.kind]:
        said += " θ is at the end of its range."
    return said


def _table(a: Ascent) -> Table:
    F = len(a.theta)
    rows: list[list[str | float]] = []
    for f in sorted({0, 1, 2, 3, 4, F - 2, F - 1}):
        v = adding_up(a.value[f], a.gap[f], 0.0, 0.0)
        rows.append([what(f), num(a.theta[f], 4), say(v.elbo), say(v.gap), say(v.log_p)])
    theta, top = a.top
    fell = np.diff(a.value)[1::2]
    count = int((fell < -FALL).sum())
    falls = "The likelihood never fell."
    if count:
        much = say(-fell[fell < -FALL].sum())
        falls = f"The likelihood fell in {count} of {len(fell)} M steps, by {much} in all; "
        falls += "the bound never did."
    end = ""
    if a.kind == KINDS[2] and a.e_step != E_STEPS[0]:
        own, true = a.spread[-1]
        end = f" At the end q has deviation {num(own, 3)}, the posterior {num(true, 3)}."
    return Table(
        ["", "θ", "bound", "+ gap", "= log-likelihood"], rows,
        f"{falls} The highest log p(X | θ) is {num(top, 4)}, at θ = {num(theta, 3)}."
        f"{end}",
    )  # fmt: skip
