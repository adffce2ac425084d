"""Scene of the approximation gap and the amortisation gap, as the encoder's degree grows."""

import numpy as np

from dgmlib.evidence.amortised import Gaps
from dgmlib.figures.divergences import num
from dgmlib.figures.estimating import powers, short
from dgmlib.figures.evidence_words import fixed, say
from dgmlib.figures.scene import Axis, Band, Handles, HeatMap, Lines, Panel, Rules, Scene
from dgmlib.figures.table import Table

Z_RANGE = (-3.6, 3.6)
SPAN = 2.0  # deviations of q that are drawn
BEST, ENCODER = 2, 1
COARSE = 4  # every so many z of the slice is a row of the map
LEAST = 1e-4  # nats: smaller averages are drawn there
JUMP = 0.4  # of the best mean between two places: it has changed to another mode


def gaps_scene(r: Gaps) -> list[Scene | Table]:
    """Posterior and both q's over x, the slice at one x, and both gaps per x and on average."""
    F, n = len(r.degree), len(r.x) - 1
    x = r.x[:n]
    step = x[1] - x[0]
    edge = (float(x[0] - step / 2), float(x[-1] + step / 2))
    posterior = r.posterior[::COARSE, :n]
    best = np.stack([r.best.mean + s * SPAN * np.exp(r.best.log_std) for s in (-1, 0, 1)])[:, :n]
    best = np.where(
        np.abs(np.diff(r.best.mean[:n], append=r.best.mean[n - 1])) > JUMP, np.nan, best
    )
    encoder = [r.mean + s * SPAN * np.exp(r.log_std) for s in (-1, 0, 1)]
    here = Handles(
        xy=np.array([[r.x[n], Z_RANGE[0] + 0.35]]), labels=["x"], colors=["ink"], axes="x",
        low=(float(x[0]), Z_RANGE[0] + 0.35), high=(float(x[-1]), Z_RANGE[0] + 0.35), at_most=1,
        name="place", live=False,
    )  # fmt: skip
    map_ = Panel(
        layers=[
            HeatMap(value=posterior / posterior.max(0), extent=(*edge, *Z_RANGE), range=(0, 1),
                    unit="of the highest", name="posterior p(z|x)"),
            Lines(x=x, y=_inside(best), names=["", "best q", ""],
                  colors=[BEST] * 3, width=1.5),
            Lines(x=x, y=_inside(np.stack(encoder, 1)[..., :n]), names=["", "encoder's q", ""],
                  colors=[ENCODER] * 3, dashes=[True, False, True], width=2.5),
            Rules(at=r.x[n:], axis="x", color="ink"),
            here,
        ],
        title="Posterior, and q: mean and ± 2 deviations", x=Axis(label="x", range=edge),
        y=Axis(label="z", range=Z_RANGE), area=(0, 0, 3, 3),
    )  # fmt: skip
    curves = np.stack([
        np.broadcast_to(r.posterior[:, n], (F, len(r.shown))),
        np.broadcast_to(_normal(r.shown, r.best.mean[n], r.best.log_std[n]), (F, len(r.shown))),
        _normal(r.shown, r.mean[:, n], r.log_std[:, n]),
    ], 1)  # (F, 3, N)  # fmt: skip
    top = 1.15 * float(curves[:, :2].max())
    slice_ = Panel(
        layers=[
            Lines(x=r.shown, y=np.where(curves > 2 * top, np.nan, curves),
                  names=["posterior", "best q", "encoder's q"], colors=["target", BEST, ENCODER]),
        ],
        title=f"The slice at x = {num(r.x[n])}", x=Axis(label="z", range=Z_RANGE),
        y=Axis(range=(0, top)), area=(3, 0, 2, 2),
    )  # fmt: skip
    approximation, amortisation = r.approximation[:n], r.amortisation[:, :n]
    high = _reach(r)
    per_x = Panel(
        layers=[
            Band(x=x, low=np.zeros(n), high=np.minimum(approximation, high), color=BEST,
                 opacity=0.5, name="approximation gap"),
            Band(x=x, low=np.broadcast_to(np.minimum(approximation, high), amortisation.shape),
                 high=np.minimum(approximation + amortisation, high), color=ENCODER, opacity=0.5,
                 name="amortisation gap"),
            Rules(at=r.x[n:], axis="x", color="ink"),
        ],
        title="log p(x) − ELBO(x) in nats, in two parts", x=Axis(label="x", range=edge),
        y=Axis(range=(0, high), ticks=[
            (0.0, "0"), (high / 2, short(high / 2, 2)), (high, f"≥ {short(high, 2)}")
        ]),
        area=(0, 3, 3, 2),
    )  # fmt: skip
    means = average(r)
    shown = np.maximum(means, LEAST)
    ticks = powers(shown)
    if means.min() < LEAST:
        ticks[0] = LEAST, f"≤ {ticks[0][1]}"
    k = r.degree.astype(float)
    mean = Panel(
        layers=[
            Lines(x=k, y=shown, names=["approximation", "amortisation"], colors=[BEST, ENCODER],
                  cursor=True),
        ],
        title="Averages over p(x), nats", x=Axis(label="degree of the encoder", ticks=[
            (float(d), str(d)) for d in r.degree
        ]),
        y=Axis(log=True, ticks=ticks), area=(3, 2, 2, 3),
    )  # fmt: skip
    scene = Scene(
        panels=[map_, slice_, per_x, mean],
        alt="A heat map of the posterior for every x with the best Gaussian and the encoder's "
        "Gaussian, the slice at one x, and the approximation and amortisation gaps for every x "
        "and on average.",
        frame_values=k, frame_label="degree of the encoder",
        captions=[_said(r, f) for f in range(F)], start=1, fps=1.5, columns=5, aspect=1.45,
        interpolate=False,
    )  # fmt: skip
    return [scene, gaps_table(r)]


def average(r: Gaps) -> np.ndarray:
    """Approximation and amortisation gap under p(x), (2, F)."""
    one = float(r.weight @ r.approximation)
    return np.stack([np.full(len(r.degree), one), r.amortisation @ r.weight])


def _reach(r: Gaps) -> float:
    """The height of the axis of gaps: most of what is common at degree 1 and above."""
    both = r.approximation + r.amortisation[1:]
    order = np.argsort(both, axis=None)
    weight = np.broadcast_to(r.weight, both.shape).ravel()[order]
    common = both.ravel()[order][np.searchsorted(np.cumsum(weight) / weight.sum(), 0.97)]
    return max(0.1, 1.2 * float(common))


def _inside(y: np.ndarray) -> np.ndarray:
    """A line that leaves the picture breaks."""
    return np.where(np.abs(y) > 2 * Z_RANGE[1], np.nan, y)


def _normal(z: np.ndarray, mean: np.ndarray, log_std: np.ndarray) -> np.ndarray:
    u = (z - np.asarray(mean)[..., None]) * np.exp(-np.asarray(log_std)[..., None])
    return np.exp(-0.5 * np.minimum(u * u, 1400.0)) / (
        np.exp(np.asarray(log_std)[..., None]) * np.sqrt(2 * np.pi)
    )


def _said(r: Gaps, f: int) -> str:
    p, first, best, second, own = descent(r.log_p[-1], r.approximation[-1], r.amortisation[f, -1])
    approximation, amortisation = average(r)[:, f]
    return (
        f"Degree {r.degree[f]}: at x = {num(r.x[-1])} log p(x) = {p}, the best Gaussian reaches "
        f"{best} and the encoder {own}: gaps of {first} and {second} nats. On average over p(x): "
        f"{say(approximation)} and {say(amortisation)}."
    )


def descent(log_p: float, approximation: float, amortisation: float) -> list[str]:
    """log p, gap, best bound, gap, bound. Three are rounded: sums hold as they stand."""
    p, first, second = fixed(log_p), fixed(max(approximation, 0)), fixed(max(amortisation, 0))
    return [say(v) for v in (p, first, p - first, second, p - first - second)]


def gaps_table(r: Gaps) -> Table:
    """The sum of gaps for every degree."""
    approximation, amortisation = average(r)
    log_p = float(r.weight @ r.log_p)
    rows: list[list[str | float]] = []
    for i, k in enumerate(r.degree):
        p, first, _, second, own = descent(log_p, approximation[i], amortisation[i])
        rows.append([f"{k}", p, first, second, own])
    return Table(
        ["degree", "average log p(x)", "− approximation gap", "− amortisation gap",
         "= average ELBO"],
        rows,
        f"Nats, by quadrature over z and x (x from {num(r.x[0])} to {num(r.x[-2])}, {r.share:.1%} "
        "of p(x)). The encoder of degree k has 2(k + 1) numbers: a polynomial for the mean of q "
        "and one for its log deviation, the better of two local fits.",
    )  # fmt: skip
