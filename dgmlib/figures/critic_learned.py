"""Two critics that learn while the generator stands still, each beside what it can reach."""

import numpy as np

from dgmlib.divergences.mixture1d import log_prob, moments
from dgmlib.figures.critic_perfect import COLORS, densities, short, ticks
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Lines, Panel, Rules, Scene
from dgmlib.figures.table import Table
from dgmlib.gan.learned import Learned
from dgmlib.gan.optimal import LOG_4
from dgmlib.vae.arrays import sigmoid

LOW, HIGH = 1e-4, 30.0  # of the axis of gradients
LOSSES = ["log(1 − D), saturating", "−log D, non-saturating", "−f, Lipschitz critic"]


def learned_scene(r: Learned) -> list[Scene | Table]:
    """Frames are steps of the critics."""
    c = r.course
    scene = Scene(
        panels=[_critic(r), _potential(r), _value(r), _gradients(r)],
        alt="A critic of probabilities and a critic of slopes learn to tell p from a q that stands "
        "still; the value of the first, and the gradient that each sends to the generator.",
        frame_values=c.steps.astype(float), frame_label="steps of both critics",
        captions=[_said(r, f) for f in range(len(c.steps))], start=0, fps=10.0, columns=5,
        aspect=1.62,
    )  # fmt: skip
    return [scene, _table(r)]


def gradients(r: Learned) -> np.ndarray:
    """(3, F) of the three losses of G."""
    return np.stack([r.course.saturating, r.course.non_saturating, r.course.wasserstein])


def limits(r: Learned) -> np.ndarray:
    """(3,) of the best critics."""
    return np.abs([e.value for e in r.truth.pulls])


def _ends(r: Learned) -> tuple[float, float]:
    return float(r.course.x[0]), float(r.course.x[-1])


def _critic(r: Learned) -> Panel:
    x = r.course.x
    return Panel(
        layers=[
            *densities(x, log_prob(r.p, x), log_prob(r.q, x)),
            Lines(x=x, y=sigmoid(r.best_logit)[None], names=["D*, the best"], colors=["good"],
                  dashes=[True]),
            Lines(x=x, y=sigmoid(r.course.logit)[:, None], names=["D, trained"], colors=["ink"],
                  width=2.5),
        ],
        title="A critic of probabilities", x=Axis(range=_ends(r)),
        y=Axis(label="D, densities", range=(0.0, 1.05)), area=(0, 0, 3, 3),
    )  # fmt: skip


def _potential(r: Learned) -> Panel:
    x, f = r.course.x, r.course.potential
    at = int(np.argmin(np.abs(x - moments(r.p).mean)))
    f = f - f[:, at : at + 1]
    low, high = float(r.best_potential.min()), float(r.best_potential.max())
    room = 0.25 * (high - low)
    return Panel(
        layers=[
            Lines(x=x, y=r.best_potential[None], names=["f*, slope ±1"], colors=["good"],
                  dashes=[True]),
            Lines(x=x, y=f[:, None], names=["f, trained with a penalty"], colors=["ink"],
                  width=2.5),
        ],
        title="A critic of slopes (0 at the mean of p)", x=Axis(label="x", range=_ends(r)),
        y=Axis(label="f", range=(low - room, high + room)), area=(0, 3, 3, 2),
    )  # fmt: skip


def _value(r: Learned) -> Panel:
    best = r.truth.value.value
    return Panel(
        layers=[
            Rules(at=np.array([best]), axis="y", color="good", name="exact: −log 4 + 2 JS"),
            Rules(at=np.array([-LOG_4]), axis="y", color="muted", width=1.0, name="−log 4"),
            Lines(x=r.course.steps.astype(float), y=r.course.value[None], names=["V(D)"],
                  colors=["ink"], cursor=True, width=2.0),
        ],
        title="V(D) comes from below, nats", x=Axis(),
        y=Axis(range=(-1.5, max(best, -0.1) + 0.15)), area=(3, 0, 2, 2),
    )  # fmt: skip


def _gradients(r: Learned) -> Panel:
    steps = r.course.steps.astype(float)
    best = np.maximum(limits(r), LOW)
    return Panel(
        layers=[
            *(Rules(at=best[[i]], axis="y", color=COLORS[i]) for i in range(3)),
            Lines(x=steps, y=np.maximum(gradients(r), LOW), names=LOSSES, colors=COLORS,
                  cursor=True, width=2.0),
        ],
        title="|gradient| to G; dashed: the best", x=Axis(label="steps"),
        y=Axis(log=True, range=(LOW, HIGH), ticks=ticks(LOW, HIGH)), area=(3, 2, 2, 3),
    )  # fmt: skip


def _said(r: Learned, f: int) -> str:
    c, t = r.course, r.truth
    g, best = gradients(r)[:, f], limits(r)
    return (
        f"Step {c.steps[f]}: V(D) = {num(c.value[f], 4)} nats, at most {num(t.value.value, 4)}. "
        f"The gradient that reaches G is {short(g[0])} by log(1 − D) ({short(best[0])} with D*), "
        f"{short(g[1])} by −log D ({short(best[1])}), and {short(g[2])} by the Lipschitz critic "
        f"({short(best[2])}), which calls the distance {num(c.estimate[f])}: W₁ is "
        f"{num(t.w1.value)}, K at most {num(c.bound[f])}."
    )


def _table(r: Learned) -> Table:
    c, t, last = r.course, r.truth, len(r.course.steps) - 1
    g, best = gradients(r), limits(r)
    rows = [["V(D), nats", num(c.value[0], 4), num(c.value[last], 4), num(t.value.value, 4)]]
    rows += [[f"|gradient| by {n}", short(g[i, 0], 4), short(g[i, last], 4), short(best[i], 4)]
             for i, n in enumerate(LOSSES)]  # fmt: skip
    rows += [
        ["E_p f − E_q f", num(c.estimate[0], 4), num(c.estimate[last], 4),
         f"{num(t.w1.value, 4)} (W₁)"],
        ["K, certified", num(c.bound[0], 4), num(c.bound[last], 4), "1"],
        ["(E_p f − E_q f) / K ≤ W₁", num(c.estimate[0] / c.bound[0], 4),
         num(c.estimate[last] / c.bound[last], 4), f"{num(t.w1.value, 4)} (W₁)"],
    ]  # fmt: skip
    return Table(
        ["", "before", f"after {c.steps[last]} steps", "best possible"], rows,
        "Averages are integrals, not sums over samples. The penalty asks for slopes near 1 and "
        "does not enforce them: estimate and gradient may exceed W₁ and 1, never K W₁ and K.",
    )  # fmt: skip
