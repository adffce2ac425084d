"""Scene of the rate-distortion plane: every beta a checkpoint to click, and its digits."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Axis, Images, Layer, Panel, Path, Pick, Points, Scene, Text
from dgmlib.figures.table import Table
from dgmlib.vae import shelf
from dgmlib.vae.rate_distortion import DRAWS, Plane

NATS = 0.05  # nats: a smaller difference is not called one


def plane_scene(r: Plane) -> list[Scene | Table]:
    """The plane with the line of the chosen beta; digits, decoded and drawn. Frames are draws."""
    F = len(r.decoded)
    scene = Scene(
        panels=[_plane(r), _digits(r), _every(r)],
        alt="Rate against distortion of VAEs trained with different beta, the line of equal "
        "D + beta R through the chosen one, and digits it was given, decoded, and drew. "
        f"{sentence(r)}",
        frame_values=np.arange(1, F + 1), frame_label="draw of z",
        captions=[caption(r, f) for f in range(F)], fps=2.0, columns=2, aspect=1.75,
        interpolate=False,
    )  # fmt: skip
    return [scene, plane_table(r)]


def picked(done: dict) -> str:
    """The beta whose checkpoint lies nearest to a click, as its control says it."""
    x, y = (float(v) for v in done["xy"])
    found = shelf.look([shelf.name_of(b) for b in shelf.BETAS]).found
    at = np.array([[shelf.score(one, s)[0] for s in ("rate", "distortion")] for one in found])
    span = np.maximum(at.max(0) - at.min(0), 1e-9)
    if not np.isfinite([x, y]).all():
        raise ValueError("a click needs two numbers")
    nearest = int((((at - [x, y]) / span) ** 2).sum(1).argmin())
    return f"{found[nearest].card['settings']['beta']:g}"


def sentence(r: Plane) -> str:
    """The chosen checkpoint on held-out digits."""
    i = r.chosen
    total = r.rate[i] + r.distortion[i]
    near = "" if r.beta[i] == r.wanted else f"β = {r.wanted:g} is not here; the nearest that is: "
    better = (
        f" Its estimate of log p(x) is {num(r.log_p[i])} ± {num(r.log_p_error[i])}."
        if np.isfinite(r.log_p[i])
        else ""
    )
    return (
        f"{near}β = {r.beta[i]:g} on held-out digits: rate {num(r.rate[i])} ± "
        f"{num(r.rate_error[i])}, distortion {num(r.distortion[i])} ± {num(r.distortion_error[i])}"
        f" nats, so the bound is −(R + D) = {num(-total)} ± {num(r.bound_error[i])}.{better}"
    )


def caption(r: Plane, f: int) -> str:
    """The sentence, the shown digits, and which draw is seen."""
    i, S = r.chosen, len(r.images)
    rate, distortion = r.shown_rate[i].mean(), r.shown_distortion[i].mean()
    error = np.sqrt((r.shown_error[i] ** 2).sum()) / S  # of the draws; the digits are given
    return (
        f"Draw {f + 1} of {len(r.decoded)}. {sentence(r)} The {S} digits shown: rate {num(rate)}, "
        f"distortion {num(distortion)} ± {num(error)}. The first is {r.words}; the others are "
        f"bundled ones from MNIST's training set, so the networks have seen them."
    ) + missing_words(r.missing, r.told)


def missing_words(missing: dict[str, str], told: str) -> str:
    """What is not there and why, and what was said of what is."""
    each = [f"{name} ({why})" for name, why in missing.items()]
    absent = f" Not here: {', '.join(each)}." if each else ""
    return absent + (f" {told}." if told else "")


def price(r: Plane) -> str:
    """What the chosen checkpoint was trained to make small."""
    return "D + R" if r.beta[r.chosen] == 1 else f"D + {r.beta[r.chosen]:g} R"


def below_words(r: Plane) -> str:
    """Does the chosen one win at its own price?"""
    i = r.chosen
    # of a difference, at most: R and D, and two networks on the same images, may go together
    error = np.nan_to_num(r.distortion_error + r.beta[i] * r.rate_error)
    better = [
        f"β = {b:g} by {num(d)} (± {num(error[i] + e)} at most)"
        for b, d, e in zip(r.beta, r.below, error, strict=True)
        if d > NATS and b != r.beta[i]
    ]
    if better:
        return (
            f"Below the line, so better at β = {r.beta[i]:g} than the checkpoint trained for it: "
            f"{', '.join(better)}, in nats ± one standard error"
        )
    return f"No checkpoint lies below the line: at β = {r.beta[i]:g} the one trained for it is best"


def _plane(r: Plane) -> Panel:
    i = r.chosen
    at = np.stack([r.rate, r.distortion], axis=1)  # (P, 2)
    seen = np.stack([r.shown_rate.mean(1), r.shown_distortion.mean(1)], axis=1)
    low, high = (f(np.concatenate([at, seen]), axis=0) for f in (np.min, np.max))
    air = 0.12 * np.maximum(high - low, 1.0)
    x_range = (0.0, float(high[0] + 1.5 * air[0]))  # with room for a label
    y_range = (float(low[1] - air[1]), float(high[1] + air[1]))
    layers: list[Layer] = [
        _line(at[i], r.beta[i], x_range, y_range, color="accent", dash=False,
              name=f"{price(r)} = const"),
    ]  # fmt: skip
    if (r.beta == 1).any() and r.beta[i] != 1:
        one = at[r.beta == 1][0]
        layers.append(_line(one, 1.0, x_range, y_range, color="muted", dash=True,
                            name="the bound of β = 1"))  # fmt: skip
    layers += [
        Path(xy=at, color=0, width=1.5, opacity=0.6),
        _errors(r, 0), _errors(r, 1),
        Points(xy=at, color=0, size=6.0, opacity=1.0, name="held out, each trained with its β"),
        Points(xy=seen, color=1, symbol="diamond", size=4.0, opacity=0.9,
               name=f"the {len(r.images)} digits shown"),
        Points(xy=at[i : i + 1], color="accent", symbol="ring", size=10.0, opacity=1.0),
        Text(xy=at + air * [0.18, 0.3], text=[f"β = {b:g}" for b in r.beta], anchor="start",
             size=12.5),
        Pick(label="click a checkpoint", name="checkpoint"),
    ]  # fmt: skip
    return Panel(
        layers=layers, title="Each point is a network",
        x=Axis(label="rate R: what the code costs, nats", range=x_range),
        y=Axis(label="distortion D: what is lost, nats", range=y_range), area=(0, 0, 1, 3),
    )  # fmt: skip


def _line(through, slope: float, x_range, y_range, **style) -> Path:
    """D = D_0 - slope (R - R_0), as far as the panel goes."""
    c = through[1] + slope * through[0]
    ends = sorted(
        float(np.clip(v, *x_range)) for v in ((c - y_range[0]) / slope, (c - y_range[1]) / slope)
    )
    return Path(xy=np.array([[x, c - slope * x] for x in ends]), width=2.0, **style)


def _errors(r: Plane, axis: int) -> Path:
    """Plus and minus two standard errors, along one axis."""
    half = 2 * np.nan_to_num([r.rate_error, r.distortion_error][axis])
    at = np.stack([r.rate, r.distortion], axis=1)
    step = np.zeros_like(at)
    step[:, axis] = half
    lines = np.stack([at - step, at + step, np.full_like(at, np.nan)], axis=1)
    return Path(xy=lines.reshape(-1, 2), color="ink", width=1.5)


def _digits(r: Plane) -> Panel:
    S = len(r.images)
    still = np.broadcast_to(r.images, r.decoded.shape)
    value = np.concatenate([still, r.decoded, r.sampled], axis=1)
    names = ["given", "decoded", "from p(z)"]
    return Panel(
        layers=[
            Images(value=value.astype(np.float32), columns=S),
            Text(xy=np.array([[-0.15, 2.5 - i] for i in range(3)]), text=names, anchor="end",
                 size=12.5),
        ],
        title=f"β = {r.beta[r.chosen]:g}: probabilities that a pixel is on",
        x=Axis(range=(-1.6, float(S)), hidden=True), y=Axis(range=(0.0, 3.0), hidden=True),
        equal=True, area=(1, 0, 1, 2), aspect=(S + 1.6) / 3, legend=False,
    )  # fmt: skip


def _every(r: Plane) -> Panel:
    P, i = len(r.beta), r.chosen
    at = np.stack([np.arange(P) + 0.5, np.full(P, -0.3)], axis=1)
    rest = [j for j in range(P) if j != i]
    layers: list[Layer] = [
        Images(value=r.every.astype(np.float32), columns=P),
        Text(xy=at[[i]], text=[f"▸{r.beta[i]:g}"], color="accent", size=13.0),
    ]
    if rest:
        layers.append(Text(xy=at[rest], text=[f"{r.beta[j]:g}" for j in rest], size=12.5))
    return Panel(
        layers=layers, title="The first digit through every β, no noise",
        x=Axis(range=(0.0, float(P)), hidden=True), y=Axis(range=(-0.55, 1.0), hidden=True),
        equal=True, area=(1, 2, 1, 1), aspect=P / 1.55, legend=False,
    )  # fmt: skip


def plane_table(r: Plane) -> Table:
    """Every checkpoint of the sweep on held-out digits, and at the price of the chosen beta."""
    i = r.chosen
    cost = r.distortion + r.beta[i] * r.rate
    rows = [
        [f"{'▸ ' if j == i else ''}{r.beta[j]:g}", r.names[j], f"{r.epochs[j]}",
         f"{num(r.rate[j])} ± {num(r.rate_error[j])}",
         f"{num(r.distortion[j])} ± {num(r.distortion_error[j])}",
         f"{num(-(r.rate[j] + r.distortion[j]))} ± {num(r.bound_error[j])}",
         "not stated" if np.isnan(r.log_p[j]) else f"{num(r.log_p[j])} ± {num(r.log_p_error[j])}",
         num(cost[j])]
        for j in range(len(r.beta))
    ]  # fmt: skip
    return Table(
        ["β", "checkpoint", "epochs", "rate R", "distortion D", "bound −(R + D)",
         "log p(x), importance", price(r)],
        rows,
        f"Nats per image, ± one standard error over the test images of the cards. "
        f"{below_words(r)}. "
        f"Diamonds and the captions are of the digits shown, with {DRAWS} draws of q each. Test "
        "images of the cards are binarised by drawing each pixel with its grey value as "
        "probability; digits on this page have ink where grey is at least one half, which is "
        "easier: do not compare the two.",
    )  # fmt: skip
