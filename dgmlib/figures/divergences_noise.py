"""Scenes of two jobs on one target, of estimates that mislead, and of gradient noise."""

import numpy as np

from dgmlib.divergences.fit_estimates import Estimates, Runs
from dgmlib.divergences.fit_jobs import Jobs
from dgmlib.divergences.fit_noise import Noise
from dgmlib.figures.divergences import TOP, X, density, num, target
from dgmlib.figures.scene import Axis, Band, Layer, Lines, Panel, Points, Rules, Scene
from dgmlib.figures.table import Table

JOBS = ["maximum likelihood", "variational inference"]
ESTIMATORS = ["score function", "with baseline", "reparameterised"]


def jobs_scene(r: Jobs) -> list[Scene | Table]:
    """Two streams side by side: what each sees, its q, and both KL divergences along both paths."""
    F = len(r.mean)
    steps = np.arange(F, dtype=float)
    q = density(r.mean, r.std)  # (F, 2, N)
    rug = np.stack([r.samples, np.full(len(r.samples), -0.02)], 1)
    x, y = Axis(range=(-8, 8)), Axis(range=(-0.05, TOP))
    ml = Panel(
        layers=[
            Lines(x=X, y=target(r.target).y, names=["p, not seen"], colors=["target"],
                  dashes=[True], width=1.5),
            Points(xy=rug, color="ink", size=2.5, opacity=0.45, symbol="plus",
                   name=f"{len(r.samples)} samples: all it needs"),
            Lines(x=X, y=q[:, 0], names=["q"], colors=[0], width=2.5),
        ],
        title="Maximum likelihood sees samples", x=x, y=y, area=(0, 0, 1, 1),
    )  # fmt: skip
    vi = Panel(
        layers=[
            Lines(x=X, y=target(r.target).y, names=["p up to a constant: all it needs"],
                  colors=["target"], fill=True, width=2.5),
            Lines(x=X, y=q[:, 1], names=["q"], colors=[1], width=2.5),
        ],
        title="Variational inference sees the density", x=x, y=y, area=(1, 0, 1, 1),
    )  # fmt: skip
    ways = [
        Panel(
            layers=[
                Lines(x=steps, y=np.maximum(v.T, 1e-3), names=JOBS, colors=[0, 1], cursor=True)
            ],
            title=title, x=Axis(label="iteration"), y=Axis(label="nats", log=True),
            area=(i, 1, 1, 1),
        )
        for i, (v, title) in enumerate([
            (r.forward, "KL(p‖q): what the first descends"),
            (r.reverse, "KL(q‖p): what the second descends"),
        ])
    ]  # fmt: skip
    said = [
        f"Iteration {f}: maximum likelihood has KL(p‖q) = {num(r.forward[f, 0], 3)} and KL(q‖p) = "
        f"{num(r.reverse[f, 0], 3)}; variational inference has {num(r.forward[f, 1], 3)} and "
        f"{num(r.reverse[f, 1], 3)}. Average log-likelihood of the first: "
        f"{num(r.loglik[f, 0], 3)} ± {num(r.loglik_se[f, 0], 3)} on the samples, exactly "
        f"{num(r.expected[f, 0], 3)} under p."
        for f in range(F)
    ]
    scene = Scene(
        panels=[ml, vi, *ways],
        alt="A Gaussian fitted to samples by maximum likelihood beside one fitted to the density "
        "by variational inference, and both KL divergences along both paths.",
        frame_values=steps, frame_label="iteration", captions=said, start=F - 1, fps=8.0,
        columns=2, aspect=1.6,
    )  # fmt: skip
    rows = [
        [
            job, float(r.forward[-1, i]), float(r.reverse[-1, i]), float(r.expected[-1, i]),
            f"{num(r.loglik[-1, i], 4)} ± {num(r.loglik_se[-1, i], 4)}",
        ]
        for i, job in enumerate(JOBS)
    ]  # fmt: skip
    return [
        scene,
        Table(
            ["at the end", "KL(p‖q)", "KL(q‖p)", "E_p log q = −KL(p‖q) − H(p)", "on the samples"],
            rows,
            f"Nats; H(p) = {num(r.entropy, 4)}. ± is one standard error of the sample average.",
        ),
    ]


def estimates_scene(r: Estimates) -> list[Scene | Table]:
    """The running estimate of both directions up to n draws, with the exact value beside it."""
    panels = [
        _running(r.forward, f"KL(p‖q): the truth is {num(r.forward.exact, 4)}", 0, 0, _reach(r)),
        _running(r.reverse, f"KL(q‖p): the truth is {num(r.reverse.exact, 4)}", 1, 1, ""),
    ]
    said = []
    for f, n in enumerate(r.forward.n):
        one, back = r.forward.mean[0, f], r.reverse.mean[0, f]
        if np.isfinite(one):
            first = f"{num(one, 4)} ± {num(r.forward.error[0, f], 4)}"
        else:
            first = "∞: a draw fell where q is 0"
        chance = (
            f" It is finite with probability {num(r.prob_finite[f], 3)}."
            if r.case == "hole"
            else ""
        )
        said.append(
            f"{n:,} draws: the estimate of KL(p‖q) is {first}, the truth "
            f"{num(r.forward.exact, 4)}.{chance} The estimate of KL(q‖p) is {num(back, 4)} ± "
            f"{num(r.reverse.error[0, f], 4)}, the truth {num(r.reverse.exact, 4)}."
        )
    scene = Scene(
        panels=panels,
        alt="Running Monte Carlo estimates of both directions of KL with their standard errors, "
        "beside the exact values.",
        frame_values=r.forward.n.astype(float), frame_label="draws n", captions=said,
        start=_settled(r.forward), fps=10.0, columns=2, aspect=2.0,
    )  # fmt: skip
    return [scene]


def _settled(r: Runs) -> int:
    """Around a thousand draws, where an estimate looks settled; earlier if it is infinite there."""
    finite = int(np.flatnonzero(np.isfinite(r.mean[0]))[-1])
    return min(finite, int(np.argmin(np.abs(r.n - 1000))))


def _reach(r: Estimates) -> str:
    return (
        "mean of the draws that miss the hole" if r.case == "hole" else "part in reach of n draws"
    )


def _running(r: Runs, title: str, color: int, column: int, reach: str) -> Panel:
    F = len(r.n)
    x = np.log10(r.n)
    seen = np.arange(F) <= np.arange(F)[:, None]  # (F, F): frame, count
    mean, error = r.mean[0], np.nan_to_num(r.error[0], nan=0.0)
    finite = np.where(np.isfinite(r.mean), r.mean, np.nan)  # (R, F)
    shown = np.concatenate(
        [finite[:, :].ravel(), r.reach, [r.exact if np.isfinite(r.exact) else 0]]
    )
    high = 1.25 * float(np.nanquantile(shown, 0.97))
    low = min(0.0, 1.25 * float(np.nanquantile(shown, 0.02)))
    now = np.where(seen, np.where(np.isfinite(mean), mean, np.nan), np.nan)
    middle = np.where(np.isfinite(mean), mean, high)
    band = [np.where(seen, middle + k * error, middle[0]) for k in (-2, 2)]
    layers: list[Layer] = [
        Lines(x=x, y=finite[1:], colors=["muted"] * 5, width=1.0),
        Band(x=x, low=band[0], high=band[1], color=color, name="± 2 standard errors"),
        Lines(x=x, y=now[:, None], names=["estimate"],
              colors=[color], width=2.5),
    ]  # fmt: skip
    if np.isfinite(r.exact):
        layers.append(Rules(at=np.array([r.exact]), axis="y", color="target", name="exact"))
    if reach and np.all(np.isfinite(r.reach)):
        layers.append(
            Lines(x=x, y=r.reach[None], names=[reach], colors=["muted"], dashes=[True], width=2.0)
        )
    ticks = [(float(k), f"{10**k:,}") for k in range(1, 5)]
    return Panel(
        layers=layers, title=title, x=Axis(label="draws n (gray: five other runs)", ticks=ticks),
        y=Axis(label="nats", range=(low, high)), area=(column, 0, 1, 1),
    )  # fmt: skip


def noise_scene(r: Noise) -> list[Scene | Table]:
    """Clouds of estimates around the exact gradient, and how their spread changes in the sweep."""
    F = len(r.std)
    spread = np.sqrt(r.variance)
    truth = r.exact[:, None]
    half = 3.2 * spread[r.start].max(0)
    clouds = [
        Panel(
            layers=[
                Points(xy=r.gradient[:, i], color=i, size=2.5, opacity=0.55,
                       symbol=("circle", "square", "diamond")[i]),
                Points(xy=truth, color="target", symbol="star", size=6.0, opacity=1.0,
                       name="exact" if i == 0 else ""),
            ],
            title=name,
            x=Axis(label="by the mean of q", range=_around(r.exact[r.start, 0], half[0])),
            y=Axis(
                label="by log sd" if i == 0 else "", range=_around(r.exact[r.start, 1], half[1])
            ),
            area=(2 * i, 0, 2, 1), legend=i == 0,
        )
        for i, name in enumerate(ESTIMATORS)
    ]  # fmt: skip
    lines = [
        Panel(
            layers=[
                Lines(x=r.std, y=np.maximum(spread[:, :, j].T, 1e-3), names=ESTIMATORS,
                      colors=[0, 1, 2], cursor=True)
            ],
            title=f"Standard deviation of one estimate, by {what}",
            x=Axis(label="standard deviation of q"), y=Axis(log=True), area=(3 * j, 1, 3, 1),
            legend=j == 0,
        )
        for j, what in enumerate(["the mean", "log sd"])
    ]  # fmt: skip
    ratio = r.variance[:, :2] / r.variance[:, 2:]  # (F, 2, 2)
    said = [
        f"sd of q {num(r.std[f])}: the exact gradient is ({num(r.exact[f, 0], 3)}, "
        f"{num(r.exact[f, 1], 3)}). For the mean, the score function has {num(ratio[f, 0, 0], 2)} "
        f"times the variance of reparameterisation, with baseline {num(ratio[f, 1, 0], 2)} times; "
        f"for log sd {num(ratio[f, 0, 1], 2)} and {num(ratio[f, 1, 1], 2)} times."
        for f in range(F)
    ]
    scene = Scene(
        panels=[*clouds, *lines],
        alt="Clouds of gradient estimates around the exact gradient for three estimators, and "
        "their standard deviation against the deviation of q.",
        frame_values=r.std, frame_label="standard deviation of q", captions=said, start=r.start,
        fps=6.0, columns=6, aspect=1.65,
    )  # fmt: skip
    return [scene]


def _around(centre: float, half: float) -> tuple[float, float]:
    return float(centre - half), float(centre + half)
