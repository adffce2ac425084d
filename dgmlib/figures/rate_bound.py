"""Scene of the bound on one digit against K, its weights, and a model whose truth is known."""

import numpy as np

from dgmlib.data.own_digit import SIDE
from dgmlib.figures.divergences import num
from dgmlib.figures.rate_plane import missing_words
from dgmlib.figures.sampling_weights import pareto_words
from dgmlib.figures.scene import Axis, Band, Color, Layer, Lines, Pad, Panel, Rules, Scene
from dgmlib.figures.table import Table
from dgmlib.samplers.importance import RELIABLE
from dgmlib.vae.tightening import EDGES, Curve, Tightening

SHORT = {"vae-dynamic": "VAE", "iwae5-dynamic": "IWAE-5", "iwae50-dynamic": "IWAE-50",
         "vae-2d": "VAE, 2 latents"}  # fmt: skip
COLORS: tuple[Color, ...] = (0, 1, 2)
DASHES = (False, True, False)
BEYOND = (
    "No exact value: codes far out, beyond the grid, where the prior hardly ever draws, count for "
    "this image."
)


def bound_scene(r: Tightening) -> list[Scene | Table]:
    """Frames are K; opens at the largest."""
    F = len(r.k)
    panels = [_bounds(r), _pad(r), _weights(r)]
    if r.checked is not None:
        panels.append(_checked(r))
    scene = Scene(
        panels=panels,
        alt="The importance weighted bound on one digit against the number of draws K, for trained "
        "models, with error bars; the spread of their weights; and for a model with two latents "
        f"the exact log-likelihood beside it. {sentence(r, F - 1)}",
        frame_values=r.k.astype(float), frame_label="K",
        captions=[caption(r, f) for f in range(F)], start=F - 1, fps=3.0, columns=5, aspect=1.5,
        interpolate=False,
    )  # fmt: skip
    return [scene, bound_table(r)]


def sentence(r: Tightening, f: int) -> str:
    """Every model's L_K at one K."""
    each = [
        f"{SHORT[c.name]} {num(c.bound[f])} ± {num(c.error[f])} "
        f"(the draws are worth {num(c.ess[f], 1)}, the largest has {c.largest[f]:.0%})"
        for c in r.curves
    ]
    return f"K = {r.k[f]:,}: " + "; ".join(each)


def caption(r: Tightening, f: int) -> str:
    own = "No network has seen it" if r.own else "The networks were trained on it"
    parts = [f"{sentence(r, f)}." if r.curves else f"K = {r.k[f]:,}.", exact_words(r, f),
             f"The digit: {r.words}. {own}."]  # fmt: skip
    return " ".join(p for p in parts if p) + missing_words(r.missing, r.told)


def exact_words(r: Tightening, f: int) -> str:
    """The estimate and the integral of the small model."""
    if r.checked is None:
        return ""
    c = r.checked
    if r.exact is None:
        return f"{SHORT[c.name]}: {num(c.bound[f])} ± {num(c.error[f])}. {BEYOND}"
    exact = r.exact.log_p
    off = c.bound[f] - exact
    where = "below" if off < 0 else "above"
    return (
        f"{SHORT[c.name]}: {num(c.bound[f])} ± {num(c.error[f])}, {num(abs(off))} {where} the "
        f"exact log p(x) = {num(exact)}."
    )


def trust(c: Curve) -> str:
    """What the weights say of themselves."""
    if c.pareto > RELIABLE:
        return f"{pareto_words(c.pareto)}: likely too low, and its error bar too short"
    return pareto_words(c.pareto)


def _bounds(r: Tightening) -> Panel:
    k = r.k.astype(float)
    layers: list[Layer] = []
    for c, color in zip(r.curves, COLORS, strict=False):
        layers.append(Band(x=k, low=c.bound - 2 * c.error, high=c.bound + 2 * c.error, color=color))
    if r.curves:
        layers.append(Lines(x=k, y=np.stack([c.bound for c in r.curves]),
                            names=[SHORT[c.name] for c in r.curves],
                            colors=COLORS[: len(r.curves)],
                            dashes=DASHES[: len(r.curves)], cursor=True))  # fmt: skip
    return Panel(layers=layers, title="Bound on log p(this digit), ± 2 s.e.", x=_draws(r),
                 y=_nats(r.curves, None), area=(0, 0, 3, 3))  # fmt: skip


def _draws(r: Tightening) -> Axis:
    ticks = [(float(t), f"{t:,}") for t in (1, 10, 100, 1000, 5000) if t <= r.k[-1]]
    return Axis(label="draws K", log=True, range=(0.9, 1.1 * float(r.k[-1])), ticks=ticks)


def _nats(curves: list[Curve], exact: float | None) -> Axis:
    ends = [v for c in curves for v in (*(c.bound - 2 * c.error), *(c.bound + 2 * c.error))]
    ends += [] if exact is None else [exact]
    low, high = (min(ends), max(ends)) if ends else (-1.0, 0.0)
    air = max(0.08 * (high - low), 0.05)
    return Axis(label="nats", range=(float(low - air), float(high + air)))


def _pad(r: Tightening) -> Panel:
    pixels = (255 * r.bits.astype(int)).reshape(SIDE, SIDE)
    side = Axis(range=(0.0, float(SIDE)), hidden=True)
    return Panel(layers=[Pad(size=SIDE, pixels=pixels, name="digit")],
                 title="This digit: draw your own", x=side, y=side, equal=True,
                 area=(3, 0, 2, 3), legend=False)  # fmt: skip


def _weights(r: Tightening) -> Panel:
    layers: list[Layer] = [Rules(at=np.zeros(1), color="muted", name="mean weight")]
    if r.curves:
        # shares of single bins are tall where draws are few; their sum ends at 1 for every K
        y = np.cumsum(np.stack([c.density for c in r.curves], axis=1), axis=-1)  # (F, L, B)
        layers.append(Lines(x=EDGES[1:], y=y, names=[SHORT[c.name] for c in r.curves],
                            colors=COLORS[: len(r.curves)],
                            dashes=DASHES[: len(r.curves)]))  # fmt: skip
    return Panel(layers=layers, title="Log weights of the first K draws",
                 x=Axis(label="log w − estimate of log p(x)", range=(-20.0, 6.0)),
                 y=Axis(label="share below", range=(0.0, 1.05)), area=(0, 3, 3, 2))  # fmt: skip


def _checked(r: Tightening) -> Panel:
    assert r.checked is not None
    c, k = r.checked, r.k.astype(float)
    truth: list[Layer] = []
    if r.exact is not None:
        truth.append(Rules(at=np.array([r.exact.log_p]), axis="y", color="ink",
                           name="exact"))  # fmt: skip
    return Panel(
        layers=[
            Band(x=k, low=c.bound - 2 * c.error, high=c.bound + 2 * c.error, color=3),
            Lines(x=k, y=c.bound[None], names=["estimate"], colors=[3], cursor=True),
            *truth,
        ],
        title=f"2 latents, and {'the truth' if truth else 'no truth here'}",
        x=_draws(r), y=_nats([c], r.exact.log_p if r.exact else None),
        area=(3, 3, 2, 2),
    )  # fmt: skip


def bound_table(r: Tightening) -> Table:
    """Each model on this digit."""
    rows = []
    for c in [*r.curves, *([r.checked] if r.checked else [])]:
        truth = r.exact.log_p if r.exact and c is r.checked else None
        exact = "not known" if truth is None else num(truth, 3)
        rows.append([
            SHORT[c.name], c.name, f"{num(c.bound[0])} ± {num(c.error[0])}",
            f"{num(c.log_p)} ± {num(c.log_p_error)}", exact,
            num((c.log_p if truth is None else truth) - c.bound[0]),
            f"{num(c.ess[-1], 1)} of {r.k[-1]:,}", trust(c),
        ])  # fmt: skip
    return Table(
        ["model", "checkpoint", "ELBO", f"log p(x), {r.k[-1]:,} draws", "log p(x), exact",
         "gap to the ELBO", "draws are worth", "the weights"],
        rows,
        "Nats, ± one standard error. The estimate lies below log p(x) on average. With 50 latents "
        "the exact value is out of reach: no grid covers them. With two latents it is an integral "
        "over the plane, given where a grid holds it. The gap is from the exact value where it is "
        "known, else from the estimate. IWAE-5 and IWAE-50 were trained with 5 and 50 draws. "
        "A pixel is ink from half of the brightest on.",
    )  # fmt: skip
