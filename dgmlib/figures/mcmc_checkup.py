"""Four chains and all that is said of them while they run."""

import numpy as np

from dgmlib.experiments.checkup import BINS, LAGS, Checkup, Health
from dgmlib.figures.mcmc import num
from dgmlib.figures.scene import Axis, Band, Bars, Layer, Lines, Panel, Rules, Scene
from dgmlib.figures.table import Table

MOST = 3.0  # of an R-hat that is drawn


def checkup_scene(c: Checkup) -> list[Scene | Table]:
    """Frames are lengths of the run; of each the first half is thrown away."""
    h, n = c.first, c.lengths
    labels = [f"1: {c.first.name}", f"2: {c.second.name}"]
    both = [c.first, c.second]
    rhats = [np.clip(np.nan_to_num(r, nan=MOST, posinf=MOST), 0.9, MOST) for r in
             (h.rhat, h.rhat_rank, c.second.rhat_rank)]  # fmt: skip
    rho = np.stack([r.rho for r in both], axis=1)  # (F, 2, LAGS + 1)
    cost = [1000 * r.bulk / (4 * (n - n // 2) * r.evaluations) for r in both]
    panels = [
        _traces(c, labels[0]),
        _ranks(c, labels[0]),
        Panel(
            layers=[Lines(x=np.arange(LAGS + 1), y=rho, names=labels, colors=[0, 1],
                          dashes=[False, True]),
                    Rules(at=np.zeros(1), axis="y", color="muted", dash=False, width=1.0)],
            title="Autocorrelation", x=Axis(label="lag"), y=Axis(range=(-0.5, 1.05)),
            area=(2, 0, 1, 1),
        ),
        Panel(
            layers=[Rules(at=np.array([1.01]), axis="y", color="good", name="1.01"),
                    Lines(x=n, y=np.stack(rhats), colors=["muted", 0, 1],
                          names=["1, plain", "1, ranks", "2, ranks"],
                          dashes=[True, False, True], cursor=True)],
            title="Split R-hat", x=Axis(label="steps so far", log=True),
            y=Axis(range=(0.97, max(1.2, min(MOST, 1.05 * max(float(r.max()) for r in rhats))))),
            area=(0, 1, 1, 1),
        ),
        _estimate(c, labels),
        Panel(
            layers=[Lines(x=n, y=np.stack(cost), names=labels, colors=[0, 1], dashes=[False, True],
                          cursor=True)],
            title="Effective draws per 1,000 evaluations", x=Axis(label="steps so far", log=True),
            y=Axis(log=True), area=(2, 1, 1, 1),
        ),
    ]  # fmt: skip
    scene = Scene(
        panels=panels,
        alt="Traces, ranks, autocorrelation, R-hat, the estimated mean and effective draws of four "
        f"chains of {h.name} while they run, with {c.second.name} beside them.",
        frame_values=n, frame_label="steps so far", captions=[_said(c, f) for f in range(len(n))],
        start=len(n) - 1, fps=4.0, columns=3, aspect=1.55, interpolate=False,
    )  # fmt: skip
    return [scene, _table(c)]


def _traces(c: Checkup, label: str) -> Panel:
    y, T = c.first.y.T, len(c.first.y) - 1  # (4, T + 1)
    y = np.clip(y, c.mean - 6 * c.sd, c.mean + 6 * c.sd)
    used = np.stack([c.lengths // 2, c.lengths], axis=1)  # (F, 2)
    return Panel(
        layers=[
            Lines(x=np.arange(T + 1), y=y, names=["chain 1", "2", "3", "4"], colors=[0, 1, 2, 3],
                  dashes=[False] * 4, width=1.1),
            Rules(at=used.astype(float), color="ink", width=1.5),
        ],
        title=f"Traces of {label}", x=Axis(label="step", range=(0, T)), area=(0, 0, 1, 1),
    )  # fmt: skip


def _ranks(c: Checkup, label: str) -> Panel:
    kept = (c.lengths - c.lengths // 2)[:, None]  # (F, 1)
    layers: list[Layer] = []
    x = np.arange(1.0, BINS + 1)
    band = c.band * BINS / kept  # (F, 2): 1 is an equal share
    edges = np.array([0.5, BINS + 0.5])
    layers.append(Band(x=edges, low=np.repeat(band[:, :1], 2, axis=1),
                       high=np.repeat(band[:, 1:], 2, axis=1), color="ink", opacity=0.15,
                       name="95 % if all draws were independent"))  # fmt: skip
    share = c.first.ranks * BINS / kept[..., None]  # (F, BINS, 4)
    for k in range(4):
        layers.append(Bars(x=x + 0.2 * (k - 1.5), height=share[:, :, k], width=0.18, color=k))
    return Panel(
        layers=layers, title=f"Ranks of {label}, by chain",
        x=Axis(label="rank", ticks=[(1.0, "low"), (float(BINS), "high")]),
        y=Axis(range=(0, min(4.0, max(2.2, 1.05 * float(share[-1].max()))))), area=(1, 0, 1, 1),
    )  # fmt: skip


def _estimate(c: Checkup, labels: list[str]) -> Panel:
    layers: list[Layer] = [
        Rules(at=np.array([c.mean]), axis="y", color="target", name="exact mean")
    ]
    low, high = c.mean - 2.5 * c.sd, c.mean + 2.5 * c.sd
    for i, r in enumerate((c.first, c.second)):
        if np.isnan(r.mean).all():
            continue
        error = np.where(np.isfinite(r.mean_error), r.mean_error, 0.0)
        ends = (np.clip(r.mean + k * error, low, high) for k in (-2, 2))
        layers.append(Band(x=c.lengths, low=next(ends), high=next(ends), color=i, opacity=0.2))
    y = np.stack([np.clip(r.mean, low, high) for r in (c.first, c.second)])
    layers.append(Lines(x=c.lengths, y=y, names=labels, colors=[0, 1], dashes=[False, True],
                        cursor=True))  # fmt: skip
    return Panel(
        layers=layers, title="Mean ± 2 MCSE", x=Axis(label="steps so far", log=True),
        y=Axis(range=(low, high)), area=(1, 1, 1, 1),
    )  # fmt: skip


def _pm(value: float, error: float) -> str:
    return f"{num(value, 3)} ± {num(error, 3)}"


def _n(value: float) -> str:
    return "unknown" if np.isnan(value) else f"{value:,.0f}"


def _r(value: float) -> str:
    return "above 1,000" if value > 1000 else num(value, 3)


def _said(c: Checkup, f: int) -> str:
    h, n = c.first, int(c.lengths[f])
    if np.isnan(h.mean[f]):
        return f"{n} steps: a chain of {h.name} left for infinity at step {h.lost + 1}."
    if h.sd[f] == 0:
        return (
            f"{n} steps of {h.name}: no chain has moved in the later half, so there is no scatter "
            f"to judge by. Mean {num(h.mean[f], 3)}, exactly {num(c.mean, 3)}."
        )
    off = (h.mean[f] - c.mean) / h.mean_error[f] if h.mean_error[f] > 0 else np.inf
    return (
        f"{n} steps of {h.name}, the later half used: R-hat {_r(h.rhat_rank[f])} (plain "
        f"{_r(h.rhat[f])}), effective draws {_n(h.bulk[f])} in the bulk and {_n(h.tail[f])} in the "
        f"tails. Mean {_pm(h.mean[f], h.mean_error[f])}, exactly {num(c.mean, 3)}: "
        f"{num(abs(off), 1)} standard errors off. Sd {_pm(h.sd[f], h.sd_error[f])}, exactly "
        f"{num(c.sd, 3)}."
    )


def _table(c: Checkup) -> Table:
    def row(name: str, say, exact: str = "") -> list[str]:
        return [name, *[say(h) for h in (c.first, c.second)], exact]

    def last(h: Health, value: np.ndarray, error: np.ndarray) -> str:
        return "lost" if np.isnan(value[-1]) else _pm(value[-1], error[-1])

    kept = 4 * int(c.lengths[-1] - c.lengths[-1] // 2)
    rows = [
        row("mean ± MCSE", lambda h: last(h, h.mean, h.mean_error), num(c.mean, 3)),
        row("sd ± MCSE", lambda h: last(h, h.sd, h.sd_error), num(c.sd, 3)),
        row("R-hat, rank-normalised", lambda h: _r(h.rhat_rank[-1]), "1"),
        row("R-hat, plain", lambda h: _r(h.rhat[-1]), "1"),
        row("effective draws: bulk", lambda h: _n(h.bulk[-1]), f"of {kept:,}"),
        row("effective draws: tails", lambda h: _n(h.tail[-1]), f"of {kept:,}"),
        row("evaluations of a step", lambda h: f"{h.evaluations:,}"),
        row("accepted", lambda h: f"{h.acceptance:.0%}"),
    ]
    return Table(
        ["after the whole run", c.first.name, c.second.name, "exact"], rows,
        "MCSE: Monte Carlo standard error, sd / √(effective draws). It is only as good as the "
        "effective draws, and these know nothing of what no chain has visited.",
    )  # fmt: skip
