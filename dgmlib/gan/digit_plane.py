r"""Three GANs on one plane of noise, and whether a picture is a copy of a digit they trained on.

    z(s, t) = a + s (b - a) + t (c - a),      a, b, c ~ N(0, I),      0 <= s, t <= 1

A memorised picture lies nearer to a training image than digits lie to each other. So its distance
to the nearest of the bundled digits stands beside that of real digits to their nearest other one.
The bundled ones are 5,000 of the 60,000 trained on: a copy of another one would not be noticed.

References:
    A note on the evaluation of generative models (Theis, van den Oord & Bethge, 2016)
    https://arxiv.org/abs/1511.01844 (nearest neighbours and what they cannot show)
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dgmlib.data import own_digit
from dgmlib.gan import digit_looks, digit_net

NAMES = ("gan", "wgan-gp", "infogan")
SIDE, REAL = 4, 200


class Near(NamedTuple):
    """The nearest bundled digit of each of some images."""

    index: np.ndarray  # (...)
    distance: np.ndarray  # (...) Euclidean, grey values from 0 to 1


class Score(NamedTuple):
    name: str
    unit: str
    values: tuple[tuple[float, float] | None, ...]  # value and standard error, for each of NAMES
    real: float  # the same of real digits, NaN: not measured
    published: str  # what and where, "" for none
    protocol: str


class Three(NamedTuple):
    grids: tuple[np.ndarray, ...]  # for each of NAMES (F, SIDE, SIDE, 784), F = 1 or categories
    near: tuple[Near, ...]  # the same shapes without pixels
    real: np.ndarray  # (REAL,) distances of bundled digits to their nearest other one
    picked: tuple[int, int, int]  # network, row, column
    norm: np.ndarray  # (SIDE, SIDE) |z|
    scores: list[Score]
    times: float  # the noise is so many times that of the training
    told: str


def look(picked: tuple[str, int, int], *, times: float, seed: int) -> Three:
    """The three networks on the same plane; InfoGAN in every category.

    Args:
        picked: network, row and column of the picture whose nearest digit is shown.
        times: the noise is so many times that of the training. A network that takes fewer numbers
            takes the first of z.
    """
    nets = [digit_net.load(name) for name in NAMES]
    z = plane(max(net.shape.noise for net in nets), np.random.default_rng(seed))
    shas = tuple(net.card["sha256"] for net in nets)
    grids, near = _sheets(shas, times, seed)
    return Three(
        grids, near, real_distances(), (NAMES.index(picked[0]), *picked[1:]),
        np.linalg.norm(z, axis=-1), scores([net.card for net in nets]), times,
        " ".join(net.told for net in nets if net.told),
    )  # fmt: skip


def plane(d: int, rng: np.random.Generator) -> np.ndarray:
    """(SIDE, SIDE, d): a at the top left, b at the top right, c at the foot of the left."""
    a, b, c = rng.standard_normal((3, d))
    step = np.linspace(0, 1, SIDE)
    return a + step[:, None] * (b - a) + step[:, None, None] * (c - a)


def nearest(x: np.ndarray, *, leave_out: np.ndarray | None = None) -> Near:
    """Among the bundled digits, of images (n, 784); ``leave_out`` (n,) may not be the answer."""
    all_, squares = digit_looks.grey(), _squares()
    away = squares - 2 * np.asarray(x, np.float32) @ all_.T  # (n, 5000), less |x|^2
    if leave_out is not None:
        away[np.arange(len(x)), leave_out] = np.inf
    index = away.argmin(1)
    gap = np.asarray(x, float) - all_[index]  # again, without the loss of digits of the squares
    return Near(index, np.sqrt((gap**2).sum(1)))


@lru_cache(maxsize=1)
def real_distances() -> np.ndarray:
    """Of the first REAL bundled digits to the nearest of the 4,999 others."""
    first = np.arange(REAL)
    return nearest(digit_looks.grey()[first], leave_out=first).distance


def label(index: int) -> int:
    """The class of a bundled digit."""
    return int(own_digit.bundled().labels[index])


def scores(cards: list[dict]) -> list[Score]:
    """Every score of the cards, one row for each name; "..., real" goes to a column of its own."""
    named = [{s["name"]: s for s in card["scores"]} for card in cards]
    rows = []
    for name in dict.fromkeys(name for each in named for name in each):
        if name.endswith(", real"):
            continue
        held = [each.get(name) for each in named]
        first = next(s for s in held if s)
        real = next((e[f"{name}, real"]["value"] for e in named if f"{name}, real" in e), np.nan)
        said = [f"{s['published']:g}: {s['reference']}" for s in held if s and s.get("published")]
        values = tuple(s and (s["value"], np.nan if s["error"] is None else s["error"])
                       for s in held)  # fmt: skip
        rows.append(Score(name, first["unit"], values, float(real), "; ".join(dict.fromkeys(said)),
                          first["protocol"]))  # fmt: skip
    return rows


@lru_cache(maxsize=1)
def _squares() -> np.ndarray:
    return (digit_looks.grey() ** 2).sum(1)


@lru_cache(maxsize=8)
def _sheets(
    _sha256: tuple[str, ...], times: float, seed: int
) -> tuple[tuple[np.ndarray, ...], tuple[Near, ...]]:
    nets = [digit_net.load(name) for name in NAMES]
    z = plane(max(net.shape.noise for net in nets), np.random.default_rng(seed))
    grids, near = [], []
    for net in nets:
        K = net.shape.categories
        noise = z[..., : net.shape.noise] * (times * net.shape.spread)
        grid = digit_net.draw(net, noise, np.arange(max(K, 1))[:, None, None])  # (F, SIDE, SIDE, .)
        grid.flags.writeable = False
        found = nearest(grid.reshape(-1, grid.shape[-1]))
        grids.append(grid)
        near.append(Near(*(a.reshape(grid.shape[:-1]) for a in found)))
    return tuple(grids), tuple(near)
