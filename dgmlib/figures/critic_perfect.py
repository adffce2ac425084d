"""The best critic of p and of a q that is dragged, its value, and what it leaves of each loss."""

import numpy as np

from dgmlib.divergences.mixture1d import moments
from dgmlib.divergences.quadrature import Estimate
from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Handles, Layer, Lines, Panel, Points, Rules, Scene, Text
from dgmlib.figures.signal_words import power
from dgmlib.figures.table import Table
from dgmlib.gan.optimal import LOG_4, critic
from dgmlib.gan.perfect import REACH, Perfect

NAMES = ["saturating", "non-saturating", "Wasserstein"]
LONG = ["log(1 − D), saturating", "−log D, non-saturating", "−f, Wasserstein"]
COLORS = [0, 1, 2]
LOW, HIGH = 1e-6, 30.0  # of the axis of pulls
NONE = 1e-12  # where all three are smaller, q is in balance: p itself, or in its middle
CUT = 12.0  # of the axis of pushes
FAR = 7.0  # of q's handle
PLACES = Axis(
    label="mean of q", range=(-8, 8), ticks=[(float(k), num(k, 0)) for k in (-8, -4, 0, 4, 8)]
)


def perfect_scene(r: Perfect) -> list[Scene | Table]:
    """Drag q: everything is exact and follows."""
    scene = Scene(
        panels=[_critic(r), _pushes(r), _values(r), _pulls(r)],
        alt="Densities p and q and the best critic between them; the push that a sample of q gets "
        "at every place from three losses; the critic's value, and the mean push, for q elsewhere.",
        captions=[_said(r)], columns=5, aspect=1.55,
    )  # fmt: skip
    return [scene, _table(r)]


def short(value: float, digits: int = 3) -> str:
    """A few digits, or a power of ten in print."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return num(value, digits)
    mantissa, k = f"{abs(value):.1e}".split("e")
    return f"{'−' if value < 0 else ''}{mantissa}·{power(int(k))}"


def ticks(low: float, high: float, step: int = 1) -> list[tuple[float, str]]:
    """The powers of ten between two ends."""
    ks = np.arange(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1, step)
    return [(10.0**k, {0: "1", 1: "10"}.get(int(k), power(int(k)))) for k in ks]


def densities(x: np.ndarray, log_p: np.ndarray, log_q: np.ndarray) -> list[Layer]:
    """Data and generator, shaded."""
    return [
        Lines(x=x, y=np.exp(log_p)[None], names=["p, the data"], colors=["target"], fill=True),
        Lines(x=x, y=np.exp(log_q)[None], names=["q, the generator"], colors=["accent"], fill=True),
    ]


def _critic(r: Perfect) -> Panel:
    grip = Handles(
        xy=np.array([[_mean(r), -0.09]]), width=r.q.std[:1], labels=["q"], spoken=True,
        colors=["accent"], axes="x", low=(-FAR, -0.09), high=(FAR, -0.09), width_range=(0.5, 3.0),
        at_most=1, name="q",
    )  # fmt: skip
    return Panel(
        layers=[
            *densities(r.x, r.log_p, r.log_q),
            Rules(at=np.array([0.5]), axis="y", color="muted", width=1.0),
            Lines(x=r.x, y=r.critic[None], names=["D* = p / (p + q)"], colors=["ink"], width=2.5),
            grip,
        ],
        title="The best critic: drag q and its width",
        x=Axis(range=(-REACH, REACH)),
        y=Axis(label="D*, densities", range=(-0.18, 1.05),
               ticks=[(0.0, "0"), (0.5, "½"), (1.0, "1")]),
        area=(0, 0, 3, 3),
    )  # fmt: skip


def _pushes(r: Perfect) -> Panel:
    near = np.abs(r.x - _mean(r)) <= 3 * r.q.std[0]  # elsewhere q has no samples to push
    top = float(np.clip(1.15 * np.abs(r.pushes[:, near]).max(), 1.4, CUT))
    y = np.where(near, np.clip(r.pushes, -2 * top, 2 * top), np.nan)
    far = round(0.85 * top)
    marks = [(float(v), num(v, 0)) for v in (-far, 0, far)]
    return Panel(
        layers=[
            Rules(at=np.zeros(1), axis="y", color="muted", width=1.0),
            Lines(x=r.x, y=y, names=LONG, colors=COLORS, width=2.5),
        ],
        title="The push on a sample of q at x, for each loss of G",
        x=Axis(label="x", range=(-REACH, REACH)),
        y=Axis(label="push to the right", range=(-top, top), ticks=marks),
        area=(0, 3, 3, 3),
    )  # fmt: skip


def _values(r: Perfect) -> Panel:
    here = np.array([[_mean(r), r.truth.value.value]])
    return Panel(
        layers=[
            Rules(at=np.array([0.0, -LOG_4]), axis="y", color="muted", width=1.0),
            Text(xy=np.array([[-7.8, -LOG_4 + 0.16]]), text=["−log 4"], anchor="start",
                 size=12.0, color="muted"),
            Lines(x=r.at, y=r.values[None], names=["−log 4 + 2 JS"], colors=["ink"], width=2.0),
            Points(xy=here, color="accent", size=6.0, opacity=1.0, name="q now"),
        ],
        title="V(D*), the critic's best value", x=PLACES,
        y=Axis(label="nats", range=(-1.6, 0.15)), area=(3, 0, 2, 3), legend=False,
    )  # fmt: skip


def _pulls(r: Perfect) -> Panel:
    size = np.abs(r.pulls)
    size = np.where((size < NONE).all(0), np.nan, np.maximum(size, LOW))  # a log axis has no 0
    now = np.maximum(np.abs([e.value for e in r.truth.pulls]), LOW)
    here = np.stack([np.full(3, _mean(r)), now], 1)
    return Panel(
        layers=[
            Lines(x=r.at, y=size, names=NAMES, colors=COLORS, width=2.0),
            Points(xy=here, group=np.arange(3), size=6.0, opacity=1.0),
        ],
        title="|mean push|: the gradient of q", x=PLACES,
        y=Axis(log=True, range=(LOW, HIGH), ticks=ticks(LOW, HIGH, 2)), area=(3, 3, 2, 3),
    )  # fmt: skip


def _mean(r: Perfect) -> float:
    return float(moments(r.q).mean)


def _said(r: Perfect) -> str:
    t = r.truth
    size = [abs(e.value) if abs(e.value) > e.error else 0.0 for e in t.pulls]
    pulls = [f"{short(v)} for the {n} loss" for n, v in zip(NAMES, size, strict=True)]
    tiny = f"; what is below {power(-6)} is drawn there" if min(size) < LOW else ""
    return (
        f"q = N({num(_mean(r))}, {num(float(r.q.std[0]))}²): the best critic is worth "
        f"V(D*) = −log 4 + 2 JS = {num(t.value.value, 4)} nats, with JS = {num(t.js.value, 4)} of "
        f"at most log 2 = 0.6931. The mean push on q has size {', '.join(pulls)}{tiny}."
    )


def _table(r: Perfect) -> Table:
    t = r.truth
    named: list[tuple[str, Estimate, str]] = [
        ("V(D*) = −log 4 + 2 JS", t.value, "nats"),
        ("JS(p, q)", t.js, "nats"),
        ("W₁(p, q)", t.w1, "units of x"),
    ]
    named += [(f"mean push, {n}", e, "") for n, e in zip(NAMES, t.pulls, strict=True)]
    rows = [[n, short(e.value, 6), f"± {_up(e.error)}", unit] for n, e, unit in named]
    x = np.array([float(moments(r.p).mean), _mean(r)])
    rows += [[f"D* at the mean of {who}", num(float(d), 6), "", ""]
             for who, d in zip("pq", critic(r.p, r.q, x), strict=True)]  # fmt: skip
    return Table(
        ["exact", "value", "numerical error", "unit"], rows,
        "Integrals by adaptive quadrature; after ± a bound on the numerical error. A mean push is "
        "minus the gradient of G's loss in a shift of q; it is negative to the left.",
    )  # fmt: skip


def _up(error: float) -> str:
    """One digit, rounded up."""
    if error == 0:
        return "0"
    k = int(np.floor(np.log10(error)))
    digit = int(np.ceil(error / 10.0**k))
    return f"{digit}·{power(k)}" if digit < 10 else power(k + 1)
