"""Scenes of who pays for a misfit, and of the same misfit in the plane."""

import numpy as np

from dgmlib.divergences.fit_payers import Payers
from dgmlib.divergences.fit_plane import Plane
from dgmlib.figures.divergences import FORWARD, REVERSE, names, num
from dgmlib.figures.scene import Axis, Ellipses, Lines, Panel, Rules, Scene
from dgmlib.figures.table import Table

WHAT = {"mean": "mean of q", "sd": "standard deviation of q", "fits": "the five best fits"}


def pays_scene(r: Payers) -> list[Scene | Table]:
    """p and q, what each x pays, and the totals along the sweep; a table of the best fits."""
    label, F = names(r.alpha), len(r.at)
    bits = r.exact / np.log(2)
    densities = Panel(
        layers=[
            Lines(x=r.x, y=r.p[None], names=["target p"], colors=["target"], fill=True, width=2.5),
            Lines(x=r.x, y=r.q, names=["q"], colors=["accent"], width=2.5),
        ],
        x=Axis(range=(-8, 8)), y=Axis(label="density"), area=(0, 0, 3, 2),
    )  # fmt: skip
    low, high = _window(r)
    integrands = Panel(
        layers=[
            Lines(x=r.x, y=r.integrand[:, i], names=[name], colors=[i], fill=True, width=2.0)
            for i, name in enumerate(["p log₂(p/q)", "q log₂(q/p)", "the two halves of JS"])
        ],
        title="Who pays: bits per unit of x",
        x=Axis(label="x", range=(-8, 8)), y=Axis(range=(low, high)),
        area=(0, 2, 3, 3),
    )  # fmt: skip
    if r.sweep == "fits":
        x = Axis(label="fit", ticks=[(float(i), n.split("(")[0]) for i, n in enumerate(label)])
    else:
        x = Axis(label=WHAT[r.sweep])
    show = [0, 1, 2]
    totals = Panel(
        layers=[
            Lines(
                x=r.at, y=np.maximum(bits[:, show].T, 1e-3), names=[label[i] for i in show],
                colors=show, cursor=True,
            )
        ],
        title="The totals in bits", x=x, y=Axis(log=True), area=(3, 0, 2, 5),
    )  # fmt: skip
    said = []
    for f in range(F):
        q = f"q = N({num(r.q_mean[f])}, {num(r.q_std[f])}²)"
        which = f"Best fit under {label[f]}: " if r.sweep == "fits" else ""
        said.append(
            f"{which}{q}. A code made for q spends {num(bits[f, 0], 3)} extra bits per symbol on "
            f"draws of p; a code made for p spends {num(bits[f, 1], 3)} on draws of q; "
            f"JS is {num(bits[f, 2], 3)} of at most 1 bit, W₂ is {num(r.exact[f, 4], 3)}."
        )
    scene = Scene(
        panels=[densities, integrands, totals],
        alt="The target and q, the integrands of both KL divergences and of JS along x, and their "
        "totals as q is swept.",
        frame_values=r.at, frame_label=WHAT[r.sweep], captions=said, start=r.start,
        fps=1.0 if r.sweep == "fits" else 12.0, columns=5, aspect=1.75,
        interpolate=r.sweep != "fits",
    )  # fmt: skip
    return [scene, divergence_table(r)]


def _window(r: Payers) -> tuple[float, float]:
    """A height that shows the frame asked for in full, and does not follow the worst one."""
    here = r.integrand if r.sweep == "fits" else r.integrand[[r.start]]
    return min(-0.4, 1.1 * float(here.min())), max(0.6, min(1.1 * float(here.max()), 12.0))


def divergence_table(r: Payers) -> Table:
    """Every divergence of the five best fits, in nats; the smallest of a row is marked."""
    label, t = names(r.alpha), r.table
    columns = [t.forward, t.reverse, t.jeffreys, t.js, t.alpha, t.tv, t.w1, t.w2]
    heads = ["KL(p‖q)", "KL(q‖p)", "Jeffreys", "JS", f"α = {r.alpha:g}", "TV", "W₁", "W₂"]
    rows: list[list[str | float]] = []
    for head, (value, error) in zip(heads, columns, strict=True):
        best = int(np.argmin(value))
        cells = zip(value, error, strict=True)
        rows.append([head, *(_cell(v, e, i == best) for i, (v, e) in enumerate(cells))])
    rows.append(["KL(p‖q) in bits", *(float(v / np.log(2)) for v in t.forward.value)])
    return Table(
        ["", *(f"best {name}" for name in label)],
        rows,
        "A column is the Gaussian that is best under one divergence; ◂ marks a row's smallest. "
        "Nats; W₁ and W₂ in units of x. After ± stands a bound on the numerical error: what a "
        "coarser rule differs by, and rounding.",
    )


def _cell(value: float, error: float, best: bool) -> str:
    """Such as ``0.3412 ± 2e-12``; the bound is rounded up."""
    power = 10.0 ** np.floor(np.log10(max(error, 1e-300)))
    up = f"{np.ceil(error / power) * power:.0e}".replace("e-0", "e-")
    return f"{value:.4g} ± {up}{'◂' if best else ''}".replace("-", "−")


def plane_scene(r: Plane) -> list[Scene | Table]:
    """The target's ellipse with both mean-field fits, and what they lose, against rho."""
    F = len(r.rho)
    eye = np.eye(2)
    fits = [r.variance[:, i, :, None] * eye for i in (0, 1)]  # (F, 2, 2) each
    both = np.stack(fits, 1)  # (F, 2, 2, 2)
    half = 3.0 * max(1.0, float(r.std[1]))
    zero = np.zeros((F, 1, 2))
    view = Panel(
        layers=[
            Ellipses(mean=zero, cov=r.cov[:, None], colors=["target"], width=2.5, fill=True,
                     weight=np.ones((F, 1)), name="target p = best full Gaussian, either way"),
            Ellipses(mean=zero, cov=both[:, :1], colors=[0], fill=False, name=FORWARD),
            Ellipses(mean=zero, cov=both[:, 1:], colors=[1], fill=False, name=REVERSE),
        ],
        title="One and two standard deviations", equal=True,
        x=Axis(label="x₁", range=(-half, half)), y=Axis(label="x₂", range=(-half, half)),
        area=(0, 0, 3, 2),
    )  # fmt: skip
    variances = Panel(
        layers=[
            Rules(at=r.std[:1] ** 2, axis="y", color="target", width=1.0),
            Lines(
                x=r.rho, y=r.variance[:, :, 0].T, names=["forward: S₁₁", "reverse: 1 − ρ²"],
                colors=[0, 1], cursor=True,
            ),
        ],
        title="Variance that q gives to x₁", x=Axis(label="correlation ρ"), y=Axis(range=(0, 1.1)),
        area=(3, 0, 2, 1),
    )  # fmt: skip
    costs = Panel(
        layers=[
            Lines(
                x=r.rho, y=np.stack([r.forward[:, 0], r.forward[:, 1]]), cursor=True,
                names=["its own KL", "the other KL"], colors=["ink", "bad"],
            )
        ],
        title="What either fit costs, nats", x=Axis(label="correlation ρ"), y=Axis(range=(0, 5)),
        area=(3, 1, 2, 1),
    )  # fmt: skip
    said = [
        f"ρ = {num(r.rho[f])}: under reverse KL the variance of x₁ is "
        f"{num(r.variance[f, 1, 0], 4)} (closed form 1 − ρ² = {num(r.closed[f, 1, 0], 4)}), "
        f"under forward KL "
        f"{num(r.variance[f, 0, 0], 4)}. Either fit costs "
        f"{num(r.forward[f, 0], 3)} nats in its own KL "
        f"and {num(r.forward[f, 1], 3)} measured the other way."
        for f in range(F)
    ]
    scene = Scene(
        panels=[view, variances, costs],
        alt="Ellipses of a correlated Gaussian and of its two mean-field fits, with the fitted "
        "variance and the cost against the correlation.",
        frame_values=r.rho, frame_label="correlation ρ", captions=said,
        start=int(np.argmin(np.abs(r.rho - 0.9))), fps=10.0, columns=5, aspect=1.75,
    )  # fmt: skip
    return [scene]
