"""One digit: drawn, encoded, beside its exact posterior; a place of the plane, decoded."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.latent_words import SHOWN, apart, pad, place, strip, told
from dgmlib.figures.scene import (
    Axis,
    Ellipses,
    Handles,
    HeatMap,
    Layer,
    Panel,
    Path,
    Points,
    Scene,
    Text,
)
from dgmlib.figures.table import Table
from dgmlib.vae.one_digit import NODES, Look

REACH = 4.0
LABEL = 0.45  # of the plane: what the name of a class takes
BEYOND = "Part of p(x) lies beyond |z| = 6, where the quadrature ends. "


def digit_scene(r: Look) -> list[Scene | Table]:
    """Pad, plane, close-up and the decoded place; nothing moves but what is dragged."""
    cut = (r.decoded >= 0.5).astype(float)
    panels = [
        pad(r.digit, (0, 0, 2, 3)),
        _plane(r),
        _close_up(r),
        strip(r.digit.bits.astype(float)[None], ["what is encoded"], "", (0, 3, 2, 2)),
        strip(np.stack([r.decoded, cut]), ["z decoded: p(ink)", "p(ink) ≥ ½"], "", (6, 3, 3, 2)),
    ]  # fmt: skip
    scene = Scene(
        panels=panels,
        alt="A pad with a digit, the plane of the two latents with the codes of other digits and "
        "q(z|x) of this one, a close-up of q over the exact posterior, and the decoded place.",
        captions=[_said(r)], columns=9, aspect=1.68,
    )  # fmt: skip
    return [scene, _table(r)]


def middles(codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(10, 2) where the name of each class is written: near the median of its codes."""
    return apart(np.array([np.median(codes[labels == c], axis=0) for c in range(10)]), LABEL)


def prior_circles() -> Layer:
    return Ellipses(mean=np.zeros((1, 2)), cov=np.eye(2)[None], sd=(1.0, 2.0, 3.0),
                    colors=["muted"], fill=False, dash=True, width=1.0,
                    name="prior: 1, 2, 3 sd")  # fmt: skip


def _plane(r: Look) -> Panel:
    codes, labels = r.codes[:SHOWN], r.labels[:SHOWN]
    same = labels == (-1 if r.digit.label is None else r.digit.label)
    cloud: list[Layer] = [
        Points(xy=codes[~same], color="muted", size=1.6, opacity=0.35, name="other digits' codes")
    ]
    if same.any():
        cloud.append(Points(xy=codes[same], color=0, size=2.0, opacity=0.6, symbol="square",
                            name=f"codes of {r.digit.label}s"))  # fmt: skip
    return Panel(
        layers=[
            *cloud, prior_circles(),
            Text(xy=middles(r.codes, r.labels), text=[str(c) for c in range(10)], size=15.0),
            _q(r),
            Handles(xy=r.z[None], labels=["z"], colors=["accent"], at_most=1, low=(-REACH, -REACH),
                    high=(REACH, REACH), name="z"),
        ],
        title="The plane of z: drag z", x=Axis(label="z₁", range=(-REACH, REACH)),
        y=Axis(label="z₂", range=(-REACH, REACH)), equal=True, area=(2, 0, 4, 5),
    )  # fmt: skip


def _q(r: Look) -> Ellipses:
    q = r.posterior.q
    cov = np.diag(np.exp(np.asarray(q.log_var, float)))
    return Ellipses(mean=np.asarray(q.mean, float)[None], cov=cov[None], sd=(1.0, 2.0),
                    colors=[1], fill=False, width=2.0, name="q(z|x): 1, 2 sd")  # fmt: skip


def _close_up(r: Look) -> Panel:
    x0, x1, y0, y1 = r.posterior.extent
    root = np.sqrt(r.posterior.density / max(float(r.posterior.density.max()), 1e-300))
    inside = x0 <= r.z[0] <= x1 and y0 <= r.z[1] <= y1
    here: list[Layer] = [Points(xy=r.z[None], color="accent", symbol="ring", size=6.0, opacity=1.0,
                                name="z")] if inside else []  # fmt: skip
    frame = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
    return Panel(
        layers=[
            HeatMap(value=root, extent=r.posterior.extent, range=(0.0, 1.2), opacity=0.8),
            Path(xy=frame, color="muted", width=1.0), _q(r), *here,
        ],
        title="Close up: q over p(z|x)" + ("" if r.exact else ", cut at 6"),
        x=Axis(label="z₁", range=(x0, x1)),
        y=Axis(label="z₂", range=(y0, y1)), equal=True, area=(6, 0, 3, 3),
    )  # fmt: skip


def _said(r: Look) -> str:
    p, least = r.posterior, "" if r.exact else "at least "
    log_p = f"= {num(p.log_p)}" if r.exact else f"≥ {num(p.log_p)}"
    return (
        f"{r.digit.words[0].upper()}{r.digit.words[1:]}. log p(x) {log_p} nats; "
        f"the bound is {num(p.elbo)}, {least}{num(p.gap)} below. {'' if r.exact else BEYOND}"
        f"At z = {place(r.z)}: "
        f"log p(x|z) = {num(r.log_likelihood)}.{told(r.told)}"
    )


def _table(r: Look) -> Table:
    p = r.posterior
    how = f"quadrature over the plane; its last refinement changed {p.log_p_error:.0e}"
    above, below = "", ""
    if not r.exact:
        how, above, below = BEYOND.strip(), "≥ ", "≤ "
    sd = np.exp(0.5 * np.asarray(p.q.log_var, float))
    return Table(
        ["nats", "", "how"],
        [
            ["distortion, − E_q log p(x|z)", num(p.distortion, 3),
             f"{NODES}² nodes of Gauss and Hermite"],
            ["rate, KL(q ‖ p(z))", num(p.rate, 3), "closed form"],
            ["ELBO = − distortion − rate", num(p.elbo, 3), ""],
            ["log p(x)", above + num(p.log_p, 3), how],
            ["gap = KL(q ‖ p(z|x))", above + num(p.gap, 3), "log p(x) − ELBO"],
            ["at z: log p(x|z)", num(r.log_likelihood, 3), ""],
            ["at z: log p(z)", num(r.log_prior, 3), ""],
            ["at z: log q(z|x)", num(r.log_q, 3), ""],
            ["at z: log p(z|x)", below + num(r.log_likelihood + r.log_prior - p.log_p, 3),
             "log p(x|z) + log p(z) − log p(x)"],
        ],
        f"q(z|x) has its mean at {place(np.asarray(p.q.mean))} and deviations {num(sd[0], 3)} and "
        f"{num(sd[1], 3)}. A pixel is ink from half of the brightest value on.",
    )  # fmt: skip
