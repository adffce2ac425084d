"""Three GANs on one plane of noise, the nearest real digit of one picture, and the scores."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.infogan_codes import outline
from dgmlib.figures.latent_words import square, strip, told
from dgmlib.figures.scene import Axis, Images, Layer, Panel, Pick, Points, Scene
from dgmlib.figures.table import Table
from dgmlib.gan import digit_looks
from dgmlib.gan.digit_plane import NAMES, SIDE, Score, Three, label

TITLES = ("GAN", "WGAN-GP", "InfoGAN")


def plane_scene(r: Three) -> list[Scene | Table]:
    """The frame is InfoGAN's category."""
    F = len(r.grids[-1])
    near = _of_picked(r)
    images = np.stack([near[0], digit_looks.grey()[near[1]]], 1)  # (F, 2, 784)
    panels = [
        *(_sheet(r, k) for k in range(len(NAMES))),
        strip(images, ["picked", "nearest"], "A copy? Picked, and nearest real digit",
              (0, 4, 6, 3)),
        _distances(r, near[2]),
    ]  # fmt: skip
    scene = Scene(
        panels=panels,
        alt="Pictures of three GANs on the same plane of noise, one of them beside the nearest "
        "bundled digit, and such distances of all pictures and of real digits.",
        frame_values=np.arange(F), frame_label="InfoGAN's category",
        captions=[_said(r, f, int(near[1][f]), float(near[2][f])) for f in range(F)],
        start=int(near[2].argmin()), fps=2.0, columns=12, aspect=1.6, interpolate=False,
    )  # fmt: skip
    return [scene, scores_table(r.scores), _distance_table(r)]


def _of_picked(r: Three) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(F, 784) the picked picture, (F,) its nearest bundled digit, (F,) how far."""
    F = len(r.grids[-1])
    k, i, j = r.picked
    grid, near = r.grids[k], r.near[k]
    parts = (grid[:, i, j], near.index[:, i, j], near.distance[:, i, j])
    whole = [np.broadcast_to(a, (F, *a.shape[1:])) for a in parts]
    return whole[0], whole[1], whole[2]


def _sheet(r: Three, k: int) -> Panel:
    grid = r.grids[k]
    flat = square(grid.reshape(len(grid), SIDE * SIDE, -1))
    layers: list[Layer] = [Images(value=flat if len(grid) > 1 else flat[0], columns=SIDE)]
    if r.picked[0] == k:
        layers.append(outline(r.picked[1], r.picked[2], SIDE))
    layers.append(Pick(label=f"{TITLES[k]}: click a picture", name=NAMES[k]))
    return Panel(
        layers=layers, title=TITLES[k] + (", one category" if len(grid) > 1 else ""),
        x=Axis(range=(0.0, float(SIDE)), hidden=True),
        y=Axis(range=(0.0, float(SIDE)), hidden=True),
        equal=True, area=(4 * k, 0, 4, 4), legend=False,
    )  # fmt: skip


def _distances(r: Three, picked: np.ndarray) -> Panel:
    """Every distance a dot in the row of its source; the picked one a star."""
    rows = [*(near.distance for near in r.near), r.real]
    layers: list[Layer] = []
    for k, distance in enumerate(rows):
        moves = distance.ndim > 1 and len(distance) > 1
        d = distance.reshape(len(distance), -1) if moves else distance.reshape(1, -1)
        xy = np.stack([d, np.full(d.shape, float(len(rows) - 1 - k))], -1)
        layers.append(Points(xy=xy if moves else xy[0], color="muted" if k == len(NAMES) else k,
                             size=3.5, opacity=0.5))  # fmt: skip
    y = float(len(rows) - 1 - r.picked[0])
    star = np.stack([picked, np.full(len(picked), y)], 1)[:, None]
    layers.append(Points(xy=star, color="accent", symbol="star", size=8.0, opacity=1.0))
    ticks = [(float(len(rows) - 1 - k), t) for k, t in enumerate((*TITLES, "real"))]
    return Panel(
        layers=layers, title="Distance to the nearest of 5,000 real digits",
        x=Axis(label="Euclidean, grey values from 0 to 1",
               range=(0.0, 1.05 * max(float(a.max()) for a in rows))),
        y=Axis(range=(-0.6, len(rows) - 0.4), ticks=ticks), area=(6, 4, 6, 3), legend=False,
    )  # fmt: skip


def _said(r: Three, f: int, nearest: int, distance: float) -> str:
    k, i, j = r.picked
    share = float((r.real < distance).mean())
    which = f", category {f}" if len(r.grids[k]) > 1 else ""
    return (
        f"{TITLES[k]}{which}, row {i + 1}, column {j + 1}, |z| = {num(r.norm[i, j], 1)}: its "
        f"nearest bundled digit is number {nearest:,}, a {label(nearest)}, at {num(distance)}. "
        f"Of {len(r.real)} real digits {share:.0%} are nearer than that to another one."
        f"{told(r.told)}"
    )


def scores_table(scores: list[Score]) -> Table:
    rows = [
        [s.name, *(_value(v) for v in s.values), "" if np.isnan(s.real) else _number(s.real),
         s.unit, s.published, s.protocol]
        for s in scores
    ]  # fmt: skip
    return Table(
        ["score", *TITLES, "real digits", "unit", "published", "protocol"], rows,
        "Read from the cards of the checkpoints. Real digits are the floor: what the same measure "
        "says of training images against test images. ± is one standard error over images; another "
        "training would differ by more than that. The Frechet distance is one of the classifier's "
        "features, so it compares with no figure in the literature.",
    )  # fmt: skip


def _value(v: tuple[float, float] | None) -> str:
    if v is None:
        return ""
    return _number(v[0]) + ("" if np.isnan(v[1]) else f" ± {v[1]:.2g}")


def _number(x: float) -> str:
    return f"{x:.5g}".replace("-", "−")


def _distance_table(r: Three) -> Table:
    def row(name: str, d: np.ndarray) -> list[str]:
        return [name, f"{d.size}", num(float(d.min())), num(float(np.median(d)))]

    rows = [row(t, near.distance) for t, near in zip(TITLES, r.near, strict=True)]
    return Table(
        ["source", "pictures", "smallest distance", "median"], [*rows, row("real digits", r.real)],
        "Real digits: to the nearest of the other 4,999. The networks were trained on 60,000 "
        "digits; a copy of one that is not bundled would not be noticed here.",
    )  # fmt: skip
