"""Four learners of an energy: their densities, the two forces on it, and what they reach."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Arrows, Axis, Bars, Layer, Lines, Panel, Rules, Scene
from dgmlib.figures.table import Table
from dgmlib.scores.forces import CHAINS, STEPS, Forces, Learner

Area = tuple[int, int, int, int]
COLORS = {"exact": "good", "cd": "bad", "persistent": 0, "long": 4}
ARROWS, LONGEST = 11, 2.2  # on the energy; length of the longest in units of the energy
BINS = 40


def title(r: Learner) -> str:
    return {"exact": "exact", "cd": f"CD-{r.k}", "persistent": f"persistent-{r.k}",
            "long": f"anywhere-{r.k}"}[r.how]  # fmt: skip


def forces_scene(s: Forces) -> list[Scene | Table]:
    """Frames are steps of learning."""
    every = list(s.learners.values())
    scene = Scene(
        panels=[
            *(density(s, r, (3 * i, 0, 3, 2)) for i, r in enumerate(every)),
            *(landscape(s, s.learners[h], (4 * i, 2, 4, 2)) for i, h in enumerate(("exact", "cd"))),
            likelihoods(s, (8, 2, 4, 2)),
        ],
        alt="Four densities that learn the same data by an energy: with the exact force, and with "
        "chains from the data, from where they ended, and from anywhere; the energy with the two "
        f"forces on it; and the log-likelihood. {caption(s, STEPS - 1)}",
        frame_values=np.arange(STEPS), frame_label="step of learning",
        captions=[caption(s, f) for f in range(STEPS)], start=12, fps=8.0, columns=12, aspect=1.6,
    )  # fmt: skip
    return [scene, table(s)]


def density(s: Forces, r: Learner, area: Area) -> Panel:
    edges = np.linspace(s.x[0], s.x[-1], BINS + 1)
    width = float(edges[1] - edges[0])
    layers: list[Layer] = [Lines(x=s.x, y=s.density[None], names=["data"], colors=["target"],
                                 fill=True, width=1.5)]  # fmt: skip
    if r.chains.size:
        counts = np.stack([np.histogram(c, edges)[0] for c in r.chains])
        layers.append(
            Bars(x=0.5 * (edges[1:] + edges[:-1]), height=counts / (CHAINS * width), width=width,
                 color=COLORS[r.how], opacity=0.35)
        )  # fmt: skip
    layers.append(Lines(x=s.x, y=r.density[:, None], names=["model"], colors=[COLORS[r.how]],
                        width=2.5))  # fmt: skip
    return Panel(
        layers=layers, title=title(r), x=Axis(label="x", range=(s.x[0], s.x[-1])),
        y=Axis(range=(0.0, 1.0)), area=area,
    )  # fmt: skip


def landscape(s: Forces, r: Learner, area: Area) -> Panel:
    """Arrows begin on the energy; both kinds have one scale, so that what is left over is seen."""
    at = np.linspace(8, len(s.x) - 9, ARROWS).round().astype(int)
    scale = LONGEST / float(np.abs(np.stack([s.pull[at], *s.learners["exact"].push[:, at]])).max())
    f = r.energy - r.energy.min(1, keepdims=True)
    base, shift = f[:, at], 0.012 * (s.x[-1] - s.x[0])

    def arrows(force: np.ndarray, right: float, color: str, name: str) -> Arrows:
        x = np.broadcast_to(s.x[at] + right, base.shape)
        end = base + scale * np.broadcast_to(force[..., at], base.shape)
        return Arrows(start=np.stack([x, base], -1), end=np.stack([x, end], -1), color=color,
                      width=2.2, name=name)  # fmt: skip

    return Panel(
        layers=[
            Lines(x=s.x, y=f[:, None], names=["energy f − min f"], colors=["ink"], width=2.0),
            arrows(s.pull, -shift, "target", "pull: data"),
            arrows(r.push, shift, COLORS[r.how], f"push: {title(r)}"),
            *([] if r.how == "exact" else [arrows(r.right_push, 3 * shift, "good", "push: exact")]),
        ],
        title=f"Energy and forces, {title(r)}", x=Axis(label="x", range=(s.x[0], s.x[-1])),
        y=Axis(range=(-2.5, 7.0)), area=area,
    )  # fmt: skip


def likelihoods(s: Forces, area: Area) -> Panel:
    y = np.stack([r.log_likelihood for r in s.learners.values()])
    low = max(float(y.min()), s.best - 2.0)
    return Panel(
        layers=[
            Rules(at=np.array([s.best]), axis="y", color="target", name="the data's own density"),
            Lines(x=np.arange(STEPS, dtype=float), y=y,
                  names=[title(r) for r in s.learners.values()],
                  colors=[COLORS[h] for h in s.learners], dashes=[h == "exact" for h in s.learners],
                  cursor=True),
        ],
        title="Log-likelihood, exact", x=Axis(label="step of learning"),
        y=Axis(label="nats", range=(low - 0.05, s.best + 0.1)), area=area,
    )  # fmt: skip


def bias(r: Learner, f: int) -> float:
    """How far the push that is used is from the exact one at the same theta."""
    return float(np.linalg.norm(r.used[f] - r.right[f]))


def chance(r: Learner, f: int) -> float:
    """How far off that many chains would be on average, were they from the model."""
    return float(np.linalg.norm(r.error[f]))


def caption(s: Forces, f: int) -> str:
    each = "; ".join(
        f"{title(r)} {num(r.log_likelihood[f], 3)}"
        + ("" if r.how == "exact" else f" (push {num(bias(r, f))} off, chance {num(chance(r, f))})")
        for r in s.learners.values()
    )
    left = float(np.linalg.norm(s.learners["exact"].used[f] - s.mean))
    return (
        f"Step {f} of learning. Log-likelihood in nats: {each}; the data's own density "
        f"{num(s.best, 3)}. Exact pull and push together: {num(left, 3)}."
    )


def table(s: Forces) -> Table:
    """Per feature, at the last step of each learner."""
    rows = [
        [title(r), num(r.log_likelihood[-1], 3),
         *(num(a, 3) if r.how == "exact" else f"{num(a, 3)} ± {num(e, 3)} ({num(b, 3)})"
           for a, e, b in zip(r.used[-1], r.error[-1], r.right[-1], strict=True))]
        for r in s.learners.values()
    ]  # fmt: skip
    rows.append(["data", num(s.best, 3), *(num(v, 3) for v in s.mean)])
    names = [f"E {n}".replace("^2", "²").replace("^3", "³") for n in s.features]
    return Table(
        ["push by", "log-likelihood", *names], rows,
        "Means of the features after the last step: as used, with a standard error, and in "
        "brackets exactly, for the same energy. Learning ends where those used equal the data's.",
    )  # fmt: skip
