"""What every picture of a finite chain shares: its graph, and the matrix that can be clicked."""

import numpy as np

from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Bars,
    Color,
    HeatMap,
    Layer,
    Panel,
    Path,
    Pick,
    Text,
)
from dgmlib.markov.text import FOOT, FULL, LETTERS

RADIUS = 0.23  # of a node; the states stand on a circle of radius 1
LOOP = 0.17  # radius of the arrow from a state to itself
REACH = 1.72  # half the side of the picture
WIDTHS = ((0.0, 0.75, 0.45), (0.1, 1.5, 0.75), (0.3, 2.75, 0.85), (0.6, 4.0, 0.9))
# from this probability on: width, opacity
MOST_LABELS = 14
PALE = 2.0  # a probability of 1 takes half of the colours
ANGLE = np.linspace(0, 2 * np.pi, 49)


def num(value: float, digits: int = 3) -> str:
    """A number in a sentence: fixed digits, a true minus sign, ∞."""
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}f}"
    return (text if float(text) else f"{0:.{digits}f}").replace("-", "−")


def prob(p: float) -> str:
    """A probability as short as it can be, to three decimals; never 0 or 1 for what is neither."""
    if p in (0, 1):
        return f"{p:.0f}"
    return f"{p:.3f}".rstrip("0") if 0.0005 <= p < 0.9995 else ("<0.001" if p < 0.5 else ">0.999")


def title_of(about: str) -> str:
    return about[0].upper() + about[1:]


def places(n: int) -> np.ndarray:
    """Where the states stand: clockwise from the top; two of them side by side. (n, 2)"""
    angle = np.pi / 2 - 2 * np.pi * np.arange(n) / n + (np.pi / 2 if n == 2 else 0)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def rings(n: int, *, radius: float = RADIUS) -> np.ndarray:
    """The outlines of the states: (n, 49, 2)."""
    unit = np.stack([np.cos(ANGLE), np.sin(ANGLE)], 1)
    return places(n)[:, None] + radius * unit


def straight(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of the arrow i to j, to the right of the line between: two of (n, n, 2)."""
    at = places(n)
    way = at[None] - at[:, None]  # (n, n, 2)
    long = np.linalg.norm(way, axis=-1, keepdims=True)
    way = way / np.where(long > 0, long, 1)
    side = 0.07 * np.stack([way[..., 1], -way[..., 0]], -1)
    return at[:, None] + way * RADIUS + side, at[None] - way * (RADIUS + 0.03) + side


def arrow_layers(P: np.ndarray, *, color: Color = "muted", labels: bool = True) -> list[Layer]:
    """An arrow for each P_ij > 0, thicker for the likelier, and a loop for each P_ii > 0."""
    n = len(P)
    start, end = straight(n)
    layers: list[Layer] = []
    here = np.eye(n, dtype=bool)
    for k, (low, width, opacity) in enumerate(WIDTHS):
        high = WIDTHS[k + 1][0] if k + 1 < len(WIDTHS) else np.inf
        some = (P > 0) & (low <= P) & (high > P)
        if (go := some & ~here).any():
            layers.append(Arrows(start=start[go], end=end[go], color=color, width=width,
                                 opacity=opacity))  # fmt: skip
        if (stay := np.diagonal(some)).any():
            layers += _loops(n, stay, color=color, width=width, opacity=opacity)
    go = (P > 0) & ~here
    if labels and go.sum() <= MOST_LABELS:
        xy = start[go] + 0.3 * (end[go] - start[go])
        xy = xy + 1.3 * (
            start[go] - places(n)[np.argwhere(go)[:, 0]] - _along(start, end)[go] * RADIUS
        )
        layers.append(Text(xy=xy, text=[prob(p) for p in P[go]], size=11.0, color="ink"))
    if labels and (np.diagonal(P) > 0).any():
        stay = np.diagonal(P) > 0
        out = (1 + RADIUS + 2 * LOOP + 0.08) * places(n)[stay]
        layers.append(Text(xy=out, text=[prob(p) for p in np.diagonal(P)[stay]], size=11.0))
    return layers


def name_layer(n: int) -> Text:
    return Text(xy=places(n), text=list(LETTERS[:n]), size=17.0)


def graph_panel(layers: list[Layer], *, title: str, area: tuple[int, int, int, int]) -> Panel:
    reach = Axis(range=(-REACH, REACH), hidden=True)
    return Panel(layers=layers, title=title, x=reach, y=reach, equal=True, area=area)


def matrix_panel(P: np.ndarray, *, area: tuple[int, int, int, int]) -> Panel:
    """P to look at and to change: cell (i, j) is filled to the height P_ij; a click sets it."""
    n = len(P)
    at = np.arange(n)
    layers: list[Layer] = [cells(P), _grid(n)]
    for i in range(n):
        foot = n - 1 - i + FOOT
        layers.append(Bars(x=at + 0.5, height=foot + FULL * P[i], base=foot, width=0.86,
                           opacity=0.45, color=0))  # fmt: skip
    i, j = np.divmod(np.arange(n * n), n)
    xy = np.stack([j + 0.5, n - 1 - i + 0.5], 1)
    layers.append(Text(xy=xy, text=[prob(p) for p in P.ravel()], size=12.0))
    layers.append(Pick(label="Click in a cell: the height is the new probability", name="cell"))
    return Panel(
        layers=layers, title="P, row to column: click to change", legend=False, area=area,
        x=Axis(range=(0, n), ticks=[(k + 0.5, LETTERS[k]) for k in range(n)]),
        y=Axis(range=(0, n), ticks=[(n - k - 0.5, LETTERS[k]) for k in range(n)]),
    )  # fmt: skip


def cells(value: np.ndarray) -> HeatMap:  # (F?, n, n)
    """Pale enough for numbers on top."""
    n = value.shape[-1]
    return HeatMap(value=value[..., ::-1, :], extent=(0, n, 0, n), range=(0.0, PALE))


def state_axis(n: int) -> Axis:
    return Axis(range=(-0.6, n - 0.4), ticks=[(float(k), LETTERS[k]) for k in range(n)])


def _grid(n: int) -> Path:
    k = np.arange(n + 1.0)
    low, high = np.zeros(n + 1), np.full(n + 1, float(n))
    across = np.stack([np.stack([low, k], 1), np.stack([high, k], 1)], 1)
    return Path(xy=np.concatenate([across, across[..., ::-1]]), many=True, color="muted",
                width=0.75, opacity=0.6)  # fmt: skip


def _along(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    way = end - start
    long = np.linalg.norm(way, axis=-1, keepdims=True)
    return way / np.where(long > 0, long, 1)


def _loops(n: int, stay: np.ndarray, *, color: Color, width: float, opacity: float) -> list[Layer]:
    """Circles outside of their states, with a head where they come back."""
    out = places(n)[stay]  # (m, 2)
    turn = (
        np.arctan2(out[:, 1], out[:, 0])[:, None] + np.pi + np.linspace(0.75, 2 * np.pi - 0.85, 33)
    )
    unit = np.stack([np.cos(turn), np.sin(turn)], -1)  # (m, 33, 2)
    xy = (1 + RADIUS + LOOP - 0.03) * out[:, None] + LOOP * unit
    return [
        Path(xy=xy[:, :-3], many=True, color=color, width=width, opacity=opacity),
        Arrows(start=xy[:, -6], end=xy[:, -1], color=color, width=width, opacity=opacity),
    ]  # fmt: skip
