"""The bound of a Gaussian q that the reader drags: densities, ruler, and Jensen's picture."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.evidence_words import say, shown
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Handles,
    Lines,
    Panel,
    Points,
    Rules,
    Scene,
    Text,
)
from dgmlib.figures.table import Table
from dgmlib.latent.bound import CENTRE, WIDTH
from dgmlib.latent.climb import Climb
from dgmlib.latent.evidence import GRID
from dgmlib.latent.line import FORMULAS

Z = np.linspace(-4.2, 4.2, 281)
DEEP = 12.0  # nats below log p(x) that the ruler shows
ROWS = {"kl": 3.0, "split": 2.0, "entropy": 1.0}  # heights of the ruler's arrows
NEAR = 0.02  # of a top, in centre and width together
ROOM = 1.15  # of the density axis, above the posterior and the best Gaussian


def bound_scene(c: Climb) -> list[Scene | Table]:
    """Frame 0 is the reader's q; play, and it climbs to the top of its hill."""
    F = len(c.centre)
    scene = Scene(
        panels=[_densities(c), _ruler(c), _jensen(c)],
        alt="Prior, posterior and a Gaussian q of one latent number; a ruler on which the bound "
        "and its gap add up to log p(x); and the weights of q on the bent curve of the logarithm.",
        frame_values=np.arange(F, dtype=float), frame_label="step up the bound",
        captions=[_said(c, f) for f in range(F)], fps=10.0, columns=5, aspect=1.62,
    )  # fmt: skip
    return [scene, _table(c)]


def normal(centre: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Densities on Z: (..., n)."""
    c, s = np.asarray(centre)[..., None], np.asarray(width)[..., None]
    return np.exp(-0.5 * ((Z - c) / s) ** 2) / (s * np.sqrt(2 * np.pi))


def _densities(c: Climb) -> Panel:
    posterior = np.exp(np.interp(Z, GRID, c.evidence.log_posterior))
    best = normal(c.best.centre[0], c.best.width[0])
    top = ROOM * max(float(posterior.max()), float(best.max()))
    q = np.minimum(normal(c.centre, c.width), 1.02 * top)
    low = -0.13 * top
    grip = Handles(
        xy=np.array([[c.centre[0], 0.5 * low]]), width=c.width[:1], labels=["q"], spoken=True,
        colors=["accent"], axes="x", low=(CENTRE[0], 0.5 * low), high=(CENTRE[1], 0.5 * low),
        width_range=WIDTH, at_most=1, name="q",
    )  # fmt: skip
    return Panel(
        layers=[
            Lines(x=Z, y=posterior[None], names=["posterior p(z | x)"], colors=["target"],
                  fill=True, width=2.5),
            Lines(x=Z, y=normal(np.zeros(()), np.ones(()))[None], names=["prior p(z)"],
                  colors=["muted"], dashes=[True]),
            Lines(x=Z, y=best[None], names=["best Gaussian"],
                  colors=["good"], dashes=[True], width=2.0),
            Lines(x=Z, y=q[:, None], names=["q(z)"], colors=["accent"], width=2.5),
            grip,
        ],
        title=f"What x = {num(c.x)} says about z, with {FORMULAS[c.model.decoder]}",
        x=Axis(label="z", range=(-4.2, 4.2)), y=Axis(range=(low, top)), area=(0, 0, 3, 3),
    )  # fmt: skip


def _ruler(c: Climb) -> Panel:
    """Arrows head to tail: every row ends where the bound ends, the first one at log p(x)."""
    s, F = c.split, len(c.centre)
    p = s.log_p
    ends = np.stack([s.elbo, s.reconstruction, s.log_joint])
    low = max(float(ends.min()), p - DEEP)
    high = max(float(ends.max()), p)
    room = 0.06 * (high - low) + 0.3
    low, high = low - 2 * room, high + room

    def arrow(start, end, row: float, color, name: str) -> Arrows:
        xs = [np.broadcast_to(np.clip(v, low, high), F) for v in (start, end)]
        y = np.full(F, row)
        return Arrows(start=np.stack([xs[0], y], 1)[:, None], end=np.stack([xs[1], y], 1)[:, None],
                      color=color, width=3.0, name=name)  # fmt: skip

    d = [shown(s, f) for f in range(F)]
    at = np.full((F, 1), low + 0.2 * room)
    rows = {
        "kl": [f"log p = {say(v.log_p)} = ELBO {say(v.elbo)} + KL(q‖posterior) {say(v.gap)}"
               for v in d],
        "split": [f"ELBO = E log p(x|z) {say(v.reconstruction)} − KL(q‖prior) {say(v.kl_prior)}"
                  for v in d],
        "entropy": [f"ELBO = E log p(x,z) {say(v.log_joint)} + entropy {say(v.entropy)}"
                    for v in d],
    }  # fmt: skip
    words = [
        Text(xy=np.stack([at[:, 0], np.full(F, ROWS[k] + 0.36)], 1)[:, None],
             text=[[t] for t in rows[k]], anchor="start", size=12.0)
        for k in rows
    ]  # fmt: skip
    return Panel(
        layers=[
            Rules(at=np.array([p]), color="target", dash=False, width=2.5, name="log p(x)"),
            Rules(at=np.clip(s.elbo, low, high)[:, None], color="accent", name="ELBO"),
            arrow(s.elbo, p, ROWS["kl"], "bad", "KL(q‖posterior)"),
            arrow(s.reconstruction, s.elbo, ROWS["split"], 3, "−KL(q‖prior)"),
            arrow(s.log_joint, s.elbo, ROWS["entropy"], 2, "+ entropy"),
            *words,
        ],
        title="The bound and its gap add up, in nats", x=Axis(range=(low, high)),
        y=Axis(range=(0.6, 3.75), hidden=True), area=(0, 3, 3, 2), legend=False,
    )  # fmt: skip


def _deep(c: Climb) -> float:
    """The lower end of Jensen's picture, for the first q."""
    lowest = -float(np.quantile(c.jensen.log_w[0], 0.1))
    return -float(np.clip(1.25 * max(c.split.gap[0], lowest), 1.5, DEEP))


def _jensen(c: Climb) -> Panel:
    """Equally likely z of q on the curve of the logarithm, in units of p(x)."""
    F = len(c.centre)
    first = c.jensen.log_w[0]
    wide = float(np.clip(np.exp(np.quantile(first, 0.97)), 2.5, 8.0))
    deep = _deep(c)
    high = float(np.log(wide)) + 0.4
    x = np.geomspace(np.exp(deep), wide, 160)
    dots = np.clip(c.jensen.log_w, deep, np.log(wide))
    mean_log = np.maximum(-c.split.gap, deep)
    one = np.ones(F)
    below = np.stack([one, mean_log], 1)[:, None]
    return Panel(
        layers=[
            Lines(x=x, y=np.log(x)[None], names=["logarithm"], colors=["ink"], width=2.0),
            Rules(at=mean_log[:, None], axis="y", color="accent", name="mean of the logs"),
            Points(xy=np.stack([np.exp(dots), dots], -1), color="accent", size=4.0, opacity=0.55,
                   name="equally likely z of q"),
            Arrows(start=below, end=np.stack([one, np.zeros(F)], 1)[:, None], color="bad",
                   width=3.0, name="gap: the KL"),
            Points(xy=np.array([[1.0, 0.0]]), color="target", symbol="star", size=8.0, opacity=1.0,
                   name="log of the mean"),
            Points(xy=below, color="accent", symbol="diamond", size=6.0, opacity=1.0),
        ],
        title="Jensen: log mean ≥ mean log",
        x=Axis(label="w = p(x, z) / q(z), in units of p(x)", range=(-0.03 * wide, 1.03 * wide)),
        y=Axis(label="log w − log p(x)", range=(1.04 * deep, high)), area=(3, 0, 2, 5),
    )  # fmt: skip


def _said(c: Climb, f: int) -> str:
    v = shown(c.split, f)
    best = shown(c.best_split)
    who = "Your q" if f == 0 else f"After {f} step{'s' if f > 1 else ''} q"
    said = (
        f"{who} = N({num(c.centre[f])}, {num(c.width[f])}²): ELBO {say(v.elbo)} + KL {say(v.gap)} "
        f"= log p(x) {say(v.log_p)}. The best Gaussian leaves {say(best.gap)}."
    )
    if f == len(c.centre) - 1 and c.split.gap[f] - c.best_split.gap > 1e-3:
        said += f" The climb has ended {say(v.gap - best.gap)} lower: {_where(c)}."
    if -c.split.gap[f] < _deep(c):
        said += " What lies beyond the picture is drawn at its edge."
    return said


def _where(c: Climb) -> str:
    """The end of a climb that is not the best Gaussian: another top, or none."""
    away = np.abs(c.best.centre - c.centre[-1]) + np.abs(c.best.width - c.width[-1])
    lower = c.best.elbo < c.best.elbo[0] - 1e-3
    return "on a lower hill" if (lower & (away < NEAR)).any() else "not at a top yet"


def _table(c: Climb) -> Table:
    last = len(c.centre) - 1
    columns = [("your q", shown(c.split, 0)), (f"after {last} steps", shown(c.split, last)),
               ("best Gaussian", shown(c.best_split))]  # fmt: skip
    names = {
        "log p(x)": "log_p", "ELBO": "elbo", "+ KL(q‖posterior)": "gap",
        "E log p(x | z)": "reconstruction", "− KL(q‖prior)": "kl_prior",
        "E log p(x, z)": "log_joint", "+ entropy of q": "entropy",
    }  # fmt: skip
    widths = [(c.centre[0], c.width[0]), (c.centre[last], c.width[last]),
              (c.best.centre[0], c.best.width[0])]  # fmt: skip
    rows: list[list[str | float]] = [
        [label, *[say(getattr(v, key)) for _, v in columns]] for label, key in names.items()
    ]
    rows.insert(0, ["q: centre ± deviation", *[f"{num(m, 3)} ± {num(s, 3)}" for m, s in widths]])
    e = c.evidence
    return Table(
        ["nats", *[name for name, _ in columns]], rows,
        f"The posterior has mean {num(e.mean, 3)}, deviation {num(e.std, 3)} and "
        f"{len(e.modes)} mode{'s' if len(e.modes) > 1 else ''}. The last digits are rounded so "
        "that sums hold as they stand.",
    )  # fmt: skip
