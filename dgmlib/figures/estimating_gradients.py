"""Scene of clouds of gradient estimates, their means with standard errors, and the truth."""

import numpy as np

from dgmlib.evidence.clouds import ESTIMATORS, GRIP, MEAN, STD, Clouds
from dgmlib.figures.divergences import num
from dgmlib.figures.estimating import short
from dgmlib.figures.sampling import counts_axis
from dgmlib.figures.scene import (
    Axis,
    Band,
    Ellipses,
    Handles,
    Layer,
    Lines,
    Panel,
    Points,
    Rules,
    Scene,
)
from dgmlib.figures.table import Table

SHOWN = 400  # dots of a cloud
SYMBOLS = ("circle", "square", "diamond")
FOOT = -0.08  # of the highest point: where the handle of q hangs
BRIEF = ("score", "baseline", "reparam.")
COORDINATES = ["mean", "log deviation"]


def gradients_scene(r: Clouds) -> list[Scene | Table]:
    """Three clouds on one scale, the density and q, and the running means of both coordinates."""
    F = len(r.at)
    half = 2.6 * np.sqrt(r.variance.max(0)) + np.abs(r.expected - r.exact).max(0) * 0.4
    window = [(float(c - h), float(c + h)) for c, h in zip(r.exact, half, strict=True)]
    clouds = [
        _cloud(r, i, window, area=(2 * i, 0, 2, 1)) for i in range(len(ESTIMATORS))
    ]  # fmt: skip
    scene = Scene(
        panels=[*clouds, _density(r), _running(r, 0), _running(r, 1)],
        alt="Clouds of gradients of the ELBO for three estimators around the exact "
        "gradient, the posterior with q, and the running mean of each estimator with its standard "
        "error.",
        frame_values=r.at.astype(float), frame_label="estimates",
        captions=[_said(r, f) for f in range(F)], start=F - 1, fps=8.0, columns=6, aspect=1.45,
        interpolate=False,
    )  # fmt: skip
    return [scene, gradients_table(r)]


def _cloud(r: Clouds, i: int, window: list[tuple[float, float]], area) -> Panel:
    dots = r.gradient[i, :SHOWN]
    low, high = np.array(window).T
    hidden = low - 0.3 * (high - low)  # below and left of the plot
    inside = ((dots > low) & (dots < high)).all(-1)
    now = (np.arange(len(dots)) < r.at[:, None]) & inside
    xy = np.where(now[..., None], dots, hidden)
    layers: list[Layer] = [
        Points(xy=xy, color=i, size=2.2, opacity=0.4, symbol=SYMBOLS[i]),
        Ellipses(mean=r.mean[:, i][:, None], cov=r.cov[:, i][:, None], sd=(2.0,), colors=[i],
                 width=2.5, name="± 2 s.e."),
        Points(xy=r.exact[None], color="ink", symbol="star", size=6.0, opacity=1.0,
               name="exact"),
    ]  # fmt: skip
    return Panel(
        layers=layers, title=ESTIMATORS[i].capitalize(),
        x=Axis(label="by the mean m", range=window[0]),
        y=Axis(label="by log deviation" if i == 0 else "", range=window[1]), area=area,
    )  # fmt: skip


def _density(r: Clouds) -> Panel:
    top = 1.08 * float(max(r.posterior.max(), min(r.density.max(), 2 * r.posterior.max())))
    grip = FOOT * top
    return Panel(
        layers=[
            Lines(x=r.shown, y=r.posterior[None], names=["posterior"], colors=["target"],
                  fill=True),
            Lines(x=r.shown, y=np.minimum(r.density, 2 * top)[None], names=["q"],
                  colors=["accent"], width=2.5),
            Handles(xy=np.array([[r.q[0], grip]]), width=np.array([GRIP * r.q[1]]), labels=["q"],
                    spoken=True, colors=["accent"], axes="x", low=(MEAN[0], grip),
                    high=(MEAN[1], grip), width_range=(GRIP * STD[0], GRIP * STD[1]), at_most=1,
                    name="q"),
        ],
        title=f"p(z|x) at x = {num(r.x)}, q", x=Axis(label="z", range=(-3.6, 3.6)),
        y=Axis(range=(2 * grip, top)), area=(0, 1, 2, 1),
    )  # fmt: skip


def _running(r: Clouds, j: int) -> Panel:
    """Means of one coordinate as draws come in, with two standard errors."""
    x = r.at.astype(float)
    error = np.sqrt(r.cov[..., j, j])  # (F, 3)
    mean = r.mean[..., j]
    wide = np.sqrt(r.variance[:, j].max() / 60)
    low = min(r.exact[j], r.expected[:, j].min()) - 2.2 * wide
    high = max(r.exact[j], r.expected[:, j].max()) + 2.2 * wide
    inside = [np.clip(mean + s * 2 * error, low, high) for s in (-1, 1)]
    layers: list[Layer] = [
        Band(x=x, low=inside[0][:, i], high=inside[1][:, i], color=i, opacity=0.18)
        for i in range(3)
    ]
    lines = np.where((mean > low) & (mean < high), mean, np.nan)
    layers += [
        Lines(x=x, y=lines.T, names=list(BRIEF), colors=[0, 1, 2],
              dashes=[False, True, False], cursor=True),
        Rules(at=r.exact[j : j + 1], axis="y", color="ink"),
    ]  # fmt: skip
    return Panel(
        layers=layers, title=f"Means by {COORDINATES[j]}",
        x=counts_axis("estimates", float(x[0]), float(x[-1])),
        y=Axis(range=(float(low), float(high))),
        area=(2 + 2 * j, 1, 2, 1),
    )  # fmt: skip


def biased(r: Clouds) -> bool:
    """Whether the reparameterised gradient tends to something else than the gradient."""
    return bool((np.abs(r.expected[2] - r.exact) > 1e-6 * (1 + np.abs(r.exact))).any())


def _said(r: Clouds, f: int) -> str:
    def mean(i: int) -> str:
        error = np.sqrt(np.diagonal(r.cov[f, i]))
        pairs = zip(r.mean[f, i], error, strict=True)
        return ", ".join(f"{num(m)} ± {num(e)}" for m, e in pairs)

    tail = (
        f" It tends to ({num(r.expected[2, 0])}, {num(r.expected[2, 1])}): the jumps are lost."
        if biased(r)
        else ""
    )
    return (
        f"{r.at[f]:,} estimates; exact gradient ({num(r.exact[0])}, {num(r.exact[1])}). Means: "
        f"score function ({mean(0)}), with baseline ({mean(1)}), reparameterised ({mean(2)}).{tail}"
    )


def gradients_table(r: Clouds) -> Table:
    rows: list[list[str | float]] = []
    for i, name in enumerate(ESTIMATORS):
        error = np.sqrt(np.diagonal(r.cov[-1, i]))
        means = [f"{num(m, 3)} ± {num(e, 3)}" for m, e in zip(r.mean[-1, i], error, strict=True)]
        times = [times_words(r.variance[i, j], r.variance[2, j]) for j in range(2)]
        rows.append([name, means[0], times[0], means[1], times[1]])
    rows.append(["exact gradient of the ELBO", num(r.exact[0], 3), "", num(r.exact[1], 3), ""])
    words = (
        " Reparameterisation tends to "
        f"({num(r.expected[2, 0], 3)}, {num(r.expected[2, 1], 3)}), which is not the gradient."
        if biased(r)
        else ""
    )
    return Table(
        ["", "by m", "variance of one estimate", "by log deviation", "variance of one estimate"],
        rows,
        f"{int(r.at[-1]):,} estimates from {r.draws} {'draw' if r.draws == 1 else 'draws'} of q "
        "each, the same draws for all three; variances are exact, by quadrature, and in brackets "
        f"relative to reparameterisation. ELBO = {num(r.elbo, 3)}, log p(x) = "
        f"{num(r.log_p, 3)}.{words}",
    )  # fmt: skip


def times_words(variance: float, other: float) -> str:
    if other <= 1e-12 * max(variance, 1e-300):
        return short(variance)
    return f"{short(variance)} ({short(variance / other)}×)"
