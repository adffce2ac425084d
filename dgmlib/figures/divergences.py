"""Scenes of five fits of one Gaussian to a mixture, and what its scenes share."""

import numpy as np

from dgmlib.divergences.fit_record import Fits
from dgmlib.divergences.mixture1d import Mixture1D, log_prob
from dgmlib.figures.scene import Axis, Handles, Layer, Lines, Panel, Path, Points, Rules, Scene
from dgmlib.figures.table import Table

X = np.linspace(-8.0, 8.0, 161)
TOP = 0.85  # of the density axis: a Gaussian of the smallest deviation, 0.5, reaches 0.80
FORWARD, REVERSE = "forward KL", "reverse KL"
GAP = 1e-3  # nats above the optimum that count as "another optimum"
STARS = np.array([0, 1, 2, 3, 4])


def names(alpha: float) -> list[str]:
    """The five divergences in the order of ``fit.DIVERGENCES``, their colours 0 to 4."""
    return [FORWARD, REVERSE, "JS", f"α = {alpha:g}", "W₂"]


def num(value: float | np.ndarray, digits: int = 2) -> str:
    """A number with a true minus sign; infinity by its sign."""
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}f}"
    return (text if float(text) else f"{0:.{digits}f}").replace("-", "−")


def density(mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Densities of Gaussians on ``X``: ``(*batch, N)``."""
    z = (X - np.asarray(mean)[..., None]) / np.asarray(std)[..., None]
    return np.exp(-0.5 * z * z) / (np.asarray(std)[..., None] * np.sqrt(2 * np.pi))


def target(p: Mixture1D) -> Lines:
    """The truth, shaded."""
    y = np.exp(log_prob(p, X))
    return Lines(x=X, y=y[None], names=["target p"], colors=["target"], fill=True, width=2.5)


def mode_handles(p: Mixture1D, weight: np.ndarray) -> list[Layer]:
    """One stem and two grips for each mode: x the mean, y the relative weight, width the sd."""
    K = len(p.mean)
    stems = np.stack([np.stack([p.mean, np.zeros(K)], 1), np.stack([p.mean, weight], 1)], 1)
    grips = Handles(
        xy=np.stack([p.mean, weight], 1), width=p.std, editable=True, at_most=4, name="modes",
        labels=[f"mode {k + 1}" for k in range(K)], colors=["target"] * K,
        low=(-7.0, 0.05), high=(7.0, 0.8), width_range=(0.5, 3.0),
    )  # fmt: skip
    return [Path(xy=stems, many=True, color="target", width=1.0, opacity=0.6), grips]


def start_handle(mean: float, std: float) -> Handles:
    """The q that every descent starts from; moves sideways only."""
    return Handles(
        xy=np.array([[mean, 0.0]]), width=np.array([std]), labels=["start of q"], colors=["ink"],
        axes="x", low=(-7.0, 0.0), high=(7.0, 0.0), width_range=(0.5, 3.0), name="start",
    )  # fmt: skip


def fit_scene(fits: Fits) -> list[Scene | Table]:
    """Five descents: the densities, their divergences, and their paths in the (m, s) plane."""
    label, best = names(fits.alpha), fits.best
    F = len(fits.mean)
    steps = np.arange(F, dtype=float)
    missed = np.flatnonzero(fits.value[-1] - best.value > GAP)
    left = [f"{label[i]}: the best" for i in missed]
    colors = [int(i) for i in missed]
    layers: list[Layer] = [
        target(fits.target),
        Lines(x=X, y=density(fits.mean, fits.std), names=label, colors=[0, 1, 2, 3, 4], width=2.5),
    ]
    if len(missed):
        layers.append(
            Lines(
                x=X, y=density(best.mean[missed], best.std[missed]), names=left, colors=colors,
                dashes=[True] * len(missed), width=2.0,
            )
        )  # fmt: skip
    layers += mode_handles(fits.target, fits.weight)
    layers.append(start_handle(float(fits.mean[0, 0]), float(fits.std[0, 0])))
    picture = Panel(
        layers=layers, title="Target p, and five Gaussians q on their way to it",
        x=Axis(label="x", range=(-8, 8)),
        y=Axis(label="density", range=(0, TOP)),
        area=(0, 0, 3, 2),
    )  # fmt: skip
    curves = Panel(
        layers=[
            Lines(
                x=steps, y=np.maximum(fits.value.T, 1e-4), names=label, colors=[0, 1, 2, 3, 4],
                cursor=True,
            ),
            *(
                Rules(at=np.maximum(best.value[[i]], 1e-4), axis="y", color=int(i))
                for i in missed
            ),
        ],
        title="Each one's own divergence never rises",
        x=Axis(label="iteration"), y=Axis(label="nats (W₂: units of x)", log=True),
        area=(3, 0, 2, 1), legend=False,
    )  # fmt: skip
    paths = np.stack([fits.mean, fits.std], -1)  # (F, 5, 2)
    plane = Panel(
        layers=[
            *(
                Path(xy=paths[:, i], trail=True, color=i, width=2.0) for i in range(5)
            ),
            Points(
                xy=np.stack([best.mean, best.std], 1), group=STARS, size=5.0, opacity=1.0,
                name="global optimum",
            ),
        ],
        title="The same paths: mean and deviation of q",
        x=Axis(label="mean of q"), y=Axis(label="standard deviation of q"),
        area=(3, 1, 2, 1),
    )  # fmt: skip
    scene = Scene(
        panels=[picture, curves, plane],
        alt="A Gaussian mixture with Gaussians fitted to it under five divergences, the value of "
        "each divergence against the iteration, and the path of each mean and deviation.",
        frame_values=steps, frame_label="iteration", captions=_captions(fits, missed),
        fps=8.0, columns=5, aspect=1.75,
    )  # fmt: skip
    m, d, v = fits.mean[-1], fits.std[-1], fits.value[-1]
    rows = [
        [label[i], f"{num(m[i], 3)} ± {num(d[i], 3)}", float(v[i]),
         f"{num(best.mean[i], 3)} ± {num(best.std[i], 3)}", float(best.value[i])]
        for i in range(5)
    ]  # fmt: skip
    table = Table(
        ["q fitted under", "ends at", "its divergence", "best q", "best possible"],
        rows,
        f"Mean ± standard deviation of q after {F - 1} iterations, and of the global optimum. "
        "Divergences in nats, W₂ in units of x.",
    )
    return [scene, table]


def _captions(fits: Fits, missed: np.ndarray) -> list[str]:
    label = ["forward KL(p‖q)", "reverse KL(q‖p)"]
    best = fits.best
    said = []
    for f, (m, s, v) in enumerate(zip(fits.mean, fits.std, fits.value, strict=True)):
        parts = [
            f"{label[i]} is {num(v[i], 3)} nats with q at {num(m[i])} ± {num(s[i])}" for i in (0, 1)
        ]
        said.append(f"Iteration {f}: {'; '.join(parts)}.")
    ends = [
        f"{names(fits.alpha)[i]} ends {num(fits.value[-1, i] - best.value[i], 3)} above its global "
        f"optimum, which is at {num(best.mean[i])} ± {num(best.std[i])} (dashed)"
        for i in missed
    ]
    said[-1] += (
        " "
        + (
            "; ".join(e[0].upper() + e[1:] for e in ends)
            if ends
            else "All five reached their global optimum"
        )
        + "."
    )
    return said
