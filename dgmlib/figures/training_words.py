"""Sentences about a game, and the curves beside it."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Band, Layer, Lines, Panel, Rules
from dgmlib.figures.training_plane import push
from dgmlib.gan.methods import LOSS
from dgmlib.gan.watched import Watched, total

Area = tuple[int, int, int, int]
WHO = {"": "Before the first move", "both": "Both play", "critic": "D alone moves",
       "generator": "G alone moves"}  # fmt: skip
BLIND = {
    "saturating": 2 * np.log(2),
    "non-saturating": 2 * np.log(2),
    "least-squares": 0.25,
    "wasserstein": 0.0,
}  # D's loss when it answers alike everywhere, as well as it can
FAINT = 1e-9  # of a push that is drawn


def caption(w: Watched, f: int) -> str:
    """What a frame shows, in numbers."""
    d, g = int(w.critic_moves[f]), int(w.generator_moves[f])
    losses = [f"{who}'s loss {tiny(float(x[f]))}" for who, x in
              (("D", w.critic_loss), ("G", w.generator_loss)) if np.isfinite(x[f])]  # fmt: skip
    parts = [found(w, f), *losses, f"mean push {tiny(float(push(w.arrows[f]).mean()))}"]
    return f"{WHO[str(w.who[f])]}; {d:,} moves of D, {g:,} of G. {', '.join(parts)}."


def found(w: Watched, f: int) -> str:
    """W2 beside what perfect samples would get, and the modes."""
    low, high = float(w.floors.min()), float(w.floors.max())
    words = f"W2 {num(float(w.w2[f]))} (data from data: {num(low)} to {num(high)})"
    if w.data.centres is None:
        return words
    share = float(w.share[f])
    return f"{words}, {int(w.modes[f])} of {len(w.data.centres)} modes, {share:.0%} near one"


def tiny(x: float) -> str:
    """Two decimals, or a power of ten where these would be zeros."""
    return num(x) if abs(x) >= 0.01 or x == 0 else f"{x:.0e}".replace("-", "−")


def losses(w: Watched, area: Area) -> Panel:
    return Panel(
        layers=[
            Rules(at=np.array([BLIND[LOSS[w.method]]]), axis="y", color="muted", name="blind"),
            Lines(x=total(w), y=np.stack([w.critic_loss, w.generator_loss]), names=["D", "G"],
                  colors=["ink", 1], dashes=[False, True], cursor=True),
        ],
        title="Losses", x=Axis(hidden=True), area=area,
    )  # fmt: skip


def distance(games: dict[str, Watched], area: Area) -> Panel:
    """W2 of each game over its frames, above the band of data from data."""
    first = next(iter(games.values()))
    x = total(first)
    low, high = (np.full(len(x), f(first.floors)) for f in (np.min, np.max))
    layers: list[Layer] = [
        Band(x=x, low=low, high=high, color="target", opacity=0.3, name="data from data"),
        _curves(x, {name: w.w2 for name, w in games.items()}),
    ]
    top = 1.05 * max(float(w.w2.max()) for w in games.values())
    return Panel(
        layers=layers, title="W2 to the data", x=Axis(hidden=True), area=area,
        y=Axis(range=(0.0, max(top, float(high[0])))),
    )  # fmt: skip


def coverage(games: dict[str, Watched], area: Area) -> Panel | None:
    """Modes covered and samples near one, as parts of all; None where there is nothing to count."""
    first = next(iter(games.values()))
    if first.data.centres is None:
        return None
    k, few = len(first.data.centres), len(games) == 1
    curves: dict[str, np.ndarray] = {}
    for name, w in games.items():
        curves[f"modes, of {k}" if few else name] = w.modes / k
        if few:
            curves["samples near one"] = w.share
    return Panel(
        layers=[_curves(total(first), curves)],
        title="Part covered" if few else f"Part of {k} modes covered",
        x=Axis(label="moves of both" if few else f"moves of {next(iter(games))}"), area=area,
        y=Axis(range=(-0.03, 1.05)),
    )  # fmt: skip


def pushes(w: Watched, area: Area) -> Panel:
    y = np.maximum(push(w.arrows).mean(-1), FAINT)
    low, high = (int(v) for v in np.floor(np.log10([y.min(), y.max()])))
    ticks = [(10.0**k, f"1e{k}".replace("-", "−")) for k in range(low, high + 1, 2)]
    return Panel(
        layers=[Lines(x=total(w), y=y[None], names=["mean"], colors=["bad"], cursor=True)],
        title="D's push, mean", x=Axis(label="moves of both"), area=area, legend=False,
        y=Axis(log=True, ticks=ticks if high - low > 2 else None),
    )  # fmt: skip


def _curves(x: np.ndarray, curves: dict[str, np.ndarray]) -> Lines:
    colors = ["accent", 1, 2, 3][: len(curves)]
    dashes = [i % 2 == 1 for i in range(len(curves))]
    return Lines(x=x, y=np.stack(list(curves.values())), names=list(curves), colors=colors,
                 dashes=dashes, cursor=True)  # fmt: skip
