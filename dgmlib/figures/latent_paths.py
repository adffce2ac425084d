"""Two ways from one digit to another through fifty latents, scrubbed."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.latent_words import rows, strip, told
from dgmlib.figures.scene import Axis, Band, Lines, Panel, Rules, Scene
from dgmlib.figures.table import Table
from dgmlib.vae.paths import WAYS, Paths

STILL = 9  # pictures of each way in the overview


def paths_scene(r: Paths) -> list[Scene | Table]:
    """The frame is t: from the first digit's code to the second's."""
    F = len(r.t)
    shown = np.linspace(0, F - 1, STILL).round().astype(int)
    moving = np.stack([
        np.broadcast_to(r.first.bits.astype(float), (F, 784)), *r.images,
        np.broadcast_to(r.second.bits.astype(float), (F, 784)),
    ], axis=1)  # (F, 4, 784)  # fmt: skip
    bits = r.images[:, shown]
    panels = [
        strip(moving, ["first", *WAYS, "second"], "", (0, 0, 3, 3)),
        rows(bits, list(WAYS), "The whole way: p(ink) from t = 0 to 1", (0, 3, 3, 3), margin=1.6),
        _norms(r),
        _doubt(r),
    ]
    scene = Scene(
        panels=panels,
        alt="Pictures decoded along the straight and the spherical way between two digits, the "
        "norm of z along both and how much doubt is in the pictures.",
        frame_values=r.t, frame_label="t", captions=[_said(r, f) for f in range(F)],
        start=F // 2, fps=12.0, columns=5, aspect=1.6, interpolate=False,
    )  # fmt: skip
    return [scene, _table(r)]


def _norms(r: Paths) -> Panel:
    ends = np.array([r.t[0], r.t[-1]])
    low, high = (np.full(2, v) for v in r.shell)
    top = 1.12 * max(float(r.norm.max()), r.shell[1], r.codes[1])
    return Panel(
        layers=[
            Band(x=ends, low=low, high=high, color="target", name="of N(0, I)"),
            Rules(at=np.array(r.codes), axis="y", color="muted", name="of the codes"),
            Lines(x=r.t, y=r.norm, names=list(WAYS), colors=[0, 1], dashes=[True, False],
                  cursor=True),
        ],
        title="Norm of z, and 95% of norms", x=Axis(label="t"),
        y=Axis(range=(0.0, top)), area=(3, 0, 2, 3),
    )  # fmt: skip


def _doubt(r: Paths) -> Panel:
    return Panel(
        layers=[Lines(x=r.t, y=r.doubt, names=list(WAYS), colors=[0, 1], dashes=[True, False],
                      cursor=True)],
        title="Doubt: entropy of the bits, nats", x=Axis(label="t"),
        y=Axis(range=(0.0, 1.15 * float(r.doubt.max()))), area=(3, 3, 2, 3),
    )  # fmt: skip


def _said(r: Paths, f: int) -> str:
    a, b = r.norm[:, f]
    u, v = r.doubt[:, f]
    return (
        f"t = {num(r.t[f])}: straight |z| = {num(a)}, doubt {num(u, 1)} nats; spherical "
        f"|z| = {num(b)}, doubt {num(v, 1)} nats. 95% of N(0, I) have norms from "
        f"{num(r.shell[0])} to {num(r.shell[1])}.{told(r.told)}"
    )


def _table(r: Paths) -> Table:
    half = len(r.t) // 2
    body = [[way, num(r.norm[w, 0]), num(r.norm[w, half]), num(r.norm[w, -1]),
             num(r.doubt[w].mean(), 1), num(r.doubt[w].max(), 1)]
            for w, way in enumerate(WAYS)]  # fmt: skip
    return Table(
        ["way", "|z| at t = 0", "at ½", "at 1", "mean doubt, nats", "largest"], body,
        f"First: {r.first.words}. Second: {r.second.words}. The ends are {r.ends}; the angle "
        f"between them is {num(np.degrees(r.angle), 0)}°. {r.active} of the {r.d} coordinates "
        "have a mean that moves with the image (its variance over the bundled digits is above "
        "0.01).",
    )  # fmt: skip
