"""Scenes of averaging over the prior, and of the K-sample bound with its noisy gradients."""

import numpy as np

from dgmlib.evidence import linear
from dgmlib.evidence.averaging import REPEATS, Averages
from dgmlib.evidence.tightening import GRADIENTS, Tightening
from dgmlib.figures.divergences import num
from dgmlib.figures.sampling import big
from dgmlib.figures.scene import Axis, Band, Bars, Lines, Panel, Rules, Scene
from dgmlib.figures.table import Table

LOW, HIGH, BIN = -12.0, 4.0, 0.25  # of the histogram of log-estimates, nats from the truth
Z = np.linspace(-3.2, 3.6, 171)
WAYS = ["averaging over the prior", "weighted draws of q"]
SNR_FLOOR, SNR_TOP = 1e-3, 1e3  # of the axis
FEW, FAR = 1e-3, 1e20  # relative errors: below is drawn there, above is not drawn


def average_scene(r: Averages) -> list[Scene | Table]:
    """The estimates around the truth, their exact and measured errors, and one coordinate."""
    F = len(r.d)
    over_d = r.sweep == "d"
    x = r.d.astype(float) if over_d else 1 / r.sigma
    edges = np.arange(LOW, HIGH + BIN / 2, BIN)
    inside = np.clip(r.log_estimate, LOW + 1e-9, HIGH - 1e-9)
    share = np.stack([
        [np.histogram(inside[f, i], edges)[0] / REPEATS for i in range(2)] for f in range(F)
    ])  # (F, 2, B)  # fmt: skip
    middle = 0.5 * (edges[1:] + edges[:-1])
    ticks = [(LOW + BIN / 2, f"≤ −{-LOW:.0f}"), *((float(t), num(t, 0)) for t in (-8, -4, 0)),
             (HIGH - BIN / 2, f"≥ {HIGH:.0f}")]  # fmt: skip
    histogram = Panel(
        layers=[
            Bars(x=middle, height=np.sqrt(share[:, i]), width=0.94 * BIN, color=i, opacity=0.55,
                 name=way)
            for i, way in enumerate(WAYS)
        ] + [Rules(at=np.zeros(1), axis="x", color="ink", name="exact")],
        title=f"{REPEATS} estimates of {r.n:,} draws: log estimate − log p(x)",
        x=Axis(label="nats", range=(LOW, HIGH), ticks=ticks),
        y=Axis(label="share of the estimates", range=(0, 1.02),
               ticks=[(float(np.sqrt(v)), f"{v:.0%}") for v in (0.0, 0.01, 0.1, 0.3, 0.6, 1.0)]),
        area=(0, 0, 3, 4),
    )  # fmt: skip
    exact = exact_error(r)
    drawn = np.where(exact < FAR, np.maximum(exact, FEW), np.nan)
    whisker = [np.maximum(r.rmse + s * 2 * r.rmse_error, FEW) for s in (-1, 1)]
    errors = Panel(
        layers=[
            *(Band(x=x, low=whisker[0][:, i], high=whisker[1][:, i], color=i, opacity=0.25)
              for i in range(2)),
            Lines(x=x, y=drawn.T, names=["", ""], colors=[0, 1],
                  dashes=[True, True], cursor=True),
            Lines(x=x, y=np.maximum(r.rmse.T, FEW), names=["prior", "q"],
                  colors=[0, 1], cursor=True),
        ],
        title="Relative error (dashed: exact)",
        x=Axis(label="dimensions d" if over_d else "sharpness 1/σ", log=not over_d,
               range=(float(x[0]), float(x[-1])), ticks=_marks(x, over_d)),
        y=Axis(log=True, ticks=powers(drawn, r.rmse)), area=(3, 0, 2, 2),
    )  # fmt: skip
    scene = Scene(
        panels=[histogram, errors, _coordinate(r)],
        alt="Histograms of repeated estimates of log p(x), by averaging over the prior and by "
        "weighted draws of q, around the exact value; their relative errors, exact and measured; "
        "prior, posterior and q along one coordinate.",
        frame_values=x, frame_label="dimensions d" if over_d else "sharpness 1/σ",
        captions=[_average_said(r, f) for f in range(F)], start=r.start, fps=4.0, columns=5,
        aspect=1.6, interpolate=False,
    )  # fmt: skip
    return [scene, average_table(r)]


def exact_error(r: Averages) -> np.ndarray:
    """Relative, of one estimate, (F, 2): inf where the weights have no variance."""
    second = np.minimum(r.log_second, 600.0)
    return np.where(np.isfinite(r.log_second), np.sqrt(np.expm1(second) / r.n), np.inf)


def powers(*values: np.ndarray) -> list[tuple[float, str]]:
    """Ticks of a logarithmic axis, four or five of them, or 1, 2, 5 where it is short."""
    all_ = np.concatenate([v[np.isfinite(v) & (v > 0)].ravel() for v in values])
    if all_.max() < 30 * all_.min():
        decades = 10.0 ** np.arange(np.floor(np.log10(all_.min())), np.log10(all_.max()) + 1)
        marks = np.outer(decades, (1, 2, 5)).ravel()
        return [(m, short(m, 1)) for m in marks.tolist()
                if 0.9 * all_.min() <= m <= 1.1 * all_.max()]  # fmt: skip
    low, high = np.floor(np.log10(all_.min())), np.ceil(np.log10(all_.max()))
    step = max(1, int(np.ceil((high - low) / 4)))
    return [(10.0**p, f"{10.0**p:,g}" if -4 < p < 4 else ten(int(p)))
            for p in np.arange(low, high + 1, step)]  # fmt: skip


def ten(power: int) -> str:
    """A power of ten: 10⁻⁴."""
    return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def short(value: float, digits: int = 3) -> str:
    """Three significant digits, without an exponent where there need be none."""
    if value == 0 or not np.isfinite(value):
        return num(value, 0)
    places = digits - 1 - int(np.floor(np.log10(abs(value))))
    if places > 8 or places < -6:
        power = int(np.floor(np.log10(abs(value))))
        return f"{num(value / 10.0**power, digits - 1)}·{ten(power)}"
    return f"{round(value, places):,.{max(places, 0)}f}".replace("-", "−")


def _marks(x: np.ndarray, over_d: bool) -> list[tuple[float, str]]:
    marks = (1, 5, 10, 15, 20) if over_d else (1, 2, 5, 10, 20)
    return [(float(m), str(m)) for m in marks if x[0] <= m <= x[-1]]


def _coordinate(r: Averages) -> Panel:
    """Prior, posterior and q of z_1, each scaled to its highest point."""
    curves = []
    for sigma in r.sigma:
        mean, std = linear.posterior(float(np.sqrt(1 + sigma * sigma)), float(sigma))
        at = [(0.0, 1.0), (mean, std), (mean + r.q.shift * std, r.q.width * std)]
        curves.append([np.exp(-0.5 * ((Z - m) / s) ** 2) for m, s in at])
    return Panel(
        layers=[
            Lines(x=Z, y=np.array(curves), names=["prior", "posterior", "q"],
                  colors=[0, "target", 1], dashes=[False, False, True]),
        ],
        title="One coordinate of z, equal peaks", x=Axis(range=(Z[0], Z[-1])),
        y=Axis(range=(0, 1.06), ticks=[(0.0, "0"), (1.0, "peak")]), area=(3, 2, 2, 2),
    )  # fmt: skip


def _average_said(r: Averages, f: int) -> str:
    where = f"d = {r.d[f]}, σ = {num(r.sigma[f], 3).rstrip('0').rstrip('.')}"
    low = (r.log_estimate[f] < 0).mean(-1)
    half = np.median(r.log_estimate[f], -1)
    exact = exact_error(r)[f]
    return (
        f"{where}: {low[0]:.0%} of the averages over the prior are too low, their median is "
        f"off by {num(half[0])} nats; with q by {num(half[1], 3)}. Exact relative error of one "
        f"estimate: {big(exact[0], 2)} with the prior, {big(exact[1], 2)} with q. "
        f"For 10%: {_draws(r, f, 0)} draws of the prior, {_draws(r, f, 1)} draws of q."
    )


def _draws(r: Averages, f: int, i: int, *, words: bool = True) -> str:
    """How many draws bring the relative error to a tenth."""
    log = float(r.log_second[f, i])
    if not np.isfinite(log):
        return "no number of" if words else "no number"
    if log > 14:
        return ten(round((log + np.log(100)) / np.log(10)))
    return f"{max(2, int(np.ceil(100 * np.expm1(log)))):,}"


def average_table(r: Averages) -> Table:
    f = r.start
    log_p, exact = float(r.log_p[f]), exact_error(r)[f]
    rows: list[list[str | float]] = [
        [
            way, f"{num(log_p + r.log_estimate[f, i, 0])} ± {num(r.claimed[f, i])}",
            "infinite variance" if np.isinf(exact[i]) else big(float(exact[i]), 2),
            f"{r.ess[f, i]:,.1f}",
            _draws(r, f, i, words=False),
        ]
        for i, way in enumerate(WAYS)
    ]  # fmt: skip
    a = r.annealed
    rows.append([
        "annealing from prior to posterior",
        f"{num(log_p + a.log_p.value)} ± {num(a.log_p.error)}", "", f"{a.ess:,.1f}", "",
    ])  # fmt: skip
    return Table(
        ["", "log p(x), first estimate ± what it claims", "exact relative error",
         "effective draws", "draws for 10%"],
        rows,
        f"Exact: log p(x) = {num(log_p, 3)}, for d = {r.d[f]}, σ = {num(r.sigma[f], 3)} and "
        f"{r.n:,} draws. Annealing: {len(a.log_w)} chains, {len(a.accepted) + 1} temperatures, "
        f"{a.accepted.mean():.0%} of the moves accepted; it needs no q.",
    )  # fmt: skip


def iwae_scene(r: Tightening) -> list[Scene | Table]:
    """K-sample bounds around log p(x), their mean rising, and the noise of the gradients."""
    F, k = len(r.k), r.k.astype(float)
    ticks = [(float(v), f"{v:,}") for v in (1, 4, 16, 64, 256, 1024)]
    middle = 0.5 * (r.edges[1:] + r.edges[:-1])
    top = float(np.sqrt(r.counts.max()))
    histogram = Panel(
        layers=[
            Bars(x=middle, height=np.sqrt(r.counts), width=0.96 * (r.edges[1] - r.edges[0]),
                 color=1, opacity=0.5, name="log of the mean of K weights"),
            Rules(at=np.zeros(1), axis="x", color="target", dash=False, name="log p(x)"),
            Rules(at=(r.bound - r.log_p)[:, None], axis="x", color=1, name="L_K, exact"),
        ],
        title="Repeated K-sample estimates, nats from log p(x)",
        x=Axis(range=(float(r.edges[0]), float(r.edges[-1]))),
        y=Axis(label="share of the repeats", range=(0, 1.05 * top), ticks=[
            (float(np.sqrt(v)), f"{v:.0%}") for v in (0, 0.01, 0.1, 0.3, 1.0) if v <= top**2
        ]),
        area=(0, 0, 3, 4),
    )  # fmt: skip
    gap, found = r.log_p - r.bound, r.log_p - r.mean
    floor = float(10 ** np.floor(np.log10(gap.min())))
    curves, names = [gap, np.where(found > floor, found, np.nan)], ["exact", "measured"]
    if np.isfinite(r.relative_variance):
        curves.append(np.maximum(predicted(r), floor))
        names.append("Var(w) / 2K p(x)²")
    seen = [np.maximum(found + s * 2 * r.error, floor) for s in (-1, 1)]
    bound = Panel(
        layers=[
            Band(x=k, low=seen[0], high=seen[1], color=1),
            Lines(x=k, y=np.stack(curves), names=names, colors=["target", 1, 2][: len(names)],
                  dashes=[True, False, True][: len(names)], cursor=True),
        ],
        title="The gap log p(x) − L_K, nats", x=Axis(label="K", log=True, ticks=ticks),
        y=Axis(log=True, ticks=powers(gap), range=(floor, 1.5 * max(map(np.nanmax, curves)))),
        area=(3, 0, 2, 2),
    )  # fmt: skip
    exact, measured = (np.clip(v, SNR_FLOOR, SNR_TOP) for v in (r.snr, r.measured_snr))
    half = 2 * r.snr_error
    noise = Panel(
        layers=[
            *(Band(x=k, low=np.clip(measured[:, i] - half[:, i], SNR_FLOOR, SNR_TOP),
                   high=np.clip(measured[:, i] + half[:, i], SNR_FLOOR, SNR_TOP), color=i,
                   opacity=0.2) for i in range(3)),
            Lines(x=k, y=exact.T, names=list(GRADIENTS), colors=[0, 1, 2], cursor=True,
                  dashes=[False, True, False]),
        ],
        title="Signal-to-noise of the gradients", x=Axis(label="K", log=True, ticks=ticks),
        y=Axis(log=True, ticks=snr_ticks(r)), area=(3, 2, 2, 2),
    )  # fmt: skip
    scene = Scene(
        panels=[histogram, bound, noise],
        alt="Histogram of K-sample estimates of log p(x) around the exact value, the mean of these "
        "estimates against K, exact and measured, and the signal-to-noise ratio of gradients.",
        frame_values=k, frame_label="samples K", captions=[_iwae_said(r, f) for f in range(F)],
        start=3, fps=2.0, columns=5, aspect=1.6, interpolate=False,
    )  # fmt: skip
    return [scene, iwae_table(r)]


def predicted(r: Tightening) -> np.ndarray:
    """The gap to expect, Var(w) / (2 K p(x)^2), (F,)."""
    return r.relative_variance / (2 * r.k)


def snr_ticks(r: Tightening) -> list[tuple[float, str]]:
    """Where a ratio is cut at an end of the axis, the end says so."""
    ticks = powers(np.clip(r.snr, SNR_FLOOR, SNR_TOP))
    if r.snr.min() < SNR_FLOOR:
        ticks = [(SNR_FLOOR, f"≤ {SNR_FLOOR:g}"), *(t for t in ticks if t[0] > 2 * SNR_FLOOR)]
    if r.snr.max() > SNR_TOP:
        ticks = [*(t for t in ticks if t[0] < SNR_TOP / 2), (SNR_TOP, f"≥ {SNR_TOP:,.0f}")]
    return ticks


def ratio_words(value: float) -> str:
    return "over 1,000" if value > 1000 else short(value)


def _iwae_said(r: Tightening, f: int) -> str:
    gap = r.log_p - r.bound[f]
    guess = (
        f"Var(w) / 2K p(x)² says {short(predicted(r)[f])}"
        if np.isfinite(r.relative_variance)
        else "the variance of the weights is infinite, so it falls more slowly than 1/K"
    )
    snr = [ratio_words(float(v)) for v in r.snr[f]]
    return (
        f"K = {r.k[f]:,}: L_K is {num(r.bound[f], 4)} exactly, {num(r.mean[f], 4)} ± "
        f"{num(r.error[f], 4)} measured. Gap to log p(x): {short(gap)} nats; {guess}. "
        f"Signal-to-noise of one gradient: encoder {snr[0]}, with DReG {snr[1]}, decoder {snr[2]}."
    )


def iwae_table(r: Tightening) -> Table:
    """Gradients at the two ends: exact mean and deviation, and the measured mean."""
    rows: list[list[str | float]] = []
    for f in (0, 6, len(r.k) - 1):
        for i, name in enumerate(GRADIENTS):
            error = r.measured_std[f, i] / np.sqrt(r.repeats[f])
            rows.append([
                f"K = {r.k[f]:,}, {name}", short(r.grad_mean[f, i]),
                short(0.0 if np.isinf(r.snr[f, i]) else r.grad_std[f, i]),
                ratio_words(float(r.snr[f, i])),
                f"{short(r.measured_mean[f, i])} ± {short(error, 2)}",
            ])  # fmt: skip
    return Table(
        ["gradient of one estimate", "exact mean", "exact deviation", "their ratio",
         "mean measured"],
        rows,
        f"By the mean of q (encoder) and by the decoder's offset. log p(x) = {num(r.log_p, 4)}; "
        f"measured with {int(r.k[0] * r.repeats[0]):,} draws in groups of K. DReG: doubly "
        f"reparameterised.{tail_words(r)}",
    )  # fmt: skip


def tail_words(r: Tightening) -> str:
    """What the bars do not see: they are made of few repeats, and a rare weight is in none."""
    if r.q.width > 1 or r.relative_variance < 0.5:  # bounded weights, or tame ones
        return ""
    return (
        f" The weights have a long tail here. The bars at large K come from few repeats "
        f"({r.repeats[-1]:,} at K = {r.k[-1]:,}) that may hold none of the rare large weights: "
        "those of DReG can be half as long as they should be, or shorter. The lines are exact."
    )
